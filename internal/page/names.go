package page

import (
	"strings"

	"cdrmend/internal/policy"
	"cdrmend/internal/printable"
	"cdrmend/internal/redact"
	"cdrmend/internal/report"
	"cdrmend/internal/table"
)

// shownNames are the names of what the rows of a list name by ids, for the script. It
// holds no more names than the configuration has.
type shownNames struct {
	redact *redact.Redactor
	byKind map[string]map[string]string // by the ids that the page shows; empty when two ids look alike there
	none   bool                         // no name is configured
}

func newShownNames(r *redact.Redactor, names policy.Names) shownNames {
	return shownNames{r, map[string]map[string]string{}, len(names) == 0}
}

// namedColumns are the columns of findings that may have names.
var namedColumns = func() []namedColumn {
	list := []namedColumn{{"org_id", policy.OrganisationName, 0}, {"trunk_id", policy.TrunkName, 0}, {"line_id", policy.LineName, 0}, {"user_ids", policy.UserName, 0}, {"queue_ids", policy.QueueName, 0}}
	for i := range list {
		list[i].at = table.Findings.Index(list[i].name)
	}
	return list
}()

type namedColumn struct {
	name string
	kind policy.NameKind
	at   int
}

// add notes the names of a finding's row, given as the table has it and as it is
// shown. A name is looked up by the id in the table: what is masked may stand for
// several ids, and then has no name.
func (n *shownNames) add(row, shown *table.Row) {
	if n.none {
		return
	}
	for _, c := range namedColumns {
		if !row.Known(c.at) {
			continue
		}
		ids, seen := strings.Split(row.Text(c.at), ";"), strings.Split(shown.Text(c.at), ";")
		if len(ids) != len(seen) { // an id with a separator in it
			continue
		}
		for i := range ids {
			n.set(c.kind, seen[i], n.redact.Name(c.kind, ids[i]))
		}
	}
}

func (n *shownNames) set(kind policy.NameKind, shown, name string) {
	names := n.byKind[kind.String()]
	if names == nil {
		names = map[string]string{}
		n.byKind[kind.String()] = names
	}
	name = printable.Text(name)
	switch had, ok := names[shown]; {
	case !ok && name == "": // most ids have no name
	case !ok:
		names[shown] = name
	case had != name:
		names[shown] = ""
	}
}

// kindsOf returns the kinds of sources by their names.
func kindsOf(s *report.Summary) map[string]string {
	kinds := map[string]string{}
	for i := range s.Config.Sources {
		kinds[s.Config.Sources[i].Name] = s.Config.Sources[i].Kind
	}
	return kinds
}

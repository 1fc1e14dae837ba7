package audit

import (
	"bytes"
	"cmp"
	"slices"
	"strings"

	"cdrmend/internal/policy"
	"cdrmend/internal/redact"
	"cdrmend/internal/report"
	"cdrmend/internal/table"
)

// Group counts the calls and findings of one trunk, line, queue or user. One without an
// id has those that name none.
type Group struct {
	Org             string   `json:"org_id"`
	ID              string   `json:"id"`
	Name            string   `json:"name"`
	Calls           Calls    `json:"calls"`
	RecordedPercent *string  `json:"recorded_percent"`
	Findings        Findings `json:"findings"`

	org, id string // as the tables have them
}

// Groups are the groups of one kind, those with most calls that are not recorded first.
// A call or finding with several users or queues counts in each of them.
type Groups struct {
	Groups []Group `json:"groups"`
	Rest   Rest    `json:"rest"`
}

// Rest is what the groups have that are not listed.
type Rest struct {
	Groups   int64        `json:"groups"`
	Total    report.Total `json:"total"` // whether their number is known
	Calls    Calls        `json:"calls"`
	Findings Findings     `json:"findings"`
}

// How many groups of one kind are listed, and how many are counted apart. However many
// ids calls name, memory stays bounded.
const (
	mostGroups  = 200
	mostCounted = 1 << 15
)

// grouping counts by the ids that a column holds.
type grouping struct {
	kind    policy.NameKind
	list    bool // the column holds a list
	calls   int  // columns of the ids
	history int
	groups  map[string]*Group
	beyond  Group // of the ids that are not counted apart
	more    bool  // there are such
	key     []byte
}

func newGrouping(kind policy.NameKind, column string) *grouping {
	return &grouping{
		kind: kind, list: strings.HasSuffix(column, "_ids"), calls: table.Calls.Index(column), history: table.History.Index(column), groups: map[string]*Group{},
	}
}

// each yields the groups of a row, each once.
func (g *grouping) each(row *table.Row, org, column int, yield func(*Group)) {
	ids := row.Bytes(column)
	if !g.list || bytes.IndexByte(ids, ';') < 0 {
		yield(g.of(row.Bytes(org), ids))
		return
	}

	var seen []*Group
	for id := range bytes.SplitSeq(ids, []byte{';'}) {
		if one := g.of(row.Bytes(org), id); !slices.Contains(seen, one) {
			seen = append(seen, one)
			yield(one)
		}
	}
}

// of returns the group of an id.
func (g *grouping) of(org, id []byte) *Group {
	if len(id) == 0 {
		org = nil // what names none is one group
	}
	g.key = append(append(append(g.key[:0], org...), 0), id...)
	if found := g.groups[string(g.key)]; found != nil {
		return found
	}
	if len(g.groups) == mostCounted {
		g.more = true
		return &g.beyond
	}
	added := &Group{org: string(org), id: string(id)}
	g.groups[string(g.key)] = added
	return added
}

// result returns the groups as a redactor shows them.
func (g *grouping) result(show *redact.Redactor) Groups {
	all := make([]*Group, 0, len(g.groups))
	for _, one := range g.groups {
		all = append(all, one)
	}
	slices.SortFunc(all, func(a, b *Group) int {
		return cmp.Or(
			cmp.Compare(b.Calls.NotRecorded(), a.Calls.NotRecorded()), cmp.Compare(b.Calls.Indeterminate, a.Calls.Indeterminate),
			cmp.Compare(b.Findings.Open, a.Findings.Open), cmp.Compare(b.Calls.Of, a.Calls.Of), cmp.Compare(a.org, b.org), cmp.Compare(a.id, b.id))
	})

	listed := all[:min(len(all), mostGroups)]
	result := Groups{Groups: make([]Group, 0, len(listed)), Rest: Rest{Groups: int64(len(all) - len(listed)), Total: report.Known, Calls: g.beyond.Calls, Findings: g.beyond.Findings}}
	if g.more {
		result.Rest.Total = report.AtLeast
		result.Rest.Groups++
	}
	for _, one := range listed {
		one.RecordedPercent = report.PercentOf(one.Calls.Recorded, one.Calls.Of)
		one.Org = show.ID(policy.OrganisationName, one.org)
		if one.id != "" {
			one.ID, one.Name = show.ID(g.kind, one.id), show.Name(g.kind, one.id)
		}
		one.org, one.id = "", "" // may not be shown
		result.Groups = append(result.Groups, *one)
	}
	for _, one := range all[len(listed):] {
		result.Rest.Calls.add(&one.Calls)
		result.Rest.Findings.add(&one.Findings)
	}
	return result
}

package statement

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"cdrmend/internal/policy"
	"cdrmend/internal/record"
	"cdrmend/internal/redact"
	"cdrmend/internal/report"
	"cdrmend/internal/table"
	"cdrmend/internal/wording"
)

// critical is an open critical finding, as the redactor shows it.
type critical struct {
	start  record.Time // as it is, for the order
	id     string
	call   string // who spoke with whom, over which trunk
	lost   string // what is missing
	outage string // what it coincides with
}

// listed is how many findings are listed at most; they fill a page.
const listed = 16

// addCritical keeps a finding if it is among those whose calls started first.
func (t *told) addCritical(r *table.Row, show *redact.Redactor) {
	start := r.Time(table.Findings.Index("start_time"))
	if !start.Known() {
		start = never
	}
	at, _ := slices.BinarySearchFunc(t.open, start, func(c critical, start record.Time) int {
		return cmp.Or(cmp.Compare(c.start, start), -1) // after equal ones
	})
	if len(t.open) == listed {
		t.more++
		if at == listed {
			return
		}
		t.open = t.open[:listed-1]
	}

	f := table.FindingOf(show.Row(new(table.Row), r))
	raw := table.FindingOf(r)
	t.open = slices.Insert(t.open, at, critical{start, f.ID, call(&f, &raw, show), lost(&f), coincidence(&f)})
}

// never is the time of a call that has none: it comes last.
const never = record.Time(1<<63 - 1)

// call says who spoke with whom.
func call(f, raw *table.Finding, show *redact.Redactor) string {
	var parts []string
	if f.ANI != "" || f.DNIS != "" {
		parts = append(parts, strings.TrimSpace(f.Direction+" "+cmp.Or(f.ANI, "unknown")+" to "+cmp.Or(f.DNIS, "unknown")))
	}
	if raw.Users != "" {
		var users []string
		for id := range strings.SplitSeq(raw.Users, ";") {
			users = append(users, show.Called(policy.UserName, id))
		}
		parts = append(parts, "agent "+strings.Join(users, ", "))
	}
	if raw.Trunk != "" {
		parts = append(parts, "trunk "+show.Called(policy.TrunkName, raw.Trunk))
	}
	return strings.Join(parts, "; ")
}

// lost says in few words what is missing.
func lost(f *table.Finding) string {
	what := "recording " + f.Recording
	if f.Recording == "" {
		what = "conversation " + f.Conversation
	}
	switch f.Class {
	case "missing_recording":
		return what
	case "media_missing":
		return "audio of " + what
	}
	return strings.ReplaceAll(f.Class, "_", " ") + ", " + what
}

func coincidence(f *table.Finding) string {
	words, _ := wording.Cause(f.OutageCause)
	switch f.OutageRelation {
	case "inside", "edge":
		return "coincides: " + cmp.Or(words.Sentence, f.OutageCause)
	case "possible":
		return "possibly coincides: " + cmp.Or(words.Sentence, f.OutageCause)
	case "unknown":
		return "cannot be told"
	}
	return "none"
}

func (d *document) critical(t *told, zone *time.Location) {
	d.heading("5  Open critical findings")
	if len(t.open) == 0 {
		d.text("There are none.")
		return
	}

	title := "call started (UTC)"
	if zone != nil {
		title = "call started (" + zone.String() + ", UTC below)"
	}
	var rows [][]string
	for _, c := range t.open {
		rows = append(rows, []string{started(c.start, zone), c.call, shown(c.id) + newLine + shown(c.lost), c.outage})
	}
	d.table([]column{{title, 30}, {"call", 50}, {"finding, and what is missing", 54}, {"registration outage", 36}}, rows)
	if t.more > 0 {
		d.text(fmt.Sprintf("%s later ones stand in the table “findings” (severity critical, status open).", report.Grouped(t.more)))
	}
}

// started writes when a call started, in a zone first if there is one.
func started(t record.Time, zone *time.Location) string {
	if t == never {
		return "not known"
	}
	utc := t.Std().UTC().Format(time.DateTime)
	if zone == nil {
		return utc
	}
	return t.Std().In(zone).Format(time.DateTime) + newLine + utc
}

// whose names the owner of the recordings and the time that a statement is about.
func whose(r *Run, show *redact.Redactor) (lines []string) {
	if r.Report.Operator != "" {
		lines = append(lines, r.Report.Operator)
	}
	var orgs []string
	for _, org := range r.Summary.Organisations() {
		orgs = append(orgs, show.Called(policy.OrganisationName, org))
	}
	if len(orgs) > 0 {
		lines = append(lines, "Organisation: "+strings.Join(orgs, ", "))
	}
	if r.Report.Job != "" {
		lines = append(lines, "Job: "+r.Report.Job)
	}

	s := r.Summary
	lines = append(lines, "Interval "+s.Interval+": "+clock(s.Start)+" to "+clock(s.End)+" (UTC)")
	start, err := report.Time(s.Start)
	end, err2 := report.Time(s.End)
	if zone := r.Report.Zone; zone != nil && err == nil && err2 == nil {
		lines = append(lines, start.Std().In(zone).Format(time.DateTime)+" to "+end.Std().In(zone).Format(time.DateTime)+" ("+zone.String()+")")
	}
	return lines
}

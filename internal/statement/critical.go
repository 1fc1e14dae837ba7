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

// listed is a finding in a list, as the redactor shows it.
type listed struct {
	rank  int         // of its severity, the worst first
	start record.Time // as it is, for the order
	id    string
	call  string // who spoke with whom, over which trunk; else what it is about
	what  string // what is missing, or wrong
	note  string // what it coincides with, or who accepted it
}

// listing keeps the worst findings, and of those the ones whose calls started first.
type listing struct {
	most int // how many are listed at most
	list []listed
	more int64 // how many further ones there are
}

// How many findings are listed at most. Open ones fill a page.
const (
	mostOpen     = 16
	mostAccepted = 10
)

// never is the time of a call that has none: it comes last.
const never = record.Time(1<<63 - 1)

// add keeps a finding if it is among the first, and describes it only then.
func (l *listing) add(r *table.Row, show *redact.Redactor, note func(raw, shown *table.Finding) string) {
	raw := table.FindingOf(r)
	first := listed{rank: slices.Index(severities, raw.Severity), start: raw.Start}
	if !first.start.Known() {
		first.start = never
	}
	at, _ := slices.BinarySearchFunc(l.list, first, func(o, f listed) int {
		return cmp.Or(cmp.Compare(o.rank, f.rank), cmp.Compare(o.start, f.start), -1) // after equal ones
	})
	if len(l.list) == l.most {
		l.more++
		if at == l.most {
			return
		}
		l.list = l.list[:l.most-1]
	}

	f := table.FindingOf(show.Row(new(table.Row), r))
	first.id, first.call, first.what, first.note = f.ID, call(&f, &raw, show), what(&f), note(&raw, &f)
	l.list = slices.Insert(l.list, at, first)
}

// severities are the severities of findings, the worst first.
var severities = []string{"critical", "major", "minor"}

// call says who spoke with whom. A finding that is about no call has the place that it
// is about.
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
	if len(parts) == 0 {
		return strings.Trim("source "+f.Source+", "+f.ObjectKey, ", ")
	}
	return strings.Join(parts, "; ")
}

// what says in few words what is missing, or what is wrong.
func what(f *table.Finding) string {
	about := ""
	switch {
	case f.Recording != "":
		about = "recording " + shown(f.Recording)
	case f.Conversation != "":
		about = "conversation " + shown(f.Conversation)
	}

	text := wording.FindingIn(f.Status, f.Class, f.Recording, f.Field, f.Detail)
	switch {
	case f.Class == "missing_recording" && strings.HasPrefix(f.Detail, "void="):
		text = "no audio to hear: " + wording.Void(f.Detail) // a cell has few lines
	case f.Class == "missing_recording":
		return about
	case strings.HasPrefix(f.Class, "media_"):
		about = "audio of " + about
	}
	if about == "" {
		return shown(text)
	}
	return about + newLine + shown(text)
}

// coincidence says with what a finding coincides. One that is about no call or recording
// coincides with nothing, and nobody looked.
func coincidence(_, f *table.Finding) string {
	return coincidenceOf(f.OutageRelation, f.OutageCause)
}

func coincidenceOf(relation, cause string) string {
	words, _ := wording.Cause(cause)
	switch relation {
	case "inside", "edge":
		return "coincides: " + cmp.Or(words.Sentence, cause)
	case "possible":
		return "possibly coincides: " + cmp.Or(words.Sentence, cause)
	case "unknown":
		return "cannot be told"
	case "":
		return "does not apply"
	}
	return relation
}

// accepted says who accepted a finding, and why. A long reason is cut in its cell, so
// it comes last.
func accepted(g policy.Grounds) string {
	parts := []string{shown(cmp.Or(g.By, "by whom is not shown"))}
	if g.Row > 0 {
		parts[0] += fmt.Sprintf(" (row %d)", g.Row)
	}
	if g.Basis != "" {
		parts = append(parts, "basis: "+shown(g.Basis))
	}
	return strings.Join(append(parts, shown(cmp.Or(g.Reason, "why is not shown"))), newLine)
}

func (d *document) critical(s *report.Summary, t *told, zone *time.Location) {
	d.heading("5  Open critical findings")
	if len(t.open.list) == 0 {
		d.text("No critical finding is open.")
	} else {
		d.findings(&t.open, zone, "registration outage")
	}
	if n := t.open.more; n > 0 {
		d.text(fmt.Sprintf("%s %s in the table “findings” (severity critical, status open).", wording.Count(n, "later one"), wording.Verb(n, "stands", "stand")))
	}

	if n := count(s, "critical", "accepted"); n > 0 {
		d.text(fmt.Sprintf("Not listed here, as accepted: %s of severity critical. Section 6 says who, and why.", wording.Count(n, "finding")))
	}
	if n := count(s, "critical", "indeterminate"); n > 0 {
		d.text(fmt.Sprintf("Not listed here, as nobody can tell yet whether each holds: %s of severity critical (table “findings”, status indeterminate).", wording.Count(n, "finding")))
	}
}

func (d *document) accepted(s *report.Summary, t *told, zone *time.Location) {
	d.heading("6  Accepted findings")
	n := count(s, "", "accepted")
	if n == 0 {
		d.text("No finding is accepted.")
		return
	}

	d.text(fmt.Sprintf("Accepted: %s, of severity critical: %s. An accepted finding still holds: somebody decided that no more is done about it. "+
		"It changes no verdict and no number of section 3. The rows are those of the file of accepted findings; summary.json (accepted_grounds) has their whole text.",
		wording.Count(n, "finding"), report.Grouped(count(s, "critical", "accepted"))))
	d.findings(&t.accepted, zone, "accepted by whom, and why")
	if n := t.accepted.more; n > 0 {
		d.text(fmt.Sprintf("%s %s in the table “findings” (status accepted).", wording.Count(n, "further one"), wording.Verb(n, "stands", "stand")))
	}
}

// findings writes a list of findings, with a title for what is noted about them.
func (d *document) findings(l *listing, zone *time.Location, note string) {
	title := "call, or time, began (UTC)"
	if zone != nil {
		title = "call, or time, began (" + zone.String() + ", UTC below)"
	}
	var rows [][]string
	for _, f := range l.list {
		rows = append(rows, []string{started(f.start, zone), f.call, shown(f.id) + newLine + f.what, f.note})
	}
	d.table([]column{{name: title, width: 28}, {name: "call, or what it is about", width: 48}, {name: "finding, and what it says", width: 54}, {name: note, width: 40}}, rows)
}

// count counts the findings of a severity, or of all, and a status.
func count(s *report.Summary, severity, status string) (n int64) {
	for _, f := range s.Findings {
		if f.Status == status && (severity == "" || f.Severity == severity) {
			n += f.Count
		}
	}
	return n
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

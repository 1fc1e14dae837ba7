package statement

import (
	"cmp"
	"fmt"
	"io"
	"strconv"
	"strings"

	"cdrmend/internal/audit"
	"cdrmend/internal/report"
	"cdrmend/internal/table"
	"cdrmend/internal/wording"
)

// How many rows of a kind the PDF of an audit has. The page has more, and the list in CSV
// all calls.
const (
	auditGroups  = 10
	auditCalls   = 60
	auditUntold  = 20
	auditNotices = 12
	auditUnkept  = 15
)

// WriteAudit writes an audit as PDF. Equal audits give equal bytes.
func WriteAudit(w io.Writer, r *audit.Report) error {
	d := newDocument(audit.Title+", "+r.Span(), "cdrmend, audit of "+r.Span()+", newest commit "+secondsOf(r.Newest)+" UTC", r.Newest)
	a := auditDocument{document: d, r: r}
	a.result()
	a.days()
	a.groups()
	a.outages()
	a.findings()
	a.list()
	a.retention()
	a.method()
	a.commits()

	// The library keeps its first error and returns it here.
	if err := d.pdf.Output(w); err != nil {
		return fmt.Errorf("writing the audit: %w", err)
	}
	return nil
}

// auditDocument is the document of an audit.
type auditDocument struct {
	*document
	r        *audit.Report
	sections int
}

// section begins the next section.
func (d *auditDocument) section(title string) {
	d.sections++
	d.heading(fmt.Sprintf("%d  %s", d.sections, title))
}

// secondsOf cuts a time to seconds.
func secondsOf(text string) string {
	if len(text) < len("2006-01-02T15:04:05") {
		return text
	}
	return text[:10] + " " + text[11:19]
}

// about says whose report it is, and of which time.
func (d *auditDocument) about() (lines []string) {
	var orgs []string
	for _, o := range d.r.Orgs {
		if o.Name != "" {
			orgs = append(orgs, o.Name+" ("+o.ID+")")
		} else {
			orgs = append(orgs, o.ID)
		}
	}
	if orgs != nil {
		lines = append(lines, "Of "+strings.Join(orgs, ", "))
	}
	if d.r.Operator != "" {
		lines = append(lines, "Operated by "+d.r.Operator)
	}
	return append(lines, d.r.Span()+" (days in UTC)")
}

func (d *auditDocument) result() {
	r := d.r
	d.title(audit.Title, d.about()...)
	d.section("Result")
	d.notices()
	d.strong(r.Lead())
	if verdict := r.Verdict(); verdict != "" {
		d.strong(verdict + " " + r.Target.OfDays())
	}
	for _, sentence := range r.Detail() {
		d.text(sentence)
	}
	for _, remark := range r.Coverage.Remarks() {
		d.text(wording.Sentence(remark))
	}
	if proof := r.Coverage.Proof.Text(); proof != "" {
		d.text("What proves that the recorded calls are: " + proof + ".")
	}

	d.strong("How to read this report")
	var rows [][]string
	for _, w := range audit.Reading {
		rows = append(rows, []string{w.Word, w.Meaning})
	}
	d.table([]column{{name: "word", width: 28}, {name: "meaning", width: 142}}, rows)
}

// notices writes what limits the numbers, each with what to do.
func (d *auditDocument) notices() {
	r := d.r
	if len(r.Absent)+len(r.Notices.List) == 0 {
		return
	}
	d.strong("What limits this result, and what to do:")
	if text := r.Missing(); text != "" {
		d.item(wording.Sentence(text))
	}
	for i := range r.Notices.List[:min(len(r.Notices.List), auditNotices)] {
		n := &r.Notices.List[i]
		text := n.Where() + ": " + n.Text + "."
		if n.Next != "" {
			text += " What to do: " + n.Next + "."
		}
		d.item(text)
	}
	if more := r.Notices.More + int64(len(r.Notices.List)) - auditNotices; more > 0 {
		d.item(fmt.Sprintf("and %s: see the page of the audit", wording.Count(more, "more notice")))
	}
}

func (d *auditDocument) days() {
	r := d.r
	d.section("By day")
	d.trend()
	columns := []column{
		{name: "day", width: 20},
		{name: "recorded", width: 18, number: true},
		{name: "of", width: 24, number: true},
		{name: "share", width: 18, number: true},
		{name: "missing", width: 16, number: true},
		{name: "in part", width: 15, number: true},
		{name: "cannot be told", width: 17, number: true},
		{name: "critical", width: 16, number: true},
		{name: "target", width: 26},
	}
	var rows [][]string
	for i := range r.Days {
		day := &r.Days[i]
		if !day.Committed() {
			rows = append(rows, []string{day.Day, "", "", "", "", "", "", "", "not committed"})
			continue
		}
		note := string(day.Target)
		if len(day.Absent) > 0 {
			note = day.Note()
		}
		rows = append(rows, append([]string{day.Day}, append(numbersOf(&day.Coverage, &day.Calls, &day.Findings), note)...))
	}
	state := ""
	if r.Target != nil {
		state = string(r.Target.State)
	}
	rows = append(rows, append([]string{"all"}, append(numbersOf(&r.Coverage, &r.Calls, &r.Findings), state)...))
	d.table(columns, rows)
	d.text("Missing: no recording was found. In part: a part of the call or of its recordings is lacking. Critical: findings of that severity that are open.")
}

// numbersOf are the numbers of a row of days.
func numbersOf(c *report.Coverage, calls *audit.Calls, f *audit.Findings) []string {
	return []string{
		report.Grouped(c.Recorded), c.Expected(), shareOf(c.RecordedPercent),
		report.Grouped(calls.Missing), report.Grouped(calls.Partial), report.Grouped(calls.Indeterminate), report.Grouped(f.Critical),
	}
}

func shareOf(percent *string) string {
	if percent == nil {
		return "–"
	}
	return *percent + " %"
}

func (d *auditDocument) groups() {
	d.section("Where calls are lacking")
	kinds := d.r.Kinds()
	if len(kinds) == 0 {
		d.text("No call names a trunk, a line, a queue or a user.")
		return
	}
	d.text("Those that lack most calls come first. A call or finding with several users or queues counts in each of them, so that their sums are larger than the total.")
	for _, k := range kinds {
		listed := k.Groups.Groups[:min(len(k.Groups.Groups), auditGroups)]
		var rows [][]string
		for i := range listed {
			g := &listed[i]
			rows = append(rows, []string{
				g.Called(), report.Grouped(g.Calls.Recorded), report.Grouped(g.Calls.Of), shareOf(g.RecordedPercent), report.Grouped(g.Calls.Missing),
				report.Grouped(g.Calls.Partial), report.Grouped(g.Calls.Indeterminate), report.Grouped(g.Findings.Open),
			})
		}
		d.table([]column{
			{name: k.Title, width: 66},
			{name: "recorded", width: 17, number: true},
			{name: "of", width: 14, number: true},
			{name: "share", width: 17, number: true},
			{name: "missing", width: 14, number: true},
			{name: "in part", width: 13, number: true},
			{name: "cannot be told", width: 17, number: true},
			{name: "open", width: 12, number: true},
		}, rows)
		if more := k.Rest.Groups + int64(len(k.Groups.Groups)-len(listed)); more > 0 {
			d.note(fmt.Sprintf("And %s: see the page of the audit.", wording.Count(more, "more "+k.Title)))
		}
	}
}

func (d *auditDocument) outages() {
	r := d.r
	d.section("Outages")
	var rows [][]string
	for i := range r.Causes {
		c := &r.Causes[i]
		rows = append(rows, []string{
			c.Cause, wording.Capital(c.Sentence), report.Grouped(c.Outages), report.Duration(c.LastingMS * 1000),
			report.Grouped(c.NotRecorded.Coincides), report.Grouped(c.NotRecorded.Possibly),
		})
	}
	if rows == nil {
		d.text("No registration failed, lapsed or was removed so that it matters here.")
	} else {
		d.table([]column{
			{name: "cause", width: 36},
			{name: "what happened", width: 60},
			{name: "outages", width: 16, number: true},
			{name: "lasting", width: 22, number: true},
			{name: "coincide", width: 18, number: true},
			{name: "possibly", width: 18, number: true},
		}, rows)
	}
	text := fmt.Sprintf("Coincide: calls that are missing or recorded in part, and overlap such an outage. Of %s of that kind, %s %s with no outage",
		wording.Count(r.Calls.NotRecorded(), "call"), report.Grouped(r.NoOutage.Apart), wording.Verb(r.NoOutage.Apart, "coincides", "coincide"))
	if n := r.NoOutage.Unknown; n > 0 {
		text += fmt.Sprintf(", and of %s that cannot be told", report.Grouped(n))
	}
	d.text(text + ". An outage counts once, however many nights it lasts. It is evidence, not proof.")
	if r.Logs.Limit != "" {
		d.text("There may be further outages: " + r.Logs.Limit + ".")
	}
}

func (d *auditDocument) findings() {
	d.section("Findings")
	var ages, classes [][]string
	for _, a := range d.r.Ages {
		ages = append(ages, []string{a.Label, report.Grouped(a.Critical), report.Grouped(a.Major), report.Grouped(a.Minor)})
	}
	d.table([]column{{name: "open for", width: 60}, {name: "critical", width: 20, number: true}, {name: "major", width: 20, number: true}, {name: "minor", width: 20, number: true}}, ages)
	for _, c := range d.r.Classes {
		words, _ := wording.Class(c.Class)
		classes = append(classes, []string{
			c.Class, c.Severity, wording.Capital(words.Sentence), report.Grouped(c.Open), report.Grouped(c.Indeterminate), report.Grouped(c.Accepted), report.Grouped(c.Closed),
		})
	}
	if classes != nil {
		d.table([]column{
			{name: "class", width: 36},
			{name: "severity", width: 17},
			{name: "meaning", width: 57},
			{name: "open", width: 13, number: true},
			{name: "cannot be told", width: 17, number: true},
			{name: "accepted", width: 17, number: true},
			{name: "closed", width: 13, number: true},
		}, classes)
	}
	d.text("Ages reach from the first commit with the finding to the newest commit, of " + secondsOf(d.r.Newest) + " UTC.")
}

func (d *auditDocument) list() {
	l := &d.r.List
	d.section("Calls not recorded (MiFID II, Article 76)")
	d.text(audit.ListWords)
	if l.NotRecorded == 0 {
		d.text("There is none.")
	}
	d.calls(l.First, auditCalls, l.NotRecorded)
	if l.CannotBeTold > 0 {
		d.strong("Calls of which nobody can tell")
		d.text("They are not among those above: what was delivered does not show whether they were recorded.")
		d.calls(l.FirstUntold, auditUntold, l.CannotBeTold)
	}
	d.text(fmt.Sprintf("%s %s not to be recorded, and %s in neither list.", wording.Count(l.Excluded, "call"), wording.Verb(l.Excluded, "was", "were"), wording.Verb(l.Excluded, "is", "are")))
}

// calls writes the first of so many calls.
func (d *auditDocument) calls(list []table.Cells, most int, all int64) {
	if len(list) == 0 {
		return
	}
	list = list[:min(len(list), most)]
	var rows [][]string
	for _, c := range list {
		who := strings.TrimSpace(c.Get("direction") + " " + cmp.Or(c.Get("ani"), "unknown") + " to " + cmp.Or(c.Get("dnis"), "unknown"))
		rows = append(rows, []string{
			cmp.Or(secondsOf(c.Get("start_time")), "unknown"), who + newLine + c.Get("conversation_id"), cmp.Or(c.Get("trunk_id"), "none named"),
			c.Get("verdict"), wording.Capital(c.Get("reason")) + newLine + "Outage: " + coincidenceOf(c.Get("outage_relation"), c.Get("outage_cause")),
		})
	}
	d.table([]column{{name: "started (UTC)", width: 30}, {name: "call", width: 50}, {name: "trunk", width: 30}, {name: "verdict", width: 19}, {name: "reason, as far as it is known; outage", width: 41}}, rows)
	if more := all - int64(len(list)); more > 0 {
		d.note(fmt.Sprintf("And %s: see the list in CSV.", wording.Count(more, "further call")))
	}
}

func (d *auditDocument) retention() {
	r := d.r
	if r.Retention == nil && r.Media == nil {
		return
	}
	d.section("Retention by Object Lock")
	for _, of := range []struct {
		title string
		kept  *audit.Retention
	}{{"Files of the output", r.Retention}, {"Media", r.Media}} {
		if of.kept == nil {
			continue
		}
		d.strong(of.title)
		for _, sentence := range of.kept.Sentences() {
			d.item(sentence)
		}
		var rows [][]string
		for _, u := range of.kept.First[:min(len(of.kept.First), auditUnkept)] {
			mode := cmp.Or(u.Mode, "none")
			if u.Gone {
				mode = "not there"
			}
			rows = append(rows, []string{u.Key, mode, u.Until, u.Want})
		}
		if rows != nil {
			d.table([]column{{name: "not kept as the minimum says", width: 84}, {name: "mode", width: 22}, {name: "until", width: 32}, {name: "wanted until", width: 32}}, rows)
		}
	}
}

func (d *auditDocument) method() {
	d.section("Method and limits")
	for _, sentence := range audit.Method {
		d.item(sentence)
	}
	d.strong("What it cannot say")
	for _, sentence := range audit.Limits {
		d.item(sentence)
	}
	d.text("Redaction of this report: " + d.r.Redaction + ". The tables of the runs hold values as they came.")
}

func (d *auditDocument) commits() {
	d.section("Commits")
	d.text("All numbers are from these commits. cdrmend verify checks their records, signatures and files.")
	var rows [][]string
	for _, c := range d.r.Commits {
		rows = append(rows, []string{c.Interval, strconv.FormatInt(c.Number, 10), secondsOf(c.Time), c.SHA256, c.Signature})
	}
	d.table([]column{{name: "interval", width: 24}, {name: "no.", width: 9}, {name: "time (UTC)", width: 31}, {name: "SHA-256 of the record", width: 86}, {name: "signature", width: 20}}, rows)
}

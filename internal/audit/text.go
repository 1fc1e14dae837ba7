package audit

import (
	"fmt"
	"strings"
	"text/tabwriter"

	"cdrmend/internal/report"
	"cdrmend/internal/wording"
)

// columns is how wide the text of a report is. A line is longer only for an id, which is
// never cut.
const columns = 80

// How many rows of a kind the text has. The page and the JSON have more.
const (
	textGroups  = 5
	textNotices = 6
	textDays    = 31
)

// Text returns the report for a terminal: what limits the numbers first, then the result.
func (r *Report) Text() string {
	t := &text{}
	fmt.Fprintf(t, "Audit of %s\n", r.Span())
	t.notices(r)
	t.result(r)
	t.days(r)
	for _, g := range r.Kinds() {
		t.groups(&g)
	}
	t.causes(r)
	t.findings(r)
	t.list(r)
	t.retention("output", r.Retention)
	t.retention("media", r.Media)
	return t.String()
}

// Span names the first and the last interval.
func (r *Report) Span() string {
	if r.First == r.Last {
		return r.First
	}
	return r.First + " to " + r.Last
}

// Kind is one kind of groups.
type Kind struct {
	Title string // trunk, line, queue or user
	*Groups
}

// Kinds returns the kinds of groups of which calls name at least one.
func (r *Report) Kinds() (list []Kind) {
	for _, k := range []Kind{{"trunk", &r.Trunks}, {"line", &r.Lines}, {"queue", &r.Queues}, {"user", &r.Users}} {
		for i := range k.Groups.Groups {
			if k.Groups.Groups[i].ID != "" {
				list = append(list, k)
				break
			}
		}
	}
	return list
}

type text struct{ strings.Builder }

func (t *text) line(title, what string) {
	t.WriteString(report.Indented(fmt.Sprintf("  %-10s ", title), what, columns))
}

func (t *text) notices(r *Report) {
	if n := len(r.Absent); n > 0 {
		t.line("absent", r.Missing())
	}
	for i := range r.Notices.List[:min(len(r.Notices.List), textNotices)] {
		n := &r.Notices.List[i]
		what := n.Where() + ": " + n.Text
		if n.Next != "" {
			what += "; " + n.Next
		}
		t.line(n.About, what)
	}
	if more := int64(len(r.Notices.List)) - textNotices + r.Notices.More; more > 0 {
		t.line("", fmt.Sprintf("and %s; the page has them", wording.Count(more, "more notice")))
	}
}

// mostAbsent is how many intervals without a commit are named.
const mostAbsent = 10

// Missing says for which intervals nothing is committed. It is empty when each has a
// commit.
func (r *Report) Missing() string {
	if len(r.Absent) == 0 {
		return ""
	}
	named := r.Absent[:min(len(r.Absent), mostAbsent)]
	what := "nothing is committed for " + strings.Join(named, ", ")
	if more := len(r.Absent) - len(named); more > 0 {
		what += " and " + wording.Count(more, "more interval")
	}
	return what + ": what happened then is not part of any number here"
}

// Where names the intervals that a notice is about.
func (n *Notice) Where() string {
	if n.Intervals == 1 {
		return n.First
	}
	return fmt.Sprintf("%s from %s to %s", wording.Count(n.Intervals, "interval"), n.First, n.Last)
}

func (t *text) result(r *Report) {
	c := &r.Coverage
	what := wording.Noun(c.Of, "call") + " that should be"
	if c.RecordedPercent != nil {
		what += ", " + c.Percent(c.RecordedPercent)
	}
	t.line("recorded", c.Share(c.Recorded)+" "+what)
	if c.IntactPercent != nil {
		t.line("intact", c.Share(c.Intact)+" with all metadata, "+c.Percent(c.IntactPercent))
	}
	for i, one := range r.Lost() {
		t.line([]string{"others", ""}[min(i, 1)], one)
	}
	if proof := c.Proof.Text(); proof != "" {
		t.line("proved", proof)
	}
	for _, remark := range c.Remarks() {
		t.line("note", remark)
	}
	if text := r.Verdict(); text != "" {
		t.line("target", text)
		t.line("", r.Target.OfDays())
	}
	if text := r.Trend.Text(); text != "" {
		t.line("trend", text)
	}
}

// Lost says in words how many calls are not recorded, in part, or cannot be told.
func (r *Report) Lost() (list []string) {
	for _, part := range []struct {
		n    int64
		text string
	}{
		{r.Calls.Missing, "missing (no recording with audio was found)"},
		{r.Calls.Partial, "recorded in part"},
		{r.Calls.Indeterminate, "cannot be told (neither recorded nor missing)"},
	} {
		if part.n > 0 {
			list = append(list, report.Grouped(part.n)+" "+part.text)
		}
	}
	return list
}

// OfDays says how many days met the target.
func (t *Target) OfDays() string {
	text := fmt.Sprintf("%s met it, %s missed it", wording.Count(t.Met, "day"), report.Grouped(t.Missed))
	if t.Undecided > 0 {
		text += fmt.Sprintf("; of %s that cannot be said", report.Grouped(t.Undecided))
	}
	if t.NoCalls > 0 {
		text += fmt.Sprintf("; %s had no call that should be recorded", report.Grouped(t.NoCalls))
	}
	return text + "."
}

// Text compares both halves of the days. It is empty for nil.
func (t *Trend) Text() string {
	if t == nil {
		return ""
	}
	part := func(p *Part) string {
		return fmt.Sprintf("%s from %s to %s", p.Coverage.Percent(p.Coverage.RecordedPercent), p.From, p.To)
	}
	return fmt.Sprintf("recorded: %s, then %s", part(&t.First), part(&t.Last))
}

// table writes rows with a heading. The last column holds what may be long.
func (t *text) table(title string, rows [][]string) {
	lines := aligned(rows, 2)
	for line := range strings.Lines(lines) {
		if len([]rune(line)) > columns {
			lines = aligned(rows, 1)
			break
		}
	}
	fmt.Fprintf(t, "\n%s\n%s", title, lines)
}

// aligned writes rows in columns with so many spaces between them.
func aligned(rows [][]string, padding int) string {
	var b, lines strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, padding, ' ', tabwriter.AlignRight)
	for _, row := range rows {
		last := len(row) - 1
		fmt.Fprintf(w, "%s\t%*s%s\n", strings.Join(row[:last], "\t"), padding, "", row[last])
	}
	_ = w.Flush() // a Builder takes everything
	for line := range strings.Lines(b.String()) {
		lines.WriteString(strings.TrimRight(line, " \n") + "\n")
	}
	return lines.String()
}

func (t *text) days(r *Report) {
	rows := [][]string{{"day", "recorded", "%", "missing", "in part", "untold", ""}}
	for i := range r.Days[:min(len(r.Days), textDays)] {
		d := &r.Days[i]
		row := []string{
			d.Day, d.Coverage.Share(d.Coverage.Recorded), percentOf(d.Coverage.RecordedPercent),
			report.Grouped(d.Calls.Missing), report.Grouped(d.Calls.Partial), report.Grouped(d.Calls.Indeterminate), d.Note(),
		}
		if !d.Committed() { // no number is known
			row = []string{d.Day, "-", "-", "-", "-", "-", d.Note()}
		}
		rows = append(rows, row)
	}
	t.table("By day (untold: nobody can tell)", rows)
	if more := len(r.Days) - textDays; more > 0 {
		fmt.Fprintf(t, "  and %s; the page has them\n", wording.Count(more, "more day"))
	}
}

// Note says what stands beside the numbers of a day.
func (d *Day) Note() string {
	switch {
	case !d.Committed():
		return "not committed"
	case len(d.Absent) > 0:
		return fmt.Sprintf("%s, %s not committed", d.Target, wording.Count(len(d.Absent), "interval"))
	}
	return string(d.Target)
}

func percentOf(percent *string) string {
	if percent == nil {
		return "-"
	}
	return *percent
}

func (t *text) groups(k *Kind) {
	rows := [][]string{{"recorded", "%", "lacking", "untold", "open", k.Title}}
	listed := k.Groups.Groups[:min(len(k.Groups.Groups), textGroups)]
	for i := range listed {
		g := &listed[i]
		rows = append(rows, []string{
			report.Of(g.Calls.Recorded, g.Calls.Of), percentOf(g.RecordedPercent), report.Grouped(g.Calls.NotRecorded()),
			report.Grouped(g.Calls.Indeterminate), report.Grouped(g.Findings.Open), g.Called(),
		})
	}
	t.table("By "+k.Title+", those that lack most calls first (open: findings)", rows)
	if more := int64(len(k.Groups.Groups)-len(listed)) + k.Rest.Groups; more > 0 {
		atLeast := ""
		if k.Rest.Total == report.AtLeast {
			atLeast = string(report.AtLeast) + " "
		}
		fmt.Fprintf(t, "  and %s%s; the page has more\n", atLeast, wording.Count(more, "other"))
	}
}

// Called names a group.
func (g *Group) Called() string {
	switch {
	case g.ID == "":
		return "none named"
	case g.Name != "":
		return g.Name + " (" + g.ID + ")"
	}
	return g.ID
}

func (t *text) causes(r *Report) {
	if len(r.Causes) == 0 {
		t.line("outages", "none that matters here"+limited(r.Logs.Limit))
		return
	}
	rows := [][]string{{"outages", "lasting", "coincide", "possibly", "cause"}}
	for i := range r.Causes {
		c := &r.Causes[i]
		rows = append(rows, []string{report.Grouped(c.Outages), report.Duration(c.LastingMS * 1000), report.Grouped(c.NotRecorded.Coincides), report.Grouped(c.NotRecorded.Possibly), c.Cause})
	}
	t.table("Outages by cause, and calls that are not recorded and coincide with one", rows)
	t.WriteString(report.Indented("  ", "An outage counts once, however many nights it lasts. It is evidence, not proof"+limited(r.Logs.Limit)+".", columns))
}

func limited(limit string) string {
	if limit == "" {
		return ""
	}
	return ", as far as the logs show: " + limit
}

func (t *text) findings(r *Report) {
	rows := [][]string{{"critical", "major", "minor", "open for"}}
	for _, a := range r.Ages {
		rows = append(rows, []string{report.Grouped(a.Critical), report.Grouped(a.Major), report.Grouped(a.Minor), a.Label})
	}
	t.table("Open findings by age, up to the newest commit", rows)
	fmt.Fprintln(t)
}

func (t *text) list(r *Report) {
	l := &r.List
	t.line("list", fmt.Sprintf("%s that should have been recorded and %s not, or not as a whole; %s of which nobody can tell; %s not to be recorded and not in it. --csv FILE writes it.",
		wording.Count(l.NotRecorded, "call"), wording.Verb(l.NotRecorded, "was", "were"), report.Grouped(l.CannotBeTold), report.Grouped(l.Excluded)))
}

func (t *text) retention(title string, r *Retention) {
	for _, sentence := range r.Sentences() {
		t.line(title, sentence)
		title = ""
	}
}

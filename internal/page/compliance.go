package page

import (
	"cmp"
	"fmt"
	"io"
	"strconv"
	"strings"

	"cdrmend/internal/audit"
	"cdrmend/internal/printable"
	"cdrmend/internal/report"
	"cdrmend/internal/table"
	"cdrmend/internal/wording"
)

// Compliance is the input of a page that shows an audit.
type Compliance struct{ Report *audit.Report }

// Write writes the page.
func (c *Compliance) Write(w io.Writer) error {
	return write(w, "compliance.tmpl", newComplianceView(c.Report), struct{}{})
}

// complianceView holds the values that the template shows.
type complianceView struct {
	*audit.Report
	Heading  string
	Reading  any
	Method   []string
	Limits   []string
	ListSays string
	Tiles    []tile
	Notices  []noticeGroup
	Remarks  []string
	Trend    trend
	Nights   []nightView // days
	Days     []dayView
	Kinds    []kindView
	Causes   []causeGroup
	Patterns []pattern
	Findings []auditClass
	Lost     callTable
	Untold   callTable
	Kept     []keptView
}

// dayView is a day with what the table says of it.
type dayView struct {
	*audit.Day
	Of, Share string
}

// kindView is the groups of one kind.
type kindView struct {
	Title  string
	Groups []groupView
	Rest   string // what is not listed, empty when all is
}

type groupView struct {
	*audit.Group
	Thing thing
	Share string
}

// callTable is a table of calls.
type callTable struct {
	Label string
	Calls []listedCall
	Rest  int64
}

// listedCall is a call in the list of an audit.
type listedCall struct {
	Start, Direction, From, To, Verdict, Reason, Outage, Interval string
	Users                                                         []thing
	Trunk, Line, Conversation                                     thing
}

// keptView is how objects are retained.
type keptView struct {
	Title     string
	Sentences []string
	First     []audit.Unkept
}

// mostShownGroups is how many groups of a kind the page lists.
const mostShownGroups = 20

func newComplianceView(r *audit.Report) *complianceView {
	v := &complianceView{
		Report: r, Heading: audit.Title, Reading: audit.Reading, Method: audit.Method, Limits: audit.Limits, ListSays: audit.ListWords,
		Remarks: remarks(r.Coverage.Remarks()), Tiles: complianceTiles(r), Patterns: patterns,
		Lost:   callsOf("Calls that were not recorded", r.List.First, r.List.NotRecorded),
		Untold: callsOf("Calls of which nobody can tell", r.List.FirstUntold, r.List.CannotBeTold),
	}
	v.addNotices()
	v.addDays()
	for _, k := range r.Kinds() {
		v.Kinds = append(v.Kinds, kindOfGroups(&k))
	}
	v.Causes = causeGroups(causesOf(r.Causes))
	for _, c := range r.Classes {
		f := c.Findings
		shown := auditClass{Name: printable.Text(c.Class), Severity: c.Severity, findingCounts: findingCounts{Closed: f.Closed, Accepted: f.Accepted, Repaired: f.Repaired, Open: f.Open, Undecided: f.Indeterminate}}
		shown.Words, shown.Remedy = classWords(c.Class)
		v.Findings = append(v.Findings, shown)
	}
	for _, k := range []struct {
		title string
		of    *audit.Retention
	}{{"Files of the output", r.Retention}, {"Media", r.Media}} {
		if k.of != nil {
			v.Kept = append(v.Kept, keptView{k.title, k.of.Sentences(), k.of.First})
		}
	}
	return v
}

func complianceTiles(r *audit.Report) []tile {
	c := &r.Coverage
	list := []tile{{Name: "Recorded", Number: cmp.Or(percentOf(c.RecordedPercent), "–"), Of: c.Share(c.Recorded) + " " + wording.Noun(c.Of, "call")}}
	if t := r.Target; t != nil {
		class := map[audit.State]string{audit.Missed: "missing long", audit.Undecided: "indeterminate long"}[t.State]
		list = append(list, tile{Name: "Target " + t.Percent + " %", Number: string(t.State), Of: t.OfDays(), Class: cmp.Or(class, "long")})
	}
	return append(list,
		tile{Name: "Missing", Number: report.Grouped(r.Calls.Missing), Of: "no recording was found", Class: classIf("missing", r.Calls.Missing)},
		tile{Name: "Recorded in part", Number: report.Grouped(r.Calls.Partial), Of: "a part is lacking", Class: classIf("partial", r.Calls.Partial)},
		tile{Name: "Cannot be told", Number: report.Grouped(r.Calls.Indeterminate), Of: "neither recorded nor missing", Class: classIf("indeterminate", r.Calls.Indeterminate)},
		tile{Name: "Open findings", Number: report.Grouped(r.Findings.Open), Of: report.Grouped(r.Findings.Critical) + " of them critical"},
		tile{Name: "Not to be recorded", Number: report.Grouped(r.Calls.Excluded), Of: "calls that do not count"},
	)
}

func classIf(class string, n int64) string {
	if n == 0 {
		return ""
	}
	return class
}

func percentOf(p *string) string {
	if p == nil {
		return ""
	}
	return unbroken(*p + " %")
}

// Share returns the share of recorded calls.
func (v *complianceView) Share() string { return cmp.Or(percentOf(v.Coverage.RecordedPercent), "–") }

// addNotices puts what limits the numbers above them: intervals without a commit first.
func (v *complianceView) addNotices() {
	absent := noticeGroup{Title: "absent", Room: mostKept}
	if text := v.Report.Missing(); text != "" {
		absent.add(noticeView{Text: wording.Sentence(text)})
	}
	groups := []noticeGroup{absent}
	at := map[string]int{}
	for i := range v.Report.Notices.List {
		n := &v.Report.Notices.List[i]
		if _, ok := at[n.About]; !ok {
			at[n.About] = len(groups)
			groups = append(groups, noticeGroup{Title: noticeTitles[n.About], Room: mostKept, Rest: "see the pages of the single runs"})
		}
		text := noticeView{Text: printable.Text(n.Where() + ": " + n.Text + ".")}
		if n.Next != "" {
			text.Next = printable.Text(wording.Sentence(n.Next))
		}
		groups[at[n.About]].add(text)
	}
	groups[len(groups)-1].More += v.Report.Notices.More
	for _, g := range groups {
		if g.N() > 0 {
			v.Notices = append(v.Notices, g)
		}
	}
}

// noticeTitles say what several notices of a kind are.
var noticeTitles = map[string]string{"elsewhere": strayTitle, "not judged": unfitTitle, "warning": "warnings", "incomplete": incompleteTitle}

func (v *complianceView) addDays() {
	for i := range v.Report.Days {
		d := &v.Report.Days[i]
		v.Nights = append(v.Nights, nightView{Label: d.Day, Coverage: d.Coverage, callCounts: callCounts{d.Calls.Missing, d.Calls.Partial, d.Calls.Indeterminate}})
		v.Days = append(v.Days, dayView{d, unbroken(d.Coverage.Expected()), cmp.Or(percentOf(d.Coverage.RecordedPercent), "–")})
	}
	chart(v.Nights)
	target := 0.0
	if v.Target != nil {
		target, _ = strconv.ParseFloat(v.Target.Percent, 64) // it was read as a percentage
	}
	v.Trend = trendOf(v.Nights, target)
}

// Of returns the number of calls that should be recorded.
func (v *complianceView) Of() string { return unbroken(v.Coverage.Expected()) }

// unbroken keeps a text on one line.
func unbroken(text string) string { return strings.ReplaceAll(text, " ", "\u00a0") }

// BarWidth returns the width of a bar of the chart.
func (v *complianceView) BarWidth() string { return barWidth(len(v.Nights)) }

func kindOfGroups(k *audit.Kind) kindView {
	v := kindView{Title: k.Title}
	listed := k.Groups.Groups[:min(len(k.Groups.Groups), mostShownGroups)]
	c := cutter{}
	for i := range listed {
		c.see(listed[i].ID)
	}
	for i := range listed {
		g := &listed[i]
		id := printable.Text(g.ID)
		v.Groups = append(v.Groups, groupView{g, thing{Name: printable.Text(g.Name), ID: id, Cut: c.cut(id)}, cmp.Or(percentOf(g.RecordedPercent), "–")})
	}

	calls, more := k.Rest.Calls, k.Rest.Groups+int64(len(k.Groups.Groups)-len(listed))
	for _, g := range k.Groups.Groups[len(listed):] {
		calls.Recorded, calls.Of = calls.Recorded+g.Calls.Recorded, calls.Of+g.Calls.Of
	}
	if more > 0 {
		atLeast := ""
		if k.Rest.Total == report.AtLeast {
			atLeast = string(report.AtLeast) + " "
		}
		v.Rest = fmt.Sprintf("%s%s not listed here: %s calls recorded.", atLeast, are(more, "more "+k.Title), report.Of(calls.Recorded, calls.Of))
	}
	return v
}

// causesOf returns causes as the page shows them.
func causesOf(list []audit.Cause) (views []causeView) {
	byName := causesByName{}
	for i := range list {
		c := byName.named(printable.Text(list[i].Cause))
		c.Outages, c.Lasting = list[i].Outages, report.Duration(list[i].LastingMS*1000)
		c.Missing = [2]int64{list[i].NotRecorded.Coincides, list[i].NotRecorded.Possibly}
		views = append(views, *c)
	}
	return views
}

// callsOf returns a table of the first calls of a part of the list, which has so many.
func callsOf(label string, list []table.Cells, all int64) callTable {
	t := callTable{Label: label, Rest: all - int64(len(list))}
	c := cutter{}
	for _, cells := range list {
		t.Calls = append(t.Calls, listedCallOf(cells))
	}
	each := func(visit func(*thing)) {
		for i := range t.Calls {
			for j := range t.Calls[i].Users {
				visit(&t.Calls[i].Users[j])
			}
			visit(&t.Calls[i].Trunk)
			visit(&t.Calls[i].Line)
			visit(&t.Calls[i].Conversation)
		}
	}
	each(func(one *thing) { c.see(one.ID) })
	each(func(one *thing) { one.Cut = c.cut(one.ID) })
	return t
}

func listedCallOf(cells table.Cells) listedCall {
	get := func(column string) string { return printable.Text(cells.Get(column)) }
	call := listedCall{
		Start: secondsOf(get("start_time")), Direction: get("direction"), From: get("ani"), To: get("dnis"), Verdict: laneOf(cells.Get("verdict")),
		Reason: wording.Capital(get("reason")), Outage: coincidence(cells.Get("outage_relation"), cells.Get("outage_cause")), Interval: get("interval"),
		Trunk: thing{ID: get("trunk_id")}, Line: thing{ID: get("line_id")}, Conversation: thing{ID: get("conversation_id")},
	}
	if users := get("user_ids"); users != "" {
		for id := range strings.SplitSeq(users, ";") {
			call.Users = append(call.Users, thing{ID: id})
		}
	}
	return call
}

// secondsOf cuts a time of a table to seconds.
func secondsOf(text string) string {
	if len(text) < len("2006-01-02T15:04:05") {
		return text
	}
	return text[:10] + " " + text[11:19]
}

// laneOf says a verdict in words.
func laneOf(verdict string) string {
	for i, name := range marked {
		if name == verdict {
			return laneNames[i]
		}
	}
	return verdict
}

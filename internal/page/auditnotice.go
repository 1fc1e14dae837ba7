package page

import (
	"fmt"
	"slices"
	"strings"

	"cdrmend/internal/printable"
	"cdrmend/internal/report"
	"cdrmend/internal/table"
	"cdrmend/internal/wording"
)

// strayRows are rows of one interval that lie in a partition of another one.
type strayRows struct {
	interval string // of the rows
	found    string // label of the interval in whose run they were found
	rows     string
	view     noticeView
}

// mostKept is how many strays a page about many intervals has at most, and how many of
// each other kind of notices.
const mostKept = 60

var (
	historyDetail = table.History.Index("detail")
	historySource = table.History.Index("source")
	historyInput  = table.History.Index("object_key")
)

// addFirst keeps an open or undecided finding of an interval that limits what the
// numbers say.
func (g *auditGathering) addFirst(label string, row *table.Row) {
	class := string(row.Bytes(classColumn))
	if class != "stray_record" && class != "unfit_source" {
		return
	}

	row = g.show.row(row)
	source, input, detail := row.Text(historySource), row.Text(historyInput), row.Text(historyDetail)
	text := fmt.Sprintf("source %s (%s): %s", source, input, wording.Finding(class, "", "", detail))
	s, ok := wording.StrayOf(detail)
	switch {
	case class == "unfit_source" || !ok:
		g.unfit.add(noticeView{label + ": " + text + ".", wording.Sentence(wording.Remedy(class, detail))})
	case len(g.strays) == mostKept:
		g.more++
	default:
		g.strays = append(g.strays, strayRows{
			interval: s.Interval, found: label, rows: s.Rows,
			view: noticeView{s.Interval + ", found in the run of " + label + ": " + text + ".", wording.Sentence(wording.StrayRemedy(source, detail))},
		})
	}
}

// addNotices keeps the warnings and the incomplete inputs of an interval.
func (g *auditGathering) addNotices(label string, s *report.Summary) {
	for _, w := range s.Warnings {
		g.warnings.add(noticeView{Text: label + ": " + printable.Text(w) + "."})
	}
	for _, in := range s.Incomplete {
		g.incomplete.add(noticeView{
			printable.Text(fmt.Sprintf("%s: source %s (%s): %s.", label, in.Source, in.Input, in.Reason)), printable.Text(wording.Sentence(in.Next)),
		})
	}
}

// allNotices returns the notices: strays first, in the order of the intervals of
// their rows, and beside each of these intervals on the page that it has them.
func (g *auditGathering) allNotices() []noticeGroup {
	strays := noticeGroup{Title: strayTitle, Room: mostKept, More: g.more}
	slices.SortStableFunc(g.strays, func(a, b strayRows) int { return strings.Compare(a.interval, b.interval) })
	for _, s := range g.strays {
		strays.add(s.view)
		for i := range g.Nights {
			if n := &g.Nights[i]; n.Label == s.interval {
				n.Strays = append(n.Strays, s.rows+" in "+s.found)
			}
		}
	}

	g.unfit.Title, g.warnings.Title, g.incomplete.Title = unfitTitle, "warnings", incompleteTitle
	list := []noticeGroup{strays, g.unfit, g.warnings, g.incomplete}
	for i := range list {
		list[i].Rest = "see the pages of the single runs"
	}
	return slices.DeleteFunc(list, func(n noticeGroup) bool { return n.N() == 0 })
}

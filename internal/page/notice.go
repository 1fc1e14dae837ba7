package page

import (
	"cmp"
	"fmt"
	"slices"

	"cdrmend/internal/printable"
	"cdrmend/internal/report"
	"cdrmend/internal/table"
	"cdrmend/internal/wording"
)

// noticeView is something that a reader must know before the numbers, and what to
// do about it.
type noticeView struct{ Text, Next string }

// mostNotices is how many notices of a group a page names at most. The sections
// below have all of them.
const mostNotices = 6

var (
	detailColumn = table.Findings.Index("detail")
	startColumn  = table.Findings.Index("start_time")
	sourceColumn = table.Findings.Index("source")
	inputColumn  = table.Findings.Index("object_key")
	classOf      = table.Findings.Index("class")
)

// limits collects the findings that limit what the numbers say: rows where no run
// looks, and sources that cannot be judged.
type limits struct{ strays, unfit noticeGroup }

// add keeps a finding that limits the numbers. Nobody needs to look at accepted ones.
func (l *limits) add(show *shower, row *table.Row, class string) {
	if class != "stray_record" && class != "unfit_source" || string(row.Bytes(statusColumn)) == "accepted" {
		return
	}

	g := &l.strays
	if class == "unfit_source" {
		g = &l.unfit
	}
	if len(g.List) == mostNotices {
		g.More++
		return
	}
	g.List = append(g.List, noticeOf(class, show.row(row)))
}

// noticeOf says what a redacted finding about an input means.
func noticeOf(class string, row *table.Row) noticeView {
	source, detail := row.Text(sourceColumn), row.Text(detailColumn)
	next := wording.Remedy(class, detail)
	if class == "stray_record" {
		next = wording.StrayRemedy(source, detail)
	}
	return noticeView{
		Text: fmt.Sprintf("Source %s (%s): %s.", source, row.Text(inputColumn), wording.Finding(class, "", "", detail)),
		Next: wording.Sentence(next),
	}
}

// noticeGroup is notices of one kind. Several are folded below a line that counts
// them.
type noticeGroup struct {
	Title string // says what all of them are; the numbers come before it
	List  []noticeView
	More  int64  // not in the list
	Room  int    // for so many; 0: for mostNotices
	Rest  string // where the others are; empty: below
}

// What groups of notices say.
const (
	strayTitle      = "times rows of another interval lie in a partition that its run never reads: they are missing from its numbers"
	unfitTitle      = "times a source lacks what judging its calls needs, so that nothing is claimed of them"
	incompleteTitle = "inputs are incomplete and may hide something"
)

// mostUnfoldedNotices is how many notices of a group stand there unfolded.
const mostUnfoldedNotices = 2

// Folded reports whether the list is folded.
func (g *noticeGroup) Folded() bool { return g.N() > mostUnfoldedNotices }

// N returns how many notices the group has.
func (g *noticeGroup) N() int64 { return int64(len(g.List)) + g.More }

// Summary counts the notices of a folded group.
func (g *noticeGroup) Summary() string { return report.Grouped(g.N()) + " " + g.Title }

// notices returns what stands above all numbers, what hides most first: whole sources,
// then inputs, then what is noticed about their rows, then single rows elsewhere.
func (g *gathering) notices() []noticeGroup {
	g.limits.strays.Title, g.limits.unfit.Title = strayTitle, unfitTitle
	warnings := noticeGroup{Title: "warnings"}
	for _, w := range g.summary.Warnings {
		warnings.add(noticeView{Text: printable.Text(wording.Sentence(w))})
	}
	incomplete := noticeGroup{Title: incompleteTitle}
	for _, in := range g.summary.Incomplete {
		incomplete.add(noticeView{
			Text: printable.Text(fmt.Sprintf("Source %s (%s): %s.", in.Source, in.Input, in.Reason)), Next: printable.Text(wording.Sentence(in.Next)),
		})
	}
	var ids noticeGroup
	if n := g.summary.Overused; n > 0 {
		ids.add(noticeView{Text: fmt.Sprintf("%s %s on more than 1,000 records, and %s taken for missing.", counted(n, "id"), wording.Verb(n, "stands", "stand"), wording.Verb(n, "is", "are"))})
	}

	list := []noticeGroup{g.limits.unfit, incomplete, warnings, g.limits.strays, ids}
	return slices.DeleteFunc(list, func(n noticeGroup) bool { return n.N() == 0 })
}

func (g *noticeGroup) add(n noticeView) {
	if len(g.List) == cmp.Or(g.Room, mostNotices) {
		g.More++
		return
	}
	g.List = append(g.List, n)
}

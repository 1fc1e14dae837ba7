package page

import (
	"fmt"

	"cdrmend/internal/printable"
	"cdrmend/internal/table"
	"cdrmend/internal/wording"
)

// noticeView is something that a reader must know before the numbers, and what to
// do about it.
type noticeView struct{ Text, Next string }

// mostNotices is how many findings, warnings or incomplete inputs the notices name
// at most. The sections below have all of them.
const mostNotices = 6

var (
	detailColumn = table.Findings.Index("detail")
	sourceColumn = table.Findings.Index("source")
	inputColumn  = table.Findings.Index("object_key")
	classOf      = table.Findings.Index("class")
)

// addFirst keeps a finding that limits what the numbers say: rows where no run
// looks, and sources that cannot be judged. Nobody needs to look at accepted ones.
func (g *gathering) addFirst(row *table.Row) {
	class := string(row.Bytes(classOf))
	if class != "stray_record" && class != "unfit_source" || string(row.Bytes(statusColumn)) == "accepted" {
		return
	}
	if len(g.first) == mostNotices {
		g.more++
		return
	}
	g.first = append(g.first, noticeOf(class, g.show.row(row)))
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

// notices returns what stands above all numbers.
func (g *gathering) notices() []noticeView {
	list := g.first
	if g.more > 0 {
		list = append(list, noticeView{Text: counted(g.more, "more finding") + " of classes stray_record and unfit_source, see below."})
	}
	for _, w := range g.summary.Warnings {
		list = append(list, noticeView{Text: printable.Text(wording.Sentence(w))})
	}

	for i, in := range g.summary.Incomplete {
		if i == mostNotices {
			list = append(list, noticeView{Text: counted(int64(len(g.summary.Incomplete)-i), "more input") + " may hide something, see below."})
			break
		}
		list = append(list, noticeView{
			Text: printable.Text(fmt.Sprintf("Source %s (%s): %s.", in.Source, in.Input, in.Reason)), Next: printable.Text(wording.Sentence(in.Next)),
		})
	}
	if n := g.summary.Overused; n > 0 {
		list = append(list, noticeView{Text: fmt.Sprintf("%s on more than 1,000 records and taken for missing.", counted(n, "id stands"))})
	}
	return list
}

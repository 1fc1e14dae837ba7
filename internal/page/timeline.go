package page

import (
	"fmt"
	"maps"
	"slices"

	"cdrmend/internal/record"
	"cdrmend/internal/report"
)

// timelineView is the timeline of all trunks, the worst first.
type timelineView struct {
	Axis   *axis
	Open   []trunkView
	Folded []trunkView
	Rest   []trunkView // without lanes
	More   int         // number of trunks left out
}

// MoreTrunks writes how many trunks are folded away.
func (v *timelineView) MoreTrunks() string {
	return counted(int64(len(v.Folded)+len(v.Rest)), "more trunk")
}

// axis is the time axis that all trunks share.
type axis struct {
	Ticks   []tick
	Hatched []hatched
}

// tick is a mark of the axis.
type tick struct{ X, Label, Anchor string }

// hatched is a span of time in which inputs may hide something.
type hatched struct{ X, W, Title string }

// The largest numbers of trunks that are unfolded, drawn and named.
const (
	mostOpen  = 6
	mostDrawn = 40
	mostNamed = 400
)

func (g *gathering) timeline(s *report.Summary) *timelineView {
	v := &timelineView{Axis: &axis{ticks(g.span), hatches(s, g.span)}}
	trunks := slices.SortedFunc(maps.Values(g.trunks), worse)
	severalOrgs := slices.ContainsFunc(trunks, func(t *trunk) bool { return t.Org != trunks[0].Org })
	for i, t := range trunks {
		if i == mostNamed {
			v.More = len(trunks) - mostNamed
			break
		}

		view := t.view(g.span)
		view.Axis = v.Axis
		if !severalOrgs {
			view.Org = ""
		}
		switch {
		case i < mostOpen:
			v.Open = append(v.Open, view)
		case i < mostDrawn:
			v.Folded = append(v.Folded, view)
		default:
			v.Rest = append(v.Rest, trunkView{Trunk: view.Trunk, Org: view.Org, Summary: view.Summary})
		}
	}
	v.cutIDs()
	return v
}

// cutIDs cuts the long ids of trunks and lines.
func (v *timelineView) cutIDs() {
	each := func(visit func(*thing)) {
		for _, trunks := range [][]trunkView{v.Open, v.Folded, v.Rest} {
			for i := range trunks {
				visit(&trunks[i].Trunk)
				for j := range trunks[i].Lanes {
					visit(&trunks[i].Lanes[j].Line)
				}
			}
		}
	}
	cutter := cutter{}
	each(func(t *thing) { cutter.see(t.ID) })
	each(func(t *thing) { t.Cut = cutter.cut(t.ID) })
}

// ticks returns the ticks of an interval, which is a whole number of hours.
func ticks(span record.Span) []tick {
	hours := int(span.Duration().Hours())
	step := max(1, (hours+7)/8)
	minutes := 60 * step
	if hours <= 2 {
		minutes = 10 * hours
	}
	var list []tick
	for at := 0; at <= 60*hours; at += minutes {
		t := span.Start + record.Time(at)*60e6
		k := tick{X: percent(t, span), Label: t.Std().Format("15:04"), Anchor: "middle"}

		// The labels at the ends are aligned inwards, so that they are not cut.
		switch at {
		case 0:
			k.Anchor = "start"
		case 60 * hours:
			k.Anchor = "end"
			if hours == 24 { // not a second 00:00
				k.Label = "24:00"
			}
		}
		list = append(list, k)
	}
	return list
}

// hatches returns the spans in which inputs may hide something.
func hatches(s *report.Summary, span record.Span) []hatched {
	var list []hatched
	for i := range s.Partitions {
		p := &s.Partitions[i]
		if p.State == report.Complete || p.State == report.Empty {
			continue
		}

		of := partitionSpan(p)
		part := record.Span{Start: max(of.Start, span.Start), End: min(of.End, span.End)}
		if part.Start < part.End {
			list = append(list, hatched{percent(part.Start, span), width(part, span), fmt.Sprintf("%s of source %s: %s", p.Kind, p.Source, stateWords[p.State].text)})
		}
	}
	return list
}

// partitionSpan returns the time that a partition covers: all time if it has
// none.
func partitionSpan(p *report.Partition) record.Span {
	start, err := report.Time(p.Start)
	end, errEnd := report.Time(p.End)
	if err != nil || errEnd != nil {
		return record.Forever
	}
	return record.Span{Start: start, End: end}
}

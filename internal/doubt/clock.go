package doubt

import (
	"cmp"
	"slices"

	"cdrmend/internal/evidence"
	"cdrmend/internal/match"
	"cdrmend/internal/record"
)

// clockOffset is that the clocks of a source of CDRs and of one of manifests
// differ.
type clockOffset struct {
	cdrs, manifests uint32
	offset          int64 // microseconds, whole seconds: entries are later by so much
	pairs           int
	part            bool        // only of a part of the night, or of the recorders
	first, last     record.Span // of a part: the first and the last leg that it shifts
}

// surePair is a leg and an entry that belong together whatever their times are. A
// night has as many as legs, so how far they are apart is computed when it is
// asked for.
type surePair struct{ leg, entry uint32 }

// surePairs are the pairs of one source of CDRs and one of manifests.
type surePairs struct {
	*evidence.Evidence
	list []surePair
}

// end returns how much later than its leg an entry ends, in microseconds.
func (p *surePairs) end(pair surePair) int64 {
	return int64(p.Entries[pair.entry].End - p.Legs[pair.leg].End)
}

// start returns how much later than its leg an entry begins.
func (p *surePairs) start(pair surePair) int64 {
	return int64(p.Entries[pair.entry].Start - p.Legs[pair.leg].Start)
}

// answer returns how much later than the answer to its leg an entry begins.
func (p *surePairs) answer(pair surePair) int64 {
	l := &p.Legs[pair.leg]
	if !l.Answer.Known() {
		return p.start(pair)
	}
	return int64(p.Entries[pair.entry].Start - l.Answer)
}

// differBy reports whether a pair differs by an offset at both ends.
func (p *surePairs) differBy(pair surePair, offset int64) bool {
	near := func(d int64) bool { return abs(d-offset) <= clockSlack }
	return near(p.end(pair)) && (near(p.start(pair)) || near(p.answer(pair)))
}

// lowerMedian returns the lower median of what is asked of each pair.
func (p *surePairs) lowerMedian(of func(surePair) int64) int64 {
	values := make([]int64, len(p.list))
	for i, pair := range p.list {
		values[i] = of(pair)
	}
	slices.Sort(values)
	return values[(len(values)-1)/2]
}

const (
	manyPairs  = 20        // from so many on, some pairs may differ from the others
	fewPairs   = 5         // fewer show nothing
	second     = 1_000_000 // microseconds
	clockSlack = 2 * second
)

// findClockOffsets compares the clocks of every source of CDRs with those of every
// source of manifests.
func findClockOffsets(w *witness) (found []clockOffset) {
	tolerance := w.legs.Policy.CoverageTolerance.Microseconds()
	for _, pairs := range w.pairsBySources() {
		c, differ := pairs.clockOffset(tolerance)
		if !differ {
			continue
		}
		c.cdrs, c.manifests = pairs.sources(pairs.list[0])
		if c.part {
			c.first, c.last = pairs.shifted(c.offset)
		}
		found = append(found, c)
	}
	return found
}

// pairsBySources returns the pairs of every two sources that have some, by source
// of CDRs, then of manifests.
func (w *witness) pairsBySources() (by []*surePairs) {
	all := surePairs{w.legs.Evidence, w.surePairs()}
	order := func(a, b surePair) int {
		aCDRs, aManifests := all.sources(a)
		bCDRs, bManifests := all.sources(b)
		return cmp.Or(cmp.Compare(aCDRs, bCDRs), cmp.Compare(aManifests, bManifests))
	}
	if !slices.IsSortedFunc(all.list, order) { // it is with one source of manifests
		slices.SortStableFunc(all.list, order)
	}

	for len(all.list) > 0 {
		n := 1
		for n < len(all.list) && order(all.list[0], all.list[n]) == 0 {
			n++
		}
		by = append(by, &surePairs{all.Evidence, all.list[:n]})
		all.list = all.list[n:]
	}
	return by
}

// sources returns the sources of a pair's leg and entry.
func (p *surePairs) sources(pair surePair) (cdrs, manifests uint32) {
	return p.SourceOfLeg(pair.leg), p.Objects[p.Documents[p.Entries[pair.entry].Doc].Object].Source
}

// surePairs returns the pairs of all sources whose times are in order.
func (w *witness) surePairs() []surePair {
	ev := w.legs.Evidence
	pairs := make([]surePair, 0, w.owned.Legs.Count())
	for n := range uint32(len(ev.Legs)) {
		l := &ev.Legs[n]
		if !w.owned.Legs[n] || !l.Start.Known() || !l.End.Known() || l.End < l.Start {
			continue
		}
		w.sure = w.sureEntries(w.sure[:0], n)
		for _, entry := range w.sure {
			e := &ev.Entries[entry]
			if w.entries.States[entry].Voice && e.Start.Known() && e.End.Known() && e.End >= e.Start {
				pairs = append(pairs, surePair{n, entry})
			}
		}
	}
	return pairs
}

// sureEntries appends the entries that are recordings of a leg for certain: those
// with the one id that it lists and no other owned leg does, and the only one of
// its conversation when it is the only owned leg of it.
func (w *witness) sureEntries(sure []uint32, n uint32) []uint32 {
	ev := w.legs.Evidence
	l := &ev.Legs[n]
	sole := func(legs []uint32) bool {
		return !slices.ContainsFunc(legs, func(other uint32) bool { return other != n && w.owned.Legs[other] })
	}

	if listed := ev.Listed(n); len(listed) == 1 && sole(w.legs.ByRecording.Find(l.Org, listed[0])) {
		sure = append(sure, w.entries.ByRecording.Find(l.Org, listed[0])...)
	}
	group := w.entries.ByConversation.Find(l.Org, l.Conversation)
	if len(group) == 1 && sole(w.legs.ByConversation.Find(l.Org, l.Conversation)) && !slices.Contains(sure, group[0]) {
		sure = append(sure, group[0])
	}
	return sure
}

// clockOffset says whether pairs show that clocks differ.
func (p *surePairs) clockOffset(tolerance int64) (clockOffset, bool) {
	n := len(p.list)
	if n < fewPairs {
		return clockOffset{}, false
	}

	// Ends are compared first: a recording may begin with the call or with its answer,
	// but ends with the call.
	m := wholeSeconds(p.lowerMedian(p.end))
	near := func(d int64) bool { return abs(d-m) <= clockSlack }

	ends, both := 0, 0
	for _, pair := range p.list {
		if near(p.end(pair)) {
			ends++
		}
		if p.differBy(pair, m) {
			both++
		}
	}

	whole := clockOffset{offset: m, pairs: n}
	switch {
	case abs(m) <= tolerance:
	case n >= manyPairs && 10*ends >= 9*n && (near(p.lowerMedian(p.start)) || near(p.lowerMedian(p.answer))):
		return whole, true
	case n < manyPairs && both == n:
		return whole, true
	}
	return p.partialOffset(tolerance)
}

// partialOffset looks for an offset that many pairs have, though not all.
func (p *surePairs) partialOffset(tolerance int64) (clockOffset, bool) {
	counts := map[int64]int{}
	for _, pair := range p.list {
		if end := p.end(pair); abs(end) > tolerance && abs(end-p.start(pair)) <= clockSlack {
			counts[wholeSeconds(end)]++
		}
	}

	// The most frequent one; of several that nearest to zero, then the smaller.
	var m int64
	most := 0
	for offset, n := range counts {
		if cmp.Or(cmp.Compare(n, most), cmp.Compare(abs(m), abs(offset)), cmp.Compare(m, offset)) > 0 {
			m, most = offset, n
		}
	}

	c := clockOffset{offset: m, part: true}
	for _, pair := range p.list {
		if p.differBy(pair, m) {
			c.pairs++
		}
	}
	return c, c.pairs >= manyPairs && abs(m) > tolerance
}

// wholeSeconds cuts microseconds to whole seconds, toward zero.
func wholeSeconds(micros int64) int64 { return micros / second * second }

// shifted returns the spans of the first and of the last leg that an offset shifts.
func (p *surePairs) shifted(offset int64) (first, last record.Span) {
	for _, pair := range p.list {
		if !p.differBy(pair, offset) {
			continue
		}
		l := &p.Legs[pair.leg]
		span := record.Span{Start: l.Start, End: l.End}
		if first == (record.Span{}) || span.Start < first.Start {
			first = span
		}
		if last == (record.Span{}) || span.Start > last.Start {
			last = span
		}
	}
	return first, last
}

// ClocksDiffer reports whether the clocks of a source of CDRs and of one of
// manifests differ.
func (d *Sources) ClocksDiffer(cdrs, manifests uint32) bool {
	return slices.ContainsFunc(d.clocks, func(c clockOffset) bool { return c.cdrs == cdrs && c.manifests == manifests })
}

// Shifts reports whether the clocks of a leg's source and of the source of one of
// some entries differ, so that the times of the entry say nothing about the leg.
func (d *Sources) Shifts(entries *match.EntryGroups, leg uint32, about []uint32) bool {
	source, end := entries.SourceOfLeg(leg), entries.Legs[leg].End
	return slices.ContainsFunc(d.clocks, func(c clockOffset) bool {
		return c.cdrs == source && slices.ContainsFunc(about, func(n uint32) bool {
			e := &entries.Entries[n]
			if !entries.States[n].Hears() || entries.Objects[entries.Documents[e.Doc].Object].Source != c.manifests {
				return false
			}
			// An offset of a part of the night is only a doubt where it shows.
			span, valid := match.SpanOfEntry(e)
			return !c.part || valid && end.Known() && abs(int64(span.End-end)-c.offset) <= clockSlack
		})
	})
}

func abs(n int64) int64 { return max(n, -n) }

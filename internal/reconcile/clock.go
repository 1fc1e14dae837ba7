package reconcile

import (
	"cmp"
	"slices"

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

// surePair is a leg and an entry that belong together whatever their times are.
type surePair struct {
	leg                  uint32
	end, start, answered int64 // how much later the entry ends, begins, and begins than the answer
}

const (
	manyPairs  = 20
	fewPairs   = 5
	second     = 1_000_000 // microseconds
	clockSlack = 2 * second
)

// findClockOffsets compares the clocks of every source of CDRs with those of every
// source of manifests.
func findClockOffsets(w *witness) (found []clockOffset) {
	pairs := w.surePairs()
	tolerance := w.legs.Policy.CoverageTolerance.Microseconds()
	for cdrs := range w.legs.Sources {
		for manifests := range w.legs.Sources {
			of := pairs[[2]uint32{uint32(cdrs), uint32(manifests)}]
			if c, differ := clockOffsetOf(of, tolerance); differ {
				c.cdrs, c.manifests = uint32(cdrs), uint32(manifests)
				if c.part {
					c.first, c.last = w.shiftedBy(of, c.offset)
				}
				found = append(found, c)
			}
		}
	}
	return found
}

// surePairs returns the pairs of every two sources.
func (w *witness) surePairs() map[[2]uint32][]surePair {
	ev := w.legs.Evidence
	pairs := map[[2]uint32][]surePair{}
	for n := range uint32(len(ev.Legs)) {
		l := &ev.Legs[n]
		if !w.owned.legs[n] || !l.Start.Known() || !l.End.Known() || l.End < l.Start {
			continue
		}
		for _, entry := range w.sureEntries(n) {
			e := &ev.Entries[entry]
			if !w.entries.states[entry].voice || !e.Start.Known() || !e.End.Known() || e.End < e.Start {
				continue
			}
			answer := l.Answer
			if !answer.Known() {
				answer = l.Start
			}
			key := [2]uint32{ev.sourceOfLeg(n), ev.Objects[ev.Documents[e.Doc].Object].Source}
			pairs[key] = append(pairs[key], surePair{n, int64(e.End - l.End), int64(e.Start - l.Start), int64(e.Start - answer)})
		}
	}
	return pairs
}

// sureEntries returns the entries that are recordings of a leg for certain: those
// with the one id that it lists and no other owned leg does, and the only one of
// its conversation when it is the only owned leg of it.
func (w *witness) sureEntries(n uint32) (sure []uint32) {
	ev := w.legs.Evidence
	l := &ev.Legs[n]
	sole := func(legs []uint32) bool {
		return !slices.ContainsFunc(legs, func(other uint32) bool { return other != n && w.owned.legs[other] })
	}
	if listed := ev.listed(n); len(listed) == 1 && sole(w.legs.byRecording.find(l.Org, listed[0])) {
		sure = append(sure, w.entries.byRecording.find(l.Org, listed[0])...)
	}
	group := w.entries.byConversation.find(l.Org, l.Conversation)
	if len(group) == 1 && sole(w.legs.byConversation.find(l.Org, l.Conversation)) && !slices.Contains(sure, group[0]) {
		sure = append(sure, group[0])
	}
	return sure
}

// clockOffsetOf says whether pairs show that clocks differ.
func clockOffsetOf(pairs []surePair, tolerance int64) (clockOffset, bool) {
	if len(pairs) < fewPairs {
		return clockOffset{}, false
	}
	m := wholeSeconds(lowerMedian(pairs, func(p *surePair) int64 { return p.end }))
	near := func(d int64) bool { return abs(d-m) <= clockSlack }
	ends, whole := 0, 0
	for i := range pairs {
		p := &pairs[i]
		if near(p.end) {
			ends++
			if near(p.start) || near(p.answered) {
				whole++
			}
		}
	}

	c := clockOffset{offset: m, pairs: len(pairs)}
	switch {
	case abs(m) <= tolerance:
	case len(pairs) >= manyPairs && 10*ends >= 9*len(pairs) &&
		(near(lowerMedian(pairs, func(p *surePair) int64 { return p.start })) || near(lowerMedian(pairs, func(p *surePair) int64 { return p.answered }))):
		return c, true
	case len(pairs) < manyPairs && whole == len(pairs):
		return c, true
	}
	return partialOffset(pairs, tolerance)
}

// partialOffset looks for an offset that many pairs have, though not all.
func partialOffset(pairs []surePair, tolerance int64) (clockOffset, bool) {
	counts := map[int64]int{}
	for i := range pairs {
		if p := &pairs[i]; abs(p.end) > tolerance && abs(p.end-p.start) <= clockSlack {
			counts[wholeSeconds(p.end)]++
		}
	}
	var m int64
	most := 0
	for offset, n := range counts {
		if cmp.Or(cmp.Compare(n, most), cmp.Compare(abs(m), abs(offset)), cmp.Compare(m, offset)) > 0 {
			m, most = offset, n
		}
	}
	c := clockOffset{offset: m, part: true}
	for i := range pairs {
		if pairs[i].has(m) {
			c.pairs++
		}
	}
	return c, c.pairs >= manyPairs && abs(m) > tolerance
}

// has reports whether a pair differs by an offset at both ends.
func (p *surePair) has(offset int64) bool {
	near := func(d int64) bool { return abs(d-offset) <= clockSlack }
	return near(p.end) && (near(p.start) || near(p.answered))
}

// wholeSeconds cuts microseconds to whole seconds, toward zero.
func wholeSeconds(micros int64) int64 { return micros / second * second }

func lowerMedian(pairs []surePair, of func(*surePair) int64) int64 {
	values := make([]int64, len(pairs))
	for i := range pairs {
		values[i] = of(&pairs[i])
	}
	slices.Sort(values)
	return values[(len(values)-1)/2]
}

// shiftedBy returns the spans of the first and of the last leg that an offset
// shifts.
func (w *witness) shiftedBy(pairs []surePair, offset int64) (first, last record.Span) {
	for i := range pairs {
		if !pairs[i].has(offset) {
			continue
		}
		l := &w.legs.Legs[pairs[i].leg]
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

// clocksDiffer reports whether the clocks of a source of CDRs and of one of
// manifests differ.
func (d *doubts) clocksDiffer(cdrs, manifests uint32) bool {
	return slices.ContainsFunc(d.clocks, func(c clockOffset) bool { return c.cdrs == cdrs && c.manifests == manifests })
}

// shifted reports whether a leg lacks a recording, or a part of it, only by the
// times of an entry of a source whose clock differs.
func (d *doubts) shifted(a *assessor, s *assessment, decided Verdict) bool {
	l := &a.Legs[s.leg]
	listsNone := a.Particulars[s.leg].Recordings.N == 0
	var about []uint32
	switch {
	case decided == VerdictMissing && listsNone:
		about = a.entries.byConversation.find(l.Org, l.Conversation)
	case decided == VerdictPartial && !s.certain:
		about = s.entries
	}
	if len(about) == 0 {
		return false
	}

	source := a.sourceOfLeg(s.leg)
	return slices.ContainsFunc(d.clocks, func(c clockOffset) bool {
		return c.cdrs == source && slices.ContainsFunc(about, func(n uint32) bool {
			e := &a.Entries[n]
			if !a.entries.states[n].hears() || a.Objects[a.Documents[e.Doc].Object].Source != c.manifests {
				return false
			}
			span, valid := validSpan(e)
			return !c.part || valid && l.End.Known() && abs(int64(span.End-l.End)-c.offset) <= clockSlack
		})
	})
}

package page

import (
	"cmp"
	"maps"
	"slices"

	"cdrmend/internal/record"
	"cdrmend/internal/wording"
)

// outageSpans are the outages of many intervals by the key that registered. Two
// intervals that share one each have a row of it, often with different ends, as
// each saw another part of the log.
type outageSpans map[outageKey][]outageSpan

// outageKey is who registered, and how the outage opened: a failure that follows a
// lapse at once is an outage of its own.
type outageKey struct {
	org, trunk, line string
	opening          wording.Opening
}

type outageSpan struct {
	record.Span
	cause string
}

// add adds an outage. One that overlaps or touches others of its key is one with
// them: it crosses the border between two intervals.
func (m outageSpans) add(o *outage) {
	key := outageKey{o.Org, o.Trunk, o.Line, wording.OpenedBy(o.Cause)}
	whole := outageSpan{record.Span{Start: o.Start, End: o.End}, o.Cause}
	var apart []outageSpan
	for _, other := range m[key] {
		if whole.Start > other.End || other.Start > whole.End {
			apart = append(apart, other)
			continue
		}
		// The cause is that of the part that began first.
		if other.Start <= whole.Start {
			whole.cause = other.cause
		}
		whole.Start, whole.End = min(whole.Start, other.Start), max(whole.End, other.End)
	}
	m[key] = append(apart, whole)
}

// trunkOutages counts the outages of a trunk and adds up their lengths.
type trunkOutages struct {
	trunkID
	Outages int64
	micros  int64
	Lasting string
}

// mostTrunkRows is how many trunks are named at most.
const mostTrunkRows = 20

// sums adds the outages up by cause and by trunk, the longest first. Every order
// ends in a name, so that it does not depend on the order of a map.
func (m outageSpans) sums() ([]causeView, []trunkOutages) {
	byCause, byTrunk := causesByName{}, map[trunkID]*trunkOutages{}
	for key, spans := range m {
		for _, s := range spans {
			micros := int64(s.End - s.Start)
			byCause.named(s.cause).addOutage(micros)

			id := trunkID{key.org, key.trunk}
			if byTrunk[id] == nil {
				byTrunk[id] = &trunkOutages{trunkID: id}
			}
			byTrunk[id].Outages++
			byTrunk[id].micros += micros
		}
	}

	var causes []causeView
	for _, c := range slices.SortedFunc(maps.Values(byCause), func(a, b *causeView) int {
		return cmp.Or(cmp.Compare(b.micros, a.micros), cmp.Compare(a.Name, b.Name))
	}) {
		c.Lasting = duration(c.micros)
		causes = append(causes, *c)
	}

	var trunks []trunkOutages
	longest := slices.SortedFunc(maps.Values(byTrunk), func(a, b *trunkOutages) int {
		return cmp.Or(cmp.Compare(b.micros, a.micros), cmp.Compare(a.Org, b.Org), cmp.Compare(a.ID, b.ID))
	})
	for _, t := range longest[:min(len(longest), mostTrunkRows)] {
		t.Lasting = duration(t.micros)
		trunks = append(trunks, *t)
	}
	return causes, trunks
}

package report

import (
	"cmp"
	"slices"

	"cdrmend/internal/record"
	"cdrmend/internal/wording"
)

// Outages are the outages of many intervals by who registered, in the order of time and
// apart from each other. Two intervals that share one each have a row of it, often with
// different ends, as each saw another part of the log.
type Outages map[Registrant][]Outage

// Registrant is who registered, and how an outage opened: a failure that follows a
// lapse at once is an outage of its own.
type Registrant struct {
	Org, Trunk, Line string
	Opening          wording.Opening
}

// Outage is an outage as a whole, whatever intervals it lies in.
type Outage struct {
	record.Span
	Cause string
}

// Add adds an outage as an interval has it. One that overlaps or touches others of its
// registrant is one with them: it crosses the border between two intervals.
func (m Outages) Add(org, trunk, line string, whole Outage) {
	key := Registrant{org, trunk, line, wording.OpenedBy(whole.Cause)}
	list := m[key]

	// Tables have outages in their order, so that nearly all come last.
	from, _ := slices.BinarySearchFunc(list, whole.Start, func(o Outage, start record.Time) int { return cmp.Compare(o.End, start) })
	to := from
	for ; to < len(list) && list[to].Start <= whole.End; to++ {
		other := list[to]
		// The cause is that of the part that began first.
		if other.Start <= whole.Start {
			whole.Cause = other.Cause
		}
		whole.Start, whole.End = min(whole.Start, other.Start), max(whole.End, other.End)
	}
	m[key] = slices.Replace(list, from, to, whole)
}

package evidence

import (
	"cmp"
	"slices"

	"cdrmend/internal/profile"
	"cdrmend/internal/record"
)

// Some sources write a row when a leg starts and another one when it ends, perhaps in
// another object: the INVITE and the BYE of a SIP proxy. Their profile has the decoder
// start-stop. A row with a start and no end is then half of a leg, and so is a row with
// an end and no start. Both have the ids of the leg.

// inHalves reports whether the source of a row may deliver half of a leg.
func (s *legSet) inHalves(n uint32) bool {
	return s.Sources[s.SourceOfLeg(n)].Profile.Decoder == profile.StartStop
}

// halves joins the halves of legs among rows with the same ids: a leg ends at the first
// stop after its start. A start before that stop says nothing new, nor does a second
// stop. It returns the rows of each leg, the one that counts first, in the order of
// starts. Rows that are whole are versions as everywhere else.
func (s *legSet) halves(rows []uint32) [][]uint32 {
	var whole, parts []uint32
	for _, n := range rows {
		if l := &s.Legs[n]; l.Start.Known() == l.End.Known() {
			whole = append(whole, n)
		} else {
			parts = append(parts, n)
		}
	}
	at := func(n uint32) record.Time { return max(s.Legs[n].Start, s.Legs[n].End) } // the other one is unknown
	slices.SortStableFunc(parts, func(a, b uint32) int {
		// At one instant a start comes before its stop.
		return cmp.Or(cmp.Compare(at(a), at(b)), cmp.Compare(s.Legs[b].Start, s.Legs[a].Start))
	})

	var legs [][]uint32
	open := false
	for _, n := range parts {
		starts := s.Legs[n].Start.Known()
		if len(legs) == 0 || starts && !open {
			legs, open = append(legs, []uint32{n}), starts
			continue
		}

		last := len(legs) - 1
		if first := &s.Legs[legs[last][0]]; !starts && open {
			first.End, open = s.Legs[n].End, false
			s.Stops = append(s.Stops, Stop{Leg: first.Ref, Row: s.Legs[n].Ref})
		}
		legs[last] = append(legs[last], n)
	}

	if whole != nil {
		for _, versions := range s.legsOf(whole) {
			kept := s.newest(versions)
			versions[0], versions[kept] = versions[kept], versions[0]
			legs = append(legs, versions)
		}
		slices.SortStableFunc(legs, func(a, b []uint32) int { return cmp.Compare(s.Legs[a[0]].Start, s.Legs[b[0]].Start) })
	}
	return legs
}

// sortStops puts the stops in the order of their legs: groups of rows are judged in
// any order.
func (c *CDRs) sortStops() {
	slices.SortFunc(c.Stops, func(a, b Stop) int { return compareStops(a, b.Leg) })
}

// StopOf returns the row that ended a leg which comes in halves, false for any other
// leg.
func (c *CDRs) StopOf(leg record.Ref) (record.Ref, bool) {
	at, found := slices.BinarySearchFunc(c.Stops, leg, compareStops)
	if !found {
		return record.Ref{}, false
	}
	return c.Stops[at].Row, true
}

func compareStops(s Stop, leg record.Ref) int {
	return cmp.Or(cmp.Compare(s.Leg.Object, leg.Object), cmp.Compare(s.Leg.Row, leg.Row))
}

// StopsAlone reports whether a leg is a row with an end whose other half was not read.
// It may have started before everything that was.
func (ev *Evidence) StopsAlone(leg uint32) bool {
	l := &ev.Legs[leg]
	return !l.Start.Known() && l.End.Known() && ev.Sources[ev.SourceOfLeg(leg)].Profile.Decoder == profile.StartStop
}

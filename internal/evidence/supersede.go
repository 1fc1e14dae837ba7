package evidence

import (
	"cmp"
	"encoding/binary"
	"hash/maphash"
	"math/bits"
	"slices"

	"cdrmend/internal/record"
)

// Versions is what became of rows that were delivered more than once.
type Versions struct {
	Superseded int64 // rows that lost to an owned leg
	Lost       int64 // other rows that lost
	Reused     int64 // owned legs that have an earlier leg with their id
}

// DropSuperseded keeps one row of each leg that was delivered more than once.
func DropSuperseded(ev *Evidence, objects ObjectOrder, spread Spread) Versions {
	set := newLegSet(ev, spread)
	for _, rows := range legsByKey(&ev.CDRs, objects) {
		for n := rows.At; n < rows.At+rows.N; n++ {
			set.add(n)
		}
	}

	v := set.judge()
	ev.sortStops()

	legs, particulars, updated := ev.Legs[:0], ev.Particulars[:0], ev.Updated[:0]
	for i := range ev.Legs {
		if !set.dropped[i] {
			legs, particulars, updated = append(legs, ev.Legs[i]), append(particulars, ev.Particulars[i]), append(updated, ev.Updated[i])
		}
	}
	ev.Legs, ev.Particulars, ev.Updated = legs, particulars, updated
	return v
}

// legsByKey returns the legs of each object, in (object key, source) order: the
// evidence has them in (source, object key) order.
func legsByKey(cdrs *CDRs, objects ObjectOrder) []record.Section {
	var runs []record.Section
	for i := range cdrs.Legs {
		if i == 0 || cdrs.Legs[i].Ref.Object != cdrs.Legs[i-1].Ref.Object {
			runs = append(runs, record.Section{At: uint32(i)})
		}
		runs[len(runs)-1].N++
	}

	slices.SortFunc(runs, func(a, b record.Section) int { return objects.CompareRefs(cdrs.Legs[a.At].Ref, cdrs.Legs[b.At].Ref) })
	return runs
}

// legSet finds rows that may be one leg: those with the same ids, or, without
// ids, those that are equal in everything. It is a set with open addressing. A
// slot holds 32 bits of a row's hash and the row's number plus 1.
type legSet struct {
	*Evidence
	hashes  []uint64
	slots   []uint64
	groups  map[uint32][]uint32 // by first row: all rows, in (object key, source, row) order
	dropped []bool              // by row
}

func newLegSet(ev *Evidence, spread Spread) *legSet {
	n := len(ev.Legs)
	s := &legSet{
		Evidence: ev, hashes: make([]uint64, n), slots: make([]uint64, 1<<bits.Len(uint(n+n/2))),
		groups: map[uint32][]uint32{}, dropped: make([]bool, n),
	}
	seed := maphash.MakeSeed()
	spread.EachPart(n, func(_, from, to int) {
		var identity []byte
		for i := from; i < to; i++ {
			identity = s.appendIdentity(identity[:0], uint32(i))
			s.hashes[i] = maphash.Bytes(seed, identity)
		}
	})
	return s
}

// appendIdentity appends what rows of one group have in common.
func (s *legSet) appendIdentity(b []byte, n uint32) []byte {
	l := &s.Legs[n]
	b = binary.LittleEndian.AppendUint32(b, uint32(l.Org))
	if l.Identified() {
		b = binary.LittleEndian.AppendUint32(b, uint32(l.Conversation))
		return binary.LittleEndian.AppendUint32(b, uint32(l.ID))
	}
	return binary.LittleEndian.AppendUint64(append(b, '='), s.ExtraOf(n).Same)
}

// same reports whether two rows belong to one group. Their hashes may be equal by
// chance.
func (s *legSet) same(n, m uint32) bool {
	a, b := &s.Legs[n], &s.Legs[m]
	if a.Org != b.Org || a.Identified() != b.Identified() {
		return false
	}
	if a.Identified() {
		return a.Conversation == b.Conversation && a.ID == b.ID
	}
	return s.ExtraOf(n).Same == s.ExtraOf(m).Same
}

// add adds a row. Rows have to come in (object key, source, row) order.
func (s *legSet) add(n uint32) {
	mask := uint64(len(s.slots) - 1)
	hash := s.hashes[n]
	at := hash & mask
	for ; s.slots[at] != 0; at = (at + 1) & mask {
		first := uint32(s.slots[at]) - 1
		if s.slots[at]>>32 == hash>>32 && s.same(first, n) {
			if s.groups[first] == nil {
				s.groups[first] = []uint32{first}
			}
			s.groups[first] = append(s.groups[first], n)
			return
		}
	}
	s.slots[at] = hash>>32<<32 | uint64(n+1)
}

// judge marks the rows that do not count.
func (s *legSet) judge() (v Versions) {
	for first, rows := range s.groups {
		if !s.Legs[first].Identified() {
			s.keep(rows, 0, &v)
			continue
		}

		legs, halves := s.legsOf(rows), slices.ContainsFunc(rows, s.inHalves)
		if halves {
			legs = s.halves(rows)
		}
		winners := make([]uint32, len(legs))
		for i, versions := range legs {
			kept := 0
			if !halves {
				kept = s.newest(versions)
			}
			winners[i] = versions[kept]
			s.keep(versions, kept, &v)
		}

		// Legs are in the order of their starts, so all but the first have an earlier one.
		for _, n := range winners[1:] {
			if s.OwnsLeg(n) {
				v.Reused++
			}
		}
	}
	return v
}

// keep drops all versions of a leg but one.
func (s *legSet) keep(versions []uint32, kept int, v *Versions) {
	owned := s.OwnsLeg(versions[kept])
	for i, n := range versions {
		switch {
		case i == kept:
			continue
		case owned:
			v.Superseded++
		default:
			v.Lost++
		}
		s.dropped[n] = true
	}
}

// legsOf splits rows with the same ids into legs, in the order of their starts.
// Rows with the same start are versions of one leg when one of them says when it
// was updated; else each end is a leg of its own. Rows without a start, or end,
// belong to the earliest one.
func (s *legSet) legsOf(rows []uint32) [][]uint32 {
	start := func(n uint32) record.Time { return s.Legs[n].Start }
	end := func(n uint32) record.Time { return s.Legs[n].End }
	updated := func(n uint32) bool { return s.Updated[n].Known() }

	var legs [][]uint32
	for _, group := range splitByTime(rows, start) {
		if slices.ContainsFunc(group, updated) {
			legs = append(legs, group)
		} else {
			legs = append(legs, splitByTime(group, end)...)
		}
	}
	return legs
}

// splitByTime splits rows by a time, in its order. Those without it are added to
// the earliest. Rows of one group keep their order.
func splitByTime(rows []uint32, time func(n uint32) record.Time) [][]uint32 {
	earliest := record.NoTime
	for _, n := range rows {
		if t := time(n); t.Known() && (!earliest.Known() || t < earliest) {
			earliest = t
		}
	}

	timeOf := func(n uint32) record.Time { return max(time(n), earliest) }
	sorted := slices.Clone(rows)
	slices.SortStableFunc(sorted, func(a, b uint32) int { return cmp.Compare(timeOf(a), timeOf(b)) })

	var groups [][]uint32
	for len(sorted) > 0 {
		n := 1
		for n < len(sorted) && timeOf(sorted[n]) == timeOf(sorted[0]) {
			n++
		}
		groups, sorted = append(groups, sorted[:n:n]), sorted[n:]
	}
	return groups
}

// newest returns which of the versions of a leg counts: the one updated last; of
// several one that has an end, then one that has an answer, then the last.
func (s *legSet) newest(versions []uint32) (newest int) {
	for i := range versions[1:] {
		if s.supersedes(versions[i+1], versions[newest]) {
			newest = i + 1
		}
	}
	return newest
}

// supersedes reports whether the later of two versions counts before the earlier.
func (s *legSet) supersedes(later, earlier uint32) bool {
	known := func(t record.Time) int {
		if t.Known() {
			return 1
		}
		return 0
	}
	a, b := &s.Legs[later], &s.Legs[earlier]
	return cmp.Or(
		cmp.Compare(s.Updated[later], s.Updated[earlier]),
		cmp.Compare(known(a.End), known(b.End)),
		cmp.Compare(known(a.Answer), known(b.Answer)),
	) >= 0
}

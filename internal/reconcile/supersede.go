package reconcile

import (
	"encoding/binary"
	"hash/maphash"
	"math/bits"
	"slices"

	"cdrmend/internal/cdr"
	"cdrmend/internal/intern"
	"cdrmend/internal/record"
)

// dropSupersededLegs keeps one row of each leg that was delivered more than
// once, and returns how many it dropped.
func dropSupersededLegs(ev *Evidence, objects objectOrder, spread Spread) (dropped int64) {
	hashes := hashLegs(ev, spread)
	seen := &legSet{ev, make([]uint64, 1<<bits.Len(uint(len(ev.Legs)+len(ev.Legs)/2))), make([]bool, len(ev.Legs))}
	for _, rows := range legsByKey(ev, objects) {
		for n := rows.At; n < rows.At+rows.N; n++ {
			seen.add(n, hashes[n])
		}
	}

	legs, particulars := ev.Legs[:0], ev.Particulars[:0]
	for i := range ev.Legs {
		if seen.superseded[i] {
			dropped++
			continue
		}
		legs, particulars = append(legs, ev.Legs[i]), append(particulars, ev.Particulars[i])
	}
	ev.Legs, ev.Particulars = legs, particulars
	return dropped
}

// hashLegs hashes what rows of one leg have in common.
func hashLegs(ev *Evidence, spread Spread) []uint64 {
	hashes := make([]uint64, len(ev.Legs))
	seed := maphash.MakeSeed()
	spread.eachPart(len(ev.Legs), func(_, from, to int) {
		var identity []byte
		for n := from; n < to; n++ {
			identity = appendLegIdentity(identity[:0], ev, wholeLeg(ev, uint32(n)))
			hashes[n] = maphash.Bytes(seed, identity)
		}
	})
	return hashes
}

func wholeLeg(ev *Evidence, n uint32) *cdr.Leg {
	return &cdr.Leg{Shown: ev.Legs[n], Particulars: ev.Particulars[n]}
}

// legsByKey returns the legs of each object, in (object key, source) order: the
// evidence has them in (source, object key) order.
func legsByKey(ev *Evidence, objects objectOrder) []record.Section {
	var runs []record.Section
	for i := range ev.Legs {
		if i == 0 || ev.Legs[i].Ref.Object != ev.Legs[i-1].Ref.Object {
			runs = append(runs, record.Section{At: uint32(i)})
		}
		runs[len(runs)-1].N++
	}
	slices.SortFunc(runs, func(a, b record.Section) int { return objects.compareRefs(ev.Legs[a.At].Ref, ev.Legs[b.At].Ref) })
	return runs
}

// legSet is a set of different legs with open addressing. A slot holds 32 bits
// of a leg's hash and the leg's number plus 1.
type legSet struct {
	*Evidence
	slots      []uint64
	superseded []bool // by leg
}

// add adds a leg, or marks as superseded the one of two rows that does not
// count. Rows have to come in (object key, source, row) order.
func (s *legSet) add(n uint32, hash uint64) {
	mask := uint64(len(s.slots) - 1)
	at := hash & mask
	slot := hash>>32<<32 | uint64(n+1)
	for ; s.slots[at] != 0; at = (at + 1) & mask {
		earlier := uint32(s.slots[at]) - 1
		if s.slots[at]>>32 != hash>>32 || !sameLeg(s.Evidence, earlier, n) {
			continue
		}
		// Rows without ids are the same leg only if they are equal, so the first
		// one can stay.
		if s.Legs[n].Identified() && supersedes(wholeLeg(s.Evidence, n), wholeLeg(s.Evidence, earlier)) {
			s.superseded[earlier], s.slots[at] = true, slot
		} else {
			s.superseded[n] = true
		}
		return
	}
	s.slots[at] = slot
}

func sameLeg(ev *Evidence, n, m uint32) bool {
	a, b := &ev.Legs[n], &ev.Legs[m]
	if a.Identified() && b.Identified() {
		return a.Org == b.Org && a.Conversation == b.Conversation && a.ID == b.ID
	}
	return string(appendLegIdentity(nil, ev, wholeLeg(ev, n))) == string(appendLegIdentity(nil, ev, wholeLeg(ev, m)))
}

func appendLegIdentity(b []byte, ev *Evidence, l *cdr.Leg) []byte {
	return l.AppendIdentity(b, ev.Recordings, ev.Talk, func(b []byte, t intern.Text) []byte {
		return binary.LittleEndian.AppendUint32(b, uint32(t))
	})
}

// supersedes reports whether the later of two rows of one leg counts: the one
// updated last, or else the later one unless only the earlier one has an end.
func supersedes(later, earlier *cdr.Leg) bool {
	if later.Updated != earlier.Updated {
		return later.Updated > earlier.Updated
	}
	return later.End.Known() || !earlier.End.Known()
}

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

// dropSupersededLegs keeps one row of each leg and returns how many it dropped. A
// leg may be delivered several times.
func dropSupersededLegs(cdrs *CDRs, objects objectOrder, spread Spread) (dropped int64) {
	hashes := hashLegs(cdrs, spread)
	seen := &legSet{cdrs, make([]uint64, 1<<bits.Len(uint(len(cdrs.Legs)+len(cdrs.Legs)/2))), make([]bool, len(cdrs.Legs))}

	for _, rows := range legsByKey(cdrs, objects) {
		for n := rows.At; n < rows.At+rows.N; n++ {
			seen.add(n, hashes[n])
		}
	}

	// In place: a second list would be as large as the first.
	legs, particulars := cdrs.Legs[:0], cdrs.Particulars[:0]
	for i := range cdrs.Legs {
		if seen.superseded[i] {
			dropped++
			continue
		}

		legs, particulars = append(legs, cdrs.Legs[i]), append(particulars, cdrs.Particulars[i])
	}
	cdrs.Legs, cdrs.Particulars = legs, particulars

	return dropped
}

// hashLegs returns a hash of the identity of each row. Rows of one leg have the same
// identity.
func hashLegs(cdrs *CDRs, spread Spread) []uint64 {
	hashes := make([]uint64, len(cdrs.Legs))
	seed := maphash.MakeSeed() // hashes differ between runs; only equality counts

	spread.eachPart(len(cdrs.Legs), func(_, from, to int) {
		var identity []byte
		for n := from; n < to; n++ {
			identity = appendLegIdentity(identity[:0], cdrs, wholeLeg(cdrs, uint32(n)))
			hashes[n] = maphash.Bytes(seed, identity)
		}
	})
	return hashes
}

func wholeLeg(cdrs *CDRs, n uint32) *cdr.Leg {
	return &cdr.Leg{Shown: cdrs.Legs[n], Particulars: cdrs.Particulars[n]}
}

// legsByKey returns the legs of each object, in (object key, source) order: the
// evidence has them in (source, object key) order.
func legsByKey(cdrs *CDRs, objects objectOrder) []record.Section {
	var runs []record.Section
	for i := range cdrs.Legs {
		if i == 0 || cdrs.Legs[i].Ref.Object != cdrs.Legs[i-1].Ref.Object {
			runs = append(runs, record.Section{At: uint32(i)})
		}
		runs[len(runs)-1].N++
	}

	slices.SortFunc(runs, func(a, b record.Section) int { return objects.compareRefs(cdrs.Legs[a.At].Ref, cdrs.Legs[b.At].Ref) })
	return runs
}

// legSet is a set of different legs with open addressing. A slot holds 32 bits
// of a leg's hash and the leg's number plus 1.
type legSet struct {
	*CDRs
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
		if s.slots[at]>>32 != hash>>32 || !sameLeg(s.CDRs, earlier, n) {
			continue
		}

		// Rows without ids are the same leg only if they are equal, so the first
		// one can stay.
		if s.Legs[n].Identified() && supersedes(wholeLeg(s.CDRs, n), wholeLeg(s.CDRs, earlier)) {
			s.superseded[earlier], s.slots[at] = true, slot
		} else {
			s.superseded[n] = true
		}
		return
	}

	s.slots[at] = slot
}

func sameLeg(cdrs *CDRs, n, m uint32) bool {
	a, b := &cdrs.Legs[n], &cdrs.Legs[m]
	if a.Identified() && b.Identified() {
		return a.Org == b.Org && a.Conversation == b.Conversation && a.ID == b.ID
	}

	return string(appendLegIdentity(nil, cdrs, wholeLeg(cdrs, n))) == string(appendLegIdentity(nil, cdrs, wholeLeg(cdrs, m)))
}

func appendLegIdentity(b []byte, cdrs *CDRs, l *cdr.Leg) []byte {
	return l.AppendIdentity(b, cdrs.Recordings, cdrs.Talk, func(b []byte, t intern.Text) []byte {
		return binary.LittleEndian.AppendUint32(b, uint32(t))
	})
}

// supersedes reports whether the later of two rows of one leg counts. The row with
// the later update counts; if both are equal, the later row, unless only the earlier
// one has an end.
func supersedes(later, earlier *cdr.Leg) bool {
	if later.Updated != earlier.Updated {
		return later.Updated > earlier.Updated
	}

	return later.End.Known() || !earlier.End.Known()
}

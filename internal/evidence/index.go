package evidence

import (
	"cmp"
	"iter"
	"math/bits"
	"slices"

	"cdrmend/internal/intern"
)

// KeyOf is one number for an id within an organisation.
func KeyOf(org, id intern.Text) uint64 { return uint64(org)<<32 | uint64(id) }

// Index finds the records of an organisation that have an id. Texts are numbered
// without gaps, so it is a table with one bit for each text and needs no hashing.
// Records have less than half of all texts as this id, so only those have a slot.
type Index struct {
	words  []indexWord
	starts []uint32 // by slot: where the records of an id begin in at; those of the next slot follow
	at     []uint32 // numbers of records, by id, then organisation, then number
	orgOf  func(n uint32) intern.Text
	org    intern.Text // of all records, if single
	single bool        // all records are of one organisation
}

// indexWord says which of 64 texts are ids of records. Slots are in the order of
// the texts.
type indexWord struct {
	ids   uint64
	first uint32 // slot of the first of them
}

const wordSize = 64

// slot returns the slot of an id, false if no record has it.
func (x *Index) slot(id intern.Text) (slot uint32, ok bool) {
	i := id.Index()
	if i/wordSize >= len(x.words) { // interned after the index was made
		return 0, false
	}
	w, bit := &x.words[i/wordSize], uint64(1)<<(i%wordSize)
	return w.first + uint32(bits.OnesCount64(w.ids&(bit-1))), w.ids&bit != 0
}

// newIndex indexes the records from 0 to n. It calls ids for each record three
// times; ids calls add for every id of that record.
func newIndex(texts *intern.Table, n int, orgOf func(n uint32) intern.Text, ids func(n uint32, add func(id intern.Text))) *Index {
	x := &Index{words: make([]indexWord, texts.Limit()/wordSize+1), orgOf: orgOf, single: true}
	if n > 0 {
		x.org = orgOf(0)
	}
	total := 0
	mark := func(id intern.Text) {
		if i := id.Index(); id != intern.None {
			x.words[i/wordSize].ids |= 1 << (i % wordSize)
			total++
		}
	}
	for i := range uint32(n) {
		x.single = x.single && orgOf(i) == x.org
		ids(i, mark)
	}

	slots := uint32(0)
	for i := range x.words {
		x.words[i].first = slots
		slots += uint32(bits.OnesCount64(x.words[i].ids))
	}

	x.starts, x.at = make([]uint32, slots+2), make([]uint32, total)
	count := func(id intern.Text) {
		if slot, ok := x.slot(id); ok {
			x.starts[slot+2]++
		}
	}
	for i := range uint32(n) {
		ids(i, count)
	}

	// Until put has run, the start of an id is in the slot after its own: put moves
	// it to the end of the id's records, which is the start of the next id.
	for i := 1; i < len(x.starts); i++ {
		x.starts[i] += x.starts[i-1]
	}

	i := uint32(0)
	put := func(id intern.Text) {
		if slot, ok := x.slot(id); ok {
			next := &x.starts[slot+1]
			x.at[*next] = i
			*next++
		}
	}
	for ; i < uint32(n); i++ {
		ids(i, put)
	}
	x.starts = x.starts[:slots+1] // the last slot was needed only until now

	if !x.single {
		x.sortByOrg()
	}
	return x
}

// sortByOrg sorts the records of each id by organisation, so that of can search.
// The sort is stable: within an organisation they stay in the order of numbers.
func (x *Index) sortByOrg() {
	for group := range x.ids {
		if len(group) > 1 {
			slices.SortStableFunc(group, func(a, b uint32) int { return cmp.Compare(x.orgOf(a), x.orgOf(b)) })
		}
	}
}

// ids ranges over the records of each id, of all organisations.
func (x *Index) ids(yield func([]uint32) bool) {
	for i := range len(x.starts) - 1 {
		if group := x.at[x.starts[i]:x.starts[i+1]]; len(group) > 0 && !yield(group) {
			return
		}
	}
}

// Find returns the records with an id, in the order of their numbers; none
// for a missing id.
func (x *Index) Find(org, id intern.Text) []uint32 {
	if slot, ok := x.slot(id); ok {
		return x.of(org, x.at[x.starts[slot]:x.starts[slot+1]])
	}
	return nil
}

// of returns the records of an organisation among those of one id.
func (x *Index) of(org intern.Text, group []uint32) []uint32 {
	if x.single {
		if org != x.org {
			return nil
		}
		return group
	}

	byOrg := func(n uint32, org intern.Text) int { return cmp.Compare(x.orgOf(n), org) }
	first, _ := slices.BinarySearchFunc(group, org, byOrg)
	last, _ := slices.BinarySearchFunc(group, org+1, byOrg)
	return group[first:last]
}

// Groups ranges over the records with equal ids of one organisation.
func (x *Index) Groups(yield func([]uint32) bool) {
	for group := range x.ids {
		for len(group) > 0 {
			same := x.of(x.orgOf(group[0]), group)
			if !yield(same) {
				return
			}
			group = group[len(same):]
		}
	}
}

// Slots returns how many slots the index has.
func (x *Index) Slots() int { return len(x.starts) - 1 }

// GroupsBetween is Groups for the ids of some slots.
func (x *Index) GroupsBetween(from, to int) iter.Seq[[]uint32] {
	return func(yield func([]uint32) bool) {
		for i := from; i < to; i++ {
			for group := x.at[x.starts[i]:x.starts[i+1]]; len(group) > 0; {
				same := x.of(x.orgOf(group[0]), group)
				if !yield(same) {
					return
				}
				group = group[len(same):]
			}
		}
	}
}

package evidence

import (
	"cmp"
	"iter"
	"slices"

	"cdrmend/internal/intern"
)

// KeyOf is one number for an id within an organisation.
func KeyOf(org, id intern.Text) uint64 { return uint64(org)<<32 | uint64(id) }

// Index finds the records of an organisation that have an id. Texts are numbered
// without gaps, so it is a table with one slot for each text and needs no hashing.
type Index struct {
	starts []uint32 // by id: where its records begin in at; those of the next id follow
	at     []uint32 // numbers of records, by id, then organisation, then number
	orgOf  func(n uint32) intern.Text
	org    intern.Text // of all records, if single
	single bool        // all records are of one organisation
}

// newIndex indexes the records from 0 to n. It calls ids for each record twice;
// ids calls add for every id of that record.
func newIndex(texts *intern.Table, n int, orgOf func(n uint32) intern.Text, ids func(n uint32, add func(id intern.Text))) *Index {
	x := &Index{starts: make([]uint32, texts.Limit()+2), orgOf: orgOf, single: true}
	if n > 0 {
		x.org = orgOf(0)
	}
	total := 0
	count := func(id intern.Text) {
		if id != intern.None {
			x.starts[id.Index()+2]++
			total++
		}
	}
	for i := range uint32(n) {
		x.single = x.single && orgOf(i) == x.org
		ids(i, count)
	}

	// Until put has run, the start of an id is in the slot after its own: put moves
	// it to the end of the id's records, which is the start of the next id.
	for i := 1; i < len(x.starts); i++ {
		x.starts[i] += x.starts[i-1]
	}

	x.at = make([]uint32, total)
	i := uint32(0)
	put := func(id intern.Text) {
		if id != intern.None {
			next := &x.starts[id.Index()+1]
			x.at[*next] = i
			*next++
		}
	}
	for ; i < uint32(n); i++ {
		ids(i, put)
	}

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
	if i := id.Index(); id != intern.None && i+1 < len(x.starts) {
		return x.of(org, x.at[x.starts[i]:x.starts[i+1]])
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

// Slots returns how many slots the table has.
func (x *Index) Slots() int { return len(x.starts) - 1 }

// GroupsBetween is groups for the ids of some slots of the table.
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

package reconcile

import (
	"cmp"
	"slices"

	"cdrmend/internal/record"
)

// together is how many records that lie far apart in memory are looked at before
// anything is done with them: a processor that has nothing else to do waits for
// several at a time.
const together = 64

// keyOf is one number for an id within an organisation.
func keyOf(org, id record.Text) uint64 { return uint64(org)<<32 | uint64(id) }

// index finds the records that carry an id within an organisation. As texts
// are numbers without gaps, it is a table with a place for every text.
type index struct {
	starts []uint32 // by id: where its records begin in at; those of the next id follow
	at     []uint32 // numbers of records, by id, then organisation, then number
	orgOf  func(n uint32) record.Text
	org    record.Text // of all records, when they have one
	single bool
}

// newIndex indexes the records from 0 to n. Ids calls add for every id of a
// record, of whatever number; it is asked twice.
func newIndex(texts *record.Texts, n int, orgOf func(n uint32) record.Text, ids func(n uint32, add func(id record.Text))) *index {
	x := &index{starts: make([]uint32, texts.Limit()+2), orgOf: orgOf, single: true}
	if n > 0 {
		x.org = orgOf(0)
	}
	total := 0
	count := func(id record.Text) {
		if id != record.None {
			x.starts[id.Index()+2]++
			total++
		}
	}
	for i := range uint32(n) {
		x.single = x.single && orgOf(i) == x.org
		ids(i, count)
	}
	for i := 1; i < len(x.starts); i++ {
		x.starts[i] += x.starts[i-1]
	}
	x.at = make([]uint32, total)
	i := uint32(0)
	put := func(id record.Text) {
		if id != record.None {
			next := &x.starts[id.Index()+1]
			x.at[*next] = i
			*next++
		}
	}
	for ; i < uint32(n); i++ {
		ids(i, put)
	}
	if !x.single {
		x.byOrg()
	}
	return x
}

// byOrg brings the records of each id into the order of their organisations.
func (x *index) byOrg() {
	for group := range x.ids {
		if len(group) > 1 {
			slices.SortStableFunc(group, func(a, b uint32) int { return cmp.Compare(x.orgOf(a), x.orgOf(b)) })
		}
	}
}

// ids ranges over the records of each id, of all organisations.
func (x *index) ids(yield func([]uint32) bool) {
	for i := range len(x.starts) - 1 {
		if group := x.at[x.starts[i]:x.starts[i+1]]; len(group) > 0 && !yield(group) {
			return
		}
	}
}

// find returns the records with an id, in the order of their numbers; none
// for a missing id.
func (x *index) find(org, id record.Text) []uint32 {
	if i := id.Index(); id != record.None && i+1 < len(x.starts) {
		return x.of(org, x.at[x.starts[i]:x.starts[i+1]])
	}
	return nil
}

// touch looks at where find is going to look for at most that many ids, and has a
// look taken at the first record of each. No look depends on another, where find
// waits for one after the other. The sum is worth nothing, but without one there
// would be no look.
func (x *index) touch(ids []record.Text, look func(n uint32) uint64) (sum uint64) {
	if x == nil || len(x.at) == 0 {
		return 0
	}
	var starts, first [together]uint32
	for i, id := range ids {
		if at := id.Index(); at+1 < len(x.starts) {
			starts[i] = x.starts[at]
		}
	}
	for i := range ids {
		if at := starts[i]; int(at) < len(x.at) {
			first[i] = x.at[at]
		}
	}
	for i := range ids {
		sum += look(first[i])
	}
	return sum
}

// of returns those records of one id that are of an organisation.
func (x *index) of(org record.Text, group []uint32) []uint32 {
	if x.single {
		if org != x.org {
			return nil
		}
		return group
	}
	byOrg := func(n uint32, org record.Text) int { return cmp.Compare(x.orgOf(n), org) }
	first, _ := slices.BinarySearchFunc(group, org, byOrg)
	last, _ := slices.BinarySearchFunc(group, org+1, byOrg)
	return group[first:last]
}

// groups ranges over the records with equal ids of one organisation.
func (x *index) groups(yield func([]uint32) bool) {
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

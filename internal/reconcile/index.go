package reconcile

import (
	"cmp"
	"iter"
	"slices"

	"cdrmend/internal/intern"
)

// keyOf is one number for an id within an organisation.
func keyOf(org, id intern.Text) uint64 { return uint64(org)<<32 | uint64(id) }

// index finds the records that carry an id within an organisation. Texts are
// numbered without gaps, so it is a table with one slot for each text.
type index struct {
	starts []uint32 // by id: where its records begin in at; those of the next id follow
	at     []uint32 // numbers of records, by id, then organisation, then number
	orgOf  func(n uint32) intern.Text
	org    intern.Text // of all records, when they have one
	single bool
}

// newIndex indexes the records from 0 to n. It calls ids for each record twice;
// ids calls add for every id of that record.
func newIndex(texts *intern.Table, n int, orgOf func(n uint32) intern.Text, ids func(n uint32, add func(id intern.Text))) *index {
	x := &index{starts: make([]uint32, texts.Limit()+2), orgOf: orgOf, single: true}
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

	// Each id's start stands one further on than it will, as put moves it on.
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

// sortByOrg puts the records of each id in the order of their organisations, so
// that of finds them by binary search.
func (x *index) sortByOrg() {
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
func (x *index) find(org, id intern.Text) []uint32 {
	if i := id.Index(); id != intern.None && i+1 < len(x.starts) {
		return x.of(org, x.at[x.starts[i]:x.starts[i+1]])
	}
	return nil
}

// of returns the records of an organisation among those of one id.
func (x *index) of(org intern.Text, group []uint32) []uint32 {
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

// fetchBatch is how many records are fetched from memory at once. Records that
// are looked up one after the other lie far apart, and each lookup waits for the
// one before it; lookups that do not depend on each other wait together.
const fetchBatch = 64

// lookup is what is going to be looked up in an index.
type lookup struct {
	*index
	id   func(n uint32) intern.Text // that record n is going to look up
	read func(found uint32) uint64  // reads the record found; the result only keeps the compiler from leaving the read out
}

// prefetched yields the numbers from one to another, after it fetched what
// finding will need for a batch of them: the index and the first record found.
// What is gained depends on the order of the inputs: nothing measurable for a
// million synthetic legs, whose entries come in the same order.
func prefetched(from, to int, lookups ...lookup) iter.Seq[uint32] {
	return func(yield func(n uint32) bool) {
		for ; from < to; from += fetchBatch {
			end := min(from+fetchBatch, to)
			for _, l := range lookups {
				l.fetch(uint32(from), uint32(end))
			}
			for n := from; n < end; n++ {
				if !yield(uint32(n)) {
					return
				}
			}
		}
	}
}

// fetch reads in three steps, so that no read within a step depends on another.
func (l lookup) fetch(from, to uint32) {
	if len(l.at) == 0 {
		return
	}
	var starts, first [fetchBatch]uint32
	for i := range to - from {
		if at := l.id(from + i).Index(); at+1 < len(l.starts) {
			starts[i] = l.starts[at]
		}
	}
	for i, at := range starts[:to-from] {
		if int(at) < len(l.at) {
			first[i] = l.at[at]
		}
	}
	for _, n := range first[:to-from] {
		l.read(n)
	}
}

// lookupsOfEntries is what rules look up for an entry. The entries are nil until
// their values are final.
func lookupsOfEntries(legs *legGroups, entries *entryGroups) []lookup {
	recording := func(n uint32) intern.Text { return legs.Entries[n].Recording }
	conversation := func(n uint32) intern.Text { return legs.Entries[n].Conversation }
	trunk := func(leg uint32) uint64 { return uint64(legs.Legs[leg].Trunk) }
	lookups := []lookup{{legs.byRecording, recording, trunk}, {legs.byConversation, conversation, trunk}}
	if entries != nil {
		lookups = append(lookups, lookup{entries.byRecording, recording, func(n uint32) uint64 { return uint64(n) }})
	}
	return lookups
}

// lookupsOfLegs is what the assessment of a leg looks up.
func lookupsOfLegs(a *assessor) []lookup {
	return []lookup{{a.byRecording, func(n uint32) intern.Text {
		if listed := a.listed(n); len(listed) > 0 {
			return listed[0]
		}
		return intern.None
	}, func(entry uint32) uint64 { return uint64(a.Entries[entry].Start) + uint64(a.states[entry].repaired) }}}
}

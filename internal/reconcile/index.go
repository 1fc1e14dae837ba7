package reconcile

import (
	"cmp"
	"slices"

	"cdrmend/internal/record"
)

// index finds the records that carry an id within an organisation.
type index struct{ at []indexed }

type indexed struct {
	key uint64
	n   uint32
}

func keyOf(org, id record.Text) uint64 { return uint64(org)<<32 | uint64(id) }

func (x *index) add(org, id record.Text, n uint32) {
	if id != record.None {
		x.at = append(x.at, indexed{keyOf(org, id), n})
	}
}

func (x *index) sort() {
	slices.SortFunc(x.at, func(a, b indexed) int {
		return cmp.Or(cmp.Compare(a.key, b.key), cmp.Compare(a.n, b.n))
	})
}

// find returns the records with an id, in the order of their numbers; none
// for a missing id.
func (x *index) find(org, id record.Text) []indexed {
	if id == record.None {
		return nil
	}
	key := keyOf(org, id)
	first, found := slices.BinarySearchFunc(x.at, key, func(a indexed, key uint64) int { return cmp.Compare(a.key, key) })
	if !found {
		return nil
	}
	last := first + 1
	for last < len(x.at) && x.at[last].key == key {
		last++
	}
	return x.at[first:last]
}

// groups ranges over the runs of equal keys.
func (x *index) groups(yield func([]indexed) bool) {
	for first := 0; first < len(x.at); {
		last := first + 1
		for last < len(x.at) && x.at[last].key == x.at[first].key {
			last++
		}
		if !yield(x.at[first:last]) {
			return
		}
		first = last
	}
}

package match

import (
	"cmp"
	"slices"

	"cdrmend/internal/record"
)

// Holders says which legs have each entry. Legs of a conversation often have the same
// entries, of which only one list is kept, so that it grows with the pairs and not with
// what they stand for.
type Holders struct {
	legs  [][]uint32 // by list of entries: the legs that have it
	lists []holding  // in order
}

// holding says that an entry is in a list.
type holding struct{ entry, list uint32 }

func (h holding) compare(other holding) int {
	return cmp.Or(cmp.Compare(h.entry, other.entry), cmp.Compare(h.list, other.list))
}

// Holders returns which legs have each entry.
func (m *Pairs) Holders() *Holders {
	h, lists := &Holders{}, map[record.Section]uint32{}
	for leg, section := range m.of {
		if section.N == 0 {
			continue
		}
		list, known := lists[section]
		if !known {
			list = uint32(len(h.legs))
			lists[section], h.legs = list, append(h.legs, nil)
			for _, entry := range record.SectionOf(section, m.entries) {
				h.lists = append(h.lists, holding{entry, list})
			}
		}
		h.legs[list] = append(h.legs[list], uint32(leg))
	}
	slices.SortFunc(h.lists, holding.compare)
	return h
}

// Of yields the legs that have an entry.
func (h *Holders) Of(entry uint32) func(yield func(leg uint32) bool) {
	return func(yield func(uint32) bool) {
		i, _ := slices.BinarySearchFunc(h.lists, holding{entry: entry}, holding.compare)
		for ; i < len(h.lists) && h.lists[i].entry == entry; i++ {
			for _, leg := range h.legs[h.lists[i].list] {
				if !yield(leg) {
					return
				}
			}
		}
	}
}

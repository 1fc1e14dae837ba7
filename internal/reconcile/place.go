package reconcile

import (
	"cmp"
	"iter"

	"cdrmend/internal/manifest"
	"cdrmend/internal/match"
)

// Places are the places in one document where values go. They are found by reading
// the document again.
type Places struct {
	Document uint32
	Rare     *manifest.Extra // with a gap for every required field of every entry
}

// Complete adds to the decision the places that were found when documents were
// read again, and the value that each repair replaces. It must be called before
// anything of the decision is written.
func (d *Decision) Complete(found []Places) {
	for _, p := range found {
		if doc := &d.Documents[p.Document]; doc.Extra == nil {
			doc.Extra = p.Rare
		} else {
			doc.Extra.Gaps = p.Rare.Gaps // the rest is from the first reading
		}
	}

	for _, repairs := range d.RepairsByDocument() {
		for r, gap := range d.Placed(repairs) {
			if gap != nil {
				r.Old = gap.Raw
			}
		}
	}
}

// DropPlaces frees the places once all documents are written.
func (d *Decision) DropPlaces() {
	for i := range d.Documents {
		if rare := d.Documents[i].Extra; rare != nil {
			rare.Gaps = nil
		}
	}
}

// RepairsByDocument yields the repairs of each document, which is how they are
// sorted.
func (d *Decision) RepairsByDocument() iter.Seq2[uint32, []match.Repair] {
	docOf := func(i int) uint32 { return d.Entries[d.Repairs[i].Entry].Doc }
	return func(yield func(uint32, []match.Repair) bool) {
		for first := 0; first < len(d.Repairs); {
			last := first + 1
			for last < len(d.Repairs) && docOf(last) == docOf(first) {
				last++
			}

			if !yield(docOf(first), d.Repairs[first:last]) {
				return
			}

			first = last
		}
	}
}

// Placed yields repairs of one document with the places of their values. Repairs
// must be in the order of the entries. A place is nil if the format has none.
func (d *Decision) Placed(repairs []match.Repair) iter.Seq2[*match.Repair, *manifest.Gap] {
	return func(yield func(*match.Repair, *manifest.Gap) bool) {
		if len(repairs) == 0 {
			return
		}

		var gaps []manifest.Gap
		if rare := d.Documents[d.Entries[repairs[0].Entry].Doc].Extra; rare != nil {
			gaps = rare.Gaps
		}

		// Both are sorted by entry, so one pass over both is enough.
		for i := range repairs {
			r := &repairs[i]
			index := d.Entries[r.Entry].Index
			own := firstOf(&gaps, func(g *manifest.Gap) int { return cmp.Compare(g.Entry, index) })
			var gap *manifest.Gap
			for k := range own {
				if own[k].Field == r.Field {
					gap = &own[k]
				}
			}

			if !yield(r, gap) {
				return
			}
		}
	}
}

package intake

import (
	"testing"

	"cdrmend/internal/cdr"
	"cdrmend/internal/evidence"
	"cdrmend/internal/manifest"
)

// Without a release between them, all batches stay in memory beside their copies.
func TestMemoryIsReturnedWhileBatchesAreBroughtInOrder(t *testing.T) {
	const batches = 3
	c := &collector{ev: &evidence.Evidence{}}
	for range batches {
		c.manifests = append(c.manifests, &manifest.Batch{Doc: manifest.Document{N: fewestRows}, Entries: make([]manifest.Row, fewestRows)})
		c.cdrs = append(c.cdrs, &cdr.Batch{Legs: make([]cdr.Leg, fewestRows)})
	}

	for _, list := range []struct {
		name    string
		inOrder func(*assembly)
		length  func() int
	}{
		{"entries", (*assembly).entriesInOrder, func() int { return len(c.ev.Entries) }},
		{"legs", (*assembly).legsInOrder, func() int { return len(c.ev.Legs) }},
	} {
		released := 0
		a := &assembly{collector: c, counts: c.count(), every: fewestRows, release: func() { released++ }}
		list.inOrder(a)
		if released != batches || list.length() != batches*fewestRows {
			t.Errorf("%s: memory is returned %d times for %d rows, want %d times for %d", list.name, released, list.length(), batches, batches*fewestRows)
		}
	}
}

package intake

import (
	"bufio"
	"context"
	"fmt"

	"cdrmend/internal/manifest"
	"cdrmend/internal/parallel"
	"cdrmend/internal/reconcile"
	"cdrmend/internal/rows"
)

// Locate finds the places of overused ids, which a decision repairs although the
// documents have them. That an id is overused is known only when all objects have
// been read, so its place was not noted, and its documents are read again. The
// decision has the places of all other repairs.
func Locate(ctx context.Context, in *Inputs, d *reconcile.Decision) ([]reconcile.Places, error) {
	documents := unlocated(d)
	found := make([]reconcile.Places, len(documents))
	err := parallel.Each(ctx, in.config.Concurrency, len(documents), func(ctx context.Context, i int) (err error) {
		found[i], err = locate(ctx, in, d, documents[i])
		return err
	})
	return found, err
}

// unlocated returns the documents in which a repair has no place yet, and needs one.
func unlocated(d *reconcile.Decision) []uint32 {
	if d.OverusedIDs == 0 {
		return nil
	}

	var documents []uint32
	for n, repairs := range d.RepairsByDocument() {
		for _, gap := range d.Placed(repairs) {
			if gap == nil && d.Documents[n].HasPositions() {
				documents = append(documents, n)
				break
			}
		}
	}

	return documents
}

// locate reads one document again, and notes the places of all its values.
func locate(ctx context.Context, in *Inputs, d *reconcile.Decision, n uint32) (reconcile.Places, error) {
	doc := &d.Documents[n]
	object := &in.Objects[doc.Object]
	source := &in.Sources[object.Source]
	stream, done, err := in.Opener.ContentAgain(ctx, doc, d.Rests)
	if err != nil {
		return reconcile.Places{}, err
	}
	defer done()

	r := manifest.NewReader(source.Profile, d.Texts, source.Required, &in.config.Limits)
	r.AllPositions = true
	batch, err := r.Read(manifest.Input{
		Key: object.Key, StoredSize: object.Size, Stream: stream, Body: bufio.NewReader(stream), Format: doc.Format,
		Reject: func(rows.Reject) error { return nil }, // kept when it was read first
		Keep:   func([]byte) (manifest.Range, error) { return manifest.Range{}, nil },
	})
	if err != nil {
		return reconcile.Places{}, fmt.Errorf("reading %s again: %w", in.Opener.URL(doc.Object), err)
	}

	return reconcile.Places{Document: n, Rare: batch.Doc.Extra}, nil
}

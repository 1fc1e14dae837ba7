package job

import (
	"bufio"
	"context"
	"fmt"
	"slices"

	"cdrmend/internal/manifest"
	"cdrmend/internal/reconcile"
	"cdrmend/internal/record"
)

// locate finds the places of repaired values that were there when their
// documents were read. Only when everything is read is it known which ids too
// many records carry; such an id is none, so its place is noted late.
func (j *Job) locate(ctx context.Context, snap *snapshot, d *reconcile.Decision) error {
	documents := unlocated(d)
	return each(ctx, j.Config.Concurrency, len(documents), func(ctx context.Context, i int) error {
		return relocate(ctx, snap, d, documents[i])
	})
}

// unlocated returns the documents in which a repair has no place yet. Parquet
// needs none.
func unlocated(d *reconcile.Decision) []uint32 {
	if d.OverusedIDs == 0 {
		return nil
	}
	var documents []uint32
	for _, r := range d.Repairs {
		n := d.Entries[r.Entry].Doc
		if d.Documents[n].Format != record.Parquet && d.Gap(r) == nil {
			documents = append(documents, n)
		}
	}
	slices.Sort(documents)
	return slices.Compact(documents)
}

func relocate(ctx context.Context, snap *snapshot, d *reconcile.Decision, n uint32) error {
	doc := &d.Documents[n]
	in := &snap.inputs[doc.Object]
	source := &snap.sources[in.source]
	body, err := snap.stores[in.source].Open(ctx, in.Info, 0)
	if err != nil {
		return err
	}
	defer body.Close()
	stream := record.Open(body, in.Size, snap.limits)
	defer stream.Close()
	r := manifest.NewReader(source.Profile, d.Texts, source.Required, snap.limits)
	r.Everywhere = true
	batch, err := r.Read(manifest.Input{
		Key: in.Key, Packed: in.Size, Stream: stream, Body: bufio.NewReader(stream), Format: doc.Format,
		Reject: func(record.Reject) error { return nil }, // kept when it was read first
		Keep:   func([]byte) (manifest.Range, error) { return manifest.Range{}, nil },
	})
	if err != nil {
		return fmt.Errorf("reading %s%s again: %w", snap.stores[in.source], in.Key, err)
	}
	if doc.Rare == nil {
		doc.Rare = batch.Doc.Rare
	} else {
		doc.Rare.Gaps = batch.Doc.Rare.Gaps
	}
	return nil
}

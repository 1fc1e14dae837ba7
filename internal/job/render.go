package job

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"maps"
	"slices"
	"strings"
	"sync/atomic"

	"cdrmend/internal/ledger"
	"cdrmend/internal/manifest"
	"cdrmend/internal/reconcile"
	"cdrmend/internal/record"
	"cdrmend/internal/report"

	"golang.org/x/sync/errgroup"
)

// renderObjects writes what is written of objects, the repaired documents and
// what was rejected, and beside them what tells of all: the list of the inputs,
// which may be long, and the summary, which it returns.
func (j *Job) renderObjects(ctx context.Context, run *ledger.Run, snap *snapshot, s *scan, d *reconcile.Decision) (sum *report.Summary, err error) {
	if err = j.setAside(ctx, snap, s, d); err != nil {
		return nil, err
	}
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return j.renderDocuments(ctx, run, snap, d) })
	g.Go(func() error { return j.renderInputs(ctx, run, snap, s) })
	g.Go(func() (err error) {
		sum, err = j.renderSummary(ctx, run, snap, s, d)
		return err
	})
	err = g.Wait()
	return sum, err
}

// renderDocuments writes the repaired documents, in a second pass over the
// bytes of only those.
func (j *Job) renderDocuments(ctx context.Context, run *ledger.Run, snap *snapshot, d *reconcile.Decision) error {
	repairs := repairsOf(d)
	written := d.Written()
	var done atomic.Int64
	return each(ctx, j.Config.Concurrency, len(written), func(ctx context.Context, i int) error {
		if err := j.renderDocument(ctx, run, snap, d, written[i], repairs[written[i]]); err != nil {
			return err
		}
		j.Watch("repairing", done.Add(1), int64(len(written)))
		return nil
	})
}

// repairsOf groups the repairs by document, which is how they are sorted.
func repairsOf(d *reconcile.Decision) map[uint32][]reconcile.Repair {
	groups := map[uint32][]reconcile.Repair{}
	docOf := func(i int) uint32 { return d.Entries[d.Repairs[i].Entry].Doc }
	for first := 0; first < len(d.Repairs); {
		last := first + 1
		for last < len(d.Repairs) && docOf(last) == docOf(first) {
			last++
		}
		groups[docOf(first)] = d.Repairs[first:last]
		first = last
	}
	return groups
}

// editsOf ranges over the edits that repairs of one document are.
func editsOf(d *reconcile.Decision, repairs []reconcile.Repair) iter.Seq[manifest.Edit] {
	return func(yield func(manifest.Edit) bool) {
		for r, gap := range placed(d, repairs) {
			if gap == nil {
				gap = &manifest.Gap{Entry: d.Entries[r.Entry].Index, Field: r.Field}
			}
			if _, value := d.Value(*r); !yield(manifest.Edit{Gap: gap, Value: value}) {
				return
			}
		}
	}
}

// placed ranges over repairs of one document, which come in the order of its
// entries, and where their values go: nil for a format without positions.
func placed(d *reconcile.Decision, repairs []reconcile.Repair) iter.Seq2[*reconcile.Repair, *manifest.Gap] {
	return func(yield func(*reconcile.Repair, *manifest.Gap) bool) {
		if len(repairs) == 0 {
			return
		}
		var gaps []manifest.Gap
		if rare := d.Documents[d.Entries[repairs[0].Entry].Doc].Rare; rare != nil {
			gaps = rare.Gaps
		}
		for i := range repairs {
			r := &repairs[i]
			index := d.Entries[r.Entry].Index
			for len(gaps) > 0 && gaps[0].Entry < index {
				gaps = gaps[1:]
			}
			var gap *manifest.Gap
			for k := 0; k < len(gaps) && gaps[k].Entry == index; k++ {
				if gaps[k].Field == r.Field {
					gap = &gaps[k]
				}
			}
			if !yield(r, gap) {
				return
			}
		}
	}
}

// takeOld notes the values that repairs of one document replace.
func takeOld(d *reconcile.Decision, repairs []reconcile.Repair) {
	for r, gap := range placed(d, repairs) {
		if gap != nil {
			r.Old = gap.Raw
		}
	}
}

func (j *Job) renderDocument(ctx context.Context, run *ledger.Run, snap *snapshot, d *reconcile.Decision, n uint32, repairs []reconcile.Repair) error {
	doc := &d.Documents[n]
	if !doc.Writable() {
		return nil
	}
	takeOld(d, repairs)
	edits := editsOf(d, repairs)
	in := &snap.inputs[doc.Object]
	profile := snap.sources[in.source].Profile
	fill := func(w io.Writer) error {
		src := io.Reader(strings.NewReader(""))
		if !doc.Virtual {
			stream, done, err := original(ctx, snap, d, doc)
			if err != nil {
				return err
			}
			defer done()
			src = stream
		}
		packed, err := doc.Packed.Compress(w)
		if err != nil {
			return err
		}
		if doc.Format == record.Parquet {
			err = j.rewriteParquet(packed, src, profile, edits)
		} else {
			err = manifest.Write(packed, src, profile, doc, edits)
		}
		if err != nil {
			return err
		}
		return packed.Close()
	}
	if err := run.Create(ctx, snap.names.document(snap, doc.Object), fill); err != nil {
		return fmt.Errorf("repairing %s%s: %w", snap.stores[in.source], in.Key, err)
	}
	if doc.Rare != nil {
		doc.Rare.Gaps = nil // that is all that they are for
	}
	return nil
}

// original opens the uncompressed content of a document again: of the copy that
// was kept, or of the object.
func original(ctx context.Context, snap *snapshot, d *reconcile.Decision, doc *manifest.Document) (*record.Stream, func(), error) {
	if doc.Rare == nil || doc.Rare.Copy.End == 0 {
		return content(ctx, snap, doc.Object)
	}
	kept := doc.Rare.Copy
	size := kept.End - kept.Start
	stream := record.Open(io.NewSectionReader(d.Rests, kept.Start, size), size, snap.limits)
	return stream, stream.Close, nil
}

// content opens the uncompressed content of an object again, pinned to what
// was read before.
func content(ctx context.Context, snap *snapshot, n uint32) (*record.Stream, func(), error) {
	in := &snap.inputs[n]
	body, err := snap.stores[in.source].Open(ctx, in.Info, 0)
	if err != nil {
		return nil, nil, err
	}
	stream := record.Open(body, in.Size, snap.limits)
	return stream, func() { stream.Close(); body.Close() }, nil
}

// setAside keeps what was not used of the interval's documents and of all
// other damaged objects, so that used and set aside together are the whole of
// what came.
func (j *Job) setAside(ctx context.Context, snap *snapshot, s *scan, d *reconcile.Decision) error {
	lost := maps.Clone(s.lost)
	for i := range d.Documents {
		doc := &d.Documents[i]
		if from, any := doc.SetAside(); any && d.OwnedDocument(uint32(i)) {
			lost[doc.Object] = from
		}
	}
	sc := &scanner{job: j, snap: snap, out: s}
	for n, from := range lost {
		if err := sc.setAside(ctx, n, from); err != nil {
			return fmt.Errorf("setting aside the rest of %q: %w", snap.inputs[n].Key, err)
		}
	}
	return nil
}

// setAside keeps the content of an object from an offset on. What a broken
// stream holds beyond its break has no offset in the content: of such an
// object all that is stored is kept, too.
func (sc *scanner) setAside(ctx context.Context, n uint32, from int64) error {
	stream, done, err := content(ctx, sc.snap, n)
	if err != nil {
		return err
	}
	defer done()
	why := sc.out.broken[n]
	reason := "the object as it is stored, as its compression breaks off"
	if isBomb(why, stream.Compression) {
		reason = "the object as it is stored" + because(why)
	} else {
		_, err = io.CopyN(io.Discard, stream, from)
		if err == nil {
			err = sc.keep(n, stream, from, "set aside in recovery"+because(why))
		}
		if err = ignoreDamage(err); err != nil || stream.Failed() == nil {
			return err
		}
	}
	in := &sc.snap.inputs[n]
	stored, err := sc.snap.stores[in.source].Open(ctx, in.Info, 0)
	if err != nil {
		return err
	}
	defer stored.Close()
	return sc.keep(n, stored, 0, reason)
}

func because(why error) string {
	if why == nil {
		return ""
	}
	return ": " + why.Error()
}

// isBomb reports whether an object is beyond a limit, and may have more content
// than anybody wants to keep. Such a one is set aside only as it is stored.
func isBomb(why error, packed record.Compression) bool {
	var limit *record.LimitError
	return errors.As(why, &limit) && (packed != record.Plain || limit.OfContent())
}

// keep makes rejects of the rest of a reader, which begins at an offset.
func (sc *scanner) keep(n uint32, src io.Reader, at int64, reason string) error {
	var chunk bytes.Buffer
	for {
		chunk.Reset()
		size, err := io.CopyN(&chunk, src, 1<<20)
		if size > 0 {
			r := record.Reject{Row: -1, Offset: at, Reason: reason, Bytes: chunk.Bytes()}
			if err := sc.out.reject(sc, n, r); err != nil {
				return err
			}
			at += size
		}
		if err != nil {
			return ignoreDamage(err)
		}
	}
}

// ignoreDamage makes the end of a damaged stream an end like any other.
func ignoreDamage(err error) error {
	if err == io.EOF || err == io.ErrUnexpectedEOF || record.IsDamage(err) {
		return nil
	}
	return err
}

// renderInputs writes the list of inputs and what was rejected of them.
func (j *Job) renderInputs(ctx context.Context, run *ledger.Run, snap *snapshot, s *scan) error {
	err := run.Create(ctx, ledger.InputsFile, func(w io.Writer) error {
		lines := json.NewEncoder(w)
		lines.SetEscapeHTML(false)
		for i := range snap.inputs {
			in := &snap.inputs[i]
			if in.virtual {
				continue
			}
			line := ledger.Input{
				Source: snap.sources[in.source].Name, Key: in.Key, VersionID: in.VersionID, ETag: in.ETag,
				Modified: record.TimeOf(in.Modified).String(), Size: in.Size,
			}
			if r := &s.read[i]; r.Read {
				line.SHA256, line.Rows, line.Rejects = hex.EncodeToString(r.SHA256[:]), r.Rows, r.Rejects
			}
			if err := lines.Encode(line); err != nil {
				return err
			}
		}
		for i := range snap.media {
			m := &snap.media[i]
			if err := lines.Encode(ledger.Input{
				Source: ledger.MediaSource, Key: m.Key, VersionID: m.VersionID, ETag: m.ETag,
				Modified: record.TimeOf(m.Modified).String(), Size: m.Size,
			}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	inputs := slices.Collect(maps.Keys(s.rejects))
	return each(ctx, j.Config.Concurrency, len(inputs), func(ctx context.Context, i int) error {
		return run.Put(ctx, snap.names.reject(snap, inputs[i]), s.rejects[inputs[i]])
	})
}

// renderJSON writes one JSON file of the run.
func renderJSON(ctx context.Context, run *ledger.Run, path string, v any) error {
	raw, err := ledger.Encode(v)
	if err != nil {
		return err
	}
	return run.Create(ctx, path, func(w io.Writer) error {
		_, err := io.Copy(w, bytes.NewReader(raw))
		return err
	})
}

package output

import (
	"context"
	"fmt"
	"io"
	"iter"
	"maps"
	"strings"
	"sync/atomic"

	"cdrmend/internal/manifest"
	"cdrmend/internal/match"
	"cdrmend/internal/parallel"
	"cdrmend/internal/profile"
	"cdrmend/internal/reconcile"
	"cdrmend/internal/scratch"
)

// writeDocuments writes the repaired documents. It reads only their objects a
// second time.
func (r *Run) writeDocuments(ctx context.Context) error {
	repairs := maps.Collect(r.Decision.RepairsByDocument())
	written := r.Decision.Written()
	var done atomic.Int64
	return parallel.Each(ctx, r.Config.Concurrency, len(written), func(ctx context.Context, i int) error {
		if err := r.writeDocument(ctx, written[i], repairs[written[i]]); err != nil {
			return err
		}
		r.Progress("repairing", done.Add(1), int64(len(written)))
		return nil
	})
}

// editsOf yields the repairs of one document as edits.
func editsOf(d *reconcile.Decision, repairs []match.Repair) iter.Seq[manifest.Edit] {
	return func(yield func(manifest.Edit) bool) {
		for r, gap := range d.Placed(repairs) {
			// Rows of Parquet are edited by entry and field, without a place.
			if gap == nil {
				gap = &manifest.Gap{Entry: d.Entries[r.Entry].Index, Field: r.Field}
			}
			if _, value := r.Value(d.Evidence); !yield(manifest.Edit{Gap: gap, Value: value}) {
				return
			}
		}
	}
}

func (r *Run) writeDocument(ctx context.Context, n uint32, repairs []match.Repair) error {
	doc := &r.Decision.Documents[n]
	if !doc.Writable() {
		return nil
	}

	if doc.OfMedia || doc.Format == profile.XML {
		return r.writeMade(ctx, doc)
	}

	fill := func(w io.Writer) error {
		// Nothing is stored of a virtual document: it is made of its edits.
		src := io.Reader(strings.NewReader(""))
		if !doc.Virtual {
			content, done, err := r.Inputs.Opener.ContentAgain(ctx, doc, r.Decision.Rests)
			if err != nil {
				return err
			}
			defer done()
			src = content
		}

		// A repaired document is compressed as the original is.
		packed, err := doc.Compression.Compress(w)
		if err != nil {
			return err
		}
		if err := r.rewrite(packed, src, doc, editsOf(r.Decision, repairs)); err != nil {
			return err
		}

		return packed.Close()
	}

	if err := r.files.Create(ctx, r.names.document(r.Inputs, doc.Object), fill); err != nil {
		return fmt.Errorf("repairing %s: %w", r.Inputs.Opener.URL(doc.Object), err)
	}

	return nil
}

// writeMade writes the document that stands for the recordings of a partition, or for
// one in XML.
func (r *Run) writeMade(ctx context.Context, doc *manifest.Document) error {
	d := r.Decision
	fill := func(w io.Writer) error {
		details := manifest.NewDetailsReader(d.Rests)
		details.Open(doc.Details)
		return manifest.WriteMade(w, d.SourceOf(doc.Object).Profile, d.Texts, d.Entries[doc.First:doc.First+doc.N], details)
	}
	if err := r.files.Create(ctx, r.names.document(r.Inputs, doc.Object), fill); err != nil {
		return fmt.Errorf("writing the entries of %s: %w", r.Inputs.Opener.URL(doc.Object), err)
	}
	return nil
}

// rewrite copies a document with edits. A Parquet document passes through a
// temporary file, as its footer comes last.
func (r *Run) rewrite(w io.Writer, src io.Reader, doc *manifest.Document, edits iter.Seq[manifest.Edit]) error {
	p := r.Inputs.Sources[r.Inputs.Objects[doc.Object].Source].Profile
	switch doc.Format {
	case profile.Parquet:
	case profile.CSV:
		return manifest.WriteCSV(w, src, p, doc, edits)
	default:
		return manifest.Write(w, src, p, doc, edits)
	}

	spool := scratch.NewSpool(r.Config.Scratch)
	defer spool.Close()

	if _, err := io.Copy(spool, src); err != nil {
		return err
	}

	file, err := spool.ReaderAt()
	if err != nil {
		return err
	}

	return manifest.WriteParquet(w, file, spool.Size(), p, edits)
}

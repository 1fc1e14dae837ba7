package manifest

import (
	"cmp"
	"io"
	"iter"

	"cdrmend/internal/parquetfile"
	"cdrmend/internal/profile"
	"cdrmend/internal/record"
	"cdrmend/internal/rows"
	"cdrmend/internal/stream"
)

// ReadParquet reads one document whose uncompressed content is the first size
// bytes of file. Its entries have no gaps, as a repair of a row needs no
// position. Damage is part of the batch; the error is a failure to read.
func (r *Reader) ReadParquet(in Input, file io.ReaderAt, size int64) (*Batch, error) {
	b := r.Begin(in)
	b.Length, b.Doc.Compression = size, in.Stream.Compression
	reading, err := parquetfile.Read(r.mapping, file, size, rows.Visitor{Row: func(row *rows.Row) error {
		e, outcome := r.take(b, row.Index, row.Value)
		switch outcome {
		case dropped:
			return nil
		case unknown:
			return in.Reject(rows.Reject{Row: int64(row.Index), Reason: noKnownField})
		}
		return r.add(b, e)
	}})
	b.settle(&r.norm)
	if err != nil {
		return nil, err
	}

	b.Rows, b.Tabular, b.Places = reading.Rows, reading.Tabular, reading.Places
	b.Doc.Local = reading.Local.Has(record.StartTime) || reading.Local.Has(record.EndTime)
	b.noteParquetDamage(reading.Damage, in)
	r.complete(b)
	return b, nil
}

// Writable reports whether a repaired document can be made of the original.
// It cannot be of a Parquet file that breaks off: what cannot be read cannot
// be written either, and a file with fewer rows would pass for the whole.
func (d *Document) Writable() bool {
	return d.Format != profile.Parquet || d.Extra == nil || d.Extra.Recovery != nil ||
		d.Extra.Malformed == nil && d.Extra.Truncated == nil
}

// noteParquetDamage notes what is wrong with the document. Only one whose content
// is whole, in spite of its checksum, has a recovery.
func (b *Batch) noteParquetDamage(damage error, in Input) {
	failed := in.Stream.Failed()
	if why := cmp.Or(failed, damage, in.Stream.Checksum); why != nil {
		b.Doc.extra().Why = why
	}

	switch {
	case isUndecodable(failed):
		b.discard()
		b.Doc.extra().Malformed = &Break{}
	case failed != nil:
		b.Doc.noteDamage(failed, in.StoredSize)
	case damage != nil && b.found() == 0:
		b.Doc.extra().Malformed = &Break{} // nothing of it can be decoded
	case damage != nil:
		b.Doc.extra().Malformed = &Break{Offset: b.Length}
	case in.Stream.Checksum != nil:
		b.Doc.extra().Malformed = &Break{Offset: b.Length}
		b.Doc.Extra.Recovery = &Recovery{Keep: b.Length}
	}
}

// WriteParquet copies a Parquet document to w with edits applied; src is its
// uncompressed content. The schema stays as it is: the value of a field that
// has no column is only in the table of repairs.
func WriteParquet(w io.Writer, src io.ReaderAt, size int64, p *profile.Profile, edits iter.Seq[Edit]) error {
	// A cell is found by its row and field; the positions of the gaps are not needed.
	var cells []parquetfile.Edit
	for entry := range byEntry(edits) {
		for _, e := range entry {
			cells = append(cells, parquetfile.Edit{Row: e.Gap.Entry, Field: e.Gap.Field, Value: e.Value})
		}
	}

	return parquetfile.Rewrite(rows.NewMapping(p, record.EntryFields, &stream.Limits{}), w, src, size, cells)
}

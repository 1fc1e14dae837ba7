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
	b.Length, b.Doc.Packed = size, in.Stream.Compression
	reading, err := parquetfile.Read(r.mapping, file, size, rows.Visitor{Row: func(row *rows.Row) error {
		if !r.keeps(b, row.Value) {
			return nil
		}
		return r.add(b, r.entry(b, row.Index, row.Value))
	}})
	r.settle(b)
	if err != nil {
		return nil, err
	}
	b.Rows = reading.Rows
	r.parquetDamage(b, reading.Damage, in)
	r.complete(b)
	return b, nil
}

// Writable reports whether a repaired document can be made of the original.
// It cannot be of a Parquet file that breaks off: what cannot be read cannot
// be written either, and a file with fewer rows would pass for the whole.
func (d *Document) Writable() bool {
	return d.Format != profile.Parquet || d.Rare == nil || d.Rare.Recovery != nil ||
		d.Rare.Malformed == nil && d.Rare.Truncated == nil
}

// parquetDamage notes what is wrong with the document. Only one whose content
// is whole, in spite of its checksum, has a recovery.
func (r *Reader) parquetDamage(b *Batch, damage error, in Input) {
	failed := in.Stream.Failed()
	if why := cmp.Or(failed, damage, in.Stream.Checksum); why != nil {
		b.Doc.rare().Why = why
	}
	switch {
	case isUndecodable(failed):
		b.discard()
		b.Doc.rare().Malformed = &Break{}
	case failed != nil:
		r.broken(b, failed, in)
	case damage != nil && b.found() == 0:
		b.Doc.rare().Malformed = &Break{} // nothing of it can be decoded
	case damage != nil:
		b.Doc.rare().Malformed = &Break{Offset: b.Length}
	case in.Stream.Checksum != nil:
		b.Doc.rare().Malformed = &Break{Offset: b.Length}
		b.Doc.Rare.Recovery = &Recovery{Keep: b.Length}
	}
}

// WriteParquet copies a Parquet document to w with edits applied; src is its
// uncompressed content. The schema stays as it is: the value of a field that
// has no column stands only in the table of repairs.
func WriteParquet(w io.Writer, src io.ReaderAt, size int64, p *profile.Profile, edits iter.Seq[Edit]) error {
	var cells []parquetfile.Edit
	for entry := range byEntry(edits) {
		for _, e := range entry {
			cells = append(cells, parquetfile.Edit{Row: e.Gap.Entry, Field: e.Gap.Field, Value: e.Value})
		}
	}
	return parquetfile.Rewrite(rows.NewMapping(p, record.EntryFields, &stream.Limits{}), w, src, size, cells)
}

package manifest

import (
	"bufio"
	"bytes"
	"io"
	"iter"
	"slices"
	"strings"

	"cdrmend/internal/profile"
	"cdrmend/internal/record"
	"cdrmend/internal/rows"
	"cdrmend/internal/stream"
)

// WriteCSV copies a document in CSV to dst with edits and recovery applied; src is its
// uncompressed content. Every byte that is no repaired cell survives. A field without a
// column gets one at the end of the header and of every row; without a header in the
// document, when the profile only computes it, or when another column has its name, its
// value is only in the table of repairs.
func WriteCSV(dst io.Writer, src io.Reader, p *profile.Profile, doc *Document, edits iter.Seq[Edit]) error {
	w := csvWriter{
		out: bufio.NewWriter(dst), table: rows.NewTable(src, &p.CSV, &stream.Limits{}), profile: p,
		mapping: rows.NewMapping(p, record.EntryFields, &stream.Limits{}), cells: map[record.Field]int{}, keep: -1,
	}
	for e := range edits {
		w.edits = append(w.edits, e)
	}
	if doc.Extra != nil && doc.Extra.Recovery != nil {
		w.keep, w.closers, w.remove = doc.Extra.Recovery.Keep, doc.Extra.Recovery.Closers, doc.Extra.Recovery.Remove
	}

	// What follows the end of a recovered document may be damage, and is not read.
	for at := int64(0); w.keep < 0 || at < w.keep; {
		piece, err := w.table.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return err
		}
		at = piece.End()
		w.piece(&piece)
	}
	return w.out.Flush()
}

// csvWriter writes one document.
type csvWriter struct {
	out     *bufio.Writer // its errors come again from Flush
	table   *rows.Table
	profile *profile.Profile
	mapping *rows.Mapping

	edits   []Edit               // in the order of rows
	cells   map[record.Field]int // of edited fields: their columns; those that are added come after the header's
	added   []string             // names of the columns that are added
	planned bool

	keep    int64 // where the recovered document ends, -1 without
	closers string
	remove  []Range

	spans []rows.CellSpan
	line  []byte
}

// plan decides where the values go, once the columns are known.
func (w *csvWriter) plan() {
	if w.planned || w.table.Header() == nil {
		return
	}
	w.planned = true

	header := w.table.Header()
	var fields record.Fields
	for i := range w.edits {
		fields.Add(w.edits[i].Gap.Field)
	}
	for _, f := range Repairable {
		if !fields.Has(f) {
			continue
		}
		if cell := w.mapping.Column(header, f); cell >= 0 {
			w.cells[f] = cell
			continue
		}
		// A column of that name that the profile does not read holds something else.
		taken := func(column string) bool { return strings.TrimSpace(column) == columnOf(w.profile, f) }
		if name := columnOf(w.profile, f); name != "" && w.profile.CSV.Header == nil && !slices.ContainsFunc(header, taken) {
			if i := slices.Index(w.added, name); i >= 0 { // two fields share the column
				w.cells[f] = len(header) + i
				continue
			}
			w.cells[f] = len(header) + len(w.added)
			w.added = append(w.added, name)
		}
	}
}

// piece writes one piece.
func (w *csvWriter) piece(p *rows.Piece) {
	w.plan()
	values := make([]string, len(w.added))
	switch p.Kind {
	case rows.HeaderPiece:
		w.row(p, p.Raw, nil, w.added)
	case rows.SkippedPiece:
		w.row(p, p.Raw, nil, values)
	case rows.RowPiece:
		for len(w.remove) > 0 && w.remove[0].End <= p.Offset {
			w.remove = w.remove[1:]
		}
		if len(w.remove) > 0 && p.Offset >= w.remove[0].Start {
			_, _ = w.out.Write(p.Lead())
			return
		}
		edits := w.take(p.Index, values)
		raw := p.Raw
		if end := w.keep - p.Offset; w.keep >= 0 && int64(len(raw)) >= end { // the document ends here
			raw = append(slices.Clone(raw[:end]), w.closers...)
		}
		w.row(p, raw, edits, values)
	default:
		_, _ = w.out.Write(p.Text)
	}
}

// take returns the edits of cells that a row has, and fills in the values of columns
// that are added.
func (w *csvWriter) take(index uint32, values []string) (edits []Edit) {
	n := 0
	for n < len(w.edits) && w.edits[n].Gap.Entry == index {
		n++
	}
	own := w.edits[:n]
	w.edits = w.edits[n:]
	for _, e := range own {
		cell, ok := w.cells[e.Gap.Field]
		switch i := cell - len(w.table.Header()); {
		case !ok:
		case i >= 0:
			values[i] = e.Value
		default:
			edits = append(edits, e)
		}
	}
	slices.SortStableFunc(edits, func(a, b Edit) int { return w.cells[a.Gap.Field] - w.cells[b.Gap.Field] })
	return edits
}

// row writes a row with some cells replaced, and with cells after the last one.
func (w *csvWriter) row(p *rows.Piece, raw []byte, edits []Edit, more []string) {
	delimiter := w.profile.CSV.Separator()
	w.line = append(w.line[:0], p.Lead()...)
	at := 0
	if len(edits) > 0 {
		w.spans = rows.SpansOf(w.spans[:0], raw, delimiter)
	}
	for _, e := range edits {
		span := w.spans[w.cells[e.Gap.Field]]
		if span.From < at {
			continue // two fields share the cell: the first was written
		}
		w.line = append(w.line, raw[at:span.From]...)
		quoted := span.From < span.To && raw[span.From] == '"'
		w.line = w.cell(w.line, e.Value, quoted, span.From == 0)
		at = span.To
	}
	w.line = append(w.line, raw[at:]...)
	for _, value := range more {
		w.line = w.cell(append(w.line, delimiter), value, false, false)
	}
	w.line = append(w.line, p.LineEnd()...)
	_, _ = w.out.Write(w.line)
}

// cell writes a value, in quotes where it needs them or where the one before it had
// them.
func (w *csvWriter) cell(b []byte, value string, quoted, first bool) []byte {
	csv := &w.profile.CSV
	comment := first && csv.Comment != "" && strings.HasPrefix(value, csv.Comment)
	if !quoted && !comment && !strings.ContainsAny(value, "\"\r\n"+string(csv.Separator())) {
		return append(b, value...)
	}
	b = append(b, '"')
	b = append(b, bytes.ReplaceAll([]byte(value), []byte(`"`), []byte(`""`))...)
	return append(b, '"')
}

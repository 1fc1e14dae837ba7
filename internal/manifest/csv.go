package manifest

import (
	"errors"
	"io"
	"strings"

	"cdrmend/internal/jsonscan"
	"cdrmend/internal/profile"
	"cdrmend/internal/record"
	"cdrmend/internal/rows"
)

// tableReader reads one document in CSV into a batch: every row is an entry of its own,
// and a bad one costs only itself.
type tableReader struct {
	*Reader
	b       *Batch
	in      Input
	table   *rows.Table
	columns *rows.Columns // nil before the header was read
}

func (r *tableReader) document() (*Batch, error) {
	b, in := r.b, r.in
	r.table = rows.NewTable(in.Body, &r.norm.Profile.CSV, r.limits)
	err := r.pieces()
	b.settle(&r.norm)

	var header *headerFault
	switch {
	case errors.As(err, &header): // no row has a meaning
		b.Doc.extra().Malformed, b.Doc.Extra.Why, b.Tabular = &Break{}, header.error, false
		return r.finish(b, in, nil)
	case isUndecodable(err):
		return r.undecodable(b, in, err)
	case err != nil && !jsonscan.IsDamage(err):
		return nil, err
	case err != nil:
		b.lines.end = err
	}

	b.whole = b.Length
	b.recoverLines(in)
	// Without a header in the document, one without rows says nothing.
	headed := r.norm.Profile.CSV.Header == nil && strings.TrimSpace(strings.Join(r.table.Header(), "")) != ""
	if b.Rows == 0 && b.lines.end == nil && !headed {
		b.Doc.extra().Truncated, b.Doc.Extra.Why = &Break{}, errBlank
	}
	return r.finish(b, in, nil)
}

// headerFault is the error of a header with which no row has a meaning.
type headerFault struct{ error }

// pieces reads all pieces of a document.
func (r *tableReader) pieces() error {
	b := r.b
	for {
		p, err := r.table.Next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}

		if r.columns == nil && r.table.Header() != nil {
			var fault error
			if r.columns, fault = r.mapping.HeaderColumns(r.table.Header()); fault != nil {
				return &headerFault{fault}
			}
			b.Tabular, b.Places = true, r.columns.Fields()
		}
		switch {
		case p.Kind == rows.RowPiece:
			err = r.row(&p)
		case p.Kind == rows.CommentPiece:
			b.Rows, b.Skipped = b.Rows+1, b.Skipped+1
		case p.Kind == rows.HeaderPiece && p.Open:
			err = &jsonscan.SyntaxError{Offset: p.End(), Truncated: true}
		}
		if err != nil {
			return err
		}
		b.Length = p.End()
	}
}

// wrongCells is the reason of a reject.
const wrongCells = "another number of cells than the header"

// row reads a row of cells.
func (r *tableReader) row(p *rows.Piece) error {
	width := len(r.table.Header())
	switch {
	case p.Open || len(p.Cells) < width && !p.Newline:
		return r.cutRow(p, width)
	case len(p.Cells) != width:
		r.b.lines.note(&jsonscan.SyntaxError{Offset: p.Offset})
		reject := setAside(p, wrongCells)
		reject.Cells, reject.Header = len(p.Cells), width
		return r.reject(p, reject)
	}
	return r.cells(p, p.Cells)
}

// setAside returns the reject for a row.
func setAside(p *rows.Piece, reason string) rows.Reject {
	return rows.Reject{Row: int64(p.Index), Offset: p.Offset, Reason: reason, Bytes: p.Raw, Before: p.Lead()}
}

// reject removes a row from the document.
func (r *tableReader) reject(p *rows.Piece, reject rows.Reject) error {
	b := r.b
	b.lines.removeRange(Range{p.Offset, p.End()})
	b.Rows, b.Rejects = b.Rows+1, b.Rejects+1
	return r.in.Reject(reject)
}

// cutRow reads the last row of a document that breaks off inside it. Its complete
// cells are kept: those that a delimiter follows, and a quoted one that is closed.
func (r *tableReader) cutRow(p *rows.Piece, width int) error {
	b := r.b
	delimiter := r.norm.Profile.CSV.Separator()
	spans := rows.SpansOf(nil, p.Raw, delimiter)
	last := p.Raw[spans[len(spans)-1].From:]
	if closed := !p.Open && len(last) > 1 && last[0] == '"' && last[len(last)-1] == '"'; !closed {
		spans = spans[:len(spans)-1]
	}
	spans = spans[:min(len(spans), width)]

	b.lines.end = &jsonscan.SyntaxError{Offset: p.End(), Truncated: true}
	if len(spans) == 0 {
		return r.reject(p, setAside(p, "the text breaks off inside this row"))
	}

	keep := spans[len(spans)-1].To
	whole := rows.NewTable(strings.NewReader(string(p.Raw[:keep])), &profile.CSVLayout{Delimiter: delimiter, Header: []string{}}, r.limits)
	piece, err := whole.Next()
	if err != nil {
		return r.reject(p, setAside(p, "the text breaks off inside this row")) // it has no cells but empty ones
	}
	cells := make([]jsonscan.Value, width)
	copy(cells, piece.Cells)

	b.lines.cut = &Recovery{Keep: p.Offset + int64(keep), Closers: strings.Repeat(string(delimiter), width-len(spans))}
	kept := *p
	kept.Text, kept.Raw = p.Text[:len(p.Lead())+keep], p.Raw[:keep]
	return r.cells(&kept, cells)
}

// cells turns the cells of a row into an entry.
func (r *tableReader) cells(p *rows.Piece, cells []jsonscan.Value) error {
	b := r.b
	b.Rows++
	row := r.mapping.TableRow(p, cells, r.columns)
	e, outcome := r.take(b, p.Index, row.Value)
	switch outcome {
	case dropped:
		return nil
	case unknown:
		return r.in.Reject(row.Reject(noKnownField))
	}

	for _, f := range r.required {
		if r.AllPositions || !e.Has(f) {
			g := Gap{Entry: p.Index, Field: f, Append: true}
			if cell := r.columns.Cell(f); cell >= 0 {
				g.Append, g.Raw = false, r.norm.Texts.Of(profile.ShownBytes(cells[cell]))
			}
			b.gaps = append(b.gaps, g)
		}
	}
	return r.add(b, e)
}

// columnOf returns the name of the column that a field gets in a document that has
// none for it: its first place that is a column, or its own name when the profile has
// no place at all. It is empty when the field is only computed, as nobody would find
// it there.
func columnOf(p *profile.Profile, f record.Field) string {
	for _, place := range p.Fields[f] {
		if place.Expr == nil {
			return strings.TrimPrefix(place.Name, "/")
		}
	}
	if p.HasPlace(f) {
		return ""
	}
	return f.String()
}

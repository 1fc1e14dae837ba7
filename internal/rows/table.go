package rows

import (
	"bytes"
	"io"

	"cdrmend/internal/jsonscan"
	"cdrmend/internal/profile"
	"cdrmend/internal/record"
	"cdrmend/internal/stream"
	"cdrmend/internal/window"
)

// A Table reads a CSV object piece by piece, for who has to write it again: the texts
// of all pieces, one after the other, are the object.
type Table struct {
	window window.Window
	layout *profile.CSVLayout
	stage  stage
	left   int // lines or rows of the stage
	header []string
	index  uint32 // of the next row
	cells  cells
	ended  bool
}

// stage is which part of a CSV object comes next.
type stage uint8

const (
	atMark stage = iota
	beforeHeader
	atHeader
	afterHeader
	inRows
)

// PieceKind is what a piece of a CSV object is.
type PieceKind uint8

// The kinds of pieces.
const (
	OtherPiece   PieceKind = iota // a byte order mark, lines and comments before the header, blank lines at the end
	HeaderPiece                   // with the names of columns
	SkippedPiece                  // a row after the header that is no data
	CommentPiece
	RowPiece
)

// Piece is a part of a CSV object. Its bytes are valid until the next one.
type Piece struct {
	Kind    PieceKind
	Index   uint32           // of a row, comments included
	Offset  int64            // of Raw
	Text    []byte           // from the end of the piece before: blank lines, Raw, and its line end
	Raw     []byte           // of a row or header, without its line end
	Cells   []jsonscan.Value // of a row or header that is not open
	Open    bool             // it ends inside a quoted cell
	Newline bool             // a line end follows Raw
}

// End returns the offset after the piece.
func (p *Piece) End() int64 { return p.Offset + int64(len(p.Text)-p.lead()) }

// lead is how much of the text stands before the row.
func (p *Piece) lead() int {
	if p.Raw == nil {
		return 0
	}
	return len(p.Text) - len(p.Raw) - p.lineEnd()
}

// Lead returns the blank lines before the row.
func (p *Piece) Lead() []byte { return p.Text[:p.lead()] }

// LineEnd returns what ends the row.
func (p *Piece) LineEnd() []byte { return p.Text[len(p.Text)-p.lineEnd():] }

func (p *Piece) lineEnd() int {
	switch {
	case p.Raw == nil || p.Open:
		return 0
	case bytes.HasSuffix(p.Text, []byte("\r\n")):
		return 2
	case bytes.HasSuffix(p.Text, []byte("\n")), bytes.HasSuffix(p.Text, []byte("\r")):
		return 1
	}
	return 0
}

// NewTable returns a reader of a CSV object.
func NewTable(in io.Reader, layout *profile.CSVLayout, limits *stream.Limits) *Table {
	return &Table{window: window.New(in, limits), layout: layout, cells: cells{delimiter: layout.Separator()}}
}

// Header returns the names of the columns, nil before they are known.
func (t *Table) Header() []string { return t.header }

// Next returns the next piece, and io.EOF after the last one.
func (t *Table) Next() (Piece, error) {
	if t.stage == atMark {
		t.stage, t.left = beforeHeader, t.layout.Before
		if t.window.SkipBOM(); t.window.Offset() > 0 {
			return Piece{Text: []byte("\xef\xbb\xbf")}, nil
		}
	}
	if t.stage == beforeHeader {
		if t.left--; t.left >= 0 {
			from := t.window.Hold()
			if _, long := t.window.SkipLine(); long {
				return Piece{}, t.window.Within(from)
			}
			if text := t.window.Bytes(from, t.window.Offset()); len(text) > 0 {
				return Piece{Offset: from, Text: text}, nil
			}
		}
		t.stage = atHeader
	}
	if t.stage == atHeader && t.layout.Header != nil {
		t.header, t.stage, t.left = t.layout.Header, afterHeader, t.layout.Skip
	}
	return t.row()
}

// row returns the next piece that is a row.
func (t *Table) row() (Piece, error) {
	if t.ended {
		return Piece{}, io.EOF
	}
	from := t.window.Offset()
	raw, err := nextCSVRow(&t.window, t.layout.Separator())
	if err == io.EOF { // blank lines
		t.ended = true
		if text := t.window.Bytes(from, t.window.Offset()); len(text) > 0 {
			return Piece{Offset: from, Text: text}, nil
		}
	}
	if err != nil {
		return Piece{}, err
	}

	p := Piece{Offset: raw.at, Text: t.window.Bytes(from, t.window.Offset()), Raw: raw.raw, Open: raw.open}
	p.Newline = p.lineEnd() > 0
	if !p.Open {
		t.cells.split(p.Raw)
		p.Cells = t.cells.list
	}
	switch {
	case t.stage == atHeader && isComment(t.layout, p.Raw):
		return Piece{Offset: from, Text: p.Text}, nil
	case t.stage == atHeader:
		p.Kind, t.stage, t.left = HeaderPiece, afterHeader, t.layout.Skip
		if !p.Open {
			t.header = t.cells.texts()
			err = t.window.Limits.CheckHeader(t.header)
		}
	case t.stage == afterHeader && t.left > 0:
		p.Kind = SkippedPiece
		t.left--
	default:
		t.stage, p.Kind, p.Index = inRows, RowPiece, t.index
		t.index++
		if isComment(t.layout, p.Raw) {
			p.Kind = CommentPiece
		}
	}
	return p, err
}

// HeaderColumns returns the columns of a header, and an error for a header with which
// no row has a meaning: another delimiter divides it, or it has a column twice.
func (m *Mapping) HeaderColumns(header []string) (*Columns, error) {
	columns := m.columnsOf(header)
	return columns, headerFault(header, &m.Profile.CSV, columns)
}

// TableRow returns a row of cells as a row of fields. It is valid until the next one.
func (m *Mapping) TableRow(p *Piece, cells []jsonscan.Value, columns *Columns) Row {
	m.Next()
	return Row{Index: p.Index, Offset: p.Offset, Bytes: p.Raw, Before: p.Lead(), mapping: m, cells: cells, columns: columns}
}

// Column returns the first column that stands for a field by itself, -1 when the field
// has none.
func (m *Mapping) Column(header []string, f record.Field) int { return m.columnsOf(header).Cell(f) }

// CellSpan is where a cell stands in a row, with its quotes.
type CellSpan struct{ From, To int }

// SpansOf appends the spans of the cells of a row to a list. Of an open row the last
// cell has no end.
func SpansOf(spans []CellSpan, row []byte, delimiter byte) []CellSpan {
	for at := 0; ; {
		end := at + cellEnd(row[at:], delimiter)
		spans = append(spans, CellSpan{at, end})
		if end >= len(row) {
			return spans
		}
		at = end + 1
	}
}

// cellEnd returns the length of the cell at the start of a row.
func cellEnd(row []byte, delimiter byte) int {
	if len(row) == 0 || row[0] != '"' {
		if i := bytes.IndexByte(row, delimiter); i >= 0 {
			return i
		}
		return len(row)
	}
	for at := 1; at < len(row); at++ {
		i := bytes.IndexByte(row[at:], '"')
		if i < 0 {
			return len(row)
		}
		at += i
		switch behind := row[at+1:]; {
		case len(behind) == 0 || behind[0] == delimiter:
			return at + 1
		case behind[0] == '"':
			at++
		}
	}
	return len(row)
}

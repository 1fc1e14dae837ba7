package table

import (
	"bytes"
	"fmt"
	"iter"
	"unicode/utf8"

	"cdrmend/internal/intern"
	"cdrmend/internal/record"
)

// Rows is a table in its order. A row is valid until the next one; the error
// is the last element.
type Rows = iter.Seq2[*Row, error]

// Empty is the table without rows.
func Empty(func(*Row, error) bool) {}

// Row is one row of a table. Cells are added from left to right, each of the
// kind of its column; another kind is a mistake in the program and panics. A
// row that is used again allocates nothing.
type Row struct {
	schema *Schema
	texts  *intern.Table // texts of the symbols
	text   []byte        // texts of the cells, in the order in which they were spelled out
	lent   []string      // texts of borrowed cells, not copied
	cells  []cell
}

// A cell is a number or a text. A text is in the row's own memory, or elsewhere
// and copied into the row only when its bytes are asked for.
type cell struct {
	n     int64
	state state
}

type state uint8

const (
	missing  state = iota
	present        // n is a number, or start (upper half) and end (lower half) of a text in the row
	symbol         // n is an interned text
	borrowed       // n is an index of lent
)

func textCell(start, end int) cell {
	return cell{n: int64(start)<<32 | int64(end), state: present}
}

// NewRow returns a row whose symbols are texts of an interning table.
func NewRow(texts *intern.Table) *Row { return &Row{texts: texts} }

// Reset starts a new row of a table.
func (r *Row) Reset(s *Schema) {
	r.schema, r.text, r.lent, r.cells = s, r.text[:0], r.lent[:0], r.cells[:0]
}

// Schema returns the table that the row belongs to.
func (r *Row) Schema() *Schema { return r.schema }

// AddText adds a text; an empty one is missing.
func (r *Row) AddText(v string) {
	switch {
	case v == "":
		r.add(Text, cell{})
	case utf8.ValidString(v):
		r.add(Text, cell{n: int64(len(r.lent)), state: borrowed})
		r.lent = append(r.lent, v)
	default:
		r.AddBytes([]byte(v))
	}
}

// AddBytes adds a text; an empty one is missing. It keeps no reference to v.
func (r *Row) AddBytes(v []byte) {
	start := len(r.text)
	r.text = append(r.text, v...)
	r.endText(start)
}

// AddJoined adds a list of texts as one text, with semicolons between them.
func (r *Row) AddJoined(list [][]byte) {
	start := len(r.text)
	for i, v := range list {
		if i > 0 {
			r.text = append(r.text, ';')
		}
		r.text = append(r.text, v...)
	}
	r.endText(start)
}

func (r *Row) endText(start int) {
	r.toValid(start)
	c := cell{}
	if len(r.text) > start {
		c = textCell(start, len(r.text))
	}
	r.add(Text, c)
}

// toValid makes the text from start on valid UTF-8.
func (r *Row) toValid(start int) {
	if !utf8.Valid(r.text[start:]) {
		valid := bytes.ToValidUTF8(r.text[start:], []byte("\uFFFD"))
		r.text = append(r.text[:start], valid...)
	}
}

// AddSymbol adds an interned text; None is missing.
func (r *Row) AddSymbol(t intern.Text) {
	c := cell{n: int64(t)}
	if t != intern.None {
		c.state = symbol
	}
	r.add(Text, c)
}

// spell copies a symbol's or a borrowed text into the row.
func (r *Row) spell(c *cell) {
	start := len(r.text)
	if c.state == borrowed {
		r.text = append(r.text, r.lent[c.n]...) // AddText lends only valid texts
	} else {
		r.text = r.texts.AppendTo(r.text, intern.Text(c.n))
		if !intern.Text(c.n).IsUUID() {
			r.toValid(start)
		}
	}

	*c = textCell(start, len(r.text))
}

// AddInt adds a number.
func (r *Row) AddInt(v int64) { r.add(Int, numberCell(v, true)) }

// AddCount adds a number that is missing when it is negative.
func (r *Row) AddCount(v int64) { r.add(Int, numberCell(v, v >= 0)) }

// AddTime adds a time; NoTime is missing.
func (r *Row) AddTime(t record.Time) { r.add(Time, numberCell(int64(t), t.Known())) }

// AddNull adds a missing cell of whatever kind the column has.
func (r *Row) AddNull() { r.add(r.schema.Columns[len(r.cells)].Kind, cell{}) }

// spellAll copies all texts into the row.
func (r *Row) spellAll() {
	for i := range r.cells {
		if r.cells[i].state > present {
			r.spell(&r.cells[i])
		}
	}
}

func numberCell(v int64, known bool) cell {
	if !known {
		return cell{}
	}
	return cell{n: v, state: present}
}

func (r *Row) add(k Kind, c cell) {
	r.mustBe(k, len(r.cells))
	r.cells = append(r.cells, c)
}

// Known reports whether cell i is not missing.
func (r *Row) Known(i int) bool { return r.cells[i].state != missing }

// Bytes returns the text of cell i, nil when it is missing. It is valid until
// the row changes.
func (r *Row) Bytes(i int) []byte {
	c := &r.cells[i]
	switch c.state {
	case missing:
		return nil
	case symbol, borrowed:
		r.spell(c)
	}
	return r.text[c.n>>32 : uint32(c.n)]
}

// Text returns the text of cell i, empty when it is missing.
func (r *Row) Text(i int) string { return string(r.Bytes(i)) }

// Int returns the number in cell i and whether it is not missing.
func (r *Row) Int(i int) (v int64, known bool) {
	r.mustBe(Int, i)
	return r.cells[i].n, r.Known(i)
}

// Count returns the number in cell i, -1 when it is missing.
func (r *Row) Count(i int) int64 {
	if v, known := r.Int(i); known {
		return v
	}
	return -1
}

// Time returns the time in cell i, NoTime when it is missing.
func (r *Row) Time(i int) record.Time {
	r.mustBe(Time, i)
	if r.Known(i) {
		return record.Time(r.cells[i].n)
	}
	return record.NoTime
}

func (r *Row) mustBe(k Kind, i int) {
	if r.schema.Columns[i].Kind != k {
		r.schema.refuse(k, i)
	}
}

// refuse panics. It is a function of its own so that mustBe can be inlined.
func (s *Schema) refuse(k Kind, i int) {
	c := s.Columns[i]
	panic(fmt.Sprintf("table: column %q of %s holds a %v, not a %v", c.Name, s.Name, c.Kind, k))
}

// AppendCell appends cell i as it is in CSV, without quotes.
func (r *Row) AppendCell(b []byte, i int) []byte {
	c := r.cells[i]
	switch r.schema.Columns[i].Kind {
	case Text:
		return append(b, r.Bytes(i)...)
	case Time:
		return appendTime(b, r.Time(i))
	}
	return appendInt(b, c)
}

package record

import (
	"bytes"
	"cmp"
	"io"
)

// csvRow is one row of CSV. Its bytes are valid until the next one.
type csvRow struct {
	at   int64  // of its first byte
	raw  []byte // without the line's end, which a row that is open has none of
	open bool   // the text ends inside a quoted cell
}

// csvRow consumes a row and the blank lines before it, which together may be
// as long as a record; io.EOF when there is none.
func (s *Scanner) csvRow() (csvRow, error) {
	from := s.Hold()
	var end rowEnd
	for {
		text := s.buf[from-s.base:]
		n, found := end.find(text, s.err == io.EOF)
		s.pos = int(from-s.base) + n
		switch {
		case !found && (s.fill() || s.err == io.EOF):
			continue
		case !found:
			return csvRow{}, cmp.Or(s.within(from), s.err)
		case end.first == n:
			return csvRow{}, cmp.Or(s.within(from), io.EOF)
		}
		return end.row(text[:n], from), s.within(from)
	}
}

// A rowEnd finds where a row of CSV ends. A quote opens a cell only as its
// first byte, and closes it only before a comma or the end of the line; of two
// in a row the second is one of the cell, and any other is, too. What was looked
// at is not looked at again when more of the text is there.
type rowEnd struct {
	first int // of the row, behind the blank lines before it
	at    int // up to which the text was looked at
	place place
}

// place is where in a row the next byte stands.
type place uint8

const (
	beforeRow place = iota
	cellNext
	inCell
	inQuotes
)

// find returns the length of the row that a text begins with, its line end and
// the blank lines before it included; that of the text, and false, when the row
// goes on behind it. The rest of the last text is a row whatever it ends in.
func (e *rowEnd) find(text []byte, last bool) (n int, found bool) {
	if e.place == beforeRow {
		if !e.blank(text, last) {
			return len(text), last
		}
		end := bytes.IndexByte(text[e.at:], '\n')
		if end >= 0 && bytes.IndexByte(text[e.at:e.at+end], '"') < 0 {
			return e.at + end + 1, true // nearly no row has quotes
		}
	}
	for e.at < len(text) {
		switch {
		case e.place == cellNext && text[e.at] == '"':
			e.at, e.place = e.at+1, inQuotes
		case e.place == inQuotes:
			switch n, known := e.quoted(text, last); {
			case n > 0:
				return n, true
			case !known:
				return len(text), false
			}
		case e.plain(text):
			return e.at, true
		}
	}
	return len(text), last
}

// blank skips the blank lines before a row. It reports whether the row begins
// in the text.
func (e *rowEnd) blank(text []byte, last bool) bool {
	for {
		n, known := lineEnd(text[e.at:], last)
		switch {
		case !known:
			return false
		case n > 0:
			e.at += n
		default:
			e.first, e.place = e.at, cellNext
			return n < 0
		}
	}
}

// plain goes on in a cell without quotes. It reports whether the row ends with
// it.
func (e *rowEnd) plain(text []byte) bool {
	e.place = inCell
	for i, c := range text[e.at:] {
		switch c {
		case ',':
			e.at, e.place = e.at+i+1, cellNext
			return false
		case '\n':
			e.at += i + 1
			return true
		}
	}
	e.at = len(text)
	return false
}

// quoted goes on in a cell within quotes up to the next quote. It returns the
// length of the row if it ends with that, else 0, and false when what follows
// the quote has to be known first.
func (e *rowEnd) quoted(text []byte, last bool) (n int, known bool) {
	i := bytes.IndexByte(text[e.at:], '"')
	if i < 0 {
		e.at = len(text)
		return 0, true
	}
	e.at += i
	behind := text[e.at+1:]
	switch end, known := lineEnd(behind, last); {
	case !known:
		return 0, false
	case end >= 0:
		e.place = inCell
		return e.at + 1 + end, true
	case behind[0] == ',':
		e.at, e.place = e.at+2, cellNext
	case behind[0] == '"':
		e.at += 2
	default:
		e.at++
	}
	return 0, true
}

// lineEnd returns the length of the line end that a text begins with, -1 when
// it begins with none. The end of the last text is one, also behind a carriage
// return; where any other ends, it is not known.
func lineEnd(text []byte, last bool) (n int, known bool) {
	switch {
	case len(text) == 0:
		return 0, last
	case text[0] == '\n':
		return 1, true
	case text[0] != '\r':
		return -1, true
	case len(text) == 1:
		return 1, last
	case text[1] == '\n':
		return 2, true
	}
	return -1, true
}

func withoutLineEnd(b []byte) []byte {
	return bytes.TrimSuffix(bytes.TrimSuffix(b, []byte("\n")), []byte("\r"))
}

// row returns the row in a text, which begins at an offset.
func (e *rowEnd) row(text []byte, offset int64) csvRow {
	row := csvRow{at: offset + int64(e.first), raw: text[e.first:], open: e.place == inQuotes}
	if !row.open {
		row.raw = withoutLineEnd(row.raw)
	}
	return row
}

// cells are those of one row. They are parts of it, but for those with escaped
// quotes or line ends.
type cells struct {
	list []Value
	text []byte
}

// split takes a row that is not open apart.
func (c *cells) split(row []byte) {
	c.list, c.text = c.list[:0], c.text[:0]
	for more := true; more; {
		var cell []byte
		if len(row) > 0 && row[0] == '"' {
			cell, row, more = c.unquoted(row[1:])
		} else {
			cell, row, more = bytes.Cut(row, []byte(","))
		}
		c.list = append(c.list, Value{Cell, cell})
	}
}

// unquoted returns the cell whose opening quote stands before a text, and what
// is behind the comma after it; false when it is the last one.
func (c *cells) unquoted(text []byte) (cell, rest []byte, more bool) {
	copied := false
	for at := 0; ; at++ {
		at += bytes.IndexByte(text[at:], '"')
		switch behind := text[at+1:]; {
		case len(behind) == 0:
			cell = text[:at]
		case behind[0] == ',':
			cell, rest, more = text[:at], behind[1:], true
		case behind[0] == '"':
			at, copied = at+1, true
			continue
		default:
			continue
		}
		if copied || bytes.Contains(cell, []byte("\r\n")) {
			cell = c.unescaped(cell)
		}
		return cell, rest, more
	}
}

// unescaped returns a copy of a cell with one quote for two, and line feeds
// for line ends of two bytes.
func (c *cells) unescaped(cell []byte) []byte {
	from := len(c.text)
	for i := 0; i < len(cell); i++ {
		if pair := cell[i:min(i+2, len(cell))]; string(pair) == `""` || string(pair) == "\r\n" {
			i++
		}
		c.text = append(c.text, cell[i])
	}
	return c.text[from:len(c.text):len(c.text)]
}

// texts returns the cells as texts of their own.
func (c *cells) texts() []string {
	texts := make([]string, len(c.list))
	for i, cell := range c.list {
		texts[i] = string(cell.Raw)
	}
	return texts
}

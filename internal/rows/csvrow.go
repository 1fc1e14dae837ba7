package rows

import (
	"bytes"
	"cmp"
	"io"

	"cdrmend/internal/jsonscan"
	"cdrmend/internal/window"
)

// csvRow is one row of CSV. Its bytes are valid until the next one.
type csvRow struct {
	at   int64  // offset of its first byte
	raw  []byte // without the line end; an open row has none
	open bool   // the text ends inside a quoted cell
}

// nextCSVRow consumes a row and the blank lines before it, which together may
// be as long as a record. It returns io.EOF when there is no row.
func nextCSVRow(w *window.Window, delimiter byte) (csvRow, error) {
	from := w.Hold()
	end := rowEnd{delimiter: delimiter}
	for {
		text := w.Held()
		n, found := end.find(text, w.Ended())
		w.MoveTo(from + int64(n))

		switch {
		case !found && (w.Fill() || w.Ended()): // at the end of the stream the rest is a row
			continue
		case !found:
			return csvRow{}, cmp.Or(w.Within(from), w.Err())
		case end.first == n:
			return csvRow{}, cmp.Or(w.Within(from), io.EOF) // only blank lines were left
		}

		return end.row(text[:n], from), w.Within(from)
	}
}

// A rowEnd finds where a row of CSV ends. A quote opens a cell only as its first
// byte, and closes it only before a delimiter or the end of the line. Two quotes in a
// row mean one in the cell, and any other quote is an ordinary character. When
// more of the text arrives the search continues where it stopped.
type rowEnd struct {
	delimiter byte // of cells
	first     int  // where the row begins, after the blank lines before it
	at        int  // number of bytes of the text already searched
	place     place
}

// place is the position of the next byte in a row.
type place uint8

const (
	beforeRow place = iota
	cellNext
	inCell
	inQuotes
)

// find returns the length of the row at the start of a text, with its line end
// and the blank lines before it. When the row continues after the text it returns
// the length of the text and false. The rest of the last text is always a row.
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
			// At the end of the last text n is 0: no row begins there.
			e.first, e.place = e.at, cellNext
			return n < 0
		}
	}
}

// plain continues in a cell without quotes. It reports whether the row ends with
// the cell.
func (e *rowEnd) plain(text []byte) bool {
	e.place = inCell
	for i, c := range text[e.at:] {
		switch c {
		case e.delimiter:
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

// quoted continues in a cell within quotes up to the next quote. It returns the
// length of the row if the row ends with this quote, else 0. It returns false
// when the bytes after the quote are not in the text yet.
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
		e.place = inCell // closed: the row is not open
		return e.at + 1 + end, true
	case behind[0] == e.delimiter:
		e.at, e.place = e.at+2, cellNext
	case behind[0] == '"':
		e.at += 2
	default: // an ordinary character
		e.at++
	}

	return 0, true
}

// lineEnd returns the length of the line end at the start of a text, -1 when there
// is none. The end of the last text counts as a line end, also after a carriage
// return. At the end of any other text the answer is not known.
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

// row returns the row that was found in a text with an offset.
func (e *rowEnd) row(text []byte, offset int64) csvRow {
	row := csvRow{at: offset + int64(e.first), raw: text[e.first:], open: e.place == inQuotes}
	if !row.open { // the line ends of an open row may belong to its last cell
		row.raw = bytes.TrimSuffix(bytes.TrimSuffix(row.raw, []byte("\n")), []byte("\r"))
	}
	return row
}

// cells are the cells of one row. They are parts of the row, unless quotes or line
// ends are escaped in them.
type cells struct {
	delimiter byte
	list      []jsonscan.Value
	text      []byte // of the cells that are not parts of the row
}

// split splits a row that is not open.
func (c *cells) split(row []byte) {
	c.list, c.text = c.list[:0], c.text[:0]
	for more := true; more; {
		var cell []byte
		if len(row) > 0 && row[0] == '"' {
			cell, row, more = c.unquoted(row[1:])
		} else {
			cell, row, more = c.cut(row)
		}
		c.list = append(c.list, jsonscan.Value{Kind: jsonscan.Cell, Raw: cell})
	}
}

// cut returns the cell at the start of a row, and the rest after its delimiter.
func (c *cells) cut(row []byte) (cell, rest []byte, more bool) {
	if i := bytes.IndexByte(row, c.delimiter); i >= 0 {
		return row[:i], row[i+1:], true
	}
	return row, nil, false
}

// unquoted returns the cell whose opening quote comes before text, and the rest
// after its delimiter; false when it is the last cell.
func (c *cells) unquoted(text []byte) (cell, rest []byte, more bool) {
	copied := false
	for at := 0; ; at++ {
		at += bytes.IndexByte(text[at:], '"') // there is one, as the row is not open
		switch behind := text[at+1:]; {
		case len(behind) == 0:
			cell = text[:at]
		case behind[0] == c.delimiter:
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

// unescaped returns a copy of a cell with one quote for two, and with line feeds
// for carriage return and line feed.
func (c *cells) unescaped(cell []byte) []byte {
	from := len(c.text)
	for i := 0; i < len(cell); i++ {
		if pair := cell[i:min(i+2, len(cell))]; string(pair) == `""` || string(pair) == "\r\n" {
			i++ // the second byte stays
		}
		c.text = append(c.text, cell[i])
	}

	// When the text grows, the cells before keep the old memory.
	return c.text[from:len(c.text):len(c.text)]
}

// texts returns copies of the cells.
func (c *cells) texts() []string {
	texts := make([]string, len(c.list))
	for i, cell := range c.list {
		texts[i] = string(cell.Raw)
	}
	return texts
}

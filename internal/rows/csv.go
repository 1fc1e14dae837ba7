package rows

import (
	"io"

	"cdrmend/internal/jsonscan"
	"cdrmend/internal/window"
)

// csvHeader reads the header. It returns io.EOF when there is none.
func csvHeader(w *window.Window) ([]string, error) {
	row, err := nextCSVRow(w)
	if err != nil {
		return nil, err
	}
	if row.open { // without a header no row has a meaning, so this damages the object
		return nil, &jsonscan.SyntaxError{Offset: w.Offset(), Truncated: true}
	}

	var cells cells
	cells.split(row.raw)
	names := cells.texts()
	return names, w.Limits.CheckHeader(names)
}

// csv reads rows of cells.
func (r *reader) csv(c *Chunk) error {
	if c.err != nil {
		return ignoreEOF(c.err)
	}

	columns := r.mapping.columnsOf(c.header)
	r.reading.Framed, r.reading.Tabular, r.reading.Places = true, true, columns.Fields()
	var cells cells   // its memory is used for every row
	var before []byte // likewise
	for index := c.row; !c.done(); index++ {
		from := c.window.Offset()
		raw, err := nextCSVRow(&c.window)
		if err != nil {
			return ignoreEOF(err)
		}
		if blank := c.window.Bytes(from, raw.at); len(before)+len(blank) <= longestBefore {
			before = append(before, blank...)
		}
		row := Row{Index: index, Offset: raw.at, Bytes: raw.raw, Before: before, columns: columns}
		if err := r.csvRow(row, raw.open, &cells, len(c.header)); err != nil {
			return err
		}

		// The line end is still held.
		before = append(before[:0], c.window.Bytes(raw.at+int64(len(raw.raw)), c.window.Offset())...)
	}
	return nil
}

func ignoreEOF(err error) error {
	if err == io.EOF {
		return nil
	}
	return err
}

// csvRow visits a row, which must have as many cells as the header. An open one ends
// inside a quoted cell.
func (r *reader) csvRow(row Row, open bool, cells *cells, width int) error {
	if open {
		err := r.reject(row.Reject("ends inside a quoted cell"))
		r.reading.Cut = true
		return err
	}

	cells.split(row.Bytes)
	if len(cells.list) != width {
		err := r.reject(row.Reject("another number of cells than the header"))
		r.reading.Cut = len(cells.list) < width // if it is the last one
		return err
	}

	row.cells = cells.list
	return r.row(row)
}

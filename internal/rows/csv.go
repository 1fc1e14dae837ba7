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
	var cells cells // its memory is used for every row
	for index := c.row; !c.done(); index++ {
		row, err := nextCSVRow(&c.window)
		if err != nil {
			return ignoreEOF(err)
		}
		if err := r.csvRow(index, row, &cells, len(c.header), columns); err != nil {
			return err
		}
	}
	return nil
}

func ignoreEOF(err error) error {
	if err == io.EOF {
		return nil
	}
	return err
}

// csvRow visits a row, which must have as many cells as the header.
func (r *reader) csvRow(index uint32, row csvRow, cells *cells, width int, columns *Columns) error {
	if row.open {
		err := r.reject(index, row.at, "ends inside a quoted cell", row.raw)
		r.reading.Cut = true
		return err
	}

	cells.split(row.raw)
	if len(cells.list) != width {
		err := r.reject(index, row.at, "another number of cells than the header", row.raw)
		r.reading.Cut = len(cells.list) < width // if it is the last one
		return err
	}

	return r.row(Row{Index: index, Offset: row.at, Bytes: row.raw, cells: cells.list, columns: columns})
}

package rows

import (
	"bytes"
	"fmt"
	"io"
	"strings"

	"cdrmend/internal/jsonscan"
	"cdrmend/internal/profile"
	"cdrmend/internal/record"
	"cdrmend/internal/window"
)

// rowEnd returns a search for the end of a row.
func (c *Chunk) rowEnd() rowEnd { return rowEnd{delimiter: c.csv.Separator()} }

// csvPreamble reads all that comes before the rows, and returns the names of the
// columns. It returns io.EOF when there is no header although there should be one.
func csvPreamble(w *window.Window, layout *profile.CSVLayout) (header []string, err error) {
	for range layout.Before {
		w.Hold()
		w.SkipLine()
	}
	if header = layout.Header; header == nil {
		if header, err = csvHeader(w, layout); err != nil {
			return nil, err
		}
	}

	// Rows after the header that are no data, such as one of types.
	for range layout.Skip {
		if _, err := nextCSVRow(w, layout.Separator()); err != nil {
			return header, err
		}
	}
	return header, nil
}

// csvHeader reads the header. Comments before it are no rows.
func csvHeader(w *window.Window, layout *profile.CSVLayout) ([]string, error) {
	row, err := nextCSVRow(w, layout.Separator())
	for err == nil && isComment(layout, row.raw) {
		row, err = nextCSVRow(w, layout.Separator())
	}
	if err != nil {
		return nil, err
	}
	if row.open { // without a header no row has a meaning, so this damages the object
		return nil, &jsonscan.SyntaxError{Offset: w.Offset(), Truncated: true}
	}

	cells := cells{delimiter: layout.Separator()}
	cells.split(row.raw)
	names := cells.texts()
	return names, w.Limits.CheckHeader(names)
}

// isComment reports whether a row is a comment.
func isComment(layout *profile.CSVLayout, row []byte) bool {
	return layout.Comment != "" && bytes.HasPrefix(row, []byte(layout.Comment))
}

// csv reads rows of cells.
func (r *reader) csv(c *Chunk) error {
	if c.err != nil {
		return ignoreEOF(c.err)
	}

	columns := r.mapping.columnsOf(c.header)
	r.reading.Framed, r.reading.Tabular, r.reading.Places = true, true, columns.Fields()
	if r.reading.Damage = headerFault(c.header, c.csv, columns); r.reading.Damage != nil {
		return nil
	}

	cells := cells{delimiter: c.csv.Separator()} // its memory is used for every row
	var before []byte                            // likewise
	for index := c.row; !c.done(); index++ {
		from := c.window.Offset()
		raw, err := nextCSVRow(&c.window, c.csv.Separator())
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

// headerFault returns an error for a header with which no row has a meaning, nil for
// any other.
func headerFault(header []string, layout *profile.CSVLayout, columns *Columns) error {
	if err := otherDelimiter(header, layout.Separator(), columns.Fields()); err != nil {
		return err
	}
	return columnTwice(header, layout, columns)
}

// otherDelimiter returns an error for a header of one column that is no field and
// looks like several with another delimiter.
func otherDelimiter(header []string, separator byte, fields record.Fields) error {
	if len(header) != 1 || fields != 0 {
		return nil
	}
	if i := strings.IndexAny(header[0], ",;|\t"); i >= 0 && header[0][i] != separator {
		return fmt.Errorf("the header is one column that holds %q: name the delimiter in the profile (csv.delimiter)", header[0][i])
	}
	return nil
}

// columnTwice returns an error for a header that has a column twice which the profile
// reads: either of them may be the one that is meant. Other columns do not matter.
func columnTwice(header []string, layout *profile.CSVLayout, columns *Columns) error {
	first := make(map[string]int, len(header))
	for i, name := range header {
		name = strings.TrimSpace(name)
		n, again := first[name]
		switch {
		case !again:
			first[name] = i
		case columns.mapped(i): // of equal names the last is the one that fields have
			return fmt.Errorf("the header has %q twice, as columns %d and %d, and the profile reads it: give one of them another name in the export, or name the columns in the profile (csv.header, and csv.before: %d)", name, n+1, i+1, layout.Before+1)
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

// csvRow visits a row, which must have as many cells as the header. An open one ends
// inside a quoted cell.
func (r *reader) csvRow(row Row, open bool, cells *cells, width int) error {
	if open {
		err := r.reject(row.Reject("ends inside a quoted cell"))
		r.reading.Cut = true
		return err
	}

	if isComment(&r.mapping.Profile.CSV, row.Bytes) {
		r.skip(row.Offset, row.Bytes)
		return nil
	}

	cells.split(row.Bytes)
	if len(cells.list) != width {
		reject := row.Reject("another number of cells than the header")
		reject.Cells, reject.Header = len(cells.list), width
		err := r.reject(reject)
		r.reading.Cut = len(cells.list) < width // if it is the last one
		return err
	}

	row.cells = cells.list
	return r.row(row)
}

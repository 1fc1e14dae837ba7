package table

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
)

// ReadCSV reads the CSV that [Write] writes and keeps every byte of a cell:
// encoding/csv would turn CR LF inside a cell into LF. The rows can be ranged
// over once.
func ReadCSV(r io.Reader, s *Schema) Rows {
	return func(yield func(*Row, error) bool) {
		c := csvReader{r: bufio.NewReaderSize(r, csvBuffer), schema: s}

		err := c.header()
		var row Row
		for err == nil {
			if err = c.row(&row); err == nil && !yield(&row, nil) {
				return
			}
		}

		if err != io.EOF {
			yield(nil, fmt.Errorf("reading table %s: line %d: %w", s.Name, c.line, err))
		}
	}
}

type csvReader struct {
	r      *bufio.Reader
	schema *Schema
	line   int    // on which the row began, from 1
	lines  int    // that the row takes
	raw    []byte // the row, without its LF
	cell   []byte // the last one without its quotes
}

func (c *csvReader) header() error {
	if err := c.next(); err != nil {
		if err == io.EOF {
			return errors.New("the file is empty")
		}
		return err
	}

	// Only the last name may have no comma after it, so that a header with more or
	// fewer columns is refused, too.
	rest := c.raw
	c.schema = c.schema.fitting(bytes.Count(rest, []byte(",")) + 1)
	for i := range c.schema.Columns {
		got, after, last := bytes.Cut(rest, []byte(","))
		if want := c.schema.Columns[i].Name; string(got) != want || last == (i == len(c.schema.Columns)-1) {
			return fmt.Errorf("column %d is %q, want %q in a header of %d columns", i, got, want, len(c.schema.Columns))
		}
		rest = after
	}
	return nil
}

// next reads one row: a line, or several when there is an LF between quotes.
func (c *csvReader) next() error {
	c.line += max(c.lines, 1)
	c.lines, c.raw = 0, c.raw[:0]

	// A quote inside a cell is doubled, so an even number of quotes means that
	// the line ends outside of a cell.
	quotes := 0
	for {
		part, err := c.r.ReadSlice('\n')
		c.raw = append(c.raw, part...)
		quotes += bytes.Count(part, []byte(`"`))

		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			continue // the line goes on
		case err == io.EOF && len(c.raw) == 0:
			return io.EOF
		case err == io.EOF: // every line ends in LF, so the file is cut off
			return errors.New("the last line has no end")
		case err != nil:
			return err
		}

		c.lines++
		if quotes%2 == 0 {
			c.raw = c.raw[:len(c.raw)-1]
			return nil
		}
	}
}

func (c *csvReader) row(r *Row) error {
	if err := c.next(); err != nil {
		return err
	}
	return c.parse(r)
}

// parse makes r the row that next read.
func (c *csvReader) parse(r *Row) error {
	r.Reset(c.schema)
	rest := c.raw
	for i := range c.schema.Columns {
		v, after, err := c.cut(rest, i == len(c.schema.Columns)-1)
		if err != nil {
			return fmt.Errorf("column %q: %w", c.schema.Columns[i].Name, err)
		}
		if err := c.add(r, v); err != nil {
			return fmt.Errorf("column %q: %w", c.schema.Columns[i].Name, err)
		}

		rest = after
	}
	return nil
}

var (
	errFewCells  = errors.New("the row ends here")
	errManyCells = errors.New("the row goes on after the last column")
	errQuote     = errors.New("a cell that holds a quote or CR is not quoted as a whole")
)

// cut splits the first cell off b.
func (c *csvReader) cut(b []byte, last bool) (v, rest []byte, err error) {
	if len(b) > 0 && b[0] == '"' {
		v, rest, err = c.unquote(b[1:])
	} else {
		end := bytes.IndexByte(b, ',')
		if end < 0 {
			end = len(b)
		}

		v, rest = b[:end], b[end:]
		if bytes.IndexByte(v, '"') >= 0 || bytes.IndexByte(v, '\r') >= 0 {
			err = errQuote
		}
	}

	switch {
	case err != nil:
		return nil, nil, err
	case last && len(rest) > 0:
		return nil, nil, errManyCells
	case last:
		return v, nil, nil
	case len(rest) == 0:
		return nil, nil, errFewCells
	case rest[0] != ',':
		return nil, nil, errQuote
	}

	return v, rest[1:], nil
}

// unquote reads a cell up to its closing quote.
func (c *csvReader) unquote(b []byte) (v, rest []byte, err error) {
	c.cell = c.cell[:0]
	for {
		end := bytes.IndexByte(b, '"')
		if end < 0 {
			return nil, nil, errQuote
		}

		c.cell = append(c.cell, b[:end]...)
		b = b[end+1:]
		if len(b) == 0 || b[0] != '"' {
			return c.cell, b, nil
		}

		// Two quotes stand for one.
		c.cell = append(c.cell, '"')
		b = b[1:]
	}
}

// add adds the next cell of a row from its CSV form, without quotes.
func (c *csvReader) add(r *Row, v []byte) error {
	kind := c.schema.Columns[len(r.cells)].Kind
	switch {
	case kind == Text:
		r.AddBytes(v)
	case len(v) == 0:
		r.AddNull()
	case kind == Time:
		t, err := parseTime(v)
		if err != nil {
			return err
		}
		r.AddTime(t)
	default:
		// Only the form that Write uses is accepted: no plus sign, no leading
		// zeros.
		n, err := strconv.ParseInt(string(v), 10, 64)
		if err != nil || strconv.FormatInt(n, 10) != string(v) {
			return fmt.Errorf("%q is no number", v)
		}
		r.AddInt(n)
	}

	return nil
}

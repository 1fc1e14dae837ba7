package table

import (
	"bytes"
	"io"
)

// csvBuffer is how many bytes are collected before they are written.
const csvBuffer = 64 << 10

// csvWriter writes a header line and then one line for each row. Lines end in
// LF; a cell is quoted when it holds a comma, a quote, CR or LF.
type csvWriter struct {
	w      io.Writer
	schema *Schema
	buf    []byte
}

func newCSVWriter(w io.Writer, s *Schema) *csvWriter {
	// The buffer is larger than the limit, because a row is appended before the
	// length is checked.
	c := &csvWriter{w: w, schema: s, buf: make([]byte, 0, csvBuffer+4096)}

	for i := range s.Columns {
		c.buf = append(append(c.buf, s.Columns[i].Name...), ',')
	}
	c.buf[len(c.buf)-1] = '\n' // in place of the last comma

	return c
}

func (c *csvWriter) write(r *Row) error {
	// One search through all texts of a row is cheaper than one through each.
	// It needs the texts that lie elsewhere to be copied into the row first.
	r.copyTexts()
	quote := needsQuotes(r.text)

	for i := range c.schema.Columns {
		if quote && c.schema.Columns[i].Kind == Text {
			c.buf = appendQuoted(c.buf, r.Bytes(i))
		} else {
			c.buf = r.AppendCell(c.buf, i)
		}
		c.buf = append(c.buf, ',')
	}
	c.buf[len(c.buf)-1] = '\n'

	if len(c.buf) < csvBuffer {
		return nil
	}
	return c.close()
}

func (c *csvWriter) close() error {
	_, err := c.w.Write(c.buf)
	c.buf = c.buf[:0]
	return err
}

func needsQuotes(text []byte) bool {
	return bytes.IndexByte(text, ',') >= 0 || bytes.IndexByte(text, '"') >= 0 ||
		bytes.IndexByte(text, '\n') >= 0 || bytes.IndexByte(text, '\r') >= 0
}

func appendQuoted(b, text []byte) []byte {
	if !needsQuotes(text) {
		return append(b, text...)
	}

	b = append(b, '"')
	for {
		i := bytes.IndexByte(text, '"')
		if i < 0 {
			return append(append(b, text...), '"')
		}
		b = append(append(b, text[:i]...), '"', '"')
		text = text[i+1:]
	}
}

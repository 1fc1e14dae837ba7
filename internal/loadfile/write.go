package loadfile

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

const (
	bom = '\uFEFF'
	// StandIn is what a DAT has in place of a character that it cannot hold.
	StandIn = utf8.RuneError
)

// Changes counts what a DAT has otherwise than its values. A CSV in UTF-8 changes nothing;
// one in UTF-16 only what is not UTF-8.
type Changes struct {
	// LineEnds are the line breaks in values, CR LF, CR or LF, each of which became the
	// newline character of the profile.
	LineEnds int64 `json:"line_ends"`
	// Newlines are the newline characters of the profile in values, which became StandIn: a
	// reader would take them for line breaks.
	Newlines int64 `json:"newlines"`
	// Controls are control characters other than tab and the separator, which became
	// StandIn: some programs end a text or file at them.
	Controls int64 `json:"controls"`
	// Invalid are bytes that are not UTF-8, which became StandIn.
	Invalid int64 `json:"invalid"`
}

// dialect is what a DAT and a CSV differ in.
type dialect struct {
	separator, qualifier rune
	newline              rune // 0: values are written as they are
	encoding             Encoding
	end                  string
}

func datDialect(p *Profile) dialect {
	return dialect{p.Separator, p.Qualifier, p.Newline, p.Encoding, lineEnd(p)}
}

func csvDialect(p *Profile) dialect {
	return dialect{',', '"', 0, p.Encoding, lineEnd(p)}
}

func lineEnd(p *Profile) string {
	if p.CRLF {
		return "\r\n"
	}
	return "\n"
}

// Writer writes the rows of a load file.
type Writer struct {
	dialect
	to      *bufio.Writer
	columns int // 0 before the first row
	rows    int64
	changes Changes
}

// NewDAT returns a writer of a Concordance DAT.
func NewDAT(to io.Writer, p Profile) *Writer { return newWriter(to, datDialect(&p)) }

// NewCSV returns a writer of the same table as CSV. Of the profile it takes the encoding
// and the line end.
func NewCSV(to io.Writer, p Profile) *Writer { return newWriter(to, csvDialect(&p)) }

func newWriter(to io.Writer, d dialect) *Writer {
	return &Writer{dialect: d, to: bufio.NewWriterSize(to, 1<<16)}
}

// Changes returns what was changed so far.
func (w *Writer) Changes() Changes { return w.changes }

// Write writes a row. The first is the names of the columns; all have as many values.
func (w *Writer) Write(values []string) error {
	w.rows++
	if w.columns == 0 {
		if len(values) == 0 {
			return errors.New("writing a load file: it needs a column")
		}
		w.columns = len(values)
		if w.encoding != UTF8 {
			w.put(bom)
		}
	}
	if len(values) != w.columns {
		return fmt.Errorf("writing row %d of a load file: it has %d values, the first row has %d", w.rows, len(values), w.columns)
	}

	for i, value := range values {
		if i > 0 {
			w.put(w.separator)
		}
		w.put(w.qualifier)
		w.value(value)
		w.put(w.qualifier)
	}
	for _, r := range w.end {
		w.put(r)
	}

	_, err := w.to.Write(nil)
	return err
}

// Flush writes what is buffered.
func (w *Writer) Flush() error { return w.to.Flush() }

func (w *Writer) value(text string) {
	if w.newline == 0 && w.encoding != UTF16LE {
		w.exactly(text)
		return
	}
	w.hold(text, &w.changes, func(r rune) {
		if r == w.qualifier {
			w.put(r)
		}
		w.put(r)
	})
}

// exactly writes a value with its bytes, also those that are not UTF-8.
func (w *Writer) exactly(text string) {
	for {
		before, after, found := strings.Cut(text, string(w.qualifier))
		_, _ = w.to.WriteString(before) // the buffer keeps the error
		if !found {
			return
		}
		w.put(w.qualifier)
		w.put(w.qualifier)
		text = after
	}
}

// hold passes the characters that a file can hold of a value, and counts what it changes.
func (d *dialect) hold(text string, changes *Changes, put func(rune)) {
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRuneInString(text[i:])
		i += size
		switch {
		case r == utf8.RuneError && size == 1:
			changes.Invalid++
			put(StandIn)
		case d.newline == 0, r == d.separator, r == d.qualifier:
			put(r)
		case r == '\r' || r == '\n':
			if r == '\r' && i < len(text) && text[i] == '\n' {
				i++
			}
			changes.LineEnds++
			put(d.newline)
		case r == d.newline:
			changes.Newlines++
			put(StandIn)
		case r < ' ' && r != '\t', r == 0x7F:
			changes.Controls++
			put(StandIn)
		default:
			put(r)
		}
	}
}

// InDAT returns a value as [ReadDAT] gives it back from a DAT that a Writer wrote.
func (p *Profile) InDAT(text string) string {
	d := datDialect(p)
	var held strings.Builder
	d.hold(text, &Changes{}, func(r rune) {
		if r == d.newline {
			r = '\n'
		}
		held.WriteRune(r)
	})
	return held.String()
}

// put writes a character. The buffer keeps its first error for Write and Flush.
func (w *Writer) put(r rune) {
	if w.encoding != UTF16LE {
		_, _ = w.to.WriteRune(r)
		return
	}
	var units [2]uint16
	for _, u := range utf16.AppendRune(units[:0], r) {
		_ = w.to.WriteByte(byte(u))
		_ = w.to.WriteByte(byte(u >> 8))
	}
}

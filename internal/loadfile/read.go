package loadfile

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"iter"
	"unicode/utf16"
	"unicode/utf8"
)

// maxRow is the largest row that is read, in bytes of UTF-8.
const maxRow = 64 << 20

// ReadDAT yields the rows of a DAT that a Writer wrote with the same profile; a newline
// character is read as LF. Each row is the caller's. The error is the last element.
func ReadDAT(from io.Reader, p Profile) iter.Seq2[[]string, error] {
	return read(from, datDialect(&p))
}

// ReadCSV yields the rows of a CSV that a Writer wrote with the same profile.
func ReadCSV(from io.Reader, p Profile) iter.Seq2[[]string, error] {
	return read(from, csvDialect(&p))
}

func read(from io.Reader, d dialect) iter.Seq2[[]string, error] {
	return func(yield func([]string, error) bool) {
		in := &input{from: bufio.NewReaderSize(from, 1<<16), wide: d.encoding == UTF16LE}
		if err := in.mark(d.encoding != UTF8); err != nil {
			yield(nil, err)
			return
		}
		columns := 0
		for number := 1; ; number++ {
			row, err := in.row(d)
			if err == io.EOF {
				return
			}
			if err == nil && columns > 0 && len(row) != columns {
				err = fmt.Errorf("it has %d values, the first row has %d", len(row), columns)
			}
			if err != nil {
				yield(nil, fmt.Errorf("reading row %d of a load file, byte %d: %w", number, in.at, err))
				return
			}
			columns = len(row)
			if !yield(row, nil) {
				return
			}
		}
	}
}

// input reads characters, and knows where it is.
type input struct {
	from *bufio.Reader
	wide bool  // UTF-16, little endian
	at   int64 // in bytes
}

// mark reads the byte-order mark.
func (in *input) mark(wanted bool) error {
	if !wanted {
		return nil
	}
	want := "\uFEFF"
	if in.wide {
		want = "\xFF\xFE"
	}
	head, err := in.from.Peek(len(want))
	if err == io.EOF && len(head) == 0 {
		return nil // a file without rows
	}
	if err != nil && err != io.EOF {
		return err
	}
	if string(head) != want {
		return errors.New("reading a load file: it does not begin with the byte-order mark of its encoding")
	}
	in.at += int64(len(want))
	_, err = in.from.Discard(len(want))
	return err
}

// next returns a character and its bytes in UTF-8, which are raw when they are not UTF-8.
func (in *input) next() (rune, []byte, error) {
	if in.wide {
		return in.nextWide()
	}
	head, err := in.from.Peek(utf8.UTFMax)
	if len(head) == 0 {
		return 0, nil, err
	}
	r, size := utf8.DecodeRune(head)
	in.at += int64(size)
	_, err = in.from.Discard(size) // keeps the bytes of head
	return r, head[:size], err
}

func (in *input) nextWide() (rune, []byte, error) {
	u, err := in.unit()
	if err != nil {
		return 0, nil, err
	}
	r := rune(u)
	if utf16.IsSurrogate(r) {
		low, err := in.unit()
		if r = utf16.DecodeRune(r, rune(low)); err != nil || r == utf8.RuneError {
			return 0, nil, errors.New("half a character in UTF-16")
		}
	}
	return r, utf8.AppendRune(nil, r), nil
}

func (in *input) unit() (uint16, error) {
	low, err := in.from.ReadByte()
	if err != nil {
		return 0, err
	}
	high, err := in.from.ReadByte()
	if err != nil {
		return 0, io.ErrUnexpectedEOF
	}
	in.at += 2
	return uint16(low) | uint16(high)<<8, nil
}

// row reads a row, and io.EOF after the last one.
func (in *input) row(d dialect) ([]string, error) {
	var row []string
	left := maxRow
	r, _, err := in.next()
	if err != nil {
		return nil, err
	}
	for {
		if r != d.qualifier {
			return nil, fmt.Errorf("want the qualifier %U before a value, got %U", d.qualifier, r)
		}
		value, after, err := in.value(d, &left)
		if err != nil {
			return nil, truncated(err)
		}
		row = append(row, value)

		if after != d.separator {
			return row, in.end(d, after)
		}
		if r, _, err = in.next(); err != nil {
			return nil, truncated(err)
		}
	}
}

// value reads the rest of a value, and the character after it.
func (in *input) value(d dialect, left *int) (string, rune, error) {
	var value []byte
	for {
		r, raw, err := in.next()
		if err != nil {
			return "", 0, err
		}
		if *left -= len(raw); *left < 0 {
			return "", 0, fmt.Errorf("the row is larger than %d bytes", maxRow)
		}
		switch {
		case r == d.qualifier:
			if r, raw, err = in.next(); err != nil {
				return "", 0, err
			}
			if r != d.qualifier {
				return string(value), r, nil
			}
			value = append(value, raw...)
		case r == d.newline && d.newline != 0:
			value = append(value, '\n')
		case d.newline != 0 && (r == '\r' || r == '\n'):
			return "", 0, errors.New("a line ends in a value, where its newline character should be")
		default:
			value = append(value, raw...)
		}
	}
}

// end reads the rest of a line end.
func (in *input) end(d dialect, r rune) error {
	for i, want := range d.end {
		if i > 0 {
			var err error
			if r, _, err = in.next(); err != nil {
				return truncated(err)
			}
		}
		if r != want {
			return fmt.Errorf("want the separator %U or the end of the line after a value, got %U", d.separator, r)
		}
	}
	return nil
}

// truncated says that a file ended in the middle of a row.
func truncated(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

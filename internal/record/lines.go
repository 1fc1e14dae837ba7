package record

import (
	"bytes"
	"io"
)

// Line is one line of a line-based object.
type Line struct {
	Index   uint32 // among the lines that are not blank
	Offset  int64  // of its first byte
	Text    []byte // without the newline, valid until the next line
	Newline bool   // whether one followed
	Broken  bool   // the stream broke off in it
}

// Lines ranges over the lines of r that are not blank; a byte order mark is
// skipped. An error of the stream is the last element, after the line that it
// broke off in.
func Lines(r io.Reader) func(yield func(Line, error) bool) {
	return func(yield func(Line, error) bool) {
		s := NewScanner(r)
		s.SkipBOM()
		var index uint32
		for {
			start := s.Hold()
			newline := s.skipLine()
			end := s.Offset()
			if newline {
				end--
			}
			text := s.Bytes(start, end)
			if len(bytes.TrimSpace(text)) > 0 {
				if !yield(Line{Index: index, Offset: start, Text: text, Newline: newline, Broken: !newline && s.Err() != nil}, nil) {
					return
				}
				index++
			}
			if !newline {
				if err := s.Err(); err != nil {
					yield(Line{Offset: s.Offset()}, err)
				}
				return
			}
		}
	}
}

// skipLine consumes a line with its newline; false when the stream ends first.
func (s *Scanner) skipLine() bool {
	for {
		if i := bytes.IndexByte(s.buf[s.pos:], '\n'); i >= 0 {
			s.pos += i + 1
			return true
		}
		s.pos = len(s.buf)
		if !s.fill() {
			return false
		}
	}
}

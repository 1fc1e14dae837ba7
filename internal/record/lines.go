package record

import "bytes"

// Line is one line of a line-based object, or a piece of one that is longer
// than a record may be.
type Line struct {
	Index   uint32      // among the lines that are not blank
	Offset  int64       // of its first byte
	Text    []byte      // without the newline, valid until the next line
	Newline bool        // whether one followed
	Broken  bool        // the stream broke off in it
	Over    *LimitError // of a piece
	More    bool        // the next piece is of the same line
}

// Lines ranges over the lines that are not blank. One that is longer than a
// record may be comes in pieces of one byte more than that. An error of the
// stream is the last element, after the line that it broke off in.
func (c *Chunk) Lines(yield func(Line, error) bool) {
	s := c.scan
	line := Line{Index: c.row, Over: c.over}
	for !c.done() {
		line.Offset = s.Hold()
		line.Newline, line.More = s.skipLine()
		end := s.Offset()
		if line.Newline {
			end--
		}
		line.Text = s.Bytes(line.Offset, end)
		line.Broken = !line.Newline && !line.More && s.Err() != nil
		if line.Over == nil {
			line.Over = s.limits.tooLong(line)
		}
		if line.Over != nil || len(bytes.TrimSpace(line.Text)) > 0 {
			if !yield(line, nil) {
				return
			}
			if !line.More {
				line.Index, line.Over = line.Index+1, nil
			}
		}
		if !line.Newline && !line.More {
			if err := s.Err(); err != nil {
				yield(Line{Offset: s.Offset()}, err)
			}
			return
		}
	}
}

// Reject returns a piece as a part that could not be used.
func (l *Line) Reject() Reject {
	return Reject{Row: int64(l.Index), Offset: l.Offset, Reason: l.Over.Error(), Bytes: l.Text}
}

func (l *Limits) tooLong(line Line) *LimitError {
	if l.RecordBytes == 0 || int64(len(line.Text)) <= l.RecordBytes {
		return nil
	}
	return &LimitError{Limit: "record_bytes", Max: l.RecordBytes, Offset: line.Offset + l.RecordBytes}
}

// skipLine consumes a line with its newline, or so much of it that it is
// longer than a record may be and more follows. Neither when the stream ends
// first.
func (s *Scanner) skipLine() (newline, more bool) {
	for {
		end := min(len(s.buf), s.readTo())
		if i := bytes.IndexByte(s.buf[s.pos:end], '\n'); i >= 0 {
			s.pos += i + 1
			return true, false
		}
		s.pos = end
		if s.within(s.hold) != nil {
			return false, true
		}
		if !s.fill() {
			return false, false
		}
	}
}

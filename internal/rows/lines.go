package rows

import (
	"bytes"

	"cdrmend/internal/stream"
)

// Line is one line of an object in lines, or a piece of a line that is longer than
// a record may be.
type Line struct {
	Index   uint32             // among the lines that are not blank
	Offset  int64              // of its first byte
	Text    []byte             // without the newline, valid until the next line
	Before  []byte             // what stands between the line before it and this one, its start if that is long
	Newline bool               // whether one followed
	Broken  bool               // the stream ended with an error inside the line
	Over    *stream.LimitError // set for a piece
	More    bool               // the next piece is of the same line
}

// Lines ranges over the lines that are not blank. A line that is longer than a
// record may be is returned in pieces of one byte more than that limit. An error of
// the stream is the last element, after the line that it broke.
func (c *Chunk) Lines(yield func(Line, error) bool) {
	w := &c.window
	line := Line{Index: c.row, Over: c.over}
	var before []byte
	for !c.done() {
		// Holding the start of the line keeps its text in memory until the next one.
		line.Offset = w.Hold()
		line.Newline, line.More = w.SkipLine()
		end := w.Offset()
		if line.Newline {
			end--
		}

		line.Text = w.Bytes(line.Offset, end)
		line.Broken = !line.Newline && !line.More && w.Err() != nil
		if line.Over == nil {
			line.Over = line.tooLong(w.Limits)
		}

		if line.Over != nil || len(bytes.TrimSpace(line.Text)) > 0 {
			line.Before = before
			if !yield(line, nil) {
				return
			}
			before = before[:0]
			if !line.More { // the pieces of a line have one number
				line.Index, line.Over = line.Index+1, nil
			}
		} else if len(before) < longestBefore {
			before = append(before, line.Text...) // a blank line
		}
		if line.Newline {
			before = append(before, '\n')
		}

		// Only the last line has neither a newline nor another piece.
		if !line.Newline && !line.More {
			if err := w.Err(); err != nil {
				yield(Line{Offset: w.Offset()}, err)
			}
			return
		}
	}
}

// longestBefore is how many bytes between two rows are kept.
const longestBefore = 64 << 10

// Reject returns the reject for a piece.
func (l *Line) Reject() Reject { return l.RejectAs(l.Over.Error()) }

// RejectAs returns the reject for a line, with its reason.
func (l *Line) RejectAs(reason string) Reject {
	return Reject{Row: int64(l.Index), Offset: l.Offset, Reason: reason, Bytes: l.Text, Before: l.Before}
}

// tooLong returns an error for a line that is longer than a record may be.
func (l *Line) tooLong(limits *stream.Limits) *stream.LimitError {
	if limits.RecordBytes == 0 || int64(len(l.Text)) <= limits.RecordBytes {
		return nil
	}
	return &stream.LimitError{Limit: "record_bytes", Max: limits.RecordBytes, Offset: l.Offset + limits.RecordBytes}
}

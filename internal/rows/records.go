package rows

import (
	"iter"
	"regexp"

	"cdrmend/internal/stream"
)

// Records ranges over the records of a text log in which one may have several lines,
// as the trace of a SIP message has: it begins with a line that matches, and goes on
// to the next one that does. Lines before the first such line are a record, too.
//
// A record has the number and the offset of its first line. One that is longer than
// a record may be is returned in pieces, each of as many lines as fit.
func (c *Chunk) Records(begins *regexp.Regexp) iter.Seq2[Line, error] {
	return func(yield func(Line, error) bool) {
		r := recordJoiner{most: c.window.Limits.RecordBytes}
		for line, err := range c.Lines {
			if err != nil {
				if r.end(yield) {
					yield(line, err)
				}
				return
			}

			// Only a line, or its first piece, can begin a record. So can what does not follow
			// the line before it at once: of very many blank lines only the first ones are known.
			first := !r.within && begins.Match(line.Text)
			if gap := line.Offset != r.next()+int64(len(line.Before)); r.open && (first || gap) {
				if !r.end(yield) {
					return
				}
			}
			if !r.add(line, yield) {
				return
			}
			r.within = line.More
		}
		r.end(yield)
	}
}

// recordJoiner joins lines to records.
type recordJoiner struct {
	most   int64 // the longest record in bytes, 0 without a limit
	record Line  // the present one, or the present piece of it, in memory of its own
	open   bool  // it has a line
	within bool  // the next line is the rest of the one before it
}

// next returns the offset of the byte after the record.
func (r *recordJoiner) next() int64 { return r.record.Offset + int64(len(r.record.Text)) }

// add adds a line to the record, which it begins when there is none. What the record
// cannot hold becomes its next piece.
func (r *recordJoiner) add(line Line, yield func(Line, error) bool) bool {
	rec := &r.record
	if !r.open {
		*rec = Line{
			Index: line.Index, Offset: line.Offset, Over: line.Over, Broken: line.Broken,
			Text: append(rec.Text[:0], line.Text...), Before: append(rec.Before[:0], line.Before...),
		}
		r.open = true
		return true
	}

	if line.Over != nil || r.most > 0 && int64(len(rec.Text)+len(line.Before)+len(line.Text)) > r.most {
		if rec.Over == nil {
			rec.Over = &stream.LimitError{Limit: "record_bytes", Max: r.most, Offset: rec.Offset + r.most}
		}
		rec.More = true
		if !yield(*rec, nil) {
			return false
		}
		rec.Offset, rec.Text, rec.Before = r.next(), rec.Text[:0], rec.Before[:0]
	}
	rec.Text = append(append(rec.Text, line.Before...), line.Text...)
	rec.Broken = line.Broken
	return true
}

// end ends the record, if there is one.
func (r *recordJoiner) end(yield func(Line, error) bool) bool {
	if !r.open {
		return true
	}
	r.record.More, r.open = false, false
	return yield(r.record, nil)
}

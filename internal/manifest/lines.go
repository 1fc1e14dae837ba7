package manifest

import (
	"errors"

	"cdrmend/internal/jsonscan"
	"cdrmend/internal/rows"
)

// lines is what the lines of a document come to beside its entries.
type lines struct {
	bad    error // of the first that is set aside
	end    error // of the last, which is cut, or of the stream
	remove []Range
	cut    *Recovery // of the last line
}

// ReadRows reads a chunk of a document in JSON Lines, while the stream may
// still be read elsewhere. Damage is part of the batch; the error is a failure
// to read.
func (r *Reader) ReadRows(c *rows.Chunk, in Input) (*Batch, error) {
	b := r.Begin(in)
	if err := r.lines(b, c, in); err != nil {
		return nil, err
	}
	r.adoptDocument(b)
	err := b.Keep(in.Keep)
	r.room.own(b)
	return b, err
}

// Add takes over what the next chunk of the document holds.
func (b *Batch) Add(next *Batch) {
	b.full = append(append(b.full, next.full...), next.Entries)
	b.Filtered.Add(&next.Filtered)
	b.gaps = append(b.gaps, next.gaps...)
	b.Doc.Rest = append(b.Doc.Rest, next.Doc.Rest...)
	b.Rows, b.Rejects, b.Length = b.Rows+next.Rows, b.Rejects+next.Rejects, next.Length
	if b.lines.bad == nil {
		b.lines.bad = next.lines.bad
	}
	b.lines.end, b.lines.cut = next.lines.end, next.lines.cut
	b.lines.remove = append(b.lines.remove, next.lines.remove...)
	if more := next.Doc.Rare; more != nil {
		rare := b.Doc.rare()
		rare.Invalid = append(rare.Invalid, more.Invalid...)
	}
}

// lines reads JSON Lines: every line is an entry of its own, and a bad one
// costs only itself.
func (r *Reader) lines(b *Batch, c *rows.Chunk, in Input) error {
	defer r.settle(b)
	slots := r.mapping.Paths.NewSlots()
	for line, err := range c.Lines {
		switch {
		case err != nil && jsonscan.IsDamage(err):
			b.lines.end, err = err, nil
		case err != nil:
		case line.Over != nil:
			err = b.piece(line, in.Reject)
		default:
			err = r.line(b, slots, line, in.Reject)
		}
		if err != nil {
			return err
		}
	}
	b.Length = c.Offset()
	return nil
}

// line reads one line.
func (r *Reader) line(b *Batch, slots *jsonscan.Slots, line rows.Line, reject func(rows.Reject) error) error {
	e, err := slots.ScanLine(line.Index, line.Offset, line.Text, r.limits)
	if err == nil {
		return r.element(b, e, reject)
	}
	last := !line.Newline && jsonscan.IsTruncated(err)
	if tail, members := slots.Tail(); last && !line.Broken && e.Kind == jsonscan.Object && members > 0 {
		b.lines.end, b.lines.cut = err, &Recovery{Keep: tail, Closers: "}"}
		return r.element(b, e, reject)
	}
	b.Rows, b.Rejects = b.Rows+1, b.Rejects+1
	switch {
	case line.Broken: // the stream was cut in this line, which is noted for the stream
	case last:
		b.lines.end = err
	default:
		b.lines.note(withinLine(err))
	}
	b.lines.remove = append(b.lines.remove, wholeLine(line))
	return reject(rows.Reject{Row: int64(line.Index), Offset: line.Offset, Reason: err.Error(), Bytes: line.Text})
}

// piece sets aside a piece of a line that is too long. The line counts once.
func (b *Batch) piece(line rows.Line, reject func(rows.Reject) error) error {
	b.lines.note(line.Over)
	b.lines.remove = append(b.lines.remove, wholeLine(line))
	if !line.More {
		b.Rows, b.Rejects = b.Rows+1, b.Rejects+1
	}
	return reject(line.Reject())
}

// note notes why a line is set aside, if it is the first.
func (l *lines) note(err error) {
	if l.bad == nil {
		l.bad = err
	}
}

// withinLine makes the error of a line that ends too early one of the document,
// which goes on: it breaks at the line's end.
func withinLine(err error) error {
	var syntax *jsonscan.SyntaxError
	if errors.As(err, &syntax) && syntax.Truncated {
		return &jsonscan.SyntaxError{Offset: syntax.Offset}
	}
	return err
}

// wholeLine is where a line stands with its newline.
func wholeLine(line rows.Line) Range {
	r := Range{line.Offset, line.Offset + int64(len(line.Text))}
	if line.Newline {
		r.End++
	}
	return r
}

// recoverLines notes how the lines are damaged, and what is left of them.
func (r *Reader) recoverLines(b *Batch, in Input) {
	if b.lines.bad == nil && b.lines.end == nil {
		return
	}
	for _, err := range []error{b.lines.bad, b.lines.end} {
		if err != nil {
			r.broken(b, err, in)
		}
	}
	recovery := b.lines.cut
	if recovery == nil {
		recovery = &Recovery{Keep: b.Length}
	}
	recovery.Remove = b.lines.remove
	b.Doc.Rare.Recovery = recovery
}

package manifest

import (
	"errors"

	"cdrmend/internal/jsonscan"
	"cdrmend/internal/rows"
)

// lines notes the damaged lines of a document.
type lines struct {
	bad    error     // of the first line that is set aside
	end    error     // of the last line, if it is cut, or of the stream
	remove []Range   // lines that are set aside
	cut    *Recovery // of the last line, if it is cut and some of it is left
	before []byte    // what follows the value of the last line, and later its newline
}

// ReadRows reads a chunk of a document in JSON Lines, while the stream may
// still be read elsewhere. Damage is part of the batch; the error is a failure
// to read.
func (r *Reader) ReadRows(c *rows.Chunk, in Input) (*Batch, error) {
	b := r.Begin(in)
	if err := r.lines(b, c, in); err != nil {
		return nil, err
	}

	sieve{r, b}.adoptDocument()
	err := b.KeepDetails(in.Keep)
	r.spare.detach(b)
	return b, err
}

// Add appends the next chunk of the document.
func (b *Batch) Add(next *Batch) {
	b.full = append(append(b.full, next.full...), next.Entries)
	b.Filtered.Add(&next.Filtered)
	b.gaps = append(b.gaps, next.gaps...)
	b.Doc.Details = append(b.Doc.Details, next.Doc.Details...)
	b.Rows, b.Rejects, b.Length, b.Places = b.Rows+next.Rows, b.Rejects+next.Rejects, next.Length, b.Places|next.Places

	// The first bad line counts. Only the last chunk knows how the lines end.
	if b.lines.bad == nil {
		b.lines.bad = next.lines.bad
	}
	b.lines.end, b.lines.cut = next.lines.end, next.lines.cut
	for _, r := range next.lines.remove {
		b.lines.removeRange(r)
	}

	if more := next.Doc.Extra; more != nil {
		extra := b.Doc.extra()
		extra.Invalid = append(extra.Invalid, more.Invalid...)
	}
}

// lines reads JSON Lines: every line is an entry of its own, and a bad one
// costs only itself.
func (r *Reader) lines(b *Batch, c *rows.Chunk, in Input) error {
	defer b.settle(&r.norm)
	slots := r.mapping.Paths.NewSlots()
	for line, err := range c.Lines {
		switch {
		case err != nil && jsonscan.IsDamage(err):
			b.lines.end, err = err, nil // the last element: nothing follows it
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
		// White space around the value belongs to no element.
		around := &b.lines.before
		*around = append(append(*around, line.Before...), line.Text[:e.Start-line.Offset]...)
		e.Before = *around
		err = r.element(b, e, reject)
		*around = append((*around)[:0], line.Text[e.End-line.Offset:]...)
		return err
	}
	b.lines.before = b.lines.before[:0]

	// A cut last line that is an object keeps the members before the cut.
	last := !line.Newline && jsonscan.IsTruncated(err)
	if tail, members := slots.Tail(); last && !line.Broken && e.Kind == jsonscan.Object && members > 0 {
		b.lines.end, b.lines.cut = err, &Recovery{Keep: tail, Closers: "}"}
		return r.element(b, e, reject)
	}

	b.Rows, b.Rejects = b.Rows+1, b.Rejects+1
	switch {
	case line.Broken: // the error of the stream comes next and says why
	case last:
		b.lines.end = err
	default:
		b.lines.note(withinLine(err))
	}

	b.lines.setAside(line)
	return reject(line.RejectAs(err.Error()))
}

// piece sets aside a piece of a line that is too long. The line counts once.
func (b *Batch) piece(line rows.Line, reject func(rows.Reject) error) error {
	b.lines.note(line.Over)
	b.lines.setAside(line)
	if !line.More {
		b.Rows, b.Rejects = b.Rows+1, b.Rejects+1
	}
	return reject(line.Reject())
}

// note notes why the first bad line is set aside.
func (l *lines) note(err error) {
	if l.bad == nil {
		l.bad = err
	}
}

// withinLine returns the error of a line as an error of its document. A line
// that ends too early is a syntax error of the document, which continues after
// it: the document is not truncated.
func withinLine(err error) error {
	var syntax *jsonscan.SyntaxError
	if errors.As(err, &syntax) && syntax.Truncated {
		return &jsonscan.SyntaxError{Offset: syntax.Offset}
	}
	return err
}

// setAside removes a line with its newline from the document.
func (l *lines) setAside(line rows.Line) {
	r := Range{line.Offset, line.Offset + int64(len(line.Text))}
	if line.Newline {
		r.End++
	}
	l.removeRange(r)
}

// removeRange removes a range that follows all others. Lines that follow each other
// become one range.
func (l *lines) removeRange(r Range) {
	if last := len(l.remove) - 1; last >= 0 && l.remove[last].End == r.Start {
		l.remove[last].End = r.End
		return
	}
	l.remove = append(l.remove, r)
}

// recoverLines notes how the lines are damaged, and what is left of them.
func (b *Batch) recoverLines(in Input) {
	if b.lines.bad == nil && b.lines.end == nil {
		return
	}

	// The end comes last, so that its error is the reason that the document gives.
	for _, err := range []error{b.lines.bad, b.lines.end} {
		if err != nil {
			b.Doc.noteDamage(err, in.StoredSize)
		}
	}

	recovery := b.lines.cut
	if recovery == nil {
		recovery = &Recovery{Keep: b.Length}
	}
	recovery.Remove = b.lines.remove
	b.Doc.Extra.Recovery = recovery
}

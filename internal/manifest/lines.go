package manifest

import (
	"errors"
	"io"

	"cdrmend/internal/record"
)

// lines reads JSON Lines: every line is an entry of its own, and a bad one
// costs only itself.
func (r *Reader) lines(b *Batch, in Input) error {
	slots := r.mapping.Paths.NewSlots()
	var remove []Range
	var cut *Recovery
	content := counter{r: in.Body}
	defer func() { b.Length = content.n }()
	for line, err := range record.Lines(&content, r.limits) {
		if err != nil {
			if record.IsDamage(err) {
				r.broken(b, err, in)
				break
			}
			return err
		}
		if line.Over != nil {
			remove = append(remove, wholeLine(line))
			if err := r.piece(b, line, in); err != nil {
				return err
			}
			continue
		}
		e, err := record.ScanLine(line, slots, r.limits)
		last := !line.Newline && err != nil && record.IsCut(err)
		switch _, members := slots.Tail(); {
		case err == nil:
			err = r.element(b, e, in.Reject)
		case last && in.Stream.Failed() == nil && e.Kind == record.Object && members > 0:
			tail, _ := slots.Tail()
			cut = &Recovery{Keep: tail, Closers: "}"}
			r.broken(b, err, in)
			err = r.element(b, e, in.Reject)
		default:
			b.Rows, b.Rejects = b.Rows+1, b.Rejects+1
			if b.Doc.rare().Malformed == nil || last {
				r.brokenLine(b, err, line, in)
			}
			remove = append(remove, wholeLine(line))
			err = in.Reject(record.Reject{Row: int64(line.Index), Offset: line.Offset, Reason: err.Error(), Bytes: line.Text})
		}
		if err != nil {
			return err
		}
	}
	b.whole = content.n
	r.lineRecovery(b, remove, cut, content.n)
	return nil
}

// piece sets aside a piece of a line that is too long. The line counts once.
func (r *Reader) piece(b *Batch, line record.Line, in Input) error {
	if b.Doc.rare().Malformed == nil {
		r.broken(b, line.Over, in)
	}
	if !line.More {
		b.Rows, b.Rejects = b.Rows+1, b.Rejects+1
	}
	return in.Reject(line.Reject())
}

// counter counts the bytes of a document that is read to its end.
type counter struct {
	r io.Reader
	n int64
}

func (c *counter) Read(b []byte) (int, error) {
	n, err := c.r.Read(b)
	c.n += int64(n)
	return n, err
}

// wholeLine is where a line stands with its newline.
func wholeLine(line record.Line) Range {
	r := Range{line.Offset, line.Offset + int64(len(line.Text))}
	if line.Newline {
		r.End++
	}
	return r
}

// brokenLine notes a line that is set aside. The last one without newline
// makes the document a truncated one, any other a malformed one: a line that
// ends too early breaks at its newline.
func (r *Reader) brokenLine(b *Batch, err error, line record.Line, in Input) {
	if !line.Newline && in.Stream.Failed() != nil {
		return // the stream was cut in this line, which is noted for the stream
	}
	var syntax *record.SyntaxError
	if errors.As(err, &syntax) && syntax.Cut && line.Newline {
		err = &record.SyntaxError{Offset: syntax.Offset}
	}
	r.broken(b, err, in)
}

func (r *Reader) lineRecovery(b *Batch, remove []Range, cut *Recovery, length int64) {
	rare := b.Doc.Rare
	if rare == nil || rare.Truncated == nil && rare.Malformed == nil {
		return
	}
	if cut == nil {
		cut = &Recovery{Keep: length}
	}
	cut.Remove = remove
	rare.Recovery = cut
}

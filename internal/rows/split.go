package rows

import (
	"bytes"
	"io"
	"iter"

	"cdrmend/internal/profile"
	"cdrmend/internal/stream"
	"cdrmend/internal/window"
)

// Split ranges over the rows of c in chunks. Each has as many rows as fit into the
// next buffer, or one row that is longer than the buffer. It ends early when
// there is no buffer.
func (c *Chunk) Split(buffer func() ([]byte, bool)) iter.Seq[*Chunk] {
	return func(yield func(*Chunk) bool) {
		p := splitter{whole: c, quotes: c.rowEnd(), most: c.window.Limits.RecordBytes, offset: c.window.Offset(), row: c.row, err: c.err}
		for more := true; more; {
			memory, ok := buffer()
			if !ok {
				return
			}

			next := p.next(memory)
			more = next.more // from now on the chunk belongs to its reader
			if !yield(next) {
				return
			}
		}
	}
}

// splitter finds the ends of the rows of an object.
type splitter struct {
	whole  *Chunk
	most   int64              // the longest record in bytes, 0 without a limit
	text   []byte             // the bytes of the next chunk
	offset int64              // of the text in the object
	end    int                // where the whole rows in the text end
	tail   []byte             // the bytes after the end of the previous text
	row    uint32             // the number of the row after the end
	over   *stream.LimitError // that row is longer than a record may be already
	looked int                // bytes of that row already searched for its end
	quotes rowEnd             // the same for CSV
	err    error              // the error at the end of the object
}

// next reads the next chunk into memory.
func (p *splitter) next(memory []byte) *Chunk {
	chunk := *p.whole
	chunk.row, chunk.over = p.row, p.over
	p.text, p.end = append(memory[:0], p.tail...), 0

	// A full text in which no row ends grows, unless it is pieces of a line.
	for p.rows(); p.err == nil; p.rows() {
		if full := len(p.text) == cap(p.text); full && (p.end > 0 || p.pieces()) {
			break
		}
		p.read()
	}
	if chunk.more = p.err == nil; !chunk.more { // the last row may lack its line end
		p.end = len(p.text)
	}

	ends := io.EOF // when the object continues, its chunk ends plainly
	if !chunk.more {
		ends = p.err
	}
	chunk.window = window.Over(p.text[:p.end], p.offset, p.whole.window.Limits, ends)
	p.tail = append(p.tail[:0], p.text[p.end:]...) // from here on the memory belongs to the chunk
	p.offset += int64(p.end)
	return &chunk
}

// firstBuffer is the size of the first buffer when the caller gives an empty one.
const firstBuffer = 4 << 10

// read appends more of the object to the text, which grows when it is full.
func (p *splitter) read() {
	if len(p.text) == cap(p.text) {
		p.text = append(make([]byte, 0, max(2*cap(p.text), firstBuffer)), p.text...)
	}

	var n int
	n, p.err = p.whole.window.Read(p.text[len(p.text):cap(p.text)])
	p.text = p.text[:len(p.text)+n]
}

// rows moves the end past all rows that end in the text.
func (p *splitter) rows() {
	for {
		row := p.text[p.end:]
		n, found := p.find(row)

		// A long line is split into pieces, but a row of CSV that is too long ends the
		// object, as it does without chunks.
		if p.whole.format == profile.CSV && p.most > 0 && int64(n) > p.most {
			p.err = &stream.LimitError{Limit: "record_bytes", Max: p.most, Offset: p.offset + int64(p.end) + p.most}
			return
		}
		if !found {
			return
		}

		if p.counts(row[:n]) {
			p.row++
		}
		p.end, p.over, p.looked, p.quotes = p.end+n, nil, 0, p.whole.rowEnd()
	}
}

// find returns the length of the row at the start of a text. It returns false,
// and the length of the text, when the row does not end in it.
func (p *splitter) find(text []byte) (n int, found bool) {
	if p.whole.format == profile.CSV {
		return p.quotes.find(text, false)
	}
	if n := bytes.IndexByte(text[p.looked:], '\n'); n >= 0 {
		return p.looked + n + 1, true
	}
	p.looked = len(text)
	return len(text), false
}

// counts reports whether a line that has ended is a row.
func (p *splitter) counts(line []byte) bool {
	// Most lines begin with a visible character, so that they need not be trimmed.
	long := p.over != nil || p.most > 0 && int64(len(line)-1) > p.most
	return p.whole.format == profile.CSV || long || line[0] > ' ' && line[0] < 0x80 || len(bytes.TrimSpace(line)) > 0
}

// pieces moves the end past the pieces of a line that fills the text and is longer
// than a record may be; see [Chunk.Lines]. It reports false for a line that may
// still be short enough.
func (p *splitter) pieces() bool {
	size := p.most + 1
	if p.most == 0 || int64(len(p.text)) < size {
		return false
	}

	if p.over == nil {
		p.over = &stream.LimitError{Limit: "record_bytes", Max: p.most, Offset: p.offset + p.most}
	}

	// Whole pieces only, so that the pieces are the same however the object is split.
	p.end = int(int64(len(p.text)) / size * size)
	p.looked -= p.end
	return true
}

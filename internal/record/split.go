package record

import (
	"bytes"
	"iter"
)

// Split ranges over the rows of c in chunks, each of which is as many rows as
// there is room for in the next buffer, or one row that is longer. It ends
// early when there is no buffer.
func (c *Chunk) Split(buffer func() ([]byte, bool)) iter.Seq[*Chunk] {
	return func(yield func(*Chunk) bool) {
		p := splitter{whole: c, most: c.scan.limits.RecordBytes, offset: c.scan.Offset(), row: c.row, err: c.err}
		for more := true; more; {
			memory, ok := buffer()
			if !ok {
				return
			}
			next := p.next(memory)
			more = next.more
			if !yield(next) {
				return
			}
		}
	}
}

// splitter finds where the rows of an object end.
type splitter struct {
	whole  *Chunk
	most   int64       // what a record may have, 0 without a limit
	text   []byte      // of the next chunk
	offset int64       // of the text
	end    int         // of its whole rows
	tail   []byte      // of the text before, behind its end
	row    uint32      // the number of the row behind the end
	over   *LimitError // that row goes on already for longer than a record may be
	looked int         // up to which that row was looked at
	quotes rowEnd      // the same for CSV
	err    error       // what the object ends with
}

// next makes a chunk in some memory.
func (p *splitter) next(memory []byte) *Chunk {
	chunk := *p.whole
	chunk.row, chunk.over = p.row, p.over
	p.text, p.end = append(memory[:0], p.tail...), 0
	for p.rows(); p.err == nil; p.rows() {
		if full := len(p.text) == cap(p.text); full && (p.end > 0 || p.pieces()) {
			break
		}
		p.read()
	}
	if chunk.more = p.err == nil; !chunk.more {
		p.end = len(p.text)
	}
	chunk.scan = &Scanner{}
	chunk.scan.Reset(p.text[:p.end], p.offset, p.whole.scan.limits)
	if !chunk.more {
		chunk.scan.err = p.err
	}
	p.tail = append(p.tail[:0], p.text[p.end:]...) // the memory is the chunk's from here on
	p.offset += int64(p.end)
	return &chunk
}

// read reads on behind the text, which grows when it is full.
func (p *splitter) read() {
	if len(p.text) == cap(p.text) {
		p.text = append(make([]byte, 0, max(2*cap(p.text), firstWindow)), p.text...)
	}
	var n int
	n, p.err = p.whole.scan.read(p.text[len(p.text):cap(p.text)])
	p.text = p.text[:len(p.text)+n]
}

// rows moves the end behind all rows that end in the text.
func (p *splitter) rows() {
	for {
		row := p.text[p.end:]
		n, found := p.find(row)
		if p.whole.format == CSV && p.most > 0 && int64(n) > p.most {
			p.err = &LimitError{Limit: "record_bytes", Max: p.most, Offset: p.offset + int64(p.end) + p.most}
			return
		}
		if !found {
			return
		}
		if p.counts(row[:n]) {
			p.row++
		}
		p.end, p.over, p.looked, p.quotes = p.end+n, nil, 0, rowEnd{}
	}
}

// find returns the length of the row that a text begins with, as far as it is
// there; false when it does not end in the text.
func (p *splitter) find(text []byte) (n int, found bool) {
	if p.whole.format == CSV {
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
	long := p.over != nil || p.most > 0 && int64(len(line)-1) > p.most
	return p.whole.format == CSV || long || line[0] > ' ' && line[0] < 0x80 || len(bytes.TrimSpace(line)) > 0
}

// pieces moves the end behind the pieces of a line that fills the text and is
// longer than a record may be; see [Chunk.Lines]. It reports false for a line
// that may turn out not to be.
func (p *splitter) pieces() bool {
	size := p.most + 1
	if p.most == 0 || int64(len(p.text)) < size {
		return false
	}
	if p.over == nil {
		p.over = &LimitError{Limit: "record_bytes", Max: p.most, Offset: p.offset + p.most}
	}
	p.end = int(int64(len(p.text)) / size * size)
	p.looked -= p.end
	return true
}

package table

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"
	"sync/atomic"

	"golang.org/x/sync/errgroup"
)

const (
	// Two parts that lie closer than this are read with one request: over a network
	// a request takes as long as so many bytes.
	fewBytes = 128 << 10
	// So many requests run at once.
	requestsAtOnce = 8
)

// costs is how much searches read.
type costs struct {
	Requests int64 // calls of ReadAt
	Bytes    int64
}

// add counts a call of ReadAt. Several may end at once.
func (c *costs) add(bytes int64) {
	atomic.AddInt64(&c.Requests, 1)
	atomic.AddInt64(&c.Bytes, bytes)
}

// span is bytes of a file.
type span struct{ from, end int64 }

// part is bytes of a file that are in memory.
type part struct {
	span
	content []byte
}

// parts reads a file of which only some parts are needed. They are read ahead, in
// few requests at once; what was not read ahead takes a request of its own.
type parts struct {
	file  io.ReaderAt
	size  int64
	held  []part
	under *parts // has parts, too, and does not change meanwhile; nil for none
	cost  *costs
}

// ReadAt returns fewer bytes and io.EOF where the bytes in memory end: buffered
// readers ask for more than they need.
func (p *parts) ReadAt(b []byte, at int64) (n int, err error) {
	// Two parts may lie next to each other: a reader that met an end between them would
	// take it for the end of the file.
	for n < len(b) {
		held := p.at(at + int64(n))
		if held == nil {
			break
		}
		n += copy(b[n:], held.content[at+int64(n)-held.from:])
	}
	switch {
	case n == len(b):
		return n, nil
	case n > 0:
		return n, io.EOF
	}

	n, err = p.file.ReadAt(b, at)
	p.cost.add(int64(n))
	return n, err
}

// at returns the part in memory that holds a byte and ends last, nil if there is none.
func (p *parts) at(place int64) (best *part) {
	for i := range p.held { // parts may overlap
		if h := &p.held[i]; h.from <= place && place < h.end && (best == nil || h.end > best.end) {
			best = h
		}
	}
	if best == nil && p.under != nil {
		return p.under.at(place)
	}
	return best
}

// holds reports whether bytes are in memory.
func (p *parts) holds(s span) bool {
	return slices.ContainsFunc(p.held, func(h part) bool { return h.from <= s.from && s.end <= h.end }) || p.under != nil && p.under.holds(s)
}

// fetch reads spans into memory.
func (p *parts) fetch(ctx context.Context, spans []span) error {
	spans = slices.DeleteFunc(slices.Clone(spans), p.holds)
	for _, s := range spans {
		if s.from < 0 || s.end < s.from || s.end > p.size {
			return fmt.Errorf("the file is damaged: it has %d bytes, and a part is said to be from byte %d to %d", p.size, s.from, s.end)
		}
	}

	// Each request is for a run of spans that are close to each other.
	slices.SortFunc(spans, func(a, b span) int { return cmp.Compare(a.from, b.from) })
	var runs []part
	for _, s := range spans {
		if last := len(runs) - 1; last >= 0 && s.from-runs[last].end < fewBytes {
			runs[last].end = max(runs[last].end, s.end)
		} else {
			runs = append(runs, part{span: s})
		}
	}

	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(requestsAtOnce)
	for i := range runs {
		r := &runs[i]
		g.Go(func() error {
			if err := ctx.Err(); err != nil {
				return err
			}
			r.content = make([]byte, r.end-r.from)
			n, err := p.file.ReadAt(r.content, r.from)
			if err == io.EOF && n == len(r.content) { // a reader may report it with the last bytes
				err = nil
			}
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}

	for _, r := range runs {
		p.cost.add(r.end - r.from)
	}
	p.held = append(p.held, runs...)
	return nil
}

package intake

import (
	"context"
	"runtime"

	"cdrmend/internal/rows"
	"cdrmend/internal/stream"
)

// A large object in lines is decoded in chunks, several at the same time: the
// object's own goroutine reads, hashes and unpacks it, finds where rows end, and
// joins what the chunks hold in the order of the object. The result is the same
// as if one reader had read it all.

const (
	// chunkSize is how large chunks are. A row that is longer is a chunk of its
	// own.
	chunkSize = 1 << 20
	// chunksEach is how many chunks may be under way for each processor: being
	// read, being decoded, or waiting for one before them.
	chunksEach = 4
	// chunksLarge is the number of chunks from which on an object is split.
	chunksLarge = 4
)

// chunks bounds the memory of the chunks that are under way in all objects.
type chunks struct {
	size    int
	buffers chan []byte
}

func newChunks(size int) *chunks {
	n := chunksEach * runtime.GOMAXPROCS(0)
	c := &chunks{size: size, buffers: make(chan []byte, n)}
	for range n {
		c.buffers <- nil // allocated on first use
	}
	return c
}

// split reports whether an object is decoded in chunks.
func (c *chunks) split(o *opened) bool {
	size := o.Size
	if o.stream.Compression != stream.Plain {
		size *= packed
	}
	if size < chunksLarge*int64(c.size) || !o.format.InLines() {
		return false
	}

	// UTF-16 cannot be read: one reader of the whole object reports that once.
	head, _ := o.body.Peek(2)
	return !stream.IsUTF16(head)
}

// release makes the buffer of a chunk available to the next one.
func (c *chunks) release(b []byte) {
	if cap(b) != c.size {
		b = nil // it had to grow
	}
	c.buffers <- b
}

// decoding is one chunk that is being decoded.
type decoding[B any] struct {
	chunk   *rows.Chunk
	from    int64         // where it begins in the object
	done    chan struct{} // closed when the fields below are set
	batch   B
	rejects []rejectRun // their bytes are in the chunk's buffer
	err     error
}

// rejectRun is successive rejects of a chunk with one reason. There may be one for
// every two bytes of the chunk, so that each takes little memory.
type rejectRun struct {
	row    int64 // of the first
	offset int64 // likewise
	reason string
	spans  []chunkSpan
	values []string // of the rejects; nil when the reason is no value
}

// chunkSpan is where the bytes of a reject are, from the offset of its run on.
type chunkSpan struct{ from, to uint32 }

// reject notes a reject of the chunk.
func (d *decoding[B]) reject(r rows.Reject) error {
	last := len(d.rejects) - 1
	if last < 0 || r.Reason != d.rejects[last].reason || r.Row != d.rejects[last].row+int64(len(d.rejects[last].spans)) {
		d.rejects = append(d.rejects, rejectRun{row: r.Row, offset: r.Offset, reason: r.Reason})
		last++
	}
	run := &d.rejects[last]
	from := uint32(r.Offset - run.offset)
	run.spans = append(run.spans, chunkSpan{from, from + uint32(len(r.Bytes))})
	if r.Value != "" {
		// Rejects with one reason nearly always have values all together.
		for len(run.values) < len(run.spans)-1 {
			run.values = append(run.values, "")
		}
		run.values = append(run.values, r.Value)
	}
	return nil
}

// eachReject calls reject for the rejects of the chunk in order. Tail is what stands
// between the last reject before the chunk and the chunk; eachReject returns it for
// the next one.
func (d *decoding[B]) eachReject(tail []byte, reject func(rows.Reject) error) ([]byte, error) {
	at := d.from
	for n, run := range d.rejects {
		for i, span := range run.spans {
			from, to := run.offset+int64(span.from), run.offset+int64(span.to)
			r := rows.Reject{Row: run.row + int64(i), Offset: from, Reason: run.reason, Bytes: d.chunk.Bytes(from, to)}
			if i < len(run.values) {
				r.Value = run.values[i]
			}
			switch between := d.chunk.Bytes(at, from); {
			case i > 0:
				r.Before = between
			case n == 0 && len(tail)+len(between) <= longestRun:
				r.Before = append(tail, between...)
			}
			if err := reject(r); err != nil {
				return nil, err
			}
			at, tail = to, nil
		}
	}

	rest := d.chunk.Bytes(at, d.chunk.End())
	return append(tail, rest[:min(len(rest), longestRun-len(tail))]...), nil
}

// readChunks reads an object chunk by chunk; r joins the chunks.
func (p *pool[B]) readChunks(ctx context.Context, o *opened, r reader[B]) (B, error) {
	q := &queue[B]{chunks: p.chunks, reader: r, reject: o.reject, all: r.begin(o)}
	for c := range rows.NewChunk(o.body, p.profile, o.format, p.limits).Split(func() ([]byte, bool) { return q.buffer(ctx) }) {
		d := &decoding[B]{chunk: c, from: c.Offset(), done: make(chan struct{})}
		q.waiting = append(q.waiting, d)
		go func() {
			defer close(d.done)
			own := p.get(o)
			defer p.put(own)
			d.batch, d.err = own.readChunk(o, c, d.reject)
		}()
	}

	// Even after an error, wait for all chunks: their buffers belong to the next
	// objects.
	for len(q.waiting) > 0 {
		q.joinFirst()
	}
	if q.err != nil {
		return q.all, q.err
	}

	return r.finish(q.all, o)
}

// queue holds the chunks of one object that are under way, in their order.
type queue[B any] struct {
	*chunks
	reader  reader[B]
	reject  func(rows.Reject) error
	all     B
	waiting []*decoding[B]
	tail    []byte // of the last chunk, after its last reject
	err     error  // after which nothing is joined
}

// joinFirst waits for the first chunk and adds it to the batch.
func (q *queue[B]) joinFirst() {
	d := q.waiting[0]
	q.waiting = q.waiting[1:]
	<-d.done

	// Rejects come before the error, as one reader of the whole object would have
	// met them first.
	if q.err == nil {
		q.tail, q.err = d.eachReject(q.tail, q.reject)
	}
	if q.err == nil {
		q.err = d.err
	}
	if q.err == nil {
		q.reader.add(q.all, d.batch)
	}

	// Only now: the bytes of the rejects were in the buffer.
	q.release(d.chunk.Buffer())
}

// buffer returns the buffer of the next chunk, false after an error. While all
// are in use it joins chunks of its own object, so that no two objects wait for
// each other's buffers.
func (q *queue[B]) buffer(ctx context.Context) ([]byte, bool) {
	for q.err == nil {
		var first chan struct{} // nil blocks for ever
		if len(q.waiting) > 0 {
			first = q.waiting[0].done
		}

		select {
		case <-first:
			q.joinFirst()
		case b := <-q.buffers:
			if b == nil {
				b = make([]byte, 0, q.size)
			}
			return b, true
		case <-ctx.Done():
			q.err = ctx.Err()
		}
	}

	return nil, false
}

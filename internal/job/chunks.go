package job

import (
	"context"
	"runtime"

	"cdrmend/internal/record"
)

// A large object in lines is decoded in chunks, several beside each other: the
// object's own goroutine reads, hashes and unpacks it, finds where rows end, and
// joins what the chunks hold in the order of the object. What comes out is the
// same as if one had read it all.

const (
	// chunkSize is how large chunks are. A row that is longer is a chunk of its
	// own.
	chunkSize = 1 << 20
	// chunksEach is how many chunks may be under way for each processor: being
	// read, being decoded, or waiting for one before them.
	chunksEach = 4
	// chunksLarge is of how many chunks an object has to be to be split.
	chunksLarge = 4
)

// chunks are the chunks that are under way in all objects, bounded by their
// memory.
type chunks struct {
	size   int
	memory chan []byte
}

func newChunks(size int) *chunks {
	n := chunksEach * runtime.GOMAXPROCS(0)
	c := &chunks{size: size, memory: make(chan []byte, n)}
	for range n {
		c.memory <- nil // made when it is wanted
	}
	return c
}

// split reports whether an object is decoded in chunks.
func (c *chunks) split(o *opened, in *input) bool {
	size := in.Size
	if o.stream.Compression != record.Plain {
		size *= packed
	}
	if size < chunksLarge*int64(c.size) || !o.format.InLines() {
		return false
	}
	head, _ := o.body.Peek(2)
	return !record.IsUTF16(head)
}

// release gives the memory of a chunk back.
func (c *chunks) release(b []byte) {
	if cap(b) != c.size {
		b = nil // it had to grow
	}
	c.memory <- b
}

// decoding is one chunk that is being decoded.
type decoding[Batch any] struct {
	chunk   *record.Chunk
	done    chan struct{} // closed when what follows is there
	batch   Batch
	rejects []record.Reject // whose bytes are the chunk's
	err     error
}

// inChunks decodes an object chunk by chunk. Decode turns a chunk into a batch,
// with a reader that nobody else uses; reject and join take over what is in them
// in order.
func inChunks[Batch any](
	ctx context.Context, sc *scanner, n uint32, o *opened, reject func(record.Reject) error,
	decode func(reader any, c *record.Chunk, reject func(record.Reject) error) (Batch, error), join func(Batch),
) error {
	readers := sc.readersOf(n)
	line := &line[Batch]{chunks: sc.chunks, reject: reject, join: join}
	for c := range record.Rows(o.body, o.format, sc.snap.limits).Split(func() ([]byte, bool) { return line.memory(ctx) }) {
		d := &decoding[Batch]{chunk: c, done: make(chan struct{})}
		line.queue = append(line.queue, d)
		go func() {
			defer close(d.done)
			reader := readers.get()
			defer readers.put(reader)
			d.batch, d.err = decode(reader, c, func(r record.Reject) error {
				d.rejects = append(d.rejects, r)
				return nil
			})
		}()
	}
	for len(line.queue) > 0 {
		line.finish()
	}
	return line.err
}

// line is the chunks of one object that are under way, in their order.
type line[Batch any] struct {
	*chunks
	reject func(record.Reject) error
	join   func(Batch)
	queue  []*decoding[Batch]
	err    error // after which nothing is joined
}

// finish waits for the first chunk and takes over what it holds.
func (l *line[Batch]) finish() {
	d := l.queue[0]
	l.queue = l.queue[1:]
	<-d.done
	for i := 0; i < len(d.rejects) && l.err == nil; i++ {
		l.err = l.reject(d.rejects[i])
	}
	if l.err == nil {
		l.err = d.err
	}
	if l.err == nil {
		l.join(d.batch)
	}
	l.release(d.chunk.Buffer())
}

// memory returns the memory of the next chunk, false after an error. While all
// is in use it finishes chunks of its own, so that no object waits for memory
// that another one holds waiting, too.
func (l *line[Batch]) memory(ctx context.Context) ([]byte, bool) {
	for l.err == nil {
		var first chan struct{} // nil blocks for ever
		if len(l.queue) > 0 {
			first = l.queue[0].done
		}
		select {
		case <-first:
			l.finish()
		case b := <-l.chunks.memory:
			if b == nil {
				b = make([]byte, 0, l.size)
			}
			return b, true
		case <-ctx.Done():
			l.err = ctx.Err()
		}
	}
	return nil, false
}

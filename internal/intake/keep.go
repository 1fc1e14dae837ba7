package intake

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"sync"

	"cdrmend/internal/object"
	"cdrmend/internal/pack"
	"cdrmend/internal/scratch"
)

// Keep packs the bytes of inputs while these are read, and goes on when they have been
// read: packing keeps one processor busy, and later stages of a run leave one idle now and
// then.
type Keep struct {
	wants func(n uint32) bool
	to    *pack.Writer
	done  chan struct{} // closed when the goroutine that packs has ended

	mu    sync.Mutex // guards the rest, and all keepers
	moved *sync.Cond
	queue []*parcel // in their order; the first one is being packed
	held  int64     // bytes in memory of those that are in the queue or wait for their turn
	ended bool      // no parcel follows
	err   error     // after which nothing is packed
}

// mostHeld is how many bytes wait in memory until they are packed. Whoever comes with more
// waits. The object whose turn it is waits only for what is being packed, never for objects
// that were begun after it.
const mostHeld = 16 << 20

// NewKeep begins to pack the inputs that somebody wants, by their numbers, as [Read] reads
// them. It ends when Read has read all of them, or else with the context. The caller calls
// Wait in any case.
func NewKeep(ctx context.Context, wants func(n uint32) bool, to *pack.Writer) *Keep {
	k := &Keep{wants: wants, to: to, done: make(chan struct{})}
	k.moved = sync.NewCond(&k.mu)
	stop := context.AfterFunc(ctx, func() {
		k.mu.Lock()
		defer k.mu.Unlock()
		k.moved.Broadcast()
	})
	go func() {
		defer close(k.done)
		defer stop()
		k.run(ctx)
	}()
	return k
}

// run packs what comes into the queue.
func (k *Keep) run(ctx context.Context) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for k.err == nil {
		for len(k.queue) == 0 && !k.ended && ctx.Err() == nil {
			k.moved.Wait()
		}
		if k.err = ctx.Err(); k.err != nil || len(k.queue) == 0 {
			break
		}

		p := k.queue[0]
		k.mu.Unlock()
		err := p.pack(ctx, k.to)
		k.mu.Lock()
		if err != nil {
			k.err = fmt.Errorf("keeping the bytes of %q: %w", p.name, err)
		}
		k.queue = k.queue[1:]
		k.held -= p.memory()
		k.moved.Broadcast()
	}

	// After an error nobody takes what is left.
	for _, p := range k.queue {
		p.close()
	}
	k.queue = nil
	k.moved.Broadcast()
}

// finish says that no parcel follows.
func (k *Keep) finish() {
	if k == nil {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.ended = true
	k.moved.Broadcast()
}

// Wait returns when all inputs have been read and packed, or with the error after which
// nothing is packed.
func (k *Keep) Wait() error {
	<-k.done
	return k.err
}

// parcel is the bytes of one object on their way to a pack: those of a small one in
// memory, of a large one in a temporary file. A large one in a directory is read again
// when its turn comes, which costs less than a copy of it. A nil parcel is that of an
// object that nobody keeps.
type parcel struct {
	n    uint32
	name string // in messages
	want int64  // size that the listing showed
	size int64  // bytes that came
	mem  []byte
	file *scratch.File // nil for a small object
	sum  [32]byte

	again func(ctx context.Context) (io.ReadCloser, error) // opens an object that is read again, else nil

	complete bool
}

// parcelBuffer is the buffer of a parcel's file. As many parcels are open as objects are
// read at a time.
const parcelBuffer = 64 << 10

// parcelFor returns the parcel of an object that is about to be read. One that is read
// again, or that a pack serves already, has been kept.
func (s *scanner) parcelFor(n uint32) (*parcel, error) {
	if s.Keep == nil || !s.Keep.wants(n) || s.out.account.Objects[n].Read {
		return nil, nil
	}
	p := &parcel{n: n, name: s.Opener.URL(n), want: s.Objects[n].Size}
	if p.want <= scratch.InMemory {
		p.mem = make([]byte, 0, p.want)
		return p, nil
	}
	if p.again = s.Opener.again(n); p.again != nil {
		return p, nil
	}
	var err error
	p.file, err = scratch.NewFile(s.config.Scratch, parcelBuffer)
	return p, err
}

// through returns a reader of a body that keeps what it reads.
func (p *parcel) through(body io.Reader) io.Reader {
	if p == nil || p.again != nil {
		return body
	}
	return io.TeeReader(body, p)
}

// Write keeps bytes, unless more came than were listed.
func (p *parcel) Write(b []byte) (int, error) {
	p.size += int64(len(b))
	switch {
	case p.size > p.want:
		return len(b), nil
	case p.file != nil:
		return p.file.Write(b)
	}
	p.mem = append(p.mem, b...)
	return len(b), nil
}

// drop deletes a parcel that was not completed.
func (p *parcel) drop() {
	if p != nil && !p.complete {
		p.close()
	}
}

func (p *parcel) close() {
	if p != nil && p.file != nil {
		p.file.Close()
	}
}

// done completes a parcel whose object was read to its end.
func (p *parcel) done(sum [32]byte) *parcel {
	if p == nil {
		return nil
	}
	if p.again == nil && p.size != p.want {
		return nil // nothing could find it by its size
	}
	p.sum, p.complete = sum, true
	return p
}

// memory is how many bytes a parcel holds in memory.
func (p *parcel) memory() int64 {
	switch {
	case p == nil, p.again != nil:
		return 0
	case p.file != nil:
		return parcelBuffer
	}
	return p.want
}

// keeper passes the parcels of one sequence of objects on in the order in which their
// objects were begun: equal inputs give equal packs, though objects are read to their ends
// in any order. A nil one takes nothing.
type keeper struct {
	*Keep
	next  int             // whose turn it is
	early map[int]*parcel // those that wait for their turn
	over  bool            // nothing follows
}

// newKeeper returns a keeper for one sequence of objects; nil when nobody keeps any. The
// end of the context wakes those who wait.
func newKeeper(ctx context.Context, to *Keep) (*keeper, func()) {
	if to == nil {
		return nil, func() {}
	}
	k := &keeper{Keep: to, early: map[int]*parcel{}}
	stop := context.AfterFunc(ctx, k.end)
	return k, func() { stop(); k.end() }
}

// end deletes what waits for its turn, as nothing follows.
func (k *keeper) end() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.over = true
	for _, p := range k.early {
		k.held -= p.memory()
		p.close()
	}
	clear(k.early)
	k.moved.Broadcast()
}

// deliver takes the parcel of the i-th object of the sequence, nil for none. Each i is
// delivered once.
func (k *keeper) deliver(i int, p *parcel) error {
	if k == nil {
		return nil
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	for k.full(i, p) && !k.over && k.err == nil {
		k.moved.Wait()
	}
	if k.over || k.err != nil {
		p.close()
		return k.err
	}

	k.early[i] = p
	k.held += p.memory()
	for {
		p, ok := k.early[k.next]
		if !ok {
			return nil
		}
		delete(k.early, k.next)
		k.next++
		if p != nil {
			k.queue = append(k.queue, p)
		}
		k.moved.Broadcast()
	}
}

// full reports whether the parcel of the i-th object has to wait.
func (k *keeper) full(i int, p *parcel) bool {
	return p.memory() > 0 && k.held+p.memory() > mostHeld && (i != k.next || len(k.queue) > 0)
}

// pack adds a parcel to a pack.
func (p *parcel) pack(ctx context.Context, to *pack.Writer) error {
	defer p.close()
	var r io.ReaderAt = bytes.NewReader(p.mem)
	switch {
	case p.again != nil:
		return p.packAgain(ctx, to)
	case p.file != nil:
		var err error
		if r, err = p.file.ReaderAt(); err != nil {
			return err
		}
	}
	return to.Add(p.n, p.want, io.NewSectionReader(r, 0, p.want), p.sum)
}

// packAgain adds an object that is read again. If it is no longer what was decided about,
// the pack cannot be used.
func (p *parcel) packAgain(ctx context.Context, to *pack.Writer) error {
	body, err := p.again(ctx)
	if err != nil {
		return err
	}
	defer body.Close()
	sum := sha256.New()
	if err := to.Add(p.n, p.want, io.TeeReader(body, sum), p.sum); err != nil {
		return err
	}
	if [32]byte(sum.Sum(nil)) != p.sum {
		return object.ErrChanged
	}
	return nil
}

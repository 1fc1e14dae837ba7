package intake

import (
	"bytes"
	"context"
	"io"
	"sync"

	"cdrmend/internal/pack"
	"cdrmend/internal/scratch"
)

// Keep says whose bytes are kept while they are read, and who takes them.
type Keep struct {
	Wants func(n uint32) bool
	To    *pack.Writer
}

// parcel is the bytes of one object on their way to a pack: those of a small one in
// memory, of a large one in a temporary file. It needs no hash of its own, as every object
// is hashed while it is read. A nil one is that of an object that nobody keeps.
type parcel struct {
	n    uint32
	want int64 // size that the listing showed
	size int64 // bytes that came
	mem  []byte
	file *scratch.File // nil for a small object
	sum  [32]byte

	complete bool
}

// parcelBuffer is the buffer of a parcel's file. As many parcels are open as objects are
// read at a time.
const parcelBuffer = 64 << 10

// parcelFor returns the parcel of an object that is about to be read. One that is read
// again, or that a pack serves already, has been kept.
func (s *scanner) parcelFor(n uint32) (*parcel, error) {
	if s.Keep == nil || !s.Keep.Wants(n) || s.out.account.Objects[n].Read {
		return nil, nil
	}
	p := &parcel{n: n, want: s.Objects[n].Size}
	if p.want <= scratch.InMemory {
		p.mem = make([]byte, 0, p.want)
		return p, nil
	}
	var err error
	p.file, err = scratch.NewFile(s.config.Scratch, parcelBuffer)
	return p, err
}

// through returns a reader of a body that keeps what it reads.
func (p *parcel) through(body io.Reader) io.Reader {
	if p == nil {
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
	if p.file != nil {
		p.file.Close()
	}
}

// done completes a parcel whose object was read to its end.
func (p *parcel) done(sum [32]byte) *parcel {
	if p == nil {
		return nil
	}
	if p.size != p.want {
		return nil // nothing could find it by its size
	}
	p.sum, p.complete = sum, true
	return p
}

// memory is how many bytes a parcel holds in memory.
func (p *parcel) memory() int64 {
	if p.file != nil {
		return parcelBuffer
	}
	return p.want
}

// keeper passes parcels to a pack in the order in which their objects were begun:
// equal inputs give equal packs, though objects are read to their ends in any order.
type keeper struct {
	to    *Keep
	mu    sync.Mutex
	moved *sync.Cond
	next  int             // whose turn it is
	early map[int]*parcel // those that wait for their turn
	held  int64           // bytes of them in memory
	busy  bool            // one goroutine packs
	ended bool
}

// mostHeld is how many bytes wait for their turn in memory. Whoever comes with more
// waits; the object whose turn it is has been begun before, and never waits.
const mostHeld = 16 << 20

// newKeeper returns a keeper for one sequence of objects; nil when nobody keeps any. The
// end of the context wakes those who wait.
func newKeeper(ctx context.Context, to *Keep) (*keeper, func()) {
	if to == nil {
		return nil, func() {}
	}
	k := &keeper{to: to, early: map[int]*parcel{}}
	k.moved = sync.NewCond(&k.mu)
	stop := context.AfterFunc(ctx, k.end)
	return k, func() { stop(); k.end() }
}

// end deletes what waits, as nothing follows.
func (k *keeper) end() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.ended = true
	for _, p := range k.early {
		if p != nil {
			p.close()
		}
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
	for p != nil && i != k.next && k.held+p.memory() > mostHeld && !k.ended {
		k.moved.Wait()
	}
	if k.ended {
		if p != nil {
			p.close()
		}
		return nil
	}

	k.early[i] = p
	if p != nil {
		k.held += p.memory()
	}
	if k.busy {
		return nil
	}
	return k.pack()
}

// pack packs those whose turn it is. Others deliver meanwhile.
func (k *keeper) pack() error {
	k.busy = true
	defer func() { k.busy = false }()
	for {
		p, ok := k.early[k.next]
		if !ok {
			return nil
		}
		delete(k.early, k.next)
		k.next++
		k.moved.Broadcast()
		if p == nil {
			continue
		}

		k.held -= p.memory()
		k.mu.Unlock()
		err := p.pack(k.to.To)
		k.mu.Lock()
		if err != nil {
			return err
		}
	}
}

// pack adds a parcel to a pack.
func (p *parcel) pack(to *pack.Writer) error {
	defer p.close()
	var r io.ReaderAt = bytes.NewReader(p.mem)
	if p.file != nil {
		var err error
		if r, err = p.file.ReaderAt(); err != nil {
			return err
		}
	}
	return to.Add(p.n, p.want, io.NewSectionReader(r, 0, p.want), p.sum)
}

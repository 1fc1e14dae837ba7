package intake

import (
	"bytes"
	"context"
	"io"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"cdrmend/internal/object"
)

// A listing of a bucket is a chain of requests, each for the page after the last one.
// Meanwhile small documents of the pages that have come are read, as many at once as
// the limit of requests allows. This changes when an object is requested, and nothing
// else:
//
//   - Only documents are read that the run reads whatever else is listed: nothing that
//     is listed later drops them or makes them something else. The order of objects and
//     the run id follow from the listing alone, as before.
//   - An object is read as it was listed, like everything that [Opener] opens. The first
//     Open of this object returns these bytes.
//   - A failure means nothing. The object is opened again when its turn comes, and what
//     fails then is the error of the run.
//   - All requests end before [List] returns, and no more than mostAhead bytes are held.
//
// A directory gains nothing from this: its requests wait for no network, and what they
// cost is work of the processors that also list. So only a [object.Remote] is read ahead.

// Ahead says which objects may be read while others are still listed.
type Ahead struct {
	// Packed is when the newest pack was committed that may serve the run: objects that
	// were modified before may be in it, and are not requested. The zero time is that of
	// a run without packs.
	Packed time.Time
}

const (
	// smallAhead is the largest object that is read ahead, in bytes: packs keep objects
	// up to this size by default. A larger one is worth more than the round trip that
	// could be saved.
	smallAhead = 64 << 10
	// mostAhead is how many bytes are held in memory. It is as many as wait for their
	// turn to be packed, and all of them are dropped before a run needs most memory.
	mostAhead = mostHeld
	// aheadEach is what an object takes besides its bytes.
	aheadEach = 256
)

// ahead reads documents while others are listed, and holds what it read. A nil one does
// nothing.
type ahead struct {
	after   time.Time // objects modified later are read
	cancel  context.CancelFunc
	queue   chan *early // has room for all that may be held
	listed  sync.Once   // closes the queue
	over    atomic.Bool // no further object is begun
	workers sync.WaitGroup

	requests, read atomic.Int64

	mu      sync.Mutex // guards the rest
	held    int64
	objects map[earlyKey]*early
}

// earlyKey names an object before it has a number.
type earlyKey struct {
	source uint32
	key    string
}

// early is one object that is read ahead.
type early struct {
	store object.Store
	info  object.Info
	bytes []byte
	whole bool // all bytes came, as they were listed
}

// beginAhead starts so many workers, unless nothing may be read ahead, or no store gains
// from it. The caller calls finish when everything is listed, wait before what was read
// is used, and abandon in any case.
func beginAhead(ctx context.Context, how *Ahead, stores []object.Store, workers int) *ahead {
	if how == nil || !slices.ContainsFunc(stores, isRemote) {
		return nil
	}
	a := &ahead{after: how.Packed, queue: make(chan *early, mostAhead/aheadEach), objects: map[earlyKey]*early{}}
	ctx, a.cancel = context.WithCancel(ctx)
	for range max(1, workers) {
		a.workers.Go(func() {
			for e := range a.queue {
				if !a.over.Load() {
					a.one(ctx, e)
				}
			}
		})
	}
	return a
}

// offer takes an object that was just listed, if it is to be read ahead. It never waits.
func (a *ahead) offer(store object.Store, o *Object) {
	if a == nil || !o.Document || o.Archived || o.Size > smallAhead || !o.Modified.After(a.after) {
		return
	}

	// One that a link leads to may be dropped: another partition may have it, too.
	if !isRemote(store) || o.Alias != nil {
		return
	}

	a.mu.Lock()
	defer a.mu.Unlock()
	key, need := earlyKey{o.Source, o.Key}, o.Size+aheadEach
	if a.held+need > mostAhead || a.objects[key] != nil { // two partitions may have one URL
		return
	}
	a.held += need
	e := &early{store: store, info: o.Info}
	a.objects[key] = e
	a.queue <- e
}

// one reads an object.
func (a *ahead) one(ctx context.Context, e *early) {
	a.requests.Add(1)
	body, err := e.store.Open(ctx, e.info, 0)
	if err != nil {
		return
	}
	defer body.Close()

	// Only the end shows that the object is whole, and is what was listed.
	e.bytes = make([]byte, e.info.Size)
	if _, err = io.ReadFull(body, e.bytes); err == nil {
		_, err = io.ReadFull(body, make([]byte, 1))
	}
	if err == io.EOF {
		e.whole = true
		a.read.Add(1)
	}
}

func isRemote(store object.Store) bool {
	_, remote := store.(object.Remote)
	return remote
}

// finish ends the offers. Nothing is begun any more: from now on objects are better
// opened in their order.
func (a *ahead) finish() {
	if a != nil {
		a.over.Store(true)
		a.listed.Do(func() { close(a.queue) })
	}
}

// wait waits for the requests that are under way, and forgets what was not read.
func (a *ahead) wait() {
	if a == nil {
		return
	}
	a.workers.Wait()
	a.mu.Lock()
	defer a.mu.Unlock()
	for key, e := range a.objects {
		if !e.whole {
			delete(a.objects, key)
		}
	}
}

// abandon ends all requests, and returns when they have ended.
func (a *ahead) abandon() {
	if a != nil {
		a.cancel()
		a.finish()
		a.workers.Wait()
	}
}

// take returns the content of an object that was read ahead, as it is stored; nil for any
// other, and the second time.
func (a *ahead) take(o *Object) io.ReadCloser {
	if a == nil {
		return nil
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	key := earlyKey{o.Source, o.Key}
	e := a.objects[key]
	if e == nil || e.info != o.Info {
		return nil
	}

	// An empty map keeps the memory that it needed when it was full.
	if delete(a.objects, key); len(a.objects) == 0 {
		a.objects = nil
	}
	return io.NopCloser(bytes.NewReader(e.bytes))
}

// counts returns how many requests were made, and how many objects they read.
func (a *ahead) counts() (requests, read int64) {
	if a == nil {
		return 0, 0
	}
	return a.requests.Load(), a.read.Load()
}

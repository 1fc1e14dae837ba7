package pack_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"cdrmend/internal/object"
	"cdrmend/internal/pack"
)

// watchedStore calls a function before it opens an object, and counts from which byte on
// it was to be opened.
type watchedStore struct {
	object.Store
	before func(ctx context.Context) error

	mu    sync.Mutex
	times map[int64]int
}

func (s *watchedStore) Open(ctx context.Context, info object.Info, from int64) (io.ReadCloser, error) {
	s.mu.Lock()
	s.times[from]++
	s.mu.Unlock()
	if err := s.before(ctx); err != nil {
		return nil, err
	}
	return s.Store.Open(ctx, info, from)
}

// watched returns a set of ten inputs that fill five frames, and its store.
func watched(t *testing.T, before func(ctx context.Context) error) (*world, *pack.Set, *watchedStore) {
	t.Helper()
	sizes := make([]int, 10)
	for i := range sizes {
		sizes[i] = 1 << 20
	}
	w := newWorld(t, sizes...)
	store := &watchedStore{Store: w.out.Store, before: before, times: map[int64]int{}}
	w.out.Store = store
	s, _ := w.set(w.write(count(len(sizes))))
	return w, s, store
}

// serveAll checks that all inputs are served, in their order.
func (w *world) serveAll(s *pack.Set) {
	w.Helper()
	for n, b := range w.bytes {
		if got := served(w.Context(), w.T, s, n, int64(len(b))); !bytes.Equal(got, b) {
			w.Errorf("input %d is served with %d bytes", n, len(got))
		}
	}
	if len(w.warned) > 0 {
		w.Errorf("warned %q", w.warned)
	}
}

func TestTheNextFramesAreFetchedWhileOneIsRead(t *testing.T) {
	t.Parallel()
	var requests atomic.Int32
	three := make(chan struct{})
	w, s, store := watched(t, func(context.Context) error {
		if requests.Add(1) == 3 {
			close(three)
		}
		select {
		case <-three:
			return nil
		case <-time.After(time.Minute):
			return errors.New("no three frames are fetched at once")
		}
	})
	defer s.ReadAhead(t.Context())()
	w.serveAll(s)
	if len(store.times) != 5 || requests.Load() != 5 {
		t.Errorf("%d frames were requested %d times, want 5 once", len(store.times), requests.Load())
	}
}

// isAhead is the key of a value that the contexts of requests ahead have.
type isAhead struct{}

// What fails ahead of its time may go well when somebody needs it: whoever reads asks
// again.
func TestAFrameThatCouldNotBeFetchedAheadIsFetchedAgain(t *testing.T) {
	t.Parallel()
	w, s, store := watched(t, func(ctx context.Context) error {
		if ctx.Value(isAhead{}) != nil {
			return errors.New("not now")
		}
		return nil
	})
	defer s.ReadAhead(context.WithValue(t.Context(), isAhead{}, true))()
	w.serveAll(s)
	if len(store.times) != 5 {
		t.Errorf("%d frames were requested, want 5", len(store.times))
	}
}

func TestNoFrameIsFetchedAheadOnceReadingHasEnded(t *testing.T) {
	t.Parallel()
	var ended atomic.Bool
	w, s, store := watched(t, func(ctx context.Context) error {
		if ctx.Value(isAhead{}) != nil && !ended.Load() {
			<-ctx.Done()
		}
		return ctx.Err()
	})
	stop := s.ReadAhead(context.WithValue(t.Context(), isAhead{}, true))
	served(t.Context(), t, s, 0, int64(len(w.bytes[0])))
	stop() // waits for two frames whose requests only the end of their context ends
	ended.Store(true)

	before := len(store.times)
	served(t.Context(), t, s, 0, int64(len(w.bytes[0])))
	if before != 3 || len(store.times) != before {
		t.Errorf("%d frames were requested until reading ended, and %d in all; want 3", before, len(store.times))
	}
	w.serveAll(s)
}

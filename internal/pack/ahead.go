package pack

import (
	"context"
	"sync"
)

// aheadFrames is how many frames are fetched ahead. With one of them, fetching it over a
// network takes longer than decoding the one before.
const aheadFrames = 2

// ahead fetches frames before somebody asks for them, as long as inputs are read in the
// order in which they were packed. So decoding does not wait for the store.
type ahead struct {
	set *Set
	ctx context.Context
	all sync.WaitGroup

	mu    sync.Mutex
	begun []uint32 // by pack: the frame up to which fetching was begun, plus one
}

// ReadAhead has the next frames fetched whenever an input is opened, until stop is
// called. Call it when all packs are added, and only if all inputs are read in order.
func (s *Set) ReadAhead(ctx context.Context) (stop func()) {
	if s == nil || len(s.packs) == 0 {
		return func() {}
	}
	ctx, cancel := context.WithCancel(ctx)
	a := &ahead{set: s, ctx: ctx, begun: make([]uint32, len(s.packs))}
	s.ahead = a
	return func() {
		cancel()
		a.all.Wait()
		s.ahead = nil
	}
}

// fetch begins to fetch the frames that follow one in its pack, as far as they hold small
// inputs.
func (a *ahead) fetch(after uint32) {
	if a == nil {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	frames, of := a.set.frames, a.set.frames[after].pack
	for n := max(after+1, a.begun[of]); n <= after+aheadFrames && int(n) < len(frames) && frames[n].pack == of; n++ {
		a.begun[of] = n + 1
		if frames[n].need > 0 { // else its content is one large input
			a.all.Go(func() { a.set.cache.fill(n, func() ([]byte, error) { return a.set.small(a.ctx, n) }) })
		}
	}
}

package object

import (
	"context"
	"net/http"
	"sync"
)

// Limiter bounds the requests in flight. Its limit is halved when a server
// asks to slow down and grows back by one for each limit's worth of requests
// that succeed. A request is in flight until its answer's header has arrived:
// a body that is read slowly holds no place, so reading one object while
// writing another cannot lock up.
type Limiter struct {
	max int

	mu       sync.Mutex
	limit    float64 // 1 ≤ limit ≤ max
	inFlight int
	round    int // how often the limit was halved
	waiting  []chan struct{}
}

// defaultConcurrency is the limit of a store that is opened without a limiter.
const defaultConcurrency = 64

// NewLimiter returns a limiter of the given number of requests, at least one.
func NewLimiter(requests int) *Limiter {
	requests = max(requests, 1)
	return &Limiter{max: requests, limit: float64(requests)}
}

// outcome is what a request says about the load of the server.
type outcome uint8

const (
	neutral   outcome = iota // no answer, or one that says nothing about the load
	served                   // the limit may grow
	throttled                // the limit has to shrink
)

// acquire waits for a place. The round that it returns is passed to release.
func (l *Limiter) acquire(ctx context.Context) (round int, err error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}

	l.mu.Lock()
	// A newcomer does not overtake those who wait already.
	if l.inFlight < int(l.limit) && len(l.waiting) == 0 {
		defer l.mu.Unlock()
		l.inFlight++
		return l.round, nil
	}

	place := make(chan struct{})
	l.waiting = append(l.waiting, place)
	l.mu.Unlock()

	select {
	case <-place:
	case <-ctx.Done():
		return 0, l.leave(place, ctx.Err())
	}

	// admit has counted this request. The round is read only now: it may have
	// changed during the wait.
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.round, nil
}

// leave removes a canceled request from the queue. If it was admitted meanwhile,
// its place goes to the next one.
func (l *Limiter) leave(place chan struct{}, err error) error {
	l.mu.Lock()
	defer l.mu.Unlock()

	for i, w := range l.waiting {
		if w == place {
			l.waiting = append(l.waiting[:i], l.waiting[i+1:]...)
			return err
		}
	}

	// It is no longer queued, so admit has counted it.
	l.inFlight--
	l.admit()
	return err
}

// release returns a place. Only the first throttled request of a round halves
// the limit: the others were sent before that was known.
func (l *Limiter) release(round int, o outcome) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.inFlight--

	switch {
	// At 1 there is nothing to halve, so no round begins.
	case o == throttled && round == l.round && l.limit > 1:
		l.limit = max(1, l.limit/2)
		l.round++
	case o == served:
		l.limit = min(float64(l.max), l.limit+1/l.limit)
	}

	l.admit()
}

func (l *Limiter) admit() {
	for len(l.waiting) > 0 && l.inFlight < int(l.limit) {
		close(l.waiting[0])
		l.waiting = l.waiting[1:]
		l.inFlight++
	}
}

// doer is the part of an HTTP client that the SDK uses.
type doer interface {
	Do(*http.Request) (*http.Response, error)
}

// limitedClient is below the SDK's retries, so that each attempt takes a place,
// none is held while waiting to retry, and every throttled attempt is seen.
type limitedClient struct {
	next    doer
	limiter *Limiter
}

func (c limitedClient) Do(r *http.Request) (*http.Response, error) {
	round, err := c.limiter.acquire(r.Context())
	if err != nil {
		return nil, err
	}

	o := neutral
	defer func() { c.limiter.release(round, o) }()

	resp, err := c.next.Do(r)
	if err == nil {
		o = judge(resp.StatusCode)
	}

	return resp, err
}

// judge says what the status of an answer means for the limit. Server errors
// other than those that ask to slow down may have any cause.
func judge(status int) outcome {
	switch {
	case status == http.StatusServiceUnavailable, status == http.StatusTooManyRequests:
		return throttled
	case status < http.StatusInternalServerError:
		return served
	}
	return neutral
}

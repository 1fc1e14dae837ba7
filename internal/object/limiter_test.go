package object

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func TestLimiterNeverExceedsItsLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const limit, requests = 3, 20
		l := NewLimiter(limit)
		var mu sync.Mutex
		now, most := 0, 0
		var wg sync.WaitGroup
		for range requests {
			wg.Go(func() {
				round, err := l.acquire(t.Context())
				if err != nil {
					t.Error(err)
				}
				mu.Lock()
				now++
				most = max(most, now)
				mu.Unlock()
				<-time.After(time.Second)
				mu.Lock()
				now--
				mu.Unlock()
				l.release(round, served)
			})
		}
		wg.Wait()
		if most != limit {
			t.Errorf("of %d requests %d were in flight at once, want %d", requests, most, limit)
		}
		if l.inFlight != 0 || len(l.waiting) != 0 {
			t.Errorf("in the end %d are in flight and %d wait", l.inFlight, len(l.waiting))
		}
	})
}

func TestLimiterHalvesOncePerRoundAndGrowsBack(t *testing.T) {
	l := NewLimiter(16)
	ask := func(o outcome) {
		t.Helper()
		round, err := l.acquire(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		l.release(round, o)
	}
	var rounds []int
	for range 8 {
		round, err := l.acquire(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		rounds = append(rounds, round)
	}
	for _, round := range rounds {
		l.release(round, throttled)
	}
	if got := l.Limit(); got != 8 {
		t.Errorf("after eight throttled requests sent together the limit is %d, want 8", got)
	}
	for range 10 {
		ask(throttled)
	}
	if got := l.Limit(); got != 1 {
		t.Errorf("after ten rounds throttled the limit is %d, want 1", got)
	}
	ask(neutral)
	if got := l.Limit(); got != 1 {
		t.Errorf("a request without answer makes the limit %d, want 1", got)
	}
	for range 3 {
		ask(served)
	}
	if got := l.Limit(); got != 2 {
		t.Errorf("after three served requests the limit is %d, want 2", got)
	}
	for range 1000 {
		ask(served)
	}
	if got := l.Limit(); got != 16 {
		t.Errorf("after a thousand served requests the limit is %d, want 16", got)
	}
}

func TestHalvingThatChangesNothingBeginsNoRound(t *testing.T) {
	l := NewLimiter(4)
	for range 6 {
		round, err := l.acquire(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		l.release(round, throttled)
	}
	if l.round != 2 || l.Limit() != 1 {
		t.Errorf("six throttled requests, one after the other, halved a limit of 4 %d times to %d, want 2 times to 1", l.round, l.Limit())
	}
}

func TestCancelledWaitLosesNoPlace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := NewLimiter(1)
		round, err := l.acquire(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		failed := make(chan error, 1)
		go func() {
			_, err := l.acquire(ctx)
			failed <- err
		}()
		synctest.Wait()
		cancel()
		if err := <-failed; !errors.Is(err, context.Canceled) {
			t.Errorf("a cancelled wait ends with %v, want context.Canceled", err)
		}
		l.release(round, served)
		if _, err := l.acquire(t.Context()); err != nil || l.inFlight != 1 {
			t.Errorf("the place is gone: %v, %d in flight", err, l.inFlight)
		}
	})
}

func TestPlaceGivenToACancelledWaitIsHandedOn(t *testing.T) {
	l := NewLimiter(1)
	if _, err := l.acquire(t.Context()); err != nil {
		t.Fatal(err)
	}
	place := make(chan struct{})
	l.waiting = append(l.waiting, place)
	l.release(0, served) // gives the place to the waiting one
	if err := l.leave(place, context.Canceled); !errors.Is(err, context.Canceled) {
		t.Errorf("giving up gives %v, want context.Canceled", err)
	}
	if l.inFlight != 0 {
		t.Errorf("%d are in flight, want none", l.inFlight)
	}
}

func TestOnlyThrottlingShrinksTheLimit(t *testing.T) {
	want := map[int]outcome{
		http.StatusOK:                  served,
		http.StatusPartialContent:      served,
		http.StatusPreconditionFailed:  served,
		http.StatusNotFound:            served,
		http.StatusInternalServerError: neutral,
		http.StatusBadGateway:          neutral,
		http.StatusServiceUnavailable:  throttled,
		http.StatusTooManyRequests:     throttled,
	}
	for status, outcome := range want {
		if got := judge(status); got != outcome {
			t.Errorf("status %d is judged %d, want %d", status, got, outcome)
		}
	}
}

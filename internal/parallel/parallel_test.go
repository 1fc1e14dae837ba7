package parallel_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"

	"cdrmend/internal/parallel"
)

func TestEachCallsEveryNumberOnceAndNoMoreAtATimeThanTheLimit(t *testing.T) {
	for _, limit := range []int{-1, 0, 1, 3, 1000} {
		var calls [100]atomic.Int32
		var running, most atomic.Int32
		err := parallel.Each(t.Context(), limit, len(calls), func(_ context.Context, i int) error {
			if now := running.Add(1); now > most.Load() {
				most.Store(now)
			}
			defer running.Add(-1)
			calls[i].Add(1)
			return nil
		})
		if err != nil || int(most.Load()) > max(1, limit) {
			t.Errorf("limit %d: %d calls at a time, error %v", limit, most.Load(), err)
		}
		for i := range calls {
			if n := calls[i].Load(); n != 1 {
				t.Errorf("limit %d: %d was called %d times", limit, i, n)
			}
		}
	}
}

func TestEachEndsWithTheFirstError(t *testing.T) {
	broken := errors.New("broken")
	var calls atomic.Int32
	err := parallel.Each(t.Context(), 1, 100, func(_ context.Context, i int) error {
		calls.Add(1)
		if i == 2 {
			return broken
		}
		return nil
	})
	if !errors.Is(err, broken) || calls.Load() != 3 {
		t.Errorf("%d calls, error %v", calls.Load(), err)
	}
}

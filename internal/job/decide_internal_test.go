package job

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"

	"cdrmend/internal/budget"
	"cdrmend/internal/evidence"
)

// TestADecisionIsLeftWhereverItIsInterrupted cancels in each of the calls that a decision
// makes, also in one that a goroutine spreads again.
func TestADecisionIsLeftWhereverItIsInterrupted(t *testing.T) {
	memory := budget.New(0, true)
	nothing := func(int) {}
	for name, decide := range map[string]func(s evidence.Spread, cancel func()){
		"pause":         func(s evidence.Spread, cancel func()) { cancel(); s.Pause() },
		"between parts": func(s evidence.Spread, cancel func()) { s.Each(8, func(int) { cancel() }) },
		"before parts":  func(s evidence.Spread, cancel func()) { cancel(); s.Each(8, nothing) },
		"parts of parts": func(s evidence.Spread, cancel func()) {
			s.Each(3, func(i int) {
				cancel()
				s.Each(3, nothing)
				t.Errorf("part %d goes on", i)
			})
		},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			ended := false
			got, err := interruptible(ctx, memory, func(s evidence.Spread) *int {
				decide(s, cancel)
				ended = true
				return new(int)
			})
			if got != nil || !errors.Is(err, context.Canceled) || ended {
				t.Errorf("got %v, %v, ended %v", got, err, ended)
			}
		})
	}
}

func TestADecisionThatIsNotInterruptedSeesEveryPart(t *testing.T) {
	var seen atomic.Int64
	got, err := interruptible(t.Context(), budget.New(0, true), func(s evidence.Spread) int {
		s.Each(5, func(i int) { s.Each(i, func(int) { seen.Add(1) }) })
		s.Pause()
		return 7
	})
	if got != 7 || err != nil || seen.Load() != 10 {
		t.Errorf("got %d, %v after %d parts", got, err, seen.Load())
	}
}

func TestAFaultInADecisionIsNotTakenForAnInterruption(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	defer func() {
		if r := recover(); r != "fault" {
			t.Errorf("recovered %v", r)
		}
	}()
	_, err := interruptible(ctx, budget.New(0, true), func(evidence.Spread) int { panic("fault") })
	t.Errorf("the fault became %v", err)
}

package reconcile_test

import (
	"sync"
	"testing"

	"cdrmend/internal/reconcile"
	"cdrmend/internal/synth"

	"github.com/google/go-cmp/cmp"
)

func TestADecisionDoesNotDependOnHowItIsSpread(t *testing.T) {
	n := benchNight(1500)
	for _, defect := range []synth.Defect{synth.Lost, synth.Duplicate, synth.MissingID, synth.MissingEnd} {
		n.Rates[defect] = 0.05
	}
	ev := evidenceOf(t, n)
	want := reconcile.Decide(copied(ev), reconcile.Spread{Part: 1 << 20, Each: inOrder})
	if len(want.Findings) < 1500 || len(want.Calls) != 1500 {
		t.Fatalf("%d findings and %d calls show nothing", len(want.Findings), len(want.Calls))
	}
	for how, each := range map[string]func(int, func(int)){
		"in order": inOrder,
		"backwards": func(n int, f func(int)) {
			for i := range n {
				f(n - 1 - i)
			}
		},
		"side by side": func(n int, f func(int)) {
			var all sync.WaitGroup
			for i := range n {
				all.Go(func() { f(i) })
			}
			all.Wait()
		},
	} {
		for _, part := range []int{1, 7, 100, 1499} {
			got := reconcile.Decide(copied(ev), reconcile.Spread{Part: part, Each: each})
			for what, diff := range map[string]string{
				"findings":   cmp.Diff(want.Findings, got.Findings),
				"calls":      cmp.Diff(want.Calls, got.Calls),
				"repairs":    cmp.Diff(want.Repairs, got.Repairs),
				"recordings": cmp.Diff(want.Recordings, got.Recordings),
				"balance":    cmp.Diff(want.Balance, got.Balance),
				"lost":       cmp.Diff(want.Lost, got.Lost),
			} {
				if diff != "" {
					t.Errorf("%s, %s in parts of %d (-as a whole +got):\n%s", what, how, part, diff)
				}
			}
		}
	}
}

package reconcile_test

import (
	"sync"
	"testing"

	"cdrmend/internal/evidence"
	"cdrmend/internal/reconcile"
	"cdrmend/internal/reconcile/nighttest"
	"cdrmend/internal/synth"
	"cdrmend/internal/table"

	"github.com/google/go-cmp/cmp"
)

func TestADecisionDoesNotDependOnHowItIsSpread(t *testing.T) {
	n := benchNight(1500)
	for _, defect := range []synth.Defect{synth.Lost, synth.Duplicate, synth.MissingID, synth.MissingEnd} {
		n.Rates[defect] = 0.05
	}
	want := reconcile.Decide(evidenceOf(t, n), evidence.Spread{Part: 1 << 20, Each: nighttest.InOrder, Pause: func() {}})
	findings, calls, repairs := rowsOf(t, want.FindingRows), rowsOf(t, want.CallRows), rowsOf(t, want.RepairRows("2026-11-20"))
	if len(findings) < 1500 || len(calls) != 1500 {
		t.Fatalf("%d findings and %d calls show nothing", len(findings), len(calls))
	}
	for how, each := range map[string]func(int, func(int)){
		"in order": nighttest.InOrder,
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
			got := reconcile.Decide(evidenceOf(t, n), evidence.Spread{Part: part, Each: each, Pause: func() {}})
			for what, diff := range map[string]string{
				"findings":   cmp.Diff(findings, rowsOf(t, got.FindingRows)),
				"calls":      cmp.Diff(calls, rowsOf(t, got.CallRows)),
				"repairs":    cmp.Diff(repairs, rowsOf(t, got.RepairRows("2026-11-20"))),
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

// rowsOf returns a table's rows as CSV has them.
func rowsOf(t *testing.T, rows table.Rows) []string {
	t.Helper()
	var all []string
	for r, err := range rows {
		if err != nil {
			t.Fatal(err)
		}
		var b []byte
		for i := range r.Schema().Columns {
			b = append(r.AppendCell(b, i), ',')
		}
		all = append(all, string(b))
	}
	return all
}

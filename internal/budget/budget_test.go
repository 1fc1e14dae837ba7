package budget_test

import (
	"runtime"
	"runtime/debug"
	"testing"
	"time"

	"cdrmend/internal/budget"
)

// percentage returns the collector's percentage.
func percentage() int {
	now := debug.SetGCPercent(100)
	debug.SetGCPercent(now)
	return now
}

func TestALargeRunCollectsMoreOftenThanASmallOneAndRestoresWhatWas(t *testing.T) {
	before := percentage()
	small := budget.New(64<<20, false).Begin()
	seldom := percentage()
	small()
	large := budget.New(4<<30, false).Begin()
	often := percentage()
	large()
	if often >= before || seldom <= before || percentage() != before {
		t.Errorf("%d %% before, %d %% in a small run, %d %% in a large one, %d %% after", before, seldom, often, percentage())
	}
}

func TestAPercentageThatSomebodySetStays(t *testing.T) {
	before := percentage()
	b := budget.New(4<<30, true)
	restore := b.Begin()
	b.Release()
	if percentage() != before {
		t.Errorf("%d %%, want %d %%", percentage(), before)
	}
	restore()
}

func TestASmallRunWhoseRowsAreManyGrowsByNoMoreThanItsInputsAllow(t *testing.T) {
	const need, alive = 64 << 20, 256 << 20
	defer budget.New(need, false).Begin()()

	held := make([]byte, alive)
	for range 500 {
		runtime.GC()
		if room := alive / 100 * percentage(); room <= need*5/4 {
			runtime.KeepAlive(held)
			return
		}
		time.Sleep(10 * time.Millisecond) // the percentage follows a collection
	}
	t.Errorf("with %d MB alive the heap may grow by %d %%, want no more than %d MB", alive>>20, percentage(), need>>20)
}

func TestRunsThatOverlapRestoreThePercentageWhenTheLastOneEnds(t *testing.T) {
	before := percentage()
	first := budget.New(64<<20, false).Begin()
	second := budget.New(64<<20, false).Begin()
	first()
	if percentage() == before {
		t.Errorf("%d %% although one run goes on", before)
	}
	second()
	for range 3 {
		runtime.GC()
		time.Sleep(time.Millisecond)
	}
	if percentage() != before {
		t.Errorf("%d %% after both runs, want %d %%", percentage(), before)
	}
}

package budget_test

import (
	"runtime/debug"
	"testing"

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

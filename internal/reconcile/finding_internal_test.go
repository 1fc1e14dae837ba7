package reconcile

import (
	"testing"
)

func TestMillisecondsAreRoundedDown(t *testing.T) {
	for micros, want := range map[int64]int64{0: 0, 999: 0, 1000: 1, 1999: 1, -1: -1, -1000: -1, -1001: -2} {
		if got := floorMS(micros); got != want {
			t.Errorf("floorMS(%d) = %d, want %d", micros, got, want)
		}
	}
}

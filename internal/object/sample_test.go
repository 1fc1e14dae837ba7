package object_test

import (
	"fmt"
	"testing"

	"cdrmend/internal/object"
)

func TestALargerSampleHasAllOfASmallerOne(t *testing.T) {
	var some, more int
	for i := range 10_000 {
		key := fmt.Sprintf("media/%d.opus", i)
		small, large := object.InSample("m", key, 0.1), object.InSample("m", key, 0.3)
		if small && !large {
			t.Fatalf("%s is in a sample of 0.1 and not in that of 0.3", key)
		}
		if small {
			some++
		}
		if large {
			more++
		}
		if object.InSample("m", key, 0) || !object.InSample("m", key, 1) {
			t.Fatalf("%s: want nothing in a sample of 0, and everything in that of 1", key)
		}
	}
	if some < 900 || some > 1100 || more < 2800 || more > 3200 {
		t.Errorf("samples of 0.1 and 0.3 have %d and %d of 10,000", some, more)
	}
}

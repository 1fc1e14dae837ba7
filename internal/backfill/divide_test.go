package backfill

import (
	"math"
	"math/rand/v2"
	"testing"

	"cdrmend/internal/intake"
)

func TestPartsAreRowsAndTheLargestIsAsSmallAsItCanBe(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		sizes := make([]intake.Size, 1+rng.IntN(12))
		for i := range sizes {
			sizes[i] = intake.Size{Objects: rng.Int64N(50), Bytes: rng.Int64N(1 + rng.Int64N(100<<20))}
		}
		parts := 1 + rng.IntN(len(sizes))
		ends := divide(sizes, parts)

		begin, largest := 0, int64(0)
		for _, end := range ends {
			if end <= begin {
				t.Fatalf("%v in %d: a part is empty: %v", sizes, parts, ends)
			}
			largest = max(largest, sum(sizes[begin:end]))
			begin = end
		}
		if len(ends) != parts || begin != len(sizes) {
			t.Fatalf("%v in %d: the parts end at %v", sizes, parts, ends)
		}
		if want := best(sizes, parts); largest != want {
			t.Fatalf("%v in %d: the largest part is %d, want %d", sizes, parts, largest, want)
		}
	}
}

func sum(sizes []intake.Size) (all int64) {
	for _, s := range sizes {
		all += weight(s)
	}
	return all
}

// best tries every place for the end of the first part.
func best(sizes []intake.Size, parts int) int64 {
	if parts == 1 {
		return sum(sizes)
	}
	least := int64(math.MaxInt64)
	for end := 1; end <= len(sizes)-parts+1; end++ {
		least = min(least, max(sum(sizes[:end]), best(sizes[end:], parts-1)))
	}
	return least
}

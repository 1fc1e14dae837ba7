package reconcile

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"testing"

	"cdrmend/internal/evidence"
)

func TestListsThatAreSortedInPartsAreSorted(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 3))
	spread := evidence.Spread{Part: 10, Each: func(n int, f func(i int)) {
		for i := range n {
			f(i)
		}
	}}
	for n := range 400 {
		for _, different := range []int{1, 2, n/3 + 1, 1 << 30} {
			list := make([]int, n)
			for i := range list {
				list[i] = r.IntN(different)
			}
			want := slices.Sorted(slices.Values(list))
			sortSpread(spread, list, cmp.Compare[int])
			if !slices.Equal(list, want) {
				t.Fatalf("got %v, want %v", list, want)
			}
		}
	}
}

package record_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"cdrmend/internal/record"
)

// instants are the microseconds that spans hold, counted one by one.
func instants(spans []record.Span) map[record.Time]bool {
	held := map[record.Time]bool{}
	for _, s := range spans {
		for t := s.Start; t < s.End; t++ {
			held[t] = true
		}
	}
	return held
}

func TestUnionsHoldEveryInstantOnce(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	random := func() []record.Span {
		spans := make([]record.Span, r.IntN(6))
		for i := range spans {
			spans[i].Start = record.Time(r.IntN(20))
			spans[i].End = spans[i].Start + record.Time(r.IntN(8)-2)
		}
		return spans
	}
	for range 2000 {
		a, b := random(), random()
		one, other := record.Union(slices.Clone(a)), record.Union(slices.Clone(b))
		both := 0
		inB := instants(b)
		for at := range instants(a) {
			if inB[at] {
				both++
			}
		}
		if got, want := record.Length(one), len(instants(a)); got != int64(want) {
			t.Fatalf("the union of %v is %v with %d instants, want %d", a, one, got, want)
		}
		if got := record.Common(one, other); got != int64(both) || record.Common(other, one) != got {
			t.Fatalf("%v and %v have %d instants in common, want %d", a, b, got, both)
		}
		for i := 1; i < len(one); i++ {
			if one[i-1].End >= one[i].Start {
				t.Fatalf("the union of %v is %v, whose spans touch", a, one)
			}
		}
	}
}

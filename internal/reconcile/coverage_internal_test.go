package reconcile

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
		one, other := union(slices.Clone(a)), union(slices.Clone(b))
		both := 0
		inB := instants(b)
		for at := range instants(a) {
			if inB[at] {
				both++
			}
		}
		if got, want := length(one), len(instants(a)); got != int64(want) {
			t.Fatalf("the union of %v is %v with %d instants, want %d", a, one, got, want)
		}
		if got := common(one, other); got != int64(both) || common(other, one) != got {
			t.Fatalf("%v and %v have %d instants in common, want %d", a, b, got, both)
		}
		for i := 1; i < len(one); i++ {
			if one[i-1].End >= one[i].Start {
				t.Fatalf("the union of %v is %v, whose spans touch", a, one)
			}
		}
	}
}

func TestMillisecondsAreRoundedDown(t *testing.T) {
	for micros, want := range map[int64]int64{0: 0, 999: 0, 1000: 1, 1999: 1, -1: -1, -1000: -1, -1001: -2} {
		if got := floorMS(micros); got != want {
			t.Errorf("floorMS(%d) = %d, want %d", micros, got, want)
		}
	}
}

func TestAnIndexFindsAllRecordsOfAnIdWithinItsOrganisation(t *testing.T) {
	var x index
	x.add(1, 7, 4)
	x.add(1, 7, 2)
	x.add(2, 7, 9)
	x.add(1, record.None, 5)
	x.add(record.None, 7, 6)
	x.sort()
	for _, test := range []struct {
		org, id record.Text
		want    []uint32
	}{{1, 7, []uint32{2, 4}}, {2, 7, []uint32{9}}, {record.None, 7, []uint32{6}}, {1, record.None, nil}, {1, 8, nil}, {3, 7, nil}} {
		var got []uint32
		for _, found := range x.find(test.org, test.id) {
			got = append(got, found.n)
		}
		if !slices.Equal(got, test.want) {
			t.Errorf("find(%d, %d) = %v, want %v", test.org, test.id, got, test.want)
		}
	}
	groups := 0
	for range x.groups {
		groups++
	}
	if groups != 3 {
		t.Errorf("%d groups, want 3", groups)
	}
}

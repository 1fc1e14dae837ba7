package intake

import (
	"math/rand/v2"
	"slices"
	"testing"

	"cdrmend/internal/object"
)

func TestInputsThatAreInsertedStandInOrder(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		all := make([]Object, rng.IntN(12))
		for i := range all {
			all[i] = Object{Info: object.Info{Key: string(rune('a' + rng.IntN(26)))}, Source: rng.Uint32N(2)}
		}
		listed := rng.IntN(len(all) + 1)
		s := Inputs{Objects: slices.SortedFunc(slices.Values(all[:listed]), byKey)}
		s.insert(slices.Clone(all[listed:]))
		if len(s.Objects) != len(all) || !slices.IsSortedFunc(s.Objects, byKey) {
			t.Errorf("%v and %v become %v", all[:listed], all[listed:], s.Objects)
		}
	}
}

package job

import (
	"math/rand/v2"
	"slices"
	"testing"

	"cdrmend/internal/object"
)

func TestInputsThatAreInsertedStandInOrder(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		all := make([]input, rng.IntN(12))
		for i := range all {
			all[i] = input{Info: object.Info{Key: string(rune('a' + rng.IntN(26)))}, source: rng.Uint32N(2)}
		}
		listed := rng.IntN(len(all) + 1)
		s := snapshot{inputs: slices.SortedFunc(slices.Values(all[:listed]), byKey)}
		s.insert(slices.Clone(all[listed:]))
		if len(s.inputs) != len(all) || !slices.IsSortedFunc(s.inputs, byKey) {
			t.Errorf("%v and %v become %v", all[:listed], all[listed:], s.inputs)
		}
	}
}

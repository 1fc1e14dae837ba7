package reconcile

import (
	"slices"

	"cdrmend/internal/evidence"
)

// rounds is how many times the parts of a list are divided in two before they are
// sorted.
const rounds = 3

// sortSpread sorts a list whose order is total, in place and in parallel: a night
// has millions of findings.
func sortSpread[E any](spread evidence.Spread, list []E, order func(a, b E) int) {
	parts := [][]E{list}
	for range rounds {
		if len(list) < 1<<rounds*spread.Part {
			break // too short to gain from more parts
		}

		halves := make([][]E, 2*len(parts))
		spread.Each(len(parts), func(i int) { halves[2*i], halves[2*i+1] = divide(parts[i], order) })
		parts = halves
	}

	// No element belongs into another part, so nothing has to be merged.
	spread.Each(len(parts), func(i int) { slices.SortFunc(parts[i], order) })
}

// divide reorders a list and divides it in two, so that no element of the first part
// comes after an element of the second.
func divide[E any](list []E, order func(a, b E) int) (first, rest []E) {
	if len(list) == 0 {
		return nil, nil
	}

	pivot := middle(list, order)
	i, j := 0, len(list)-1
	for {
		for i <= j && order(list[i], pivot) < 0 {
			i++
		}
		for i <= j && order(list[j], pivot) >= 0 {
			j--
		}

		if i > j {
			return list[:i], list[i:]
		}

		list[i], list[j] = list[j], list[i]
	}
}

// middle returns an element near the median.
func middle[E any](list []E, order func(a, b E) int) E {
	const samples = 33
	some := make([]E, 0, samples)
	for i := range samples {
		some = append(some, list[i*len(list)/samples])
	}

	slices.SortFunc(some, order)
	return some[samples/2]
}

package reconcile

import "slices"

// rounds is how often each part of a list is divided in two before the parts are
// sorted.
const rounds = 3

// sortSpread sorts a list whose order is total, in place and in parallel: a night
// has millions of findings.
func sortSpread[E any](spread Spread, list []E, order func(a, b E) int) {
	parts := [][]E{list}
	for range rounds {
		if len(list) < 1<<rounds*spread.Part {
			break
		}
		halves := make([][]E, 2*len(parts))
		spread.Each(len(parts), func(i int) { halves[2*i], halves[2*i+1] = divide(parts[i], order) })
		parts = halves
	}
	spread.Each(len(parts), func(i int) { slices.SortFunc(parts[i], order) })
}

// divide moves the elements of a list so that none of its first part comes after
// one of the rest.
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

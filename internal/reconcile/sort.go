package reconcile

import "slices"

// runs is how many parts of a list are sorted on their own before they are
// merged; a power of two.
const runs = 8

// sorted sorts a list whose order is total; it may return another list in its
// place.
func sorted[E any](spread Spread, list []E, order func(a, b E) int) []E {
	if len(list) < runs*spread.Part {
		slices.SortFunc(list, order)
		return list
	}
	at := func(run int) int { return len(list) * run / runs }
	spread.Each(runs, func(i int) { slices.SortFunc(list[at(i):at(i+1)], order) })
	merged := make([]E, len(list))
	for width := 1; width < runs; width *= 2 {
		spread.Each(runs/width/2, func(i int) {
			from, middle, to := at(2*i*width), at((2*i+1)*width), at((2*i+2)*width)
			merge(merged[from:to], list[from:middle], list[middle:to], order)
		})
		list, merged = merged, list
	}
	return list
}

// merge fills a list with two that are sorted.
func merge[E any](into, a, b []E, order func(a, b E) int) {
	for i := range into {
		if len(b) == 0 || len(a) > 0 && order(a[0], b[0]) <= 0 {
			into[i], a = a[0], a[1:]
		} else {
			into[i], b = b[0], b[1:]
		}
	}
}

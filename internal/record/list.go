package record

import "slices"

// Clipped returns a list that is complete without the room that it kept for
// growing.
func Clipped[T any](list []T) []T {
	if cap(list)-len(list) <= len(list)/32 {
		return list
	}
	return slices.Clone(list)
}

// Run is a stretch of a shared slice: what a pointer-free stub has instead of
// a slice of its own.
type Run struct{ At, N uint32 }

// RunOf returns the stretch of all.
func RunOf[T any](r Run, all []T) []T { return all[r.At : r.At+r.N] }

// Invalid is one value that did not parse.
type Invalid struct {
	Row   uint32
	Field Field
	Raw   string // as it stands in the input
}

package record

import (
	"reflect"
	"slices"
)

// Clipped returns a list that is complete without the room that it kept for
// growing.
func Clipped[T any](list []T) []T {
	if cap(list)-len(list) <= len(list)/32 {
		return list
	}
	return slices.Clone(list)
}

// mostRoom is how many bytes of room are kept.
const mostRoom = 2 << 20

// Leave returns a list that is complete without the room that it grew in, which
// the next list can grow in; one of many lists is copied once then.
func Leave[T any](list []T) (own, room []T) {
	if cap(list)*int(reflect.TypeFor[T]().Size()) > mostRoom {
		return Clipped(list), nil
	}
	return append([]T(nil), list...), list[:0]
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

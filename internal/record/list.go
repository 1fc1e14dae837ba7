package record

import (
	"reflect"
	"slices"
)

// Clip returns a list without its spare capacity, once it has stopped growing.
// A few percent of spare capacity are not worth a copy.
func Clip[T any](list []T) []T {
	if cap(list)-len(list) <= len(list)/32 {
		return list
	}
	return slices.Clone(list)
}

// mostSpare is the most bytes of capacity that [Detach] returns for the next list.
const mostSpare = 2 << 20

// Detach copies a list that has stopped growing to an exact-size slice. It also
// returns the old memory as an empty slice in which the next list can grow, so
// that each of many lists is copied once. A very large list is only
// clipped, and the next one starts without memory.
func Detach[T any](list []T) (own, spare []T) {
	if cap(list)*int(reflect.TypeFor[T]().Size()) > mostSpare {
		return Clip(list), nil
	}

	// slices.Clone would keep the old memory alive where the list is empty.
	return append([]T(nil), list...), list[:0]
}

// Section is a part of a slice that many values share. A value holds it instead
// of a slice of its own, which would be a pointer for the garbage collector.
type Section struct{ At, N uint32 }

// SectionOf returns the elements of all that are in section s.
func SectionOf[T any](s Section, all []T) []T { return all[s.At : s.At+s.N] }

// Invalid is one value that did not parse.
type Invalid struct {
	Row   uint32
	Field Field
	Raw   string // as in the input
}

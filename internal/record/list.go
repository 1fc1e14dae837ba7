package record

import (
	"reflect"
	"slices"
)

// Clip returns a list that does not grow any more without its spare capacity.
// A few percent of spare capacity are not worth a copy.
func Clip[T any](list []T) []T {
	if cap(list)-len(list) <= len(list)/32 {
		return list
	}
	return slices.Clone(list)
}

// mostSpare is how many bytes of capacity [Detach] gives back for the next list.
const mostSpare = 2 << 20

// Detach copies a list that does not grow any more to a slice of exactly its
// size. It also returns the memory in which the list grew, empty, for the next
// list: so each of many lists is copied once. A very large list is only
// clipped, and the next one starts without memory.
func Detach[T any](list []T) (own, spare []T) {
	if cap(list)*int(reflect.TypeFor[T]().Size()) > mostSpare {
		return Clip(list), nil
	}
	return append([]T(nil), list...), list[:0]
}

// Section is a part of a slice that many values share. A value holds it instead
// of a slice of its own, which would be a pointer for the garbage collector.
type Section struct{ At, N uint32 }

// SectionOf returns the elements of all that a section names.
func SectionOf[T any](s Section, all []T) []T { return all[s.At : s.At+s.N] }

// Invalid is one value that did not parse.
type Invalid struct {
	Row   uint32
	Field Field
	Raw   string // as it stands in the input
}

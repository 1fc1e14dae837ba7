package record

import (
	"cmp"
	"slices"
)

// Union merges spans that overlap or touch, and drops those without length. It
// reorders the list and reuses its memory.
func Union(spans []Span) []Span {
	spans = slices.DeleteFunc(spans, func(s Span) bool { return s.End <= s.Start })
	slices.SortFunc(spans, func(a, b Span) int { return cmp.Compare(a.Start, b.Start) })

	merged := spans[:0] // never overtakes the loop
	for _, s := range spans {
		if last := len(merged) - 1; last >= 0 && s.Start <= merged[last].End {
			merged[last].End = max(merged[last].End, s.End)
		} else {
			merged = append(merged, s)
		}
	}

	return merged
}

// Without returns what is left of a union when another is taken from it.
func Without(spans, taken []Span) []Span {
	var left []Span
	for _, s := range spans {
		for _, t := range taken {
			if t.End <= s.Start || s.End <= t.Start {
				continue
			}
			if s.Start < t.Start {
				left = append(left, Span{Start: s.Start, End: t.Start})
			}
			s.Start = t.End
		}
		if s.Start < s.End {
			left = append(left, s)
		}
	}
	return left
}

// Length returns how long the spans of a union are together, in microseconds.
func Length(spans []Span) (micros int64) {
	for _, s := range spans {
		micros += int64(s.End - s.Start)
	}
	return micros
}

// Common returns how much of two unions is the same time, in microseconds.
func Common(a, b []Span) (micros int64) {
	for len(a) > 0 && len(b) > 0 {
		if both := min(a[0].End, b[0].End) - max(a[0].Start, b[0].Start); both > 0 {
			micros += int64(both)
		}

		// The span that ends first overlaps nothing after it.
		if a[0].End < b[0].End {
			a = a[1:]
		} else {
			b = b[1:]
		}
	}
	return micros
}

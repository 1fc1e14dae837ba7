package reconcile

import (
	"cmp"
	"slices"

	"cdrmend/internal/record"
)

// disorder is how far times of a leg may contradict their order, in microseconds:
// sources round differently.
const disorder = 1_000_000

// sound reports whether the times of a leg are in order, and its talk is not all
// outside of them. Nobody knows what a leg with other times should have.
func sound(ev *Evidence, n uint32) bool {
	l := &ev.Legs[n]
	inOrder := func(a, b record.Time) bool { return !a.Known() || !b.Known() || a-b <= disorder }
	return inOrder(l.Start, l.Answer) && inOrder(l.Answer, l.End) && inOrder(l.Start, l.End) && !talksOutside(ev, n)
}

// talksOutside reports whether a leg has talk, and all of it lies before its start
// or after its end. A time that is missing bounds nothing.
func talksOutside(ev *Evidence, n uint32) bool {
	l, talk, within := &ev.Legs[n], ev.talk(n), record.Forever
	if l.Start.Known() {
		within.Start = l.Start
	}
	if l.End.Known() {
		within.End = l.End
	}
	return len(talk) > 0 && !slices.ContainsFunc(talk, func(s record.Span) bool {
		if s.Start == s.End {
			return within.Start <= s.Start && s.Start <= within.End
		}
		return s.Overlaps(within)
	})
}

// appendTalkTime appends the spans of a leg in which somebody could be heard to
// an empty list, in order and without overlaps; false when they are unknown.
// Declared pauses are no talk.
func appendTalkTime(empty []record.Span, ev *Evidence, n uint32) ([]record.Span, bool) {
	l := &ev.Legs[n]
	start := l.Answer
	if !start.Known() {
		start = l.Start
	}
	if !l.End.Known() || !start.Known() || !sound(ev, n) {
		return empty, false
	}

	talk := append(empty, record.Span{Start: start, End: l.End})
	if spans := ev.talk(n); len(spans) > 0 {
		talk = append(empty, spans...)
		if l.Start.Known() {
			for i := range talk {
				talk[i] = record.Span{Start: max(talk[i].Start, l.Start), End: min(talk[i].End, l.End)}
			}
		}
	}
	talk = union(talk)
	if pauses := ev.pauses(n); len(pauses) > 0 {
		talk = without(talk, union(slices.Clone(pauses)))
	}
	return talk, true
}

// union merges spans that overlap or touch, and drops those without length.
func union(spans []record.Span) []record.Span {
	spans = slices.DeleteFunc(spans, func(s record.Span) bool { return s.End <= s.Start })
	slices.SortFunc(spans, func(a, b record.Span) int { return cmp.Compare(a.Start, b.Start) })

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

// without returns what is left of a union when another is taken from it.
func without(spans, taken []record.Span) []record.Span {
	var left []record.Span
	for _, s := range spans {
		for _, t := range taken {
			if t.End <= s.Start || s.End <= t.Start {
				continue
			}
			if s.Start < t.Start {
				left = append(left, record.Span{Start: s.Start, End: t.Start})
			}
			s.Start = t.End
		}
		if s.Start < s.End {
			left = append(left, s)
		}
	}
	return left
}

func length(spans []record.Span) (micros int64) {
	for _, s := range spans {
		micros += int64(s.End - s.Start)
	}
	return micros
}

// common returns how much of two unions is the same time.
func common(a, b []record.Span) (micros int64) {
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

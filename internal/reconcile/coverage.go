package reconcile

import (
	"cmp"
	"slices"

	"cdrmend/internal/record"
)

// appendTalkTime appends the talk time of a leg to an empty list: spans in order
// and without overlaps. It returns false when the talk time is unknown.
func appendTalkTime(empty []record.Span, ev *Evidence, leg uint32) ([]record.Span, bool) {
	l := &ev.Legs[leg]
	start := l.Answer
	if !start.Known() {
		start = l.Start
	}
	// Also spans that the CDR gives do not count while the leg's end is unknown.
	if !l.End.Known() || !start.Known() {
		return empty, false
	}

	if talk := ev.Particulars[leg].Talk; talk.N > 0 {
		return union(append(empty, record.SectionOf(talk, ev.Talk)...)), true
	}
	return union(append(empty, record.Span{Start: start, End: l.End})), true
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

package match

import (
	"slices"

	"cdrmend/internal/evidence"
	"cdrmend/internal/record"
)

// disorder is how far times of a leg may contradict their order, in microseconds:
// sources round differently.
const disorder = 1_000_000

// Sound reports whether the times of a leg are in order, and its talk is not all
// outside of them. Nobody knows what a leg with other times should have.
func Sound(ev *evidence.Evidence, n uint32) bool {
	l := &ev.Legs[n]
	inOrder := func(a, b record.Time) bool { return !a.Known() || !b.Known() || a-b <= disorder }
	return inOrder(l.Start, l.Answer) && inOrder(l.Answer, l.End) && inOrder(l.Start, l.End) && !talksOutside(ev, n)
}

// talksOutside reports whether a leg has talk, and all of it lies before its start
// or after its end. A time that is missing bounds nothing.
func talksOutside(ev *evidence.Evidence, n uint32) bool {
	l, talk, within := &ev.Legs[n], ev.TalkOf(n), record.Forever
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

// AppendTalkTime appends the spans of a leg in which somebody could be heard to
// an empty list, in order and without overlaps; false when they are unknown.
// Declared pauses are no talk.
func AppendTalkTime(empty []record.Span, ev *evidence.Evidence, n uint32) ([]record.Span, bool) {
	l := &ev.Legs[n]
	start := l.Answer
	if !start.Known() {
		start = l.Start
	}
	if !l.End.Known() || !start.Known() || !Sound(ev, n) {
		return empty, false
	}

	talk := append(empty, record.Span{Start: start, End: l.End})
	if spans := ev.TalkOf(n); len(spans) > 0 {
		talk = append(empty, spans...)
		if l.Start.Known() {
			for i := range talk {
				talk[i] = record.Span{Start: max(talk[i].Start, l.Start), End: min(talk[i].End, l.End)}
			}
		}
	}
	talk = record.Union(talk)
	if pauses := ev.PausesOf(n); len(pauses) > 0 {
		talk = record.Without(talk, record.Union(slices.Clone(pauses)))
	}
	return talk, true
}

// HeardUntil returns until when media last that begin at a time and are so long, in
// microseconds, if nothing was recorded during pauses. These are in order and do not
// overlap.
func HeardUntil(start record.Time, duration int64, pauses []record.Span) record.Time {
	end := start + record.Time(duration)
	for _, p := range pauses {
		if p.End <= start {
			continue
		}
		if p.Start >= end {
			break
		}
		end += p.End - max(p.Start, start)
	}
	return end
}

package policy

import (
	"time"

	"cdrmend/internal/record"
)

// Interval is the span of time that one run decides, and its name in commands,
// messages and keys of the output.
type Interval struct {
	record.Span
	Label string // 2026-11-20, or 2026-11-20T08 when intervals are shorter than a day
}

const (
	dayLayout  = "2006-01-02"
	hourLayout = "2006-01-02T15"
)

// IntervalAt returns the interval of a length that begins at a time.
func IntervalAt(start record.Time, length time.Duration) Interval {
	layout := dayLayout
	if length < 24*time.Hour {
		layout = hourLayout
	}
	return Interval{record.Span{Start: start, End: start.Add(length)}, start.Std().Format(layout)}
}

// ParseLabel returns the start of the interval that a label names, false for a
// text that is no label. It does not know the length of intervals.
func ParseLabel(text string) (record.Time, bool) {
	for _, layout := range []string{dayLayout, hourLayout} {
		if t, err := time.Parse(layout, text); err == nil {
			return record.TimeOf(t), true
		}
	}
	return 0, false
}

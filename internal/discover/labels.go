package discover

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"cdrmend/internal/policy"
	"cdrmend/internal/record"
	"cdrmend/internal/report"
)

// longestCall is how long a row lasts at most: one that has no end, or a later one, is taken
// to end then. So all rows that overlap a span begin, or end, close to it.
const longestCall = 24 * time.Hour

// mostIntervals is how many intervals a span may have: a century of days.
const mostIntervals = 36_600

// Labels returns those of the intervals of an output that may have a row that overlaps a
// span, in order. A row without a start belongs to the interval of its end.
func Labels(there []string, span record.Span) (searched []string) {
	for _, label := range there {
		start, ok := policy.ParseLabel(label)
		before := span.End != record.NoTime && start.Add(-longestCall) >= span.End
		after := span.Start != record.NoTime && start.Add(longest(label)+longestCall) <= span.Start
		if ok && !before && !after {
			searched = append(searched, label)
		}
	}
	return searched
}

// longest returns how long an interval may be. A label does not tell the length of one that
// is shorter than a day, and an output may have intervals of several lengths.
func longest(label string) time.Duration {
	if strings.Contains(label, "T") {
		return 12 * time.Hour
	}
	return 24 * time.Hour
}

// IntervalOf returns the span of a run's interval.
func IntervalOf(s *report.Summary) (record.Span, error) {
	length, err := time.ParseDuration(s.Config.Interval)
	if err != nil {
		return record.Span{}, fmt.Errorf("the summary of the run does not tell how long its interval is: %w", err)
	}
	start, ok := policy.ParseLabel(s.Interval)
	if !ok {
		return record.Span{}, fmt.Errorf("the summary of the run says that its interval is %q, which is no time", s.Interval)
	}
	return record.Span{Start: start, End: start.Add(length)}, nil
}

// Expected returns the intervals of a length that make up a span, in order. An end that the
// span leaves open is that of the intervals of the output.
func Expected(there []string, span record.Span, length time.Duration) (all []policy.Interval, err error) {
	first, last := span.Start, span.End
	if len(there) > 0 {
		if start, ok := policy.ParseLabel(there[0]); ok && first == record.NoTime {
			first = start
		}
		if start, ok := policy.ParseLabel(there[len(there)-1]); ok && last == record.NoTime {
			last = start.Add(length)
		}
	}
	if first == record.NoTime || last == record.NoTime {
		return nil, nil
	}
	step := record.Time(length.Microseconds())
	if (last-first)/step > mostIntervals {
		return nil, fmt.Errorf("the span from %s to %s has more than %d intervals", first, last, mostIntervals)
	}
	for start := first - ((first%step)+step)%step; start < last; start += step {
		all = append(all, policy.IntervalAt(start, length))
	}
	return all, nil
}

// Uncommitted returns the labels of the expected intervals that the committed intervals do not
// cover in full.
func Uncommitted(expected []policy.Interval, committed []record.Span) (labels []string) {
	slices.SortFunc(committed, func(a, b record.Span) int { return cmp.Compare(a.Start, b.Start) })
	var known []record.Span // without those that touch
	for _, s := range committed {
		if n := len(known); n > 0 && s.Start <= known[n-1].End {
			known[n-1].End = max(known[n-1].End, s.End)
		} else {
			known = append(known, s)
		}
	}

	for _, i := range expected {
		for len(known) > 0 && known[0].End <= i.Start {
			known = known[1:]
		}
		if len(known) == 0 || known[0].Start > i.Start || known[0].End < i.End {
			labels = append(labels, i.Label)
		}
	}
	return labels
}

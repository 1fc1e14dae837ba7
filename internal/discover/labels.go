package discover

import (
	"fmt"
	"slices"
	"time"

	"cdrmend/internal/policy"
	"cdrmend/internal/record"
)

// longestCall is how long before a span a call that overlaps it may have begun.
const longestCall = 24 * time.Hour

// mostIntervals is how many intervals a span may have: a century of days.
const mostIntervals = 36_600

// Labels returns the intervals that are searched for a span, in order: those that are there
// and may have what overlaps the span, and those of the span that are not there. Intervals
// have the given length.
func Labels(there []string, span record.Span, length time.Duration) ([]string, error) {
	var all []string
	for _, label := range there {
		start, ok := policy.ParseLabel(label)
		before := span.End != record.NoTime && start >= span.End
		after := span.Start != record.NoTime && start.Add(length+longestCall) <= span.Start
		if ok && !before && !after {
			all = append(all, label)
		}
	}

	first, last := span.Start, span.End
	if len(there) > 0 {
		if start, ok := policy.ParseLabel(there[0]); ok && first == record.NoTime {
			first = start
		}
		if start, ok := policy.ParseLabel(there[len(there)-1]); ok && last == record.NoTime {
			last = start.Add(length)
		}
	}
	if first != record.NoTime && last != record.NoTime {
		step := record.Time(length.Microseconds())
		if (last-first)/step > mostIntervals {
			return nil, fmt.Errorf("the span from %s to %s has more than %d intervals", first, last, mostIntervals)
		}
		for start := first - ((first%step)+step)%step; start < last; start += step {
			all = append(all, policy.IntervalAt(start, length).Label)
		}
	}
	slices.Sort(all)
	return slices.Compact(all), nil
}

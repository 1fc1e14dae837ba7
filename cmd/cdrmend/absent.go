package main

import (
	"context"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"cdrmend/internal/committed"
	"cdrmend/internal/metrics"
	"cdrmend/internal/parallel"
	"cdrmend/internal/policy"
)

// absentRequests is how many intervals are looked at at once.
const absentRequests = 8

// countAbsent returns how many of the last [metrics.AbsentSpan] intervals before the
// newest have no commit. It begins after the oldest interval that has a folder. A folder
// alone is no commit: a run that stopped leaves one, too.
func countAbsent(ctx context.Context, out *committed.Output, length time.Duration, newest string) (int64, error) {
	there, err := out.Labels(ctx)
	if err != nil {
		return 0, err
	}
	start, ok := policy.ParseLabel(newest)
	if !ok || len(there) == 0 {
		return 0, fmt.Errorf("the interval %q is not in the output", newest)
	}

	var absent atomic.Int64
	var open []string
	for i := range metrics.AbsentSpan {
		label := policy.IntervalAt(start.Add(-time.Duration(i+1)*length), length).Label
		if label <= there[0] {
			break
		}
		if slices.Contains(there, label) {
			open = append(open, label)
		} else {
			absent.Add(1)
		}
	}

	err = parallel.Each(ctx, absentRequests, len(open), func(ctx context.Context, i int) error {
		commit, err := out.Newest(ctx, open[i])
		if err == nil && commit == nil {
			absent.Add(1)
		}
		return err
	})
	return absent.Load(), err
}

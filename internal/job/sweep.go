package job

import (
	"context"
	"strings"
	"time"

	"cdrmend/internal/object"
	"cdrmend/internal/policy"
)

// leftoverAge is how old a temporary file must be to count as one that a crash left.
// No run writes to a file for that long without changing it.
const leftoverAge = 24 * time.Hour

// Sweep removes the temporary files that a crash left in the output, outside of
// intervals and in the given ones. Others may have millions of files, and are swept
// when they are run. It is housekeeping: a failure is only logged.
func (j *Job) Sweep(ctx context.Context, intervals []policy.Interval) {
	store, ok := j.Stores.Output.(object.Sweeper)
	if !ok || j.Dry != nil {
		return
	}

	chosen := map[string]bool{}
	for _, interval := range intervals {
		chosen["interval="+interval.Label] = true
	}
	skip := func(name string) bool { return strings.HasPrefix(name, "interval=") && !chosen[name] }

	removed, err := store.Sweep(ctx, j.Config.Output.URL.Prefix(), j.Now().Add(-leftoverAge), skip)
	if removed > 0 {
		j.Log.Info("removed temporary files that an earlier run left when it crashed", "files", removed)
	}
	if err != nil && ctx.Err() == nil {
		j.Log.Warn("temporary files of an earlier run were not removed", "error", err)
	}
}

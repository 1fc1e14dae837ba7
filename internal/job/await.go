package job

import (
	"context"
	"time"

	"cdrmend/internal/intake"
	"cdrmend/internal/policy"
)

// askAgain is how long a job waits at most before it looks for its inputs again.
const askAgain = 15 * time.Second

// Await waits until every source has delivered the end of an interval, for a span of time
// at most. It returns what was not there when the time was up. On a quiet day, on which
// nothing may come, it does not wait.
func (j *Job) Await(ctx context.Context, interval policy.Interval, most time.Duration) ([]policy.Awaited, error) {
	j.at(interval.Label, "")
	defer j.at("", "")
	if j.Config.Policy.Quiet(interval.Start) {
		j.Log.Info("no input is waited for on a quiet day")
		return nil, nil
	}

	until := time.NewTimer(most)
	defer until.Stop()
	again := time.NewTicker(min(askAgain, max(most/20, 10*time.Millisecond)))
	defer again.Stop()
	var last []policy.Awaited
	for first := true; ; first = false {
		left, err := intake.Undelivered(ctx, intake.Request{Config: j.Config, Sources: j.Stores.Sources}, interval)
		switch {
		case ctx.Err() != nil:
			return nil, ctx.Err()
		case err != nil: // the run itself says what is wrong, if that lasts
			j.Log.Warn("nobody can tell whether the inputs are there", "error", err)
			if left = last; first {
				left = j.awaited(interval)
			}
		}
		if len(left) == 0 {
			j.Log.Info("the inputs are there")
			return nil, nil
		}
		if first || len(left) != len(last) {
			for _, a := range left {
				j.Log.Info("waiting for an input", "source", a.Source, "url", a.URL, "marker", a.Marker, "at_most", most.String())
			}
		}
		last = left

		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-again.C:
		case <-until.C:
			for _, a := range left {
				j.Log.Warn("an input is not there, and the run starts without it", "source", a.Source, "url", a.URL, "marker", a.Marker, "after", most.String())
			}
			return left, nil
		}
	}
}

// awaited returns all that is waited for.
func (j *Job) awaited(interval policy.Interval) (list []policy.Awaited) {
	for i := range j.Config.Sources {
		if a, ok := j.Config.Sources[i].Awaited(interval.Span); ok {
			list = append(list, a)
		}
	}
	return list
}

package main

import (
	"context"

	"cdrmend/internal/committed"
	"cdrmend/internal/job"
	"cdrmend/internal/notify"
	"cdrmend/internal/report"
)

// alarm tells the configured webhook of new critical findings. The commits
// stand whatever becomes of the messages, so what fails is only logged.
func alarm(ctx context.Context, j *job.Job, results []*report.Run) {
	to := j.Config.Notify
	if to.URL == "" {
		return
	}
	output := &committed.Output{Store: j.Stores.Output, Root: j.Config.Output.URL.Prefix(), Scratch: j.Config.Scratch}
	for _, r := range results {
		if r.NoOp || r.DryRun {
			continue
		}
		notice, err := notify.Compose(ctx, output, r.Interval)
		if err == nil && notice != nil {
			err = notify.Send(ctx, to, notice)
		}
		switch {
		case err != nil:
			j.Log.Warn("the webhook was not told", "interval", r.Interval, "error", err)
		case notice != nil:
			j.Log.Info("told the webhook", "interval", r.Interval, "new_critical", notice.NewCritical)
		}
	}
}

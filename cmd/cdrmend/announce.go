package main

import (
	"context"
	"os"
	"time"

	"cdrmend/internal/committed"
	"cdrmend/internal/job"
	"cdrmend/internal/ledger"
	"cdrmend/internal/metrics"
	"cdrmend/internal/notify"
	"cdrmend/internal/report"
	"cdrmend/internal/timestamp"
)

// announcer reports commits to a time-stamping authority, a webhook and Prometheus.
// They are made by then, so a failure is only logged.
type announcer struct {
	*job.Job
	output  committed.Output
	started time.Time
	vouch   *timestamp.Authority // nil: none is configured
}

func newAnnouncer(j *job.Job) *announcer {
	output := committed.Output{Store: j.Stores.Output, Root: j.Config.Output.URL.Prefix(), Scratch: j.Config.Scratch}
	return &announcer{j, output, j.Now(), timestamp.NewAuthority(j.Config.Timestamp)}
}

// stamp gets a token for the newest journal entry, and for those before it that lack
// one. It is called after each interval, so that the time is that of the commit.
func (a *announcer) stamp(ctx context.Context, r *report.Run) {
	if a.Dry != nil || r.Journal == nil {
		return
	}
	folder := a.Config.Output.URL.Prefix() + ledger.JournalFolder
	stored, err := a.vouch.Complete(ctx, a.Stores.Output, folder, timestamp.Entry(*r.Journal))
	if stored > 0 {
		a.Log.Info("timestamped the journal", "interval", r.Interval, "run_id", r.RunID, "tokens", stored)
	}
	if err != nil {
		a.Log.Warn("the journal is not timestamped yet: the next run tries again", "interval", r.Interval, "run_id", r.RunID, "error", err)
	}
}

// announce sends each result to the webhook. Prometheus gets numbers only if no
// interval failed: a run that failed must not look like one that succeeded. Both get a
// message about a run that failed, with the intervals that were not committed.
func (a *announcer) announce(ctx context.Context, results []*report.Run, left []string, failed error) {
	// A dry run commits nothing that others could look at.
	if a.Dry != nil {
		return
	}

	reason := reasonOf(ctx, failed)
	ctx, cancel := afterwards(ctx)
	defer cancel()

	// The stop counts most, so its message is sent first. The next run finds the committed
	// intervals unchanged, so their new findings must be sent now, too.
	if failed != nil {
		stop := stopped{config: a.Config, intervals: left, code: failureCode(failed), reason: reason, time: a.Now()}
		stop.announce(ctx, a.Log)
	}
	a.alarm(ctx, results)
	if failed == nil {
		a.measure(ctx, results)
	}
}

// alarm sends new critical findings to the configured webhook.
func (a *announcer) alarm(ctx context.Context, results []*report.Run) {
	to := a.Config.Notify
	if to.URL == "" {
		return
	}

	for _, r := range results {
		// An unchanged interval has an older commit, whose findings were new then.
		if r.NoOp {
			continue
		}

		notice, err := notify.Compose(ctx, &a.output, r.Interval)
		if err == nil && notice != nil {
			if r.Journal != nil {
				notice.Journal = &notify.Mark{Number: r.Journal.Number, SHA256: r.Journal.SHA256}
			}
			err = notify.Send(ctx, to, notice)
		}

		switch {
		case err != nil:
			a.Log.Warn("the webhook was not told", "interval", r.Interval, "run_id", r.RunID, "error", err)
		case notice != nil:
			a.Log.Info("told the webhook", "interval", r.Interval, "run_id", r.RunID, "new_critical", notice.NewCritical)
		}
	}
}

// measure writes and pushes the configured metrics.
func (a *announcer) measure(ctx context.Context, results []*report.Run) {
	to := a.Config.Metrics
	if to.Textfile == "" && to.Pushgateway == "" {
		return
	}

	n := metrics.Night{Name: a.Config.Name, Ended: a.Now(), Took: a.Now().Sub(a.started), PeakMemory: peakMemory(os.DirFS("/"))}
	for _, r := range results {
		// Sums over some of the intervals would look like those of all.
		known, err := a.withSummary(ctx, r)
		if err != nil {
			a.Log.Warn("metrics were not written", "interval", r.Interval, "run_id", r.RunID, "error", err)
			return
		}
		n.Runs = append(n.Runs, known)
	}

	if len(n.Runs) > 0 {
		absent, err := countAbsent(ctx, &a.output, a.Config.Interval, n.Runs[len(n.Runs)-1].Interval)
		if err != nil {
			a.Log.Warn("intervals without a commit were not counted", "error", err)
		} else {
			n.Absent = &absent
		}
	}

	if to.Textfile != "" {
		if err := metrics.WriteFile(to.Textfile, &n); err != nil {
			a.Log.Warn("metrics were not written", "error", err)
		}
	}
	if to.Pushgateway != "" {
		if err := metrics.Push(ctx, to.Pushgateway, &n); err != nil {
			a.Log.Warn("metrics were not pushed", "error", err)
		}
	}
}

// withSummary returns the result with its summary. An unchanged interval
// computes none, so it gets that of its newest commit.
func (a *announcer) withSummary(ctx context.Context, r *report.Run) (*report.Run, error) {
	if r.Summary != nil {
		return r, nil
	}
	newest, err := a.output.Newest(ctx, r.Interval)
	if err != nil {
		return nil, err
	}

	known := *r
	known.Summary = new(report.Summary)
	return &known, newest.Decode(ctx, report.SummaryFile, known.Summary)
}

// Package job is one interval, told on one page: read the newest commit, list
// the inputs, decode them once, decide, write what was decided, and commit.
package job

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"cdrmend/internal/ledger"
	"cdrmend/internal/object"
	"cdrmend/internal/policy"
	"cdrmend/internal/reconcile"
	"cdrmend/internal/record"
	"cdrmend/internal/report"
	"cdrmend/internal/token"
)

// Job is one configuration ready to run. Everything it touches is in here.
type Job struct {
	Config *policy.Config
	Stores Stores
	AsOf   record.Time
	Now    func() time.Time  // of commit records only
	Tool   string            // version and build; part of every run id
	Signer *token.Signer     // of commit records; nil: they are not signed
	Keys   *token.Keys       // that may have signed earlier ones; nil: nobody checks
	Retain *ledger.Retention // what the output's store was asked for; nil: nothing
	DryRun bool
	Memory int64 // bytes that may be used, 0 without a limit
	OwnGC  bool  // somebody set how often the collector comes
	Chunk  int   // bytes of large objects that are decoded at once, 0 for as many as are good
	Sift   int   // let go of rows of margins even when they are few, and forget texts after so many; 0: only of many
	Log    *slog.Logger
	Watch  Watch
}

// Stores are the opened stores: those of the sources in the configuration's
// order, that of media (nil without one), and the output.
type Stores struct {
	Sources []object.Store
	Media   object.Store
	Output  object.Store
}

// Watch is told how far a stage is; total is 0 while it is unknown. A stage
// without a name says that the run is over.
type Watch func(stage string, done, total int64)

// attempts is how often a run starts over because its inputs changed or
// another run committed.
const attempts = 4

// Run does one interval. It starts over when an input changed while it was
// read, or when another run committed first.
func (j *Job) Run(ctx context.Context, interval record.Span) (*report.Run, error) {
	defer j.Watch("", 0, 0)
	a := attempt{Job: j, interval: interval, book: j.ledger(interval)}
	var again error
	for range attempts {
		r, err := a.run(ctx)
		if !errors.Is(err, object.ErrChanged) && !errors.Is(err, ledger.ErrOvertaken) {
			return r, err
		}
		j.Log.Warn("starting over", "interval", a.book.Label, "error", err)
		again = err
	}
	return nil, fmt.Errorf("interval %s: the inputs or the output kept changing; run again when nothing else writes there: %w", a.book.Label, again)
}

// attempt is one interval on its way to a commit. What was computed is kept,
// as another attempt may find the same inputs.
type attempt struct {
	*Job
	interval record.Span
	book     *ledger.Interval
	done     *computed
}

func (a *attempt) run(ctx context.Context) (*report.Run, error) {
	head, err := a.book.Newest(ctx)
	if err != nil {
		return nil, err
	}
	if head.Seal.Signed && a.Signer == nil {
		return nil, fmt.Errorf("interval %s in %s: %w", a.book.Label, a.book.Store, ledger.ErrSigned)
	}
	if head.Record != nil && !head.Seal.Signed && a.Signer != nil {
		a.Log.Warn("the newest commit record is unsigned: signing begins after it", "interval", a.book.Label, "record", head.Number())
	}
	neighbours, err := a.neighbours(ctx, a.interval)
	if err != nil {
		return nil, err
	}
	snap, err := a.snapshot(ctx, a.interval)
	if err != nil {
		return nil, err
	}
	log := a.Log.With("interval", a.book.Label, "run_id", snap.runID)
	if head.Record != nil && head.Record.RunID == snap.runID {
		log.Info("unchanged since the newest commit", "objects", snap.count)
		return a.unchanged(a.book, snap, head), nil
	}
	log.Info("listed the inputs", "objects", snap.count, "bytes", snap.bytes)
	if a.DryRun {
		return a.wouldDo(a.book, snap), nil
	}
	a.warnOfMemory(log, snap)
	defer a.frugal(snap.memory())()
	if a.done == nil || a.done.snap.runID != snap.runID {
		if a.done, err = a.compute(ctx, a.book, &head, snap); err != nil {
			return nil, err
		}
	}
	if err := a.commit(ctx, a.book, head, neighbours, a.done); err != nil {
		return nil, err
	}
	log.Info("committed", "coverage", a.done.summary.Coverage, "outcome", a.done.summary.Outcome)
	return a.done.result(a.book), nil
}

// Recomputed is a run that counts for nothing.
type Recomputed struct {
	ID     string
	Prefix string // of its keys in the output
}

// Recompute computes an interval from what its sources show and writes the
// run. It looks at no commit, and makes none.
func (j *Job) Recompute(ctx context.Context, interval record.Span) (*Recomputed, error) {
	snap, err := j.snapshot(ctx, interval)
	if err != nil {
		return nil, err
	}
	book := j.ledger(interval)
	if _, err := j.compute(ctx, book, nil, snap); err != nil {
		return nil, err
	}
	return &Recomputed{ID: snap.runID, Prefix: book.RunPrefix(snap.runID)}, nil
}

func (j *Job) ledger(interval record.Span) *ledger.Interval {
	return &ledger.Interval{
		Store: j.Stores.Output, Root: j.Config.Output.URL.Prefix(), Label: Label(interval, j.Config.Interval), Name: j.Config.Name,
		Signer: j.Signer, Keys: j.Keys,
	}
}

// Label names an interval: its date, and its hour when intervals are shorter
// than a day.
func Label(interval record.Span, length time.Duration) string {
	if length < 24*time.Hour {
		return interval.Start.Std().Format("2006-01-02T15")
	}
	return interval.Start.Std().Format("2006-01-02")
}

// computed is a run whose files are all written and that only lacks its
// commit.
type computed struct {
	snap     *snapshot
	decision *reconcile.Decision
	summary  *report.Summary
	runSum   string
	history  history
}

// compute reads everything, decides, and writes the files of the run, and the
// history that a commit after head would make; nil for none. They count for
// nothing before the commit.
func (j *Job) compute(ctx context.Context, book *ledger.Interval, head *ledger.Head, snap *snapshot) (*computed, error) {
	scan, err := j.scan(ctx, snap, false)
	if err != nil {
		return nil, err
	}
	defer scan.close()
	evidence, err := j.resolve(snap, scan)
	if err != nil {
		return nil, err
	}
	decision := reconcile.Decide(evidence, j.spread(snap))
	j.release(snap)
	if err := j.locate(ctx, snap, decision); err != nil {
		return nil, err
	}
	run := book.NewRun(snap.runID, j.Config.Scratch)
	summary, err := j.renderObjects(ctx, run, snap, scan, decision)
	if err != nil {
		return nil, err
	}
	page := j.page(snap, decision, summary)
	j.release(snap)
	history, err := j.renderTables(ctx, run, book, head, snap, decision, page)
	if err != nil {
		return nil, err
	}
	if err := j.renderReports(ctx, run, snap, decision, summary, page); err != nil {
		return nil, err
	}
	sum, err := run.Finish(ctx, snap.names.renamed)
	if err != nil {
		return nil, err
	}
	return &computed{snap: snap, decision: decision, summary: summary, runSum: sum, history: history}, nil
}

func (c *computed) result(book *ledger.Interval) *report.Run {
	r := c.snap.result(book)
	r.Outcome, r.Summary = c.summary.Outcome, c.summary
	return r
}

func (j *Job) unchanged(book *ledger.Interval, snap *snapshot, head ledger.Head) *report.Run {
	r := snap.result(book)
	r.NoOp, r.Outcome = true, head.Record.Outcome
	return r
}

func (j *Job) wouldDo(book *ledger.Interval, snap *snapshot) *report.Run {
	r := snap.result(book)
	r.DryRun, r.Memory, r.MemoryLimit = true, snap.memory(), j.Memory
	return r
}

func (s *snapshot) result(book *ledger.Interval) *report.Run {
	return &report.Run{
		Interval: book.Label, RunID: s.runID, URL: book.Store.String() + book.RunPrefix(s.runID), Objects: s.count, Bytes: s.bytes,
	}
}

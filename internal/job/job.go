// Package job runs one interval: it reads the newest commit, lists the inputs,
// reads them once, decides, writes the files of the decision, and commits.
package job

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"cdrmend/internal/budget"
	"cdrmend/internal/evidence"
	"cdrmend/internal/intake"
	"cdrmend/internal/ledger"
	"cdrmend/internal/object"
	"cdrmend/internal/output"
	"cdrmend/internal/policy"
	"cdrmend/internal/reconcile"
	"cdrmend/internal/record"
	"cdrmend/internal/report"
	"cdrmend/internal/token"

	"golang.org/x/sync/errgroup"
)

// Job is one configuration ready to run. Everything it touches is in here.
type Job struct {
	Config *policy.Config
	Stores Stores
	AsOf   record.Time
	Now    func() time.Time  // of commit records only
	Tool   string            // version and build; part of every run id
	Signer *token.Signer     // of commit records; nil: they are not signed
	Keys   *token.Keys       // that may have signed earlier ones; nil: signatures are not checked
	Decide ledger.Decisions  // about records and entries that the signer does not trust
	Retain *ledger.Retention // what the output's store was asked for; nil: nothing
	Random io.Reader         // of the id of a new output only
	Dry    Listed            // gets what was listed, instead of computing it; nil: a real run
	Memory int64             // bytes that may be used, 0 without a limit
	OwnGC  bool              // the user set how often the collector comes
	Log    *slog.Logger
	Watch  Watch
	At     func(interval, runID string) // is told what the job is at, with an empty run id until it is known, and "" when it is done; nil: nobody is

	Heard Heard // what is known of media; nil: nothing
	Skip  Skip  // which intervals are left alone; nil: none

	tuning  intake.Tuning   // set by tests
	journal *ledger.Journal // of the output, once an interval was run
}

// Listed gets the inputs of an interval once they are listed.
type Listed func(context.Context, *intake.Inputs) error

// Skip reports whether an interval is left as its newest commit has it, whatever its
// inputs are now.
type Skip func(ctx context.Context, interval *ledger.Interval, head ledger.Head) (bool, error)

// Stores are the opened stores: those of the sources in the configuration's
// order, that of media (nil without one), and the output.
type Stores struct {
	Sources []object.Store
	Media   object.Store
	Output  object.Store
}

// Watch is called with the progress of a stage; total is 0 while it is unknown. An
// empty stage means that the run is over.
type Watch func(stage string, done, total int64)

func (j *Job) at(interval, runID string) {
	if j.At != nil {
		j.At(interval, runID)
	}
}

// attempts is how often a run starts over because its inputs changed or
// another run committed.
const attempts = 4

// Run does one interval. It starts over when an input changed while it was
// read, or when another run committed first.
func (j *Job) Run(ctx context.Context, interval policy.Interval) (*report.Run, error) {
	j.at(interval.Label, "")
	defer j.at("", "")
	defer j.Watch("", 0, 0)

	a := attempt{Job: j, interval: interval, out: j.output()}
	var again error
	for range attempts {
		r, err := a.run(ctx)
		if !errors.Is(err, object.ErrChanged) && !errors.Is(err, ledger.ErrOvertaken) {
			return r, err
		}
		j.Log.Warn("starting over", "error", err)
		again = err
	}

	return nil, fmt.Errorf("interval %s: the inputs or the output kept changing; run again when nothing else writes there: %w", interval.Label, again)
}

// attempt tries to commit one interval. It keeps the run that it computed, as the
// next try may find the same inputs.
type attempt struct {
	*Job
	interval policy.Interval
	out      *ledger.Output
	done     *computed
}

func (a *attempt) run(ctx context.Context) (*report.Run, error) {
	// Ledgers come first: an output that belongs to another configuration is
	// refused before any input is listed.
	base, err := a.base(ctx)
	if err != nil {
		return nil, err
	}

	if a.Skip != nil {
		if skip, err := a.Skip(ctx, base.ledger, base.head); skip || err != nil {
			return &report.Run{Interval: a.interval.Label, NoOp: true}, err
		}
	}

	inputs, err := a.list(ctx, a.interval, a.ahead(ctx, base))
	if err != nil {
		return nil, err
	}
	if err := a.recall(ctx, base, inputs); err != nil {
		return nil, err
	}

	if err := a.begin(ctx, base); err != nil {
		return nil, err
	}

	a.at(a.interval.Label, inputs.RunID)
	r := resultOf(base.ledger, inputs)
	if a.Dry != nil {
		if err := a.Dry(ctx, inputs.Inputs); err != nil {
			return nil, err
		}
	}
	if base.unchanged(inputs.RunID) {
		a.Log.Info("unchanged since the newest commit", "objects", inputs.Count)
		r.NoOp, r.Outcome, r.Journal = true, base.head.Record.Outcome, a.journalHead(ctx)
		return r, nil
	}

	a.Log.Info("listed the inputs", "objects", inputs.Count, "bytes", inputs.Bytes)

	need := inputs.Memory()
	if a.Dry != nil {
		r.DryRun, r.Memory, r.MemoryLimit = true, need, a.Memory
		return r, nil
	}

	if a.Memory > 0 && need > a.Memory {
		a.Log.Warn("the interval may not fit into memory: choose a shorter interval or look-back, or raise the limit",
			"expected_bytes", need, "limit_bytes", a.Memory)
	}
	defer budget.New(need, a.OwnGC).Begin()()

	// An earlier attempt may have computed this run already, and lost the race for
	// the commit.
	if a.done == nil || a.done.inputs.RunID != inputs.RunID {
		packs := a.openPacks(ctx, base, inputs.Inputs)
		defer packs.close()
		if a.done, err = a.computeSeen(ctx, base.ledger, &base.head, inputs, packs, nil); err != nil {
			return nil, err
		}
		opened := inputs.Opener.Opened()
		a.Log.Info("read the inputs", "requested", opened.Requested, "from_packs", opened.Packed, "bytes_from_packs", opened.Bytes, "read_ahead", opened.Ahead)
	}
	committed, err := a.commit(ctx, base)
	if err != nil {
		return nil, err
	}
	r = resultOf(base.ledger, inputs) // only media say what its id is
	r.Journal = a.enter(ctx, committed)

	a.Log.Info("committed", numbers(a.done.summary)...)
	r.Outcome, r.Summary = a.done.summary.Outcome, a.done.summary
	r.Todo = a.done.todo
	return r, nil
}

// numbers returns what a log line says of a result.
func numbers(s *report.Summary) []any {
	c, o := &s.Coverage, s.Outcome
	list := []any{"recorded", c.Recorded, "intact", c.Intact, "expected", c.Of, "total", string(c.Total)}
	if c.RecordedPercent != nil && c.IntactPercent != nil { // neither when no call should be recorded
		list = append(list, "recorded_percent", *c.RecordedPercent, "intact_percent", *c.IntactPercent)
	}
	return append(list, "open_critical", o.OpenCritical, "open_major", o.OpenMajor, "open_minor", o.OpenMinor, "indeterminate_input", o.Indeterminate)
}

// Weigh returns how much runs of intervals read, in their order.
func (j *Job) Weigh(ctx context.Context, intervals []policy.Interval) ([]intake.Size, error) {
	defer j.Watch("", 0, 0)
	return intake.Weigh(ctx, intake.Request{Config: j.Config, Sources: j.Stores.Sources}, intervals, func(done, total int64) {
		j.Watch("listing", done, total)
	})
}

// list lists the inputs of an interval, and reads some of them ahead; with a nil ahead
// none.
func (j *Job) list(ctx context.Context, interval policy.Interval, ahead *intake.Ahead) (*listed, error) {
	inputs, err := intake.List(ctx, intake.Request{
		Config: j.Config, Sources: j.Stores.Sources, Media: j.Stores.Media, AsOf: j.AsOf, Tool: j.Tool, Ahead: ahead,
	}, interval)
	if err != nil || j.Heard == nil {
		return &listed{Inputs: inputs}, err
	}
	known, all, err := j.Heard(inputs)
	if err != nil {
		return nil, err
	}
	return &listed{inputs, known, all}, inputs.Deny(known.Denials(inputs))
}

// computed is a run whose files are all written. Only its commit is missing.
type computed struct {
	inputs   *listed
	packs    *packs
	media    *ledger.File // what is in media; nil when nobody looked
	decision *reconcile.Decision
	summary  *report.Summary
	todo     []report.Todo // what the page asks people to do
	runSum   string
	blocks   []ledger.FileBlocks // of the tables of the run
	history  history
}

// compute reads everything, decides, and writes the files of the run. With a head
// it also writes the history of a commit after it. The files have no effect before
// the commit.
func (j *Job) compute(ctx context.Context, to *ledger.Interval, head *ledger.Head, inputs *listed) (*computed, error) {
	return j.computeSeen(ctx, to, head, inputs, nil, nil)
}

// computeSeen computes as compute does. It keeps bytes of inputs in packs, unless these
// are nil, and shows the witness, if there is one, the decision with what it rests on.
func (j *Job) computeSeen(ctx context.Context, to *ledger.Interval, head *ledger.Head, inputs *listed, packs *packs, seen Witness) (*computed, error) {
	memory := budget.New(inputs.Memory(), j.OwnGC)
	ev, account, err := j.read(ctx, to, inputs, packs, memory)
	if err != nil {
		return nil, err
	}
	defer account.Close()

	// Stages that read more before the decision have their place here: they take inputs
	// and evidence, and add to the evidence.
	if err := j.hear(ctx, inputs, ev); err != nil {
		return nil, err
	}
	var media *ledger.File
	if seen == nil { // what a witness sees is not committed, so no record would name the file
		if media, err = j.keepMedia(ctx, to, inputs, ev); err != nil {
			return nil, err
		}
	}

	decision, err := interruptible(ctx, memory, func(s evidence.Spread) *reconcile.Decision {
		if seen == nil {
			return reconcile.Decide(ev, s)
		}
		trace := reconcile.Explain(ev, s)
		seen(inputs.Inputs, account, trace)
		trace.Release()
		return trace.Decision
	})
	if err != nil {
		return nil, err
	}
	memory.Release()
	decision.Night.RunID = inputs.RunID
	if err := packs.writeNight(ctx, to, decision.Night, j.Config.Scratch); err != nil {
		return nil, err
	}
	decision.Night = nil // nobody else needs it

	c := &computed{inputs: inputs, packs: packs, media: media, decision: decision}
	if err := j.write(ctx, to, head, c, account, memory); err != nil {
		return nil, err
	}
	if err := packs.wait(); err != nil {
		return nil, err
	}
	return c, nil
}

// read reads all inputs, and has their bytes kept in packs. The caller closes the account.
func (j *Job) read(ctx context.Context, to *ledger.Interval, inputs *listed, packs *packs, memory budget.Budget) (*evidence.Evidence, *intake.Account, error) {
	keep, err := packs.keep(ctx, to, j.Config.Scratch)
	if err != nil {
		return nil, nil, err
	}
	return intake.Read(ctx, inputs.Inputs, intake.Options{
		Log: j.Log, Progress: j.Watch, Release: memory.Release, Keep: keep, Tuning: j.tuning,
	})
}

// write writes the files of a decision, and completes what was computed.
func (j *Job) write(ctx context.Context, to *ledger.Interval, head *ledger.Head, c *computed, account *intake.Account, memory budget.Budget) error {
	inputs, decision := c.inputs.Inputs, c.decision

	// Two stages read objects again, as only the decision says which.
	places, err := intake.Locate(ctx, inputs, decision)
	if err != nil {
		return err
	}

	decision.Complete(places)
	if err := intake.SetAside(ctx, inputs, decision, account); err != nil {
		return err
	}

	run := output.NewRun(output.Run{Config: j.Config, Inputs: inputs, Account: account, Decision: decision, Progress: j.Watch}, to)
	page := run.Page(ctx)
	g, gctx := errgroup.WithContext(ctx)
	g.Go(func() error { return run.WriteObjects(gctx) })
	g.Go(func() (err error) {
		if c.summary, err = run.WriteSummary(gctx); err != nil {
			return err
		}
		page.Summary = c.summary
		return run.WriteTables(gctx, page, j.historyOf(to, head, c))
	})
	if err := g.Wait(); err != nil {
		return err
	}

	decision.DropPlaces()
	memory.Release()

	// Reports name all other files by their hashes, so they come last.
	if err := run.WriteReports(ctx, c.summary, page); err != nil {
		return err
	}
	c.todo, c.blocks = page.Todo(), run.Blocks()
	c.runSum, err = run.Finish(ctx)
	return err
}

// Recomputed is a run that was written but not committed.
type Recomputed struct {
	ID     string
	Prefix string // of its keys in the output
}

// Recompute computes an interval from what its sources show and writes the
// run. It neither looks at commits nor makes one.
func (j *Job) Recompute(ctx context.Context, interval policy.Interval) (*Recomputed, error) {
	inputs, err := j.list(ctx, interval, nil)
	if err != nil {
		return nil, err
	}

	to := j.output().Interval(interval.Label)
	if _, err := j.compute(ctx, to, nil, inputs); err != nil {
		return nil, err
	}
	return &Recomputed{ID: inputs.RunID, Prefix: to.RunPrefix(inputs.RunID)}, nil
}

func (j *Job) output() *ledger.Output {
	return &ledger.Output{
		Store: j.Stores.Output, Root: j.Config.Output.URL.Prefix(), Name: j.Config.Name,
		Signer: j.Signer, Keys: j.Keys, Decisions: j.Decide, Random: j.Random, Retained: j.Retain != nil,
	}
}

// resultOf returns the part of a result that is known once the inputs are listed.
func resultOf(l *ledger.Interval, inputs *listed) *report.Run {
	return &report.Run{
		Interval: l.Label, RunID: inputs.RunID, URL: l.Store.String() + l.RunPrefix(inputs.RunID), Objects: inputs.Count, Bytes: inputs.Bytes,
	}
}

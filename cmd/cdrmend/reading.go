package main

import (
	"context"
	"fmt"
	"path/filepath"

	"cdrmend/internal/committed"
	"cdrmend/internal/explain"
	"cdrmend/internal/job"
	"cdrmend/internal/ledger"
	"cdrmend/internal/object"
	"cdrmend/internal/replay"
	"cdrmend/internal/report"

	"github.com/spf13/pflag"
)

// reading reads inputs of a commit's run once more, as the run saw them.
type reading struct {
	commit  *committed.Commit
	out     *output
	summary report.Summary
	packs   *replay.Packs // what they hold need not be requested, and is there when the sources are gone
	open    replay.OpenSource
	base    string
	watch   job.Watch
	few     *part // of the inputs; nil: nothing is known of the night as a whole

	concurrency int
}

func openReading(ctx context.Context, w *world, flags *pflag.FlagSet, out *output, commit *committed.Commit) (*reading, error) {
	places, err := sourcePlaces(flags)
	if err != nil {
		return nil, err
	}
	quiet, _ := flags.GetBool("quiet")
	in := &reading{commit: commit, out: out, watch: w.progress(quiet), concurrency: verifyConcurrency}
	if out.config != nil {
		in.base, in.concurrency = filepath.Dir(out.config.Path), out.config.Concurrency
	}
	if err := commit.Decode(ctx, report.SummaryFile, &in.summary); err != nil {
		return nil, err
	}

	in.packs, err = replay.OpenPacks(ctx, in.ledger(), commit.Record, commit.Inputs(ctx), out.Scratch, func(pack string, err error) {
		w.logger(false).Warn("a pack of inputs is not what was committed: its inputs are requested from their sources", "pack", pack, "error", err)
	})
	if err != nil {
		return nil, err
	}
	in.open = in.packs.Before(places.opener(out.config, object.NewLimiter(in.concurrency)))
	return in, nil
}

// opening is a reading that is opened while the tables of its commit are searched.
type opening struct {
	cancel context.CancelFunc
	rows   chan *job.Part // of the story, once it is told
	done   chan struct{}  // closed when the other fields are set
	in     *reading
	err    error
}

// open begins to open the inputs of a commit's run, and to read those that every story
// needs.
func (e *explaining) open(ctx context.Context) *opening {
	// Stores keep the context. So it ends with the last read, not when they are open.
	ctx, cancel := context.WithCancel(ctx)
	o, commit := &opening{cancel: cancel, rows: make(chan *job.Part, 1), done: make(chan struct{})}, e.commit
	go func() {
		defer close(o.done)
		o.in, o.err = openReading(ctx, e.w, e.flags, e.out, commit)
		if o.err == nil && commit.Record.Night != nil {
			o.in.few = o.in.part(ctx, o.wanted)
		}
	}()
	return o
}

// wanted waits for the rows of the story.
func (o *opening) wanted(ctx context.Context) (*job.Part, error) {
	select {
	case rows := <-o.rows:
		return rows, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// read returns the reading once it has read what a story needs.
func (o *opening) read(rows *job.Part) (*reading, error) {
	o.rows <- rows
	<-o.done
	return o.in, o.err
}

// end ends all reading.
func (o *opening) end() {
	o.cancel()
	<-o.done
}

func (in *reading) ledger() *ledger.Output {
	return &ledger.Output{Store: in.out.Store, Root: in.out.Root}
}

// part is what was read of the inputs that decide about the rows of a story.
type part struct {
	*job.Reading
	err error
}

// part reads what decides about rows, which may be found meanwhile.
func (in *reading) part(ctx context.Context, rows func(context.Context) (*job.Part, error)) *part {
	p := &part{}
	night, err := in.ledger().ReadNight(ctx, in.commit.Record)
	if err != nil {
		p.err = err
		return p
	}
	run, err := replay.PreparePart(ctx, &in.summary, in.packs.Inputs(), in.base, in.open)
	if err != nil {
		p.err = err
		return p
	}
	p.Reading, p.err = in.job(ctx, run).ExplainPart(ctx, run.Interval, night, rows)
	return p
}

// deepen adds the reasons to a story. It takes few inputs if these show what the tables
// say, and reads all of them if not.
func (in *reading) deepen(ctx context.Context, story *explain.Story) error {
	if p := in.few; p != nil {
		err := p.err
		if err == nil {
			err = story.Deepen(p.Reading)
		}
		if err == nil || ctx.Err() != nil {
			return err
		}
		story.Whole = err.Error()
		in.few = nil // before as much is read as a run reads
	}

	r, err := in.whole(ctx)
	if err != nil {
		return err
	}
	return story.Deepen(r)
}

// whole reads all inputs.
func (in *reading) whole(ctx context.Context) (*job.Reading, error) {
	run, err := replay.Prepare(ctx, &in.summary, in.packs.Inputs(), in.base, in.open)
	if err != nil {
		return nil, err
	}

	// Another run id means that other bytes were read: the reasons would be those
	// of another decision.
	r, err := in.job(ctx, run).Explain(ctx, run.Interval)
	if err == nil && r.RunID != in.commit.Record.RunID {
		err = fmt.Errorf("they make another run, %s", r.RunID)
	}
	return r, err
}

// job returns the job of a run. The configuration in its summary knows nothing of this
// machine.
func (in *reading) job(ctx context.Context, run *replay.Run) *job.Job {
	run.Config.Concurrency, run.Config.Scratch = in.concurrency, in.out.Scratch
	j := run.Job(in.commit.Record.Tool, nil, in.watch)
	j.Heard = replay.Heard(ctx, in.ledger(), in.commit.Record, in.out.Scratch, true)
	return j
}

package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"

	"cdrmend/internal/committed"
	"cdrmend/internal/explain"
	"cdrmend/internal/job"
	"cdrmend/internal/ledger"
	"cdrmend/internal/object"
	"cdrmend/internal/replay"
	"cdrmend/internal/report"

	"github.com/spf13/pflag"
)

var explainCommand = command{
	name:    "explain",
	summary: "tell what was found about a recording, conversation, leg, finding or outage",
	usage:   "ID [OUTPUT_URL] [INTERVAL] [FLAGS]",
	text: `
Tells the whole chain behind one id in plain words: the manifest and its hash,
what was missing, each rule that was tried with the rows it rests on, the legs
with their verdicts and what proves that they were recorded, the outage that
something coincides with, the history of every finding, and the commit with its
signature. It says what to do about each finding and each call that nobody can
tell.

  cdrmend explain 81b87763-c88b-4afa-883f-4684f25cf845 --config cdrmend.yaml
  cdrmend explain fnd-1fd1420d0a0d80c4 s3://acme-compliance/cdrmend/ --keys keys.jwks.json
  cdrmend explain out-dde34e133fdb4e64 ./copy --tables-only

An id is looked for in all intervals, the newest first, and told from the first
that has it; an interval names another. Of the id of a finding or outage the beginning
will do where no other begins like it. Those inputs of the interval that decide
about it are read and decided again, as the run saw them; all of them, which takes
as long as a run does, when the run kept no inputs or when they do not show what was
committed. When an input that is needed changed or is gone, or with --tables-only, the
committed tables alone are told. Telephone numbers and users are masked. Exit code 1 when nobody has that id.
`,
	flags: func(f *pflag.FlagSet) {
		outputFlags(f)
		f.String("interval", "", "only in this interval: 2026-11-20, or 2026-11-20T08 when intervals are shorter than a day")
		f.Bool("tables-only", false, "do not read the inputs again")
		f.StringArray("source", nil, "NAME=URL: the bucket or directory in which the keys of a source lie today; media.url for media")
		f.Bool("clear", false, "show telephone numbers and users")
		f.Bool("json", false, "print JSON")
		f.Bool("quiet", false, "show no progress")
	},
	run: explainID,
}

func explainID(ctx context.Context, w *world, flags *pflag.FlagSet) (int, error) {
	if flags.NArg() < 1 || flags.NArg() > 3 {
		return 0, usagef("explain takes an ID, and perhaps an OUTPUT_URL and an interval; see cdrmend explain --help")
	}
	id := explain.Normal(flags.Arg(0))
	if id == "" {
		return 0, usagef("%q is no id", flags.Arg(0))
	}

	url, err := takeArguments(flags, flags.Args()[1:], anOutput, anInterval)
	if err != nil {
		return 0, err
	}
	out, labels, err := openIntervals(ctx, w, flags, url)
	if err != nil {
		return 0, err
	}
	if id, err = out.fullID(ctx, labels, id); err != nil {
		return 0, err
	}

	clear, _ := flags.GetBool("clear")
	story, commit, err := findStory(ctx, out, labels, id, clear)
	if err != nil {
		return 0, err
	}
	if story == nil {
		return w.notFound("no recording, conversation, leg, finding or outage %s in the newest commits of %s in %s", id, searched(labels), out.url)
	}

	if err := deepen(ctx, w, flags, out, commit, story); err != nil {
		return 0, err
	}
	return exitDone, w.print(flags, story, explain.Text(story))
}

// findStory returns the story of an id from the newest interval that has it, and
// the commit that it is taken from; nil when no interval has the id.
func findStory(ctx context.Context, out *output, labels []string, id string, clear bool) (*explain.Story, *committed.Commit, error) {
	// A look-up leads to an interval in little time. Only if it leads to none are all
	// tables read, as that proves it.
	for _, proof := range []bool{false, true} {
		for _, label := range slices.Backward(labels) {
			commits, err := out.Commits(ctx, label)
			if err != nil {
				return nil, nil, err
			}
			if len(commits) == 0 { // --interval may name one that was never committed
				continue
			}

			newest := commits[len(commits)-1]
			if !proof {
				if has, err := explain.Has(ctx, newest, id); err != nil {
					return nil, nil, err
				} else if !has {
					continue
				}
			}
			if story, err := explain.Tell(ctx, commits, id, clear); story != nil || err != nil {
				return story, newest, err
			}
		}
	}

	return nil, nil, nil
}

// deepen adds the reasons to a story, from the inputs as the run saw them. If
// they cannot be had, the story is told from the tables alone, and says why.
func deepen(ctx context.Context, w *world, flags *pflag.FlagSet, out *output, commit *committed.Commit, story *explain.Story) error {
	if only, _ := flags.GetBool("tables-only"); only {
		story.Unread = "the inputs were not to be read"
		return nil
	}

	in, err := openReading(ctx, w, flags, out, commit)
	if err == nil {
		err = in.deepen(ctx, story)
	}

	// A wrong flag and a signal end the command; all else makes the story shorter.
	var usage usageError
	if ctx.Err() != nil || errors.As(err, &usage) {
		return err
	}
	if err != nil {
		story.Unread, story.Whole = err.Error(), ""
	}
	return nil
}

// reading reads inputs of a commit's run once more, as the run saw them.
type reading struct {
	commit  *committed.Commit
	out     *output
	summary report.Summary
	packs   *replay.Packs // what they hold need not be requested, and is there when the sources are gone
	open    replay.OpenSource
	base    string
	watch   job.Watch

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

func (in *reading) ledger() *ledger.Output {
	return &ledger.Output{Store: in.out.Store, Root: in.out.Root}
}

// deepen adds the reasons to a story. It reads few inputs if these show what the tables
// say, and all of them if not.
func (in *reading) deepen(ctx context.Context, story *explain.Story) error {
	if in.commit.Record.Night != nil {
		err := in.deepenFrom(ctx, story, in.part)
		if err == nil || ctx.Err() != nil {
			return err
		}
		story.Whole = err.Error()
	}
	return in.deepenFrom(ctx, story, in.whole)
}

func (in *reading) deepenFrom(ctx context.Context, story *explain.Story, read func(context.Context, *explain.Story) (*job.Reading, error)) error {
	r, err := read(ctx, story)
	if err != nil {
		return err
	}
	return story.Deepen(r)
}

// part reads what decides about the rows of a story.
func (in *reading) part(ctx context.Context, story *explain.Story) (*job.Reading, error) {
	raw, err := in.ledger().ReadNight(ctx, in.commit.Record)
	if err != nil {
		return nil, err
	}
	run, err := replay.PreparePart(ctx, &in.summary, in.packs.Inputs(), in.base, in.open)
	if err != nil {
		return nil, err
	}
	return in.job(ctx, run).ExplainPart(ctx, run.Interval, raw, story.Rows(in.commit))
}

// whole reads all inputs.
func (in *reading) whole(ctx context.Context, _ *explain.Story) (*job.Reading, error) {
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

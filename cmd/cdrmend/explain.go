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
will do where no other begins like it. The inputs of that interval are read
again, which takes as long as a run does, and decided again. When one of them
changed or is gone, or with --tables-only, the committed tables alone are told.
Telephone numbers and users are masked. Exit code 1 when nobody has that id.
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

	r, err := reread(ctx, w, flags, out, commit)
	if err == nil {
		err = story.Deepen(r)
	}

	// A wrong flag and a signal end the command; all else makes the story shorter.
	var usage usageError
	if ctx.Err() != nil || errors.As(err, &usage) {
		return err
	}
	if err != nil {
		story.Unread = err.Error()
	}
	return nil
}

// reread reads the inputs of a commit's run and decides them once more.
func reread(ctx context.Context, w *world, flags *pflag.FlagSet, out *output, commit *committed.Commit) (*job.Reading, error) {
	places, err := sourcePlaces(flags)
	if err != nil {
		return nil, err
	}
	var summary report.Summary
	if err := commit.Decode(ctx, report.SummaryFile, &summary); err != nil {
		return nil, err
	}

	base, concurrency := "", verifyConcurrency
	if out.config != nil {
		base, concurrency = filepath.Dir(out.config.Path), out.config.Concurrency
	}

	// What packs hold need not be requested, and is there when the sources are gone.
	packs, err := replay.OpenPacks(ctx, &ledger.Output{Store: out.Store, Root: out.Root}, commit.Record, commit.Inputs(ctx), out.Scratch, func(pack string, err error) {
		w.logger(false).Warn("a pack of inputs is not what was committed: its inputs are requested from their sources", "pack", pack, "error", err)
	})
	if err != nil {
		return nil, err
	}
	run, err := replay.Prepare(ctx, &summary, packs.Inputs(), base, packs.Before(places.opener(out.config, object.NewLimiter(concurrency))))
	if err != nil {
		return nil, err
	}

	// The configuration in a summary knows nothing of this machine.
	run.Config.Concurrency, run.Config.Scratch = concurrency, out.Scratch
	quiet, _ := flags.GetBool("quiet")

	// Another run id means that other bytes were read: the reasons would be those
	// of another decision.
	r, err := run.Job(commit.Record.Tool, nil, w.progress(quiet)).Explain(ctx, run.Interval)
	if err == nil && r.RunID != commit.Record.RunID {
		err = fmt.Errorf("they make another run, %s", r.RunID)
	}
	return r, err
}

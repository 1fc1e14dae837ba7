package main

import (
	"context"
	"errors"
	"slices"

	"cdrmend/internal/committed"
	"cdrmend/internal/explain"

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

	e := &explaining{w: w, flags: flags, out: out}
	defer e.close()
	story, err := e.find(ctx, labels, id)
	if err != nil {
		return 0, err
	}
	if story == nil {
		return w.notFound("no recording, conversation, leg, finding or outage %s in the newest commits of %s in %s", id, searched(labels), out.url)
	}

	if err := e.deepen(ctx, story); err != nil {
		return 0, err
	}
	return exitDone, w.print(flags, story, explain.Text(story))
}

// explaining is one call of explain.
type explaining struct {
	w      *world
	flags  *pflag.FlagSet
	out    *output
	commit *committed.Commit // whose tables are searched, and that the story is taken from
	inputs *opening          // of its run; nil: not begun
}

// close ends what was begun for a commit.
func (e *explaining) close() {
	if e.inputs != nil {
		e.inputs.end()
		e.inputs = nil
	}
	if e.commit != nil {
		e.commit.Close()
		e.commit = nil
	}
}

// find returns the story of an id from the newest interval that has it; nil when no
// interval has the id.
func (e *explaining) find(ctx context.Context, labels []string, id string) (*explain.Story, error) {
	clear, _ := e.flags.GetBool("clear")

	for _, label := range slices.Backward(labels) {
		commits, err := e.out.Commits(ctx, label)
		if err != nil {
			return nil, err
		}
		if len(commits) == 0 { // --interval may name one that was never committed
			continue
		}

		// Whether an interval has the id takes less than a story. Of a single one the
		// story is begun at once.
		newest := commits[len(commits)-1]
		if len(labels) > 1 {
			has, err := explain.Has(ctx, newest, id)
			if err != nil || !has {
				newest.Close()
			}
			if err != nil {
				return nil, elsewhere(labels, err)
			}
			if !has {
				continue
			}
		}
		return e.tell(ctx, commits, id, clear)
	}

	return nil, nil
}

// tell returns the story of an id from the newest commit of an interval; nil when it has
// none. All that the story takes is begun at once: over a network each file waits for its
// own answers.
func (e *explaining) tell(ctx context.Context, commits []*committed.Commit, id string, clear bool) (*explain.Story, error) {
	e.commit = commits[len(commits)-1]
	explain.Prepare(ctx, e.commit)
	if only, _ := e.flags.GetBool("tables-only"); !only {
		e.inputs = e.open(ctx)
	}
	return explain.Tell(ctx, commits, id, clear)
}

// deepen adds the reasons to a story, from the inputs as the run saw them. If
// they cannot be had, the story is told from the tables alone, and says why.
func (e *explaining) deepen(ctx context.Context, story *explain.Story) error {
	if only, _ := e.flags.GetBool("tables-only"); only {
		story.Unread = "the inputs were not to be read"
		return nil
	}

	if e.inputs == nil {
		e.inputs = e.open(ctx)
	}
	in, err := e.inputs.read(story.Rows(e.commit))
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

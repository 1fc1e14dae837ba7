package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"cdrmend/internal/committed"
	"cdrmend/internal/history"
	"cdrmend/internal/table"

	"github.com/spf13/pflag"
)

var historyCommand = command{
	name:    "history",
	summary: "tell when each finding opened, changed and closed",
	usage:   "[OUTPUT_URL] INTERVAL | FINDING [FLAGS]",
	text: `
Tells, commit by commit, which findings opened, changed and closed. What closed
one are the objects new or changed between the runs of two commits that hold its
recording, or a leg or recording of its conversation; the lists of inputs of
both runs and the tables of the newer one tell.

  cdrmend history s3://acme-compliance/cdrmend/ 2026-11-20
  cdrmend history fnd-76c6c82ae38efe41 --config cdrmend.yaml

A finding is looked for in all intervals, the newest first, unless an interval
is given, too. The beginning of its id will do where no other begins like it. Exit code 1 when there is no such finding or commit.
`,
	flags: func(f *pflag.FlagSet) {
		outputFlags(f)
		f.String("interval", "", "the interval: 2026-11-20, or 2026-11-20T08 when intervals are shorter than a day")
		f.String("finding", "", "only the finding with this id")
		f.Bool("json", false, "print JSON")
	},
	run: showHistory,
}

func showHistory(ctx context.Context, w *world, flags *pflag.FlagSet) (int, error) {
	url, err := takeArguments(flags, flags.Args(), anOutput, anInterval, aFinding)
	if err != nil {
		return 0, err
	}
	interval, _ := flags.GetString("interval")
	id, _ := flags.GetString("finding")
	if interval == "" && id == "" {
		return 0, usagef("say whose history is wanted: give an interval such as 2026-11-20, or the id of a finding")
	}

	out, labels, err := openIntervals(ctx, w, flags, url)
	if err != nil {
		return 0, err
	}
	if id, err = out.fullID(ctx, labels, id); err != nil {
		return 0, err
	}

	commits, err := findHistory(ctx, out, labels, id)
	if err != nil {
		return 0, err
	}
	switch {
	case commits == nil && id == "":
		return w.notFound("interval %s is not committed in %s", interval, out.url)
	case commits == nil:
		return w.notFound("no finding %s in the histories of %s in %s", id, searched(labels), out.url)
	}

	var ids []string
	if id != "" {
		ids = []string{id}
	}
	defer commits[len(commits)-1].Close()
	h, err := history.Of(ctx, commits, ids)
	if err != nil {
		return 0, err
	}

	return exitDone, w.print(flags, h, history.Text(h))
}

// findHistory returns the commits of the newest interval whose history has a
// finding, or has any when no id is given; nil when there is none.
func findHistory(ctx context.Context, out *output, labels []string, id string) ([]*committed.Commit, error) {
	for _, label := range slices.Backward(labels) {
		commits, err := out.Commits(ctx, label)
		if err != nil {
			return nil, err
		}
		if len(commits) == 0 { // --interval may name one that was never committed
			continue
		}
		if id == "" {
			return commits, nil
		}

		newest := commits[len(commits)-1]
		has, err := hasFinding(ctx, newest, id)
		if has && err == nil {
			return commits, nil
		}
		newest.Close()
		if err != nil {
			return nil, elsewhere(labels, err)
		}
	}

	return nil, nil
}

// hasFinding reports whether the history of a commit, which has every finding of
// the earlier ones, has a finding.
func hasFinding(ctx context.Context, c *committed.Commit, id string) (has bool, err error) {
	search := &table.Search{Any: []table.Match{table.Having("finding_id", id)}, Limit: 1, Columns: []string{"finding_id"}}
	for _, err := range c.Find(ctx, table.History, search) {
		if err != nil {
			return false, err
		}
		has = true
	}
	return has, nil
}

// searched names the intervals in which something was looked for.
func searched(labels []string) string {
	switch n := len(labels); {
	case n == 0:
		return "any interval, as there is none,"
	case n <= 3:
		return "interval " + strings.Join(labels, ", ")
	default:
		return fmt.Sprintf("the %d intervals from %s to %s", n, labels[0], labels[n-1])
	}
}

package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"cdrmend/internal/committed"
	"cdrmend/internal/explain"
	"cdrmend/internal/job"
	"cdrmend/internal/object"
	"cdrmend/internal/policy"
	"cdrmend/internal/record"
	"cdrmend/internal/report"
	"cdrmend/internal/sample"
	"cdrmend/internal/starter"
	"cdrmend/internal/table"
	"cdrmend/internal/token"

	"github.com/spf13/pflag"
	"golang.org/x/sync/errgroup"
)

var demoCommand = command{
	name:    "demo",
	summary: "make a sample night, run the job on it and explain what it found",
	usage:   "[--dir DIR] [--s3 URL]",
	text: `
Writes the sample night of a contact centre, about 2,000 recordings with
outages, truncated metadata and lost recordings in known places, and runs the
job on it. It needs no account, no server and no configuration; with --s3 it
does the same on a bucket, with the AWS settings of the environment.

  cdrmend demo
  cdrmend demo --s3 s3://my-bucket/cdrmend-demo/
`,
	flags: func(f *pflag.FlagSet) {
		f.String("dir", "cdrmend-demo", "directory for the night, its configuration and the results")
		f.String("s3", "", "put night and results below this URL instead; the configuration still goes to --dir")
		f.Bool("quiet", false, "log nothing but errors")
		logFlags(f)
	},
	run: runDemo,
}

// The demo's night, and the time that it is looked at.
var (
	demoDay  = time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC)
	demoAsOf = demoDay.AddDate(0, 0, 5)
)

func runDemo(ctx context.Context, w *world, flags *pflag.FlagSet) (int, error) {
	dir, _ := flags.GetString("dir")
	base, _ := flags.GetString("s3")
	quiet, _ := flags.GetBool("quiet")

	night := sample.New(demoDay)
	config, err := writeNight(ctx, w, night, dir, base)
	if err != nil {
		return 0, err
	}
	cfg, err := policy.Load(config, w.environ, nil)
	if err != nil {
		return 0, usageError{err}
	}

	asOf := record.TimeOf(demoAsOf)
	j, err := newJob(ctx, w, cfg, asOf, quiet)
	if err != nil {
		return 0, err
	}

	j.Log = w.logger(true) // people read what the demo prints
	result, err := j.Run(ctx, policy.IntervalAt(record.TimeOf(demoDay), cfg.Interval))
	if err != nil {
		return 0, err
	}

	fmt.Fprint(w.stdout, "\n", report.Text(result, w.screen("--config "+quoted(config))))
	repaired, err := explainSome(ctx, w, j, result)
	if err != nil {
		return 0, err
	}

	printWhere(w, dir, base, config, repaired, result)
	return exitDone, nil
}

// writeNight writes the night's objects and its configuration, and returns
// the path of the latter. Objects that are there already are left alone.
func writeNight(ctx context.Context, w *world, night *sample.Night, dir, url string) (string, error) {
	to, err := openBase(ctx, dir, url)
	if err != nil {
		return "", err
	}
	fmt.Fprintf(w.stdout, "Writing the sample night of %s to %s …\n", demoDay.Format("2006-01-02"), cmp.Or(url, dir))

	// Objects of an earlier demo have the same bytes, so creating them succeeds.
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(to.writers)
	for o := range night.Objects() {
		g.Go(func() error { return to.create(gctx, o.Key, object.ContentOf(o.Body)) })
	}
	if err := g.Wait(); err != nil {
		return "", err
	}

	// The key of an earlier demo stays: its commits were signed with it.
	if _, err := os.Stat(filepath.Join(dir, demoKey)); errors.Is(err, fs.ErrNotExist) {
		if _, err := writeKey(token.KeyTypes[0], "", filepath.Join(dir, demoKey), filepath.Join(dir, demoPublic), (*token.Signer).PublicSet); err != nil {
			return "", err
		}
	}

	// Names, and files that accept writes, are the reader's to try.
	if err := os.WriteFile(filepath.Join(dir, demoNames), night.Names(), 0o644); err != nil {
		return "", fmt.Errorf("writing the names of the night: %w", err)
	}
	for key, name := range starter.Decisions {
		if err := beginFile(filepath.Join(dir, name), policy.FirstLines[key]+"\n"); err != nil {
			return "", err
		}
	}
	return writeConfig(dir, fmt.Appendf(night.Config(url), "  names: %s\n  accepted: %s\nevidence: {keep: all} # with it the output alone proves the night, see verify --offline\nreport:\n  worklist: %s\nsigning:\n  key: %s\n",
		demoNames, starter.Decisions["policy.accepted"], starter.Decisions["report.worklist"], demoKey))
}

// beginFile writes a file that is not there yet.
func beginFile(path, text string) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	return errors.Join(err, f.Close())
}

// Files in the demo's directory.
const (
	demoNames  = "names.csv"
	demoKey    = "signing.pem"
	demoPublic = "keys.jwks.json"
)

// explainSome tells three findings of the committed run in plain words: a
// recording that is lost, a value that was repaired, and metadata that never
// came. It returns the recording whose value was repaired.
func explainSome(ctx context.Context, w *world, j *job.Job, r *report.Run) (repaired string, err error) {
	wanted := []func(table.Finding) bool{
		func(f table.Finding) bool {
			return f.Class == "missing_recording" && f.OutageCause == "scope_missing" && f.OutageRelation == "inside"
		},
		func(f table.Finding) bool { return f.Class == "repaired_field" && f.OutageCause == "scope_missing" },
		func(f table.Finding) bool { return f.Class == "metadata_missing" },
	}

	found := make([]*table.Finding, len(wanted))
	out := committed.Output{Store: j.Stores.Output, Root: j.Config.Output.URL.Prefix()}
	commit, err := out.Newest(ctx, r.Interval)
	if err != nil {
		return "", err
	}

	for row, err := range commit.Table(ctx, table.Findings) {
		if err != nil {
			return "", err
		}
		f := table.FindingOf(row)
		for i, want := range wanted {
			if found[i] == nil && want(f) {
				found[i] = &f
				break // one finding illustrates one thing
			}
		}
	}

	fmt.Fprint(w.stdout, "Three of its findings, in plain words:\n")
	for _, f := range found {
		if f == nil {
			continue
		}
		fmt.Fprintf(w.stdout, "\n%s", explain.Brief(*f))
		if f.Class == "repaired_field" {
			repaired = f.Recording
		}
	}

	return repaired, nil
}

func printWhere(w *world, dir, base, config, repaired string, r *report.Run) {
	night := dir
	if base != "" {
		night = strings.TrimSuffix(base, "/") + "/"
	}

	// The exit code of run tells of open findings, which the demo has.
	program, file := called(w.program), quoted(config)
	fmt.Fprintf(w.stdout, `
The night lies in      %s
its configuration in   %s
the results in         %s
as a page to read      %sreport.html

Run the job again by hand; it finds nothing new and leaves the commit as it is:

  %s run --config %s --interval %s --as-of %s --fail-on none

Verify what was committed: records and their signatures, files, inputs, and by
computing everything again. Change a byte anywhere, and it names the object:

  %s verify --config %s --inputs --recompute

Follow one recording through all of it, from its manifest to the commit:

  %s explain %s --config %s
`, night, config, r.URL, r.URL,
		program, file, r.Interval, demoAsOf.Format(time.RFC3339), program, file, program, repaired, file)
}

// called returns how the program is called again from the same directory.
func called(program string) string {
	switch {
	case !strings.ContainsRune(program, filepath.Separator): // found in PATH
		return "cdrmend"
	case strings.Contains(program, "go-build") && filepath.Base(filepath.Dir(program)) == "exe":
		return "go run ./cmd/cdrmend" // its program is removed when it ends
	}
	return quoted(program)
}

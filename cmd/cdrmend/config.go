package main

import (
	"context"
	"fmt"

	"cdrmend/internal/check"
	"cdrmend/internal/policy"

	"github.com/spf13/pflag"
)

var configCommand = command{
	name:    "config",
	summary: "check a configuration, and the sources and the output that it names",
	usage:   "check --config FILE [--sources]",
	text: `
Checks the configuration and everything it names except the sources, and
prints it with all defaults filled in and secrets hidden. Every mistake is
reported with file, line and key.

With --sources it opens every source, the place of media and the output instead. Of
each source it lists one partition, the newest that has objects, and tries the profile
on the newest object in it. It prints what there is, which fields are filled, and what
keeps a run from working: missing permissions, a wrong bucket, region or profile, each
with what to do.

It writes nothing. Whether it may write, an output in use shows when it is asked to
create an object that is there already, and a directory when a file is made and removed.
A new bucket shows it by a new object only: --write creates plans/check/probe in the
output, which no run and no verification looks at.

  cdrmend config check --config cdrmend.yaml
  cdrmend config check --config cdrmend.yaml --sources
  cdrmend config check --config cdrmend.yaml --sources --interval 2026-11-20

Exit codes: 0 nothing that was tried is wrong; 2 something is wrong that somebody has
to correct; 3 something did not answer, and nothing else is wrong.
`,
	flags: func(f *pflag.FlagSet) {
		f.String("config", "", "configuration file (or CDRMEND_CONFIG)")
		f.Bool("sources", false, "open the sources and the output, and try each profile on one object")
		f.String("interval", "", "with --sources: look at the partitions of this interval, such as 2026-11-20")
		f.String("as-of", "", "with --sources: take this for the present time, as in 2026-11-25T00:00:00Z")
		f.Bool("write", false, "with --sources: create a probe object in the output")
		f.Bool("json", false, "print JSON")
	},
	verbs: []verb{{"check", "--config FILE"}},
	run:   runConfig,
}

func runConfig(ctx context.Context, w *world, flags *pflag.FlagSet) (int, error) {
	if flags.NArg() != 1 || flags.Arg(0) != "check" {
		return 0, usagef("config knows one thing to do: cdrmend config check --config FILE")
	}
	sources, _ := flags.GetBool("sources")
	for _, name := range []string{"interval", "as-of", "write"} {
		if flags.Changed(name) && !sources {
			return 0, usagef("--%s goes with --sources only", name)
		}
	}
	cfg, err := loadConfig(w, flags)
	if err != nil {
		return 0, err
	}
	if sources {
		return checkSources(ctx, w, flags, cfg)
	}

	return exitDone, printConfiguration(w, flags, cfg)
}

// checkSources opens everything that a configuration names, and prints what works.
func checkSources(ctx context.Context, w *world, flags *pflag.FlagSet, cfg *policy.Config) (int, error) {
	now, err := asOf(w, flags)
	if err != nil {
		return 0, err
	}
	r := check.Request{Config: cfg, Open: openStore, AsOf: now}
	r.Write, _ = flags.GetBool("write")
	if label, _ := flags.GetString("interval"); label != "" {
		start, err := parseInterval("--interval", label, cfg.Interval)
		if err != nil {
			return 0, err
		}
		interval := policy.IntervalAt(start, cfg.Interval)
		r.Interval = &interval
	}

	report, err := check.Run(ctx, r)
	if err != nil {
		return 0, fmt.Errorf("checking the sources: %w", err)
	}
	code := map[string]int{check.Fine: exitDone, check.Wrong: exitUsage, check.Unanswered: exitFailed}[report.Verdict]
	if asJSON, _ := flags.GetBool("json"); asJSON {
		return code, w.print(flags, report, "")
	}
	_, err = fmt.Fprint(w.stdout, report.Text(w.paint(), whereIs(cfg, flags)))
	return code, err
}

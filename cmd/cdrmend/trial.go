package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"cdrmend/internal/plausible"
	"cdrmend/internal/policy"
	"cdrmend/internal/printable"
	"cdrmend/internal/record"
	"cdrmend/internal/report"

	"github.com/spf13/pflag"
)

// runTrial computes one interval into a temporary directory, and prints whether the
// sources fit together.
func runTrial(ctx context.Context, w *world, flags *pflag.FlagSet, cfg *policy.Config, now record.Time) (int, error) {
	interval, err := trialInterval(flags, cfg, now)
	if err != nil {
		return 0, err
	}
	dir, err := os.MkdirTemp("", "cdrmend-trial-")
	if err != nil {
		return 0, fmt.Errorf("making the directory of the trial: %w; choose another with TMPDIR", err)
	}
	if err := apart(cfg, dir); err != nil {
		return 0, err
	}

	quiet, _ := flags.GetBool("quiet")
	j, err := newJob(ctx, w, cfg, now, quiet)
	if err != nil {
		return 0, errors.Join(err, os.Remove(dir))
	}
	w.limitMemory(j)
	stop, err := measure(flags)
	if err != nil {
		return 0, err
	}

	var seen plausible.Observation
	run, err := j.Trial(ctx, interval, seen.Observe)
	if err = errors.Join(err, seen.Err, stop()); err != nil {
		return 0, fmt.Errorf("trying interval %s in %s: %w", interval.Label, dir, err)
	}
	return printTrial(w, flags, run, seen.Report(run), dir)
}

// printTrial prints the result of a trial. The exit code is 1 when something is to be
// looked at.
func printTrial(w *world, flags *pflag.FlagSet, run *report.Run, r *plausible.Report, dir string) (int, error) {
	code := exitDone
	if r.Verdict == string(plausible.Look) {
		code = exitFindings
	}
	asJSON, _ := flags.GetBool("json")
	quiet, _ := flags.GetBool("quiet")
	switch {
	case asJSON:
		return code, w.print(flags, r, "")
	case quiet:
		return code, nil
	}

	_, err := fmt.Fprintf(w.stdout, "%s%s\nThe trial is in %s; nothing was committed. Remove the directory when you have looked at it.\n",
		report.Text(run, w.screen("")), r.Text(w.paint()), printable.Text(dir))
	return code, err
}

// trialInterval returns the interval of a trial: the one of --interval, else the one
// that ended last.
func trialInterval(flags *pflag.FlagSet, cfg *policy.Config, now record.Time) (policy.Interval, error) {
	for _, name := range []string{"dry-run", "from", "to", "output", "fail-on"} {
		if flags.Changed(name) {
			return policy.Interval{}, usagef("--trial computes one interval into a directory of its own: it goes without --%s", name)
		}
	}
	chosen, err := chooseIntervals(flags, cfg, now)
	if err != nil {
		return policy.Interval{}, err
	}
	return chosen[len(chosen)-1], nil // without --interval those that are re-checked come before it
}

// apart leaves of a configuration what computes a run, and makes a directory its output:
// nothing that others read or hear of is opened, signed or sent to.
func apart(cfg *policy.Config, dir string) error {
	t, err := policy.ParseTemplate(dir, "")
	if err != nil {
		return fmt.Errorf("the directory of the trial: %w; choose another with TMPDIR", err)
	}
	cfg.Output.URL, cfg.Output.S3 = t, policy.S3{}
	cfg.Output.ObjectLock, cfg.Output.SSEKMSKey = policy.ObjectLock{}, ""
	cfg.Signing, cfg.Audience = policy.Signing{}, policy.Audience{}
	return nil
}

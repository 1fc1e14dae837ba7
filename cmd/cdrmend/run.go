package main

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"runtime/debug"
	"time"

	"cdrmend/internal/job"
	"cdrmend/internal/ledger"
	"cdrmend/internal/object"
	"cdrmend/internal/policy"
	"cdrmend/internal/record"
	"cdrmend/internal/report"

	"github.com/spf13/pflag"
)

var runCommand = command{
	name:    "run",
	summary: "compute and commit an interval and its re-checks",
	usage:   "[INTERVAL] --config FILE [FLAGS]",
	text: `
Reads the interval that ended last, and again the ones before it that the
configuration re-checks, and commits for each the repaired manifests, the
tables and the history of findings. An interval whose inputs did not change
since its newest commit is left as it is.

  cdrmend run --config cdrmend.yaml
  cdrmend run 2026-11-20 --config cdrmend.yaml
  cdrmend run --config cdrmend.yaml --from 2026-11-01 --to 2026-11-20
  cdrmend run --config cdrmend.yaml --interval 2026-11-20 --trial

With --trial it computes one interval into a new temporary directory, which stays, and
prints after the summary whether the sources fit together: organisations, fields,
days, clocks, ids that join, trunks. The configured output is neither read nor written,
nothing is signed, committed or sent. It exits with 1 when something is to be looked at.

Exit codes: 0 done, nothing open at or above --fail-on; 1 done, such findings
are open; 2 usage or configuration error; 3 failed, nothing committed, safe to
repeat; 4 done, but inputs that are incomplete, lack what judging needs or do not
fit together leave results indeterminate; 5 stopped, nothing committed, repeating
does not help: a person has to decide about something in the output that is not
trusted, or to restore something.
`,
	flags: func(f *pflag.FlagSet) {
		f.String("config", "", "configuration file (or CDRMEND_CONFIG)")
		f.String("interval", "", "exactly this interval: 2026-11-20, or 2026-11-20T08 when intervals are shorter than a day")
		f.String("from", "", "first interval of a span")
		f.String("to", "", "interval after the span's last")
		f.String("as-of", "", "take this for the present time, as in 2026-11-25T00:00:00Z")
		f.Bool("dry-run", false, "list the inputs, try each profile on one object, and tell what would be read and the memory it takes; write nothing")
		f.Duration("wait-for-input", 0, "wait this long at most until every source has delivered the end of the newest interval, as in 30m; then start all the same")
		f.Bool("trial", false, "compute one interval into a temporary directory, and say whether the sources fit together; commit nothing")
		f.String("output", "", "URL or directory for the results, instead of the configured one")
		f.String("fail-on", "", "lowest severity of an open finding for exit code 1: critical, major, minor or none")
		f.Int("concurrency", 0, "requests in flight, instead of the configured number")
		f.Bool("json", false, "print the summary as JSON")
		f.Bool("quiet", false, "print and log nothing but errors")
		logFlags(f)
		measureFlags(f)
	},
	run: runIntervals,
}

func runIntervals(ctx context.Context, w *world, flags *pflag.FlagSet) (int, error) {
	if _, err := takeArguments(flags, flags.Args(), anInterval); err != nil {
		return 0, err
	}
	cfg, err := loadConfig(w, flags)
	if err != nil {
		return 0, err
	}
	present, err := asOf(w, flags)
	if err != nil {
		return 0, err
	}
	chosen, err := chooseIntervals(flags, cfg, present)
	if err != nil {
		return 0, err
	}

	wait, err := waitFor(flags)
	if err != nil {
		return 0, err
	}
	if trial, _ := flags.GetBool("trial"); trial {
		return runTrial(ctx, w, flags, cfg, present)
	}

	quiet, _ := flags.GetBool("quiet")
	asJSON, _ := flags.GetBool("json")
	dryRun, _ := flags.GetBool("dry-run")
	j, err := newJob(ctx, w, cfg, present, quiet)
	if err != nil {
		if !dryRun {
			stop := stopped{config: cfg, intervals: labels(chosen), code: failureCode(err), reason: reasonOf(ctx, err), time: w.now()}
			after, cancel := afterwards(ctx)
			defer cancel()
			stop.announce(after, w.logger(quiet))
		}
		return 0, err
	}
	var dry dryRuns
	if dryRun {
		dry = dryRuns{}
		j.Dry = dry.of(j)
	}
	w.limitMemory(j)
	stop, err := measure(flags)
	if err != nil {
		return 0, err
	}
	var left []policy.Awaited // what was not there when the time was up
	if newest := chosen[len(chosen)-1]; wait > 0 {
		if left, err = j.Await(ctx, newest, wait); err != nil {
			err = fmt.Errorf("interval %s: waiting for its inputs: %w", newest.Label, err)
			newAnnouncer(j).announce(ctx, nil, labels(chosen), err)
			return 0, errors.Join(err, stop())
		}
		if j.AsOf, err = asOf(w, flags); err != nil {
			return 0, errors.Join(err, stop())
		}
	}
	code, err := runAll(ctx, w, j, dry, chosen, left, printing{asJSON, quiet, w.screen(whereIs(cfg, flags))})
	return code, errors.Join(err, stop())
}

// waitFor returns how long a run waits for its inputs at most, 0 for one that does not.
func waitFor(flags *pflag.FlagSet) (time.Duration, error) {
	most, _ := flags.GetDuration("wait-for-input")
	dry, _ := flags.GetBool("dry-run")
	trial, _ := flags.GetBool("trial")
	switch {
	case !flags.Changed("wait-for-input"):
		return 0, nil
	case dry || trial:
		return 0, usagef("--wait-for-input goes with neither --dry-run nor --trial, which look at what is there now")
	case most <= 0:
		return 0, usagef("--wait-for-input is %s, want a span of time above 0 such as 30m", most)
	}
	return most, nil
}

// limitMemory tells a job the memory that it may use, and keeps the program within it.
func (w *world) limitMemory(j *job.Job) {
	j.OwnGC = w.env("GOGC") != ""

	// The runtime's limit is read before it is lowered.
	j.Memory = memoryLimit(debug.SetMemoryLimit(-1), os.DirFS("/"))
	setLimit(j.Memory)
}

// printing says how results are printed.
type printing struct {
	asJSON, quiet bool
	screen        report.Screen
}

// runAll runs one interval after the other. If one fails, the others are still
// run; all failures are named at the end.
//
// The result of the last interval, the newest, names the inputs that were not there when
// the run began.
func runAll(ctx context.Context, w *world, j *job.Job, dry dryRuns, chosen []policy.Interval, notThere []policy.Awaited, how printing) (int, error) {
	code := exitDone
	after := newAnnouncer(j)
	results := []*report.Run{}
	var failures []error

	j.Sweep(ctx, chosen)

	var left []string // intervals that were not committed

	for i, interval := range chosen {
		r, err := j.Run(ctx, interval)
		if err != nil {
			left = append(left, interval.Label)
			failures = append(failures, fmt.Errorf("interval %s: %w", interval.Label, err))
			if ctx.Err() != nil { // a signal, after which all others would fail, too
				left = append(left, labels(chosen[i+1:])...)
				break
			}
			continue
		}

		if i == len(chosen)-1 {
			r.NotThere = notThere
		}
		after.stamp(ctx, r)
		results = append(results, r)
		code = worse(code, exitCode(r, j.Config.FailOn))
		if !how.quiet && !how.asJSON {
			fmt.Fprint(w.stdout, report.Text(r, how.screen)+dry.text(r, &j.Config.Media, w.paint()))
		}
	}

	failed := errors.Join(failures...)
	after.announce(ctx, results, left, failed)

	// Results are printed even if other intervals failed: they are committed. Without any
	// the error is all that there is to print.
	if how.asJSON && (len(results) > 0 || failed == nil) {
		d := &runsDocument{Format: "cdrmend.runs/1", Runs: dry.withSources(results)}
		if failed != nil {
			d.Error = w.describe(ctx, failed)
		}
		failed = errors.Join(failed, w.printJSON(d))
	}

	return code, failed
}

// loadConfig loads the configuration that --config or CDRMEND_CONFIG names,
// with the flags that override it.
func loadConfig(w *world, flags *pflag.FlagSet) (*policy.Config, error) {
	path, _ := flags.GetString("config")
	path = cmp.Or(path, w.env("CDRMEND_CONFIG"))
	if path == "" {
		return nil, usagef("no configuration: give --config FILE, or try cdrmend demo")
	}

	// A command without one of these flags overrides nothing by it.
	var over []policy.Override
	for _, o := range []struct{ flag, key string }{{"output", "output.url"}, {"fail-on", "fail_on"}, {"concurrency", "concurrency"}} {
		if f := flags.Lookup(o.flag); f != nil && f.Changed {
			over = append(over, policy.Override{Flag: "--" + o.flag, Key: o.key, Value: f.Value.String()})
		}
	}

	cfg, err := policy.Load(path, w.environ, over)
	if err != nil {
		return nil, usageError{err}
	}
	return cfg, nil
}

// asOf returns the time that counts as the present. It decides which sources
// have settled.
func asOf(w *world, flags *pflag.FlagSet) (record.Time, error) {
	text, _ := flags.GetString("as-of")
	if text == "" {
		return record.TimeOf(w.now()), nil
	}
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return 0, usagef("--as-of %q is no time like 2026-11-25T00:00:00Z", text)
	}
	return record.TimeOf(t), nil
}

// newJob opens everything that a configuration names.
func newJob(ctx context.Context, w *world, cfg *policy.Config, asOf record.Time, quiet bool) (*job.Job, error) {
	retain := retention(cfg, w.now())
	stores, err := openStores(ctx, cfg, retain)
	if err != nil {
		return nil, err
	}

	log := w.logger(quiet)
	if path := cfg.Signing.Exposed; path != "" {
		log.Warn("everybody on this machine can read the signing key: allow it to the job's user alone, and change the key if others had access", "file", path)
	}

	return &job.Job{
		Config: cfg, Stores: *stores, AsOf: asOf, Now: w.now, Tool: toolVersion(), Signer: cfg.Signing.Signer, Keys: cfg.Signing.Keys, Retain: retain,
		Decide: ledger.Decisions{Adopt: cfg.Signing.Adopt, Disown: cfg.Signing.Disown}, Random: rand.Reader,
		Log: log, Watch: w.progress(quiet), At: w.markRun,
	}, nil
}

// retention returns how long Object Lock keeps what is written now, nil for no
// lock.
func retention(cfg *policy.Config, now time.Time) *ledger.Retention {
	lock := cfg.Output.ObjectLock
	if lock.Days == 0 {
		return nil
	}

	// Servers keep whole seconds. Rounding up keeps the lock from ending early.
	return &ledger.Retention{Mode: lock.Mode, Until: now.UTC().AddDate(0, 0, lock.Days).Truncate(time.Second).Add(time.Second)}
}

func openStores(ctx context.Context, cfg *policy.Config, retain *ledger.Retention) (*job.Stores, error) {
	// One limiter for all stores: concurrency bounds the requests of the whole run.
	limiter := object.NewLimiter(cfg.Concurrency)
	var stores job.Stores
	for _, s := range cfg.Sources {
		store, err := openStore(ctx, s.URL, s.S3, object.Options{Limiter: limiter, Versions: s.Versions})
		if err != nil {
			return nil, fmt.Errorf("opening source %s: %w", s.Name, err)
		}
		stores.Sources = append(stores.Sources, store)
	}

	if cfg.Media.URL != nil {
		store, err := openStore(ctx, *cfg.Media.URL, cfg.Media.S3, object.Options{Limiter: limiter})
		if err != nil {
			return nil, fmt.Errorf("opening media: %w", err)
		}
		stores.Media = store
	}

	var err error
	stores.Output, err = openForWriting(ctx, cfg, retain, limiter)
	return &stores, err
}

// openForWriting opens the output of a configuration. Its directory may not exist yet;
// those of sources must.
func openForWriting(ctx context.Context, cfg *policy.Config, retain *ledger.Retention, limiter *object.Limiter) (object.Store, error) {
	options := object.Options{Limiter: limiter, MakeRoot: true, SSEKMSKey: cfg.Output.SSEKMSKey}
	if retain != nil {
		options.Retention = object.Retention{Mode: retain.Mode, Until: retain.Until}
	}
	store, err := openStore(ctx, cfg.Output.URL, cfg.Output.S3, options)
	if err != nil {
		return nil, fmt.Errorf("opening the output: %w", err)
	}
	return store, nil
}

// openStore opens the bucket or directory of a URL.
func openStore(ctx context.Context, t policy.Template, s policy.S3, o object.Options) (object.Store, error) {
	o.Region, o.Endpoint, o.PathStyle = s.Region, s.Endpoint, s.PathStyle
	o.RoleARN, o.ExternalID = s.RoleARN, s.ExternalID
	return object.Open(ctx, object.Location{Bucket: t.Bucket(), Dir: t.Dir()}, o)
}

// chooseIntervals returns the intervals to run, the oldest first.
func chooseIntervals(flags *pflag.FlagSet, cfg *policy.Config, asOf record.Time) ([]policy.Interval, error) {
	one, _ := flags.GetString("interval")
	from, _ := flags.GetString("from")
	to, _ := flags.GetString("to")

	switch {
	case one != "" && (from != "" || to != ""):
		return nil, usagef("--interval goes with neither --from nor --to")
	case (from == "") != (to == ""):
		return nil, usagef("--from and --to go together")
	case one != "":
		start, err := parseInterval("--interval", one, cfg.Interval)
		if err != nil {
			return nil, err
		}
		return ended([]policy.Interval{policy.IntervalAt(start, cfg.Interval)}, asOf)
	case from != "":
		first, err := parseInterval("--from", from, cfg.Interval)
		if err != nil {
			return nil, err
		}
		last, err := parseInterval("--to", to, cfg.Interval)
		if err != nil {
			return nil, err
		}
		if last <= first {
			return nil, usagef("--to %s must come after --from %s", to, from)
		}
		return ended(intervals(first, last, cfg.Interval), asOf)
	}

	// An interval divides a day, so one begins at the epoch. The newest has ended
	// at asOf or before; the re-checked ones precede it.
	end := asOf - asOf%record.Time(cfg.Interval.Microseconds())
	return intervals(end.Add(-time.Duration(cfg.Recheck+1)*cfg.Interval), end, cfg.Interval), nil
}

// intervals returns those that begin from first to before last.
func intervals(first, last record.Time, length time.Duration) []policy.Interval {
	var list []policy.Interval
	for ; first < last; first = first.Add(length) {
		list = append(list, policy.IntervalAt(first, length))
	}
	return list
}

// labels returns the labels of intervals.
func labels(list []policy.Interval) []string {
	var all []string
	for _, interval := range list {
		all = append(all, interval.Label)
	}
	return all
}

func ended(list []policy.Interval, asOf record.Time) ([]policy.Interval, error) {
	if last := list[len(list)-1]; last.End > asOf {
		return nil, usagef("interval %s has not ended: it ends at %s and it is %s", last.Start.Std().Format("2006-01-02T15:04Z"), last.End, asOf)
	}
	return list, nil
}

// parseInterval reads the start of an interval, which must be aligned.
func parseInterval(flag, text string, length time.Duration) (record.Time, error) {
	start, ok := policy.ParseLabel(text)
	switch {
	case !ok:
		return 0, usagef("%s %q is no date like 2026-11-20, or 2026-11-20T08", flag, text)
	case start%record.Time(length.Microseconds()) != 0:
		return 0, usagef("%s %s is not the start of an interval of %s", flag, text, length)
	}
	return start, nil
}

// exitCode returns the exit code of one interval.
func exitCode(r *report.Run, failOn policy.Severity) int {
	switch {
	case r.DryRun || failOn == policy.None:
		return exitDone
	case r.Outcome.Open(failOn) > 0:
		return exitFindings
	case r.Outcome.Indeterminate:
		return exitIndeterminate
	}
	return exitDone
}

// worse returns the code that counts for several intervals: 3, 1, 4, 0.
func worse(a, b int) int {
	for _, code := range []int{exitFailed, exitFindings, exitIndeterminate} {
		if a == code || b == code {
			return code
		}
	}
	return exitDone
}

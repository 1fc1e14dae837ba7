package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"

	"cdrmend/internal/backfill"
	"cdrmend/internal/job"
	"cdrmend/internal/ledger"
	"cdrmend/internal/policy"
	"cdrmend/internal/record"

	"github.com/spf13/pflag"
)

var backfillCommand = command{
	name:    "backfill",
	summary: "compute years of intervals on many machines at once",
	usage:   "plan | run | status --config FILE [FLAGS]",
	text: `
plan lists what a span of intervals has to read, divides the intervals into shards of
about equal size, and writes who does what into the output, once and for all. Its last
line is the URL of the plan. run does one shard, and can be repeated, killed and started
twice: it commits each interval once, and skips those that are committed already.
status tells from the output alone what is done, missing and failed.

  cdrmend backfill plan --config cdrmend.yaml --from 2021-01-01 --to 2026-01-01 --shards 40
  cdrmend backfill run --config cdrmend.yaml --plan URL --index 7
  cdrmend backfill status --plan URL

A plan pins the configuration, the version, and the time at which sources count as
settled. An interval is done when its newest commit was made with these, or later, when
more had settled; what comes late is for the nightly run, or for run --from --to.
Workers need no connection to each other. They take the shard from --index, or from
JOB_COMPLETION_INDEX (an Indexed Job of Kubernetes) or AWS_BATCH_JOB_ARRAY_INDEX. They
neither send webhooks nor write metrics, and the next nightly run timestamps the journal.

Exit codes of run: 0 all intervals of the shard are committed, whatever their findings; 2
usage or configuration error; 3 failed, safe to repeat; 5 an interval failed, and
repeating does not help, while the others of the shard are committed; 6 refused: the
plan was made for another configuration or version. Of status: 0 all is done, 1 not yet.
`,
	flags: func(f *pflag.FlagSet) {
		f.String("config", "", "configuration file (or CDRMEND_CONFIG); status of a plan's URL needs none")
		f.String("keys", "", "status: JWKS file with the public keys that may have signed commit records; others are refused")
		f.String("plan", "", "run and status: URL or id of the plan")
		f.String("from", "", "plan: first interval of the span")
		f.String("to", "", "plan: interval after the span's last")
		f.Int("shards", 0, "plan: for how many workers")
		f.String("as-of", "", "plan: take this for the present time, as in 2026-11-25T00:00:00Z")
		f.Int("index", 0, "run: number of the shard, from 0 on; without it that of the environment")
		f.String("output", "", "URL or directory for the results, instead of the configured one")
		f.Int("concurrency", 0, "requests in flight, instead of the configured number")
		f.Bool("json", false, "print JSON")
		f.Bool("quiet", false, "print and log nothing but errors, and the URL of a plan")
		logFlags(f)
	},
	verbs: []verb{
		{"plan", "--config FILE --from INTERVAL --to INTERVAL --shards N [FLAGS]"},
		{"run", "--config FILE --plan URL [--index N] [FLAGS]"},
		{"status", "--plan URL [FLAGS]"},
	},
	run: runBackfill,
}

func runBackfill(ctx context.Context, w *world, flags *pflag.FlagSet) (int, error) {
	if flags.NArg() != 1 {
		return 0, usagef("backfill knows: plan, run, status; see cdrmend backfill --help")
	}
	verb := flags.Arg(0)
	uses := map[string][]string{"plan": {"from", "to", "shards", "as-of"}, "run": {"plan", "index"}, "status": {"plan", "keys"}}
	for _, name := range []string{"keys", "plan", "from", "to", "shards", "as-of", "index"} {
		if flags.Changed(name) && !slices.Contains(uses[verb], name) {
			return 0, usagef("backfill %s takes no --%s", verb, name)
		}
	}
	if verb == "status" {
		return tellStatus(ctx, w, flags)
	}
	cfg, err := loadConfig(w, flags)
	if err != nil {
		return 0, err
	}
	if verb == "plan" {
		return planBackfill(ctx, w, flags, cfg)
	}

	return workShard(ctx, w, flags, cfg)
}

// tellStatus tells what of a plan is done.
func tellStatus(ctx context.Context, w *world, flags *pflag.FlagSet) (int, error) {
	at, id, err := planName(flags)
	if err != nil {
		return 0, err
	}
	read, err := openOutput(ctx, w, flags, at)
	if err != nil {
		return 0, err
	}
	records := &ledger.Output{Store: read.Store, Keys: read.Keys}
	concurrency := verifyConcurrency
	if read.config != nil {
		records = ledgerOf(read.config, read.Store, nil)
		records.Keys, concurrency = read.Keys, read.config.Concurrency
	}
	records.Root = read.Root

	out, err := openPlan(ctx, w, records, id)
	if err != nil {
		return 0, err
	}
	out.Scratch, out.Concurrency = read.Scratch, concurrency
	s, err := out.Status(ctx, -1)
	if err != nil {
		return 0, err
	}
	code := exitDone
	if s.Done < len(s.Intervals) {
		code = exitFindings
	}
	return code, printStatus(w, flags, out.Plan, s)
}

// planBackfill makes a plan.
func planBackfill(ctx context.Context, w *world, flags *pflag.FlagSet, cfg *policy.Config) (int, error) {
	shards, _ := flags.GetInt("shards")
	quiet, _ := flags.GetBool("quiet")
	present, err := asOf(w, flags)
	if err != nil {
		return 0, err
	}
	if !flags.Changed("from") || !flags.Changed("to") {
		return 0, usagef("say with --from and --to which intervals: the first, and the one after the last")
	}
	chosen, err := chooseIntervals(flags, cfg, present)
	if err != nil {
		return 0, err
	}
	if shards < 1 || shards > len(chosen) {
		return 0, usagef("--shards is %d, want at least 1 and at most %d, the number of intervals", shards, len(chosen))
	}

	j, err := newJob(ctx, w, cfg, present, quiet)
	if err != nil {
		return 0, err
	}
	sizes, err := j.Weigh(ctx, chosen)
	if err != nil {
		return 0, err
	}
	plan, err := backfill.NewPlan(cfg, j.Tool, present, chosen, sizes, shards)
	if err != nil {
		return 0, err
	}
	records := ledgerOf(cfg, j.Stores.Output, j.Retain)
	id, err := backfill.Put(ctx, records, plan)
	if err != nil {
		return 0, err
	}

	out, err := openPlan(ctx, w, records, id)
	if err != nil {
		return 0, err
	}
	out.Scratch, out.Concurrency = cfg.Scratch, cfg.Concurrency
	s, err := out.Status(ctx, -1)
	if err != nil {
		return 0, err
	}
	if err := printStatus(w, flags, plan, s); err != nil {
		return 0, err
	}
	if asJSON, _ := flags.GetBool("json"); !asJSON {
		_, err = fmt.Fprintln(w.stdout, safe(s.Plan))
	}
	return exitDone, err
}

// planName returns where the output of the plan is that --plan names, empty when that says
// the id alone, and the id.
func planName(flags *pflag.FlagSet) (output, id string, err error) {
	named, _ := flags.GetString("plan")
	if named == "" {
		return "", "", usagef("say with --plan which plan: cdrmend backfill plan prints its URL")
	}
	output, id, ok := backfill.ParseName(named)
	if !ok {
		return "", "", usagef("--plan %q is no URL or id of a plan, want what cdrmend backfill plan printed last", named)
	}
	return output, id, nil
}

// isOutput reports whether a URL is that of the configured output.
func isOutput(cfg *policy.Config, url string) bool {
	t, err := policy.ParseTemplate(url, "")
	if err != nil {
		return false
	}
	out := cfg.Output.URL
	if t.Dir() == "" || out.Dir() == "" {
		return t.Bucket() == out.Bucket() && t.Prefix() == out.Prefix()
	}
	a, errA := filepath.Abs(t.Dir())
	b, errB := filepath.Abs(out.Dir())
	return a == b && errA == nil && errB == nil
}

// openPlan opens a plan of an output.
func openPlan(ctx context.Context, w *world, records *ledger.Output, id string) (*backfill.Output, error) {
	plan, err := backfill.Get(ctx, records, id)
	if errors.Is(err, backfill.ErrNoPlan) {
		err = usageError{err}
	}
	return &backfill.Output{
		Output: records, Plan: plan, ID: id,
		Describe: func(interval string, err error) *backfill.Failure {
			e := w.describe(ctx, otherName(err))
			return &backfill.Failure{Format: backfill.FailureFormat, Interval: interval, Code: e.Code, Reason: e.Reason, Error: e.Error, Next: e.Next}
		},
	}, err
}

// shardOf returns the number of the shard that a worker does.
func shardOf(w *world, flags *pflag.FlagSet, p *backfill.Plan) (int, error) {
	from, text := "--index", flags.Lookup("index").Value.String()
	if !flags.Changed("index") {
		from, text = "JOB_COMPLETION_INDEX", w.env("JOB_COMPLETION_INDEX")
		if text == "" {
			from, text = "AWS_BATCH_JOB_ARRAY_INDEX", w.env("AWS_BATCH_JOB_ARRAY_INDEX")
		}
	}
	if text == "" {
		return 0, usagef("say with --index which shard: neither JOB_COMPLETION_INDEX nor AWS_BATCH_JOB_ARRAY_INDEX is set")
	}
	shard, err := strconv.Atoi(text)
	if err != nil || shard < 0 || shard >= len(p.Shards) {
		return 0, usagef("%s is %q, and the plan has the shards 0 to %d", from, text, len(p.Shards)-1)
	}
	return shard, nil
}

// rounds is how often a worker tries intervals whose failures a repetition may mend. Its
// orchestrator counts exits with 5 before such failures.
const rounds = 3

// workShard does the intervals of a shard that are not done.
func workShard(ctx context.Context, w *world, flags *pflag.FlagSet, cfg *policy.Config) (int, error) {
	at, id, err := planName(flags)
	if err != nil {
		return 0, err
	}
	if at != "" && !isOutput(cfg, at) {
		return 0, usagef("--plan is one of the output %q, and the configured output is %s", at, cfg.Output.URL.String())
	}
	quiet, _ := flags.GetBool("quiet")
	j, err := newJob(ctx, w, cfg, 0, quiet)
	if err != nil {
		return 0, err
	}
	out, err := openPlan(ctx, w, ledgerOf(cfg, j.Stores.Output, j.Retain), id)
	if err != nil {
		return 0, err
	}
	out.Scratch, out.Concurrency, j.AsOf = cfg.Scratch, cfg.Concurrency, record.TimeOf(out.Plan.AsOf)
	shard, err := shardOf(w, flags, out.Plan)
	if err != nil {
		return 0, err
	}
	if err := out.Plan.Fits(j.Config, j.Tool); err != nil {
		return 0, err
	}
	w.limitMemory(j)
	intervals := out.Plan.Intervals(shard)
	j.Log.Info("doing a shard", "plan", out.ID, "shard", shard, "of", len(out.Plan.Shards), "intervals", len(intervals))
	j.Sweep(ctx, intervals)

	failed := tryAll(ctx, j, out, intervals)
	if ctx.Err() != nil {
		return 0, ctx.Err()
	}
	var failures []error
	for _, interval := range intervals {
		err := failed[interval.Label]
		if err == nil {
			continue
		}
		failures = append(failures, fmt.Errorf("interval %s: %w", interval.Label, err))
		if noteErr := out.Note(ctx, out.Describe(interval.Label, err)); noteErr != nil {
			j.Log.Warn("status cannot tell why the interval failed", "interval", interval.Label, "error", noteErr)
		}
	}
	after, err := out.Status(ctx, shard)
	if err != nil {
		return exitDone, errors.Join(append(failures, err)...)
	}
	for i := range after.Intervals {
		if s := &after.Intervals[i]; s.State != backfill.Done && failed[s.Interval] == nil {
			failures = append(failures, fmt.Errorf("interval %s is done no more, as its newest commit is not of this plan: %w", s.Interval, ledger.ErrOvertaken))
		}
	}
	return exitDone, errors.Join(append(failures, printStatus(w, flags, out.Plan, after))...)
}

// plantedError is the error of an interval that has a record of another configuration,
// though the output is that of this one. It is no mistake of the worker's command, which
// would end all other workers, too: whoever may create files can plant such a record.
type plantedError struct{ error }

func (e plantedError) Unwrap() error { return e.error }

func otherName(err error) error {
	if name, ok := errors.AsType[*ledger.NameError](err); ok && name.Interval != "" {
		return plantedError{err}
	}
	return err
}

// tryAll runs intervals, and returns the errors of those that could not be committed.
func tryAll(ctx context.Context, j *job.Job, out *backfill.Output, intervals []policy.Interval) map[string]error {
	// The job has read the newest commit, and entered it into the journal if its worker
	// was killed before it could.
	j.Skip = func(ctx context.Context, interval *ledger.Interval, head ledger.Head) (bool, error) {
		made, err := out.Made(ctx, interval, head)
		if made != nil {
			j.Log.Info("done before")
		}
		return made != nil, err
	}

	failed := map[string]error{}
	for range rounds {
		var again []policy.Interval
		for _, interval := range intervals {
			_, err := j.Run(ctx, interval)
			if ctx.Err() != nil {
				return nil
			}
			delete(failed, interval.Label)
			if err == nil {
				continue
			}
			err = otherName(err)
			failed[interval.Label] = err
			if failureCode(err) == exitFailed {
				j.Log.Warn("an interval failed, and is tried again after the others", "interval", interval.Label, "error", err)
				again = append(again, interval)
			}
		}
		if intervals = again; len(intervals) == 0 {
			break
		}
	}
	return failed
}

func printStatus(w *world, flags *pflag.FlagSet, p *backfill.Plan, s *backfill.Status) error {
	if quiet, _ := flags.GetBool("quiet"); quiet {
		return nil
	}
	return w.print(flags, s, backfill.Text(p, s))
}

package main

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"strings"

	"cdrmend/internal/hold"
	"cdrmend/internal/ledger"
	"cdrmend/internal/policy"

	"github.com/spf13/pflag"
)

var holdCommand = command{
	name:    "hold",
	summary: "put the objects of a matter under legal hold, or release them",
	usage:   "MATTER --config FILE [--request FILE] [--recording ID] [--conversation ID] [FLAGS]",
	text: `
Sets S3 legal holds on the media and metadata of recordings, so that nobody can
delete them while a matter is open. It lists what it would do; --apply does it.
--release lifts the holds of a matter, all or those of the recordings named.

  cdrmend hold "ACME 2026-117" --config cdrmend.yaml --conversation 1f0e…
  cdrmend hold "ACME 2026-117" --config cdrmend.yaml --conversation 1f0e… --reason "litigation" --by "J. Doe" --apply
  cdrmend hold "ACME 2026-117" --config cdrmend.yaml --request request.yaml
  cdrmend hold "ACME 2026-117" --config cdrmend.yaml --release
  cdrmend hold "ACME 2026-117" --config cdrmend.yaml --release --reason "settled" --by "J. Doe" --apply

--request names a discovery request, as discover takes it: all recordings that it covers
are meant. Recordings are looked for in the newest commits, of --from to --to or all. The
version that the run listed is held. If it is not there, it is named, and what
took its place is not held. Holds are possible in buckets with Object Lock.

What is held already stays, and is named. A hold that somebody else set before
is never lifted, and one that another matter needs stays until that is released,
too. Signed records below holds/ in the output say what was set, and the journal
names them. A call that was interrupted is completed by the next one with
--apply. Several calls for a matter may run at the same time: one that is overtaken
begins anew.

--apply writes to the buckets of inputs, and nothing but the hold. Give it
a role of its own, with --role or in the environment: run must not have it.

Exit codes: 0 done; 1 some objects could not be held or released; 2 usage error;
3 failed: repeat it; 5 a person has to decide about a record, or to restore a file, first.
`,
	flags: func(f *pflag.FlagSet) {
		f.String("config", "", "configuration of the output and the sources (or CDRMEND_CONFIG)")
		f.String("request", "", "YAML file with a discovery request: all recordings that it covers")
		f.StringArray("recording", nil, "a recording; repeat it for more")
		f.StringArray("conversation", nil, "all recordings of a conversation; repeat it for more")
		f.String("from", "", "first interval; without it the oldest")
		f.String("to", "", "interval after the last; without it all")
		f.Bool("release", false, "lift the holds of the matter")
		f.Bool("apply", false, "change the holds")
		f.String("reason", "", "why; it stands in the record")
		f.String("by", "", "who asks for it")
		f.String("role", "", "ARN of the role that changes holds, in place of the sources' own s3.role_arn")
		f.StringArray("source", nil, "NAME=URL: the bucket in which the keys of a source lie today; media.url for media")
		f.Bool("json", false, "print JSON")
		f.Bool("quiet", false, "show no progress")
		logFlags(f)
	},
	run: holdMatter,
}

// holding is one call of hold.
type holding struct {
	*hold.Output
	w      *world
	flags  *pflag.FlagSet
	config *policy.Config
	matter string
	why    hold.Why
	stores *holdStores
	chosen *selection

	// targets yields the objects that are chosen; nil: all that the matter holds.
	targets func(context.Context) iter.Seq2[hold.Target, error]
}

func holdMatter(ctx context.Context, w *world, flags *pflag.FlagSet) (int, error) {
	h, err := newHolding(ctx, w, flags)
	if err != nil {
		return 0, err
	}
	if apply, _ := flags.GetBool("apply"); apply {
		return h.apply(ctx)
	}
	plan, err := h.plan(ctx)
	if err != nil {
		return 0, err
	}
	return exitDone, h.print(&holdsDocument{
		Matter: h.matter, Action: plan.Action, Interrupted: plan.Open, Results: hold.Counts(plan.Lines), Targets: plan.Lines,
	})
}

// newHolding checks the flags, and opens the output.
func newHolding(ctx context.Context, w *world, flags *pflag.FlagSet) (*holding, error) {
	text := func(name string) string { v, _ := flags.GetString(name); return strings.TrimSpace(v) }
	h := &holding{w: w, flags: flags, matter: strings.TrimSpace(flags.Arg(0)), why: hold.Why{Reason: text("reason"), By: text("by")}}
	apply, _ := flags.GetBool("apply")
	release, _ := flags.GetBool("release")
	chosen, err := newSelection(flags)
	if err != nil {
		return nil, err
	}
	h.chosen = &chosen
	switch {
	case flags.NArg() != 1:
		return nil, usagef("hold takes one MATTER; see cdrmend hold --help")
	case chosen.empty() && !release:
		return nil, usagef("say what is held: --request, --recording or --conversation")
	case apply && (h.why.Reason == "" || h.why.By == ""):
		return nil, usagef("say with --reason why, and with --by who asks for it")
	}
	if _, err := ledger.MatterFolder(h.matter); err != nil {
		return nil, usageError{err}
	}

	if h.config, err = loadConfig(w, flags); err != nil {
		return nil, err
	}
	if h.stores, err = newHoldStores(flags, h.config, text("role")); err != nil {
		return nil, err
	}
	if err := h.open(ctx, apply); err != nil {
		return nil, err
	}
	if !chosen.empty() {
		out, err := openOutput(ctx, w, flags, "")
		if err != nil {
			return nil, err
		}
		labels, err := chosen.labels(ctx, out, flags)
		if err != nil {
			return nil, err
		}
		h.targets = func(ctx context.Context) iter.Seq2[hold.Target, error] {
			return chosen.targets(ctx, out, labels, h.stores)
		}
	}
	return h, nil
}

// open opens the output whose records say what is held.
func (h *holding) open(ctx context.Context, apply bool) error {
	out, err := prunable(ctx, h.w, h.config)
	if err != nil {
		return err
	}
	known, err := out.Identity(ctx)
	switch {
	case err != nil:
		return err
	case known.ID == "":
		return fmt.Errorf("nothing was ever committed in %s: run an interval first", out.Store)
	case apply && known.Signed && out.Signer == nil:
		return fmt.Errorf("%s in %s: %w", ledger.IdentityFile, out.Store, ledger.ErrSigned)
	}
	quiet, _ := h.flags.GetBool("quiet")
	h.Output = &hold.Output{
		Output: out.Output, ID: known.ID, Scratch: h.config.Scratch, Concurrency: h.config.Concurrency, Tool: toolVersion(),
		Now: h.w.now, Watch: h.w.progress(quiet), Open: h.stores.at,
	}
	return nil
}

func (h *holding) plan(ctx context.Context) (*hold.Plan, error) {
	var targets iter.Seq2[hold.Target, error]
	if h.targets != nil {
		targets = h.targets(ctx)
	}
	if release, _ := h.flags.GetBool("release"); release {
		return h.PlanRelease(ctx, h.matter, targets)
	}
	return h.PlanSet(ctx, h.matter, targets)
}

// apply completes what was interrupted, and then changes what the flags ask for.
func (h *holding) apply(ctx context.Context) (int, error) {
	known, err := h.Identity(ctx)
	if err != nil {
		return 0, err
	}
	journal, err := h.Output.Output.Open(ctx, known)
	if err != nil {
		return 0, err
	}
	out, err := h.Run(ctx, journal, h.matter, h.why, h.plan)
	if err != nil {
		return 0, err
	}
	d := &holdsDocument{Matter: h.matter, Action: out.Plan.Action, Applied: true, Interrupted: out.Completed, Targets: out.Plan.Lines}
	if done := out.Done; done != nil {
		d.Record = &holdsRecord{done.Record.Record.Number, done.Record.SHA256, *done.Entry}
		d.Targets = done.Lines
	}
	d.Results = hold.Counts(d.Targets)
	if err := h.print(d); err != nil {
		return 0, err
	}
	if slices.ContainsFunc(d.Targets, func(l hold.Line) bool { return l.Result.Failed() }) {
		return exitFindings, nil
	}
	return exitDone, nil
}

func (h *holding) print(d *holdsDocument) error {
	d.Format, d.Absent = "cdrmend.holds/1", append([]string{}, h.chosen.absent()...)
	if d.Targets == nil {
		d.Targets = []hold.Line{}
	}
	return h.w.print(h.flags, d, d.text())
}

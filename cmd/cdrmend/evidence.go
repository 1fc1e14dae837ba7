package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"cdrmend/internal/committed"
	"cdrmend/internal/ledger"
	"cdrmend/internal/object"
	"cdrmend/internal/policy"
	"cdrmend/internal/prune"
	"cdrmend/internal/wording"

	"github.com/spf13/pflag"
)

var evidenceCommand = command{
	name:    "evidence",
	summary: "forget inputs that the output keeps, where the law asks for it",
	usage:   "prune --config FILE --before DATE | --recording ID | --conversation ID [FLAGS]",
	text: `
Runs keep bytes of inputs in packs, as evidence in the configuration says. prune
deletes packs: those in the folders of intervals before a date, or the inputs that
list a recording or are about a conversation, whose packs are written anew without
them. It prints what it would do; --apply does it.

  cdrmend evidence prune --config cdrmend.yaml --before 2026-01-01
  cdrmend evidence prune --config cdrmend.yaml --conversation 1f0e… --reason "erasure, request 2026-117" --by "J. Doe" --apply

A signed entry of the journal names the packs first, so that verify can tell what was
forgotten on purpose from what is gone. No commit record is deleted, and no table:
verdicts stay. Delete the data at its sources before, or the next run keeps it again.
A conversation is also in call detail records: with evidence: {keep: all} each of
their files that has it is forgotten as a whole.

It needs the right to delete in the output, which run does not need. What Object Lock
still keeps is left and named; call it again when the time is over.

Exit codes: 0 done; 1 something is left; 2 usage error; 3 failed; 5 a person has to
decide about the journal first.
`,
	flags: func(f *pflag.FlagSet) {
		f.String("config", "", "configuration of the output (or CDRMEND_CONFIG)")
		f.String("before", "", "forget packs of intervals before this day, such as 2026-01-01")
		f.String("recording", "", "forget documents that list this recording")
		f.String("conversation", "", "forget documents and call detail records of this conversation")
		f.String("reason", "", "why; it stands in the journal, so do not name who is to be forgotten")
		f.String("by", "", "who asks for it")
		f.Bool("apply", false, "forget it")
		logFlags(f)
	},
	verbs: []verb{{"prune", "--config FILE --before DATE | --recording ID | --conversation ID [FLAGS]"}},
	run:   evidence,
}

func evidence(ctx context.Context, w *world, flags *pflag.FlagSet) (int, error) {
	if args := flags.Args(); len(args) != 1 || args[0] != "prune" {
		return 0, usagef("evidence knows: prune; see cdrmend evidence --help")
	}
	text := func(name string) string { v, _ := flags.GetString(name); return strings.TrimSpace(v) }
	sel := prune.Selection{Before: text("before"), Recording: text("recording"), Conversation: text("conversation")}
	why := prune.Why{Reason: text("reason"), By: text("by")}
	apply, _ := flags.GetBool("apply")
	switch {
	case sel == prune.Selection{}:
		return 0, usagef("say what is forgotten: --before, --recording or --conversation")
	case apply && (why.Reason == "" || why.By == ""):
		return 0, usagef("say with --reason why, and with --by who asks for it")
	}
	if _, err := time.Parse(time.DateOnly, sel.Before); sel.Before != "" && err != nil {
		return 0, usagef("--before %q is no day such as 2026-01-01", sel.Before)
	}

	cfg, err := loadConfig(w, flags)
	if err != nil {
		return 0, err
	}
	out, err := prunable(ctx, w, cfg)
	if err != nil {
		return 0, err
	}
	labels, err := out.Committed.Labels(ctx)
	if err != nil {
		return 0, err
	}
	log := w.logger(false)
	plan, err := prune.NewPlan(ctx, out, labels, sel, w.now(), func(pack string, err error) {
		log.Warn("a pack is not looked at", "pack", pack, "error", err)
	})
	if err != nil {
		return 0, err
	}

	var b strings.Builder
	for _, item := range plan.Items {
		fmt.Fprintf(&b, "%s: %d of %s\n", item.Pack.Path, item.Dropped, wording.Count(item.Inputs, "input"))
	}
	for _, path := range plan.Rest {
		fmt.Fprintf(&b, "%s: is left of a pack that was forgotten before\n", path)
	}
	work := len(plan.Items)+len(plan.Rest) > 0
	if len(plan.Items) == 0 {
		fmt.Fprintln(&b, "No pack holds it.")
	}
	if work && !apply {
		fmt.Fprintln(&b, "Nothing was deleted: --apply does it.")
	}
	if _, err := fmt.Fprint(w.stdout, safe(b.String())); err != nil || !apply || !work {
		return exitDone, err
	}
	return forget(ctx, w, out, plan, why)
}

// prunable opens an output for writing.
func prunable(ctx context.Context, w *world, cfg *policy.Config) (*prune.Output, error) {
	retain := retention(cfg, w.now())
	store, err := openForWriting(ctx, cfg, retain, object.NewLimiter(cfg.Concurrency))
	if err != nil {
		return nil, err
	}
	out := ledgerOf(cfg, store, retain)
	return &prune.Output{
		Output: out, Scratch: cfg.Scratch,
		Committed: &committed.Output{Store: store, Root: out.Root, Scratch: cfg.Scratch, Keys: out.Keys},
	}, nil
}

// ledgerOf returns the output of a configuration, for what is committed to it.
func ledgerOf(cfg *policy.Config, store object.Store, retain *ledger.Retention) *ledger.Output {
	return &ledger.Output{
		Store: store, Root: cfg.Output.URL.Prefix(), Name: cfg.Name, Signer: cfg.Signing.Signer, Keys: cfg.Signing.Keys,
		Decisions: ledger.Decisions{Adopt: cfg.Signing.Adopt, Disown: cfg.Signing.Disown}, Retained: retain != nil,
	}
}

// forget carries a plan out and prints what it did.
func forget(ctx context.Context, w *world, out *prune.Output, plan *prune.Plan, why prune.Why) (int, error) {
	known, err := out.Identity(ctx)
	if err != nil {
		return 0, err
	}
	if known.Signed && out.Signer == nil {
		return 0, fmt.Errorf("%s in %s: %w", ledger.IdentityFile, out.Store, ledger.ErrSigned)
	}
	journal, err := out.Open(ctx, known)
	if err != nil {
		return 0, err
	}
	done, err := plan.Apply(ctx, journal, why)

	var b strings.Builder
	for _, m := range done.Entries {
		fmt.Fprintf(&b, "journal entry %d, SHA-256 %s\n", m.Number, m.SHA256)
	}
	fmt.Fprintf(&b, "%s deleted, %s written anew\n", wording.Count(done.Deleted, "file"), wording.Count(done.Replaced, "pack"))
	for _, left := range done.Left {
		if left.Err != nil {
			fmt.Fprintf(&b, "left: %s: %v\n", left.Path, left.Err)
		} else {
			fmt.Fprintf(&b, "left: %s is retained until %s\n", left.Path, left.Until.UTC().Format(time.RFC3339))
		}
	}
	if _, printErr := fmt.Fprint(w.stdout, safe(b.String())); err == nil {
		err = printErr
	}
	if err == nil && len(done.Left) > 0 {
		return exitFindings, nil
	}
	return exitDone, err
}

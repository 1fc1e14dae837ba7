package verify

import (
	"context"
	"errors"
	"fmt"
	"os"

	"cdrmend/internal/ledger"
	"cdrmend/internal/object"
	"cdrmend/internal/replay"
)

// recomputed is a run that was computed again.
type recomputed struct {
	store     object.Store
	prefix    string // of its keys, ends in a slash
	sameBuild bool   // as the committed one: then bytes have to be equal, too
}

// recompute computes the run again into a directory of its own, and compares.
func (v *Check) recompute(ctx context.Context, r *replayed, how *Replay) error {
	dir, err := os.MkdirTemp(how.Scratch, "cdrmend-verify-")
	if err != nil {
		return fmt.Errorf("making a directory for what is computed again: %w; set scratch to one that can be written", err)
	}
	defer func() { _ = os.RemoveAll(dir) }() // files that remain can always be computed again

	store, err := object.Open(ctx, object.Location{Dir: dir}, object.Options{})
	if err != nil {
		return err
	}

	j := r.run.Job(r.record.Tool, store, v.out.Watch)
	j.Heard = replay.Heard(ctx, &ledger.Output{Store: v.out.Store, Root: v.out.Root}, r.record, how.Scratch, how.Offline)
	if j.Heard != nil && how.Offline {
		v.note("interval %s: what is in its media objects was taken from what the run kept, and not looked at again", r.chain.label)
	}
	again, err := j.Recompute(ctx, r.run.Interval)

	// An input that changed is a finding, not a failure.
	if changed, ok := errors.AsType[*replay.ChangedError](err); ok {
		v.broken(r.chain, InputLink, changed.URL, "%s", changed.Detail)
		return nil
	}
	if err != nil {
		return fmt.Errorf("computing it again: %w", err)
	}

	sameBuild := how.Tool == r.record.Tool
	switch {
	case again.ID == r.record.RunID:
		return v.compareRuns(ctx, r, &recomputed{store: store, prefix: again.Prefix, sameBuild: sameBuild})
	case sameBuild:
		v.broken(r.chain, RunLink, r.chain.prefix+r.folder+"run.json", "computed from what it says of itself, its id is %s", again.ID)
		return nil
	}
	return fmt.Errorf("run %s gets the id %s from this build, which knows other rules than build %q: verify with that one", r.record.RunID, again.ID, r.record.Tool)
}

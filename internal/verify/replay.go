package verify

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"slices"
	"time"

	"cdrmend/internal/ledger"
	"cdrmend/internal/policy"
	"cdrmend/internal/replay"
	"cdrmend/internal/report"
	"cdrmend/internal/wording"
)

// Replay says how to check the inputs of the newest commits again.
type Replay struct {
	Base      string // that relative URLs of sources are relative to
	Open      replay.OpenSource
	Commit    int64         // number of the commit to check; 0: the newest of each interval
	Inputs    bool          // compare every input with what the run read
	Recompute bool          // compute everything again, and compare
	Offline   bool          // with nothing but the packs of the output
	Tool      string        // this build
	Report    policy.Report // may hold the key of the pseudonyms in reports
	Scratch   string        // for runs that are computed again; empty: the system's
}

// Replay checks the inputs of one commit of each interval, and computes its run again,
// as how says. That is the newest: inputs of earlier ones may have changed since, which
// is why there is a newer one.
func (v *Check) Replay(ctx context.Context, how *Replay) error {
	if how.Inputs {
		v.report.Inputs = &Inputs{}
	}
	if how.Recompute {
		v.report.Recomputed = &Recomputed{}
	}

	for _, c := range v.chains {
		if c.newest() == nil || how.Commit > 0 && v.at(c, how.Commit) == nil {
			continue
		}
		if err := v.replay(ctx, c, how); err != nil {
			// A failure of one interval does not keep the others from being
			// checked.
			if err := v.unchecked(ctx, fmt.Errorf("interval %s: %w", c.label, err)); err != nil {
				return err
			}
		}
	}
	return nil
}

// at returns a commit of an interval. One that is not there is reported: nothing was
// checked.
func (v *Check) at(c *chain, number int64) *entry {
	if e := c.at(number); e != nil && !e.disowned {
		return e
	}
	v.count(func(r *Report) {
		r.Unchecked = append(r.Unchecked, fmt.Sprintf("interval %s has no commit %d", c.label, number))
	})
	return nil
}

// replayed is a committed run that is checked again.
type replayed struct {
	*entry
	folder   string // path below the interval's folder
	manifest ledger.Manifest
	summary  report.Summary
	run      *replay.Run
}

var errNotAsCommitted = errors.New("the inputs were not looked at again, as what the run says about them is not as it was committed")

func (v *Check) replay(ctx context.Context, c *chain, how *Replay) error {
	newest := c.newest()
	if how.Commit > 0 {
		newest = c.at(how.Commit)
	}
	if newest.record == nil {
		return errNotAsCommitted
	}

	r := &replayed{entry: newest, folder: "runs/" + newest.record.RunID + "/"}
	if err := v.load(ctx, r, how); err != nil {
		return err
	}

	changed := false
	if how.Inputs {
		var err error
		if changed, err = v.checkInputs(ctx, r); err != nil {
			return err
		}
	}

	if !how.Recompute {
		return nil
	}
	if changed {
		v.note("interval %s was not computed again, as its inputs changed", c.label)
		return nil
	}
	return v.recompute(ctx, r, how)
}

// load reads what the run says it was computed from.
func (v *Check) load(ctx context.Context, r *replayed, how *Replay) error {
	if err := v.decode(ctx, r, "run.json", &r.manifest); err != nil {
		return err
	}
	if r.manifest.Format != ledger.FormatVersion {
		return fmt.Errorf("its run has the format %q, and this build knows %q", r.manifest.Format, ledger.FormatVersion)
	}

	if err := v.decode(ctx, r, report.SummaryFile, &r.summary); err != nil {
		return err
	}

	open, inputs := how.Open, v.inputs(ctx, r)
	if how.Offline {
		packs, err := v.packs(ctx, r, how)
		if err != nil {
			return err
		}
		open, inputs = packs.Before(nil), packs.Inputs()
	}
	var err error
	if r.run, err = replay.Prepare(ctx, &r.summary, inputs, how.Base, open); err != nil {
		return err
	}

	cfg := r.run.Config
	// The summary has only the hash of the key: a given key is used if it is
	// the same.
	if how.Report.PseudonymKeySHA256 == cfg.Report.PseudonymKeySHA256 {
		cfg.Report.PseudonymKey = how.Report.PseudonymKey
	}

	cfg.Concurrency, cfg.Scratch = v.out.Concurrency, how.Scratch
	return nil
}

// present returns a record whose packs are those that are there: what was written instead
// of a forgotten one takes its place.
func (v *Check) present(r *ledger.Record) *ledger.Record {
	now := *r
	now.Evidence = nil
	for _, p := range r.Evidence {
		if there, _ := present(p, v.gone); there != nil {
			now.Evidence = append(now.Evidence, *there)
		}
	}
	return &now
}

// packs opens the packs of a run, which have to hold all that it read.
func (v *Check) packs(ctx context.Context, r *replayed, how *Replay) (*replay.Packs, error) {
	out := &ledger.Output{Store: v.out.Store, Root: v.out.Root}
	p, err := replay.OpenPacks(ctx, out, v.present(r.record), v.inputs(ctx, r), how.Scratch, func(pack string, err error) {
		v.note("interval %s: pack %s serves nothing: %v", r.chain.label, pack, err)
	})
	if err != nil {
		return nil, err
	}
	return p, p.Whole()
}

// decode reads a JSON file of the run, if the file is as it was committed.
func (v *Check) decode(ctx context.Context, r *replayed, name string, into any) error {
	path := r.folder + name
	if !r.chain.sound[path] {
		return errNotAsCommitted
	}

	raw, err := content(ctx, v.out.Store, r.chain.objects[path])
	if err != nil {
		return err
	}
	if err := json.Unmarshal(raw, into); err != nil {
		return fmt.Errorf("reading %q: %w", r.chain.prefix+path, err)
	}
	return nil
}

// inputs yields what inputs.jsonl lists, if the file is as it was committed.
func (v *Check) inputs(ctx context.Context, r *replayed) iter.Seq2[ledger.Input, error] {
	return func(yield func(ledger.Input, error) bool) {
		path := r.folder + ledger.InputsFile
		if !r.chain.sound[path] {
			yield(ledger.Input{}, errNotAsCommitted)
			return
		}

		body, err := v.out.Store.Open(ctx, r.chain.objects[path], 0)
		if err != nil {
			yield(ledger.Input{}, err)
			return
		}
		defer body.Close()

		ledger.ReadInputs(body)(yield)
	}
}

// checkInputs compares every input with what the run read, and reports whether
// one changed.
func (v *Check) checkInputs(ctx context.Context, r *replayed) (changed bool, err error) {
	before := len(v.report.Problems)
	var work []func(context.Context) error
	sources := r.run.Sources
	if r.run.Media != nil {
		sources = append(slices.Clone(sources), r.run.Media)
	}

	for _, p := range sources {
		for i := range p.Inputs() {
			work = append(work, func(ctx context.Context) error { return v.checkInput(ctx, r, p, i) })
		}
	}

	err = v.out.each(ctx, "verifying inputs", work)
	changed = len(v.report.Problems) > before

	// What the run did not list changes nothing that is computed from what it did.
	for _, p := range sources {
		v.checkUnlisted(r, p)
	}
	return changed, err
}

// unlisted is how many objects of a source that the run did not list are named.
const unlisted = 100

// underWay is how long before its commit a run may have listed its inputs.
const underWay = time.Hour

// checkUnlisted names the objects that lie where the run looked, and that it did not
// list. What is newer than the commit came later, and that is usual. What is older than
// the listing can have been is no accident: somebody hid it, or set its time back.
func (v *Check) checkUnlisted(r *replayed, p *replay.Pinned) {
	since, hidden := 0, 0
	committed := r.record.Time
	for _, info := range p.Unlisted() {
		url := p.String() + info.Key
		at := info.Modified.UTC().Format(time.RFC3339)
		late := info.Modified.After(committed)
		switch {
		case late || info.Modified.After(committed.Add(-underWay)):
			if since++; since > unlisted {
				continue
			}
			if late {
				v.note("interval %s: input %q is new since commit %d: it is of %s", r.chain.label, url, r.number, at)
			} else {
				v.note("interval %s: input %q of %s was not listed by commit %d of %s: it was delivered while the run was under way, or hidden from it",
					r.chain.label, url, at, r.number, committed.UTC().Format(time.RFC3339))
			}
		default:
			if hidden++; hidden <= unlisted {
				v.broken(r.chain, InputLink, url, "commit %d of %s did not list it, though it is of %s: it was hidden from the run, or its time was set back",
					r.number, committed.UTC().Format(time.RFC3339), at)
			}
		}
	}
	if more := max(since-unlisted, 0) + max(hidden-unlisted, 0); more > 0 {
		v.note("interval %s: %s of %s %s not listed by commit %d", r.chain.label, wording.Count(more, "more object"), p.String(), wording.Verb(more, "was", "were"), r.number)
	}
}

func (v *Check) checkInput(ctx context.Context, r *replayed, p *replay.Pinned, i int) error {
	in := &p.Inputs()[i]
	n, err := p.Compare(ctx, i)

	var changed *replay.ChangedError
	switch {
	case errors.As(err, &changed):
		v.broken(r.chain, InputLink, changed.URL, "%s", changed.Detail)
	case err != nil:
		return v.unchecked(ctx, err)
	default:
		v.count(func(rep *Report) {
			rep.Inputs.Objects++
			if in.SHA256 != "" {
				rep.Inputs.Read++
				rep.Inputs.Bytes += n
			}
		})
	}
	return nil
}

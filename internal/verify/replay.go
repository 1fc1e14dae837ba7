package verify

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"slices"
	"time"

	"cdrmend/internal/job"
	"cdrmend/internal/ledger"
	"cdrmend/internal/object"
	"cdrmend/internal/policy"
	"cdrmend/internal/record"
	"cdrmend/internal/report"
)

// Replay says how the inputs of the newest commits are looked at again.
type Replay struct {
	Base      string // that relative URLs of sources are relative to
	Open      OpenSource
	Inputs    bool          // hold every input against what the run read
	Recompute bool          // compute everything again, and compare
	Tool      string        // this build
	Report    policy.Report // that may know the key of pseudonyms in reports
	Scratch   string        // for what is computed again; empty: the system's
}

// OpenSource opens the store in which the keys of a source lie;
// ledger.MediaSource is that of media.url.
type OpenSource func(ctx context.Context, source string, url policy.Template, versions bool) (object.Store, error)

// Replay looks again at the inputs of the newest commit of each interval.
// Those of earlier commits may have changed since, which is why there is a
// newer one.
func (v *Check) Replay(ctx context.Context, how *Replay) error {
	if how.Inputs {
		v.Report.Inputs = &Inputs{}
	}
	if how.Recompute {
		v.Report.Recomputed = &Recomputed{}
	}
	for c := range v.chosen {
		if len(c.entries) == 0 {
			continue
		}
		if err := v.replay(ctx, c, how); err != nil {
			if err := v.unchecked(ctx, fmt.Errorf("interval %s: %w", c.label, err)); err != nil {
				return err
			}
		}
	}
	return nil
}

// replayed is a committed run that is looked at again.
type replayed struct {
	*entry
	folder   string // path below the interval's folder
	manifest ledger.Manifest
	summary  report.Summary
	interval record.Span
	config   *policy.Config
	sources  []*pinned // as in the configuration
	media    *pinned   // nil without media.url
}

var errNotAsCommitted = errors.New("the inputs were not looked at again, as what the run says about them is not as it was committed")

func (v *Check) replay(ctx context.Context, c *chain, how *Replay) error {
	newest := c.entries[len(c.entries)-1]
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
	var err error
	if r.config, err = r.summary.Config.Config(how.Base); err != nil {
		return err
	}
	for i := range r.config.Sources {
		if s := &r.config.Sources[i]; !r.summary.Settled[s.Name] {
			s.Settle = time.Hour // as of the interval's end, when the others are settled
		}
	}
	if how.Report.PseudonymKeySHA256 == r.config.Report.PseudonymKeySHA256 {
		r.config.Report.PseudonymKey = how.Report.PseudonymKey
	}
	r.config.Concurrency, r.config.Scratch = v.out.Concurrency, how.Scratch
	if r.interval, err = spanOf(&r.summary); err != nil {
		return err
	}
	return v.openSources(ctx, r, how)
}

func spanOf(s *report.Summary) (record.Span, error) {
	start, err1 := time.Parse(time.RFC3339Nano, s.Start)
	end, err2 := time.Parse(time.RFC3339Nano, s.End)
	return record.Span{Start: record.TimeOf(start), End: record.TimeOf(end)}, errors.Join(err1, err2)
}

// decode reads a JSON file of the run, once it is as it was committed.
func (v *Check) decode(ctx context.Context, r *replayed, name string, into any) error {
	path := r.folder + name
	if !r.chain.sound[path] {
		return errNotAsCommitted
	}
	raw, err := v.content(ctx, r.chain.objects[path])
	if err != nil {
		return err
	}
	if err := json.Unmarshal(raw, into); err != nil {
		return fmt.Errorf("reading %q: %w", r.chain.prefix+path, err)
	}
	return nil
}

// openSources opens what the run read, as it saw it.
func (v *Check) openSources(ctx context.Context, r *replayed, how *Replay) error {
	inputs, err := v.inputs(ctx, r)
	if err != nil {
		return err
	}
	for i := range r.config.Sources {
		s := &r.config.Sources[i]
		p, err := openPinned(ctx, how.Open, s.Name, s.URL, s.Versions, inputs[s.Name], prefixes(s, s.URL, r.interval))
		if err != nil {
			return fmt.Errorf("opening source %s: %w", s.Name, err)
		}
		r.sources = append(r.sources, p)
	}
	if r.config.Media.URL == nil {
		return nil
	}
	var media []string
	for i := range r.config.Sources {
		if s := &r.config.Sources[i]; s.Kind == policy.Manifests {
			media = append(media, prefixes(s, *r.config.Media.URL, r.interval)...)
		}
	}
	slices.Sort(media)
	r.media, err = openPinned(ctx, how.Open, ledger.MediaSource, *r.config.Media.URL, false, inputs[ledger.MediaSource], slices.Compact(media))
	return err
}

// prefixes returns where a run lists the keys of a source.
func prefixes(s *policy.Source, url policy.Template, interval record.Span) []string {
	var all []string
	for _, p := range s.Partitions(url, interval) {
		all = append(all, p.Prefixes...)
	}
	return all
}

func openPinned(ctx context.Context, open OpenSource, name string, url policy.Template, versions bool, inputs []ledger.Input, prefixes []string) (*pinned, error) {
	store, err := open(ctx, name, url, versions)
	if err != nil {
		return nil, err
	}
	p, err := newPinned(store, inputs)
	if err != nil {
		return nil, err
	}
	return p, p.look(ctx, prefixes)
}

// inputs reads inputs.jsonl, by source.
func (v *Check) inputs(ctx context.Context, r *replayed) (map[string][]ledger.Input, error) {
	path := r.folder + ledger.InputsFile
	if !r.chain.sound[path] {
		return nil, errNotAsCommitted
	}
	body, err := v.out.Store.Open(ctx, r.chain.objects[path], 0)
	if err != nil {
		return nil, err
	}
	defer body.Close()
	all := map[string][]ledger.Input{}
	for in, err := range ledger.ReadInputs(body) {
		if err != nil {
			return nil, err
		}
		all[in.Source] = append(all[in.Source], in)
	}
	return all, nil
}

// checkInputs holds every input against what the run read, and tells whether
// one changed.
func (v *Check) checkInputs(ctx context.Context, r *replayed) (changed bool, err error) {
	before := len(v.Report.Problems)
	var work []func(context.Context) error
	sources := r.sources
	if r.media != nil {
		sources = append(slices.Clone(sources), r.media)
	}
	for _, p := range sources {
		for i := range p.inputs {
			work = append(work, func(ctx context.Context) error { return v.checkInput(ctx, r, p, i) })
		}
	}
	err = v.each(ctx, "verifying inputs", work)
	return len(v.Report.Problems) > before, err
}

func (v *Check) checkInput(ctx context.Context, r *replayed, p *pinned, i int) error {
	in := &p.inputs[i]
	n, err := p.compare(ctx, i)
	var changed *changedError
	switch {
	case errors.As(err, &changed):
		v.broken(r.chain, InputLink, changed.url, "%s", changed.detail)
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

// compare reads an input that the run read, and looks up one that it only
// listed. It returns how many bytes were read.
func (p *pinned) compare(ctx context.Context, i int) (int64, error) {
	if p.inputs[i].SHA256 == "" {
		_, err := p.where(i)
		return 0, err
	}
	body, err := p.Open(ctx, p.infos[i], 0)
	if err != nil {
		return 0, err
	}
	defer body.Close()
	return io.Copy(io.Discard, body)
}

// recompute computes the run again into a directory of its own, and compares.
func (v *Check) recompute(ctx context.Context, r *replayed, how *Replay) error {
	dir, err := os.MkdirTemp(how.Scratch, "cdrmend-verify-")
	if err != nil {
		return fmt.Errorf("making a directory for what is computed again: %w; set scratch to one that can be written", err)
	}
	defer os.RemoveAll(dir)
	store, err := object.Open(ctx, object.Location{Dir: dir}, object.Options{})
	if err != nil {
		return err
	}
	j := &job.Job{
		Config: r.config, AsOf: r.interval.End, Tool: r.record.Tool,
		Log: slog.New(slog.DiscardHandler), Watch: v.out.Watch, Stores: job.Stores{Output: store},
	}
	for _, p := range r.sources {
		j.Stores.Sources = append(j.Stores.Sources, p)
	}
	if r.media != nil {
		j.Stores.Media = r.media
	}
	again, err := j.Recompute(ctx, r.interval)
	var changed *changedError
	if errors.As(err, &changed) {
		v.broken(r.chain, InputLink, changed.url, "%s", changed.detail)
		return nil
	}
	if err != nil {
		return fmt.Errorf("computing it again: %w", err)
	}
	if again.ID != r.record.RunID {
		v.broken(r.chain, RunLink, r.chain.prefix+r.folder+"run.json", "computed from what it says of itself, its id is %s", again.ID)
		return nil
	}
	return v.compareRuns(ctx, r, &recomputed{store: store, prefix: again.Prefix, sameBuild: how.Tool == r.record.Tool})
}

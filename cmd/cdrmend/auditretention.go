package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"cdrmend/internal/audit"
	"cdrmend/internal/committed"
	"cdrmend/internal/object"
	"cdrmend/internal/policy"
	"cdrmend/internal/redact"

	"github.com/spf13/pflag"
)

// defaultSample is about how many objects an audit asks for their retention.
const defaultSample = 1000

// asking is what flags say of the retention that is asked for.
type asking struct {
	out           *output
	output, media bool
	holds         bool // legal holds, too
	sample        int  // 0: all
	minimum       audit.Minimum
	answers       *audit.Answers
	concurrency   int
}

// askingOf reads the flags alone.
func askingOf(flags *pflag.FlagSet) (*asking, error) {
	a := &asking{concurrency: verifyConcurrency}
	a.output, _ = flags.GetBool("retention")
	a.media, _ = flags.GetBool("media")
	a.holds, _ = flags.GetBool("holds")
	for _, name := range []string{"holds", "sample", "all", "retention-until", "retention-days", "resume"} {
		if !a.output && !a.media && flags.Changed(name) {
			return nil, usagef("--%s goes with --retention or --media", name)
		}
	}

	a.sample, _ = flags.GetInt("sample")
	all, _ := flags.GetBool("all")
	switch {
	case a.sample < 1:
		return nil, usagef("--sample takes a number above 0")
	case all && flags.Changed("sample"):
		return nil, usagef("--all and --sample exclude each other")
	case all:
		a.sample = 0
	}
	return a, a.readMinimum(flags)
}

// readMinimum reads how objects should be retained, as far as flags say.
func (a *asking) readMinimum(flags *pflag.FlagSet) error {
	until, err := retentionUntil(flags)
	if err != nil {
		return err
	}
	a.minimum.Days, _ = flags.GetInt("retention-days")
	switch {
	case flags.Changed("retention-days") && a.minimum.Days < 1:
		return usagef("--retention-days takes a number above 0")
	case !until.IsZero() && a.minimum.Days > 0:
		return usagef("--retention-until and --retention-days exclude each other")
	case !until.IsZero():
		a.minimum.Until = &until
	}
	return nil
}

// open completes it with an output: where flags name no minimum, it is how the
// configuration locks what runs write.
func (a *asking) open(flags *pflag.FlagSet, out *output) error {
	a.out = out
	if a.media && out.config == nil {
		return usagef("--media needs a configuration that says where media lie: give --config FILE")
	}
	if out.config != nil {
		a.concurrency = out.config.Concurrency
		lock := out.config.Output.ObjectLock
		if a.minimum.Mode = lock.Mode; a.minimum.Until == nil && a.minimum.Days == 0 {
			a.minimum.Days = lock.Days
		}
	}

	path, _ := flags.GetString("resume")
	if path == "" {
		return nil
	}
	var err error
	if a.answers, err = audit.OpenAnswers(path, out.url); err != nil {
		return usageError{err}
	}
	return nil
}

// close closes the file of answers. Each answer was written when it came.
func (a *asking) close() { _ = a.answers.Close() }

// ask asks for what the flags want, and adds the answers to a report.
func (a *asking) ask(ctx context.Context, r *audit.Report, commits []*committed.Commit, show policy.Report) error {
	question := func(of string) *audit.Question {
		return &audit.Question{Of: of, Sample: a.sample, Minimum: a.minimum, Answers: a.answers, Concurrency: a.concurrency, Show: redact.New(show)}
	}
	if a.output {
		q := question("output")
		q.Objects = audit.OutputObjects(ctx, commits)
		q.Retention = func(ctx context.Context, o audit.Object) (object.Retention, error) {
			return a.out.Store.Retention(ctx, o.Key)
		}
		if a.holds {
			q.Held = func(ctx context.Context, o audit.Object) (bool, error) { return heldIn(ctx, a.out.Store, o.Key) }
		}
		var err error
		if r.Retention, err = audit.Ask(ctx, q); err != nil {
			return err
		}
	}
	if !a.media {
		return nil
	}

	stores, err := a.mediaStores(ctx)
	if err != nil {
		return err
	}
	q := question("media")
	q.Objects, q.Retention = audit.MediaObjects(ctx, commits), stores.retention
	if a.holds {
		q.Held = stores.held
	}
	r.Media, err = audit.Ask(ctx, q)
	return err
}

// heldIn asks whether the newest version of an object is under a legal hold.
func heldIn(ctx context.Context, store object.Store, key string) (bool, error) {
	holder, ok := store.(object.Holder)
	if !ok {
		return false, errors.ErrUnsupported
	}
	return holder.LegalHold(ctx, object.Info{Key: key})
}

// mediaStores are where media objects may lie: below media.url, or beside the manifests
// that name them.
type mediaStores struct {
	media   object.Store // nil without media.url
	sources map[string]object.Store
}

func (a *asking) mediaStores(ctx context.Context) (*mediaStores, error) {
	cfg, limiter := a.out.config, object.NewLimiter(a.concurrency)
	m := &mediaStores{sources: map[string]object.Store{}}
	for _, s := range cfg.Sources {
		if s.Kind != policy.Manifests {
			continue
		}
		store, err := openStore(ctx, s.URL, s.S3, object.Options{Limiter: limiter})
		if err != nil {
			return nil, fmt.Errorf("opening source %s: %w", s.Name, err)
		}
		m.sources[s.Name] = store
	}
	if cfg.Media.URL == nil {
		return m, nil
	}
	var err error
	if m.media, err = openStore(ctx, *cfg.Media.URL, cfg.Media.S3, object.Options{Limiter: limiter}); err != nil {
		return nil, fmt.Errorf("opening media: %w", err)
	}
	return m, nil
}

// retention asks below media.url first, then beside the manifest.
func (m *mediaStores) retention(ctx context.Context, o audit.Object) (object.Retention, error) {
	source := m.sources[o.Source]
	if m.media == nil && source != nil {
		return source.Retention(ctx, o.Key)
	}
	if m.media == nil {
		return object.Retention{}, fmt.Errorf("the configuration has no source %s, whose recording names %q: %w", o.Source, o.Key, fs.ErrNotExist)
	}

	kept, err := m.media.Retention(ctx, o.Key)
	if source == nil || !errors.Is(err, fs.ErrNotExist) {
		return kept, err
	}
	if beside, other := source.Retention(ctx, o.Key); other == nil || !errors.Is(other, errors.ErrUnsupported) {
		return beside, other
	}
	return kept, err // a directory beside the manifest retains nothing
}

// held asks below media.url first, then beside the manifest.
func (m *mediaStores) held(ctx context.Context, o audit.Object) (held bool, err error) {
	for _, store := range []object.Store{m.media, m.sources[o.Source]} {
		if store == nil {
			continue
		}
		if held, err = heldIn(ctx, store, o.Key); err == nil || !errors.Is(err, object.ErrChanged) {
			return held, err
		}
	}
	return held, err
}

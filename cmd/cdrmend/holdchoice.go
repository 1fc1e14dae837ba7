package main

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"cdrmend/internal/committed"
	"cdrmend/internal/discover"
	"cdrmend/internal/hold"
	"cdrmend/internal/ledger"
	"cdrmend/internal/object"
	"cdrmend/internal/policy"
	"cdrmend/internal/record"
	"cdrmend/internal/replay"
	"cdrmend/internal/report"
	"cdrmend/internal/table"

	"github.com/spf13/pflag"
)

// holdStores opens the stores of inputs, each once.
type holdStores struct {
	open replay.OpenSource

	mu  sync.Mutex
	all map[string]object.Store // by source and URL of the store
}

// newHoldStores opens stores with a role of their own, if there is one.
func newHoldStores(flags *pflag.FlagSet, cfg *policy.Config, role string) (*holdStores, error) {
	places, err := sourcePlaces(flags)
	if err != nil {
		return nil, err
	}
	if role != "" {
		for i := range cfg.Sources {
			cfg.Sources[i].S3.RoleARN = role
		}
		cfg.Media.S3.RoleARN = role
	}
	return &holdStores{open: places.opener(cfg, object.NewLimiter(cfg.Concurrency)), all: map[string]object.Store{}}, nil
}

// of opens the store of a source.
func (s *holdStores) of(ctx context.Context, source string, url policy.Template) (object.Store, error) {
	store, err := s.open(ctx, source, url, true)
	if err != nil {
		return nil, fmt.Errorf("opening source %s: %w", source, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all[source+" "+store.String()] = store
	return store, nil
}

// at returns the store of a source at the URL that a record says.
func (s *holdStores) at(ctx context.Context, source, url string) (object.Store, error) {
	s.mu.Lock()
	store := s.all[source+" "+url]
	s.mu.Unlock()
	if store != nil {
		return store, nil
	}
	t, err := policy.ParseTemplate(url, "")
	if err != nil {
		return nil, err
	}
	if store, err = s.of(ctx, source, t); err == nil && store.String() != url {
		err = fmt.Errorf("--source names %s for source %s, and the record of the hold names %s: leave it out", store, source, url)
	}
	return store, err
}

// selection says which recordings are meant: those of ids, and those that a discovery
// request covers.
type selection struct {
	recordings    []string
	conversations []string
	request       *discover.Request   // nil: none
	covering      *discover.Selection // of the request
	expected      []policy.Interval   // that its span is made of
	known         []record.Span       // of intervals that have a commit
}

func newSelection(flags *pflag.FlagSet) (selection, error) {
	var s selection
	for name, to := range map[string]*[]string{"recording": &s.recordings, "conversation": &s.conversations} {
		list, _ := flags.GetStringArray(name)
		for _, id := range list {
			if id = strings.TrimSpace(id); id == "" {
				return s, usagef("--%s is empty", name)
			}
			*to = append(*to, id)
		}
		slices.Sort(*to)
		*to = slices.Compact(*to)
	}

	path, _ := flags.GetString("request")
	if path == "" {
		return s, nil
	}
	var err error
	if s.request, err = discover.Load(path, func(*discover.Request) {}); err != nil {
		return s, usageError{err}
	}
	if s.request.Empty() {
		return s, usagef("the request %s limits nothing: it would hold everything", path)
	}
	s.covering = discover.Select(s.request, policy.Report{Redact: policy.RedactNothing})
	return s, nil
}

func (s *selection) empty() bool {
	return len(s.recordings)+len(s.conversations) == 0 && s.request == nil
}

// labels returns the intervals in which the recordings are looked for.
func (s *selection) labels(ctx context.Context, out *output, flags *pflag.FlagSet) ([]string, error) {
	if s.request == nil {
		return out.chooseLabels(ctx, flags)
	}
	if flags.Changed("from") || flags.Changed("to") {
		return nil, usagef("a request has a span of its own: leave out --from and --to")
	}
	labels, expected, err := out.searchedFor(ctx, s.request)
	s.expected = expected
	return labels, err
}

// absent returns the intervals of the request's span that have no commit, once the targets were
// gathered. Of their recordings nothing is known.
func (s *selection) absent() []string { return discover.Uncommitted(s.expected, s.known) }

// targets yields the objects of the recordings that are meant, from the newest commits of
// some intervals. The last error names an id that none of them has.
func (s *selection) targets(ctx context.Context, out *output, labels []string, stores *holdStores) iter.Seq2[hold.Target, error] {
	return func(yield func(hold.Target, error) bool) {
		missing := map[string]bool{}
		for _, id := range slices.Concat(s.recordings, s.conversations) {
			missing[id] = true
		}
		for _, label := range labels {
			list, err := s.targetsOf(ctx, out, label, stores, missing)
			if err != nil {
				yield(hold.Target{}, err)
				return
			}
			for _, t := range list {
				if !yield(t, nil) {
					return
				}
			}
		}
		for _, id := range slices.Concat(s.recordings, s.conversations) {
			if missing[id] {
				yield(hold.Target{}, usagef("no recording or conversation %s in the newest commits of %s in %s", id, searched(labels), out.url))
				return
			}
		}
		if s.covering == nil {
			return
		}
		for _, u := range s.covering.Unfound() {
			yield(hold.Target{}, usagef("nothing that the request covers has the %s %s (%s): correct it, or take it out", u.Kind, u.Value, u.Key))
			return
		}
	}
}

// foundRecording is a row of the table of recordings that is meant.
type foundRecording struct{ name, source, document, media string }

// targetsOf returns the targets of one interval, and takes what it finds from missing.
func (s *selection) targetsOf(ctx context.Context, out *output, label string, stores *holdStores, missing map[string]bool) ([]hold.Target, error) {
	c, err := out.Newest(ctx, label)
	if err != nil || c == nil {
		return nil, err
	}
	defer c.Close()
	found, err := s.find(ctx, c, missing)
	if err != nil || len(found) == 0 {
		return nil, err
	}

	wanted := map[committed.InputKey]bool{}
	for _, r := range found {
		for _, key := range []committed.InputKey{{Source: r.source, Key: r.document}, {Source: r.source, Key: r.media}, {Source: ledger.MediaSource, Key: r.media}} {
			wanted[key] = key.Key != ""
		}
	}
	listed := map[committed.InputKey]ledger.Input{}
	for in, err := range c.InputsOf(ctx, wanted) {
		if err != nil {
			return nil, err
		}
		listed[committed.InputKey{Source: in.Source, Key: in.Key}] = in
	}

	run, err := openRun(ctx, out, c, stores)
	if err != nil {
		return nil, err
	}
	var list []hold.Target
	add := func(kind, recording string, in ledger.Input) error {
		url, err := run.url(ctx, in.Source)
		list = append(list, hold.Target{
			Source: in.Source, Kind: kind, URL: url, Key: in.Key, VersionID: in.VersionID, ETag: in.ETag, Listed: in.Modified != "",
			Recordings: []string{recording},
		})
		return err
	}
	for _, r := range found {
		if in, ok := listed[committed.InputKey{Source: r.source, Key: r.document}]; ok {
			if err := add(hold.Metadata, r.name, in); err != nil {
				return nil, err
			}
		}
		if r.media != "" {
			if err := add(hold.Media, r.name, run.mediaOf(r, listed)); err != nil {
				return nil, err
			}
		}
	}
	return list, nil
}

// find returns the rows of recordings that are meant.
func (s *selection) find(ctx context.Context, c *committed.Commit, missing map[string]bool) ([]foundRecording, error) {
	schema := table.Recordings
	id, conversation := schema.Index("recording_id"), schema.Index("conversation_id")
	source, key, media := schema.Index("source"), schema.Index("object_key"), schema.Index("media_key")
	entry := schema.Index("entry")
	search := &table.Search{Any: []table.Match{table.Having("recording_id", s.recordings...), table.Having("conversation_id", s.conversations...)}}
	var found []foundRecording
	for row, err := range c.Find(ctx, schema, search) {
		if err != nil {
			return nil, err
		}
		delete(missing, row.Text(id))
		delete(missing, row.Text(conversation))
		name := row.Text(id)
		if name == "" { // it still needs its objects
			name = fmt.Sprintf("%s:%s#%d", row.Text(source), row.Text(key), row.Count(entry))
		}
		found = append(found, foundRecording{name, row.Text(source), row.Text(key), row.Text(media)})
	}
	return s.addCovered(ctx, c, found)
}

// addCovered adds the recordings that the request covers.
func (s *selection) addCovered(ctx context.Context, c *committed.Commit, found []foundRecording) ([]foundRecording, error) {
	if s.covering == nil {
		return found, nil
	}
	var summary report.Summary
	if err := c.Decode(ctx, report.SummaryFile, &summary); err != nil {
		return nil, err
	}
	span, err := discover.IntervalOf(&summary)
	if err != nil {
		return nil, err
	}
	s.known = append(s.known, span)
	night, err := s.covering.Cover(ctx, c, span)
	if err != nil {
		return nil, err
	}
	for _, r := range night.Recordings {
		name := cmp.Or(r.Get("recording_id"), fmt.Sprintf("%s:%s#%s", r.Get("source"), r.Get("object_key"), r.Get("entry")))
		found = append(found, foundRecording{name, r.Get("source"), r.Get("object_key"), r.Get("media_key")})
	}
	return found, nil
}

// openedRun says where a run read its inputs.
type openedRun struct {
	config *policy.Config
	stores *holdStores
	urls   map[string]string // of stores, by source
}

func openRun(ctx context.Context, out *output, c *committed.Commit, stores *holdStores) (*openedRun, error) {
	var summary report.Summary
	if err := c.Decode(ctx, report.SummaryFile, &summary); err != nil {
		return nil, err
	}
	cfg, err := summary.Config.Config(filepath.Dir(out.config.Path))
	return &openedRun{config: cfg, stores: stores, urls: map[string]string{}}, err
}

// mediaOf returns the media object of a recording as the run listed it: in its own source
// before media.url, as the run looks for it. One that was not listed lies where the run
// would have looked last.
func (r *openedRun) mediaOf(rec foundRecording, listed map[committed.InputKey]ledger.Input) ledger.Input {
	for _, source := range []string{rec.source, ledger.MediaSource} {
		if in, ok := listed[committed.InputKey{Source: source, Key: rec.media}]; ok {
			return in
		}
	}
	if r.config.Media.URL != nil {
		return ledger.Input{Source: ledger.MediaSource, Key: rec.media}
	}
	return ledger.Input{Source: rec.source, Key: rec.media}
}

// url returns the URL of the store of a source.
func (r *openedRun) url(ctx context.Context, source string) (string, error) {
	if url, ok := r.urls[source]; ok {
		return url, nil
	}
	var url policy.Template
	if i := slices.IndexFunc(r.config.Sources, func(s policy.Source) bool { return s.Name == source }); i >= 0 {
		url = r.config.Sources[i].URL
	} else if r.config.Media.URL != nil {
		url = *r.config.Media.URL
	}
	store, err := r.stores.of(ctx, source, url)
	if err != nil {
		return "", err
	}
	r.urls[source] = store.String()
	return store.String(), nil
}

// Package replay prepares a committed run to be computed again, from its own
// summary and from its inputs as it saw them.
package replay

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"slices"
	"time"

	"cdrmend/internal/job"
	"cdrmend/internal/ledger"
	"cdrmend/internal/object"
	"cdrmend/internal/policy"
	"cdrmend/internal/record"
	"cdrmend/internal/report"
)

// OpenSource opens the store that holds the keys of a source;
// ledger.MediaSource is that of media.url.
type OpenSource func(ctx context.Context, source string, url policy.Template, versions bool) (object.Store, error)

// Run is a committed run, ready to be computed again.
type Run struct {
	Config   *policy.Config
	Interval policy.Interval
	Sources  []*Pinned // as in the configuration
	Media    *Pinned   // nil without media.url
	few      bool      // of its objects will be read
}

// Prepare makes a run ready from its summary and its list of inputs. Relative
// URLs of sources are relative to base.
func Prepare(ctx context.Context, s *report.Summary, inputs iter.Seq2[ledger.Input, error], base string, open OpenSource) (*Run, error) {
	return prepare(ctx, &Run{}, s, inputs, base, open)
}

// PreparePart is Prepare for a run of which few objects will be read. It does not list
// the sources: each object is looked at when it is opened.
func PreparePart(ctx context.Context, s *report.Summary, inputs iter.Seq2[ledger.Input, error], base string, open OpenSource) (*Run, error) {
	return prepare(ctx, &Run{few: true}, s, inputs, base, open)
}

func prepare(ctx context.Context, r *Run, s *report.Summary, inputs iter.Seq2[ledger.Input, error], base string, open OpenSource) (*Run, error) {
	var err error
	if r.Config, err = s.Config.Config(base); err != nil {
		return nil, err
	}

	for i := range r.Config.Sources {
		if source := &r.Config.Sources[i]; !s.Settled[source.Name] {
			source.Settle = time.Hour // unsettled as of the interval's end, when the others are settled
		}
	}

	if r.Interval, err = intervalOf(s, r.Config.Interval); err != nil {
		return nil, err
	}

	bySource := map[string][]ledger.Input{}
	for in, err := range inputs {
		if err != nil {
			return nil, err
		}
		bySource[in.Source] = append(bySource[in.Source], in)
	}

	if err := r.open(ctx, bySource, open); err != nil {
		return nil, err
	}
	r.passIgnored(s)
	return r, nil
}

// intervalOf returns the interval of a run, with the span that its summary
// states.
func intervalOf(s *report.Summary, length time.Duration) (policy.Interval, error) {
	start, err1 := time.Parse(time.RFC3339Nano, s.Start)
	end, err2 := time.Parse(time.RFC3339Nano, s.End)
	interval := policy.IntervalAt(record.TimeOf(start), length)
	interval.End = record.TimeOf(end)
	return interval, errors.Join(err1, err2)
}

// open opens the sources and the media of the run, as it saw them.
func (r *Run) open(ctx context.Context, inputs map[string][]ledger.Input, open OpenSource) error {
	for i := range r.Config.Sources {
		s := &r.Config.Sources[i]
		p, err := r.openPinned(ctx, open, s.Name, s.URL, s.Versions, inputs[s.Name], prefixes(s, s.URL, r.Interval.Span))
		if err != nil {
			return fmt.Errorf("opening source %s: %w", s.Name, err)
		}
		r.Sources = append(r.Sources, p)
	}

	if r.Config.Media.URL == nil {
		return nil
	}

	var media []string
	for i := range r.Config.Sources {
		if s := &r.Config.Sources[i]; s.Kind == policy.Manifests {
			media = append(media, prefixes(s, *r.Config.Media.URL, r.Interval.Span)...)
		}
	}

	// Sources may share media prefixes; each is listed once.
	slices.Sort(media)

	var err error
	r.Media, err = r.openPinned(ctx, open, ledger.MediaSource, *r.Config.Media.URL, false, inputs[ledger.MediaSource], slices.Compact(media))
	return err
}

// passIgnored passes to the sources what the run could not use as input. Its summary
// shows it, and its id depends on it.
func (r *Run) passIgnored(s *report.Summary) {
	kinds := map[string][]object.IgnoredKind{}
	for _, i := range s.Ignored {
		if i.Kind == object.NoRecording {
			continue // it is found again among the inputs
		}
		kinds[i.Source] = append(kinds[i.Source], object.IgnoredKind{Kind: i.Kind, Count: i.Count, First: i.First})
	}
	for i, p := range r.Sources {
		p.ignored = object.NewIgnored(kinds[r.Config.Sources[i].Name])
	}
	if r.Media != nil {
		r.Media.ignored = object.NewIgnored(kinds[ledger.MediaSource])
	}
}

// prefixes returns the prefixes below which a run lists the keys of a source.
func prefixes(s *policy.Source, url policy.Template, interval record.Span) []string {
	var all []string
	for _, p := range s.Partitions(url, interval) {
		all = append(all, p.Prefixes...)
	}
	return all
}

func (r *Run) openPinned(ctx context.Context, open OpenSource, name string, url policy.Template, versions bool, inputs []ledger.Input, prefixes []string) (*Pinned, error) {
	store, err := open(ctx, name, url, versions)
	if err != nil {
		return nil, err
	}

	p, err := newPinned(store, inputs)
	if err != nil {
		return nil, err
	}

	if len(prefixes) > 0 {
		p.first = prefixes[0]
	}
	if p.few = r.few; r.few {
		return p, nil
	}
	return p, p.look(ctx, prefixes)
}

// Job returns the job that computes the run again into an output of its own.
// The tool is the name of the build that computed it first.
func (r *Run) Job(tool string, output object.Store, watch job.Watch) *job.Job {
	j := &job.Job{
		Config: r.Config, AsOf: r.Interval.End, Tool: tool,
		Log: slog.New(slog.DiscardHandler), Watch: watch, Stores: job.Stores{Output: output},
	}

	for _, p := range r.Sources {
		j.Stores.Sources = append(j.Stores.Sources, p)
	}
	if r.Media != nil {
		j.Stores.Media = r.Media
	}

	return j
}

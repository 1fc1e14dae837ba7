package check

import (
	"cmp"
	"context"
	"fmt"
	"path"
	"slices"
	"time"

	"cdrmend/internal/intake"
	"cdrmend/internal/object"
	"cdrmend/internal/policy"
	"cdrmend/internal/profile"
	"cdrmend/internal/record"
	"cdrmend/internal/wording"
)

const (
	lookBack   = 48      // settled partitions that are looked at for the newest one with objects
	mostListed = 100_000 // objects of a partition that are listed
)

// source checks one source.
func (c *checker) source(ctx context.Context, cfg *policy.Source) (*Source, error) {
	s := &Source{
		Name: cfg.Name, Kind: kindNames[cfg.Kind], Profile: cfg.Profile.Name,
		Place: Place{URL: cfg.URL.String(), Problems: []Problem{}},
	}
	store, problem := c.open(ctx, cfg.URL, cfg.S3, object.Options{Versions: cfg.Versions})
	if problem != nil {
		s.Problems = append(s.Problems, *problem)
		return s, nil
	}

	t := tally{profile: cfg.Profile}
	from := c.candidates(cfg.URL, cfg.Org, cfg.Settle)
	at, err := c.list(ctx, store, from, &t)
	t.fill(&s.Place)
	s.Partition = at.URL
	if err != nil {
		s.Problems = append(s.Problems, problemOf(err, cfg.URL.Bucket()))
		return s, ctx.Err()
	}
	if s.Objects == 0 {
		s.Problems = append(s.Problems, c.nothing(&t, cfg.URL, len(from)))
		return s, nil
	}
	if cfg.Kind == policy.Manifests {
		s.Problems = append(s.Problems, c.tryMedia(ctx, store, t.media(), cfg.URL.Bucket())...)
	}
	return s, c.tryObject(ctx, s, cfg, trial{
		candidate: t.chosen(), span: at.Span, store: store, bucket: cfg.URL.Bucket(),
	})
}

// kindNames are the names of kinds of source in configurations.
var kindNames = [policy.NumKinds]string{policy.Manifests: "manifests", policy.CDRs: "cdrs", policy.Registrations: "registrations"}

// media lists one partition of the place of media, nil when there is none.
func (c *checker) media(ctx context.Context) *Place {
	m := &c.Config.Media
	if m.URL == nil {
		return nil
	}
	p := &Place{URL: m.URL.String(), Problems: []Problem{}}
	store, problem := c.open(ctx, *m.URL, m.S3, object.Options{})
	if problem != nil {
		p.Problems = append(p.Problems, *problem)
		return p
	}

	// {org} is that of each source of manifests: the first stands for all.
	org, settle := "", time.Duration(0)
	if i := slices.IndexFunc(c.Config.Sources, func(s policy.Source) bool { return s.Kind == policy.Manifests }); i >= 0 {
		org, settle = c.Config.Sources[i].Org, c.Config.Sources[i].Settle
	}
	var t tally
	from := c.candidates(*m.URL, org, settle)
	at, err := c.list(ctx, store, from, &t)
	t.fill(p)
	p.Partition = at.URL
	switch {
	case err != nil:
		p.Problems = append(p.Problems, problemOf(err, m.URL.Bucket()))
	case p.Objects == 0:
		p.Problems = append(p.Problems, c.nothing(&t, *m.URL, len(from)))
	default:
		p.Problems = append(p.Problems, c.tryMedia(ctx, store, t.chosen(), m.URL.Bucket())...)
	}
	return p
}

// tryMedia reads the beginning of a media object, if a run does. What a run may not read
// is a finding about each recording, and somebody may rather give it the right.
func (c *checker) tryMedia(ctx context.Context, store object.Store, info object.Info, bucket string) []Problem {
	if c.Config.Media.Check < policy.MediaHeader || info.Size == 0 {
		return nil
	}
	if _, err := store.Part(ctx, info, 0, 1); err != nil {
		return []Problem{problemOf(err, bucket)}
	}
	return nil
}

// candidates returns the partitions to look at, the first of which stands for all when
// none has objects: those of the interval, or else the newest, the newest first. A
// source may deliver nothing until a partition settles, so those come on top.
func (c *checker) candidates(url policy.Template, org string, settle time.Duration) []policy.Partition {
	if c.Interval != nil {
		list := url.Partitions(c.Interval.Span, org)
		slices.Reverse(list)
		return list
	}

	length := map[policy.Granularity]time.Duration{
		policy.Hourly: time.Hour, policy.Daily: 24 * time.Hour, policy.Monthly: 31 * 24 * time.Hour, policy.Yearly: 366 * 24 * time.Hour,
	}[url.Granularity()]
	back := max(settle, 0) + (lookBack-1)*length
	list := url.Partitions(record.Span{Start: c.AsOf.Add(-back), End: c.AsOf}, org)
	slices.Reverse(list)
	return list
}

// list lists the first of the partitions that has objects into t, and returns it. When
// none has, it returns that of the last interval. An error that no other partition would
// cure ends it.
func (c *checker) list(ctx context.Context, store object.Store, from []policy.Partition, t *tally) (policy.Partition, error) {
	for _, p := range from {
		for _, prefix := range p.Prefixes {
			if err := t.list(ctx, store, prefix); err != nil {
				return p, err
			}
		}
		if t.objects+t.others > 0 {
			return p, nil
		}
	}

	last := c.AsOf - c.AsOf%record.Time(c.Config.Interval.Microseconds()) - 1
	for _, p := range from {
		if p.Span.Contains(last) {
			return p, nil
		}
	}
	return from[0], nil
}

// nothing says that a source or the media have no objects to read, and where they were
// looked for.
func (c *checker) nothing(t *tally, url policy.Template, partitions int) Problem {
	if t.others > 0 {
		return Problem{
			Kind: Mapping,
			Text: fmt.Sprintf("none of %s is one that the profile reads, the first: %s", wording.Count(t.others, "object"), t.firstOther),
			Next: "choose another profile, or correct its key_pattern or the URL",
		}
	}

	where := "in the newest " + wording.Count(partitions, "partition")
	switch {
	case url.Granularity() == policy.Flat:
		where = "below the URL"
	case c.Interval != nil:
		where = "in the partitions of interval " + c.Interval.Label
	}
	return Problem{Kind: Nothing, Text: "there are no objects " + where, Next: "correct the URL, or wait for the first delivery and check again"}
}

// tally counts what is listed, and picks the object to try.
type tally struct {
	profile    *profile.Profile // nil for media
	objects    int64
	others     int64
	bytes      int64
	stopped    bool
	firstOther string
	audio      object.Info // the newest that is no document and named like a recording
	newest     time.Time

	small, large object.Info // the newest that is small enough to be read whole, the newest other
}

// media returns an object of a source of manifests that is a recording.
func (t *tally) media() object.Info {
	if t.profile.NoDocuments {
		return t.chosen()
	}
	return t.audio
}

// list counts what lies below a prefix.
func (t *tally) list(ctx context.Context, store object.Store, prefix string) error {
	for info, err := range store.List(ctx, prefix) {
		if err != nil {
			return err
		}
		if t.objects+t.others == mostListed {
			t.stopped = true
			return nil
		}
		t.add(info)
	}
	return nil
}

// add counts one object.
func (t *tally) add(info object.Info) {
	if !t.reads(&info) {
		t.others++
		t.firstOther = cmp.Or(t.firstOther, info.Key)
		if profile.IsMediaName(path.Base(info.Key)) {
			t.audio = newer(t.audio, info)
		}
		return
	}

	t.objects++
	t.bytes += info.Size
	if info.Modified.After(t.newest) {
		t.newest = info.Modified
	}
	switch {
	case info.Size == 0 && (t.profile == nil || !t.profile.NoDocuments):
	case info.Size <= mostRead:
		t.small = newer(t.small, info)
	default:
		t.large = newer(t.large, info)
	}
}

// reads reports whether an object is input.
func (t *tally) reads(info *object.Info) bool {
	switch {
	case t.profile == nil:
		return true
	case t.profile.NoDocuments:
		return t.profile.IsRecording(info.Key)
	}
	return intake.IsDocument(t.profile, info)
}

// newer returns the object that was written later, of two at once the one with the
// greater key.
func newer(a, b object.Info) object.Info {
	if cmp.Or(a.Modified.Compare(b.Modified), cmp.Compare(a.Key, b.Key)) > 0 {
		return a
	}
	return b
}

// chosen returns the object to try: the newest that can be read whole.
func (t *tally) chosen() object.Info {
	if t.small.Key != "" {
		return t.small
	}
	return t.large
}

// fill writes the counts into a place.
func (t *tally) fill(p *Place) {
	p.Objects, p.Others, p.Bytes, p.AtLeast = t.objects, t.others, t.bytes, t.stopped
	if !t.newest.IsZero() {
		p.Newest = record.TimeOf(t.newest).String()
	}
}

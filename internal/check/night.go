package check

import (
	"context"

	"cdrmend/internal/intake"
	"cdrmend/internal/object"
	"cdrmend/internal/policy"
)

// Night says of each source what was listed for one interval, margins included, and
// what its profile reads from one object of the interval's own partitions. The sources
// are in the order of their names. Stores are those of the configuration's sources, in
// its order.
func Night(ctx context.Context, cfg *policy.Config, stores []object.Store, in *intake.Inputs) ([]Source, error) {
	c := checker{Request: Request{Config: cfg, Interval: &in.Interval}}
	all := []Source{}
	for n := range in.Sources {
		of, store := sourceOf(cfg, stores, in.Sources[n].Name)
		s, err := c.night(ctx, of, store, in, uint32(n))
		if err != nil {
			return nil, err
		}
		all = append(all, *s)
	}
	return all, nil
}

// sourceOf returns a source of the configuration by its name.
func sourceOf(cfg *policy.Config, stores []object.Store, name string) (*policy.Source, object.Store) {
	for i := range cfg.Sources {
		if cfg.Sources[i].Name == name {
			return &cfg.Sources[i], stores[i]
		}
	}
	panic("a source was listed that is not configured: " + name)
}

// night checks one source by what was listed.
func (c *checker) night(ctx context.Context, cfg *policy.Source, store object.Store, in *intake.Inputs, n uint32) (*Source, error) {
	s := &Source{Name: cfg.Name, Kind: kindNames[cfg.Kind], Profile: cfg.Profile.Name, Place: Place{URL: cfg.URL.String(), Problems: []Problem{}}}
	for i := range in.Partitions {
		if p := &in.Partitions[i]; p.Source != n {
			continue
		} else if s.Partition == "" {
			s.Partition = p.URL
		} else if p.URL != s.Partition {
			s.Last = p.URL
		}
	}

	// The object that is tried is one of the interval, when it has one.
	all, own := tally{profile: cfg.Profile}, tally{profile: cfg.Profile}
	for i := range in.Objects {
		o := &in.Objects[i]
		if o.Source != n || o.Virtual || o.Made {
			continue
		}
		all.add(o.Info)
		if in.Partitions[o.Partition].Span.Overlaps(in.Interval.Span) {
			own.add(o.Info)
		}
	}
	all.fill(&s.Place)
	if s.Objects == 0 {
		s.Problems = append(s.Problems, c.nothing(&all, cfg.URL, 0))
		return s, nil
	}

	t := trial{candidate: own.chosen(), store: store, bucket: cfg.URL.Bucket()}
	if t.candidate.Key == "" {
		t.candidate = all.chosen()
	}
	for i := range in.Objects { // its partition says what its times are relative to
		if o := &in.Objects[i]; o.Source == n && o.Key == t.candidate.Key {
			t.span = in.Partitions[o.Partition].Span
		}
	}
	return s, c.tryObject(ctx, s, cfg, t)
}

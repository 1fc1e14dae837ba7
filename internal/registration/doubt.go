package registration

import (
	"slices"

	"cdrmend/internal/intern"
	"cdrmend/internal/policy"
	"cdrmend/internal/record"
)

// A local time that occurs twice, in the hour after clocks were put back, is read as
// the earlier instant. What really happened first is not known: a failure, or the
// success that ended it, may have come an hour later. So the state of its key is in
// doubt from the earlier instant until a success at a time that occurs once. In that
// span the log proves nothing: neither that somebody was unregistered, nor that
// somebody was registered.

// doubtful returns the spans in which the state of a key is in doubt, in order.
func (s *story) doubtful(l *Log, p *policy.Policy) []record.Span {
	if !slices.ContainsFunc(s.events, func(e *Event) bool { return e.Facts.is(DoubtfulTime) }) {
		return nil // nearly always
	}
	if !s.twoSided {
		return s.doubtfulExposures(l, p)
	}

	var spans []record.Span
	open := false
	var from, last, bound record.Time // last: the latest reading of all; bound: until when they may have bound the key
	for i, e := range s.events {
		k := s.kinds[i]
		if k == ignored {
			continue
		}

		if e.Facts.is(DoubtfulTime) {
			if !open {
				open, from, last, bound = true, e.Time, e.Time, record.NoTime
			}
			later := l.secondReading(e)
			last = max(last, later)
			if k == success {
				bound = max(bound, endOf(e, p.DefaultExpiry)+later-e.Time)
			}
			continue
		}

		// Whatever happened before, the key is registered from here on, and for longer
		// than a success in doubt could have bound it.
		if open && k == success && e.Time >= last && endOf(e, p.DefaultExpiry) >= bound {
			spans, open = append(spans, record.Span{Start: from, End: e.Time}), false
		}
	}

	if open {
		spans = append(spans, record.Span{Start: from, End: record.Forever.End})
	}
	return spans
}

// doubtfulExposures returns the times that a failure may expose which is logged at a
// time that occurs twice, of a log that shows failures only.
func (s *story) doubtfulExposures(l *Log, p *policy.Policy) []record.Span {
	var spans []record.Span
	for i, e := range s.events {
		if s.kinds[i] == failure && e.Facts.is(DoubtfulTime) {
			exposed := min(endOf(e, p.DefaultExpiry), e.Time+longestExposure)
			spans = append(spans, record.Span{Start: e.Time, End: exposed + l.secondReading(e) - e.Time})
		}
	}
	return union(spans)
}

// secondReading returns the later instant at which an event may have happened.
func (l *Log) secondReading(e *Event) record.Time {
	p := l.Sources[l.sourceOf(e)].Profile
	if p == nil {
		return e.Time
	}
	return p.SecondReading(e.Time)
}

// disputed are the spans in which the states of keys are in doubt. It is nil when no
// event has a time that occurs twice.
type disputed struct {
	keys  map[key][]record.Span
	spots map[spot][]record.Span // of all keys there
}

// add adds the spans of a key.
func (d *disputed) add(k key, spans []record.Span) {
	if spans == nil {
		return
	}
	if d.keys == nil {
		d.keys, d.spots = map[key][]record.Span{}, map[spot][]record.Span{}
	}
	d.keys[k] = spans
	for _, at := range k.spots() {
		d.spots[at] = union(slices.Concat(d.spots[at], spans))
	}
}

// holds reports whether an outage is in doubt at an instant.
func (d *disputed) holds(o *Outage, t record.Time) bool {
	return d.keys != nil && contains(d.keys[key{o.Org, o.Trunk, o.Line, o.User}], t)
}

// concerns reports whether a key that may be that of a subject is in doubt while the
// subject lasts: then there may have been an outage that the log does not show.
func (d *disputed) concerns(s Subject) bool {
	if d.keys == nil {
		return false
	}
	var about []spot
	switch {
	case s.Trunk == intern.None:
		about = []spot{{lineAnywhere, s.Org, s.Trunk, s.Line}}
	case s.Line == intern.None:
		about = []spot{{trunkAnything, s.Org, s.Trunk, s.Line}}
	default:
		about = []spot{
			{lineOnTrunk, s.Org, s.Trunk, s.Line},
			{lineOnTrunk, s.Org, intern.None, s.Line},
			{trunkItself, s.Org, s.Trunk, intern.None},
			{trunkAccounts, s.Org, s.Trunk, intern.None},
		}
	}
	return slices.ContainsFunc(about, func(at spot) bool {
		return slices.ContainsFunc(d.spots[at], s.Span.Overlaps)
	})
}

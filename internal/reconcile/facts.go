package reconcile

import (
	"iter"

	"cdrmend/internal/intern"
	"cdrmend/internal/policy"
	"cdrmend/internal/record"
)

// nightFacts are facts about the whole night: how complete each input is, and
// which ids are overused. Stages only read them, so a decision about one part of
// the entries and legs is right as long as the facts cover all of them.
type nightFacts struct {
	sources    []Source
	partitions []Partition
	damaged    [policy.NumKinds][]uint32 // damaged partitions of settled sources
	empty      [policy.NumKinds][]uint32 // empty partitions of the interval, of settled sources
	earliest   map[uint32]record.Time    // where the partitions of each manifest source begin
	incomplete []IncompleteInput
	overused   overusedIDs
}

// factsOf needs the final organisations of all records, and of each leg only the
// row that counts.
func factsOf(ev *Evidence, spread Spread) *nightFacts {
	f := &nightFacts{
		sources: ev.Sources, partitions: ev.Partitions,
		earliest: map[uint32]record.Time{}, overused: findOverusedIDs(ev, spread),
	}

	for i := range f.sources {
		if s := &f.sources[i]; !s.Settled || s.NoUse {
			f.incomplete = append(f.incomplete, IncompleteInput{uint32(i), -1, !s.Settled})
		}
	}

	for i := range f.partitions {
		f.addPartition(uint32(i), ev.Interval)
	}
	return f
}

func (f *nightFacts) addPartition(n uint32, interval record.Span) {
	p := &f.partitions[n]
	s := &f.sources[p.Source]

	// A source that is unsettled or of no use is incomplete as a whole.
	if p.Damaged && s.Settled && !s.NoUse {
		f.damaged[s.Kind] = append(f.damaged[s.Kind], n)
		f.incomplete = append(f.incomplete, IncompleteInput{p.Source, int32(n), false})
	}

	// An empty partition of an unsettled source may still be delivered.
	if p.Empty && s.Settled && s.Kind != policy.Registrations && interval.Overlaps(p.Span) {
		f.empty[s.Kind] = append(f.empty[s.Kind], n)
	}

	if s.Kind == policy.Manifests {
		if first, known := f.earliest[p.Source]; !known || p.Span.Start < first {
			f.earliest[p.Source] = p.Span.Start
		}
	}
}

// completeness says whether something about a subject may be hidden, and why.
// The greater value is the worse one.
type completeness uint8

const (
	complete  completeness = iota
	unsettled              // more may be delivered yet
	damaged                // what a settled source should have delivered is missing or damaged
)

// status returns the status of a finding that only holds if nothing is hidden.
func (c completeness) status() Status {
	switch c {
	case complete:
		return Open
	case damaged:
		return indeterminateByDamage
	}
	return Indeterminate
}

// inputs returns how complete the sources of a kind are for an organisation. Of
// the damaged partitions it looks at those for which within holds.
func (f *nightFacts) inputs(kind policy.Kind, org intern.Text, within func(record.Span) bool) completeness {
	worst := complete
	for i := range f.sources {
		s := &f.sources[i]
		switch {
		case s.Kind != kind || !s.concerns(org):
		case !s.Settled:
			worst = max(worst, unsettled)
		case s.NoUse:
			return damaged
		}
	}

	for _, n := range f.damaged[kind] {
		p := &f.partitions[n]
		if f.sources[p.Source].concerns(org) && within(p.Span) {
			return damaged
		}
	}

	return worst
}

// matching returns how complete manifests and CDRs are for an organisation from
// the first instant to the last, both included.
func (f *nightFacts) matching(org intern.Text, first, last record.Time) completeness {
	within := always
	if first.Known() {
		within = during(first, last)
	}

	return max(f.manifests(org, first, last), f.inputs(policy.CDRs, org, within))
}

// manifests is matching for manifests alone. If the first instant is unknown, no
// partition at all may be damaged.
func (f *nightFacts) manifests(org intern.Text, first, last record.Time) completeness {
	if !first.Known() {
		return f.inputs(policy.Manifests, org, always)
	}

	return max(f.beforeEarliest(org, first), f.inputs(policy.Manifests, org, during(first, last)))
}

// beforeEarliest returns unsettled if t lies before the first partition that was
// read of some manifest source: that source may have entries that were not read.
func (f *nightFacts) beforeEarliest(org intern.Text, t record.Time) completeness {
	for i, first := range f.earliest {
		if f.sources[i].concerns(org) && t < first {
			return unsettled
		}
	}
	return complete
}

// emptyAt yields the empty partitions of an organisation that contain a start
// time; none if the time is unknown.
func (f *nightFacts) emptyAt(kind policy.Kind, org intern.Text, start record.Time) iter.Seq[uint32] {
	return func(yield func(uint32) bool) {
		for _, n := range f.empty[kind] {
			p := &f.partitions[n]
			if start.Known() && f.sources[p.Source].concerns(org) && p.Span.Contains(start) && !yield(n) {
				return
			}
		}
	}
}

func always(record.Span) bool { return true }

// during holds for partitions that share an instant with [from, to].
func during(from, to record.Time) func(record.Span) bool {
	return func(p record.Span) bool { return p.Start <= to && p.End > from }
}

// overlapping holds for partitions that overlap a span; a span without length
// is the instant of its start.
func overlapping(span record.Span) func(record.Span) bool {
	if span.Start == span.End {
		return during(span.Start, span.End)
	}
	return span.Overlaps
}

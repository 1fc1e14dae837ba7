package evidence

import (
	"cmp"
	"iter"
	"slices"

	"cdrmend/internal/intern"
	"cdrmend/internal/manifest"
	"cdrmend/internal/policy"
	"cdrmend/internal/record"
)

// Facts are facts about the whole night: how complete each input is, and
// which ids are overused. A decision about one part of the entries and legs is right
// as long as the facts cover all of them. They are final once they know what to
// expect ([Facts.ExpectInputs]), which blank documents are empty lists
// ([Facts.AcceptBlanks]) and what is unfit ([Facts.MarkDamaged]).
type Facts struct {
	sources    []Source
	partitions []Partition
	interval   record.Span
	damaged    [policy.NumKinds][]uint32 // damaged partitions of settled sources
	empty      [policy.NumKinds][]uint32 // empty partitions of the interval, of settled sources
	earliest   map[uint32]record.Time    // where the partitions of each manifest source begin
	silent     []bool                    // by source: settled, nothing was read of it, and that is no fact
	expected   [policy.NumKinds]bool     // what should have delivered something
	unblamed   map[uint32]bool           // partitions whose blank documents are empty lists
	Overused   OverusedIDs
}

// FactsOf returns the facts of a night. It needs the final organisations of all
// records, and of each leg only the row that counts. Which silent sources are incomplete is known only when it is
// known what they should have delivered, see [Facts.ExpectInputs].
func FactsOf(ev *Evidence, spread Spread) *Facts { return newFacts(ev, findOverusedIDs(ev, spread)) }

func newFacts(ev *Evidence, overused OverusedIDs) *Facts {
	f := &Facts{
		sources: ev.Sources, partitions: ev.Partitions, interval: ev.Interval,
		earliest: map[uint32]record.Time{}, Overused: overused,
		silent: make([]bool, len(ev.Sources)), unblamed: map[uint32]bool{},
	}

	for i := range f.sources {
		s := &f.sources[i]
		f.silent[i] = s.Settled && s.NoUse && s.Kind == policy.Registrations
	}

	for i := range f.partitions {
		f.addPartition(uint32(i))
	}
	return f
}

// addPartition notes what a partition says of its source.
func (f *Facts) addPartition(n uint32) {
	p := &f.partitions[n]
	s := &f.sources[p.Source]
	if (p.Damaged || p.Blank) && s.Settled {
		f.damaged[s.Kind] = append(f.damaged[s.Kind], n)
	}
	if p.Empty && s.Settled && s.Kind != policy.Registrations && f.interval.Overlaps(p.Span) {
		f.empty[s.Kind] = append(f.empty[s.Kind], n)
	}

	if s.Kind == policy.Manifests {
		if first, known := f.earliest[p.Source]; !known || p.Span.Start < first {
			f.earliest[p.Source] = p.Span.Start
		}
	}
}

// ExpectInputs marks the sources that should have delivered something: those of an
// expected kind. When no manifests and no CDRs were read at all, it marks all sources
// of both kinds, except on a quiet day.
func (f *Facts) ExpectInputs(p *policy.Policy, expected [policy.NumKinds]bool) {
	f.expected = expected
	anything := slices.ContainsFunc(f.sources, func(s Source) bool { return s.Kind != policy.Registrations && !s.NoUse })
	nothing := !anything && !p.Quiet(f.interval.Start)
	for i := range f.sources {
		if s := &f.sources[i]; s.Kind != policy.Registrations {
			f.silent[i] = s.Settled && s.NoUse && (expected[s.Kind] || nothing)
		}
	}
}

// MarkDamaged marks a partition as damaged, if its source delivers no more.
func (f *Facts) MarkDamaged(n uint32) {
	s := &f.sources[f.partitions[n].Source]
	if s.Settled && !slices.Contains(f.damaged[s.Kind], n) {
		f.damaged[s.Kind] = append(f.damaged[s.Kind], n)
	}
}

// AcceptBlanks makes blank documents empty lists where no leg lacks a recording:
// lost says so for a leg of an organisation that starts in a partition.
func (f *Facts) AcceptBlanks(documents []manifest.Document, lost func(source *Source, span record.Span) bool) {
	judged := map[uint32]bool{}
	for i := range documents {
		n := documents[i].Partition
		if p := &f.partitions[n]; documents[i].Blank && !judged[n] {
			judged[n] = true
			f.unblamed[n] = !lost(&f.sources[p.Source], p.Span)
		}
	}

	f.acceptUnblamed()
}

// AcceptBlankLists makes the blank documents of some partitions empty lists.
func (f *Facts) AcceptBlankLists(partitions []uint32) {
	for _, n := range partitions {
		f.unblamed[n] = true
	}
	f.acceptUnblamed()
}

// acceptUnblamed takes the partitions with blank documents only from the damaged ones.
// One with other damage stays damaged.
func (f *Facts) acceptUnblamed() {
	f.damaged[policy.Manifests] = slices.DeleteFunc(f.damaged[policy.Manifests], func(n uint32) bool {
		return !f.partitions[n].Damaged && f.unblamed[n]
	})
}

// IsEmptyList reports whether a document without any byte but white space is an
// empty list.
func (f *Facts) IsEmptyList(doc *manifest.Document) bool {
	return doc.Blank && f.unblamed[doc.Partition]
}

// IncompleteInput is a partition or a source that makes results
// indeterminate.
type IncompleteInput struct {
	Source    uint32
	Partition int32 // -1 for the whole source
	Unsettled bool
}

// Incomplete lists what may hide something.
func (f *Facts) Incomplete() (list []IncompleteInput) {
	for i := range f.sources {
		if s := &f.sources[i]; !s.Settled || f.silent[i] {
			list = append(list, IncompleteInput{uint32(i), -1, !s.Settled})
		}
	}
	for _, damaged := range f.damaged {
		for _, n := range damaged {
			if source := f.partitions[n].Source; !f.silent[source] {
				list = append(list, IncompleteInput{source, int32(n), false})
			}
		}
	}
	slices.SortFunc(list, func(a, b IncompleteInput) int {
		return cmp.Or(cmp.Compare(b.Partition>>31, a.Partition>>31)*-1, cmp.Compare(a.Partition, b.Partition), cmp.Compare(a.Source, b.Source))
	})
	return list
}

// IncompleteWithin reports whether a source of a kind, settled or not, is
// incomplete for a part of the interval.
func (f *Facts) IncompleteWithin(kind policy.Kind, settled bool) bool {
	for i := range f.sources {
		s := &f.sources[i]
		if s.Kind == kind && (f.silent[i] || !settled && !s.Settled) {
			return true
		}
	}
	return slices.ContainsFunc(f.damaged[kind], func(n uint32) bool { return f.partitions[n].Span.Overlaps(f.interval) })
}

// Hides reports whether sources of a kind may hide something of an organisation
// in a span. A span without length is the instant of its start.
func (f *Facts) Hides(kind policy.Kind, org intern.Text, span record.Span) bool {
	return f.hidesWithin(kind, org, overlapping(span))
}

// hidesWithin is hides for the partitions for which within holds.
func (f *Facts) hidesWithin(kind policy.Kind, org intern.Text, within func(record.Span) bool) bool {
	for i := range f.sources {
		if s := &f.sources[i]; s.Kind == kind && s.Concerns(org) && (!s.Settled || f.silent[i]) {
			return true
		}
	}
	return slices.ContainsFunc(f.damaged[kind], func(n uint32) bool {
		p := &f.partitions[n]
		return f.sources[p.Source].Concerns(org) && within(p.Span)
	})
}

// HidesMatches reports whether manifests or CDRs may hide something of an
// organisation from the first instant to the last, both included.
func (f *Facts) HidesMatches(org intern.Text, first, last record.Time) bool {
	within := always
	if first.Known() {
		within = during(first, last)
	}
	return f.HidesRecordings(org, first, last) || f.hidesWithin(policy.CDRs, org, within)
}

// HidesRecordings is HidesMatches for manifests alone. Without a first instant,
// they have to be complete as a whole. What no source of manifests speaks of is
// hidden, and so is what lies before the earliest partition.
func (f *Facts) HidesRecordings(org intern.Text, first, last record.Time) bool {
	if !slices.ContainsFunc(f.sources, func(s Source) bool { return s.Kind == policy.Manifests && s.Concerns(org) }) {
		return true
	}
	if !first.Known() {
		return f.hidesWithin(policy.Manifests, org, always)
	}
	return f.BeforeEarliest(org, first) || f.hidesWithin(policy.Manifests, org, during(first, last))
}

// BeforeEarliest reports whether t lies before the earliest partition read of some
// source of manifests: what was delivered there was not looked at.
func (f *Facts) BeforeEarliest(org intern.Text, t record.Time) bool {
	for i, first := range f.earliest {
		if f.sources[i].Concerns(org) && t < first {
			return true
		}
	}
	return false
}

// Empty returns the empty partitions of a kind.
func (f *Facts) Empty(kind policy.Kind) []uint32 { return f.empty[kind] }

// EmptyAt yields the empty partitions of an organisation that contain a start
// time; none if the time is unknown.
func (f *Facts) EmptyAt(kind policy.Kind, org intern.Text, start record.Time) iter.Seq[uint32] {
	return func(yield func(uint32) bool) {
		for _, n := range f.empty[kind] {
			p := &f.partitions[n]
			if start.Known() && f.sources[p.Source].Concerns(org) && p.Span.Contains(start) && !yield(n) {
				return
			}
		}
	}
}

func always(record.Span) bool { return true }

// during holds for partitions that share an instant with [from, to].
func during(from, to record.Time) func(record.Span) bool {
	return func(p record.Span) bool { return p.Meets(from, to) }
}

// overlapping holds for partitions that overlap a span; a span without length
// is the instant of its start.
func overlapping(span record.Span) func(record.Span) bool {
	if span.Start == span.End {
		return during(span.Start, span.End)
	}
	return span.Overlaps
}

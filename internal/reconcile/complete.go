package reconcile

import (
	"cdrmend/internal/manifest"
	"cdrmend/internal/policy"
	"cdrmend/internal/record"
)

// findDamage lists, for each kind, the partitions that lack something.
func (d *decider) findDamage() {
	for i := range d.Sources {
		s := &d.Sources[i]
		if !s.Settled || s.NoUse {
			d.decision.Incomplete = append(d.decision.Incomplete, IncompleteInput{uint32(i), -1, !s.Settled})
		}
	}
	for i := range d.Partitions {
		p := &d.Partitions[i]
		s := &d.Sources[p.Source]
		if p.Damaged && s.Settled && !s.NoUse {
			d.damaged[s.Kind] = append(d.damaged[s.Kind], uint32(i))
			d.decision.Incomplete = append(d.decision.Incomplete, IncompleteInput{p.Source, int32(i), false})
		}
	}
}

// lack is whether anything may be hidden from a subject, and whose fault it is.
type lack uint8

const (
	complete  lack = iota
	unsettled      // more may be delivered yet
	damaged        // what a settled source should have delivered is missing or damaged
)

// status returns that of a finding which rests on nothing being hidden.
func (l lack) status() Status {
	switch l {
	case complete:
		return Open
	case damaged:
		return blamed
	}
	return Indeterminate
}

// concerns reports whether a source counts for subjects of an organisation.
func (s *Source) concerns(org record.Text) bool { return s.Org == record.None || s.Org == org }

// incomplete tells whether, for an organisation, some source of a kind lacks
// everything, or some partition of it for which overlaps holds is damaged.
func (d *decider) incomplete(kind policy.Kind, org record.Text, overlaps func(record.Span) bool) lack {
	worst := complete
	for i := range d.Sources {
		s := &d.Sources[i]
		switch {
		case s.Kind != kind || !s.concerns(org):
		case !s.Settled:
			worst = max(worst, unsettled)
		case s.NoUse:
			return damaged
		}
	}
	for _, n := range d.damaged[kind] {
		p := &d.Partitions[n]
		if d.Sources[p.Source].concerns(org) && overlaps(p.Span) {
			return damaged
		}
	}
	return worst
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

// beforeAll tells whether t lies before the earliest partition read of some
// manifest source: what was delivered there was not looked at.
func (d *decider) beforeAll(org record.Text, t record.Time) lack {
	for i, first := range d.earliest {
		if d.Sources[i].concerns(org) && t < first {
			return unsettled
		}
	}
	return complete
}

// findEarliest notes where the reading of each manifest source begins.
func (d *decider) findEarliest() {
	d.earliest = map[uint32]record.Time{}
	for i := range d.Partitions {
		p := &d.Partitions[i]
		if d.Sources[p.Source].Kind != policy.Manifests {
			continue
		}
		if first, known := d.earliest[p.Source]; !known || p.Span.Start < first {
			d.earliest[p.Source] = p.Span.Start
		}
	}
}

// firstStart returns the earliest start of a leg and its conversation's legs.
func (d *decider) firstStart(l uint32) record.Time {
	leg := &d.Legs[l]
	first := leg.Start
	for _, other := range d.legsOf.find(leg.Org, leg.Conversation) {
		if t := d.Legs[other].Start; t.Known() && (!first.Known() || t < first) {
			first = t
		}
	}
	return first
}

// manifestsIncomplete tells whether recordings of a leg may be hidden.
func (d *decider) manifestsIncomplete(n uint32) lack {
	l := &d.Legs[n]
	first, last := d.window(n)
	if !first.Known() {
		return d.incomplete(policy.Manifests, l.Org, always)
	}
	return max(d.beforeAll(l.Org, first), d.incomplete(policy.Manifests, l.Org, during(first, last)))
}

// window returns the time in which recordings of a leg may stand: from the
// first start of its conversation's legs to its own end.
func (d *decider) window(n uint32) (first, last record.Time) {
	l := &d.Legs[n]
	first, last = d.firstStart(n), l.End
	if !last.Known() {
		last = l.Start
	}
	if !last.Known() {
		last = first
	}
	return first, last
}

// cdrsIncomplete tells whether legs of an entry may be hidden.
func (d *decider) cdrsIncomplete(e *manifest.Entry) lack {
	span, valid := validSpan(e)
	if !valid {
		span = d.Partitions[d.Documents[e.Doc].Partition].Span
	}
	return d.incomplete(policy.CDRs, e.Org, overlapping(span))
}

// hidden tells whether recordings or legs of a conversation may be hidden.
func (d *decider) hidden(org record.Text, legs []uint32) lack {
	first, last := record.NoTime, record.NoTime
	for _, leg := range legs {
		span, ok := d.legSpan(leg)
		if !ok {
			continue
		}
		if !first.Known() || span.Start < first {
			first = span.Start
		}
		last = max(last, span.End)
	}
	if !first.Known() {
		return max(d.incomplete(policy.Manifests, org, always), d.incomplete(policy.CDRs, org, always))
	}
	return max(d.beforeAll(org, first),
		d.incomplete(policy.Manifests, org, during(first, last)),
		d.incomplete(policy.CDRs, org, during(first, last)))
}

package reconcile

import (
	"slices"
	"time"

	"cdrmend/internal/cdr"
	"cdrmend/internal/intern"
	"cdrmend/internal/manifest"
	"cdrmend/internal/policy"
	"cdrmend/internal/record"
	"cdrmend/internal/registration"
)

// legGroups are the legs, found by the conversation that they belong to and by
// the recordings that they list, with the facts that say which legs are hidden.
// No stage changes them.
type legGroups struct {
	*Evidence
	facts          *nightFacts
	byConversation *index
	byRecording    *index
}

func groupLegs(ev *Evidence, facts *nightFacts, spread Spread) *legGroups {
	legs := &legGroups{Evidence: ev, facts: facts}
	spread.parallel(func() {
		legs.byConversation = newIndex(ev.Texts, len(ev.Legs), ev.orgOfLeg, func(n uint32, add func(intern.Text)) { add(ev.Legs[n].Conversation) })
	}, func() {
		legs.byRecording = newIndex(ev.Texts, len(ev.Legs), ev.orgOfLeg, ev.eachListed)
	})
	return legs
}

// withoutListed returns the groups without those by recording.
func (g *legGroups) withoutListed() *legGroups {
	return &legGroups{Evidence: g.Evidence, facts: g.facts, byConversation: g.byConversation}
}

// ofConversation returns the legs of an entry's conversation.
func (g *legGroups) ofConversation(e *manifest.Entry) []uint32 {
	return g.byConversation.find(e.Org, e.Conversation)
}

// ofEntry returns the legs that list the entry's recording (byID), or those of
// its conversation, narrowed to the ones that overlap it if there are any.
func (g *legGroups) ofEntry(e *manifest.Entry, voice bool) (legs []uint32, byID bool) {
	if !voice {
		return nil, false
	}
	if legs = g.byRecording.find(e.Org, e.Recording); len(legs) > 0 {
		return legs, true
	}
	legs = g.ofConversation(e)
	span, valid := validSpan(e)
	if !valid {
		return legs, false
	}
	var overlapping []uint32
	for _, leg := range legs {
		if legSpan, ok := spanOfLeg(&g.Legs[leg]); ok && legSpan.Overlaps(span) {
			overlapping = append(overlapping, leg)
		}
	}
	if len(overlapping) > 0 {
		return overlapping, false
	}
	return legs, false
}

// listing returns the rows of those legs that list a recording.
func (g *legGroups) listing(legs []uint32, id intern.Text) []record.Ref {
	var refs []record.Ref
	for _, leg := range legs {
		if slices.Contains(g.listed(leg), id) {
			refs = append(refs, g.Legs[leg].Ref)
		}
	}
	return refs
}

// maxLegDuration is how long a leg without an end is taken to last.
const maxLegDuration = 24 * time.Hour

// spanOfLeg returns the span of a leg whose start is known.
func spanOfLeg(l *cdr.Shown) (record.Span, bool) {
	if !l.Start.Known() {
		return record.Span{}, false
	}
	if !l.End.Known() {
		return record.Span{Start: l.Start, End: l.Start.Add(maxLegDuration)}, true
	}
	return record.Span{Start: l.Start, End: l.End}, true
}

// earliestStart returns the earliest of a time and the starts of legs.
func (g *legGroups) earliestStart(first record.Time, legs []uint32) record.Time {
	for _, leg := range legs {
		if t := g.Legs[leg].Start; t.Known() && (!first.Known() || t < first) {
			first = t
		}
	}
	return first
}

// window returns the time in which recordings of a leg may stand: from the
// first start of its conversation's legs to its own end.
func (g *legGroups) window(n uint32) (first, last record.Time) {
	l := &g.Legs[n]
	first, last = g.earliestStart(l.Start, g.byConversation.find(l.Org, l.Conversation)), l.End
	if !last.Known() {
		last = l.Start
	}
	if !last.Known() {
		last = first
	}
	return first, last
}

// manifestsOf tells whether recordings of a leg may be hidden.
func (g *legGroups) manifestsOf(n uint32) completeness {
	first, last := g.window(n)
	return g.facts.manifests(g.Legs[n].Org, first, last)
}

// cdrsOf tells whether legs of an entry may be hidden.
func (g *legGroups) cdrsOf(e *manifest.Entry) completeness {
	span, valid := validSpan(e)
	if !valid {
		span = g.Partitions[g.Documents[e.Doc].Partition].Span
	}
	return g.facts.inputs(policy.CDRs, e.Org, overlapping(span))
}

// matchesOf tells whether recordings or legs of a conversation may be hidden.
func (g *legGroups) matchesOf(org intern.Text, legs []uint32) completeness {
	first, last := record.NoTime, record.NoTime
	for _, leg := range legs {
		span, ok := spanOfLeg(&g.Legs[leg])
		if !ok {
			continue
		}
		if !first.Known() || span.Start < first {
			first = span.Start
		}
		last = max(last, span.End)
	}
	return g.facts.matching(org, first, last)
}

// outageOfEntry returns the outage that an entry coincides with. An entry
// without a valid span is where its legs are.
func (g *legGroups) outageOfEntry(e *manifest.Entry, voice bool) registration.Coincidence {
	span, timed := validSpan(e)
	if !timed {
		legs, _ := g.ofEntry(e, voice)
		span, timed = g.extent(legs)
	}
	return g.outage(e.Org, e.Trunk, e.Line, span, timed, g.Documents[e.Doc].Partition)
}

// extent spans from the first start to the last end of legs.
func (g *legGroups) extent(legs []uint32) (record.Span, bool) {
	span := record.Span{Start: g.earliestStart(record.NoTime, legs), End: record.NoTime}
	for _, leg := range legs {
		l := &g.Legs[leg]
		end := l.End
		if !end.Known() {
			end = l.Start
		}
		span.End = max(span.End, end)
	}
	return span, span.Start.Known()
}

func (g *legGroups) outageOfLeg(n uint32) registration.Coincidence {
	l := &g.Legs[n]
	span := record.Span{Start: l.Start, End: l.End}
	if !l.End.Known() {
		span.End = l.Start
	}
	return g.outage(l.Org, l.Trunk, l.Line, span, l.Start.Known(), g.Objects[l.Ref.Object].Partition)
}

// outage returns the outage that something coincides with. Without a time of
// its own it can be anywhere in its partition.
func (g *legGroups) outage(org, trunk, line intern.Text, span record.Span, timed bool, partition uint32) registration.Coincidence {
	if !timed {
		span = g.Partitions[partition].Span
	} else if span.End < span.Start {
		span.End = span.Start
	}
	return g.Index.Coinciding(registration.Subject{
		Org: org, Trunk: trunk, Line: line, Span: span, Instant: timed && span.Start == span.End, Timed: timed,
		Incomplete: g.facts.inputs(policy.Registrations, org, overlapping(span)) != complete,
	})
}

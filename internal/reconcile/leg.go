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

// legGroups are the legs with indexes by their conversation and by the recordings
// that they list, and with the facts that say which legs may be hidden. No stage
// changes them.
type legGroups struct {
	*Evidence
	facts          *nightFacts
	byConversation *index
	byRecording    *index
}

func groupLegs(ev *Evidence, facts *nightFacts, spread Spread) *legGroups {
	legs := &legGroups{Evidence: ev, facts: facts}
	spread.parallel(func() {
		legs.byConversation = ev.indexLegs(func(n uint32, add func(intern.Text)) { add(ev.Legs[n].Conversation) })
	}, func() {
		legs.byRecording = ev.indexLegs(ev.eachListed)
	})
	return legs
}

// withoutListed returns the groups without the index by recording, so that its
// memory can be collected.
func (g *legGroups) withoutListed() *legGroups {
	return &legGroups{Evidence: g.Evidence, facts: g.facts, byConversation: g.byConversation}
}

// ofConversation returns the legs of an entry's conversation.
func (g *legGroups) ofConversation(e *manifest.Entry) []uint32 {
	return g.byConversation.find(e.Org, e.Conversation)
}

// ofEntry returns the legs of an entry, and by what they are its legs: those that
// list its recording; else those of its conversation with its leg id; else those
// of its conversation, narrowed to the ones with its line and then to the ones that
// overlap it, if there are any.
func (g *legGroups) ofEntry(e *manifest.Entry, voice bool) ([]uint32, matchedBy) {
	if !voice {
		return nil, notMatched
	}
	if legs := g.byRecording.find(e.Org, e.Recording); len(legs) > 0 {
		return legs, byID
	}
	all := g.ofConversation(e)
	misnamed := g.misnamed(e, all)
	if !misnamed {
		if legs := g.named(e, all); len(legs) > 0 {
			return legs, byLeg
		}
	}
	if len(all) == 0 {
		return nil, notMatched
	}

	legs := all
	if !misnamed && e.Line != intern.None {
		legs = narrowed(legs, func(leg uint32) bool { return g.Legs[leg].Line == e.Line })
	}
	if span, valid := validSpan(e); valid {
		legs = narrowed(legs, func(leg uint32) bool {
			legSpan, timed := spanOfLeg(&g.Legs[leg])
			return timed && legSpan.Overlaps(span)
		})
	}
	return legs, byConversation
}

// narrowed returns the legs for which a condition holds, or all if it holds for
// none.
func narrowed(legs []uint32, holds func(leg uint32) bool) []uint32 {
	if len(legs) == 1 {
		return legs
	}
	var some []uint32
	for _, leg := range legs {
		if holds(leg) {
			some = append(some, leg)
		}
	}
	if len(some) == 0 {
		return legs
	}
	return some
}

// named returns those of an entry's conversation that have its leg id.
func (g *legGroups) named(e *manifest.Entry, conversation []uint32) (legs []uint32) {
	if e.Leg == intern.None {
		return nil
	}
	for _, leg := range conversation {
		if g.Legs[leg].ID == e.Leg {
			legs = append(legs, leg)
		}
	}
	return legs
}

// misnamed reports whether an entry bears the id of a leg that it is nowhere near,
// while it overlaps another leg of its conversation: some recorders give all
// recordings of a conversation the id of its first leg.
func (g *legGroups) misnamed(e *manifest.Entry, conversation []uint32) bool {
	span, valid := validSpan(e)
	if e.Leg == intern.None || !valid {
		return false
	}
	named, overlaps := false, false
	for _, leg := range conversation {
		legSpan, timed := spanOfLeg(&g.Legs[leg])
		switch {
		case g.Legs[leg].ID != e.Leg:
			overlaps = overlaps || timed && legSpan.Overlaps(span)
		case !timed || distance(legSpan, span) <= g.Policy.CoverageTolerance.Microseconds():
			return false
		default:
			named = true
		}
	}
	return named && overlaps
}

// distance returns how far two spans are from each other, in microseconds: 0 when
// they touch or overlap.
func distance(a, b record.Span) int64 {
	return max(0, int64(b.Start-a.End), int64(a.Start-b.End))
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

// maxLegDuration is the assumed duration of a leg without an end.
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

// window returns the time in which a recording of a leg may be: from the first
// start in its conversation to its own end, as a recording may begin on an earlier
// leg.
func (g *legGroups) window(n uint32) (first, last record.Time) {
	l := &g.Legs[n]
	first, last = g.earliestStart(l.Start, g.byConversation.find(l.Org, l.Conversation)), l.End
	if !last.Known() || last < l.Start {
		last = l.Start
	}
	if begun, earlier := g.Begun[ConversationKey{Org: l.Org, Conversation: l.Conversation}]; earlier && begun < first {
		first = begun
	}
	if !last.Known() {
		last = first
	}
	return first, last
}

// hidesRecordingsOf reports whether recordings of a leg may be hidden.
func (g *legGroups) hidesRecordingsOf(n uint32) bool {
	first, last := g.window(n)
	return g.facts.hidesRecordings(g.Legs[n].Org, first, last)
}

// hidesLegsOf reports whether legs of an entry may be hidden.
func (g *legGroups) hidesLegsOf(e *manifest.Entry) bool {
	span, valid := validSpan(e)
	if !valid {
		span = g.partitionOf(e)
	}
	return g.facts.hides(policy.CDRs, e.Org, span)
}

// hidesNear reports whether other entries of an entry's partition may be hidden.
func (g *legGroups) hidesNear(e *manifest.Entry) bool {
	return g.facts.hides(policy.Manifests, e.Org, g.partitionOf(e))
}

func (g *legGroups) partitionOf(e *manifest.Entry) record.Span {
	return g.Partitions[g.Documents[e.Doc].Partition].Span
}

// hidesMatchesOf reports whether recordings or legs of a conversation may be
// hidden.
func (g *legGroups) hidesMatchesOf(org intern.Text, legs []uint32) bool {
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
	return g.facts.hidesMatches(org, first, last)
}

// outageOfEntry returns the outage that an entry coincides with. An entry
// without a valid span gets the extent of its legs.
func (g *legGroups) outageOfEntry(e *manifest.Entry, voice bool) registration.Coincidence {
	span, timed := validSpan(e)
	if !timed {
		legs, _ := g.ofEntry(e, voice)
		span, timed = g.extent(legs)
	}
	return g.outage(e.Org, e.Trunk, e.Line, span, timed, g.Documents[e.Doc].Partition)
}

// extent returns the span from the first start to the last end of legs.
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
	span := record.Span{Start: l.Start, End: max(l.End, l.Start)} // without an end, or with one before it, the instant of its start
	return g.outage(l.Org, l.Trunk, l.Line, span, l.Start.Known(), g.Objects[l.Ref.Object].Partition)
}

// outage returns the outage that an entry or a leg coincides with. Without a time
// it may be anywhere in its partition.
func (g *legGroups) outage(org, trunk, line intern.Text, span record.Span, timed bool, partition uint32) registration.Coincidence {
	if !timed {
		span = g.Partitions[partition].Span
	} else if span.End < span.Start {
		span.End = span.Start
	}
	return g.Index.Coinciding(registration.Subject{
		Org: org, Trunk: trunk, Line: line, Span: span, Instant: timed && span.Start == span.End, Timed: timed,
		Incomplete: g.facts.hides(policy.Registrations, org, span),
	})
}

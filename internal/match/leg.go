package match

import (
	"slices"
	"time"

	"cdrmend/internal/cdr"
	"cdrmend/internal/evidence"
	"cdrmend/internal/intern"
	"cdrmend/internal/manifest"
	"cdrmend/internal/policy"
	"cdrmend/internal/record"
	"cdrmend/internal/registration"
)

// LegGroups are the legs with indexes by their conversation and by the recordings
// that they list, and with the facts that say which legs may be hidden. No stage
// changes them.
type LegGroups struct {
	*evidence.Evidence
	Facts          *evidence.Facts
	ByConversation *evidence.Index
	ByRecording    *evidence.Index
}

// GroupLegs indexes the legs that count.
func GroupLegs(ev *evidence.Evidence, facts *evidence.Facts, spread evidence.Spread) *LegGroups {
	legs := &LegGroups{Evidence: ev, Facts: facts}
	spread.Parallel(func() {
		legs.ByConversation = ev.IndexLegs(func(n uint32, add func(intern.Text)) { add(ev.Legs[n].Conversation) })
	}, func() {
		legs.ByRecording = ev.IndexLegs(ev.EachListed)
	})
	return legs
}

// WithoutListed returns the groups without the index by recording, so that its
// memory can be collected.
func (g *LegGroups) WithoutListed() *LegGroups {
	return &LegGroups{Evidence: g.Evidence, Facts: g.Facts, ByConversation: g.ByConversation}
}

// OfConversation returns the legs of an entry's conversation.
func (g *LegGroups) OfConversation(e *manifest.Entry) []uint32 {
	return g.ByConversation.Find(e.Org, e.Conversation)
}

// OfEntry returns the legs of an entry, and by what they are its legs: those that
// list its recording; else those of its conversation with its leg id; else those
// of its conversation, narrowed to the ones with its line and then to the ones that
// overlap it, if there are any.
func (g *LegGroups) OfEntry(e *manifest.Entry, voice bool) ([]uint32, By) {
	if !voice {
		return nil, notMatched
	}
	if legs := g.ByRecording.Find(e.Org, e.Recording); len(legs) > 0 {
		return legs, ByID
	}
	all := g.OfConversation(e)
	misnamed := g.Misnamed(e, all)
	if !misnamed {
		if legs := g.named(e, all); len(legs) > 0 {
			return legs, ByLeg
		}
	}
	if len(all) == 0 {
		return nil, notMatched
	}

	legs := all
	if !misnamed && e.Line != intern.None {
		legs = narrowed(legs, func(leg uint32) bool { return g.Legs[leg].Line == e.Line })
	}
	if span, valid := SpanOfEntry(e); valid {
		legs = narrowed(legs, func(leg uint32) bool {
			legSpan, timed := SpanOfLeg(&g.Legs[leg])
			return timed && legSpan.Overlaps(span)
		})
	}
	return legs, ByConversation
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
func (g *LegGroups) named(e *manifest.Entry, conversation []uint32) (legs []uint32) {
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

// Misnamed reports whether an entry bears the id of a leg that it is nowhere near,
// while it overlaps another leg of its conversation: some recorders give all
// recordings of a conversation the id of its first leg.
func (g *LegGroups) Misnamed(e *manifest.Entry, conversation []uint32) bool {
	span, valid := SpanOfEntry(e)
	if e.Leg == intern.None || !valid {
		return false
	}
	named, overlaps := false, false
	for _, leg := range conversation {
		legSpan, timed := SpanOfLeg(&g.Legs[leg])
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
func (g *LegGroups) listing(legs []uint32, id intern.Text) []record.Ref {
	var refs []record.Ref
	for _, leg := range legs {
		if slices.Contains(g.Listed(leg), id) {
			refs = append(refs, g.Legs[leg].Ref)
		}
	}
	return refs
}

// maxLegDuration is the assumed duration of a leg without an end.
const maxLegDuration = 24 * time.Hour

// SpanOfLeg returns the span of a leg whose start is known.
func SpanOfLeg(l *cdr.Shown) (record.Span, bool) {
	if !l.Start.Known() {
		return record.Span{}, false
	}
	if !l.End.Known() {
		return record.Span{Start: l.Start, End: l.Start.Add(maxLegDuration)}, true
	}
	return record.Span{Start: l.Start, End: l.End}, true
}

// earliestStart returns the earliest of a time and the starts of legs.
func (g *LegGroups) earliestStart(first record.Time, legs []uint32) record.Time {
	for _, leg := range legs {
		if t := g.Legs[leg].Start; t.Known() && (!first.Known() || t < first) {
			first = t
		}
	}

	return first
}

// Window returns the time in which a recording of a leg may be: from the first
// start in its conversation to its own end, as a recording may begin on an earlier
// leg.
func (g *LegGroups) Window(n uint32) (first, last record.Time) {
	l := &g.Legs[n]
	first, last = g.earliestStart(l.Start, g.ByConversation.Find(l.Org, l.Conversation)), l.End
	if !last.Known() || last < l.Start {
		last = l.Start
	}
	if begun, earlier := g.Begun[evidence.ConversationKey{Org: l.Org, Conversation: l.Conversation}]; earlier && begun < first {
		first = begun
	}
	if !last.Known() {
		last = first
	}
	return first, last
}

// HidesRecordingsOf reports whether recordings of a leg may be hidden.
func (g *LegGroups) HidesRecordingsOf(n uint32) bool {
	if g.BeginsUnread(n) {
		return true
	}
	first, last := g.Window(n)
	return g.Facts.HidesRecordings(g.Legs[n].Org, first, last)
}

// BeginsUnread reports whether a leg is a stop alone, and manifests were not read back
// to all times: its start is in none of the rows that were read, so its recording may
// be in a manifest before the earliest one.
func (g *LegGroups) BeginsUnread(n uint32) bool {
	return g.StopsAlone(n) && g.Facts.BeforeEarliest(g.Legs[n].Org, record.NoTime)
}

// HidesLegsOf reports whether legs of an entry may be hidden.
func (g *LegGroups) HidesLegsOf(e *manifest.Entry) bool {
	span, valid := SpanOfEntry(e)
	if !valid {
		span = g.partitionOf(e)
	}
	return g.Facts.Hides(policy.CDRs, e.Org, span)
}

// HidesNear reports whether other entries of an entry's partition may be hidden.
func (g *LegGroups) HidesNear(e *manifest.Entry) bool {
	return g.Facts.Hides(policy.Manifests, e.Org, g.partitionOf(e))
}

func (g *LegGroups) partitionOf(e *manifest.Entry) record.Span {
	return g.Partitions[g.Documents[e.Doc].Partition].Span
}

// HidesMatchesOf reports whether recordings or legs of a conversation may be
// hidden.
func (g *LegGroups) HidesMatchesOf(org intern.Text, legs []uint32) bool {
	first, last := record.NoTime, record.NoTime
	for _, leg := range legs {
		span, ok := SpanOfLeg(&g.Legs[leg])
		if !ok {
			continue
		}

		if !first.Known() || span.Start < first {
			first = span.Start
		}
		last = max(last, span.End)
	}
	return g.Facts.HidesMatches(org, first, last)
}

// OutageOfEntry returns the outage that an entry coincides with. An entry
// without a valid span gets the extent of its legs.
func (g *LegGroups) OutageOfEntry(e *manifest.Entry, voice bool) registration.Coincidence {
	span, timed := SpanOfEntry(e)
	if !timed {
		legs, _ := g.OfEntry(e, voice)
		span, timed = g.extent(legs)
	}
	return g.outage(e.Org, e.Trunk, e.Line, span, timed, g.Documents[e.Doc].Partition)
}

// extent returns the span from the first start to the last end of legs.
func (g *LegGroups) extent(legs []uint32) (record.Span, bool) {
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

// OutageOfLeg returns the outage that a leg coincides with.
func (g *LegGroups) OutageOfLeg(n uint32) registration.Coincidence {
	l := &g.Legs[n]
	span := record.Span{Start: l.Start, End: max(l.End, l.Start)} // without an end, or with one before it, the instant of its start
	return g.outage(l.Org, l.Trunk, l.Line, span, l.Start.Known(), g.Objects[l.Ref.Object].Partition)
}

// outage returns the outage that an entry or a leg coincides with. Without a time
// it may be anywhere in its partition.
func (g *LegGroups) outage(org, trunk, line intern.Text, span record.Span, timed bool, partition uint32) registration.Coincidence {
	if !timed {
		span = g.Partitions[partition].Span
	} else if span.End < span.Start {
		span.End = span.Start
	}
	return g.Index.Coinciding(registration.Subject{
		Org: org, Trunk: trunk, Line: line, Span: span, Instant: timed && span.Start == span.End, Timed: timed,
		Incomplete: g.Facts.Hides(policy.Registrations, org, span),
	})
}

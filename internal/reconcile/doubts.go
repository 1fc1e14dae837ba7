package reconcile

import (
	"cdrmend/internal/policy"
	"cdrmend/internal/record"
)

// doubts are what speaks against whole sources of the night: what they lack, and
// that they do not fit together. Verdicts that would rest on them are not decided.
type doubts struct {
	lacking      []Needs         // by source: what it lacks, for the finding; with its objects
	shapeless    []bool          // by source of conversation details: no conversation has a session
	unfitSources []bool          // the source itself is unfit
	unfitObjects map[uint32]bool // objects that are
	estranged    []estrangement  // by source
	clocks       []clockOffset
}

// unfit reports whether a leg is one of an unfit object or source.
func (d *doubts) unfit(ev *Evidence, leg uint32) bool {
	object := ev.Legs[leg].Ref.Object
	return d.unfitObjects[object] || d.unfitSources[ev.Objects[object].Source]
}

// strangers reports whether the CDRs of a source and the manifests do not speak
// of the same calls.
func (d *doubts) strangers(source uint32) bool { return d.estranged[source].holds }

// doubtSources finds out what speaks against sources. Ids are final and entries
// have their legs.
func doubtSources(legs *legGroups, entries *entryGroups, duties *duties, owned ownership) *doubts {
	n := len(legs.Sources)
	d := &doubts{
		lacking: make([]Needs, n), shapeless: make([]bool, n), unfitSources: make([]bool, n),
		unfitObjects: map[uint32]bool{}, estranged: make([]estrangement, n),
	}

	w := &witness{legs: legs, entries: entries, duties: duties, owned: owned}
	d.findUnfit(w)
	d.findStrangers(w)
	d.clocks = findClockOffsets(w)
	return d
}

// witness is what all doubts ask about.
type witness struct {
	legs    *legGroups
	entries *entryGroups
	duties  *duties
	owned   ownership

	sure []uint32 // reused for each leg
}

// shares reports whether a leg shares a recording or its conversation with an
// entry of voice for which a condition holds.
func (w *witness) shares(leg uint32, holds func(st *entryState) bool) bool {
	l := &w.legs.Legs[leg]
	any := func(entries []uint32) bool {
		for _, n := range entries {
			if st := &w.entries.states[n]; st.voice && holds(st) {
				return true
			}
		}
		return false
	}
	if any(w.entries.byConversation.find(l.Org, l.Conversation)) {
		return true
	}
	for _, id := range w.legs.listed(leg) {
		if any(w.entries.byRecording.find(l.Org, id)) {
			return true
		}
	}
	return false
}

// anyVoice is the condition that holds for every entry of voice.
func anyVoice(*entryState) bool { return true }

// ownPartition reports whether a partition is one of the interval's own.
func ownPartition(ev *Evidence, n uint32) bool {
	span := ev.Partitions[n].Span
	return span == record.Forever || ev.Interval.Overlaps(span)
}

// names returns the needs as findings name them, in order.
func (n Needs) names() string {
	var text string
	for _, need := range []struct {
		bit   Needs
		field record.Field
	}{{NeedAnswer, record.AnswerTime}, {NeedConversation, record.ConversationID}, {NeedEnd, record.EndTime}, {NeedStart, record.StartTime}} {
		if n&need.bit == 0 {
			continue
		}
		if text != "" {
			text += ";"
		}
		text += need.field.String()
	}
	return text
}

// needsOf returns what judging needs of a kind of source.
func needsOf(ev *Evidence, kind policy.Kind) Needs {
	switch {
	case kind == policy.Manifests:
		return NeedConversation
	case kind != policy.CDRs:
		return 0
	case ev.Policy.Expect == policy.ExpectAnswered:
		return NeedStart | NeedEnd | NeedAnswer | NeedConversation
	}
	return NeedStart | NeedEnd | NeedConversation
}

// report reports sources that are unfit.
func (d *doubts) report(ev *Evidence, w *words) report {
	r := report{Evidence: ev}
	for i := range ev.Sources {
		switch {
		case d.shapeless[i]:
			r.source(UnfitSource, policy.Major, uint32(i), w.shape)
		case d.lacking[i] != 0:
			r.source(UnfitSource, policy.Major, uint32(i), ev.Texts.OfString(d.lacking[i].names()))
		}
	}
	return r
}

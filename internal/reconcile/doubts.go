package reconcile

import (
	"slices"

	"cdrmend/internal/policy"
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

// lacks returns what a source lacks, if that makes it or some of its objects unfit,
// and whether it delivers conversation details of which none has a session.
func (d *doubts) lacks(source uint32) (needs Needs, shapeless bool) {
	return d.lacking[source], d.shapeless[source]
}

// disagree reports whether sources do not fit together: they are strangers, or
// their clocks differ.
func (d *doubts) disagree() bool {
	return len(d.clocks) > 0 || slices.ContainsFunc(d.estranged, func(e estrangement) bool { return e.holds })
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

// Package doubt finds what speaks against whole sources.
//
// It takes the legs and entries of an interval after they were joined, and returns
// [Sources]: which sources or objects lack what judging needs (unfit.go, disjoint.go),
// which sources of CDRs are strangers to the manifests, as they do not speak of the same
// calls (stranger.go), and which clocks differ (clock.go). Verdicts that would rest
// on such a source are not decided, so nothing here changes a verdict by itself. It
// also returns [Stray] rows, which belong to an interval that never reads them
// (stray.go).
//
// Unfit sources hide what nobody can read in them: [AboutSources] marks their
// partitions as damaged in the facts of the night. It changes nothing else.
//
// # One interval
//
// Say that a source of CDRs has 30 legs, and each lists one recording. The manifests
// have 28 of these recordings, and each of the 28 ends 60 s after its leg. The header of the
// source's second object has no column for an end.
//
//   - The second object is unfit: it lacks end_time. Its legs are not decided; its
//     partition counts as damaged.
//   - More than one in ten legs share something with an entry, so the source is no
//     stranger.
//   - 28 pairs of a leg and its recording differ by the same 60 s, which is more than
//     the tolerance: the clocks differ by 1m0s. Legs that lack a recording only by
//     its times are not decided.
//   - [Sources.Warnings] says so, and what to do.
//
// # Where the rules are tested
//
// Each rule is tested in the file of its name, by what it makes of verdicts, findings
// and warnings.
package doubt

import (
	"slices"

	"cdrmend/internal/evidence"
	"cdrmend/internal/match"
	"cdrmend/internal/policy"
)

// Sources are what speaks against whole sources of the night: what they lack, and
// that they do not fit together. Verdicts that would rest on them are not decided.
type Sources struct {
	lacking      []evidence.Needs // by source: what it lacks, for the finding; with its objects
	shapeless    []bool           // by source of conversation details: no conversation has a session
	unfitSources []bool           // the source itself is unfit
	unfitObjects map[uint32]bool  // objects that are
	estranged    []estrangement   // by source
	clocks       []clockOffset
}

// Unfit reports whether a leg is one of an unfit object or source.
func (d *Sources) Unfit(ev *evidence.Evidence, leg uint32) bool {
	object := ev.Legs[leg].Ref.Object
	return d.unfitObjects[object] || d.unfitSources[ev.Objects[object].Source]
}

// Lacks returns what a source lacks, if that makes it or some of its objects unfit,
// and whether it delivers conversation details in which no session stands.
func (d *Sources) Lacks(source uint32) (needs evidence.Needs, shapeless bool) {
	return d.lacking[source], d.shapeless[source]
}

// Disagree reports whether sources do not fit together: they are strangers, or
// their clocks differ.
func (d *Sources) Disagree() bool {
	return len(d.clocks) > 0 || slices.ContainsFunc(d.estranged, func(e estrangement) bool { return e.holds })
}

// Strangers reports whether the CDRs of a source and the manifests do not speak
// of the same calls.
func (d *Sources) Strangers(source uint32) bool { return d.estranged[source].holds }

// AboutSources finds out what speaks against sources. Ids are final and entries
// have their legs.
func AboutSources(legs *match.LegGroups, entries *match.EntryGroups, duties *match.Duties, owned match.Ownership) *Sources {
	d := newSources(len(legs.Sources))
	w := &witness{legs: legs, entries: entries, duties: duties, owned: owned}
	d.findUnfit(w)
	d.findStrangers(w)
	d.clocks = findClockOffsets(w)
	return d
}

func newSources(n int) *Sources {
	return &Sources{
		lacking: make([]evidence.Needs, n), shapeless: make([]bool, n), unfitSources: make([]bool, n),
		unfitObjects: map[uint32]bool{}, estranged: make([]estrangement, n),
	}
}

// witness is what all doubts ask about.
type witness struct {
	legs    *match.LegGroups
	entries *match.EntryGroups
	duties  *match.Duties
	owned   match.Ownership

	sure []uint32 // reused for each leg
}

// shares reports whether a leg shares a recording or its conversation with an
// entry of voice for which a condition holds.
func (w *witness) shares(leg uint32, holds func(st *match.EntryState) bool) bool {
	l := &w.legs.Legs[leg]
	any := func(entries []uint32) bool {
		for _, n := range entries {
			if st := &w.entries.States[n]; st.Voice && holds(st) {
				return true
			}
		}
		return false
	}
	if any(w.entries.ByConversation.Find(l.Org, l.Conversation)) {
		return true
	}
	for _, id := range w.legs.Listed(leg) {
		if any(w.entries.ByRecording.Find(l.Org, id)) {
			return true
		}
	}
	return false
}

// anyVoice is the condition that holds for every entry of voice.
func anyVoice(*match.EntryState) bool { return true }

// needsOf returns what judging needs of a kind of source.
func needsOf(ev *evidence.Evidence, kind policy.Kind) evidence.Needs {
	switch {
	case kind == policy.Manifests:
		return evidence.NeedConversation
	case kind != policy.CDRs:
		return 0
	case ev.Policy.Expect == policy.ExpectAnswered:
		return evidence.NeedStart | evidence.NeedEnd | evidence.NeedAnswer | evidence.NeedConversation
	}
	return evidence.NeedStart | evidence.NeedEnd | evidence.NeedConversation
}

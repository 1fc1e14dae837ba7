package reconcile

import (
	"slices"

	"cdrmend/internal/cdr"
	"cdrmend/internal/intern"
	"cdrmend/internal/policy"
	"cdrmend/internal/profile"
	"cdrmend/internal/record"
	"cdrmend/internal/registration"
)

// Verdict is the overall result for one leg.
type Verdict uint8

// The verdicts.
const (
	VerdictRecordedInError Verdict = iota
	VerdictIndeterminate
	VerdictExcluded
	VerdictMissing
	VerdictPartial
	VerdictIncomplete
	VerdictRepaired
	VerdictComplete
	NumVerdicts
)

var verdictNames = [NumVerdicts]string{
	"recorded_in_error", "indeterminate", "excluded", "missing", "partial", "incomplete", "repaired", "complete",
}

// String returns the verdict's name in the tables.
func (v Verdict) String() string { return verdictNames[v] }

// Call is what was decided about one owned leg.
type Call struct {
	Covered   int64 // microseconds, NoInt when unknown
	Uncovered int64
	Outage    registration.Coincidence
	Leg       uint32
	Entries   int32
	Reason    intern.Text
	Verdict   Verdict
	ByID      bool // entries were matched by recording id
}

// assessor collects the facts for the verdict on a leg. It changes nothing that legs
// share, so several legs may be assessed at the same time.
type assessor struct {
	*Evidence
	legs           *legGroups
	exclusions     []exclusion
	states         []entryState
	byRecording    *index          // entries
	byConversation *index          // voice entries; empty if every leg lists recordings
	possible       map[uint64]bool // ids that an entry without one may have
}

func newAssessor(legs *legGroups, entries *entryGroups, exclusions []exclusion, possible map[uint64]bool) *assessor {
	ev := legs.Evidence
	a := &assessor{
		Evidence: ev, legs: legs, exclusions: exclusions, states: entries.states,
		byRecording: entries.byRecording, byConversation: &index{}, possible: possible,
	}
	if !slices.ContainsFunc(ev.Particulars, func(p cdr.Particulars) bool { return p.Recordings.N == 0 }) {
		return a // only legs that list nothing are matched by conversation
	}

	a.byConversation = ev.indexEntries(func(n uint32) intern.Text {
		if a.states[n].voice {
			return ev.Entries[n].Conversation
		}
		return intern.None
	})

	return a
}

// assessment holds the facts for the verdict on one leg.
type assessment struct {
	leg        uint32
	call       Call
	entries    []uint32
	toRecord   bool
	forbidden  bool
	lost       []intern.Text // ids of missing recordings; None for a leg that lists no ids and has no entry
	certain    bool          // one of lost is not possible
	possible   bool          // one of lost may belong to an entry without an id
	short      bool
	inError    bool         // recorded although it should not have been
	manifests  completeness // for this leg
	unreadable bool         // a value that the verdict needs did not parse

	talk, recorded []record.Span
}

// assess fills an assessment. It reuses the memory of its lists.
func (a *assessor) assess(s *assessment, n uint32) {
	p := &a.Particulars[n]
	*s = assessment{
		leg: n, call: Call{Leg: n, Outage: a.legs.outageOfLeg(n)},
		entries: s.entries[:0], lost: s.lost[:0], talk: s.talk[:0], recorded: s.recorded[:0],
	}

	a.findEntries(s)
	s.call.Entries = int32(len(s.entries))
	a.findLost(s)
	a.cover(s)
	a.expect(s)

	// A leg is short only by more than the tolerance, so that small differences of
	// clocks are no finding.
	s.short = s.toRecord && s.call.Uncovered != profile.NoInt && s.call.Uncovered > a.Policy.CoverageTolerance.Microseconds()
	// Only ids prove that it was recorded: entries that merely share the conversation
	// may be of another leg.
	s.inError = (p.Recorded == profile.False || s.forbidden) && p.Recordings.N > 0 && len(s.entries) > 0

	s.manifests = a.legs.manifestsOf(n)
	s.unreadable = p.DidNotParse(record.StartTime, record.AnswerTime, record.EndTime, record.Talk, record.Recorded)
}

// findEntries finds the voice entries with the ids that the leg lists. If it lists
// none, it finds those of its conversation that overlap it, and those for which
// nobody can say because a time is unknown.
func (a *assessor) findEntries(s *assessment) {
	l, listed := &a.Legs[s.leg], a.listed(s.leg)
	s.call.ByID = len(listed) > 0
	for _, id := range listed {
		for _, entry := range a.byRecording.find(l.Org, id) {
			if a.states[entry].voice {
				s.entries = append(s.entries, entry)
			}
		}
	}

	// A leg that lists ids has no other recordings, even if none of these is there.
	if s.call.ByID {
		return
	}

	span, timed := spanOfLeg(l)
	for _, entry := range a.byConversation.find(l.Org, l.Conversation) {
		recorded, valid := validSpan(&a.Entries[entry])
		if !timed || !valid || recorded.Overlaps(span) {
			s.entries = append(s.entries, entry)
		}
	}
}

// findLost finds the missing recordings of a leg, and whether entries without an id
// may be these.
func (a *assessor) findLost(s *assessment) {
	listed := a.listed(s.leg)
	if len(listed) == 0 && len(s.entries) == 0 {
		s.lost, s.certain = append(s.lost, intern.None), true
	}

	for _, id := range listed {
		if slices.ContainsFunc(s.entries, func(e uint32) bool { return a.Entries[e].Recording == id }) {
			continue
		}

		s.lost = append(s.lost, id)
		if a.isPossible(s.leg, id) {
			s.possible = true
		} else {
			s.certain = true
		}
	}
}

// isPossible reports whether an entry without an id may have a recording that a
// leg lists.
func (a *assessor) isPossible(leg uint32, id intern.Text) bool {
	return a.possible[keyOf(a.Legs[leg].Org, id)]
}

// cover computes how much of the talk time is recorded. Without entries, or if a
// time is unknown, it is NoInt.
func (a *assessor) cover(s *assessment) {
	s.call.Covered, s.call.Uncovered = profile.NoInt, profile.NoInt
	var known bool
	if s.talk, known = appendTalkTime(s.talk, a.Evidence, s.leg); !known || len(s.entries) == 0 {
		return
	}

	for _, entry := range s.entries {
		span, valid := validSpan(&a.Entries[entry])
		if !valid {
			return
		}
		s.recorded = append(s.recorded, span)
	}

	// Recordings may overlap each other; no time counts twice.
	s.recorded = union(s.recorded)
	s.call.Covered = common(s.talk, s.recorded)
	s.call.Uncovered = length(s.talk) - s.call.Covered
}

// expect decides whether the leg must be recorded, and gives the reason if not.
// Exclusions come before what the CDR says, and that before the configuration.
func (a *assessor) expect(s *assessment) {
	if x := excludedBy(a.exclusions, a.Evidence, s.leg); x != nil {
		s.call.Reason, s.forbidden = x.reason, x.forbid
		return
	}

	switch recorded := a.Particulars[s.leg].Recorded; {
	case recorded == profile.True:
		s.toRecord = true
	case recorded == profile.False:
		s.call.Reason = a.Texts.OfString("not recorded by source")
	case a.Policy.Expect == policy.ExpectAll, a.Policy.Expect == policy.ExpectAnswered && a.Legs[s.leg].Answer.Known():
		s.toRecord = true
	default:
		s.call.Reason = a.Texts.OfString("not expected")
	}
}

// verdict returns the first verdict that applies. The order of the cases is the
// rule: each case relies on those before it.
func (a *assessor) verdict(s *assessment, outcomes []entryOutcome) Verdict {
	none := len(s.entries) == 0

	switch {
	case s.inError:
		return VerdictRecordedInError // what is hidden cannot undo it
	case s.unreadable:
		return VerdictIndeterminate
	case !s.toRecord: // after unreadable: the value that did not parse could decide whether it is excluded
		return VerdictExcluded
	case s.manifests != complete && (none || s.certain || s.short):
		return VerdictIndeterminate // a hidden entry could change it
	case !none && !a.Legs[s.leg].End.Known():
		return VerdictIndeterminate // nobody knows how much should be covered
	case none && !s.possible:
		return VerdictMissing
	case s.certain || s.short:
		return VerdictPartial
	// An entry without an id may be a listed recording, so nothing is missing for certain.
	case s.possible || slices.ContainsFunc(s.entries, func(e uint32) bool { return outcomes[e].incomplete }):
		return VerdictIncomplete
	case slices.ContainsFunc(s.entries, func(e uint32) bool { return a.states[e].repaired != 0 }):
		return VerdictRepaired
	}
	return VerdictComplete
}

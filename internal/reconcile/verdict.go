package reconcile

import (
	"slices"

	"cdrmend/internal/cdr"
	"cdrmend/internal/doubt"
	"cdrmend/internal/evidence"
	"cdrmend/internal/intern"
	"cdrmend/internal/manifest"
	"cdrmend/internal/match"
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

// Counts reports whether a leg with this verdict is one of those that were to be
// recorded.
func (v Verdict) Counts() bool { return v != VerdictRecordedInError && v != VerdictExcluded }

// Recorded reports whether a leg with this verdict was recorded.
func (v Verdict) Recorded() bool {
	return v == VerdictIncomplete || v == VerdictRepaired || v == VerdictComplete
}

// Doubt is why a verdict is indeterminate.
type Doubt uint8

// The doubts, in the order in which the first that holds counts.
const (
	NoDoubt     Doubt = iota
	Unparsed          // a value that the verdict needs did not parse
	Unsound           // the leg's times contradict each other
	Unfit             // the leg's source lacks what judging needs
	Contested         // nobody knows whether a recording of its conversation is its own
	Inputs            // manifests are incomplete for the leg
	Doubtful          // a local time occurs twice
	Strangers         // CDRs and manifests do not speak of the same calls
	ClockOffset       // their clocks differ
	PossibleID        // a recording without an id, or another one, may be it
	NoID              // the leg names neither recording nor conversation
	NoEnd             // nobody knows how long the leg was, or whether anybody answered
	Unnamed           // its recordings name neither themselves nor their media
	SharedProof       // what it shares with another leg covers nothing of it
	NumDoubts
)

var doubtNames = [NumDoubts]string{
	"", "unparsed", "unsound", "unfit", "contested", "inputs", "doubtful", "strangers", "clock_offset", "possible", "no_id", "no_end", "unnamed", "shared",
}

// String returns the doubt's name in the tables.
func (d Doubt) String() string { return doubtNames[d] }

// Call is what was decided about one owned leg.
type Call struct {
	Covered   int64 // microseconds, NoInt when unknown
	Uncovered int64
	Outage    registration.Coincidence
	Leg       uint32
	Entries   int32
	Reason    intern.Text
	Verdict   Verdict
	Proof     match.Proof
}

// assessor collects the facts for the verdict on a leg. It changes nothing that legs
// share, so several legs may be assessed at the same time.
type assessor struct {
	*evidence.Evidence
	legs     *match.LegGroups
	entries  *match.EntryGroups
	duties   *match.Duties
	pairs    *match.Pairs
	possible map[uint64]bool   // ids that an entry without one, or one whose media is promised, may have
	likes    map[uint32]uint32 // by leg: the entry that looks like its recording
	doubts   *doubt.Sources
	media    *match.MediaWords
	words    *words
}

// assessment holds the facts for the verdict on one leg.
type assessment struct {
	leg       uint32
	call      Call
	entries   []uint32
	lost      []intern.Text // listed ids without an entry; None for a leg that lists no ids and has no entry, or of which nothing is covered
	certain   bool          // a listed id is lost and not possible
	possible  bool          // a listed id is lost and possible
	nothing   bool          // its entries cover nothing of it
	short     bool          // its entries cover too little of it
	gap       int64         // how much they leave uncovered if it is short, in microseconds
	talkKnown bool
	inError   Status // of the finding that it was recorded in error; Accepted when there is none
	hidden    bool   // manifests are incomplete for it
	doubt     Doubt  // why it is indeterminate

	talk, recorded []record.Span
}

// assess fills an assessment. It reuses the memory of its lists.
func (a *assessor) assess(s *assessment, n uint32) {
	*s = assessment{
		leg: n, call: Call{Leg: n, Outage: a.legs.OutageOfLeg(n), Covered: profile.NoInt, Uncovered: profile.NoInt},
		entries: a.pairs.EntriesOf(n), lost: s.lost[:0], talk: s.talk[:0], recorded: s.recorded[:0],
	}
	s.call.Entries = int32(len(s.entries))
	s.call.Proof = a.pairs.Proof(n, a.duties.Competes(a.Evidence, n))
	s.call.Reason = a.duties.Reason(a.Evidence, n)
	a.cover(s)
	a.findLost(s)
	s.inError = a.recordedInError(s)
	s.hidden = a.legs.HidesRecordingsOf(n)
}

// cover computes how much of the talk time is recorded, and whether that is too
// little.
func (a *assessor) cover(s *assessment) {
	s.talk, s.talkKnown = match.AppendTalkTime(s.talk, a.Evidence, s.leg)
	if !s.talkKnown || len(s.entries) == 0 {
		return
	}

	// Entries without times still count by their length: it may lie anywhere in the
	// talk time, so all of it is taken for covered.
	tolerance := a.Policy.CoverageTolerance.Microseconds()
	talk, untimed, lengths := record.Length(s.talk), 0, int64(0)
	for _, entry := range s.entries {
		e := &a.Entries[entry]
		span, valid := match.SpanOfEntry(e)
		measured := e.Duration != profile.NoInt && !a.entries.States[entry].Unmeasured
		known := measured && e.Duration <= match.MaxDuration
		switch {
		case valid && known && int64(span.End-span.Start)-e.Duration*1000 > tolerance:
			span.End = span.Start + record.Time(e.Duration*1000) // it is shorter than its times say
			s.recorded = append(s.recorded, a.audible(s.leg, entry, span))
		case valid:
			s.recorded = append(s.recorded, a.audible(s.leg, entry, span))
		case measured:
			length := min(e.Duration, match.MaxDuration) * 1000
			if h := match.HeardOf(a.Evidence, entry); h != nil && h.Duration != profile.NoInt {
				length = min(length, h.Duration)
			}
			untimed, lengths = untimed+1, lengths+length
		default:
			return // nobody knows how much this one covers
		}
	}

	// What is covered is a number only when it is known where every entry lies.
	s.recorded = record.Union(s.recorded)
	covered := record.Common(s.talk, s.recorded)
	s.gap = talk - covered - lengths
	if untimed == 0 {
		s.call.Covered, s.call.Uncovered = covered, s.gap
		s.nothing = floorMS(covered) == 0 && talk > tolerance && a.mayCoverNothing(s)
	}

	// A recorder may pause on hold: a leg that only says how long the talk was is
	// short only if less than that is covered.
	p := &a.Particulars[s.leg]
	enough := p.TalkMS >= 0 && p.Talk.N == 0 && (int64(p.TalkMS)-floorMS(covered+lengths))*1000 <= tolerance
	s.short = a.duties.ToRecord(s.leg) && !s.nothing && s.gap > tolerance && !enough
}

// audible returns the part of an entry's span for which its media last. Pauses that the
// leg declares are not in them.
func (a *assessor) audible(leg, entry uint32, span record.Span) record.Span {
	if h := match.HeardOf(a.Evidence, entry); h != nil && h.Duration != profile.NoInt {
		span.End = min(span.End, match.HeardUntil(span.Start, h.Duration, record.Union(slices.Clone(a.PausesOf(leg)))))
	}
	return span
}

// mayCoverNothing reports whether entries that cover nothing of a leg are none of
// its recordings. One that bears the leg's id is; one that the leg lists is, too,
// unless it is the recording of another call.
func (a *assessor) mayCoverNothing(s *assessment) bool {
	switch a.pairs.By(s.leg) {
	case match.ByID:
		return a.pairs.ListedElsewhere(s.leg)
	case match.ByConversation:
		return true
	}
	return false
}

// findLost finds the recordings that a leg to be recorded should have and does not
// have.
func (a *assessor) findLost(s *assessment) {
	listed := a.Listed(s.leg)
	if len(listed) == 0 && len(s.entries) == 0 || s.nothing {
		s.lost = append(s.lost, intern.None)
	}

	for _, id := range listed {
		if len(s.entries) > 0 && a.isHeard(s.leg, id) {
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

// isHeard reports whether some entry that is one of legs has a recording that a leg
// lists. A leg that lists recordings has all these entries.
func (a *assessor) isHeard(leg uint32, id intern.Text) bool {
	same := a.entries.ByRecording.Find(a.Legs[leg].Org, id)
	return slices.ContainsFunc(same, func(e uint32) bool { return a.entries.States[e].Hears() })
}

// isPossible reports whether an entry may have a recording that a leg lists and
// no entry has for certain.
func (a *assessor) isPossible(leg uint32, id intern.Text) bool {
	return a.possible[evidence.KeyOf(a.Legs[leg].Org, id)]
}

// recordedInError returns the status of the finding that a leg is recorded and
// should not be, Accepted when it does not hold.
func (a *assessor) recordedInError(s *assessment) Status {
	forbidden := a.duties.Forbidden(a.Evidence, s.leg)
	if len(s.entries) == 0 || !forbidden && a.Particulars[s.leg].Recorded != profile.False {
		return Accepted
	}
	if a.pairs.By(s.leg) != match.ByConversation {
		return Open // the recording is of this leg for certain
	}

	// A recording of the conversation may only touch the leg, or be of another leg.
	if !forbidden || s.call.Covered <= a.Policy.CoverageTolerance.Microseconds() {
		return Accepted
	}
	if !a.legs.Sources[a.SourceOfLeg(s.leg)].OneForEachLeg && a.overlapsDue(s.leg) {
		return Indeterminate // the recording may be of the other leg
	}
	return Open
}

// overlapsDue reports whether a leg to be recorded of its conversation overlaps a
// leg.
func (a *assessor) overlapsDue(n uint32) bool {
	l := &a.Legs[n]
	span, timed := match.SpanOfLeg(l)
	return slices.ContainsFunc(a.legs.ByConversation.Find(l.Org, l.Conversation), func(other uint32) bool {
		otherSpan, known := match.SpanOfLeg(&a.Legs[other])
		return other != n && a.duties.ToRecord(other) && timed && known && otherSpan.Overlaps(span)
	})
}

// judge gives a leg its verdict, and the reason of one that is indeterminate.
func (a *assessor) judge(s *assessment, outcomes []entryOutcome) {
	s.call.Verdict = a.verdict(s, outcomes)
	if s.call.Verdict == VerdictIndeterminate {
		s.call.Reason = a.words.doubts[s.doubt]
	}
}

// verdict returns the first verdict that applies, and sets the doubt of one that
// is indeterminate.
func (a *assessor) verdict(s *assessment, outcomes []entryOutcome) Verdict {
	if s.inError == Open {
		return VerdictRecordedInError
	}
	if a.duties.CertainlyExcluded(s.leg) {
		return VerdictExcluded
	}

	// What is wrong with the leg itself counts before its duty, which may rest on the
	// same values.
	if s.doubt = a.flaw(s.leg); s.doubt != NoDoubt {
		return VerdictIndeterminate
	}
	if !a.duties.ToRecord(s.leg) {
		return VerdictExcluded
	}

	decided := a.decided(s, outcomes)
	if s.doubt = a.doubt(s, decided); s.doubt != NoDoubt {
		return VerdictIndeterminate
	}
	return decided
}

// flaw returns what is wrong with a leg itself, so that nothing can be said of
// it.
func (a *assessor) flaw(n uint32) Doubt {
	l, p := &a.Legs[n], &a.Particulars[n]
	switch {
	case p.DidNotParse(record.StartTime, record.AnswerTime, record.EndTime, record.Talk, record.Pauses, record.Recorded, record.ConversationID, record.RecordingIDs):
		return Unparsed
	case !match.Sound(a.Evidence, n):
		return Unsound
	case a.doubts.Unfit(a.Evidence, n):
		return Unfit
	case a.Policy.Expect == policy.ExpectAnswered && l.Start.Known() && !l.Answer.Known() && !l.End.Known() &&
		p.Recorded == profile.Unknown && p.Talk.N == 0 && p.TalkMS < 0:
		return NoEnd
	}
	return NoDoubt
}

// decided returns the verdict on a leg to be recorded if nothing speaks against
// what the inputs say.
func (a *assessor) decided(s *assessment, outcomes []entryOutcome) Verdict {
	switch {
	case len(s.entries) == 0 || s.nothing:
		return VerdictMissing
	case s.certain || s.short:
		return VerdictPartial
	// An entry without an id may be a listed recording, so nothing is missing for certain.
	case s.possible || slices.ContainsFunc(s.entries, func(e uint32) bool { return outcomes[e].incomplete }):
		return VerdictIncomplete
	case slices.ContainsFunc(s.entries, func(e uint32) bool { return a.entries.States[e].NumRepaired() > 0 }):
		return VerdictRepaired
	}
	return VerdictComplete
}

// doubt returns what speaks against the verdict on a leg.
func (a *assessor) doubt(s *assessment, decided Verdict) Doubt {
	none := len(s.entries) == 0
	lacks := none || s.nothing || s.certain || s.short
	source := a.SourceOfLeg(s.leg)
	listsNone := a.Particulars[s.leg].Recordings.N == 0
	_, looksLike := a.likes[s.leg]

	// The order is that of Doubt: the first that holds is the reason in the tables.
	switch {
	case a.pairs.Contested(s.leg):
		return Contested
	case lacks && s.hidden:
		return Inputs
	case lacks && a.doubtfulTimes(s.leg):
		return Doubtful
	case len(s.lost) > 0 && lacks && a.doubts.Strangers(source):
		return Strangers
	case a.shifted(s, decided):
		return ClockOffset
	case none && (s.possible || looksLike || listsNone && a.promised(s.leg)):
		return PossibleID
	case listsNone && a.Legs[s.leg].Conversation == intern.None:
		return NoID
	case !none && !a.Legs[s.leg].End.Known():
		return NoEnd
	case decided.Recorded() && !slices.ContainsFunc(s.entries, a.isNamed):
		return Unnamed
	case s.call.Proof == match.ProofShared && a.sharesNothing(s):
		return SharedProof
	}
	return NoDoubt
}

// shifted reports whether a leg lacks a recording, or a part of it, only by the
// times of an entry of a source whose clock differs.
func (a *assessor) shifted(s *assessment, decided Verdict) bool {
	l := &a.Legs[s.leg]
	listsNone := a.Particulars[s.leg].Recordings.N == 0
	var about []uint32
	switch {
	case decided == VerdictMissing && listsNone:
		about = a.entries.ByConversation.Find(l.Org, l.Conversation)
	case decided == VerdictPartial && !s.certain:
		about = s.entries
	}
	return len(about) > 0 && a.doubts.Shifts(a.entries, s.leg, about)
}

// doubtfulTimes reports whether a time of a leg, or of an entry of its
// conversation, may be another one.
func (a *assessor) doubtfulTimes(n uint32) bool {
	if a.Particulars[n].Flags.Has(cdr.DoubtfulTime) {
		return true
	}
	l := &a.Legs[n]
	return slices.ContainsFunc(a.entries.ByConversation.Find(l.Org, l.Conversation), func(e uint32) bool { return a.Entries[e].Doubtful() })
}

// promised reports whether the media of an entry of the leg's conversation is
// promised.
func (a *assessor) promised(leg uint32) bool {
	l := &a.Legs[leg]
	return slices.ContainsFunc(a.entries.ByConversation.Find(l.Org, l.Conversation), func(e uint32) bool { return a.entries.States[e].Pending })
}

// isNamed reports whether an entry names its recording or its media.
func (a *assessor) isNamed(entry uint32) bool {
	e := &a.Entries[entry]
	return e.Recording != intern.None || hasMediaKey(e)
}

func hasMediaKey(e *manifest.Entry) bool { return e.Has(record.MediaKey) || e.MediaKey != intern.None }

// sharesNothing reports whether nothing of a short talk time is covered.
func (a *assessor) sharesNothing(s *assessment) bool {
	talk := record.Length(s.talk)
	return s.call.Covered != profile.NoInt && floorMS(s.call.Covered) == 0 && talk > 0 && talk <= a.Policy.CoverageTolerance.Microseconds()
}

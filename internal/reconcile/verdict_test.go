package reconcile_test

import (
	"testing"
	"time"

	"cdrmend/internal/cdr"
	"cdrmend/internal/policy"
	"cdrmend/internal/profile"
	"cdrmend/internal/record"
)

// Each case also meets the conditions of a verdict further down the list, which
// the first one that applies hides.
func TestTheFirstVerdictThatAppliesCounts(t *testing.T) {
	whole := entry{recording: "r1", conversation: "c1", trunk: "T1", start: "10:00", end: "10:05"}
	half := entry{recording: "r1", conversation: "c1", trunk: "T1", start: "10:00", end: "10:02"}
	noTrunk := entry{recording: "r1", conversation: "c1", start: "10:00", end: "10:05"}
	lists := leg{conversation: "c1", id: "1", recordings: "r1", start: "10:00", end: "10:05"}
	change := func(l leg, f func(*leg)) leg { f(&l); return l }
	for name, test := range map[string]struct {
		ev   *evidence
		want string
	}{
		"recorded in error, though a value did not parse": {
			newEvidence().add(whole).addLegs(change(lists, func(l *leg) { l.recorded, l.invalid = profile.False, record.StartTime })),
			"recorded_in_error not recorded by source",
		},
		"excluded, though a value did not parse": {
			newEvidence().addLegs(change(lists, func(l *leg) { l.invalid = record.AnswerTime })).exclude(policy.Exclusion{Reason: "why"}),
			"excluded why",
		},
		"indeterminate, though excluded as too short": {
			newEvidence().addLegs(change(lists, func(l *leg) { l.invalid = record.AnswerTime })).exclude(policy.Exclusion{Reason: "why", ShorterThan: time.Hour}),
			"indeterminate unparsed",
		},
		"excluded, though manifests are damaged": {
			newEvidence().addLegs(lists).exclude(policy.Exclusion{Reason: "why"}).damage(manifests), "excluded why",
		},
		"indeterminate, though missing": {newEvidence().addLegs(lists).damage(manifests), "indeterminate inputs"},
		"indeterminate without an end": {
			newEvidence().add(whole).addLegs(change(lists, func(l *leg) { l.end = "" })), "indeterminate no_end",
		},
		"missing": {newEvidence().addLegs(lists), "missing"},
		"partial, as one recording is missing": {
			newEvidence().add(whole).addLegs(change(lists, func(l *leg) { l.recordings = "r1 r2" })), "partial",
		},
		"partial, though incomplete": {newEvidence(record.TrunkID).add(half, noTrunk).addLegs(change(lists, func(l *leg) { l.recordings = "r1 r2" })), "partial"},
		"partial, as too short":      {newEvidence().add(half).addLegs(lists), "partial"},
		"incomplete, though repaired": {
			newEvidence(record.TrunkID, record.EndTime).add(entry{recording: "r1", conversation: "c1", start: "10:00", ms: 300_000}).addLegs(lists), "incomplete",
		},
		"repaired": {
			newEvidence(record.EndTime).add(entry{recording: "r1", conversation: "c1", start: "10:00", ms: 300_000}).addLegs(lists), "repaired",
		},
		"complete":                               {newEvidence(record.TrunkID).add(whole).addLegs(lists), "complete"},
		"complete, though manifests are damaged": {newEvidence().add(whole).addLegs(lists).damage(manifests), "complete"},
	} {
		t.Run(name, func(t *testing.T) { test.ev.decide(t).calls("1 " + test.want) })
	}
}

func TestALegThatListsNothingHasTheEntriesOfItsConversationThatOverlapIt(t *testing.T) {
	for name, test := range map[string]struct {
		entry entry
		want  string
	}{
		"overlaps":             {entry{recording: "r1", conversation: "c1", start: "10:00", end: "10:05"}, "1 complete"},
		"later":                {entry{recording: "r1", conversation: "c1", start: "11:00", end: "11:05"}, "1 missing"},
		"untimed":              {entry{recording: "r1", conversation: "c1"}, "1 complete"},
		"another conversation": {entry{recording: "r1", conversation: "c2", start: "10:00", end: "10:05"}, "1 missing"},
		"not voice":            {entry{recording: "r1", conversation: "c1", start: "10:00", end: "10:05", media: "screen"}, "1 missing"},
	} {
		t.Run(name, func(t *testing.T) {
			newEvidence().add(test.entry).addLegs(leg{conversation: "c1", id: "1", start: "10:00", end: "10:05"}).decide(t).calls(test.want)
		})
	}
}

func TestARecordingMayMissTheToleranceAndNoMore(t *testing.T) {
	for start, want := range map[string]string{"10:00:02": "1 complete", "10:00:02.001": "1 partial"} {
		newEvidence().add(entry{recording: "r1", conversation: "c1", start: start, end: "10:05"}).
			addLegs(leg{conversation: "c1", id: "1", recordings: "r1", start: "10:00", end: "10:05"}).decide(t).calls(want)
	}
}

// The reasons come in the order in which they count. Each case has what is doubtful
// of the case before it, and something that counts first.
func TestAnIndeterminateLegSaysTheFirstReason(t *testing.T) {
	lists := leg{conversation: "c1", id: "A", recordings: "r1", start: "10:00", end: "10:05"}
	only := leg{conversation: "c1", id: "A", start: "10:00", unanswered: true}
	for name, test := range map[string]struct {
		ev   *evidence
		want string
	}{
		"unparsed before unsound": {newEvidence().addLegs(changed(lists, func(l *leg) { l.end, l.invalid = "09:00", record.RecordingIDs })), "unparsed"},
		"unsound before no_end":   {newEvidence().addLegs(changed(lists, func(l *leg) { l.end = "09:00" })), "unsound"},
		"a start alone":           {newEvidence().addLegs(only), "no_end"},
		"a start alone, expected": {expectingAll(newEvidence().addLegs(only)), ""}, // missing
		"doubtful":                {newEvidence().addLegs(changed(lists, func(l *leg) { l.flags = cdr.DoubtfulTime })), "doubtful"},
		"inputs before doubtful":  {newEvidence().addLegs(changed(lists, func(l *leg) { l.flags = cdr.DoubtfulTime })).damage(manifests), "inputs"},
		"a doubtful entry of its conversation": {
			newEvidence().add(entry{recording: "r2", conversation: "c1", start: "10:00", end: "10:05", doubtful: true}).addLegs(lists), "doubtful",
		},
		"doubtful before possible": {
			newEvidence().add(entry{conversation: "c1", start: "10:00", end: "10:05", doubtful: true}, entry{conversation: "c1"}).addLegs(lists), "doubtful",
		},
		"a possible id": {newEvidence().add(entry{conversation: "c1"}, entry{conversation: "c1"}).addLegs(lists), "possible"},
		"media of its conversation that is promised": {
			newEvidence().add(entry{recording: "r1", conversation: "c1", state: "uploading"}).addLegs(changed(lists, func(l *leg) { l.recordings = "" })), "possible",
		},
		"media of its id that is promised": {newEvidence().add(entry{recording: "r1", conversation: "x", state: "uploading"}).addLegs(lists), "possible"},
		"possible before no_id": {
			newEvidence().add(entry{recording: "r9", line: "L1", start: "10:00", end: "10:05"}).addLegs(leg{line: "L1", start: "10:00", end: "10:05"}), "possible",
		},
		"neither recordings nor a conversation": {newEvidence().addLegs(leg{id: "A", start: "10:00", end: "10:05"}), "no_id"},
		"an entry, but no end":                  {newEvidence().add(itsEntry).addLegs(changed(lists, func(l *leg) { l.end = "" })), "no_end"},
		"no_end before unnamed":                 {newEvidence().add(entry{conversation: "c1", start: "10:00", end: "10:05"}).addLegs(changed(fiveMinutes, func(l *leg) { l.end = "" })), "no_end"},
		"an entry without any name":             {newEvidence().add(entry{conversation: "c1", start: "10:00", end: "10:05"}).addLegs(fiveMinutes), "unnamed"},
		"its media has a name":                  {newEvidence().add(entry{conversation: "c1", start: "10:00", end: "10:05", mediaKey: "a.wav"}).addLegs(fiveMinutes), ""},
		"one of two has a name":                 {newEvidence().add(itsEntry, entry{conversation: "c1", start: "10:00", end: "10:05"}).addLegs(fiveMinutes), ""},
		"too short to need a name":              {newEvidence().add(entry{conversation: "c1", start: "10:00", end: "10:03"}).addLegs(fiveMinutes), ""}, // partial
		"nothing of a short shared talk": {
			newEvidence().add(entry{recording: "r1", conversation: "c1", start: "10:00", end: "10:03"}).
				addLegs(leg{conversation: "c1", id: "A", start: "10:00", answer: "10:03", end: "10:03:02"}, leg{conversation: "c1", id: "B", start: "10:00", end: "10:03"}),
			"shared",
		},
		"nothing of a short talk": {
			newEvidence().add(entry{recording: "r1", conversation: "c1", start: "10:00", end: "10:03"}).
				addLegs(leg{conversation: "c1", id: "A", start: "10:00", answer: "10:03", end: "10:03:02"}),
			"",
		},
		"no talk at all, though shared": {
			newEvidence().add(entry{recording: "r1", conversation: "c1", start: "10:00", end: "10:03"}).
				addLegs(leg{conversation: "c1", id: "A", start: "10:00", answer: "10:03", end: "10:03"}, leg{conversation: "c1", id: "B", start: "10:00", end: "10:03"}),
			"",
		},
	} {
		t.Run(name, func(t *testing.T) {
			if got := columns(t, test.ev.decide(t).CallRows, "reason"); got[0] != test.want {
				t.Errorf("got the reason %q, want %q of %v", got[0], test.want, test.ev.lines)
			}
		})
	}
}

func expectingAll(ev *evidence) *evidence {
	ev.Policy.Expect = policy.ExpectAll
	return ev
}

func TestEveryValueThatTheVerdictNeedsHasToParse(t *testing.T) {
	for _, f := range []record.Field{
		record.StartTime, record.AnswerTime, record.EndTime, record.Talk, record.Pauses, record.Recorded, record.ConversationID, record.RecordingIDs,
	} {
		newEvidence().add(itsEntry).addLegs(changed(fiveMinutes, func(l *leg) { l.invalid = f })).decide(t).calls("A indeterminate unparsed")
	}
	for _, f := range []record.Field{record.TrunkID, record.ANI, record.TalkMS, record.UpdatedAt, record.DurationMS} {
		newEvidence().add(itsEntry).addLegs(changed(fiveMinutes, func(l *leg) { l.invalid = f })).decide(t).calls("A complete")
	}
}

// A missing recording of a leg that has an entry is missing, even if nobody knows
// when the leg ended.
func TestAnUnknownEndLeavesALossOpen(t *testing.T) {
	d := newEvidence().add(itsEntry).addLegs(changed(fiveMinutes, func(l *leg) { l.recordings, l.end = "r1 r2", "" })).decide(t)
	d.calls("A indeterminate no_end")
	d.findings("missing_recording open r2")
}

func TestARecordingInErrorIsCertainUnlessItMayBeOfAnotherLeg(t *testing.T) {
	forbid := policy.Exclusion{Reason: "private", Trunk: []string{"private"}, Forbid: true}
	private := changed(fiveMinutes, func(l *leg) { l.trunk = "private" })
	due := leg{conversation: "c1", id: "B", start: "10:01", end: "10:05"}
	for name, test := range map[string]struct {
		ev    *evidence
		want  string
		found []string
	}{
		"by conversation":            {newEvidence().add(itsEntry).addLegs(private).exclude(forbid), "A recorded_in_error private", []string{"recorded_in_error open"}},
		"hardly covered":             {newEvidence().add(changed(itsEntry, func(e *entry) { e.end = "10:00:02" })).addLegs(private).exclude(forbid), "A excluded private", nil},
		"a little more":              {newEvidence().add(changed(itsEntry, func(e *entry) { e.end = "10:00:02.1" })).addLegs(private).exclude(forbid), "A recorded_in_error private", []string{"recorded_in_error open"}},
		"hardly covered, but by leg": {newEvidence().add(changed(itsEntry, func(e *entry) { e.end, e.leg = "10:00:02", "A" })).addLegs(private).exclude(forbid), "A recorded_in_error private", []string{"recorded_in_error open"}},
		"beside a leg to be recorded": {
			newEvidence().add(itsEntry).addLegs(private, due).exclude(forbid), "A excluded private", []string{"recorded_in_error indeterminate"},
		},
		"by leg, beside a leg to be recorded": {
			newEvidence().add(changed(itsEntry, func(e *entry) { e.leg = "A" })).addLegs(private, due).exclude(forbid), "A recorded_in_error private", []string{"recorded_in_error open"},
		},
		"before a leg to be recorded": {
			newEvidence().add(changed(itsEntry, func(e *entry) { e.end = "10:10" })).addLegs(private, changed(due, func(l *leg) { l.start, l.end = "10:05", "10:10" })).exclude(forbid),
			"A recorded_in_error private",
			[]string{"recorded_in_error open"},
		},
		"one recording for each leg": {
			newEvidence().add(itsEntry, changed(itsEntry, func(e *entry) { e.recording = "r2" })).addLegs(private, due).exclude(forbid).oneForEachLeg(),
			"A recorded_in_error private",
			[]string{"recorded_in_error open"},
		},
		"the source said no, by conversation": {newEvidence().add(itsEntry).addLegs(changed(fiveMinutes, func(l *leg) { l.recorded = profile.False })), "A excluded not recorded by source", nil},
		"the source said no, by leg": {
			newEvidence().add(changed(itsEntry, func(e *entry) { e.leg = "A" })).addLegs(changed(fiveMinutes, func(l *leg) { l.recorded = profile.False })),
			"A recorded_in_error not recorded by source",
			[]string{"recorded_in_error open"},
		},
		"an exclusion that does not forbid": {
			newEvidence().add(changed(itsEntry, func(e *entry) { e.leg = "A" })).addLegs(private).exclude(policy.Exclusion{Reason: "why", Trunk: []string{"private"}}), "A excluded why", nil,
		},
	} {
		t.Run(name, func(t *testing.T) {
			d := test.ev.decide(t)
			if got := columns(t, d.CallRows, "leg_id", "verdict", "reason"); got[0] != test.want {
				t.Errorf("got %q, want %q of %v", got[0], test.want, test.ev.lines)
			}
			d.findings(test.found...)
		})
	}
}

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
		ev   *night
		want string
	}{
		"recorded in error, though a value did not parse": {
			newNight().add(whole).addLegs(change(lists, func(l *leg) { l.recorded, l.invalid = profile.False, record.StartTime })),
			"recorded_in_error not recorded by source",
		},
		"excluded, though a value did not parse": {
			newNight().addLegs(change(lists, func(l *leg) { l.invalid = record.AnswerTime })).exclude(policy.Exclusion{Reason: "why"}),
			"excluded why",
		},
		"indeterminate, though excluded as too short": {
			newNight().addLegs(change(lists, func(l *leg) { l.invalid = record.AnswerTime })).exclude(policy.Exclusion{Reason: "why", ShorterThan: time.Hour}),
			"indeterminate unparsed",
		},
		"excluded, though manifests are damaged": {
			newNight().addLegs(lists).exclude(policy.Exclusion{Reason: "why"}).damage(manifests), "excluded why",
		},
		"indeterminate, though missing": {newNight().addLegs(lists).damage(manifests), "indeterminate inputs"},
		"indeterminate without an end": {
			newNight().add(whole).addLegs(change(lists, func(l *leg) { l.end = "" })), "indeterminate no_end",
		},
		"missing": {newNight().addLegs(lists), "missing"},
		"partial, as one recording is missing": {
			newNight().add(whole).addLegs(change(lists, func(l *leg) { l.recordings = "r1 r2" })), "partial",
		},
		"partial, though incomplete": {newNight(record.TrunkID).add(half, noTrunk).addLegs(change(lists, func(l *leg) { l.recordings = "r1 r2" })), "partial"},
		"partial, as too short":      {newNight().add(half).addLegs(lists), "partial"},
		"incomplete, though repaired": {
			newNight(record.TrunkID, record.EndTime).add(entry{recording: "r1", conversation: "c1", start: "10:00", ms: 300_000}).addLegs(lists), "incomplete",
		},
		"repaired": {
			newNight(record.EndTime).add(entry{recording: "r1", conversation: "c1", start: "10:00", ms: 300_000}).addLegs(lists), "repaired",
		},
		"complete":                               {newNight(record.TrunkID).add(whole).addLegs(lists), "complete"},
		"complete, though manifests are damaged": {newNight().add(whole).addLegs(lists).damage(manifests), "complete"},
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
			newNight().add(test.entry).addLegs(leg{conversation: "c1", id: "1", start: "10:00", end: "10:05"}).decide(t).calls(test.want)
		})
	}
}

func TestARecordingMayMissTheToleranceAndNoMore(t *testing.T) {
	for start, want := range map[string]string{"10:00:02": "1 complete", "10:00:02.001": "1 partial"} {
		newNight().add(entry{recording: "r1", conversation: "c1", start: start, end: "10:05"}).
			addLegs(leg{conversation: "c1", id: "1", recordings: "r1", start: "10:00", end: "10:05"}).decide(t).calls(want)
	}
}

// The reasons come in the order in which they count. Each case has what is doubtful
// of the case before it, and something that counts first.
func TestAnIndeterminateLegSaysTheFirstReason(t *testing.T) {
	lists := leg{conversation: "c1", id: "A", recordings: "r1", start: "10:00", end: "10:05"}
	only := leg{conversation: "c1", id: "A", start: "10:00", unanswered: true}
	for name, test := range map[string]struct {
		ev   *night
		want string
	}{
		"unparsed before unsound": {newNight().addLegs(changed(lists, func(l *leg) { l.end, l.invalid = "09:00", record.RecordingIDs })), "unparsed"},
		"unsound before no_end":   {newNight().addLegs(changed(lists, func(l *leg) { l.end = "09:00" })), "unsound"},
		"a start alone":           {newNight().addLegs(only), "no_end"},
		"a start alone, expected": {expectingAll(newNight().addLegs(only)), ""}, // missing
		"doubtful":                {newNight().addLegs(changed(lists, func(l *leg) { l.flags = cdr.DoubtfulTime })), "doubtful"},
		"inputs before doubtful":  {newNight().addLegs(changed(lists, func(l *leg) { l.flags = cdr.DoubtfulTime })).damage(manifests), "inputs"},
		"a doubtful entry of its conversation": {
			newNight().add(entry{recording: "r2", conversation: "c1", start: "10:00", end: "10:05", doubtful: true}).addLegs(lists), "doubtful",
		},
		"doubtful before possible": {
			newNight().add(entry{conversation: "c1", start: "10:00", end: "10:05", doubtful: true}, entry{conversation: "c1"}).addLegs(lists), "doubtful",
		},
		"a possible id": {newNight().add(entry{conversation: "c1"}, entry{conversation: "c1"}).addLegs(lists), "possible"},
		"media of its conversation that is promised": {
			newNight().add(entry{recording: "r1", conversation: "c1", state: "uploading"}).addLegs(changed(lists, func(l *leg) { l.recordings = "" })), "possible",
		},
		"media of its id that is promised": {newNight().add(entry{recording: "r1", conversation: "x", state: "uploading"}).addLegs(lists), "possible"},
		"possible before no_id": {
			newNight().add(entry{recording: "r9", line: "L1", start: "10:00", end: "10:05"}).addLegs(leg{line: "L1", start: "10:00", end: "10:05"}), "possible",
		},
		"neither recordings nor a conversation": {newNight().addLegs(leg{id: "A", start: "10:00", end: "10:05"}), "no_id"},
		"an entry, but no end":                  {newNight().add(itsEntry).addLegs(changed(lists, func(l *leg) { l.end = "" })), "no_end"},
		"no_end before unnamed":                 {newNight().add(entry{conversation: "c1", start: "10:00", end: "10:05"}).addLegs(changed(fiveMinutes, func(l *leg) { l.end = "" })), "no_end"},
		"an entry without any name":             {newNight().add(entry{conversation: "c1", start: "10:00", end: "10:05"}).addLegs(fiveMinutes), "unnamed"},
		"its media has a name":                  {newNight().add(entry{conversation: "c1", start: "10:00", end: "10:05", mediaKey: "a.wav"}).addLegs(fiveMinutes), ""},
		"one of two has a name":                 {newNight().add(itsEntry, entry{conversation: "c1", start: "10:00", end: "10:05"}).addLegs(fiveMinutes), ""},
		"too short to need a name":              {newNight().add(entry{conversation: "c1", start: "10:00", end: "10:03"}).addLegs(fiveMinutes), ""}, // partial
		"nothing of a short shared talk": {
			newNight().add(entry{recording: "r1", conversation: "c1", start: "10:00", end: "10:03"}).
				addLegs(leg{conversation: "c1", id: "A", start: "10:00", answer: "10:03", end: "10:03:02"}, leg{conversation: "c1", id: "B", start: "10:00", end: "10:03"}),
			"shared",
		},
		"nothing of a short talk": {
			newNight().add(entry{recording: "r1", conversation: "c1", start: "10:00", end: "10:03"}).
				addLegs(leg{conversation: "c1", id: "A", start: "10:00", answer: "10:03", end: "10:03:02"}),
			"",
		},
		"no talk at all, though shared": {
			newNight().add(entry{recording: "r1", conversation: "c1", start: "10:00", end: "10:03"}).
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

func TestEveryValueThatTheVerdictNeedsHasToParse(t *testing.T) {
	for _, f := range []record.Field{
		record.StartTime, record.AnswerTime, record.EndTime, record.Talk, record.Pauses, record.Recorded, record.ConversationID, record.RecordingIDs,
	} {
		newNight().add(itsEntry).addLegs(changed(fiveMinutes, func(l *leg) { l.invalid = f })).decide(t).calls("A indeterminate unparsed")
	}
	for _, f := range []record.Field{record.TrunkID, record.ANI, record.TalkMS, record.UpdatedAt, record.DurationMS} {
		newNight().add(itsEntry).addLegs(changed(fiveMinutes, func(l *leg) { l.invalid = f })).decide(t).calls("A complete")
	}
}

// A missing recording of a leg that has an entry is missing, even if nobody knows
// when the leg ended.
func TestAnUnknownEndLeavesALossOpen(t *testing.T) {
	d := newNight().add(itsEntry).addLegs(changed(fiveMinutes, func(l *leg) { l.recordings, l.end = "r1 r2", "" })).decide(t)
	d.calls("A indeterminate no_end")
	d.findings("missing_recording open r2")
}

func TestARecordingInErrorIsCertainUnlessItMayBeOfAnotherLeg(t *testing.T) {
	forbid := policy.Exclusion{Reason: "private", Trunk: []string{"private"}, Forbid: true}
	private := changed(fiveMinutes, func(l *leg) { l.trunk = "private" })
	due := leg{conversation: "c1", id: "B", start: "10:01", end: "10:05"}
	for name, test := range map[string]struct {
		ev    *night
		want  string
		found []string
	}{
		"by conversation":            {newNight().add(itsEntry).addLegs(private).exclude(forbid), "A recorded_in_error private", []string{"recorded_in_error open"}},
		"hardly covered":             {newNight().add(changed(itsEntry, func(e *entry) { e.end = "10:00:02" })).addLegs(private).exclude(forbid), "A excluded private", nil},
		"a little more":              {newNight().add(changed(itsEntry, func(e *entry) { e.end = "10:00:02.1" })).addLegs(private).exclude(forbid), "A recorded_in_error private", []string{"recorded_in_error open"}},
		"hardly covered, but by leg": {newNight().add(changed(itsEntry, func(e *entry) { e.end, e.leg = "10:00:02", "A" })).addLegs(private).exclude(forbid), "A recorded_in_error private", []string{"recorded_in_error open"}},
		"beside a leg to be recorded": {
			newNight().add(itsEntry).addLegs(private, due).exclude(forbid), "A excluded private", []string{"recorded_in_error indeterminate"},
		},
		"by leg, beside a leg to be recorded": {
			newNight().add(changed(itsEntry, func(e *entry) { e.leg = "A" })).addLegs(private, due).exclude(forbid), "A recorded_in_error private", []string{"recorded_in_error open"},
		},
		"before a leg to be recorded": {
			newNight().add(changed(itsEntry, func(e *entry) { e.end = "10:10" })).addLegs(private, changed(due, func(l *leg) { l.start, l.end = "10:05", "10:10" })).exclude(forbid),
			"A recorded_in_error private",
			[]string{"recorded_in_error open"},
		},
		"one recording for each leg": {
			newNight().add(itsEntry, changed(itsEntry, func(e *entry) { e.recording = "r2" })).addLegs(private, due).exclude(forbid).oneForEachLeg(),
			"A recorded_in_error private",
			[]string{"recorded_in_error open"},
		},
		"the source said no, by conversation": {newNight().add(itsEntry).addLegs(changed(fiveMinutes, func(l *leg) { l.recorded = profile.False })), "A excluded not recorded by source", nil},
		"the source said no, by leg": {
			newNight().add(changed(itsEntry, func(e *entry) { e.leg = "A" })).addLegs(changed(fiveMinutes, func(l *leg) { l.recorded = profile.False })),
			"A recorded_in_error not recorded by source",
			[]string{"recorded_in_error open"},
		},
		"an exclusion that does not forbid": {
			newNight().add(changed(itsEntry, func(e *entry) { e.leg = "A" })).addLegs(private).exclude(policy.Exclusion{Reason: "why", Trunk: []string{"private"}}), "A excluded why", nil,
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

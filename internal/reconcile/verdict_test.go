package reconcile_test

import (
	"testing"
	"time"

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

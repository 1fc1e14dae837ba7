package reconcile_test

import (
	"testing"
	"time"

	"cdrmend/internal/cdr"
	"cdrmend/internal/policy"
	"cdrmend/internal/profile"
	"cdrmend/internal/reconcile/nighttest"
	"cdrmend/internal/record"
)

// Each case also meets the conditions of a verdict further down the list, which
// the first one that applies hides.
func TestTheFirstVerdictThatAppliesCounts(t *testing.T) {
	whole := nighttest.Entry{Recording: "r1", Conversation: "c1", Trunk: "T1", Start: "10:00", End: "10:05"}
	half := nighttest.Entry{Recording: "r1", Conversation: "c1", Trunk: "T1", Start: "10:00", End: "10:02"}
	noTrunk := nighttest.Entry{Recording: "r1", Conversation: "c1", Start: "10:00", End: "10:05"}
	lists := nighttest.Leg{Conversation: "c1", ID: "1", Recordings: "r1", Start: "10:00", End: "10:05"}
	change := func(l nighttest.Leg, f func(*nighttest.Leg)) nighttest.Leg { f(&l); return l }
	for name, test := range map[string]struct {
		ev   *nighttest.Night
		want string
	}{
		"recorded in error, though a value did not parse": {
			nighttest.New().Add(whole).AddLegs(change(lists, func(l *nighttest.Leg) { l.Recorded, l.Invalid = profile.False, record.StartTime })),
			"recorded_in_error not recorded by source",
		},
		"excluded, though a value did not parse": {
			nighttest.New().AddLegs(change(lists, func(l *nighttest.Leg) { l.Invalid = record.AnswerTime })).Exclude(policy.Exclusion{Reason: "why"}),
			"excluded why",
		},
		"indeterminate, though excluded as too short": {
			nighttest.New().AddLegs(change(lists, func(l *nighttest.Leg) { l.Invalid = record.AnswerTime })).Exclude(policy.Exclusion{Reason: "why", ShorterThan: time.Hour}),
			"indeterminate unparsed",
		},
		"excluded, though manifests are damaged": {
			nighttest.New().AddLegs(lists).Exclude(policy.Exclusion{Reason: "why"}).Damage(nighttest.Manifests), "excluded why",
		},
		"indeterminate, though missing": {nighttest.New().AddLegs(lists).Damage(nighttest.Manifests), "indeterminate inputs"},
		"indeterminate without an end": {
			nighttest.New().Add(whole).AddLegs(change(lists, func(l *nighttest.Leg) { l.End = "" })), "indeterminate no_end",
		},
		"missing": {nighttest.New().AddLegs(lists), "missing"},
		"partial, as one recording is missing": {
			nighttest.New().Add(whole).AddLegs(change(lists, func(l *nighttest.Leg) { l.Recordings = "r1 r2" })), "partial",
		},
		"partial, though incomplete": {nighttest.New(record.TrunkID).Add(half, noTrunk).AddLegs(change(lists, func(l *nighttest.Leg) { l.Recordings = "r1 r2" })), "partial"},
		"partial, as too short":      {nighttest.New().Add(half).AddLegs(lists), "partial"},
		"incomplete, though repaired": {
			nighttest.New(record.TrunkID, record.EndTime).Add(nighttest.Entry{Recording: "r1", Conversation: "c1", Start: "10:00", MS: 300_000}).AddLegs(lists), "incomplete",
		},
		"repaired": {
			nighttest.New(record.EndTime).Add(nighttest.Entry{Recording: "r1", Conversation: "c1", Start: "10:00", MS: 300_000}).AddLegs(lists), "repaired",
		},
		"complete":                               {nighttest.New(record.TrunkID).Add(whole).AddLegs(lists), "complete"},
		"complete, though manifests are damaged": {nighttest.New().Add(whole).AddLegs(lists).Damage(nighttest.Manifests), "complete"},
	} {
		t.Run(name, func(t *testing.T) { test.ev.Decide(t).WantCalls("1 " + test.want) })
	}
}

func TestALegThatListsNothingHasTheEntriesOfItsConversationThatOverlapIt(t *testing.T) {
	for name, test := range map[string]struct {
		Entry nighttest.Entry
		want  string
	}{
		"overlaps":             {nighttest.Entry{Recording: "r1", Conversation: "c1", Start: "10:00", End: "10:05"}, "1 complete"},
		"later":                {nighttest.Entry{Recording: "r1", Conversation: "c1", Start: "11:00", End: "11:05"}, "1 missing"},
		"untimed":              {nighttest.Entry{Recording: "r1", Conversation: "c1"}, "1 complete"},
		"another conversation": {nighttest.Entry{Recording: "r1", Conversation: "c2", Start: "10:00", End: "10:05"}, "1 missing"},
		"not voice":            {nighttest.Entry{Recording: "r1", Conversation: "c1", Start: "10:00", End: "10:05", Media: "screen"}, "1 missing"},
	} {
		t.Run(name, func(t *testing.T) {
			nighttest.New().Add(test.Entry).AddLegs(nighttest.Leg{Conversation: "c1", ID: "1", Start: "10:00", End: "10:05"}).Decide(t).WantCalls(test.want)
		})
	}
}

func TestARecordingMayMissTheToleranceAndNoMore(t *testing.T) {
	for start, want := range map[string]string{"10:00:02": "1 complete", "10:00:02.001": "1 partial"} {
		nighttest.New().Add(nighttest.Entry{Recording: "r1", Conversation: "c1", Start: start, End: "10:05"}).
			AddLegs(nighttest.Leg{Conversation: "c1", ID: "1", Recordings: "r1", Start: "10:00", End: "10:05"}).Decide(t).WantCalls(want)
	}
}

// The reasons come in the order in which they count. Each case has what is doubtful
// of the case before it, and something that counts first.
func TestAnIndeterminateLegSaysTheFirstReason(t *testing.T) {
	lists := nighttest.Leg{Conversation: "c1", ID: "A", Recordings: "r1", Start: "10:00", End: "10:05"}
	only := nighttest.Leg{Conversation: "c1", ID: "A", Start: "10:00", Unanswered: true}
	for name, test := range map[string]struct {
		ev   *nighttest.Night
		want string
	}{
		"unparsed before unsound": {nighttest.New().AddLegs(nighttest.Changed(lists, func(l *nighttest.Leg) { l.End, l.Invalid = "09:00", record.RecordingIDs })), "unparsed"},
		"unsound before no_end":   {nighttest.New().AddLegs(nighttest.Changed(lists, func(l *nighttest.Leg) { l.End = "09:00" })), "unsound"},
		"a start alone":           {nighttest.New().AddLegs(only), "no_end"},
		"a start alone, expected": {nighttest.ExpectingAll(nighttest.New().AddLegs(only)), ""}, // missing
		"doubtful":                {nighttest.New().AddLegs(nighttest.Changed(lists, func(l *nighttest.Leg) { l.Flags = cdr.DoubtfulTime })), "doubtful"},
		"inputs before doubtful":  {nighttest.New().AddLegs(nighttest.Changed(lists, func(l *nighttest.Leg) { l.Flags = cdr.DoubtfulTime })).Damage(nighttest.Manifests), "inputs"},
		"a doubtful entry of its conversation": {
			nighttest.New().Add(nighttest.Entry{Recording: "r2", Conversation: "c1", Start: "10:00", End: "10:05", Doubtful: true}).AddLegs(lists), "doubtful",
		},
		"doubtful before possible": {
			nighttest.New().Add(nighttest.Entry{Conversation: "c1", Start: "10:00", End: "10:05", Doubtful: true}, nighttest.Entry{Conversation: "c1"}).AddLegs(lists), "doubtful",
		},
		"a possible id": {nighttest.New().Add(nighttest.Entry{Conversation: "c1"}, nighttest.Entry{Conversation: "c1"}).AddLegs(lists), "possible"},
		"media of its conversation that is promised": {
			nighttest.New().Add(nighttest.Entry{Recording: "r1", Conversation: "c1", State: "uploading"}).AddLegs(nighttest.Changed(lists, func(l *nighttest.Leg) { l.Recordings = "" })), "possible",
		},
		"media of its id that is promised": {nighttest.New().Add(nighttest.Entry{Recording: "r1", Conversation: "x", State: "uploading"}).AddLegs(lists), "possible"},
		"possible before no_id": {
			nighttest.New().Add(nighttest.Entry{Recording: "r9", Line: "L1", Start: "10:00", End: "10:05"}).AddLegs(nighttest.Leg{Line: "L1", Start: "10:00", End: "10:05"}), "possible",
		},
		"neither recordings nor a conversation": {nighttest.New().AddLegs(nighttest.Leg{ID: "A", Start: "10:00", End: "10:05"}), "no_id"},
		"an entry, but no end":                  {nighttest.New().Add(nighttest.ItsEntry).AddLegs(nighttest.Changed(lists, func(l *nighttest.Leg) { l.End = "" })), "no_end"},
		"no_end before unnamed":                 {nighttest.New().Add(nighttest.Entry{Conversation: "c1", Start: "10:00", End: "10:05"}).AddLegs(nighttest.Changed(nighttest.FiveMinutes, func(l *nighttest.Leg) { l.End = "" })), "no_end"},
		"an entry without any name":             {nighttest.New().Add(nighttest.Entry{Conversation: "c1", Start: "10:00", End: "10:05"}).AddLegs(nighttest.FiveMinutes), "unnamed"},
		"its media has a name":                  {nighttest.New().Add(nighttest.Entry{Conversation: "c1", Start: "10:00", End: "10:05", MediaKey: "a.wav"}).AddLegs(nighttest.FiveMinutes), ""},
		"one of two has a name":                 {nighttest.New().Add(nighttest.ItsEntry, nighttest.Entry{Conversation: "c1", Start: "10:00", End: "10:05"}).AddLegs(nighttest.FiveMinutes), ""},
		"too short to need a name":              {nighttest.New().Add(nighttest.Entry{Conversation: "c1", Start: "10:00", End: "10:03"}).AddLegs(nighttest.FiveMinutes), ""}, // partial
		"nothing of a short shared talk": {
			nighttest.New().Add(nighttest.Entry{Recording: "r1", Conversation: "c1", Start: "10:00", End: "10:03"}).
				AddLegs(nighttest.Leg{Conversation: "c1", ID: "A", Start: "10:00", Answer: "10:03", End: "10:03:02"}, nighttest.Leg{Conversation: "c1", ID: "B", Start: "10:00", End: "10:03"}),
			"shared",
		},
		"nothing of a short talk": {
			nighttest.New().Add(nighttest.Entry{Recording: "r1", Conversation: "c1", Start: "10:00", End: "10:03"}).
				AddLegs(nighttest.Leg{Conversation: "c1", ID: "A", Start: "10:00", Answer: "10:03", End: "10:03:02"}),
			"",
		},
		"no talk at all, though shared": {
			nighttest.New().Add(nighttest.Entry{Recording: "r1", Conversation: "c1", Start: "10:00", End: "10:03"}).
				AddLegs(nighttest.Leg{Conversation: "c1", ID: "A", Start: "10:00", Answer: "10:03", End: "10:03"}, nighttest.Leg{Conversation: "c1", ID: "B", Start: "10:00", End: "10:03"}),
			"",
		},
	} {
		t.Run(name, func(t *testing.T) {
			if got := nighttest.Columns(t, test.ev.Decide(t).CallRows, "reason"); got[0] != test.want {
				t.Errorf("got the reason %q, want %q of %v", got[0], test.want, test.ev.Added)
			}
		})
	}
}

func TestEveryValueThatTheVerdictNeedsHasToParse(t *testing.T) {
	for _, f := range []record.Field{
		record.StartTime, record.AnswerTime, record.EndTime, record.Talk, record.Pauses, record.Recorded, record.ConversationID, record.RecordingIDs,
	} {
		nighttest.New().Add(nighttest.ItsEntry).AddLegs(nighttest.Changed(nighttest.FiveMinutes, func(l *nighttest.Leg) { l.Invalid = f })).Decide(t).WantCalls("A indeterminate unparsed")
	}
	for _, f := range []record.Field{record.TrunkID, record.ANI, record.TalkMS, record.UpdatedAt, record.DurationMS} {
		nighttest.New().Add(nighttest.ItsEntry).AddLegs(nighttest.Changed(nighttest.FiveMinutes, func(l *nighttest.Leg) { l.Invalid = f })).Decide(t).WantCalls("A complete")
	}
}

// A missing recording of a leg that has an entry is missing, even if nobody knows
// when the leg ended.
func TestAnUnknownEndLeavesALossOpen(t *testing.T) {
	d := nighttest.New().Add(nighttest.ItsEntry).AddLegs(nighttest.Changed(nighttest.FiveMinutes, func(l *nighttest.Leg) { l.Recordings, l.End = "r1 r2", "" })).Decide(t)
	d.WantCalls("A indeterminate no_end")
	d.WantFindings("missing_recording open r2")
}

func TestARecordingInErrorIsCertainUnlessItMayBeOfAnotherLeg(t *testing.T) {
	forbid := policy.Exclusion{Reason: "private", Trunk: []string{"private"}, Forbid: true}
	private := nighttest.Changed(nighttest.FiveMinutes, func(l *nighttest.Leg) { l.Trunk = "private" })
	due := nighttest.Leg{Conversation: "c1", ID: "B", Start: "10:01", End: "10:05"}
	for name, test := range map[string]struct {
		ev    *nighttest.Night
		want  string
		found []string
	}{
		"by conversation":            {nighttest.New().Add(nighttest.ItsEntry).AddLegs(private).Exclude(forbid), "A recorded_in_error private", []string{"recorded_in_error open"}},
		"hardly covered":             {nighttest.New().Add(nighttest.Changed(nighttest.ItsEntry, func(e *nighttest.Entry) { e.End = "10:00:02" })).AddLegs(private).Exclude(forbid), "A excluded private", nil},
		"a little more":              {nighttest.New().Add(nighttest.Changed(nighttest.ItsEntry, func(e *nighttest.Entry) { e.End = "10:00:02.1" })).AddLegs(private).Exclude(forbid), "A recorded_in_error private", []string{"recorded_in_error open"}},
		"hardly covered, but by leg": {nighttest.New().Add(nighttest.Changed(nighttest.ItsEntry, func(e *nighttest.Entry) { e.End, e.Leg = "10:00:02", "A" })).AddLegs(private).Exclude(forbid), "A recorded_in_error private", []string{"recorded_in_error open"}},
		"beside a leg to be recorded": {
			nighttest.New().Add(nighttest.ItsEntry).AddLegs(private, due).Exclude(forbid), "A excluded private", []string{"recorded_in_error indeterminate"},
		},
		"by leg, beside a leg to be recorded": {
			nighttest.New().Add(nighttest.Changed(nighttest.ItsEntry, func(e *nighttest.Entry) { e.Leg = "A" })).AddLegs(private, due).Exclude(forbid), "A recorded_in_error private", []string{"recorded_in_error open"},
		},
		"before a leg to be recorded": {
			nighttest.New().Add(nighttest.Changed(nighttest.ItsEntry, func(e *nighttest.Entry) { e.End = "10:10" })).AddLegs(private, nighttest.Changed(due, func(l *nighttest.Leg) { l.Start, l.End = "10:05", "10:10" })).Exclude(forbid),
			"A recorded_in_error private",
			[]string{"recorded_in_error open"},
		},
		"one recording for each leg": {
			nighttest.New().Add(nighttest.ItsEntry, nighttest.Changed(nighttest.ItsEntry, func(e *nighttest.Entry) { e.Recording = "r2" })).AddLegs(private, due).Exclude(forbid).OneForEachLeg(),
			"A recorded_in_error private",
			[]string{"recorded_in_error open"},
		},
		"the source said no, by conversation": {nighttest.New().Add(nighttest.ItsEntry).AddLegs(nighttest.Changed(nighttest.FiveMinutes, func(l *nighttest.Leg) { l.Recorded = profile.False })), "A excluded not recorded by source", nil},
		"the source said no, by leg": {
			nighttest.New().Add(nighttest.Changed(nighttest.ItsEntry, func(e *nighttest.Entry) { e.Leg = "A" })).AddLegs(nighttest.Changed(nighttest.FiveMinutes, func(l *nighttest.Leg) { l.Recorded = profile.False })),
			"A recorded_in_error not recorded by source",
			[]string{"recorded_in_error open"},
		},
		"an exclusion that does not forbid": {
			nighttest.New().Add(nighttest.Changed(nighttest.ItsEntry, func(e *nighttest.Entry) { e.Leg = "A" })).AddLegs(private).Exclude(policy.Exclusion{Reason: "why", Trunk: []string{"private"}}), "A excluded why", nil,
		},
	} {
		t.Run(name, func(t *testing.T) {
			d := test.ev.Decide(t)
			if got := nighttest.Columns(t, d.CallRows, "leg_id", "verdict", "reason"); got[0] != test.want {
				t.Errorf("got %q, want %q of %v", got[0], test.want, test.ev.Added)
			}
			d.WantFindings(test.found...)
		})
	}
}

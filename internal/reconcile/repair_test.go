package reconcile_test

import (
	"testing"

	"cdrmend/internal/record"
)

// The rules for a trunk, and each time that all but the first ones fail.
func TestTheFirstRuleThatNamesATrunkCounts(t *testing.T) {
	ofRecording := leg{conversation: "c1", id: "1", recordings: "r1", trunk: "byRecording", start: "10:00", end: "10:05"}
	overlapping := leg{conversation: "c1", id: "2", recordings: "r8", trunk: "overlapping", start: "10:00", end: "10:05"}
	elsewhere := leg{conversation: "c1", id: "3", recordings: "r9", trunk: "elsewhere", start: "12:00", end: "12:05"}
	noTrunk := leg{conversation: "c1", id: "4", recordings: "r1", line: "legLine", start: "10:00", end: "10:05"}
	for name, test := range map[string]struct {
		line string
		legs []leg
		want string
	}{
		"legs that list it":                        {"own", []leg{ofRecording, overlapping, elsewhere}, "0 trunk_id cdr-recording byRecording c:c.json#0"},
		"legs of the conversation that overlap":    {"own", []leg{overlapping, elsewhere}, "0 trunk_id cdr-conversation overlapping c:c.json#0"},
		"any legs of the conversation":             {"own", []leg{elsewhere}, "0 trunk_id cdr-conversation elsewhere c:c.json#0"},
		"other legs, as those that list it do not": {"own", []leg{noTrunk, elsewhere}, "0 trunk_id cdr-conversation elsewhere c:c.json#1"},
		"registrations of its line":                {"own", []leg{noTrunk}, "0 trunk_id registration-line ownTrunk r:r.json#0"},
		"registrations of its legs' lines":         {"", []leg{noTrunk}, "0 trunk_id registration-line legTrunk r:r.json#1"},
	} {
		t.Run(name, func(t *testing.T) {
			ev := newNight(record.TrunkID).add(entry{recording: "r1", conversation: "c1", line: test.line, start: "10:00", end: "10:05"}).addLegs(test.legs...).
				addRegistration("09:00", "own", "ownTrunk", 200).addRegistration("09:00", "legLine", "legTrunk", 200)
			ev.decide(t).repairs(test.want)
		})
	}
}

func TestLegsOfAConversationNameNoTrunkWhileOthersMayBeHidden(t *testing.T) {
	ev := newNight(record.TrunkID).add(entry{recording: "r1", conversation: "c1", start: "10:00", end: "10:05"}).
		addLegs(leg{conversation: "c1", id: "1", trunk: "T1", start: "10:00", end: "10:05"}).damage(cdrs)
	d := ev.decide(t)
	d.repairs()
	d.findings("missing_field indeterminate r1 trunk_id")
}

func TestSeveralTrunksAreAmbiguousAndEndTheSearch(t *testing.T) {
	ev := newNight(record.TrunkID).add(entry{recording: "r1", conversation: "c1", line: "L1", start: "10:00", end: "10:05"}).
		addLegs(
			leg{conversation: "c1", id: "1", recordings: "r1", trunk: "T2", start: "10:00", end: "10:05"},
			leg{conversation: "c1", id: "2", recordings: "r1", trunk: "T1", start: "10:00", end: "10:05"},
		).addRegistration("09:00", "L1", "T1", 200)
	d := ev.decide(t)
	d.repairs()
	d.findings("ambiguous_field open r1 trunk_id T1;T2")
}

func TestARepairCitesEveryRowThatNamesTheValue(t *testing.T) {
	ev := newNight(record.TrunkID).add(entry{recording: "r1", conversation: "c1", start: "10:00", end: "10:05"}).
		addLegs(
			leg{conversation: "c1", id: "1", recordings: "r1", trunk: "T1", start: "10:00", end: "10:05"},
			leg{conversation: "c1", id: "2", recordings: "r1", start: "10:00", end: "10:05"},
			leg{conversation: "c1", id: "3", recordings: "r1", trunk: "T1", start: "10:00", end: "10:05"},
		)
	ev.decide(t).repairs("0 trunk_id cdr-recording T1 c:c.json#0;c:c.json#2")
}

// The order of the fields counts: the recording leads to the conversation, and
// that to the trunk.
func TestARepairedConversationLeadsToTheTrunk(t *testing.T) {
	ev := newNight(record.ConversationID, record.TrunkID).add(entry{recording: "r1", start: "10:00", end: "10:05"}).
		addLegs(
			leg{conversation: "c1", id: "1", recordings: "r1", start: "10:00", end: "10:05"},
			leg{conversation: "c1", id: "2", recordings: "r2", trunk: "T1", start: "10:00", end: "10:05"},
		)
	ev.decide(t).repairs("0 conversation_id cdr-recording c1 c:c.json#0", "0 trunk_id cdr-conversation T1 c:c.json#1")
}

func TestWhatTheSourceDoesNotRequireIsNotARepair(t *testing.T) {
	ev := newNight().add(entry{recording: "r1", conversation: "c1", start: "10:00", ms: 300_000}).
		addLegs(leg{conversation: "c1", id: "1", recordings: "r1", trunk: "T1", start: "10:00", end: "10:05"})
	d := ev.decide(t)
	d.repairs()
	d.findings()
	d.calls("1 complete")
	if got, want := d.Entries[0].End, at("10:05"); got != want {
		t.Errorf("the entry ends at %v, want %v", got, want)
	}
}

func TestAnEntryOfTheMarginIsNotRepaired(t *testing.T) {
	ev := newNight(record.TrunkID).add(entry{recording: "r1", conversation: "c1", start: "10:00", end: "10:05"}).
		addLegs(leg{conversation: "c1", id: "1", recordings: "r1", trunk: "T1", start: "10:00", end: "10:05"})
	ev.Interval = record.Span{Start: at("24:00"), End: at("48:00")}
	d := ev.decide(t)
	d.repairs()
	d.findings()
	d.calls()
}

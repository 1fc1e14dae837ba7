package match_test

import (
	"testing"

	"cdrmend/internal/reconcile/nighttest"
	"cdrmend/internal/record"
)

// The rules for a trunk, and each time that all but the first ones fail.
func TestTheFirstRuleThatNamesATrunkCounts(t *testing.T) {
	ofRecording := nighttest.Leg{Conversation: "c1", ID: "1", Recordings: "r1", Trunk: "byRecording", Start: "10:00", End: "10:05"}
	overlapping := nighttest.Leg{Conversation: "c1", ID: "2", Recordings: "r8", Trunk: "overlapping", Start: "10:00", End: "10:05"}
	elsewhere := nighttest.Leg{Conversation: "c1", ID: "3", Recordings: "r9", Trunk: "elsewhere", Start: "12:00", End: "12:05"}
	noTrunk := nighttest.Leg{Conversation: "c1", ID: "4", Recordings: "r1", Line: "legLine", Start: "10:00", End: "10:05"}
	for name, test := range map[string]struct {
		line string
		legs []nighttest.Leg
		want string
	}{
		"legs that list it":                        {"own", []nighttest.Leg{ofRecording, overlapping, elsewhere}, "0 trunk_id cdr-recording byRecording c:c.json#0"},
		"legs of the conversation that overlap":    {"own", []nighttest.Leg{overlapping, elsewhere}, "0 trunk_id cdr-conversation overlapping c:c.json#0"},
		"any legs of the conversation":             {"own", []nighttest.Leg{elsewhere}, "0 trunk_id cdr-conversation elsewhere c:c.json#0"},
		"other legs, as those that list it do not": {"own", []nighttest.Leg{noTrunk, elsewhere}, "0 trunk_id cdr-conversation elsewhere c:c.json#1"},
		"registrations of its line":                {"own", []nighttest.Leg{noTrunk}, "0 trunk_id registration-line ownTrunk r:r.json#0"},
		"registrations of its legs' lines":         {"", []nighttest.Leg{noTrunk}, "0 trunk_id registration-line legTrunk r:r.json#1"},
	} {
		t.Run(name, func(t *testing.T) {
			ev := nighttest.New(record.TrunkID).Add(nighttest.Entry{Recording: "r1", Conversation: "c1", Line: test.line, Start: "10:00", End: "10:05"}).AddLegs(test.legs...).
				AddRegistration("09:00", "own", "ownTrunk", 200).AddRegistration("09:00", "legLine", "legTrunk", 200)
			ev.Decide(t).WantRepairs(test.want)
		})
	}
}

func TestLegsOfAConversationNameNoTrunkWhileOthersMayBeHidden(t *testing.T) {
	ev := nighttest.New(record.TrunkID).Add(nighttest.Entry{Recording: "r1", Conversation: "c1", Start: "10:00", End: "10:05"}).
		AddLegs(nighttest.Leg{Conversation: "c1", ID: "1", Trunk: "T1", Start: "10:00", End: "10:05"}).Damage(nighttest.CDRs)
	d := ev.Decide(t)
	d.WantRepairs()
	d.WantFindings("missing_field indeterminate r1 trunk_id")
}

func TestSeveralTrunksAreAmbiguousAndEndTheSearch(t *testing.T) {
	ev := nighttest.New(record.TrunkID).Add(nighttest.Entry{Recording: "r1", Conversation: "c1", Line: "L1", Start: "10:00", End: "10:05"}).
		AddLegs(
			nighttest.Leg{Conversation: "c1", ID: "1", Recordings: "r1", Trunk: "T2", Start: "10:00", End: "10:05"},
			nighttest.Leg{Conversation: "c1", ID: "2", Recordings: "r1", Trunk: "T1", Start: "10:00", End: "10:05"},
		).AddRegistration("09:00", "L1", "T1", 200)
	d := ev.Decide(t)
	d.WantRepairs()
	d.WantFindings("ambiguous_field open r1 trunk_id T1;T2")
}

func TestARepairCitesEveryRowThatNamesTheValue(t *testing.T) {
	ev := nighttest.New(record.TrunkID).Add(nighttest.Entry{Recording: "r1", Conversation: "c1", Start: "10:00", End: "10:05"}).
		AddLegs(
			nighttest.Leg{Conversation: "c1", ID: "1", Recordings: "r1", Trunk: "T1", Start: "10:00", End: "10:05"},
			nighttest.Leg{Conversation: "c1", ID: "2", Recordings: "r1", Start: "10:00", End: "10:05"},
			nighttest.Leg{Conversation: "c1", ID: "3", Recordings: "r1", Trunk: "T1", Start: "10:00", End: "10:05"},
		)
	ev.Decide(t).WantRepairs("0 trunk_id cdr-recording T1 c:c.json#0;c:c.json#2")
}

// The order of the fields counts: the recording leads to the conversation, and
// that to the trunk.
func TestARepairedConversationLeadsToTheTrunk(t *testing.T) {
	ev := nighttest.New(record.ConversationID, record.TrunkID).Add(nighttest.Entry{Recording: "r1", Start: "10:00", End: "10:05"}).
		AddLegs(
			nighttest.Leg{Conversation: "c1", ID: "1", Recordings: "r1", Start: "10:00", End: "10:05"},
			nighttest.Leg{Conversation: "c1", ID: "2", Recordings: "r2", Trunk: "T1", Start: "10:00", End: "10:05"},
		)
	ev.Decide(t).WantRepairs("0 conversation_id cdr-recording c1 c:c.json#0", "0 trunk_id cdr-conversation T1 c:c.json#1")
}

func TestWhatTheSourceDoesNotRequireIsNotARepair(t *testing.T) {
	ev := nighttest.New().Add(nighttest.Entry{Recording: "r1", Conversation: "c1", Start: "10:00", MS: 300_000}).
		AddLegs(nighttest.Leg{Conversation: "c1", ID: "1", Recordings: "r1", Trunk: "T1", Start: "10:00", End: "10:05"})
	d := ev.Decide(t)
	d.WantRepairs()
	d.WantFindings()
	d.WantCalls("1 complete")
	if got, want := d.Entries[0].End, nighttest.At("10:05"); got != want {
		t.Errorf("the entry ends at %v, want %v", got, want)
	}
}

func TestAnEntryOfTheMarginIsNotRepaired(t *testing.T) {
	ev := nighttest.New(record.TrunkID).Add(nighttest.Entry{Recording: "r1", Conversation: "c1", Start: "10:00", End: "10:05"}).
		AddLegs(nighttest.Leg{Conversation: "c1", ID: "1", Recordings: "r1", Trunk: "T1", Start: "10:00", End: "10:05"})
	ev.Interval = record.Span{Start: nighttest.At("24:00"), End: nighttest.At("48:00")}
	d := ev.Decide(t)
	d.WantRepairs()
	d.WantFindings()
	d.WantCalls()
}

func TestEntriesWithoutATimeGetWhatAllEventsOfTheirLineName(t *testing.T) {
	night := func(second string) nighttest.Decided {
		return nighttest.New(record.TrunkID).
			Add(nighttest.Entry{Recording: "r1", Conversation: "c1", Line: "L1"}, nighttest.Entry{Recording: "r2", Conversation: "c2", Line: "L1"}).
			AddRegistration("09:00", "L1", "T1", 200).AddRegistration("11:00", "L1", second, 200).Decide(t)
	}
	night("T1").WantRepairs("0 trunk_id registration-line T1 r:r.json#0;r:r.json#1", "1 trunk_id registration-line T1 r:r.json#0;r:r.json#1")

	d := night("T2")
	d.WantRepairs()
	d.WantFindings("ambiguous_field open r1 trunk_id T1;T2", "ambiguous_field open r2 trunk_id T1;T2", "no_cdr open r1", "no_cdr open r2")
}

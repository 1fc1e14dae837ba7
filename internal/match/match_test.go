package match_test

import (
	"fmt"
	"testing"
	"time"

	"cdrmend/internal/policy"
	"cdrmend/internal/profile"
	"cdrmend/internal/reconcile/nighttest"
	"cdrmend/internal/record"
)

func TestEntriesOfALegAreFoundByTheSurestWay(t *testing.T) {
	elsewhere := nighttest.Changed(nighttest.ItsEntry, func(e *nighttest.Entry) { e.Start, e.End = "11:00", "11:05" })
	for name, test := range map[string]struct {
		Entry nighttest.Entry
		Leg   nighttest.Leg
		want  string
	}{
		"by the id that it lists":           {nighttest.ItsEntry, nighttest.Changed(nighttest.FiveMinutes, func(l *nighttest.Leg) { l.Recordings = "r1" }), "A id 1 300000 0"},
		"not by leg when it lists another":  {nighttest.Changed(nighttest.ItsEntry, func(e *nighttest.Entry) { e.Leg = "A" }), nighttest.Changed(nighttest.FiveMinutes, func(l *nighttest.Leg) { l.Recordings = "r2" }), "A 0"},
		"by the leg that it names":          {nighttest.Changed(nighttest.ItsEntry, func(e *nighttest.Entry) { e.Leg = "A" }), nighttest.FiveMinutes, "A leg 1 300000 0"},
		"by leg, whenever it was":           {nighttest.Changed(elsewhere, func(e *nighttest.Entry) { e.Leg = "A" }), nighttest.FiveMinutes, "A leg 1 0 300000"},
		"by conversation":                   {nighttest.ItsEntry, nighttest.FiveMinutes, "A conversation 1 300000 0"},
		"by conversation, with another leg": {nighttest.Changed(nighttest.ItsEntry, func(e *nighttest.Entry) { e.Leg = "B" }), nighttest.FiveMinutes, "A conversation 1 300000 0"},
		"not in another conversation":       {nighttest.Changed(nighttest.ItsEntry, func(e *nighttest.Entry) { e.Conversation, e.Leg = "c2", "A" }), nighttest.FiveMinutes, "A 0"},
		"not in another organisation":       {nighttest.Changed(nighttest.ItsEntry, func(e *nighttest.Entry) { e.Org = "other" }), nighttest.Changed(nighttest.FiveMinutes, func(l *nighttest.Leg) { l.Recordings = "r1" }), "A 0"},
		"not at another time":               {elsewhere, nighttest.FiveMinutes, "A 0"},
		"the only leg has what ends near":   {nighttest.Changed(nighttest.ItsEntry, func(e *nighttest.Entry) { e.Start, e.End = "09:59", "09:59:58" }), nighttest.FiveMinutes, "A conversation 1 0 300000"},
		"but nothing that ends before":      {nighttest.Changed(nighttest.ItsEntry, func(e *nighttest.Entry) { e.Start, e.End = "09:59", "09:59:57.9" }), nighttest.FiveMinutes, "A 0"},
		"what has no times":                 {nighttest.Entry{Recording: "r1", Conversation: "c1"}, nighttest.FiveMinutes, "A conversation 1"},
		"any when it has no start":          {elsewhere, nighttest.Changed(nighttest.FiveMinutes, func(l *nighttest.Leg) { l.Start = "" }), "A conversation 1"},
		"none that is a screen":             {nighttest.Changed(nighttest.ItsEntry, func(e *nighttest.Entry) { e.Subtype = "Screen" }), nighttest.FiveMinutes, "A 0"},
		"none whose media is gone":          {nighttest.Changed(nighttest.ItsEntry, func(e *nighttest.Entry) { e.State, e.Leg = "Deleted", "A" }), nighttest.FiveMinutes, "A 0"},
		"none whose media is promised":      {nighttest.Changed(nighttest.ItsEntry, func(e *nighttest.Entry) { e.State, e.Leg = "Pending", "A" }), nighttest.Changed(nighttest.FiveMinutes, func(l *nighttest.Leg) { l.Recordings = "r1" }), "A 0"},
		"of another state":                  {nighttest.Changed(nighttest.ItsEntry, func(e *nighttest.Entry) { e.State = "archived" }), nighttest.FiveMinutes, "A conversation 1 300000 0"},
	} {
		t.Run(name, func(t *testing.T) { nighttest.New().Add(test.Entry).AddLegs(test.Leg).Decide(t).WantProofs(test.want) })
	}
}

func TestOnlyTheOnlyLegOfAConversationHasWhatIsNear(t *testing.T) {
	near := nighttest.Changed(nighttest.ItsEntry, func(e *nighttest.Entry) { e.Start, e.End = "09:59", "09:59:59" })
	later := nighttest.Leg{Conversation: "c1", ID: "B", Start: "11:00", End: "11:05"}
	nighttest.New().Add(near).AddLegs(nighttest.FiveMinutes, later).Decide(t).WantProofs("A 0", "B 0")
}

// Some recorders give all recordings of a conversation the id of its first leg.
func TestAnEntryThatBearsTheIDOfAFarLegIsMisnamed(t *testing.T) {
	later := nighttest.Leg{Conversation: "c1", ID: "B", Line: "L2", Start: "11:00", End: "11:05"}
	misnamed := nighttest.Entry{Recording: "r1", Conversation: "c1", Leg: "A", Line: "L1", Start: "11:00", End: "11:05"}
	for name, test := range map[string]struct {
		Entry nighttest.Entry
		legs  []nighttest.Leg
		want  []string
		found []string
	}{
		"far from the leg, and in another": {misnamed, []nighttest.Leg{nighttest.FiveMinutes, later}, []string{"A 0", "B conversation 1 300000 0"}, []string{"conflict open r1 leg_id entry=A;source=cdr", "missing_recording open"}},
		"near the leg": {
			nighttest.Changed(misnamed, func(e *nighttest.Entry) { e.Start, e.End = "10:05:02", "11:05" }),
			[]nighttest.Leg{nighttest.FiveMinutes, later},
			[]string{"A leg 1 0 300000", "B shared 1 300000 0"},
			[]string{"short_recording open 300000"},
		},
		"in no other leg": {
			nighttest.Changed(misnamed, func(e *nighttest.Entry) { e.Start, e.End = "12:00", "12:05" }),
			[]nighttest.Leg{nighttest.FiveMinutes, later},
			[]string{"A leg 1 0 300000", "B 0"},
			[]string{"missing_recording open", "short_recording open 300000"},
		},
		"near one of two legs of that id": {
			misnamed,
			[]nighttest.Leg{nighttest.FiveMinutes, nighttest.Changed(later, func(l *nighttest.Leg) { l.ID = "A" }), later},
			[]string{"A leg 1 0 300000", "A leg 1 300000 0", "B shared 1 300000 0"},
			[]string{"short_recording open 300000"},
		},
		"untimed": {
			nighttest.Changed(misnamed, func(e *nighttest.Entry) { e.End = "" }),
			[]nighttest.Leg{nighttest.FiveMinutes, later},
			[]string{"A leg 1", "B 0"},
			[]string{"missing_recording indeterminate contested"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			d := nighttest.New().Add(test.Entry).AddLegs(test.legs...).Decide(t)
			d.WantProofs(test.want...)
			d.WantFindings(test.found...)
		})
	}
}

func TestWhereEachLegIsRecordedAnEntryIsOnlyOfTheLegThatItCanBeOf(t *testing.T) {
	second := nighttest.Leg{Conversation: "c1", ID: "B", Line: "L2", Start: "10:00", End: "10:05"}
	first := nighttest.Changed(nighttest.FiveMinutes, func(l *nighttest.Leg) { l.Line = "L1" })
	other := nighttest.Changed(nighttest.ItsEntry, func(e *nighttest.Entry) { e.Recording = "r2" })
	for name, test := range map[string]struct {
		entries  []nighttest.Entry
		legs     []nighttest.Leg
		perLeg   []string
		together []string
	}{
		"another leg lists it": {
			[]nighttest.Entry{nighttest.ItsEntry, other},
			[]nighttest.Leg{first, nighttest.Changed(second, func(l *nighttest.Leg) { l.Recordings = "r2" })},
			[]string{"A conversation 1 300000 0", "B id 1 300000 0"},
			[]string{"A conversation 2 300000 0", "B id 1 300000 0"},
		},
		"it bears the id of another leg": {
			[]nighttest.Entry{nighttest.ItsEntry, nighttest.Changed(other, func(e *nighttest.Entry) { e.Leg = "B" })},
			[]nighttest.Leg{first, second},
			[]string{"A conversation 1 300000 0", "B leg 1 300000 0"},
			[]string{"A conversation 2 300000 0", "B leg 1 300000 0"},
		},
		"it has the line of another leg": {
			[]nighttest.Entry{nighttest.Changed(nighttest.ItsEntry, func(e *nighttest.Entry) { e.Line = "L1" }), nighttest.Changed(other, func(e *nighttest.Entry) { e.Line = "L2" })},
			[]nighttest.Leg{first, second},
			[]string{"A conversation 1 300000 0", "B conversation 1 300000 0"},
			[]string{"A shared 2 300000 0", "B shared 2 300000 0"},
		},
		"it has the line of no leg": {
			[]nighttest.Entry{nighttest.Changed(nighttest.ItsEntry, func(e *nighttest.Entry) { e.Line = "L3" }), nighttest.Changed(other, func(e *nighttest.Entry) { e.Line = "L3" })},
			[]nighttest.Leg{first, second},
			[]string{"A shared 2 300000 0", "B shared 2 300000 0"},
			[]string{"A shared 2 300000 0", "B shared 2 300000 0"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			nighttest.New().Add(test.entries...).AddLegs(test.legs...).OneForEachLeg().Decide(t).WantProofs(test.perLeg...)
			nighttest.New().Add(test.entries...).AddLegs(test.legs...).Decide(t).WantProofs(test.together...)
		})
	}
}

func TestFewerRecordingsThanLegsAreOfTheNearestLegs(t *testing.T) {
	a, b := nighttest.FiveMinutes, nighttest.Leg{Conversation: "c1", ID: "B", Start: "10:00:30", End: "10:05"}
	whole := nighttest.Entry{Recording: "r1", Conversation: "c1", Start: "10:00:10", End: "10:05"}
	ofB := nighttest.Changed(whole, func(e *nighttest.Entry) { e.Start = "10:00:20" })
	for name, test := range map[string]struct {
		ev   *nighttest.Night
		want []string
	}{
		"the first is nearer":     {nighttest.New().Add(whole).AddLegs(a, b).OneForEachLeg(), []string{"A complete", "B indeterminate contested"}},
		"the second is nearer":    {nighttest.New().Add(ofB).AddLegs(a, b).OneForEachLeg(), []string{"A indeterminate contested", "B complete"}},
		"as near: the first":      {nighttest.New().Add(nighttest.Changed(whole, func(e *nighttest.Entry) { e.Start = "10:00:15" })).AddLegs(a, b).OneForEachLeg(), []string{"A complete", "B indeterminate contested"}},
		"as many as legs":         {nighttest.New().Add(whole, nighttest.Changed(ofB, func(e *nighttest.Entry) { e.Recording = "r2" })).AddLegs(a, b).OneForEachLeg(), []string{"A complete", "B complete"}},
		"a source of mixed calls": {nighttest.New().Add(whole).AddLegs(a, b), []string{"A complete", "B complete"}},
		"an entry with the id of no leg": {
			nighttest.New().Add(nighttest.Changed(whole, func(e *nighttest.Entry) { e.Leg = "X" })).AddLegs(a, b).OneForEachLeg(), []string{"A complete", "B complete"},
		},
		"a leg that need not be recorded takes no part": {
			nighttest.New().Add(whole).AddLegs(a, nighttest.Changed(b, func(l *nighttest.Leg) { l.Unanswered = true })).OneForEachLeg(), []string{"A complete", "B excluded not expected"},
		},
		"a leg that must not be recorded does": {
			nighttest.New().Add(ofB).AddLegs(a, nighttest.Changed(b, func(l *nighttest.Leg) { l.Trunk = "private" })).OneForEachLeg().
				Exclude(policy.Exclusion{Reason: "private", Trunk: []string{"private"}, Forbid: true}),
			[]string{"A indeterminate contested", "B recorded_in_error private"},
		},
		"legs that do not meet do not compete": {
			nighttest.New().Add(whole).AddLegs(a, nighttest.Changed(b, func(l *nighttest.Leg) { l.Start, l.End = "10:05", "10:10" })).OneForEachLeg(), []string{"A complete", "B missing"},
		},
		"a leg without an end is far": {
			nighttest.New().Add(whole).AddLegs(nighttest.Changed(a, func(l *nighttest.Leg) { l.End = "" }), b).OneForEachLeg(), []string{"A indeterminate contested", "B complete"},
		},
		"three in a chain are one group": {
			nighttest.New().Add(whole).AddLegs(a, nighttest.Changed(b, func(l *nighttest.Leg) { l.End = "10:07" }), nighttest.Leg{Conversation: "c1", ID: "C", Start: "10:06", End: "10:08"}).OneForEachLeg(),
			[]string{"A complete", "B indeterminate contested", "C indeterminate contested"},
		},
		"a winner keeps what has no times": {
			nighttest.New(record.EndTime).Add(whole, nighttest.Entry{Recording: "r2", Conversation: "c1"}).AddLegs(a, nighttest.Changed(b, func(l *nighttest.Leg) { l.Trunk = "private" })).OneForEachLeg().
				Exclude(policy.Exclusion{Reason: "private", Trunk: []string{"private"}, Forbid: true}),
			[]string{"A incomplete", "B excluded private"}, // r2 has no end
		},
	} {
		t.Run(name, func(t *testing.T) {
			test.ev.Policy.CoverageTolerance = time.Minute
			test.ev.Decide(t).WantCalls(test.want...)
		})
	}
}

func TestNobodySaysWhoseARecordingIsAmongMoreThan64Legs(t *testing.T) {
	for _, n := range []int{64, 65} {
		ev := nighttest.New().Add(nighttest.ItsEntry).OneForEachLeg()
		var want []string
		for i := range n {
			id := fmt.Sprintf("%02d", i)
			ev.AddLegs(nighttest.Leg{Conversation: "c1", ID: id, Start: "10:00", End: "10:05"})
			verdict := " indeterminate contested"
			if i == 0 && n == 64 {
				verdict = " complete"
			}
			want = append(want, id+verdict)
		}
		ev.Decide(t).WantCalls(want...)
	}
}

func TestAnEntryWithoutTimesIsOfNoLegWhenItCannotBeOfAll(t *testing.T) {
	untimed := nighttest.Entry{Recording: "r1", Conversation: "c1", Start: "10:00"}
	second := nighttest.Leg{Conversation: "c1", ID: "B", Start: "10:01", End: "10:05"}
	for name, test := range map[string]struct {
		ev   *nighttest.Night
		want []string
	}{
		"legs that overlap":        {nighttest.New().Add(untimed).AddLegs(nighttest.FiveMinutes, second), []string{"A complete", "B complete"}},
		"legs one after the other": {nighttest.New().Add(untimed).AddLegs(nighttest.FiveMinutes, nighttest.Changed(second, func(l *nighttest.Leg) { l.Start, l.End = "10:05", "10:10" })), []string{"A indeterminate contested", "B indeterminate contested"}},
		"one leg that need not be recorded": {
			nighttest.New().Add(untimed).AddLegs(nighttest.FiveMinutes, nighttest.Changed(second, func(l *nighttest.Leg) { l.Start, l.End, l.Unanswered = "10:05", "10:10", true })),
			[]string{"A complete", "B excluded not expected"},
		},
		"a leg without a start may overlap any": {
			nighttest.New().Add(untimed).AddLegs(nighttest.Changed(nighttest.FiveMinutes, func(l *nighttest.Leg) { l.Start, l.Recorded = "", profile.True }), second), []string{"A complete", "B complete"},
		},
		"one recording for each leg": {nighttest.New().Add(untimed).AddLegs(nighttest.FiveMinutes, second).OneForEachLeg(), []string{"A indeterminate contested", "B indeterminate contested"}},
		"a leg that has another, too": {
			nighttest.New().Add(untimed, nighttest.Changed(nighttest.ItsEntry, func(e *nighttest.Entry) { e.Recording = "r2" })).AddLegs(nighttest.FiveMinutes, nighttest.Changed(second, func(l *nighttest.Leg) { l.Start, l.End = "10:05", "10:10" })),
			[]string{"A complete", "B indeterminate contested"},
		},
		"by id it is": {
			nighttest.New().Add(untimed).AddLegs(nighttest.Changed(nighttest.FiveMinutes, func(l *nighttest.Leg) { l.Recordings = "r1" }), nighttest.Changed(second, func(l *nighttest.Leg) { l.Start, l.End = "10:05", "10:10" })),
			[]string{"A complete", "B indeterminate contested"},
		},
	} {
		t.Run(name, func(t *testing.T) { test.ev.Decide(t).WantCalls(test.want...) })
	}
}

func TestProofIsSharedWhenEachEntryIsOneOfAnotherLegThatMatters(t *testing.T) {
	second := nighttest.Leg{Conversation: "c1", ID: "B", Start: "10:01", End: "10:05"}
	for name, test := range map[string]struct {
		ev   *nighttest.Night
		want []string
	}{
		"of two legs": {nighttest.New().Add(nighttest.ItsEntry).AddLegs(nighttest.FiveMinutes, second), []string{"A shared 1 300000 0", "B shared 1 240000 0"}},
		"of a leg that lists it": {
			nighttest.New().Add(nighttest.ItsEntry).AddLegs(nighttest.FiveMinutes, nighttest.Changed(second, func(l *nighttest.Leg) { l.Recordings = "r1" })), []string{"A shared 1 300000 0", "B id 1 240000 0"},
		},
		"one of two entries is its own": {
			nighttest.New().Add(nighttest.ItsEntry, nighttest.Changed(nighttest.ItsEntry, func(e *nighttest.Entry) { e.Recording, e.End = "r2", "10:01" })).AddLegs(nighttest.FiveMinutes, second),
			[]string{"A conversation 2 300000 0", "B shared 1 240000 0"},
		},
		"of a leg that need not be recorded": {
			nighttest.New().Add(nighttest.ItsEntry).AddLegs(nighttest.FiveMinutes, nighttest.Changed(second, func(l *nighttest.Leg) { l.Unanswered = true })), []string{"A conversation 1 300000 0", "B shared 1 240000 0"},
		},
		"of a leg that must not be recorded": {
			nighttest.New().Add(nighttest.ItsEntry).AddLegs(nighttest.FiveMinutes, nighttest.Changed(second, func(l *nighttest.Leg) { l.Trunk = "private" })).
				Exclude(policy.Exclusion{Reason: "private", Trunk: []string{"private"}, Forbid: true}),
			[]string{"A shared 1 300000 0", "B shared 1 240000 0"},
		},
	} {
		t.Run(name, func(t *testing.T) { test.ev.Decide(t).WantProofs(test.want...) })
	}
}

func TestAnEntryIsRepairedFromTheLegsOfItsLineThenFromThoseThatOverlapIt(t *testing.T) {
	legs := []nighttest.Leg{
		{Conversation: "c1", ID: "A", Line: "L1", Trunk: "T1", Start: "10:00", End: "10:05"},
		{Conversation: "c1", ID: "B", Line: "L2", Trunk: "T2", Start: "10:00", End: "10:05"},
		{Conversation: "c1", ID: "C", Line: "L2", Trunk: "T3", Start: "11:00", End: "11:05"},
	}
	for name, test := range map[string]struct {
		Entry nighttest.Entry
		want  string
	}{
		"by the leg that it names":     {nighttest.Changed(nighttest.ItsEntry, func(e *nighttest.Entry) { e.Leg = "A" }), "0 trunk_id cdr-conversation T1 c:c.json#0"},
		"by its line and its times":    {nighttest.Changed(nighttest.ItsEntry, func(e *nighttest.Entry) { e.Line = "L2" }), "0 trunk_id cdr-conversation T2 c:c.json#1"},
		"by its times when misnamed":   {nighttest.Changed(nighttest.ItsEntry, func(e *nighttest.Entry) { e.Start, e.End, e.Leg, e.Line = "11:00", "11:05", "A", "L1" }), "0 trunk_id cdr-conversation T3 c:c.json#2"},
		"by its line at another time":  {nighttest.Changed(nighttest.ItsEntry, func(e *nighttest.Entry) { e.Start, e.End, e.Line = "12:00", "12:05", "L1" }), "0 trunk_id cdr-conversation T1 c:c.json#0"},
		"by its times on another line": {nighttest.Changed(nighttest.ItsEntry, func(e *nighttest.Entry) { e.Start, e.End, e.Line = "11:00", "11:05", "L9" }), "0 trunk_id cdr-conversation T3 c:c.json#2"},
	} {
		t.Run(name, func(t *testing.T) {
			nighttest.New(record.TrunkID).Add(test.Entry).AddLegs(legs...).Decide(t).WantRepairs(test.want)
		})
	}
}

// Steps before the match count for entries of margins, too.
func TestAnEntryOfTheMarginHasTheConversationOfTheLegsThatListIt(t *testing.T) {
	ev := nighttest.New(record.ConversationID).AddSource(policy.Manifests, "n").
		Add(nighttest.Entry{Recording: "r1", Start: "10:00", End: "10:05"}).
		AddLegs(nighttest.Leg{Conversation: "c1", ID: "A", Recordings: "r1", Start: "10:00", End: "10:05"}, nighttest.Leg{Conversation: "c1", ID: "B", Start: "10:00", End: "10:05"})
	ev.Partitions[3].Span = record.Span{Start: nighttest.At("24:00"), End: nighttest.At("48:00")}
	ev.Partitions[nighttest.Manifests].Span.End = nighttest.At("48:00")
	d := ev.Decide(t)
	d.WantRepairs()
	d.WantProofs("A id 1 300000 0", "B shared 1 300000 0")
}

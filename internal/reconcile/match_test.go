package reconcile_test

import (
	"fmt"
	"testing"
	"time"

	"cdrmend/internal/policy"
	"cdrmend/internal/profile"
	"cdrmend/internal/record"
)

func TestEntriesOfALegAreFoundByTheSurestWay(t *testing.T) {
	elsewhere := changed(itsEntry, func(e *entry) { e.start, e.end = "11:00", "11:05" })
	for name, test := range map[string]struct {
		entry entry
		leg   leg
		want  string
	}{
		"by the id that it lists":           {itsEntry, changed(fiveMinutes, func(l *leg) { l.recordings = "r1" }), "A id 1 300000 0"},
		"not by leg when it lists another":  {changed(itsEntry, func(e *entry) { e.leg = "A" }), changed(fiveMinutes, func(l *leg) { l.recordings = "r2" }), "A 0"},
		"by the leg that it names":          {changed(itsEntry, func(e *entry) { e.leg = "A" }), fiveMinutes, "A leg 1 300000 0"},
		"by leg, whenever it was":           {changed(elsewhere, func(e *entry) { e.leg = "A" }), fiveMinutes, "A leg 1 0 300000"},
		"by conversation":                   {itsEntry, fiveMinutes, "A conversation 1 300000 0"},
		"by conversation, with another leg": {changed(itsEntry, func(e *entry) { e.leg = "B" }), fiveMinutes, "A conversation 1 300000 0"},
		"not in another conversation":       {changed(itsEntry, func(e *entry) { e.conversation, e.leg = "c2", "A" }), fiveMinutes, "A 0"},
		"not in another organisation":       {changed(itsEntry, func(e *entry) { e.org = "other" }), changed(fiveMinutes, func(l *leg) { l.recordings = "r1" }), "A 0"},
		"not at another time":               {elsewhere, fiveMinutes, "A 0"},
		"the only leg has what ends near":   {changed(itsEntry, func(e *entry) { e.start, e.end = "09:59", "09:59:58" }), fiveMinutes, "A conversation 1 0 300000"},
		"but nothing that ends before":      {changed(itsEntry, func(e *entry) { e.start, e.end = "09:59", "09:59:57.9" }), fiveMinutes, "A 0"},
		"what has no times":                 {entry{recording: "r1", conversation: "c1"}, fiveMinutes, "A conversation 1"},
		"any when it has no start":          {elsewhere, changed(fiveMinutes, func(l *leg) { l.start = "" }), "A conversation 1"},
		"none that is a screen":             {changed(itsEntry, func(e *entry) { e.subtype = "Screen" }), fiveMinutes, "A 0"},
		"none whose media is gone":          {changed(itsEntry, func(e *entry) { e.state, e.leg = "Deleted", "A" }), fiveMinutes, "A 0"},
		"none whose media is promised":      {changed(itsEntry, func(e *entry) { e.state, e.leg = "Pending", "A" }), changed(fiveMinutes, func(l *leg) { l.recordings = "r1" }), "A 0"},
		"of another state":                  {changed(itsEntry, func(e *entry) { e.state = "archived" }), fiveMinutes, "A conversation 1 300000 0"},
	} {
		t.Run(name, func(t *testing.T) { newNight().add(test.entry).addLegs(test.leg).decide(t).proofs(test.want) })
	}
}

func TestOnlyTheOnlyLegOfAConversationHasWhatIsNear(t *testing.T) {
	near := changed(itsEntry, func(e *entry) { e.start, e.end = "09:59", "09:59:59" })
	later := leg{conversation: "c1", id: "B", start: "11:00", end: "11:05"}
	newNight().add(near).addLegs(fiveMinutes, later).decide(t).proofs("A 0", "B 0")
}

// Some recorders give all recordings of a conversation the id of its first leg.
func TestAnEntryThatBearsTheIDOfAFarLegIsMisnamed(t *testing.T) {
	later := leg{conversation: "c1", id: "B", line: "L2", start: "11:00", end: "11:05"}
	misnamed := entry{recording: "r1", conversation: "c1", leg: "A", line: "L1", start: "11:00", end: "11:05"}
	for name, test := range map[string]struct {
		entry entry
		legs  []leg
		want  []string
		found []string
	}{
		"far from the leg, and in another": {misnamed, []leg{fiveMinutes, later}, []string{"A 0", "B conversation 1 300000 0"}, []string{"conflict open r1 leg_id entry=A;source=cdr", "missing_recording open"}},
		"near the leg": {
			changed(misnamed, func(e *entry) { e.start, e.end = "10:05:02", "11:05" }),
			[]leg{fiveMinutes, later},
			[]string{"A leg 1 0 300000", "B shared 1 300000 0"},
			[]string{"short_recording open 300000"},
		},
		"in no other leg": {
			changed(misnamed, func(e *entry) { e.start, e.end = "12:00", "12:05" }),
			[]leg{fiveMinutes, later},
			[]string{"A leg 1 0 300000", "B 0"},
			[]string{"missing_recording open", "short_recording open 300000"},
		},
		"near one of two legs of that id": {
			misnamed,
			[]leg{fiveMinutes, changed(later, func(l *leg) { l.id = "A" }), later},
			[]string{"A leg 1 0 300000", "A leg 1 300000 0", "B shared 1 300000 0"},
			[]string{"short_recording open 300000"},
		},
		"untimed": {
			changed(misnamed, func(e *entry) { e.end = "" }),
			[]leg{fiveMinutes, later},
			[]string{"A leg 1", "B 0"},
			[]string{"missing_recording indeterminate contested"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			d := newNight().add(test.entry).addLegs(test.legs...).decide(t)
			d.proofs(test.want...)
			d.findings(test.found...)
		})
	}
}

func TestWhereEachLegIsRecordedAnEntryIsOnlyOfTheLegThatItCanBeOf(t *testing.T) {
	second := leg{conversation: "c1", id: "B", line: "L2", start: "10:00", end: "10:05"}
	first := changed(fiveMinutes, func(l *leg) { l.line = "L1" })
	other := changed(itsEntry, func(e *entry) { e.recording = "r2" })
	for name, test := range map[string]struct {
		entries  []entry
		legs     []leg
		perLeg   []string
		together []string
	}{
		"another leg lists it": {
			[]entry{itsEntry, other},
			[]leg{first, changed(second, func(l *leg) { l.recordings = "r2" })},
			[]string{"A conversation 1 300000 0", "B id 1 300000 0"},
			[]string{"A conversation 2 300000 0", "B id 1 300000 0"},
		},
		"it bears the id of another leg": {
			[]entry{itsEntry, changed(other, func(e *entry) { e.leg = "B" })},
			[]leg{first, second},
			[]string{"A conversation 1 300000 0", "B leg 1 300000 0"},
			[]string{"A conversation 2 300000 0", "B leg 1 300000 0"},
		},
		"it has the line of another leg": {
			[]entry{changed(itsEntry, func(e *entry) { e.line = "L1" }), changed(other, func(e *entry) { e.line = "L2" })},
			[]leg{first, second},
			[]string{"A conversation 1 300000 0", "B conversation 1 300000 0"},
			[]string{"A shared 2 300000 0", "B shared 2 300000 0"},
		},
		"it has the line of no leg": {
			[]entry{changed(itsEntry, func(e *entry) { e.line = "L3" }), changed(other, func(e *entry) { e.line = "L3" })},
			[]leg{first, second},
			[]string{"A shared 2 300000 0", "B shared 2 300000 0"},
			[]string{"A shared 2 300000 0", "B shared 2 300000 0"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			newNight().add(test.entries...).addLegs(test.legs...).oneForEachLeg().decide(t).proofs(test.perLeg...)
			newNight().add(test.entries...).addLegs(test.legs...).decide(t).proofs(test.together...)
		})
	}
}

func TestFewerRecordingsThanLegsAreOfTheNearestLegs(t *testing.T) {
	a, b := fiveMinutes, leg{conversation: "c1", id: "B", start: "10:00:30", end: "10:05"}
	whole := entry{recording: "r1", conversation: "c1", start: "10:00:10", end: "10:05"}
	ofB := changed(whole, func(e *entry) { e.start = "10:00:20" })
	for name, test := range map[string]struct {
		ev   *night
		want []string
	}{
		"the first is nearer":     {newNight().add(whole).addLegs(a, b).oneForEachLeg(), []string{"A complete", "B indeterminate contested"}},
		"the second is nearer":    {newNight().add(ofB).addLegs(a, b).oneForEachLeg(), []string{"A indeterminate contested", "B complete"}},
		"as near: the first":      {newNight().add(changed(whole, func(e *entry) { e.start = "10:00:15" })).addLegs(a, b).oneForEachLeg(), []string{"A complete", "B indeterminate contested"}},
		"as many as legs":         {newNight().add(whole, changed(ofB, func(e *entry) { e.recording = "r2" })).addLegs(a, b).oneForEachLeg(), []string{"A complete", "B complete"}},
		"a source of mixed calls": {newNight().add(whole).addLegs(a, b), []string{"A complete", "B complete"}},
		"an entry with the id of no leg": {
			newNight().add(changed(whole, func(e *entry) { e.leg = "X" })).addLegs(a, b).oneForEachLeg(), []string{"A complete", "B complete"},
		},
		"a leg that need not be recorded takes no part": {
			newNight().add(whole).addLegs(a, changed(b, func(l *leg) { l.unanswered = true })).oneForEachLeg(), []string{"A complete", "B excluded not expected"},
		},
		"a leg that must not be recorded does": {
			newNight().add(ofB).addLegs(a, changed(b, func(l *leg) { l.trunk = "private" })).oneForEachLeg().
				exclude(policy.Exclusion{Reason: "private", Trunk: []string{"private"}, Forbid: true}),
			[]string{"A indeterminate contested", "B recorded_in_error private"},
		},
		"legs that do not meet do not compete": {
			newNight().add(whole).addLegs(a, changed(b, func(l *leg) { l.start, l.end = "10:05", "10:10" })).oneForEachLeg(), []string{"A complete", "B missing"},
		},
		"a leg without an end is far": {
			newNight().add(whole).addLegs(changed(a, func(l *leg) { l.end = "" }), b).oneForEachLeg(), []string{"A indeterminate contested", "B complete"},
		},
		"three in a chain are one group": {
			newNight().add(whole).addLegs(a, changed(b, func(l *leg) { l.end = "10:07" }), leg{conversation: "c1", id: "C", start: "10:06", end: "10:08"}).oneForEachLeg(),
			[]string{"A complete", "B indeterminate contested", "C indeterminate contested"},
		},
		"a winner keeps what has no times": {
			newNight(record.EndTime).add(whole, entry{recording: "r2", conversation: "c1"}).addLegs(a, changed(b, func(l *leg) { l.trunk = "private" })).oneForEachLeg().
				exclude(policy.Exclusion{Reason: "private", Trunk: []string{"private"}, Forbid: true}),
			[]string{"A incomplete", "B excluded private"}, // r2 has no end
		},
	} {
		t.Run(name, func(t *testing.T) {
			test.ev.Policy.CoverageTolerance = time.Minute
			test.ev.decide(t).calls(test.want...)
		})
	}
}

func TestNobodySaysWhoseARecordingIsAmongMoreThan64Legs(t *testing.T) {
	for _, n := range []int{64, 65} {
		ev := newNight().add(itsEntry).oneForEachLeg()
		var want []string
		for i := range n {
			id := fmt.Sprintf("%02d", i)
			ev.addLegs(leg{conversation: "c1", id: id, start: "10:00", end: "10:05"})
			verdict := " indeterminate contested"
			if i == 0 && n == 64 {
				verdict = " complete"
			}
			want = append(want, id+verdict)
		}
		ev.decide(t).calls(want...)
	}
}

func TestAnEntryWithoutTimesIsOfNoLegWhenItCannotBeOfAll(t *testing.T) {
	untimed := entry{recording: "r1", conversation: "c1", start: "10:00"}
	second := leg{conversation: "c1", id: "B", start: "10:01", end: "10:05"}
	for name, test := range map[string]struct {
		ev   *night
		want []string
	}{
		"legs that overlap":        {newNight().add(untimed).addLegs(fiveMinutes, second), []string{"A complete", "B complete"}},
		"legs one after the other": {newNight().add(untimed).addLegs(fiveMinutes, changed(second, func(l *leg) { l.start, l.end = "10:05", "10:10" })), []string{"A indeterminate contested", "B indeterminate contested"}},
		"one leg that need not be recorded": {
			newNight().add(untimed).addLegs(fiveMinutes, changed(second, func(l *leg) { l.start, l.end, l.unanswered = "10:05", "10:10", true })),
			[]string{"A complete", "B excluded not expected"},
		},
		"a leg without a start may overlap any": {
			newNight().add(untimed).addLegs(changed(fiveMinutes, func(l *leg) { l.start, l.recorded = "", profile.True }), second), []string{"A complete", "B complete"},
		},
		"one recording for each leg": {newNight().add(untimed).addLegs(fiveMinutes, second).oneForEachLeg(), []string{"A indeterminate contested", "B indeterminate contested"}},
		"a leg that has another, too": {
			newNight().add(untimed, changed(itsEntry, func(e *entry) { e.recording = "r2" })).addLegs(fiveMinutes, changed(second, func(l *leg) { l.start, l.end = "10:05", "10:10" })),
			[]string{"A complete", "B indeterminate contested"},
		},
		"by id it is": {
			newNight().add(untimed).addLegs(changed(fiveMinutes, func(l *leg) { l.recordings = "r1" }), changed(second, func(l *leg) { l.start, l.end = "10:05", "10:10" })),
			[]string{"A complete", "B indeterminate contested"},
		},
	} {
		t.Run(name, func(t *testing.T) { test.ev.decide(t).calls(test.want...) })
	}
}

func TestProofIsSharedWhenEachEntryIsOneOfAnotherLegThatMatters(t *testing.T) {
	second := leg{conversation: "c1", id: "B", start: "10:01", end: "10:05"}
	for name, test := range map[string]struct {
		ev   *night
		want []string
	}{
		"of two legs": {newNight().add(itsEntry).addLegs(fiveMinutes, second), []string{"A shared 1 300000 0", "B shared 1 240000 0"}},
		"of a leg that lists it": {
			newNight().add(itsEntry).addLegs(fiveMinutes, changed(second, func(l *leg) { l.recordings = "r1" })), []string{"A shared 1 300000 0", "B id 1 240000 0"},
		},
		"one of two entries is its own": {
			newNight().add(itsEntry, changed(itsEntry, func(e *entry) { e.recording, e.end = "r2", "10:01" })).addLegs(fiveMinutes, second),
			[]string{"A conversation 2 300000 0", "B shared 1 240000 0"},
		},
		"of a leg that need not be recorded": {
			newNight().add(itsEntry).addLegs(fiveMinutes, changed(second, func(l *leg) { l.unanswered = true })), []string{"A conversation 1 300000 0", "B shared 1 240000 0"},
		},
		"of a leg that must not be recorded": {
			newNight().add(itsEntry).addLegs(fiveMinutes, changed(second, func(l *leg) { l.trunk = "private" })).
				exclude(policy.Exclusion{Reason: "private", Trunk: []string{"private"}, Forbid: true}),
			[]string{"A shared 1 300000 0", "B shared 1 240000 0"},
		},
	} {
		t.Run(name, func(t *testing.T) { test.ev.decide(t).proofs(test.want...) })
	}
}

func TestAnEntryIsRepairedFromTheLegsOfItsLineThenFromThoseThatOverlapIt(t *testing.T) {
	legs := []leg{
		{conversation: "c1", id: "A", line: "L1", trunk: "T1", start: "10:00", end: "10:05"},
		{conversation: "c1", id: "B", line: "L2", trunk: "T2", start: "10:00", end: "10:05"},
		{conversation: "c1", id: "C", line: "L2", trunk: "T3", start: "11:00", end: "11:05"},
	}
	for name, test := range map[string]struct {
		entry entry
		want  string
	}{
		"by the leg that it names":     {changed(itsEntry, func(e *entry) { e.leg = "A" }), "0 trunk_id cdr-conversation T1 c:c.json#0"},
		"by its line and its times":    {changed(itsEntry, func(e *entry) { e.line = "L2" }), "0 trunk_id cdr-conversation T2 c:c.json#1"},
		"by its times when misnamed":   {changed(itsEntry, func(e *entry) { e.start, e.end, e.leg, e.line = "11:00", "11:05", "A", "L1" }), "0 trunk_id cdr-conversation T3 c:c.json#2"},
		"by its line at another time":  {changed(itsEntry, func(e *entry) { e.start, e.end, e.line = "12:00", "12:05", "L1" }), "0 trunk_id cdr-conversation T1 c:c.json#0"},
		"by its times on another line": {changed(itsEntry, func(e *entry) { e.start, e.end, e.line = "11:00", "11:05", "L9" }), "0 trunk_id cdr-conversation T3 c:c.json#2"},
	} {
		t.Run(name, func(t *testing.T) {
			newNight(record.TrunkID).add(test.entry).addLegs(legs...).decide(t).repairs(test.want)
		})
	}
}

// Steps before the match count for entries of margins, too.
func TestAnEntryOfTheMarginHasTheConversationOfTheLegsThatListIt(t *testing.T) {
	ev := newNight(record.ConversationID).addSource(policy.Manifests, "n").
		add(entry{recording: "r1", start: "10:00", end: "10:05"}).
		addLegs(leg{conversation: "c1", id: "A", recordings: "r1", start: "10:00", end: "10:05"}, leg{conversation: "c1", id: "B", start: "10:00", end: "10:05"})
	ev.Partitions[3].Span = record.Span{Start: at("24:00"), End: at("48:00")}
	ev.Partitions[manifests].Span.End = at("48:00")
	d := ev.decide(t)
	d.repairs()
	d.proofs("A id 1 300000 0", "B shared 1 300000 0")
}

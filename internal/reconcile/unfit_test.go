package reconcile_test

import (
	"fmt"
	"testing"

	"cdrmend/internal/cdr"
	"cdrmend/internal/evidence"
	"cdrmend/internal/policy"
	"cdrmend/internal/profile"
	"cdrmend/internal/reconcile"
)

// lacking is like pairs, of rows that have only some members.
func lacking(n int, has cdr.LegFlags) *night {
	ev := pairs(n, nil)
	for i := range ev.Particulars {
		ev.Particulars[i].Flags = has | cdr.SaysAnswer
	}
	return ev
}

const allMembers = cdr.HasStart | cdr.HasEnd | cdr.HasIdentity | cdr.HasAnswer

func TestASourceWhoseRowsNeverHaveWhatJudgingNeedsIsUnfit(t *testing.T) {
	silent := func(l *leg) { l.unanswered, l.recorded = true, profile.Unknown }
	unshared := func(ev *night) *night {
		for i := range ev.Entries {
			ev.Entries[i].Recording, ev.Entries[i].Conversation = ev.Texts.OfString("x"+fmt.Sprint(i)), ev.Texts.OfString("x"+fmt.Sprint(i))
		}
		return ev
	}
	for name, test := range map[string]struct {
		ev   *night
		want string // detail; empty for a source that is fit
	}{
		"all of it":                  {lacking(20, allMembers), ""},
		"no start":                   {lacking(20, allMembers&^cdr.HasStart), "start_time"},
		"no end and no ids":          {lacking(20, cdr.HasStart|cdr.HasAnswer), "conversation_id;end_time"},
		"no answer":                  {lacking(20, allMembers&^cdr.HasAnswer), "answer_time"},
		"no answer, nothing shared":  {unshared(lacking(20, allMembers&^cdr.HasAnswer)), ""},
		"no answer, none needed":     {expectingAll(lacking(20, allMembers&^cdr.HasAnswer)), ""},
		"too few rows":               {lacking(19, allMembers&^cdr.HasStart), ""},
		"no row says of the answer":  {pairs(3, silent), "answer_time"},
		"of two rows":                {pairs(2, silent), ""},
		"when none is expected":      {expectingAll(pairs(3, silent)), ""},
		"and nothing is shared":      {unshared(pairs(3, silent)), ""},
		"half of the legs share":     {pairs(3, silent).addLegs(changed(leg{id: "x", start: "10:00", end: "10:05"}, silent), changed(leg{id: "y", start: "10:00", end: "10:05"}, silent), changed(leg{id: "z", start: "10:00", end: "10:05"}, silent)), "answer_time"},
		"less than half of them":     {pairs(3, silent).addLegs(changed(leg{id: "w", start: "10:00", end: "10:05"}, silent), changed(leg{id: "x", start: "10:00", end: "10:05"}, silent), changed(leg{id: "y", start: "10:00", end: "10:05"}, silent), changed(leg{id: "z", start: "10:00", end: "10:05"}, silent)), ""},
		"one row says of the answer": {pairs(3, silent).addLegs(leg{conversation: "c", id: "A", start: "10:00", end: "10:05"}), ""},
		"rows of other days do not count": {
			pairs(3, func(l *leg) { silent(l); l.start, l.end = "-1:00", "-1:05" }), "",
		},
	} {
		t.Run(name, func(t *testing.T) {
			d := test.ev.decide(t)
			got := ""
			for f := range d.Findings {
				if f.Class == reconcile.UnfitSource {
					got += d.Texts.String(f.Detail)
				}
			}
			unfit := 0
			for _, reason := range columns(t, d.CallRows, "reason") {
				if reason == "unfit" {
					unfit++
				}
			}
			if got != test.want || (unfit > 0) != (test.want != "") || test.want != "" && unfit != len(d.Calls) {
				t.Errorf("got %q and %d of %d legs unfit, want %q", got, unfit, len(d.Calls), test.want)
			}
			if d.Notices.AtLeast != (test.want != "") && test.want != "" || test.want != "" && !d.Notices.Undecided {
				t.Errorf("got the notices %+v", d.Notices)
			}
		})
	}
}

// Media that is gone tells nothing of an answer.
func TestAVoidEntryShowsNoAnswer(t *testing.T) {
	ev := pairs(3, func(l *leg) { l.unanswered = true })
	for i := range ev.Entries {
		ev.Entries[i].State = ev.Texts.OfString("absent")
	}
	ev.decide(t).calls("A excluded not expected", "A excluded not expected", "A excluded not expected")
}

func TestManifestsWithoutAnyIDAreUnfit(t *testing.T) {
	for n, want := range map[int]bool{19: false, 20: true} {
		ev := newNight()
		for range n {
			ev.add(entry{start: "10:00", end: "10:05", unidentified: true})
		}
		d := ev.addLegs(leg{conversation: "c1", id: "A", start: "10:00", end: "10:05"}).decide(t)
		found := false
		for f := range d.Findings {
			found = found || f.Class == reconcile.UnfitSource && d.Texts.String(f.Detail) == "conversation_id"
		}
		verdict := "A missing"
		if want {
			verdict = "A indeterminate inputs" // the source is damaged as a whole
		}
		d.calls(verdict)
		if found != want {
			t.Errorf("unfit with %d entries: %v, want %v", n, found, want)
		}
	}
}

func TestATableWithoutAColumnThatIsNeededIsUnfit(t *testing.T) {
	lacks := func(needs evidence.Needs) *night {
		ev := newNight().add(itsEntry).addLegs(fiveMinutes)
		ev.Objects[cdrs].Tabular, ev.Objects[cdrs].Lacks = true, needs
		return ev
	}
	unfit := []string{"unfit_source open answer_time;start_time"}
	both := evidence.NeedStart | evidence.NeedAnswer
	for name, test := range map[string]struct {
		ev    *night
		call  string
		found []string
	}{
		"of the day":            {lacks(both), "A indeterminate unfit", unfit},
		"when none is expected": {expectingAll(lacks(both)), "A indeterminate unfit", []string{"unfit_source open start_time"}},
		"an answer that nobody needs": {
			expectingAll(lacks(evidence.NeedAnswer)), "A complete", nil,
		},
		"an exclusion comes first": {lacks(both).exclude(policy.Exclusion{Reason: "why"}), "A excluded why", unfit},
		"of another day, with a leg of this one": {
			func() *night {
				ev := lacks(both)
				ev.Partitions[cdrs].Span.Start, ev.Partitions[cdrs].Span.End = at("24:00"), at("48:00")
				return ev
			}(), "A indeterminate unfit", unfit,
		},
	} {
		t.Run(name, func(t *testing.T) {
			d := test.ev.decide(t)
			d.calls(test.call)
			d.findings(test.found...)
		})
	}
}

// Other legs of the source are judged, though the partition of the table is damaged.
func TestOnlyTheLegsOfAnUnfitTableAreNotDecided(t *testing.T) {
	ev := newNight().add(itsEntry).addLegs(fiveMinutes)
	ev.Objects = append(ev.Objects[:cdrs+1:cdrs+1], ev.Objects[cdrs:]...)
	ev.Objects[cdrs+1] = evidence.Object{Source: cdrs, Partition: cdrs, Key: "d.csv", Tabular: true, Lacks: evidence.NeedEnd}
	d := ev.add(entry{recording: "r9", conversation: "c9", start: "10:00", end: "10:05"}).decide(t)
	d.calls("A complete")
	d.findings("no_cdr indeterminate r9", "unfit_source open end_time")
}

func TestConversationDetailsWithoutAnySessionAreUnfit(t *testing.T) {
	for name, test := range map[string]struct {
		elements, speaking int64
		unfit              bool
	}{
		"no session in 20 conversations": {20, 0, true},
		"in 19":                          {19, 0, false},
		"one session":                    {20, 1, false},
	} {
		t.Run(name, func(t *testing.T) {
			ev := pairs(3, func(l *leg) { l.unanswered = true }) // which would be unfit without an answer in other shapes
			ev.Sources[cdrs].Profile = &profile.Profile{Shape: profile.ConversationDetail}
			ev.Partitions[cdrs].Elements, ev.Partitions[cdrs].Speaking = test.elements, test.speaking
			d := ev.decide(t)
			if test.unfit {
				d.findings("unfit_source open shape")
				d.calls("A indeterminate unfit", "A indeterminate unfit", "A indeterminate unfit")
			} else {
				d.findings()
			}
		})
	}
}

package doubt_test

import (
	"fmt"
	"testing"

	"cdrmend/internal/cdr"
	"cdrmend/internal/evidence"
	"cdrmend/internal/policy"
	"cdrmend/internal/profile"
	"cdrmend/internal/reconcile"
	"cdrmend/internal/reconcile/nighttest"
)

// lacking is like pairs, of rows that have only some members.
func lacking(n int, has cdr.LegFlags) *nighttest.Night {
	ev := nighttest.Pairs(n, nil)
	for i := range ev.Particulars {
		ev.Particulars[i].Flags = has | cdr.SaysAnswer
	}
	return ev
}

const allMembers = cdr.HasStart | cdr.HasEnd | cdr.HasIdentity | cdr.HasAnswer

func TestASourceWhoseRowsNeverHaveWhatJudgingNeedsIsUnfit(t *testing.T) {
	silent := func(l *nighttest.Leg) { l.Unanswered, l.Recorded = true, profile.Unknown }
	unshared := func(ev *nighttest.Night) *nighttest.Night {
		for i := range ev.Entries {
			ev.Entries[i].Recording, ev.Entries[i].Conversation = ev.Texts.OfString("x"+fmt.Sprint(i)), ev.Texts.OfString("x"+fmt.Sprint(i))
		}
		return ev
	}
	for name, test := range map[string]struct {
		ev   *nighttest.Night
		want string // detail; empty for a source that is fit
	}{
		"all of it":                  {lacking(20, allMembers), ""},
		"no start":                   {lacking(20, allMembers&^cdr.HasStart), "start_time"},
		"no end and no ids":          {lacking(20, cdr.HasStart|cdr.HasAnswer), "conversation_id;end_time"},
		"no answer":                  {lacking(20, allMembers&^cdr.HasAnswer), "answer_time"},
		"no answer, nothing shared":  {unshared(lacking(20, allMembers&^cdr.HasAnswer)), ""},
		"no answer, none needed":     {nighttest.ExpectingAll(lacking(20, allMembers&^cdr.HasAnswer)), ""},
		"too few rows":               {lacking(19, allMembers&^cdr.HasStart), ""},
		"no row says of the answer":  {nighttest.Pairs(3, silent), "answer_time"},
		"of two rows":                {nighttest.Pairs(2, silent), ""},
		"when none is expected":      {nighttest.ExpectingAll(nighttest.Pairs(3, silent)), ""},
		"and nothing is shared":      {unshared(nighttest.Pairs(3, silent)), ""},
		"half of the legs share":     {nighttest.Pairs(3, silent).AddLegs(nighttest.Changed(nighttest.Leg{ID: "x", Start: "10:00", End: "10:05"}, silent), nighttest.Changed(nighttest.Leg{ID: "y", Start: "10:00", End: "10:05"}, silent), nighttest.Changed(nighttest.Leg{ID: "z", Start: "10:00", End: "10:05"}, silent)), "answer_time"},
		"less than half of them":     {nighttest.Pairs(3, silent).AddLegs(nighttest.Changed(nighttest.Leg{ID: "w", Start: "10:00", End: "10:05"}, silent), nighttest.Changed(nighttest.Leg{ID: "x", Start: "10:00", End: "10:05"}, silent), nighttest.Changed(nighttest.Leg{ID: "y", Start: "10:00", End: "10:05"}, silent), nighttest.Changed(nighttest.Leg{ID: "z", Start: "10:00", End: "10:05"}, silent)), ""},
		"one row says of the answer": {nighttest.Pairs(3, silent).AddLegs(nighttest.Leg{Conversation: "c", ID: "A", Start: "10:00", End: "10:05"}), ""},
		"rows of other days do not count": {
			nighttest.Pairs(3, func(l *nighttest.Leg) { silent(l); l.Start, l.End = "-1:00", "-1:05" }), "",
		},
	} {
		t.Run(name, func(t *testing.T) {
			d := test.ev.Decide(t)
			got := ""
			for f := range d.Findings {
				if f.Class == reconcile.UnfitSource {
					got += d.Texts.String(f.Detail)
				}
			}
			unfit := 0
			for _, reason := range nighttest.Columns(t, d.CallRows, "reason") {
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
	ev := nighttest.Pairs(3, func(l *nighttest.Leg) { l.Unanswered = true })
	for i := range ev.Entries {
		ev.Entries[i].State = ev.Texts.OfString("absent")
	}
	ev.Decide(t).WantCalls("A excluded not expected", "A excluded not expected", "A excluded not expected")
}

func TestManifestsWithoutAnyIDAreUnfit(t *testing.T) {
	for n, want := range map[int]bool{19: false, 20: true} {
		ev := nighttest.New()
		for range n {
			ev.Add(nighttest.Entry{Start: "10:00", End: "10:05", Unidentified: true})
		}
		d := ev.AddLegs(nighttest.Leg{Conversation: "c1", ID: "A", Start: "10:00", End: "10:05"}).Decide(t)
		found := false
		for f := range d.Findings {
			found = found || f.Class == reconcile.UnfitSource && d.Texts.String(f.Detail) == "conversation_id"
		}
		verdict := "A missing"
		if want {
			verdict = "A indeterminate inputs" // the source is damaged as a whole
		}
		d.WantCalls(verdict)
		if found != want {
			t.Errorf("unfit with %d entries: %v, want %v", n, found, want)
		}
	}
}

func TestATableWithoutAColumnThatIsNeededIsUnfit(t *testing.T) {
	lacks := func(needs evidence.Needs) *nighttest.Night {
		ev := nighttest.New().Add(nighttest.ItsEntry).AddLegs(nighttest.FiveMinutes)
		ev.Objects[nighttest.CDRs].Tabular, ev.Objects[nighttest.CDRs].Lacks = true, needs
		return ev
	}
	unfit := []string{"unfit_source open answer_time;start_time"}
	both := evidence.NeedStart | evidence.NeedAnswer
	for name, test := range map[string]struct {
		ev    *nighttest.Night
		call  string
		found []string
	}{
		"of the day":            {lacks(both), "A indeterminate unfit", unfit},
		"when none is expected": {nighttest.ExpectingAll(lacks(both)), "A indeterminate unfit", []string{"unfit_source open start_time"}},
		"an answer that nobody needs": {
			nighttest.ExpectingAll(lacks(evidence.NeedAnswer)), "A complete", nil,
		},
		"an exclusion comes first": {lacks(both).Exclude(policy.Exclusion{Reason: "why"}), "A excluded why", unfit},
		"of another day, with a leg of this one": {
			func() *nighttest.Night {
				ev := lacks(both)
				ev.Partitions[nighttest.CDRs].Span.Start, ev.Partitions[nighttest.CDRs].Span.End = nighttest.At("24:00"), nighttest.At("48:00")
				return ev
			}(), "A indeterminate unfit", unfit,
		},
	} {
		t.Run(name, func(t *testing.T) {
			d := test.ev.Decide(t)
			d.WantCalls(test.call)
			d.WantFindings(test.found...)
		})
	}
}

// Other legs of the source are judged, though the partition of the table is damaged.
func TestOnlyTheLegsOfAnUnfitTableAreNotDecided(t *testing.T) {
	ev := nighttest.New().Add(nighttest.ItsEntry).AddLegs(nighttest.FiveMinutes)
	ev.Objects = append(ev.Objects[:nighttest.CDRs+1:nighttest.CDRs+1], ev.Objects[nighttest.CDRs:]...)
	ev.Objects[nighttest.CDRs+1] = evidence.Object{Source: nighttest.CDRs, Partition: nighttest.CDRs, Key: "d.csv", Tabular: true, Lacks: evidence.NeedEnd}
	d := ev.Add(nighttest.Entry{Recording: "r9", Conversation: "c9", Start: "10:00", End: "10:05"}).Decide(t)
	d.WantCalls("A complete")
	d.WantFindings("no_cdr indeterminate r9", "unfit_source open end_time")
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
			ev := nighttest.Pairs(3, func(l *nighttest.Leg) { l.Unanswered = true }) // which would be unfit without an answer in other shapes
			ev.Sources[nighttest.CDRs].Profile = &profile.Profile{Shape: profile.ConversationDetail}
			ev.Partitions[nighttest.CDRs].Elements, ev.Partitions[nighttest.CDRs].Speaking = test.elements, test.speaking
			d := ev.Decide(t)
			if test.unfit {
				d.WantFindings("unfit_source open shape")
				d.WantCalls("A indeterminate unfit", "A indeterminate unfit", "A indeterminate unfit")
			} else {
				d.WantFindings()
			}
		})
	}
}

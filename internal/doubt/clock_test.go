package doubt_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"cdrmend/internal/reconcile/nighttest"
)

// shift is how much later the entries of some calls are than their legs, in seconds.
type shift struct {
	calls      int
	start, end float64
}

// clocks is calls of ten minutes, answered after 30 s, one every two minutes. Each
// leg lists its recording.
func clocks(shifts ...shift) *nighttest.Night {
	ev := nighttest.New()
	n := 0
	for _, s := range shifts {
		for range s.calls {
			id, start := fmt.Sprintf("%02d", n), 36_000+120*float64(n)
			ev.AddLegs(nighttest.Leg{Conversation: "c" + id, ID: id, Recordings: "r" + id, Start: clock(start), Answer: clock(start + 30), End: clock(start + 600)})
			ev.Add(nighttest.Entry{Recording: "r" + id, Conversation: "c" + id, Start: clock(start + s.start), End: clock(start + 600 + s.end)})
			n++
		}
	}
	return ev
}

func clock(seconds float64) string {
	whole := int(seconds)
	return fmt.Sprintf("%02d:%02d:%g", whole/3600, whole/60%60, seconds-float64(whole/60*60))
}

func TestClocksDifferWhenSurePairsShowTheSameOffset(t *testing.T) {
	for name, test := range map[string]struct {
		ev   *nighttest.Night
		want string // a part of the warning, empty for none
	}{
		"all of many":                          {clocks(shift{20, 60, 60}), "differ by 1m0s: 20 pairs"},
		"recordings that are early":            {clocks(shift{20, -60, -60}), "differ by -1m0s: 20 pairs"},
		"that begin at the answer":             {clocks(shift{20, 90, 60}), "differ by 1m0s: 20 pairs"},
		"that begin at any time":               {clocks(shift{20, 75, 60}), ""},
		"as much as the tolerance":             {clocks(shift{20, 2.9, 2.9}), ""},
		"in whole seconds, toward zero":        {clocks(shift{20, 60.9, 60.9}), "differ by 1m0s"},
		"and toward zero from below":           {clocks(shift{20, -60.9, -60.9}), "differ by -1m0s"},
		"nine in ten":                          {clocks(shift{18, 60, 60}, shift{2, 0, 0}), "differ by 1m0s: 20 pairs"},
		"less than nine in ten":                {clocks(shift{17, 60, 60}, shift{3, 0, 0}), ""},
		"within two seconds":                   {clocks(shift{11, 60, 60}, shift{9, 62, 62}), "differ by 1m0s: 20 pairs"},
		"further apart":                        {clocks(shift{11, 60, 60}, shift{9, 62.1, 62.1}), ""},
		"five":                                 {clocks(shift{5, 60, 60}), "differ by 1m0s: 5 pairs"},
		"four":                                 {clocks(shift{4, 60, 60}), ""},
		"all but one of 19":                    {clocks(shift{18, 60, 60}, shift{1, 0, 0}), ""},
		"a few whose beginnings differ":        {clocks(shift{4, 60, 60}, shift{1, 75, 60}), ""},
		"many of a part of the night":          {clocks(shift{25, 0, 0}, shift{20, 60, 60}), "differ by 1m0s for a part of the night or of the recorders: 20 pairs"},
		"too few of a part":                    {clocks(shift{25, 0, 0}, shift{19, 60, 60}), ""},
		"a part, some from the answer on":      {clocks(shift{25, 0, 0}, shift{15, 60, 60}, shift{5, 90, 60}), "20 pairs of a leg and its recording show it, from 2026-11-20T10:50:00.000000Z to 2026-11-20T11:38:00.000000Z"},
		"of two offsets the nearer to zero":    {clocks(shift{25, 0, 0}, shift{20, 90, 90}, shift{20, -60, -60}), "differ by -1m0s for a part"},
		"of two as near the smaller":           {clocks(shift{25, 0, 0}, shift{20, 60, 60}, shift{20, -60, -60}), "differ by -1m0s for a part"},
		"of two offsets the more frequent":     {clocks(shift{25, 0, 0}, shift{21, 90, 90}, shift{20, -60, -60}), "differ by 1m30s for a part"},
		"a part that only ends at other times": {clocks(shift{25, 0, 0}, shift{20, 0, 60}), ""},
	} {
		t.Run(name, func(t *testing.T) {
			n := test.ev.Decide(t).Notices
			if got := strings.Join(n.Warnings, "\n"); !strings.Contains(got, test.want) || (got == "") != (test.want == "") {
				t.Errorf("got the warning %q, want %q", got, test.want)
			}
			if n.Undecided != (test.want != "") {
				t.Errorf("undecided: %v, want %v", n.Undecided, test.want != "")
			}
		})
	}
}

func TestWithoutAnAnswerARecordingMayBeginWithTheLeg(t *testing.T) {
	ev := clocks(shift{20, 60, 60})
	for i := range ev.Legs {
		ev.Legs[i].Answer = nighttest.At("") // unanswered, and expected all the same
	}
	if n := nighttest.ExpectingAll(ev).Decide(t).Notices; len(n.Warnings) != 1 {
		t.Errorf("got %q, want one warning", n.Warnings)
	}
}

func TestOnlySurePairsShowAnOffset(t *testing.T) {
	for name, test := range map[string]struct {
		change func(*nighttest.Night)
		differ bool
	}{
		"each leg lists one":                   {func(*nighttest.Night) {}, true},
		"the only ones of their conversations": {func(ev *nighttest.Night) { eachLeg(ev, func(n int) { ev.Particulars[n].Recordings.N = 0 }) }, true},
		"a leg lists two": {
			func(ev *nighttest.Night) {
				eachLeg(ev, func(n int) {
					ev.Particulars[n].Recordings.N = min(2, uint32(len(ev.Legs)-n))
					ev.Entries[n].Conversation = ev.Texts.OfString("x" + fmt.Sprint(n))
				})
			}, false,
		},
		"entries that are no voice": {func(ev *nighttest.Night) {
			eachLeg(ev, func(n int) { ev.Entries[n].MediaType = ev.Texts.OfString("chat") })
		}, false},
		"media that is gone": {func(ev *nighttest.Night) {
			eachLeg(ev, func(n int) { ev.Entries[n].State = ev.Texts.OfString("absent") })
		}, true},
		"two legs of each conversation": {
			func(ev *nighttest.Night) {
				eachLeg(ev, func(n int) { ev.Particulars[n].Recordings.N = 0 })
				for _, l := range slices.Clone(ev.Legs) {
					ev.AddLegs(nighttest.Leg{Conversation: ev.Texts.String(l.Conversation), ID: "X", Start: "20:00", End: "20:01", Unanswered: true})
				}
			}, false,
		},
		"two recordings of each conversation": {
			func(ev *nighttest.Night) {
				eachLeg(ev, func(n int) { ev.Particulars[n].Recordings.N = 0 })
				for _, e := range slices.Clone(ev.Entries) {
					ev.Add(nighttest.Entry{Conversation: ev.Texts.String(e.Conversation), Start: "20:00", End: "20:01"})
				}
			}, false,
		},
	} {
		t.Run(name, func(t *testing.T) {
			ev := clocks(shift{6, 60, 60})
			test.change(ev)
			if n := ev.Decide(t).Notices; len(n.Warnings) == 1 != test.differ {
				t.Errorf("got %q, want a warning: %v", n.Warnings, test.differ)
			}
		})
	}
}

func eachLeg(ev *nighttest.Night, do func(n int)) {
	for n := range len(ev.Legs) {
		do(n)
	}
}

// All pairs of the source show an offset, so its times alone decide nothing.
func TestALegWhoseLossRestsOnAClockIsNotDecided(t *testing.T) {
	for name, test := range map[string]struct {
		entries []nighttest.Entry
		Leg     nighttest.Leg
		all     string // all pairs show an offset of a minute
		part    string // some do
	}{
		"the recording of its conversation is elsewhere": {
			[]nighttest.Entry{{Recording: "r", Conversation: "c", Start: "08:01", End: "08:02"}}, nighttest.Leg{Start: "08:00", End: "08:01"}, "indeterminate clock_offset", "indeterminate clock_offset",
		},
		"and not by that offset": {
			[]nighttest.Entry{{Recording: "r", Conversation: "c", Start: "08:04", End: "08:05"}}, nighttest.Leg{Start: "08:00", End: "08:01"}, "indeterminate clock_offset", "missing",
		},
		"a recording that is gone": {
			[]nighttest.Entry{{Recording: "r", Conversation: "c", Start: "08:01", End: "08:02", State: "absent"}}, nighttest.Leg{Start: "08:00", End: "08:01"}, "missing", "missing",
		},
		"no recording": {nil, nighttest.Leg{Start: "08:00", End: "08:01"}, "missing", "missing"},
		"it lists another": {
			[]nighttest.Entry{{Recording: "r", Conversation: "c", Start: "08:01", End: "08:02"}}, nighttest.Leg{Recordings: "x", Start: "08:00", End: "08:01"}, "missing", "missing",
		},
		"too short by the offset": {
			[]nighttest.Entry{{Recording: "r", Conversation: "c", Start: "08:01", End: "08:06"}}, nighttest.Leg{Start: "08:00", End: "08:05"}, "indeterminate clock_offset", "indeterminate clock_offset",
		},
		"too short by id": {
			[]nighttest.Entry{{Recording: "r", Conversation: "c", Start: "08:01", End: "08:06"}}, nighttest.Leg{Recordings: "r", Start: "08:00", End: "08:05"}, "indeterminate clock_offset", "indeterminate clock_offset",
		},
		"too short by something else": {
			[]nighttest.Entry{{Recording: "r", Conversation: "c", Start: "08:01", End: "08:05"}}, nighttest.Leg{Start: "08:00", End: "08:05"}, "indeterminate clock_offset", "partial",
		},
		"one of two is lost": {
			[]nighttest.Entry{{Recording: "r", Conversation: "c", Start: "08:01", End: "08:06"}}, nighttest.Leg{Recordings: "r x", Start: "08:00", End: "08:05"}, "partial", "partial",
		},
	} {
		t.Run(name, func(t *testing.T) {
			test.Leg.Conversation, test.Leg.ID = "c", "A"
			for _, offset := range []struct {
				ev   *nighttest.Night
				want string
			}{{clocks(shift{20, 60, 60}), test.all}, {clocks(shift{30, 0, 0}, shift{20, 60, 60}), test.part}} {
				d := offset.ev.Add(test.entries...).AddLegs(test.Leg).Decide(t)
				if got := nighttest.Columns(t, d.CallRows, "verdict", "reason"); got[0] != offset.want {
					t.Errorf("got %q, want %q with %q", got[0], offset.want, d.Notices.Warnings)
				}
			}
		})
	}
}

func TestEntriesAreNotApartFromLegsOfAnotherClock(t *testing.T) {
	for _, offset := range []float64{0, 3600} {
		ev := clocks(shift{20, offset, offset}).
			Add(nighttest.Entry{Recording: "x", Conversation: "c", Start: "08:10", End: "08:20"}).
			AddLegs(nighttest.Leg{Conversation: "c", ID: "A", Start: "08:00", End: "08:05", Unanswered: true})
		apart := 0
		for _, f := range nighttest.Columns(t, ev.Decide(t).FindingRows, "class", "detail") {
			if f == "no_cdr apart" {
				apart++
			}
		}
		if want := 1; (apart == want) != (offset == 0) {
			t.Errorf("with an offset of %g s: %d entries are apart", offset, apart)
		}
	}
}

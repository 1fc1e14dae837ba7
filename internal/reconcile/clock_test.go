package reconcile_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// shift is how much later the entries of some calls are than their legs, in seconds.
type shift struct {
	calls      int
	start, end float64
}

// clocks is calls of ten minutes, answered after 30 s, one every two minutes. Each
// leg lists its recording.
func clocks(shifts ...shift) *night {
	ev := newNight()
	n := 0
	for _, s := range shifts {
		for range s.calls {
			id, start := fmt.Sprintf("%02d", n), 36_000+120*float64(n)
			ev.addLegs(leg{conversation: "c" + id, id: id, recordings: "r" + id, start: clock(start), answer: clock(start + 30), end: clock(start + 600)})
			ev.add(entry{recording: "r" + id, conversation: "c" + id, start: clock(start + s.start), end: clock(start + 600 + s.end)})
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
		ev   *night
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
			n := test.ev.decide(t).Notices
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
		ev.Legs[i].Answer = at("") // unanswered, and expected all the same
	}
	if n := expectingAll(ev).decide(t).Notices; len(n.Warnings) != 1 {
		t.Errorf("got %q, want one warning", n.Warnings)
	}
}

func TestOnlySurePairsShowAnOffset(t *testing.T) {
	for name, test := range map[string]struct {
		change func(*night)
		differ bool
	}{
		"each leg lists one":                   {func(*night) {}, true},
		"the only ones of their conversations": {func(ev *night) { eachLeg(ev, func(n int) { ev.Particulars[n].Recordings.N = 0 }) }, true},
		"a leg lists two": {
			func(ev *night) {
				eachLeg(ev, func(n int) {
					ev.Particulars[n].Recordings.N = min(2, uint32(len(ev.Legs)-n))
					ev.Entries[n].Conversation = ev.Texts.OfString("x" + fmt.Sprint(n))
				})
			}, false,
		},
		"entries that are no voice": {func(ev *night) { eachLeg(ev, func(n int) { ev.Entries[n].MediaType = ev.Texts.OfString("chat") }) }, false},
		"media that is gone":        {func(ev *night) { eachLeg(ev, func(n int) { ev.Entries[n].State = ev.Texts.OfString("absent") }) }, true},
		"two legs of each conversation": {
			func(ev *night) {
				eachLeg(ev, func(n int) { ev.Particulars[n].Recordings.N = 0 })
				for _, l := range slices.Clone(ev.Legs) {
					ev.addLegs(leg{conversation: ev.Texts.String(l.Conversation), id: "X", start: "20:00", end: "20:01", unanswered: true})
				}
			}, false,
		},
		"two recordings of each conversation": {
			func(ev *night) {
				eachLeg(ev, func(n int) { ev.Particulars[n].Recordings.N = 0 })
				for _, e := range slices.Clone(ev.Entries) {
					ev.add(entry{conversation: ev.Texts.String(e.Conversation), start: "20:00", end: "20:01"})
				}
			}, false,
		},
	} {
		t.Run(name, func(t *testing.T) {
			ev := clocks(shift{6, 60, 60})
			test.change(ev)
			if n := ev.decide(t).Notices; len(n.Warnings) == 1 != test.differ {
				t.Errorf("got %q, want a warning: %v", n.Warnings, test.differ)
			}
		})
	}
}

func eachLeg(ev *night, do func(n int)) {
	for n := range len(ev.Legs) {
		do(n)
	}
}

// All pairs of the source show an offset, so its times alone decide nothing.
func TestALegWhoseLossRestsOnAClockIsNotDecided(t *testing.T) {
	for name, test := range map[string]struct {
		entries []entry
		leg     leg
		all     string // all pairs show an offset of a minute
		part    string // some do
	}{
		"the recording of its conversation is elsewhere": {
			[]entry{{recording: "r", conversation: "c", start: "08:01", end: "08:02"}}, leg{start: "08:00", end: "08:01"}, "indeterminate clock_offset", "indeterminate clock_offset",
		},
		"and not by that offset": {
			[]entry{{recording: "r", conversation: "c", start: "08:04", end: "08:05"}}, leg{start: "08:00", end: "08:01"}, "indeterminate clock_offset", "missing",
		},
		"a recording that is gone": {
			[]entry{{recording: "r", conversation: "c", start: "08:01", end: "08:02", state: "absent"}}, leg{start: "08:00", end: "08:01"}, "missing", "missing",
		},
		"no recording": {nil, leg{start: "08:00", end: "08:01"}, "missing", "missing"},
		"it lists another": {
			[]entry{{recording: "r", conversation: "c", start: "08:01", end: "08:02"}}, leg{recordings: "x", start: "08:00", end: "08:01"}, "missing", "missing",
		},
		"too short by the offset": {
			[]entry{{recording: "r", conversation: "c", start: "08:01", end: "08:06"}}, leg{start: "08:00", end: "08:05"}, "indeterminate clock_offset", "indeterminate clock_offset",
		},
		"too short by id": {
			[]entry{{recording: "r", conversation: "c", start: "08:01", end: "08:06"}}, leg{recordings: "r", start: "08:00", end: "08:05"}, "indeterminate clock_offset", "indeterminate clock_offset",
		},
		"too short by something else": {
			[]entry{{recording: "r", conversation: "c", start: "08:01", end: "08:05"}}, leg{start: "08:00", end: "08:05"}, "indeterminate clock_offset", "partial",
		},
		"one of two is lost": {
			[]entry{{recording: "r", conversation: "c", start: "08:01", end: "08:06"}}, leg{recordings: "r x", start: "08:00", end: "08:05"}, "partial", "partial",
		},
	} {
		t.Run(name, func(t *testing.T) {
			test.leg.conversation, test.leg.id = "c", "A"
			for _, offset := range []struct {
				ev   *night
				want string
			}{{clocks(shift{20, 60, 60}), test.all}, {clocks(shift{30, 0, 0}, shift{20, 60, 60}), test.part}} {
				d := offset.ev.add(test.entries...).addLegs(test.leg).decide(t)
				if got := columns(t, d.CallRows, "verdict", "reason"); got[0] != offset.want {
					t.Errorf("got %q, want %q with %q", got[0], offset.want, d.Notices.Warnings)
				}
			}
		})
	}
}

func TestEntriesAreNotApartFromLegsOfAnotherClock(t *testing.T) {
	for _, offset := range []float64{0, 3600} {
		ev := clocks(shift{20, offset, offset}).
			add(entry{recording: "x", conversation: "c", start: "08:10", end: "08:20"}).
			addLegs(leg{conversation: "c", id: "A", start: "08:00", end: "08:05", unanswered: true})
		apart := 0
		for _, f := range columns(t, ev.decide(t).FindingRows, "class", "detail") {
			if f == "no_cdr apart" {
				apart++
			}
		}
		if want := 1; (apart == want) != (offset == 0) {
			t.Errorf("with an offset of %g s: %d entries are apart", offset, apart)
		}
	}
}

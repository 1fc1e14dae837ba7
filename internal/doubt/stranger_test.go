package doubt_test

import (
	"fmt"
	"strings"
	"testing"

	"cdrmend/internal/reconcile/nighttest"
)

// strangers is n legs to be recorded, the first few of which have their recording, and
// entries of other calls.
func strangers(n, sharing, alone int) *nighttest.Night {
	ev := nighttest.New()
	for i := range n {
		id := fmt.Sprintf("%02d", i)
		ev.AddLegs(nighttest.Leg{Conversation: "c" + id, ID: id, Recordings: "r" + id, Start: "10:00", End: "10:05"})
		if i < sharing {
			ev.Add(nighttest.Entry{Recording: "r" + id, Conversation: "c" + id, Start: "10:00", End: "10:05"})
		}
	}
	for i := range alone {
		ev.Add(nighttest.Entry{Recording: fmt.Sprintf("x%d", i), Conversation: fmt.Sprintf("x%d", i), Start: "10:00", End: "10:05"})
	}
	return ev
}

func TestCDRsAndManifestsOfOtherCallsAreStrangers(t *testing.T) {
	for name, test := range map[string]struct {
		ev    *nighttest.Night
		holds bool
	}{
		"none of 20 legs is known":         {strangers(20, 0, 10), true},
		"of 19":                            {strangers(19, 0, 10), false},
		"two of 20 are":                    {strangers(20, 2, 10), false},
		"one of 20 is":                     {strangers(20, 1, 10), true},
		"a recorder that failed":           {strangers(20, 1, 9), false},
		"shared media that is gone counts": {withState(strangers(20, 2, 10), 2), false},
		"media of other calls may be gone": {withState(strangers(20, 1, 10), 11), true},
	} {
		t.Run(name, func(t *testing.T) {
			d := test.ev.Decide(t)
			last := nighttest.Columns(t, d.CallRows, "verdict", "reason")[len(d.Calls)-1]
			want := "missing"
			if test.holds {
				want = "indeterminate strangers"
			}
			if last != want || (len(d.Notices.Warnings) == 1) != test.holds || test.holds && !d.Notices.Undecided {
				t.Errorf("got %q and the notices %+v, want %q", last, d.Notices, want)
			}
		})
	}
}

// withState says that the media of the first entries is gone.
func withState(ev *nighttest.Night, n int) *nighttest.Night {
	for i := range n {
		ev.Entries[i].State = ev.Texts.OfString("absent")
	}
	return ev
}

func TestStrangersOfAnotherOrganisationMayBeTheSameCalls(t *testing.T) {
	for joined, want := range map[int]bool{9: false, 10: true} {
		ev := strangers(20, 0, 10)
		for i := range joined {
			ev.Add(nighttest.Entry{Org: "other", Recording: fmt.Sprintf("r%02d", i), Start: "10:00", End: "10:05"})
		}
		warnings := ev.Decide(t).Notices.Warnings
		if len(warnings) != 1 || strings.Contains(warnings[0], "organisations") != want {
			t.Errorf("with %d of 20: got %q, want organisations named: %v", joined, warnings, want)
		}
	}
}

package reconcile_test

import (
	"fmt"
	"slices"
	"testing"

	"cdrmend/internal/reconcile/nighttest"
)

// A recording that covers nothing of a leg that lists it is another call's if a leg of
// another conversation lists it and overlaps it, however many legs list it.
func TestARecordingOfAnotherCallIsKnownAmongManyLegsThatListIt(t *testing.T) {
	entry := nighttest.Changed(nighttest.ItsEntry, func(e *nighttest.Entry) { e.Start, e.End = "12:00", "12:05" })
	for _, more := range []int{0, 5, 40} {
		for name, other := range map[string]struct {
			conversation, start, end string
			verdict                  string
		}{
			"of the same conversation":           {"c1", "12:00", "12:05", "partial"},
			"of another one":                     {"c2", "12:00", "12:05", "missing"},
			"of another one, which does not fit": {"c2", "13:00", "13:05", "partial"},
		} {
			t.Run(fmt.Sprintf("%s, %d more", name, more), func(t *testing.T) {
				legs := []nighttest.Leg{{Conversation: "c1", ID: "A", Recordings: "r1", Start: "10:00", End: "10:05"}}
				for i := range more {
					legs = append(legs, nighttest.Leg{Conversation: "c1", ID: fmt.Sprint("x", i), Recordings: "r1", Start: "10:00", End: "10:05"})
				}
				legs = append(legs, nighttest.Leg{Conversation: other.conversation, ID: "O", Recordings: "r1", Start: other.start, End: other.end})
				decided := nighttest.New().Add(entry).AddLegs(legs...).Decide(t)
				calls := nighttest.Columns(t, decided.CallRows, "leg_id", "verdict")
				if want := "A " + other.verdict; !slices.Contains(calls, want) {
					t.Errorf("calls %q, want %q among them", calls, want)
				}
			})
		}
	}
}

// Legs that have the same entries share one list of them. What a leg loses to another
// one must not be lost by all.
func TestLegsThatShareTheirEntriesLoseThemOneByOne(t *testing.T) {
	n := nighttest.New().OneForEachLeg()
	for i := range 3 {
		n.Add(nighttest.Entry{Recording: fmt.Sprint("r", i), Conversation: "c1", Start: fmt.Sprintf("10:00:0%d", i), End: fmt.Sprintf("10:05:0%d", i)})
	}
	var legs []nighttest.Leg
	for i := range 4 {
		legs = append(legs, nighttest.Leg{Conversation: "c1", ID: fmt.Sprint(i), Start: fmt.Sprintf("10:00:0%d", i), End: fmt.Sprintf("10:05:0%d", i)})
	}
	n.AddLegs(legs...).Decide(t).WantCalls("0 complete", "1 complete", "2 complete", "3 indeterminate contested")
}

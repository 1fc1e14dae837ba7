package reconcile_test

import (
	"testing"

	"cdrmend/internal/policy"
)

func TestOfTheRowsOfOneLegTheOneUpdatedLastCounts(t *testing.T) {
	early, late := leg{conversation: "c1", id: "1", start: "10:00", end: "10:05", updated: "10:06"}, leg{conversation: "c1", id: "1", start: "10:01", end: "10:05", updated: "10:07"}
	unended, ended := leg{conversation: "c1", id: "1", start: "10:00"}, leg{conversation: "c1", id: "1", start: "10:01", end: "10:05"}
	noUpdate := leg{conversation: "c1", id: "1", start: "10:02", end: "10:05"}
	for name, test := range map[string]struct {
		rows []leg
		want string // start of the row that counts
	}{
		"in order":                     {[]leg{early, late}, "10:01"},
		"out of order":                 {[]leg{late, early}, "10:01"},
		"an update before none":        {[]leg{early, noUpdate}, "10:00"},
		"the last row without updates": {[]leg{noUpdate, ended}, "10:01"},
		"an end before none":           {[]leg{ended, unended}, "10:01"},
		"an end after none":            {[]leg{unended, ended}, "10:01"},
		"three":                        {[]leg{early, late, noUpdate}, "10:01"},
	} {
		t.Run(name, func(t *testing.T) {
			ev := newEvidence().addLegs(test.rows...)
			d := ev.decide(t)
			if len(d.Legs) != 1 || d.Legs[0].Start != at(test.want) {
				t.Errorf("got %v of %v, want the row that starts at %s", d.Legs, ev.lines, test.want)
			}
			if got, want := d.Balance[policy.CDRs].Superseded, int64(len(test.rows)-1); got != want {
				t.Errorf("%d rows were superseded, want %d of %v", got, want, ev.lines)
			}
		})
	}
}

func TestRowsWithoutIDsAreOneLegOnlyIfTheyAreEqual(t *testing.T) {
	row, other := leg{conversation: "c1", trunk: "T1", start: "10:00", end: "10:05"}, leg{conversation: "c1", trunk: "T2", start: "10:00", end: "10:05"}
	ev := newEvidence().addLegs(row, other, row)
	d := ev.decide(t)
	if len(d.Legs) != 2 || d.Legs[0].Ref.Row != 0 || d.Legs[1].Ref.Row != 1 {
		t.Errorf("got %v, want the rows 0 and 1 of %v", d.Legs, ev.lines)
	}
}

func TestEqualIDsOfAnotherConversationAreAnotherLeg(t *testing.T) {
	newEvidence().addLegs(
		leg{conversation: "c1", id: "1", start: "10:00", end: "10:05"},
		leg{conversation: "c2", id: "1", start: "10:01", end: "10:05"},
	).decide(t).calls("1 missing", "1 missing")
}

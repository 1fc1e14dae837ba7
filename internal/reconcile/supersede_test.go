package reconcile_test

import (
	"strings"
	"testing"

	"cdrmend/internal/policy"
)

func TestOfTheVersionsOfALegTheOneUpdatedLastCounts(t *testing.T) {
	row := func(line, answer, end, updated string) leg {
		return leg{conversation: "c1", id: "1", line: line, start: "10:00", answer: answer, unanswered: answer == "", end: end, updated: updated}
	}
	noStart := leg{conversation: "c1", id: "1", line: "no start", unanswered: true, updated: "10:09"}
	for name, test := range map[string]struct {
		rows []leg
		want string // line of the row that counts
	}{
		"in order":                        {[]leg{row("a", "10:01", "10:05", "10:06"), row("b", "10:01", "10:05", "10:07")}, "b"},
		"out of order":                    {[]leg{row("a", "10:01", "10:05", "10:07"), row("b", "10:01", "10:05", "10:06")}, "a"},
		"an update before none":           {[]leg{row("a", "10:01", "10:05", "10:06"), row("b", "10:01", "10:05", "")}, "a"},
		"another end":                     {[]leg{row("a", "10:01", "10:05", "10:06"), row("b", "10:01", "10:08", "")}, "a"},
		"an end before none":              {[]leg{row("a", "10:01", "10:05", "10:06"), row("b", "10:01", "", "10:06")}, "a"},
		"an answer before none":           {[]leg{row("a", "10:01", "10:05", ""), row("b", "", "10:05", "")}, "a"},
		"an end before an answer":         {[]leg{row("a", "", "10:05", "10:06"), row("b", "10:01", "", "10:06")}, "a"},
		"the last of equal ones":          {[]leg{row("a", "10:01", "10:05", ""), row("b", "10:01", "10:05", "")}, "b"},
		"one without an end, not updated": {[]leg{row("a", "10:01", "", ""), row("b", "10:01", "10:05", "")}, "b"},
		"one without a start":             {[]leg{row("a", "10:01", "10:05", "10:06"), noStart}, "no start"},
		"three":                           {[]leg{row("a", "10:01", "10:05", "10:06"), row("b", "10:01", "10:04", "10:07"), row("c", "10:01", "10:05", "")}, "b"},
	} {
		t.Run(name, func(t *testing.T) {
			ev := newNight().addLegs(test.rows...)
			d := ev.decide(t)
			if len(d.Legs) != 1 || ev.Texts.String(d.Legs[0].Line) != test.want {
				t.Errorf("got %v of %v, want the row %s", d.Legs, ev.lines, test.want)
			}
			if got, want := d.Balance[policy.CDRs].Superseded, int64(len(test.rows)-1); got != want {
				t.Errorf("%d rows were superseded, want %d of %v", got, want, ev.lines)
			}
		})
	}
}

func TestRowsOfOneIDAreOtherLegs(t *testing.T) {
	row := func(line, start, end, updated string) leg {
		return leg{conversation: "c1", id: "1", line: line, start: start, end: end, updated: updated}
	}
	for name, test := range map[string]struct {
		rows   []leg
		lines  string // of the legs, in the order of their rows
		reused int64
	}{
		"that start at other times":              {[]leg{row("a", "10:00", "10:05", "10:06"), row("b", "10:01", "10:05", "10:07")}, "a b", 1},
		"that end at other times, never updated": {[]leg{row("a", "10:00", "10:05", ""), row("b", "10:00", "10:06", "")}, "a b", 1},
		"though one of three was updated":        {[]leg{row("a", "10:00", "10:05", ""), row("b", "10:00", "10:06", "10:07"), row("c", "11:00", "11:06", "")}, "b c", 1},
		"of which one begins before the day":     {[]leg{row("a", "10:00", "10:05", ""), row("b", "-1:00", "10:06", "")}, "a b", 1},
		// A row without an end is a version of the leg that ends first.
		"and one without an end":   {[]leg{row("a", "10:00", "10:06", ""), row("b", "10:00", "", ""), row("c", "10:00", "10:05", "")}, "a c", 1},
		"and one without a start":  {[]leg{row("a", "10:00", "10:05", ""), row("b", "10:01", "10:05", ""), row("c", "", "10:05", "")}, "a b", 1},
		"of which none is another": {[]leg{row("a", "10:00", "10:05", "")}, "a", 0},
	} {
		t.Run(name, func(t *testing.T) {
			ev := newNight().addLegs(test.rows...)
			d := ev.decide(t)
			var lines []string
			for i := range d.Legs {
				lines = append(lines, ev.Texts.String(d.Legs[i].Line))
			}
			if got := strings.Join(lines, " "); got != test.lines || d.ReusedLegIDs != test.reused {
				t.Errorf("got the legs %q and %d reused ids, want %q and %d of %v", got, d.ReusedLegIDs, test.lines, test.reused, ev.lines)
			}
		})
	}
}

func TestARowThatLostToALegOfAnotherDayIsOfTheMargin(t *testing.T) {
	before := leg{conversation: "c1", id: "1", start: "-1:00", end: "-1:05"}
	if b := newNight().addLegs(before, before).decide(t).Balance[policy.CDRs]; b.Superseded != 0 || b.Margin != 2 {
		t.Errorf("got the balance %+v, want two rows of the margin", b)
	}
}

func TestRowsWithoutIDsAreOneLegOnlyIfTheyAreEqual(t *testing.T) {
	row, other := leg{conversation: "c1", trunk: "T1", start: "10:00", end: "10:05"}, leg{conversation: "c1", trunk: "T2", start: "10:00", end: "10:05"}
	ev := newNight().addLegs(row, other, row)
	d := ev.decide(t)
	if len(d.Legs) != 2 || d.Legs[0].Ref.Row != 0 || d.Legs[1].Ref.Row != 1 {
		t.Errorf("got %v, want the rows 0 and 1 of %v", d.Legs, ev.lines)
	}
}

func TestEqualIDsOfAnotherConversationAreAnotherLeg(t *testing.T) {
	newNight().addLegs(
		leg{conversation: "c1", id: "1", start: "10:00", end: "10:05"},
		leg{conversation: "c2", id: "1", start: "10:01", end: "10:05"},
	).decide(t).calls("1 missing", "1 missing")
}

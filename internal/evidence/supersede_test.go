package evidence_test

import (
	"strings"
	"testing"

	"cdrmend/internal/policy"
	"cdrmend/internal/reconcile/nighttest"
)

func TestOfTheVersionsOfALegTheOneUpdatedLastCounts(t *testing.T) {
	row := func(line, answer, end, updated string) nighttest.Leg {
		return nighttest.Leg{Conversation: "c1", ID: "1", Line: line, Start: "10:00", Answer: answer, Unanswered: answer == "", End: end, Updated: updated}
	}
	noStart := nighttest.Leg{Conversation: "c1", ID: "1", Line: "no start", Unanswered: true, Updated: "10:09"}
	for name, test := range map[string]struct {
		rows []nighttest.Leg
		want string // line of the row that counts
	}{
		"in order":                        {[]nighttest.Leg{row("a", "10:01", "10:05", "10:06"), row("b", "10:01", "10:05", "10:07")}, "b"},
		"out of order":                    {[]nighttest.Leg{row("a", "10:01", "10:05", "10:07"), row("b", "10:01", "10:05", "10:06")}, "a"},
		"an update before none":           {[]nighttest.Leg{row("a", "10:01", "10:05", "10:06"), row("b", "10:01", "10:05", "")}, "a"},
		"another end":                     {[]nighttest.Leg{row("a", "10:01", "10:05", "10:06"), row("b", "10:01", "10:08", "")}, "a"},
		"an end before none":              {[]nighttest.Leg{row("a", "10:01", "10:05", "10:06"), row("b", "10:01", "", "10:06")}, "a"},
		"an answer before none":           {[]nighttest.Leg{row("a", "10:01", "10:05", ""), row("b", "", "10:05", "")}, "a"},
		"an end before an answer":         {[]nighttest.Leg{row("a", "", "10:05", "10:06"), row("b", "10:01", "", "10:06")}, "a"},
		"the last of equal ones":          {[]nighttest.Leg{row("a", "10:01", "10:05", ""), row("b", "10:01", "10:05", "")}, "b"},
		"one without an end, not updated": {[]nighttest.Leg{row("a", "10:01", "", ""), row("b", "10:01", "10:05", "")}, "b"},
		"one without a start":             {[]nighttest.Leg{row("a", "10:01", "10:05", "10:06"), noStart}, "no start"},
		"three":                           {[]nighttest.Leg{row("a", "10:01", "10:05", "10:06"), row("b", "10:01", "10:04", "10:07"), row("c", "10:01", "10:05", "")}, "b"},
	} {
		t.Run(name, func(t *testing.T) {
			ev := nighttest.New().AddLegs(test.rows...)
			d := ev.Decide(t)
			if len(d.Legs) != 1 || ev.Texts.String(d.Legs[0].Line) != test.want {
				t.Errorf("got %v of %v, want the row %s", d.Legs, ev.Added, test.want)
			}
			if got, want := d.Balance[policy.CDRs].Superseded, int64(len(test.rows)-1); got != want {
				t.Errorf("%d rows were superseded, want %d of %v", got, want, ev.Added)
			}
		})
	}
}

func TestRowsOfOneIDAreOtherLegs(t *testing.T) {
	row := func(line, start, end, updated string) nighttest.Leg {
		return nighttest.Leg{Conversation: "c1", ID: "1", Line: line, Start: start, End: end, Updated: updated}
	}
	for name, test := range map[string]struct {
		rows   []nighttest.Leg
		lines  string // of the legs, in the order of their rows
		reused int64
	}{
		"that start at other times":              {[]nighttest.Leg{row("a", "10:00", "10:05", "10:06"), row("b", "10:01", "10:05", "10:07")}, "a b", 1},
		"that end at other times, never updated": {[]nighttest.Leg{row("a", "10:00", "10:05", ""), row("b", "10:00", "10:06", "")}, "a b", 1},
		"though one of three was updated":        {[]nighttest.Leg{row("a", "10:00", "10:05", ""), row("b", "10:00", "10:06", "10:07"), row("c", "11:00", "11:06", "")}, "b c", 1},
		"of which one begins before the day":     {[]nighttest.Leg{row("a", "10:00", "10:05", ""), row("b", "-1:00", "10:06", "")}, "a b", 1},
		// A row without an end is a version of the leg that ends first.
		"and one without an end":   {[]nighttest.Leg{row("a", "10:00", "10:06", ""), row("b", "10:00", "", ""), row("c", "10:00", "10:05", "")}, "a c", 1},
		"and one without a start":  {[]nighttest.Leg{row("a", "10:00", "10:05", ""), row("b", "10:01", "10:05", ""), row("c", "", "10:05", "")}, "a b", 1},
		"of which none is another": {[]nighttest.Leg{row("a", "10:00", "10:05", "")}, "a", 0},
	} {
		t.Run(name, func(t *testing.T) {
			ev := nighttest.New().AddLegs(test.rows...)
			d := ev.Decide(t)
			var lines []string
			for i := range d.Legs {
				lines = append(lines, ev.Texts.String(d.Legs[i].Line))
			}
			if got := strings.Join(lines, " "); got != test.lines || d.ReusedLegIDs != test.reused {
				t.Errorf("got the legs %q and %d reused ids, want %q and %d of %v", got, d.ReusedLegIDs, test.lines, test.reused, ev.Added)
			}
		})
	}
}

func TestARowThatLostToALegOfAnotherDayIsOfTheMargin(t *testing.T) {
	before := nighttest.Leg{Conversation: "c1", ID: "1", Start: "-1:00", End: "-1:05"}
	if b := nighttest.New().AddLegs(before, before).Decide(t).Balance[policy.CDRs]; b.Superseded != 0 || b.Margin != 2 {
		t.Errorf("got the balance %+v, want two rows of the margin", b)
	}
}

func TestRowsWithoutIDsAreOneLegOnlyIfTheyAreEqual(t *testing.T) {
	row, other := nighttest.Leg{Conversation: "c1", Trunk: "T1", Start: "10:00", End: "10:05"}, nighttest.Leg{Conversation: "c1", Trunk: "T2", Start: "10:00", End: "10:05"}
	ev := nighttest.New().AddLegs(row, other, row)
	d := ev.Decide(t)
	if len(d.Legs) != 2 || d.Legs[0].Ref.Row != 0 || d.Legs[1].Ref.Row != 1 {
		t.Errorf("got %v, want the rows 0 and 1 of %v", d.Legs, ev.Added)
	}
}

func TestEqualIDsOfAnotherConversationAreAnotherLeg(t *testing.T) {
	nighttest.New().AddLegs(
		nighttest.Leg{Conversation: "c1", ID: "1", Start: "10:00", End: "10:05"},
		nighttest.Leg{Conversation: "c2", ID: "1", Start: "10:01", End: "10:05"},
	).Decide(t).WantCalls("1 missing", "1 missing")
}

package evidence_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"cdrmend/internal/policy"
	"cdrmend/internal/profile"
	"cdrmend/internal/reconcile/nighttest"
	"cdrmend/internal/record"
)

func TestALegThatComesInHalvesEndsAtTheFirstStopAfterItsStart(t *testing.T) {
	start := func(line, at string) nighttest.Leg {
		return nighttest.Leg{Conversation: "c1", ID: "1", Line: line, Start: at}
	}
	stop := func(line, at string) nighttest.Leg {
		return nighttest.Leg{Conversation: "c1", ID: "1", Line: line, Answer: at, End: at}
	}
	whole := func(line, from, until string) nighttest.Leg {
		return nighttest.Leg{Conversation: "c1", ID: "1", Line: line, Start: from, End: until, Unanswered: true}
	}
	for name, test := range map[string]struct {
		rows []nighttest.Leg
		want string // the legs that count: line, start and end
	}{
		"in order":                        {[]nighttest.Leg{start("a", "10:00"), stop("b", "10:05")}, "a 10:00 10:05"},
		"the stop is read first":          {[]nighttest.Leg{stop("b", "10:05"), start("a", "10:00")}, "a 10:00 10:05"},
		"at one instant":                  {[]nighttest.Leg{stop("b", "10:00"), start("a", "10:00")}, "a 10:00 10:00"},
		"started again before it ended":   {[]nighttest.Leg{start("a", "10:00"), start("b", "10:02"), stop("c", "10:05")}, "a 10:00 10:05"},
		"stopped twice":                   {[]nighttest.Leg{start("a", "10:00"), stop("b", "10:05"), stop("c", "10:06")}, "a 10:00 10:05"},
		"two legs of one id":              {[]nighttest.Leg{start("a", "10:00"), stop("b", "10:05"), start("c", "11:00"), stop("d", "11:05")}, "a 10:00 10:05, c 11:00 11:05"},
		"delivered twice":                 {[]nighttest.Leg{start("a", "10:00"), start("a", "10:00"), stop("b", "10:05"), stop("b", "10:05")}, "a 10:00 10:05"},
		"never stopped":                   {[]nighttest.Leg{start("a", "10:00"), start("b", "10:02")}, "a 10:00 "},
		"stops only":                      {[]nighttest.Leg{stop("a", "10:05"), stop("b", "10:06")}, "a  10:05"},
		"a refusal and then a leg":        {[]nighttest.Leg{whole("a", "10:00", "10:00"), start("b", "10:01"), stop("c", "10:05")}, "a 10:00 10:00, b 10:01 10:05"},
		"of a stop that came in too soon": {[]nighttest.Leg{stop("a", "09:59"), start("b", "10:00"), stop("c", "10:05")}, "a  09:59, b 10:00 10:05"},
	} {
		t.Run(name, func(t *testing.T) {
			ev := nighttest.New()
			p := *ev.Sources[nighttest.CDRs].Profile
			p.Decoder = profile.StartStop
			ev.Sources[nighttest.CDRs].Profile = &p
			d := ev.AddLegs(test.rows...).Decide(t)

			var legs []string
			for i := range d.Legs {
				l := &d.Legs[i]
				legs = append(legs, ev.Texts.String(l.Line)+" "+clock(l.Start.String())+" "+clock(l.End.String()))
			}
			slices.Sort(legs)
			if got := strings.Join(legs, ", "); got != test.want {
				t.Errorf("got %q, want %q of %v", got, test.want, ev.Added)
			}
			if got, want := d.Balance[policy.CDRs].Superseded, int64(len(test.rows)-len(legs)); got != want {
				t.Errorf("%d rows were superseded, want %d of %v", got, want, ev.Added)
			}
		})
	}
}

// clock returns the hour and minute of a time, nothing of a missing one.
func clock(time string) string {
	_, text, _ := strings.Cut(time, "T")
	if len(text) < 5 {
		return ""
	}
	return text[:5]
}

func TestAStopAloneMayHaveARecordingBeforeWhatWasRead(t *testing.T) {
	stop := nighttest.Leg{Conversation: "c1", ID: "1", Line: "a", Answer: "10:05", End: "10:05"}
	for name, test := range map[string]struct {
		decoder string
		rows    []nighttest.Leg
		want    string
	}{
		"alone":             {profile.StartStop, []nighttest.Leg{stop}, "indeterminate inputs"},
		"with its start":    {profile.StartStop, []nighttest.Leg{stop, {Conversation: "c1", ID: "1", Line: "a", Start: "10:00", Answer: "10:00"}}, "missing "},
		"of another source": {"", []nighttest.Leg{stop}, "missing "},
	} {
		t.Run(name, func(t *testing.T) {
			ev := nighttest.New()
			p := *ev.Sources[nighttest.CDRs].Profile
			p.Decoder = test.decoder
			ev.Sources[nighttest.CDRs].Profile = &p
			d := ev.Add(nighttest.Entry{Recording: "r2", Conversation: "c2", Start: "10:00", End: "10:05"}).AddLegs(test.rows...).Decide(t)

			for i := range d.Calls {
				if got := d.Calls[i].Verdict.String() + " " + ev.Texts.String(d.Calls[i].Reason); got != test.want {
					t.Errorf("got %q, want %q of %v", got, test.want, ev.Added)
				}
			}
		})
	}
}

func TestTheRowThatEndsALegIsKnown(t *testing.T) {
	ev := nighttest.New()
	p := *ev.Sources[nighttest.CDRs].Profile
	p.Decoder = profile.StartStop
	ev.Sources[nighttest.CDRs].Profile = &p
	d := ev.AddLegs(
		nighttest.Leg{Conversation: "c1", ID: "1", Line: "a", Answer: "10:05", End: "10:05"},
		nighttest.Leg{Conversation: "c2", ID: "1", Line: "b", Start: "10:00", Answer: "10:00"},
		nighttest.Leg{Conversation: "c1", ID: "1", Line: "c", Start: "10:00", Answer: "10:00"},
		nighttest.Leg{Conversation: "c2", ID: "1", Line: "d", Answer: "10:06", End: "10:06"},
	).Decide(t)

	var got []string
	for i := range d.Legs {
		if stop, ok := d.StopOf(d.Legs[i].Ref); ok {
			got = append(got, fmt.Sprintf("%d ends at row %d", d.Legs[i].Ref.Row, stop.Row))
		}
	}
	slices.Sort(got)
	if want := []string{"1 ends at row 3", "2 ends at row 0"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if _, ok := d.StopOf(record.Ref{Object: 99}); ok {
		t.Error("a row that is none has a stop")
	}
}

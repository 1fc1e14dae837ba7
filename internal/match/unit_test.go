package match_test

import (
	"fmt"
	"strings"
	"testing"

	"cdrmend/internal/profile"
	"cdrmend/internal/reconcile/nighttest"
	"cdrmend/internal/record"
)

// units is a night of recordings. The last one lacks its end.
type units struct {
	n       int                             // recordings
	profile string                          // empty: one of one's own
	entry   func(i int, e *nighttest.Entry) // changes the i-th
	leg     func(i int, l *nighttest.Leg)   // changes its leg
}

func (u units) night() *nighttest.Night {
	night := nighttest.New(record.EndTime)
	night.Sources[nighttest.Manifests].Profile = &profile.Profile{Name: u.profile, Fields: map[record.Field][]profile.Place{record.DurationMS: profile.At("/duration")}}
	for i := range u.n {
		start, end := fmt.Sprintf("%02d:%02d", 8+i/60, i%60), fmt.Sprintf("%02d:%02d:30", 8+i/60, i%60)
		id := fmt.Sprint("r", i)
		e := nighttest.Entry{Recording: id, Conversation: "c" + id, Start: start, End: end, MS: 30}
		l := nighttest.Leg{Conversation: "c" + id, ID: "1", Recordings: id, Start: start, Answer: start, End: end}
		if i == u.n-1 {
			e.End = ""
		}
		if u.entry != nil {
			u.entry(i, &e)
		}
		if u.leg != nil {
			u.leg(i, &l)
		}
		night.Add(e)
		night.AddLegs(l)
	}
	return night
}

func TestDurationsInSecondsTakePartInNoArithmetic(t *testing.T) {
	noEnds := func(_ int, e *nighttest.Entry) { e.End = "" }
	for name, test := range map[string]struct {
		units
		odd bool
	}{
		"a thousand times the duration is the length": {units{n: 25}, true},
		"at least 20 show it":                         {units{n: 21, leg: func(i int, l *nighttest.Leg) { l.Recordings += " x" }}, true},
		"fewer do not":                                {units{n: 20, leg: func(i int, l *nighttest.Leg) { l.Recordings += " x" }}, false},
		"the only leg that lists it is as good":       {units{n: 20, entry: noEnds}, true},
		"one that lists two is not":                   {units{n: 25, entry: noEnds, leg: func(i int, l *nighttest.Leg) { l.Recordings += " x" }}, false},
		"so is the only leg of its conversation":      {units{n: 20, entry: noEnds, leg: func(i int, l *nighttest.Leg) { l.Recordings = "" }}, true},
		"but not of two recordings": {units{n: 20, entry: func(i int, e *nighttest.Entry) {
			e.End, e.Conversation = "", fmt.Sprint("cr", i/2*2)
		}, leg: func(i int, l *nighttest.Leg) { l.Recordings = "" }}, false},
		"a leg counts from its answer, too": {units{n: 20, entry: noEnds, leg: func(i int, l *nighttest.Leg) { l.Start = "07:00" }}, true},
		"one duration in milliseconds": {units{n: 100, entry: func(i int, e *nighttest.Entry) {
			if i == 7 {
				e.MS = 30_000
			}
		}}, false},
		"one in eleven that is neither": {units{n: 33, entry: func(i int, e *nighttest.Entry) {
			if i%11 == 0 {
				e.MS = 7
			}
		}}, true},
		"one in nine that is neither": {units{n: 36, entry: func(i int, e *nighttest.Entry) {
			if i%9 == 0 {
				e.MS = 7
			}
		}}, false},
		"within two seconds":                         {units{n: 25, entry: func(i int, e *nighttest.Entry) { e.MS = 32 }}, true},
		"not within two seconds":                     {units{n: 25, entry: func(i int, e *nighttest.Entry) { e.MS = 33 }}, false},
		"in milliseconds":                            {units{n: 25, entry: func(i int, e *nighttest.Entry) { e.MS = 30_000 }}, false},
		"a profile that is built in has fixed units": {units{n: 25, profile: "cdrmend"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			d := test.night().Decide(t)
			var warned []string
			for _, w := range d.Notices.Warnings {
				if strings.Contains(w, "durations of source m are in seconds") {
					warned = append(warned, w)
				}
			}
			last := nighttest.Columns(t, d.RepairRows("day"), "entry", "field", "rule")
			if (len(warned) > 0) != test.odd {
				t.Fatalf("warnings %q, want one: %v", d.Notices.Warnings, test.odd)
			}
			if test.odd && len(last) > 0 {
				t.Errorf("repaired: %q", last)
			}
		})
	}
}

func TestDurationsInSecondsContradictNothing(t *testing.T) {
	d := units{n: 25}.night().Decide(t)
	d.WantFindings("missing_field open r24 end_time")
	d = units{n: 19}.night().Decide(t)
	for _, f := range nighttest.Columns(t, d.FindingRows, "class", "field", "recording_id") {
		if !strings.HasPrefix(f, "conflict duration_ms") && f != "repaired_field end_time r18" && !strings.HasPrefix(f, "short_recording") {
			t.Errorf("without evidence of the unit: %s", f)
		}
	}
}

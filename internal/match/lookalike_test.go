package match_test

import (
	"testing"

	"cdrmend/internal/reconcile/nighttest"
)

func TestALegWithoutAnEntryMayHaveOneThatLooksLikeIt(t *testing.T) {
	l := nighttest.Leg{Conversation: "c1", ID: "A", Line: "L1", ANI: "+491", DNIS: "+492", Start: "10:00", Answer: "10:01", End: "10:05"}
	e := nighttest.Entry{Recording: "r1", Conversation: "x", Line: "L1", Start: "10:00", End: "10:05"}
	parties := nighttest.Changed(e, func(e *nighttest.Entry) { e.Line, e.ANI, e.DNIS = "", "+491", "+492" })
	const alike, lost = "A indeterminate possible", "A missing"
	for name, test := range map[string]struct {
		entries []nighttest.Entry
		legs    []nighttest.Leg
		want    string
	}{
		"times and line":                  {[]nighttest.Entry{e}, nil, alike},
		"times and both parties":          {[]nighttest.Entry{parties}, nil, alike},
		"from the answer on":              {[]nighttest.Entry{nighttest.Changed(e, func(e *nighttest.Entry) { e.Start = "10:01:02" })}, nil, alike},
		"within the tolerance":            {[]nighttest.Entry{nighttest.Changed(e, func(e *nighttest.Entry) { e.Start, e.End = "09:59:58", "10:05:02" })}, nil, alike},
		"ends too late":                   {[]nighttest.Entry{nighttest.Changed(e, func(e *nighttest.Entry) { e.End = "10:05:02.1" })}, nil, lost},
		"ends too early":                  {[]nighttest.Entry{nighttest.Changed(e, func(e *nighttest.Entry) { e.End = "10:04:57.9" })}, nil, lost},
		"begins at neither time":          {[]nighttest.Entry{nighttest.Changed(e, func(e *nighttest.Entry) { e.Start = "10:00:30" })}, nil, lost},
		"another line":                    {[]nighttest.Entry{nighttest.Changed(e, func(e *nighttest.Entry) { e.Line = "L2" })}, nil, lost},
		"one party only":                  {[]nighttest.Entry{nighttest.Changed(parties, func(e *nighttest.Entry) { e.DNIS = "+493" })}, nil, lost},
		"another organisation":            {[]nighttest.Entry{nighttest.Changed(e, func(e *nighttest.Entry) { e.Org = "other" })}, nil, lost},
		"media that is gone":              {[]nighttest.Entry{nighttest.Changed(e, func(e *nighttest.Entry) { e.State = "absent" })}, nil, lost},
		"media that is promised":          {[]nighttest.Entry{nighttest.Changed(e, func(e *nighttest.Entry) { e.State = "queued" })}, nil, lost},
		"a screen":                        {[]nighttest.Entry{nighttest.Changed(e, func(e *nighttest.Entry) { e.Subtype = "screen" })}, nil, lost},
		"without times":                   {[]nighttest.Entry{nighttest.Changed(e, func(e *nighttest.Entry) { e.Start = "" })}, nil, lost},
		"two of them":                     {[]nighttest.Entry{e, nighttest.Changed(e, func(e *nighttest.Entry) { e.Recording = "r2" })}, nil, lost},
		"a leg lists it":                  {[]nighttest.Entry{e}, []nighttest.Leg{{Conversation: "c2", ID: "B", Recordings: "r1", Start: "10:00", End: "10:05", Unanswered: true}}, lost},
		"its conversation has a leg":      {[]nighttest.Entry{e}, []nighttest.Leg{{Conversation: "x", ID: "B", Start: "20:00", End: "20:05", Unanswered: true}}, lost},
		"another leg looks like it":       {[]nighttest.Entry{e}, []nighttest.Leg{nighttest.Changed(l, func(l *nighttest.Leg) { l.Conversation = "c2" })}, lost},
		"the other need not be recorded":  {[]nighttest.Entry{e}, []nighttest.Leg{nighttest.Changed(l, func(l *nighttest.Leg) { l.Conversation, l.Unanswered, l.Answer = "c2", true, "" })}, alike},
		"a leg without an end is unknown": {[]nighttest.Entry{e}, []nighttest.Leg{nighttest.Changed(l, func(l *nighttest.Leg) { l.Conversation, l.End = "c2", "" })}, alike},
	} {
		t.Run(name, func(t *testing.T) {
			d := nighttest.New().Add(test.entries...).AddLegs(append([]nighttest.Leg{l}, test.legs...)...).Decide(t)
			if got := nighttest.Columns(t, d.CallRows, "leg_id", "verdict", "reason"); got[0] != test.want {
				t.Errorf("got %q, want %q of %v", got[0], test.want, d.Night.Added)
			}
		})
	}
}

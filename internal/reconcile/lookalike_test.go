package reconcile_test

import "testing"

func TestALegWithoutAnEntryMayHaveOneThatLooksLikeIt(t *testing.T) {
	l := leg{conversation: "c1", id: "A", line: "L1", ani: "+491", dnis: "+492", start: "10:00", answer: "10:01", end: "10:05"}
	e := entry{recording: "r1", conversation: "x", line: "L1", start: "10:00", end: "10:05"}
	parties := changed(e, func(e *entry) { e.line, e.ani, e.dnis = "", "+491", "+492" })
	const alike, lost = "A indeterminate possible", "A missing"
	for name, test := range map[string]struct {
		entries []entry
		legs    []leg
		want    string
	}{
		"times and line":                  {[]entry{e}, nil, alike},
		"times and both parties":          {[]entry{parties}, nil, alike},
		"from the answer on":              {[]entry{changed(e, func(e *entry) { e.start = "10:01:02" })}, nil, alike},
		"within the tolerance":            {[]entry{changed(e, func(e *entry) { e.start, e.end = "09:59:58", "10:05:02" })}, nil, alike},
		"ends too late":                   {[]entry{changed(e, func(e *entry) { e.end = "10:05:02.1" })}, nil, lost},
		"ends too early":                  {[]entry{changed(e, func(e *entry) { e.end = "10:04:57.9" })}, nil, lost},
		"begins at neither time":          {[]entry{changed(e, func(e *entry) { e.start = "10:00:30" })}, nil, lost},
		"another line":                    {[]entry{changed(e, func(e *entry) { e.line = "L2" })}, nil, lost},
		"one party only":                  {[]entry{changed(parties, func(e *entry) { e.dnis = "+493" })}, nil, lost},
		"another organisation":            {[]entry{changed(e, func(e *entry) { e.org = "other" })}, nil, lost},
		"media that is gone":              {[]entry{changed(e, func(e *entry) { e.state = "absent" })}, nil, lost},
		"media that is promised":          {[]entry{changed(e, func(e *entry) { e.state = "queued" })}, nil, lost},
		"a screen":                        {[]entry{changed(e, func(e *entry) { e.subtype = "screen" })}, nil, lost},
		"without times":                   {[]entry{changed(e, func(e *entry) { e.start = "" })}, nil, lost},
		"two of them":                     {[]entry{e, changed(e, func(e *entry) { e.recording = "r2" })}, nil, lost},
		"a leg lists it":                  {[]entry{e}, []leg{{conversation: "c2", id: "B", recordings: "r1", start: "10:00", end: "10:05", unanswered: true}}, lost},
		"its conversation has a leg":      {[]entry{e}, []leg{{conversation: "x", id: "B", start: "20:00", end: "20:05", unanswered: true}}, lost},
		"another leg looks like it":       {[]entry{e}, []leg{changed(l, func(l *leg) { l.conversation = "c2" })}, lost},
		"the other need not be recorded":  {[]entry{e}, []leg{changed(l, func(l *leg) { l.conversation, l.unanswered, l.answer = "c2", true, "" })}, alike},
		"a leg without an end is unknown": {[]entry{e}, []leg{changed(l, func(l *leg) { l.conversation, l.end = "c2", "" })}, alike},
	} {
		t.Run(name, func(t *testing.T) {
			d := newNight().add(test.entries...).addLegs(append([]leg{l}, test.legs...)...).decide(t)
			if got := columns(t, d.CallRows, "leg_id", "verdict", "reason"); got[0] != test.want {
				t.Errorf("got %q, want %q of %v", got[0], test.want, d.ev.lines)
			}
		})
	}
}

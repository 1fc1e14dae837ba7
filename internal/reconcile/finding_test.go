package reconcile_test

import (
	"cmp"
	"strings"
	"testing"

	"cdrmend/internal/evidence"
	"cdrmend/internal/intern"
	"cdrmend/internal/manifest"
	"cdrmend/internal/policy"
	"cdrmend/internal/profile"
	"cdrmend/internal/reconcile"
	"cdrmend/internal/record"
)

func TestAnAcceptedFindingNeedsNobodysAttention(t *testing.T) {
	missing := func() *night {
		return newNight().addLegs(leg{conversation: "c1", id: "1", recordings: "r1", start: "10:00", end: "10:05"})
	}
	var id string
	for f := range missing().decide(t).Findings {
		id = f.IDText()
	}
	for _, damaged := range []bool{false, true} {
		ev := missing()
		ev.Policy.Accepted = map[string]bool{id: true}
		if damaged {
			ev.damage(manifests)
		}
		d := ev.decide(t)
		d.findings("missing_recording accepted r1")
		if b := d.Balance[policy.CDRs]; b.WithFindings != 0 || b.Untouched != 1 {
			t.Errorf("got the balance %+v, want one untouched leg", b)
		}
		if d.Notices.Undecided != damaged {
			t.Errorf("undecided: %v, want %v: damage may hide more than what was accepted", d.Notices.Undecided, damaged)
		}
	}
}

func TestAnEntrysStateFollowsFromItsFindings(t *testing.T) {
	lists := leg{conversation: "c1", id: "1", recordings: "r1", trunk: "T1", start: "10:00", end: "10:05"}
	for name, test := range map[string]struct {
		ev   *night
		want reconcile.RecordingStatus
	}{
		"nothing":            {newNight().add(entry{recording: "r1", start: "10:00", end: "10:05"}).addLegs(lists), reconcile.RecordingIntact},
		"a minor one":        {newNight().add(entry{recording: "r1", start: "10:00", end: "10:05"}), reconcile.RecordingIntact},
		"a repair":           {newNight(record.TrunkID).add(entry{recording: "r1", start: "10:00", end: "10:05"}).addLegs(lists), reconcile.RecordingRepaired},
		"a major one":        {newNight(record.LineID).add(entry{recording: "r1", start: "10:00", end: "10:05"}).addLegs(lists), reconcile.RecordingOpen},
		"repair and a major": {newNight(record.TrunkID, record.LineID).add(entry{recording: "r1", start: "10:00", end: "10:05"}).addLegs(lists), reconcile.RecordingOpen},
	} {
		t.Run(name, func(t *testing.T) {
			if d := test.ev.decide(t); d.Recordings[0].Status != test.want {
				t.Errorf("got %v, want %v of %v", d.Recordings[0].Status, test.want, test.ev.lines)
			}
		})
	}
}

func TestOnlyLaterEntriesOfARecordingAreDuplicates(t *testing.T) {
	first := entry{recording: "r1", conversation: "c1", start: "10:00", end: "10:05"}
	other := entry{recording: "r1", conversation: "c1", start: "10:00", end: "10:04"}
	ev := newNight().add(first, first, other).addLegs(leg{conversation: "c1", id: "1", recordings: "r1", start: "10:00", end: "10:05"})
	ev.decide(t).findings("duplicate open r1 same", "duplicate open r1 differing")
}

func TestAnEntryConflictsWithTheIDsThatLegsNameInstead(t *testing.T) {
	ev := newNight().add(entry{recording: "r1", conversation: "c1", trunk: "T1", start: "10:00", end: "10:05"}).addLegs(
		leg{conversation: "c3", id: "1", recordings: "r1", start: "10:00", end: "10:05"},
		leg{conversation: "c2", id: "2", recordings: "r1", start: "10:00", end: "10:05"},
		leg{conversation: "c1", id: "3", trunk: "T2", start: "11:00", end: "11:05", unanswered: true},
	)
	ev.decide(t).findings(
		"conflict open r1 conversation_id entry=c1;other=c2;source=cdr",
		"conflict open r1 trunk_id entry=T1;other=T2;source=cdr",
	)
}

func TestATruncatedDocumentIsReportedByItsInterval(t *testing.T) {
	ev := newNight()
	ev.Documents[0].Extra = &manifest.Extra{Total: 3, Failed: 1, Truncated: &manifest.Break{Offset: 40, Entries: 2}}
	want := []string{
		"count_mismatch open total=3;found=0",
		"export_failed open failed=1",
		"truncated_document open offset=40;entries=2",
	}
	ev.decide(t).findings(want...)

	ev.Interval = record.Span{Start: at("24:00"), End: at("48:00")}
	ev.decide(t).findings()
}

// tenMinutes is a leg that lists r1, and whole its recording.
var (
	tenMinutes = leg{conversation: "c1", id: "1", recordings: "r1", start: "10:00", end: "10:10"}
	whole      = entry{recording: "r1", conversation: "c1", trunk: "T1", start: "10:00", end: "10:10"}
)

func TestEachListedRecordingThatIsNowhereIsOneFinding(t *testing.T) {
	l := tenMinutes
	l.recordings = "r1 r2 r3"
	d := newNight().add(whole).addLegs(l).decide(t)
	d.findings("missing_recording open r2", "missing_recording open r3")
}

func TestAnEntryWithoutALegIsAnOpenFindingOnlyWhenAllLegsAreKnown(t *testing.T) {
	newNight().add(whole).decide(t).findings("no_cdr open r1")
	newNight().add(whole).damage(cdrs).decide(t).findings("no_cdr indeterminate r1")
}

func TestADurationConflictsBeyondTheTolerance(t *testing.T) {
	for ms, want := range map[int64][]string{
		300_000: nil,
		301_000: nil,
		299_000: nil,
		301_001: {"conflict open r1 duration_ms entry=301001;other=300000;source=arithmetic"},
		298_999: {"conflict open r1 duration_ms entry=298999;other=300000;source=arithmetic"},
	} {
		ev := newNight().add(entry{recording: "r1", start: "10:00", end: "10:05", ms: ms})
		ev.addLegs(leg{conversation: "c1", id: "1", recordings: "r1", start: "10:00", end: "10:05"})
		ev.decide(t).findings(want...)
	}
}

func TestTimesThatContradictTheDurationAreAConflict(t *testing.T) {
	e := whole
	e.ms = 599_000
	newNight().add(e).addLegs(tenMinutes).decide(t).findings() // within the tolerance
	e.ms = 500_000
	newNight().add(e).addLegs(tenMinutes).decide(t).findings(
		"conflict open r1 duration_ms entry=500000;other=600000;source=arithmetic",
		"short_recording open 100000", // it covers no more than its duration
	)
}

func TestAValueOfALegThatDoesNotParseIsAFindingOfTheLeg(t *testing.T) {
	l := tenMinutes
	l.invalid = record.AnswerTime
	newNight().add(whole).addLegs(l).decide(t).findings("invalid_field open answer_time ?")
}

func TestAMissingRecordingSaysWhatThereIsInstead(t *testing.T) {
	lists := tenMinutes
	nameless := changed(tenMinutes, func(l *leg) { l.recordings = "" })
	gone := func(e *entry) { e.state = "Deleted" }
	elsewhere := entry{recording: "r2", conversation: "c1", trunk: "T1", start: "15:00", end: "15:10"}
	alike := entry{recording: "r2", conversation: "x", line: "L1", start: "10:00", end: "10:10"}
	for name, test := range map[string]struct {
		entries []entry
		leg     leg
		want    string
	}{
		"nothing":                        {nil, lists, "open r1"},
		"its media is gone":              {[]entry{changed(whole, gone)}, lists, "open r1 void=deleted"},
		"media that is empty":            {[]entry{changed(whole, func(e *entry) { e.bytes = "0" })}, lists, "open r1 void=media_missing"},
		"media too small for its length": {[]entry{changed(whole, func(e *entry) { e.bytes = "1023" })}, lists, "open r1 void=media_missing"},
		"each way once, in order": {
			[]entry{changed(whole, func(e *entry) { e.bytes = "0" }), changed(whole, gone), changed(whole, gone), changed(whole, func(e *entry) { e.state = "ABSENT" })},
			lists,
			"open r1 void=absent;deleted;media_missing",
		},
		"media of another recording is gone": {[]entry{changed(elsewhere, gone)}, lists, "open r1"},
		"media of its conversation is gone":  {[]entry{changed(elsewhere, gone)}, nameless, "open void=deleted"},
		"gone before promised": {
			[]entry{changed(elsewhere, func(e *entry) { e.state = "pending" }), changed(elsewhere, gone)}, nameless, "indeterminate void=deleted",
		},
		"promised":                         {[]entry{changed(whole, func(e *entry) { e.state = "in-progress" })}, lists, "indeterminate r1 pending"},
		"promised before apart":            {[]entry{changed(whole, func(e *entry) { e.state = "pending" }), elsewhere}, lists, "indeterminate r1 pending"},
		"it looks like another":            {[]entry{alike}, changed(nameless, func(l *leg) { l.line = "L1" }), "indeterminate like=r2"},
		"alike before apart":               {[]entry{alike, elsewhere}, changed(lists, func(l *leg) { l.line = "L1" }), "indeterminate r1 like=r2"},
		"it looks like one without a name": {[]entry{changed(alike, func(e *entry) { e.recording = "" })}, changed(nameless, func(l *leg) { l.line = "L1" }), "indeterminate like=m:m.json#0"},
		"recordings at other times":        {[]entry{elsewhere, changed(elsewhere, func(e *entry) { e.recording = "r3" })}, nameless, "open apart=2"},
		"of which one is gone":             {[]entry{elsewhere, changed(elsewhere, gone)}, lists, "open r1 apart=1"},
	} {
		t.Run(name, func(t *testing.T) {
			d := newNight().add(test.entries...).addLegs(test.leg).decide(t)
			var got []string
			for _, f := range columns(t, d.FindingRows, "class", "status", "recording_id", "detail") {
				if rest, ok := strings.CutPrefix(f, "missing_recording "); ok {
					got = append(got, rest)
				}
			}
			d.ev.compare(t, "missing recordings", got, []string{test.want})
		})
	}
}

func TestAContestedLegSaysSo(t *testing.T) {
	d := newNight().add(whole, entry{recording: "r3", conversation: "c1", trunk: "T1", start: "20:00", end: "20:02"}).addLegs(
		changed(tenMinutes, func(l *leg) { l.recordings = "" }), changed(tenMinutes, func(l *leg) { l.recordings, l.id = "", "2" }),
	).oneForEachLeg().decide(t)
	d.findings("missing_recording indeterminate contested", "no_cdr open r3 apart")
}

func TestAFindingOfALegIsKnownByItsIDs(t *testing.T) {
	for name, test := range map[string]struct {
		legs []leg
		want []string
	}{
		"with ids":                {[]leg{tenMinutes}, []string{"missing_recording||leg|acme|c1|1|2026-11-20T10:00:00.000000Z|r1"}},
		"without a start":         {[]leg{changed(tenMinutes, func(l *leg) { l.start, l.recorded = "", profile.True })}, []string{"missing_recording||leg|acme|c1|1||r1"}},
		"without a leg id":        {[]leg{changed(tenMinutes, func(l *leg) { l.id = "" })}, []string{"missing_recording||loc|c|c.json|0|r1"}},
		"without a conversation":  {[]leg{changed(tenMinutes, func(l *leg) { l.conversation = "" })}, []string{"missing_recording||loc|c|c.json|0|r1"}},
		"with bars and backslash": {[]leg{changed(tenMinutes, func(l *leg) { l.conversation, l.id, l.recordings = `a|b`, `c\d`, "|" })}, []string{`missing_recording||leg|acme|a\|b|c\\d|2026-11-20T10:00:00.000000Z|\|`}},
		"with a twin": {
			[]leg{changed(tenMinutes, func(l *leg) { l.recordings = "" }), changed(tenMinutes, func(l *leg) { l.recordings, l.end = "", "10:20" })},
			[]string{"missing_recording||leg|acme|c1|1|2026-11-20T10:00:00.000000Z/2026-11-20T10:10:00.000000Z|", "missing_recording||leg|acme|c1|1|2026-11-20T10:00:00.000000Z/2026-11-20T10:20:00.000000Z|"},
		},
		"twins of other starts are none": {
			[]leg{changed(tenMinutes, func(l *leg) { l.recordings = "" }), changed(tenMinutes, func(l *leg) { l.recordings, l.start = "", "10:05" })},
			[]string{"missing_recording||leg|acme|c1|1|2026-11-20T10:00:00.000000Z|", "missing_recording||leg|acme|c1|1|2026-11-20T10:05:00.000000Z|"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			d := newNight().addLegs(test.legs...).decide(t)
			var want []string
			for _, subject := range test.want {
				want = append(want, idOf(subject))
			}
			d.ev.compare(t, "ids", columns(t, d.FindingRows, "finding_id"), want)
		})
	}
}

func TestOtherFindingsAreKnownByTheirPlaces(t *testing.T) {
	ev := newNight().add(itsEntry)
	ev.Objects[manifests].Key = "a|b.json"
	ev.Documents[0].Extra = &manifest.Extra{Total: profile.NoInt, Failed: 1}
	ev.Sources[registrations].NoUse = true
	d := ev.decide(t)
	d.ev.compare(t, "ids", columns(t, d.FindingRows, "finding_id"), []string{
		idOf(`export_failed||doc|m|a\|b.json`), idOf("input_missing||part|r|r/"), idOf(`no_cdr||loc|m|a\|b.json|0`),
	})
}

func TestAFindingIsAcceptedByWhatItIsAbout(t *testing.T) {
	for name, test := range map[string]struct {
		row      policy.AcceptedSubject
		accepted bool
	}{
		"conversation":           {policy.AcceptedSubject{Conversation: "c1"}, true},
		"another conversation":   {policy.AcceptedSubject{Conversation: "c2"}, false},
		"recording":              {policy.AcceptedSubject{Recording: "r1"}, true},
		"another recording":      {policy.AcceptedSubject{Recording: "r2"}, false},
		"both":                   {policy.AcceptedSubject{Conversation: "c1", Recording: "r1", Org: "acme", Class: "missing_recording"}, true},
		"one of two":             {policy.AcceptedSubject{Conversation: "c1", Recording: "r2"}, false},
		"another class":          {policy.AcceptedSubject{Conversation: "c1", Class: "no_cdr"}, false},
		"another organisation":   {policy.AcceptedSubject{Conversation: "c1", Org: "other"}, false},
		"an id in another style": {policy.AcceptedSubject{Recording: " r1 "}, true},
	} {
		t.Run(name, func(t *testing.T) {
			ev := newNight().addLegs(tenMinutes)
			ev.Policy.AcceptedSubjects = []policy.AcceptedSubject{{Conversation: "unknown"}, test.row}
			status := "open"
			if test.accepted {
				status = "accepted"
			}
			ev.decide(t).findings("missing_recording " + status + " r1")
		})
	}
}

func TestMissingInputThatSomebodyAcceptedLeavesTheNightDecided(t *testing.T) {
	for _, accepted := range []bool{false, true} {
		ev := newNight().addLegs(tenMinutes)
		emptyHour(ev, manifests, "10:00")
		if accepted {
			ev.Policy.Accepted = map[string]bool{idOf("input_missing||part|m|m/hour/"): true}
		}
		if d := ev.decide(t); d.Notices.Undecided == accepted {
			t.Errorf("undecided: %v, want %v", d.Notices.Undecided, !accepted)
		}
	}
}

func TestAnEntryWithoutALegIsOneThatIsApartFromAll(t *testing.T) {
	call := leg{conversation: "c1", id: "1", trunk: "T1", start: "10:00", end: "10:05"}
	for name, test := range map[string]struct {
		start, end string
		legs       []leg
		apart      bool
	}{
		"half of it, and a minute":              {"10:04", "10:06", []leg{call}, false},
		"more than both":                        {"10:04", "10:06:00.1", []leg{call}, true},
		"a minute of little":                    {"10:04:30", "10:06", []leg{call}, false},
		"a minute and more of little":           {"10:04:30", "10:06:01", []leg{call}, true},
		"half of it":                            {"10:00", "10:10", []leg{call}, false},
		"more than half of it":                  {"10:00", "10:10:01", []leg{call}, true},
		"all of it":                             {"12:00", "12:10", []leg{call}, true},
		"other legs count":                      {"10:00", "10:10:01", []leg{call, {conversation: "c1", id: "2", start: "10:09", end: "10:20", unanswered: true}}, false},
		"a leg without a start may be anywhere": {"12:00", "12:10", []leg{call, {conversation: "c1", id: "2", unanswered: true}}, false},
		"a leg without an end lasts":            {"12:00", "12:10", []leg{{conversation: "c1", id: "1", start: "10:00", unanswered: true}}, false},
		"a day and a second is no span":         {"12:00", "36:00:01", []leg{call}, false},
	} {
		t.Run(name, func(t *testing.T) {
			d := newNight().add(entry{recording: "r1", conversation: "c1", start: test.start, end: test.end}).addLegs(test.legs...).decide(t)
			apart := false
			for _, f := range columns(t, d.FindingRows, "class", "detail") {
				apart = apart || f == "no_cdr apart"
			}
			if apart != test.apart || d.WithoutCDR == 1 != test.apart {
				t.Errorf("apart: %v, want %v of %v", apart, test.apart, test)
			}
		})
	}
	newNight().add(entry{recording: "r1", conversation: "c1", start: "12:00", end: "12:10"}).
		addLegs(changed(call, func(l *leg) { l.recordings = "r1" })).decide(t).findings("short_recording open 300000") // the leg lists it
}

func TestMediaThatIsGoneIsAsGraveAsWhatNobodyElseCounts(t *testing.T) {
	for name, test := range map[string]struct {
		entry  entry
		listed map[string]int64 // nil: media is not checked
		size   bool
		want   []string
	}{
		"not listed":           {entry{mediaKey: "a"}, map[string]int64{}, false, []string{"media_missing critical open a"}},
		"listed":               {entry{mediaKey: "a"}, map[string]int64{"a": 5000}, false, nil},
		"listed, and promised": {entry{mediaKey: "a", state: "pending"}, map[string]int64{"a": 5000}, false, nil},
		"listed as empty":      {entry{mediaKey: "a"}, map[string]int64{"a": 0}, false, []string{"media_missing critical open bytes=0"}},
		"too small for its length": {
			entry{mediaKey: "a"}, map[string]int64{"a": 1023}, false, []string{"media_missing critical open bytes=1023"},
		},
		"small, of a minute":     {entry{mediaKey: "a", end: "10:01"}, map[string]int64{"a": 1023}, false, nil},
		"listed, though deleted": {entry{mediaKey: "a", state: "deleted"}, map[string]int64{"a": 5000}, false, nil},
		"not listed and deleted": {entry{mediaKey: "a", state: "Deleted"}, map[string]int64{}, false, []string{"media_missing minor open state=deleted"}},
		"deleted, not checked":   {entry{mediaKey: "a", state: "failed"}, nil, false, []string{"media_missing minor open state=failed"}},
		"deleted, without a key": {entry{state: "failed"}, map[string]int64{}, false, []string{"media_missing minor open state=failed"}},
		"empty, without a key":   {entry{bytes: "0"}, map[string]int64{}, false, []string{"media_missing critical open bytes=0"}},
		"of another size":        {entry{mediaKey: "a", bytes: "4000"}, map[string]int64{"a": 5000}, true, []string{"media_mismatch critical open expected=4000;actual=5000"}},
		"of a size not compared": {entry{mediaKey: "a", bytes: "4000"}, map[string]int64{"a": 5000}, false, nil},
		"empty, and not as said": {entry{mediaKey: "a", bytes: "4000"}, map[string]int64{"a": 0}, true, []string{"media_missing critical open bytes=0"}},
	} {
		t.Run(name, func(t *testing.T) {
			e := test.entry
			e.recording, e.conversation, e.start = "r1", "c1", "10:00"
			e.end = cmp.Or(e.end, "10:10")
			ev := newNight().add(e).addLegs(changed(tenMinutes, func(l *leg) { l.unanswered = true }))
			if test.listed != nil {
				ev.Media = &evidence.Media{CheckSize: test.size, Size: func(_ uint32, key intern.Text) (int64, bool) {
					size, ok := test.listed[ev.Texts.String(key)]
					return size, ok
				}}
			}
			d := ev.decide(t)
			d.ev.compare(t, "findings", columns(t, d.FindingRows, "class", "severity", "status", "detail"), test.want)
		})
	}
}

// Where most of a recording's fields are missing because there is none, that is one
// finding.
func TestAnEntryWithoutMediaLacksNoField(t *testing.T) {
	for _, state := range []string{"absent", "pending"} {
		ev := newNight(record.LineID, record.EndTime).add(entry{recording: "r1", conversation: "c1", start: "10:00", state: state}).addLegs(tenMinutes)
		d := ev.decide(t)
		for f := range d.Findings {
			if f.Class == reconcile.MissingField {
				t.Errorf("%s: a field is missing", state)
			}
		}
		if d.Recordings[0].Status != reconcile.RecordingOpen {
			t.Errorf("%s: got the status %v, want open", state, d.Recordings[0].Status)
		}
	}
}

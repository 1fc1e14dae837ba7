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
	"cdrmend/internal/reconcile/nighttest"
	"cdrmend/internal/record"
)

func TestAnAcceptedFindingNeedsNobodysAttention(t *testing.T) {
	missing := func() *nighttest.Night {
		return nighttest.New().AddLegs(nighttest.Leg{Conversation: "c1", ID: "1", Recordings: "r1", Start: "10:00", End: "10:05"})
	}
	var id string
	for f := range missing().Decide(t).Findings {
		id = f.IDText()
	}
	for _, damaged := range []bool{false, true} {
		ev := missing()
		ev.Policy.Accepted = map[string]bool{id: true}
		if damaged {
			ev.Damage(nighttest.Manifests)
		}
		d := ev.Decide(t)
		d.WantFindings("missing_recording accepted r1")
		if b := d.Balance[policy.CDRs]; b.WithFindings != 0 || b.Untouched != 1 {
			t.Errorf("got the balance %+v, want one untouched leg", b)
		}
		if d.Notices.Undecided != damaged {
			t.Errorf("undecided: %v, want %v: damage may hide more than what was accepted", d.Notices.Undecided, damaged)
		}
	}
}

func TestAnEntrysStateFollowsFromItsFindings(t *testing.T) {
	lists := nighttest.Leg{Conversation: "c1", ID: "1", Recordings: "r1", Trunk: "T1", Start: "10:00", End: "10:05"}
	for name, test := range map[string]struct {
		ev   *nighttest.Night
		want reconcile.RecordingStatus
	}{
		"nothing":            {nighttest.New().Add(nighttest.Entry{Recording: "r1", Start: "10:00", End: "10:05"}).AddLegs(lists), reconcile.RecordingIntact},
		"a minor one":        {nighttest.New().Add(nighttest.Entry{Recording: "r1", Start: "10:00", End: "10:05"}), reconcile.RecordingIntact},
		"a repair":           {nighttest.New(record.TrunkID).Add(nighttest.Entry{Recording: "r1", Start: "10:00", End: "10:05"}).AddLegs(lists), reconcile.RecordingRepaired},
		"a major one":        {nighttest.New(record.LineID).Add(nighttest.Entry{Recording: "r1", Start: "10:00", End: "10:05"}).AddLegs(lists), reconcile.RecordingOpen},
		"repair and a major": {nighttest.New(record.TrunkID, record.LineID).Add(nighttest.Entry{Recording: "r1", Start: "10:00", End: "10:05"}).AddLegs(lists), reconcile.RecordingOpen},
	} {
		t.Run(name, func(t *testing.T) {
			if d := test.ev.Decide(t); d.Recordings[0].Status != test.want {
				t.Errorf("got %v, want %v of %v", d.Recordings[0].Status, test.want, test.ev.Added)
			}
		})
	}
}

func TestOnlyLaterEntriesOfARecordingAreDuplicates(t *testing.T) {
	first := nighttest.Entry{Recording: "r1", Conversation: "c1", Start: "10:00", End: "10:05"}
	other := nighttest.Entry{Recording: "r1", Conversation: "c1", Start: "10:00", End: "10:04"}
	ev := nighttest.New().Add(first, first, other).AddLegs(nighttest.Leg{Conversation: "c1", ID: "1", Recordings: "r1", Start: "10:00", End: "10:05"})
	ev.Decide(t).WantFindings("duplicate open r1 same", "duplicate open r1 differing")
}

func TestAnEntryConflictsWithTheIDsThatLegsNameInstead(t *testing.T) {
	ev := nighttest.New().Add(nighttest.Entry{Recording: "r1", Conversation: "c1", Trunk: "T1", Start: "10:00", End: "10:05"}).AddLegs(
		nighttest.Leg{Conversation: "c3", ID: "1", Recordings: "r1", Start: "10:00", End: "10:05"},
		nighttest.Leg{Conversation: "c2", ID: "2", Recordings: "r1", Start: "10:00", End: "10:05"},
		nighttest.Leg{Conversation: "c1", ID: "3", Trunk: "T2", Start: "11:00", End: "11:05", Unanswered: true},
	)
	ev.Decide(t).WantFindings(
		"conflict open r1 conversation_id entry=c1;other=c2;source=cdr",
		"conflict open r1 trunk_id entry=T1;other=T2;source=cdr",
	)
}

func TestATruncatedDocumentIsReportedByItsInterval(t *testing.T) {
	ev := nighttest.New()
	ev.Documents[0].Extra = &manifest.Extra{Total: 3, Failed: 1, Truncated: &manifest.Break{Offset: 40, Entries: 2}}
	want := []string{
		"count_mismatch open total=3;found=0",
		"export_failed open failed=1",
		"truncated_document open offset=40;entries=2",
	}
	ev.Decide(t).WantFindings(want...)

	ev.Interval = record.Span{Start: nighttest.At("24:00"), End: nighttest.At("48:00")}
	ev.Decide(t).WantFindings()
}

// tenMinutes is a leg that lists r1, and whole its recording.
var (
	tenMinutes = nighttest.Leg{Conversation: "c1", ID: "1", Recordings: "r1", Start: "10:00", End: "10:10"}
	whole      = nighttest.Entry{Recording: "r1", Conversation: "c1", Trunk: "T1", Start: "10:00", End: "10:10"}
)

func TestEachListedRecordingThatIsNowhereIsOneFinding(t *testing.T) {
	l := tenMinutes
	l.Recordings = "r1 r2 r3"
	d := nighttest.New().Add(whole).AddLegs(l).Decide(t)
	d.WantFindings("missing_recording open r2", "missing_recording open r3")
}

func TestAnEntryWithoutALegIsAnOpenFindingOnlyWhenAllLegsAreKnown(t *testing.T) {
	nighttest.New().Add(whole).Decide(t).WantFindings("no_cdr open r1")
	nighttest.New().Add(whole).Damage(nighttest.CDRs).Decide(t).WantFindings("no_cdr indeterminate r1")
}

func TestADurationConflictsBeyondTheTolerance(t *testing.T) {
	for ms, want := range map[int64][]string{
		300_000: nil,
		301_000: nil,
		299_000: nil,
		301_001: {"conflict open r1 duration_ms entry=301001;other=300000;source=arithmetic"},
		298_999: {"conflict open r1 duration_ms entry=298999;other=300000;source=arithmetic"},
	} {
		ev := nighttest.New().Add(nighttest.Entry{Recording: "r1", Start: "10:00", End: "10:05", MS: ms})
		ev.AddLegs(nighttest.Leg{Conversation: "c1", ID: "1", Recordings: "r1", Start: "10:00", End: "10:05"})
		ev.Decide(t).WantFindings(want...)
	}
}

func TestTimesThatContradictTheDurationAreAConflict(t *testing.T) {
	e := whole
	e.MS = 599_000
	nighttest.New().Add(e).AddLegs(tenMinutes).Decide(t).WantFindings() // within the tolerance
	e.MS = 500_000
	nighttest.New().Add(e).AddLegs(tenMinutes).Decide(t).WantFindings(
		"conflict open r1 duration_ms entry=500000;other=600000;source=arithmetic",
		"short_recording open 100000", // it covers no more than its duration
	)
}

func TestAValueOfALegThatDoesNotParseIsAFindingOfTheLeg(t *testing.T) {
	l := tenMinutes
	l.Invalid = record.AnswerTime
	nighttest.New().Add(whole).AddLegs(l).Decide(t).WantFindings("invalid_field open answer_time ?")
}

func TestAMissingRecordingSaysWhatThereIsInstead(t *testing.T) {
	lists := tenMinutes
	nameless := nighttest.Changed(tenMinutes, func(l *nighttest.Leg) { l.Recordings = "" })
	gone := func(e *nighttest.Entry) { e.State = "Deleted" }
	elsewhere := nighttest.Entry{Recording: "r2", Conversation: "c1", Trunk: "T1", Start: "15:00", End: "15:10"}
	alike := nighttest.Entry{Recording: "r2", Conversation: "x", Line: "L1", Start: "10:00", End: "10:10"}
	for name, test := range map[string]struct {
		entries []nighttest.Entry
		Leg     nighttest.Leg
		want    string
	}{
		"nothing":                        {nil, lists, "open r1"},
		"its media is gone":              {[]nighttest.Entry{nighttest.Changed(whole, gone)}, lists, "open r1 void=deleted"},
		"media that is empty":            {[]nighttest.Entry{nighttest.Changed(whole, func(e *nighttest.Entry) { e.Bytes = "0" })}, lists, "open r1 void=media_missing"},
		"media too small for its length": {[]nighttest.Entry{nighttest.Changed(whole, func(e *nighttest.Entry) { e.Bytes = "1023" })}, lists, "open r1 void=media_missing"},
		"each way once, in order": {
			[]nighttest.Entry{nighttest.Changed(whole, func(e *nighttest.Entry) { e.Bytes = "0" }), nighttest.Changed(whole, gone), nighttest.Changed(whole, gone), nighttest.Changed(whole, func(e *nighttest.Entry) { e.State = "ABSENT" })},
			lists,
			"open r1 void=absent;deleted;media_missing",
		},
		"media of another recording is gone": {[]nighttest.Entry{nighttest.Changed(elsewhere, gone)}, lists, "open r1"},
		"media of its conversation is gone":  {[]nighttest.Entry{nighttest.Changed(elsewhere, gone)}, nameless, "open void=deleted"},
		"gone before promised": {
			[]nighttest.Entry{nighttest.Changed(elsewhere, func(e *nighttest.Entry) { e.State = "pending" }), nighttest.Changed(elsewhere, gone)}, nameless, "indeterminate void=deleted",
		},
		"promised":                         {[]nighttest.Entry{nighttest.Changed(whole, func(e *nighttest.Entry) { e.State = "in-progress" })}, lists, "indeterminate r1 pending"},
		"promised before apart":            {[]nighttest.Entry{nighttest.Changed(whole, func(e *nighttest.Entry) { e.State = "pending" }), elsewhere}, lists, "indeterminate r1 pending"},
		"it looks like another":            {[]nighttest.Entry{alike}, nighttest.Changed(nameless, func(l *nighttest.Leg) { l.Line = "L1" }), "indeterminate like=r2"},
		"alike before apart":               {[]nighttest.Entry{alike, elsewhere}, nighttest.Changed(lists, func(l *nighttest.Leg) { l.Line = "L1" }), "indeterminate r1 like=r2"},
		"it looks like one without a name": {[]nighttest.Entry{nighttest.Changed(alike, func(e *nighttest.Entry) { e.Recording = "" })}, nighttest.Changed(nameless, func(l *nighttest.Leg) { l.Line = "L1" }), "indeterminate like=m:m.json#0"},
		"recordings at other times":        {[]nighttest.Entry{elsewhere, nighttest.Changed(elsewhere, func(e *nighttest.Entry) { e.Recording = "r3" })}, nameless, "open apart=2"},
		"of which one is gone":             {[]nighttest.Entry{elsewhere, nighttest.Changed(elsewhere, gone)}, lists, "open r1 apart=1"},
	} {
		t.Run(name, func(t *testing.T) {
			d := nighttest.New().Add(test.entries...).AddLegs(test.Leg).Decide(t)
			var got []string
			for _, f := range nighttest.Columns(t, d.FindingRows, "class", "status", "recording_id", "detail") {
				if rest, ok := strings.CutPrefix(f, "missing_recording "); ok {
					got = append(got, rest)
				}
			}
			d.Night.Compare(t, "missing recordings", got, []string{test.want})
		})
	}
}

func TestAContestedLegSaysSo(t *testing.T) {
	d := nighttest.New().Add(whole, nighttest.Entry{Recording: "r3", Conversation: "c1", Trunk: "T1", Start: "20:00", End: "20:02"}).AddLegs(
		nighttest.Changed(tenMinutes, func(l *nighttest.Leg) { l.Recordings = "" }), nighttest.Changed(tenMinutes, func(l *nighttest.Leg) { l.Recordings, l.ID = "", "2" }),
	).OneForEachLeg().Decide(t)
	d.WantFindings("missing_recording indeterminate contested", "no_cdr open r3 apart")
}

func TestAFindingOfALegIsKnownByItsIDs(t *testing.T) {
	for name, test := range map[string]struct {
		legs []nighttest.Leg
		want []string
	}{
		"with ids":                {[]nighttest.Leg{tenMinutes}, []string{"missing_recording||leg|acme|c1|1|2026-11-20T10:00:00.000000Z|r1"}},
		"without a start":         {[]nighttest.Leg{nighttest.Changed(tenMinutes, func(l *nighttest.Leg) { l.Start, l.Recorded = "", profile.True })}, []string{"missing_recording||leg|acme|c1|1||r1"}},
		"without a leg id":        {[]nighttest.Leg{nighttest.Changed(tenMinutes, func(l *nighttest.Leg) { l.ID = "" })}, []string{"missing_recording||loc|c|c.json|0|r1"}},
		"without a conversation":  {[]nighttest.Leg{nighttest.Changed(tenMinutes, func(l *nighttest.Leg) { l.Conversation = "" })}, []string{"missing_recording||loc|c|c.json|0|r1"}},
		"with bars and backslash": {[]nighttest.Leg{nighttest.Changed(tenMinutes, func(l *nighttest.Leg) { l.Conversation, l.ID, l.Recordings = `a|b`, `c\d`, "|" })}, []string{`missing_recording||leg|acme|a\|b|c\\d|2026-11-20T10:00:00.000000Z|\|`}},
		"with a twin": {
			[]nighttest.Leg{nighttest.Changed(tenMinutes, func(l *nighttest.Leg) { l.Recordings = "" }), nighttest.Changed(tenMinutes, func(l *nighttest.Leg) { l.Recordings, l.End = "", "10:20" })},
			[]string{"missing_recording||leg|acme|c1|1|2026-11-20T10:00:00.000000Z/2026-11-20T10:10:00.000000Z|", "missing_recording||leg|acme|c1|1|2026-11-20T10:00:00.000000Z/2026-11-20T10:20:00.000000Z|"},
		},
		"twins of other starts are none": {
			[]nighttest.Leg{nighttest.Changed(tenMinutes, func(l *nighttest.Leg) { l.Recordings = "" }), nighttest.Changed(tenMinutes, func(l *nighttest.Leg) { l.Recordings, l.Start = "", "10:05" })},
			[]string{"missing_recording||leg|acme|c1|1|2026-11-20T10:00:00.000000Z|", "missing_recording||leg|acme|c1|1|2026-11-20T10:05:00.000000Z|"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			d := nighttest.New().AddLegs(test.legs...).Decide(t)
			var want []string
			for _, subject := range test.want {
				want = append(want, nighttest.FindingID(subject))
			}
			d.Night.Compare(t, "ids", nighttest.Columns(t, d.FindingRows, "finding_id"), want)
		})
	}
}

func TestOtherFindingsAreKnownByTheirPlaces(t *testing.T) {
	ev := nighttest.New().Add(nighttest.ItsEntry)
	ev.Objects[nighttest.Manifests].Key = "a|b.json"
	ev.Documents[0].Extra = &manifest.Extra{Total: profile.NoInt, Failed: 1}
	ev.Sources[nighttest.Registrations].NoUse = true
	d := ev.Decide(t)
	d.Night.Compare(t, "ids", nighttest.Columns(t, d.FindingRows, "finding_id"), []string{
		nighttest.FindingID(`export_failed||doc|m|a\|b.json`), nighttest.FindingID("input_missing||part|r|r/"), nighttest.FindingID(`no_cdr||loc|m|a\|b.json|0`),
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
			ev := nighttest.New().AddLegs(tenMinutes)
			ev.Policy.AcceptedSubjects = []policy.AcceptedSubject{{Conversation: "unknown"}, test.row}
			status := "open"
			if test.accepted {
				status = "accepted"
			}
			ev.Decide(t).WantFindings("missing_recording " + status + " r1")
		})
	}
}

func TestMissingInputThatSomebodyAcceptedLeavesTheNightDecided(t *testing.T) {
	for _, accepted := range []bool{false, true} {
		ev := nighttest.New().AddLegs(tenMinutes)
		emptyHour(ev, nighttest.Manifests, "10:00")
		if accepted {
			ev.Policy.Accepted = map[string]bool{nighttest.FindingID("input_missing||part|m|m/hour/"): true}
		}
		if d := ev.Decide(t); d.Notices.Undecided == accepted {
			t.Errorf("undecided: %v, want %v", d.Notices.Undecided, !accepted)
		}
	}
}

func TestAnEntryWithoutALegIsOneThatIsApartFromAll(t *testing.T) {
	call := nighttest.Leg{Conversation: "c1", ID: "1", Trunk: "T1", Start: "10:00", End: "10:05"}
	for name, test := range map[string]struct {
		start, end string
		legs       []nighttest.Leg
		apart      bool
	}{
		"half of it, and a minute":              {"10:04", "10:06", []nighttest.Leg{call}, false},
		"more than both":                        {"10:04", "10:06:00.1", []nighttest.Leg{call}, true},
		"a minute of little":                    {"10:04:30", "10:06", []nighttest.Leg{call}, false},
		"a minute and more of little":           {"10:04:30", "10:06:01", []nighttest.Leg{call}, true},
		"half of it":                            {"10:00", "10:10", []nighttest.Leg{call}, false},
		"more than half of it":                  {"10:00", "10:10:01", []nighttest.Leg{call}, true},
		"all of it":                             {"12:00", "12:10", []nighttest.Leg{call}, true},
		"other legs count":                      {"10:00", "10:10:01", []nighttest.Leg{call, {Conversation: "c1", ID: "2", Start: "10:09", End: "10:20", Unanswered: true}}, false},
		"a leg without a start may be anywhere": {"12:00", "12:10", []nighttest.Leg{call, {Conversation: "c1", ID: "2", Unanswered: true}}, false},
		"a leg without an end lasts":            {"12:00", "12:10", []nighttest.Leg{{Conversation: "c1", ID: "1", Start: "10:00", Unanswered: true}}, false},
		"a day and a second is no span":         {"12:00", "36:00:01", []nighttest.Leg{call}, false},
	} {
		t.Run(name, func(t *testing.T) {
			d := nighttest.New().Add(nighttest.Entry{Recording: "r1", Conversation: "c1", Start: test.start, End: test.end}).AddLegs(test.legs...).Decide(t)
			apart := false
			for _, f := range nighttest.Columns(t, d.FindingRows, "class", "detail") {
				apart = apart || f == "no_cdr apart"
			}
			if apart != test.apart || d.WithoutCDR == 1 != test.apart {
				t.Errorf("apart: %v, want %v of %v", apart, test.apart, test)
			}
		})
	}
	nighttest.New().Add(nighttest.Entry{Recording: "r1", Conversation: "c1", Start: "12:00", End: "12:10"}).
		AddLegs(nighttest.Changed(call, func(l *nighttest.Leg) { l.Recordings = "r1" })).Decide(t).WantFindings("short_recording open 300000") // the leg lists it
}

func TestMediaThatIsGoneIsAsGraveAsWhatNobodyElseCounts(t *testing.T) {
	for name, test := range map[string]struct {
		Entry  nighttest.Entry
		listed map[string]int64 // nil: media is not checked
		size   bool
		want   []string
	}{
		"not listed":           {nighttest.Entry{MediaKey: "a"}, map[string]int64{}, false, []string{"media_missing critical open a"}},
		"listed":               {nighttest.Entry{MediaKey: "a"}, map[string]int64{"a": 5000}, false, nil},
		"listed, and promised": {nighttest.Entry{MediaKey: "a", State: "pending"}, map[string]int64{"a": 5000}, false, nil},
		"listed as empty":      {nighttest.Entry{MediaKey: "a"}, map[string]int64{"a": 0}, false, []string{"media_missing critical open bytes=0"}},
		"too small for its length": {
			nighttest.Entry{MediaKey: "a"}, map[string]int64{"a": 1023}, false, []string{"media_missing critical open bytes=1023"},
		},
		"small, of a minute":     {nighttest.Entry{MediaKey: "a", End: "10:01"}, map[string]int64{"a": 1023}, false, nil},
		"listed, though deleted": {nighttest.Entry{MediaKey: "a", State: "deleted"}, map[string]int64{"a": 5000}, false, nil},
		"not listed and deleted": {nighttest.Entry{MediaKey: "a", State: "Deleted"}, map[string]int64{}, false, []string{"media_missing minor open state=deleted"}},
		"deleted, not checked":   {nighttest.Entry{MediaKey: "a", State: "failed"}, nil, false, []string{"media_missing minor open state=failed"}},
		"deleted, without a key": {nighttest.Entry{State: "failed"}, map[string]int64{}, false, []string{"media_missing minor open state=failed"}},
		"empty, without a key":   {nighttest.Entry{Bytes: "0"}, map[string]int64{}, false, []string{"media_missing critical open bytes=0"}},
		"of another size":        {nighttest.Entry{MediaKey: "a", Bytes: "4000"}, map[string]int64{"a": 5000}, true, []string{"media_mismatch critical open expected=4000;actual=5000"}},
		"of a size not compared": {nighttest.Entry{MediaKey: "a", Bytes: "4000"}, map[string]int64{"a": 5000}, false, nil},
		"empty, and not as said": {nighttest.Entry{MediaKey: "a", Bytes: "4000"}, map[string]int64{"a": 0}, true, []string{"media_missing critical open bytes=0"}},
	} {
		t.Run(name, func(t *testing.T) {
			e := test.Entry
			e.Recording, e.Conversation, e.Start = "r1", "c1", "10:00"
			e.End = cmp.Or(e.End, "10:10")
			ev := nighttest.New().Add(e).AddLegs(nighttest.Changed(tenMinutes, func(l *nighttest.Leg) { l.Unanswered = true }))
			if test.listed != nil {
				ev.Media = &evidence.Media{CheckSize: test.size, Find: func(_ uint32, key intern.Text) (evidence.ListedMedia, bool) {
					size, ok := test.listed[ev.Texts.String(key)]
					return evidence.ListedMedia{Size: size}, ok
				}}
			}
			d := ev.Decide(t)
			d.Night.Compare(t, "findings", nighttest.Columns(t, d.FindingRows, "class", "severity", "status", "detail"), test.want)
		})
	}
}

// Where most of a recording's fields are missing because there is none, that is one
// finding.
func TestAnEntryWithoutMediaLacksNoField(t *testing.T) {
	for _, state := range []string{"absent", "pending"} {
		ev := nighttest.New(record.LineID, record.EndTime).Add(nighttest.Entry{Recording: "r1", Conversation: "c1", Start: "10:00", State: state}).AddLegs(tenMinutes)
		d := ev.Decide(t)
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

package reconcile_test

import (
	"testing"

	"cdrmend/internal/manifest"
	"cdrmend/internal/policy"
	"cdrmend/internal/reconcile"
	"cdrmend/internal/record"
)

func TestAnAcceptedFindingNeedsNobodysAttention(t *testing.T) {
	missing := func() *evidence {
		return newEvidence().addLegs(leg{conversation: "c1", id: "1", recordings: "r1", start: "10:00", end: "10:05"})
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
		ev   *evidence
		want reconcile.RecordingStatus
	}{
		"nothing":            {newEvidence().add(entry{recording: "r1", start: "10:00", end: "10:05"}).addLegs(lists), reconcile.RecordingIntact},
		"a minor one":        {newEvidence().add(entry{recording: "r1", start: "10:00", end: "10:05"}), reconcile.RecordingIntact},
		"a repair":           {newEvidence(record.TrunkID).add(entry{recording: "r1", start: "10:00", end: "10:05"}).addLegs(lists), reconcile.RecordingRepaired},
		"a major one":        {newEvidence(record.LineID).add(entry{recording: "r1", start: "10:00", end: "10:05"}).addLegs(lists), reconcile.RecordingOpen},
		"repair and a major": {newEvidence(record.TrunkID, record.LineID).add(entry{recording: "r1", start: "10:00", end: "10:05"}).addLegs(lists), reconcile.RecordingOpen},
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
	ev := newEvidence().add(first, first, other).addLegs(leg{conversation: "c1", id: "1", recordings: "r1", start: "10:00", end: "10:05"})
	ev.decide(t).findings("duplicate open r1 same", "duplicate open r1 differing")
}

func TestAnEntryConflictsWithTheIDsThatLegsNameInstead(t *testing.T) {
	ev := newEvidence().add(entry{recording: "r1", conversation: "c1", trunk: "T1", start: "10:00", end: "10:05"}).addLegs(
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
	ev := newEvidence()
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
	d := newEvidence().add(whole).addLegs(l).decide(t)
	d.findings("missing_recording open r2", "missing_recording open r3")
}

func TestAnEntryWithoutALegIsAnOpenFindingOnlyWhenAllLegsAreKnown(t *testing.T) {
	newEvidence().add(whole).decide(t).findings("no_cdr open r1")
	newEvidence().add(whole).damage(cdrs).decide(t).findings("no_cdr indeterminate r1")
}

func TestTimesThatContradictTheDurationAreAConflict(t *testing.T) {
	e := whole
	e.ms = 599_000
	newEvidence().add(e).addLegs(tenMinutes).decide(t).findings() // within the tolerance
	e.ms = 500_000
	newEvidence().add(e).addLegs(tenMinutes).decide(t).findings(
		"conflict open r1 duration_ms entry=500000;other=600000;source=arithmetic",
		"short_recording open 100000", // it covers no more than its duration
	)
}

func TestAValueOfALegThatDoesNotParseIsAFindingOfTheLeg(t *testing.T) {
	l := tenMinutes
	l.invalid = record.AnswerTime
	newEvidence().add(whole).addLegs(l).decide(t).findings("invalid_field open answer_time ?")
}

package reconcile_test

import (
	"testing"

	"cdrmend/internal/record"
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

// Which of two equal entries is the duplicate depends on their order alone.
func TestTheLaterOfTwoEqualEntriesIsADuplicate(t *testing.T) {
	d := newEvidence().add(whole, whole).addLegs(tenMinutes).decide(t)
	d.findings("duplicate open r1 same")
}

func TestTimesThatContradictTheDurationAreAConflict(t *testing.T) {
	e := whole
	e.ms = 599_000
	newEvidence().add(e).addLegs(tenMinutes).decide(t).findings() // within the tolerance
	e.ms = 500_000
	newEvidence().add(e).addLegs(tenMinutes).decide(t).findings("conflict open r1 duration_ms entry=500000;other=600000;source=arithmetic")
}

// A person has looked at a finding that is accepted: it is no longer open, and
// it decides no exit code.
func TestAnAcceptedFindingIsNotOpen(t *testing.T) {
	ev := newEvidence().addLegs(tenMinutes)
	d := ev.decide(t)
	ids := columns(t, d.FindingRows, "finding_id")
	if len(ids) != 1 {
		t.Fatalf("%d findings, want 1", len(ids))
	}
	again := newEvidence().addLegs(tenMinutes)
	again.Policy.Accepted = map[string]bool{ids[0]: true}
	again.decide(t).findings("missing_recording accepted r1")
}

func TestAValueOfALegThatDoesNotParseIsAFindingOfTheLeg(t *testing.T) {
	l := tenMinutes
	l.invalid = record.AnswerTime
	newEvidence().add(whole).addLegs(l).decide(t).findings("invalid_field open answer_time ?")
}

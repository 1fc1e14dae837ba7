package reconcile_test

import (
	"testing"

	"cdrmend/internal/record"
)

// twoOfThree is a conversation whose leg lists r1 and r2, with an entry that has
// r1 and one without an id.
func twoOfThree() *night {
	return newNight(record.RecordingID).
		add(entry{recording: "r1", conversation: "c1", start: "10:00", end: "10:10"}, entry{conversation: "c1", start: "10:00", end: "10:10"}).
		addLegs(leg{conversation: "c1", id: "1", recordings: "r1 r2", start: "10:00", end: "10:10"})
}

func TestTheOnlyEntryWithoutAnIDClaimsTheOnlyIDWithoutAnEntry(t *testing.T) {
	d := twoOfThree().decide(t)
	d.repairs("1 recording_id sole-unclaimed r2 c:c.json#0")
	d.findings("repaired_field repaired r2 recording_id sole-unclaimed")
	d.calls("1 repaired")
}

func TestTwoEntriesWithoutAnIDClaimNothing(t *testing.T) {
	d := twoOfThree().add(entry{conversation: "c1", start: "10:00", end: "10:10"}).decide(t)
	d.repairs()
	d.findings(
		"ambiguous_field open recording_id r2",
		"ambiguous_field open recording_id r2",
		"missing_recording indeterminate r2 apart=2",
	)
	d.calls("1 incomplete")
}

func TestTwoIDsWithoutAnEntryAreNotClaimed(t *testing.T) {
	d := twoOfThree().addLegs(leg{conversation: "c1", id: "2", recordings: "r3", start: "10:00", end: "10:10"}).decide(t)
	d.repairs()
	d.findings(
		"ambiguous_field open recording_id r2;r3",
		"missing_recording indeterminate r2 apart=1",
		"missing_recording indeterminate r3 apart=1",
	)
}

func TestNothingIsClaimedWhileAnotherEntryOrLegMayBeHidden(t *testing.T) {
	for name, hide := range map[string]func(*night){
		"damaged manifests":   func(ev *night) { ev.damage(manifests) },
		"damaged cdrs":        func(ev *night) { ev.damage(cdrs) },
		"unsettled manifests": func(ev *night) { ev.unsettle(manifests) },
		"unsettled cdrs":      func(ev *night) { ev.unsettle(cdrs) },
		"earlier manifests": func(ev *night) {
			ev.Partitions[manifests].Span.Start = at("10:01") // what came before was not read
			ev.Interval.Start = at("09:00")
		},
	} {
		t.Run(name, func(t *testing.T) {
			ev := twoOfThree()
			hide(ev)
			d := ev.decide(t)
			d.repairs()
			d.findings("ambiguous_field indeterminate recording_id r2", "missing_recording indeterminate r2 apart=1")
		})
	}
}

// Only voice is recorded on behalf of a leg.
func TestAnEntryThatIsNotVoiceClaimsNothing(t *testing.T) {
	ev := newNight(record.RecordingID).
		add(entry{conversation: "c1", start: "10:00", end: "10:10", media: "screen"}).
		addLegs(leg{conversation: "c1", id: "1", recordings: "r1", start: "10:00", end: "10:10"})
	d := ev.decide(t)
	d.repairs()
	d.findings("missing_field open recording_id", "missing_recording open r1")
	d.calls("1 missing")
}

func TestAnIDInANameComesBeforeAClaim(t *testing.T) {
	ev := newNight(record.RecordingID).
		add(entry{conversation: "c1", start: "10:00", end: "10:10", mediaKey: "r2.wav", named: "r2"}).
		addLegs(leg{conversation: "c1", id: "1", recordings: "r1", start: "10:00", end: "10:10"})
	d := ev.decide(t)
	d.repairs("0 recording_id media-key r2 key")
	d.calls("1 missing")
}

package match_test

import (
	"testing"

	"cdrmend/internal/reconcile/nighttest"
	"cdrmend/internal/record"
)

// twoOfThree is a conversation whose leg lists r1 and r2, with an entry that has
// r1 and one without an id.
func twoOfThree() *nighttest.Night {
	return nighttest.New(record.RecordingID).
		Add(nighttest.Entry{Recording: "r1", Conversation: "c1", Start: "10:00", End: "10:10"}, nighttest.Entry{Conversation: "c1", Start: "10:00", End: "10:10"}).
		AddLegs(nighttest.Leg{Conversation: "c1", ID: "1", Recordings: "r1 r2", Start: "10:00", End: "10:10"})
}

func TestTheOnlyEntryWithoutAnIDClaimsTheOnlyIDWithoutAnEntry(t *testing.T) {
	d := twoOfThree().Decide(t)
	d.WantRepairs("1 recording_id sole-unclaimed r2 c:c.json#0")
	d.WantFindings("repaired_field repaired r2 recording_id sole-unclaimed")
	d.WantCalls("1 repaired")
}

func TestTwoEntriesWithoutAnIDClaimNothing(t *testing.T) {
	d := twoOfThree().Add(nighttest.Entry{Conversation: "c1", Start: "10:00", End: "10:10"}).Decide(t)
	d.WantRepairs()
	d.WantFindings(
		"ambiguous_field open recording_id r2",
		"ambiguous_field open recording_id r2",
		"missing_recording indeterminate r2 apart=2",
	)
	d.WantCalls("1 incomplete")
}

func TestTwoIDsWithoutAnEntryAreNotClaimed(t *testing.T) {
	d := twoOfThree().AddLegs(nighttest.Leg{Conversation: "c1", ID: "2", Recordings: "r3", Start: "10:00", End: "10:10"}).Decide(t)
	d.WantRepairs()
	d.WantFindings(
		"ambiguous_field open recording_id r2;r3",
		"missing_recording indeterminate r2 apart=1",
		"missing_recording indeterminate r3 apart=1",
	)
}

func TestNothingIsClaimedWhileAnotherEntryOrLegMayBeHidden(t *testing.T) {
	for name, hide := range map[string]func(*nighttest.Night){
		"damaged manifests":   func(ev *nighttest.Night) { ev.Damage(nighttest.Manifests) },
		"damaged cdrs":        func(ev *nighttest.Night) { ev.Damage(nighttest.CDRs) },
		"unsettled manifests": func(ev *nighttest.Night) { ev.Unsettle(nighttest.Manifests) },
		"unsettled cdrs":      func(ev *nighttest.Night) { ev.Unsettle(nighttest.CDRs) },
		"earlier manifests": func(ev *nighttest.Night) {
			ev.Partitions[nighttest.Manifests].Span.Start = nighttest.At("10:01") // what came before was not read
			ev.Interval.Start = nighttest.At("09:00")
		},
	} {
		t.Run(name, func(t *testing.T) {
			ev := twoOfThree()
			hide(ev)
			d := ev.Decide(t)
			d.WantRepairs()
			d.WantFindings("ambiguous_field indeterminate recording_id r2", "missing_recording indeterminate r2 apart=1")
		})
	}
}

// Only voice is recorded on behalf of a leg.
func TestAnEntryThatIsNotVoiceClaimsNothing(t *testing.T) {
	ev := nighttest.New(record.RecordingID).
		Add(nighttest.Entry{Conversation: "c1", Start: "10:00", End: "10:10", Media: "screen"}).
		AddLegs(nighttest.Leg{Conversation: "c1", ID: "1", Recordings: "r1", Start: "10:00", End: "10:10"})
	d := ev.Decide(t)
	d.WantRepairs()
	d.WantFindings("missing_field open recording_id", "missing_recording open r1")
	d.WantCalls("1 missing")
}

func TestAnIDInANameComesBeforeAClaim(t *testing.T) {
	ev := nighttest.New(record.RecordingID).
		Add(nighttest.Entry{Conversation: "c1", Start: "10:00", End: "10:10", MediaKey: "r2.wav", Named: "r2"}).
		AddLegs(nighttest.Leg{Conversation: "c1", ID: "1", Recordings: "r1", Start: "10:00", End: "10:10"})
	d := ev.Decide(t)
	d.WantRepairs("0 recording_id media-key r2 key")
	d.WantCalls("1 missing")
}

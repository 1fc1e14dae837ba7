package reconcile_test

import (
	"fmt"
	"testing"

	"cdrmend/internal/evidence"
	"cdrmend/internal/intern"
	"cdrmend/internal/record"
)

// used returns evidence in which a number of legs belong to a conversation and
// list a recording, as one entry does.
func used(n int) *night {
	ev := newNight(record.RecordingID, record.ConversationID).add(entry{recording: "none", conversation: "none", start: "10:00", end: "10:05"})
	for i := range n {
		ev.addLegs(leg{conversation: "none", id: fmt.Sprint(i), recordings: "none", start: "10:00", end: "10:05"})
	}
	ev.lines = []string{fmt.Sprintf("an entry and %d legs with the same ids", n)}
	return ev
}

func TestAnIDIsMissingOnceTooManyRecordsCarryIt(t *testing.T) {
	d := used(evidence.Overuse).decide(t)
	d.findings()
	if d.OverusedIDs != 0 {
		t.Errorf("%d ids are overused by %d legs, want 0", d.OverusedIDs, evidence.Overuse)
	}

	d = used(evidence.Overuse + 1).decide(t)
	if d.OverusedIDs != 2 {
		t.Errorf("%d ids are overused by %d legs, want the conversation and the recording", d.OverusedIDs, evidence.Overuse+1)
	}
	if e := d.Entries[0]; e.Recording != intern.None || e.Conversation != intern.None || e.Has(record.RecordingID) || e.Has(record.ConversationID) {
		t.Errorf("the entry still has an id: %+v", e)
	}
	if l := d.Legs[0]; l.Conversation != intern.None {
		t.Errorf("a leg still has its conversation: %+v", l)
	}
}

func TestAnOverusedIDInAnObjectKeyFillsNothingIn(t *testing.T) {
	ev := used(evidence.Overuse + 1)
	ev.Documents[0].Key.Recording, ev.Documents[0].Key.Conversation = ev.Entries[0].Recording, ev.Entries[0].Conversation
	ev.decide(t).repairs()
}

func TestAnIDIsOverusedWithinOneOrganisation(t *testing.T) {
	ev := used(evidence.Overuse + 1)
	other := ev.Texts.OfString("other")
	for i := range ev.Legs[:2] {
		ev.Legs[i].Org = other
	}
	if d := ev.decide(t); d.OverusedIDs != 0 {
		t.Errorf("%d ids are overused, want 0: no organisation has more than %d", d.OverusedIDs, evidence.Overuse)
	}
}

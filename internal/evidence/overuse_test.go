package evidence_test

import (
	"fmt"
	"testing"

	"cdrmend/internal/evidence"
	"cdrmend/internal/intern"
	"cdrmend/internal/reconcile/nighttest"
	"cdrmend/internal/record"
)

// used returns evidence in which a number of legs belong to a conversation and
// list a recording, as one entry does.
func used(n int) *nighttest.Night {
	ev := nighttest.New(record.RecordingID, record.ConversationID).Add(nighttest.Entry{Recording: "none", Conversation: "none", Start: "10:00", End: "10:05"})
	for i := range n {
		ev.AddLegs(nighttest.Leg{Conversation: "none", ID: fmt.Sprint(i), Recordings: "none", Start: "10:00", End: "10:05"})
	}
	ev.Added = []string{fmt.Sprintf("an entry and %d legs with the same ids", n)}
	return ev
}

func TestAnIDIsMissingOnceTooManyRecordsCarryIt(t *testing.T) {
	d := used(evidence.Overuse).Decide(t)
	d.WantFindings()
	if d.OverusedIDs != 0 {
		t.Errorf("%d ids are overused by %d legs, want 0", d.OverusedIDs, evidence.Overuse)
	}

	d = used(evidence.Overuse + 1).Decide(t)
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
	ev.Decide(t).WantRepairs()
}

func TestAnIDIsOverusedWithinOneOrganisation(t *testing.T) {
	ev := used(evidence.Overuse + 1)
	other := ev.Texts.OfString("other")
	for i := range ev.Legs[:2] {
		ev.Legs[i].Org = other
	}
	if d := ev.Decide(t); d.OverusedIDs != 0 {
		t.Errorf("%d ids are overused, want 0: no organisation has more than %d", d.OverusedIDs, evidence.Overuse)
	}
}

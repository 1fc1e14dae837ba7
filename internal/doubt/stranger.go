package doubt

import (
	"cdrmend/internal/intern"
	"cdrmend/internal/policy"
)

// estrangement is that the CDRs of a source and the manifests do not speak of the
// same calls.
type estrangement struct {
	holds bool
	legs  int  // that are to be recorded
	orgs  bool // half of them would have an entry if organisations were not compared
}

// fewestStrangers is how many legs a source must have before they can be strangers.
const fewestStrangers = 20

// findStrangers looks for sources of CDRs of whose legs hardly one shares anything
// with an entry, while there are entries that share nothing with any leg. (A
// recorder that failed leaves no such entries: its losses stay open.)
func (d *Sources) findStrangers(w *witness) {
	ev := w.legs.Evidence
	legs, sharing := make([]int, len(ev.Sources)), make([]int, len(ev.Sources))
	for n := range uint32(len(ev.Legs)) {
		if !w.owned.Legs[n] || !w.duties.ToRecord(n) {
			continue
		}
		source := ev.SourceOfLeg(n)
		legs[source]++
		if w.shares(n, anyVoice) {
			sharing[source]++
		}
	}

	alone := -1 // entries that share nothing with any leg, counted when they are asked for
	for i := range ev.Sources {
		if ev.Sources[i].Kind != policy.CDRs || legs[i] < fewestStrangers || 10*sharing[i] >= legs[i] {
			continue
		}
		if alone < 0 {
			alone = w.aloneEntries()
		}
		if 2*alone >= legs[i] {
			d.estranged[i] = estrangement{true, legs[i], w.joinedWithoutOrgs(uint32(i), legs[i])}
		}
	}
}

// aloneEntries counts the owned entries of voice that share neither recording nor
// conversation with any leg.
func (w *witness) aloneEntries() (n int) {
	for i := range w.entries.States {
		e := &w.legs.Entries[i]
		if w.owned.Entries[i] && w.entries.States[i].Voice &&
			len(w.legs.ByRecording.Find(e.Org, e.Recording)) == 0 && len(w.legs.OfConversation(e)) == 0 {
			n++
		}
	}
	return n
}

// joinedWithoutOrgs reports whether half of the legs of a source that are to be
// recorded would share something with an entry of some other organisation.
func (w *witness) joinedWithoutOrgs(source uint32, legs int) bool {
	ev := w.legs.Evidence
	conversations, recordings := map[intern.Text]bool{}, map[intern.Text]bool{}
	for i := range ev.Entries {
		if e := &ev.Entries[i]; w.entries.States[i].Voice {
			conversations[e.Conversation], recordings[e.Recording] = true, true
		}
	}
	// That two lack an id is nothing that they share.
	delete(conversations, intern.None)
	delete(recordings, intern.None)

	joined := 0
	for n := range uint32(len(ev.Legs)) {
		if !w.owned.Legs[n] || ev.SourceOfLeg(n) != source || !w.duties.ToRecord(n) {
			continue
		}
		shares := conversations[ev.Legs[n].Conversation]
		for _, id := range ev.Listed(n) {
			shares = shares || recordings[id]
		}
		if shares {
			joined++
		}
	}
	return 2*joined >= legs
}

package reconcile

import (
	"slices"

	"cdrmend/internal/evidence"
	"cdrmend/internal/intern"
	"cdrmend/internal/match"
)

// Suspects returns the numbers of the media objects, in order, of the owned voice entries
// that have a finding, or whose conversation has one that is open or indeterminate. It
// decides on a copy of the evidence, as if nobody looked into media.
func Suspects(ev *evidence.Evidence, spread evidence.Spread) []uint32 {
	d := Explain(ev.Clone(), spread).Decision // a trace keeps what the original needs, too
	conversations, entries := map[uint64]bool{}, map[uint32]bool{}
	note := func(org, conversation intern.Text) {
		if conversation != intern.None {
			conversations[evidence.KeyOf(org, conversation)] = true
		}
	}
	for f := range d.Findings {
		switch {
		case !f.Status.Counts():
		case f.About == AboutEntry:
			entries[f.Subject] = true
			note(d.Entries[f.Subject].Org, d.Entries[f.Subject].Conversation)
		case f.About == AboutLeg:
			note(d.Legs[f.Subject].Org, d.Legs[f.Subject].Conversation)
		}
	}

	var list []uint32
	for _, rec := range d.Recordings {
		e := &d.Entries[rec.Entry]
		if !entries[rec.Entry] && (e.Conversation == intern.None || !conversations[evidence.KeyOf(e.Org, e.Conversation)]) {
			continue
		}
		if listed, ok := match.MediaObject(d.Evidence, rec.Entry); ok {
			list = append(list, listed.N)
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

package match

import (
	"cdrmend/internal/evidence"
	"cdrmend/internal/intern"
)

// EntryGroups are the entries with their final values, how each value was found,
// and an index by recording. No stage changes them.
type EntryGroups struct {
	*evidence.Evidence
	States         []EntryState
	Owned          Marks
	ByRecording    *evidence.Index
	ByConversation *evidence.Index // voice entries
}

// GroupEntries indexes entries whose values are final.
func GroupEntries(ev *evidence.Evidence, states []EntryState, owned Marks, spread evidence.Spread) *EntryGroups {
	g := &EntryGroups{Evidence: ev, States: states, Owned: owned}
	spread.Parallel(func() {
		g.ByRecording = ev.IndexEntries(func(n uint32) intern.Text { return ev.Entries[n].Recording })
	}, func() {
		g.ByConversation = ev.IndexEntries(func(n uint32) intern.Text {
			if states[n].Voice {
				return ev.Entries[n].Conversation
			}
			return intern.None
		})
	})
	return g
}

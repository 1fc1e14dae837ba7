package reconcile

import (
	"cdrmend/internal/intern"
)

// entryGroups are the entries with their final values, how each value was found,
// and an index by recording. No stage changes them.
type entryGroups struct {
	*Evidence
	states         []entryState
	owned          marks
	byRecording    *index
	byConversation *index // voice entries
}

func groupEntries(ev *Evidence, states []entryState, owned marks, spread Spread) *entryGroups {
	g := &entryGroups{Evidence: ev, states: states, owned: owned}
	spread.parallel(func() {
		g.byRecording = ev.indexEntries(func(n uint32) intern.Text { return ev.Entries[n].Recording })
	}, func() {
		g.byConversation = ev.indexEntries(func(n uint32) intern.Text {
			if states[n].voice {
				return ev.Entries[n].Conversation
			}
			return intern.None
		})
	})
	return g
}

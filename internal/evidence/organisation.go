package evidence

import (
	"cdrmend/internal/intern"
	"cdrmend/internal/manifest"
	"cdrmend/internal/record"
)

// AssignOrganisations gives every entry its organisation: its own, or that of
// its document, its object key, its source or the configuration. Legs and events
// have no documents and got theirs when they were read.
func AssignOrganisations(ev *Evidence) {
	for i := range ev.Entries {
		e := &ev.Entries[i]
		doc := &ev.Documents[e.Doc]
		if e.Org == intern.None && doc.Org != intern.None {
			e.Org = doc.Org
			e.Present |= uint32(record.Of(record.OrgID))
		}
		e.Org = ev.OrgOf(ev.Objects[doc.Object].Source, e.Org, doc.Key.Org)
	}
}

// KeyIDs returns the ids that the entry's object key names. If the document has
// several entries, the key cannot name the recording of one. Overused ids mean
// nothing in keys either.
func (ev *Evidence) KeyIDs(e *manifest.Entry, overused OverusedIDs) manifest.KeyIDs {
	doc := &ev.Documents[e.Doc]
	key := doc.Key
	if doc.N > 1 {
		key.Recording, key.Media = intern.None, intern.None
	}

	if overused.HasConversation(e.Org, key.Conversation) {
		key.Conversation = intern.None
	}
	if overused.HasRecording(e.Org, key.Recording) {
		key.Recording = intern.None
	}
	return key
}

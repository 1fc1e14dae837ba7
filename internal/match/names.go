package match

import (
	"cdrmend/internal/evidence"
	"cdrmend/internal/intern"
	"cdrmend/internal/manifest"
	"cdrmend/internal/profile"
	"cdrmend/internal/record"
)

// idInMediaKey returns the recording that the entry's media key names.
func idInMediaKey(ev *evidence.Evidence, entry uint32, overused evidence.OverusedIDs, n *profile.Normalizer) intern.Text {
	e, id := &ev.Entries[entry], ev.OfEntries[entry].IDInMediaKey
	// A media key that came from the object key was not there when ids were read.
	if !e.Has(record.MediaKey) && e.MediaKey != intern.None {
		id = manifest.IDFromMediaKey(n.Profile, ev.Texts.AppendTo(nil, e.MediaKey), n)
	}

	if overused.HasRecording(e.Org, id) {
		return intern.None
	}
	return id
}

// FillFromNames fills in the ids that object keys and media keys hold. It returns the
// states of the entries.
func FillFromNames(ev *evidence.Evidence, overused evidence.OverusedIDs) []EntryState {
	states := make([]EntryState, len(ev.Entries))
	words := MediaWordsOf(ev)
	normalizers := make([]*profile.Normalizer, len(ev.Sources))
	for i := range ev.Entries {
		e, st := &ev.Entries[i], &states[i]
		source := ev.Objects[ev.Documents[e.Doc].Object].Source
		if normalizers[source] == nil {
			normalizers[source] = &profile.Normalizer{Profile: ev.Sources[source].Profile, Texts: ev.Texts}
		}

		key := ev.KeyIDs(e, overused)
		if !e.Has(record.MediaKey) {
			e.MediaKey = key.Media // before idInMediaKey, which reads it
		}

		if e.Conversation == intern.None {
			e.Conversation = key.Conversation
			st.fill(record.ConversationID, RuleObjectKey, e.Conversation != intern.None)
		}

		// The object key comes before the media key: the first rule that names an
		// id wins.
		if e.Recording == intern.None {
			e.Recording = key.Recording
			st.fill(record.RecordingID, RuleObjectKey, e.Recording != intern.None)
		}
		if e.Recording == intern.None {
			e.Recording = idInMediaKey(ev, uint32(i), overused, normalizers[source])
			st.fill(record.RecordingID, RuleMediaKey, e.Recording != intern.None)
		}

		st.Voice = words.isVoice(e)
		if st.Voice {
			st.Void = MediaOf(ev, uint32(i), words).Void()
			st.Pending = !st.Void && words.promises[e.State] && !hasMedia(ev, e)
		}
	}

	return states
}

package reconcile

import (
	"cdrmend/internal/intern"
	"cdrmend/internal/manifest"
	"cdrmend/internal/profile"
	"cdrmend/internal/record"
)

// idInMediaKey returns the recording that the entry's media key names.
func idInMediaKey(ev *Evidence, e *manifest.Entry, overused overusedIDs, n *profile.Normalizer) intern.Text {
	id := e.IDInMediaKey
	// A media key that came from the object key was not there when ids were read.
	if !e.Has(record.MediaKey) && e.MediaKey != intern.None {
		id = manifest.IDFromMediaKey(n.Profile, ev.Texts.AppendTo(nil, e.MediaKey), n)
	}

	if overused.hasRecording(e.Org, id) {
		return intern.None
	}
	return id
}

// fillFromNames fills in the ids that object keys and media keys hold, and the
// one time that the other two give. It returns the states of the entries.
func fillFromNames(ev *Evidence, overused overusedIDs) []entryState {
	states := make([]entryState, len(ev.Entries))
	words := mediaWordsOf(ev)
	normalizers := make([]*profile.Normalizer, len(ev.Sources))
	for i := range ev.Entries {
		e, st := &ev.Entries[i], &states[i]
		source := ev.Objects[ev.Documents[e.Doc].Object].Source
		if normalizers[source] == nil {
			normalizers[source] = &profile.Normalizer{Profile: ev.Sources[source].Profile, Texts: ev.Texts}
		}

		key := ev.keyIDs(e, overused)
		if !e.Has(record.MediaKey) {
			e.MediaKey = key.Media // before idInMediaKey, which reads it
		}

		if e.Conversation == intern.None {
			e.Conversation = key.Conversation
			st.fill(record.ConversationID, ObjectKey, e.Conversation != intern.None)
		}

		// The object key comes before the media key: the first rule that names an
		// id wins.
		if e.Recording == intern.None {
			e.Recording = key.Recording
			st.fill(record.RecordingID, ObjectKey, e.Recording != intern.None)
		}
		if e.Recording == intern.None {
			e.Recording = idInMediaKey(ev, e, overused, normalizers[source])
			st.fill(record.RecordingID, MediaKey, e.Recording != intern.None)
		}

		st.voice = words.isVoice(e)
		if st.voice {
			st.void = mediaOf(ev, e, words).gone()
			st.pending = !st.void && words.promises[e.State] && !hasMedia(ev, e)
		}
		fillThirdTime(e, st, ev.sourceOfEntry(e).Profile)
	}

	return states
}

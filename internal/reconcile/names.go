package reconcile

import (
	"cdrmend/internal/intern"
	"cdrmend/internal/manifest"
	"cdrmend/internal/profile"
	"cdrmend/internal/record"
)

// assignOrganisations gives every entry its organisation: its own, or that of
// its document, its object key, its source or the configuration. Legs and events
// have no documents and got theirs when they were read.
func assignOrganisations(ev *Evidence) {
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

// keyIDs returns the ids that the entry's object key names. If the document has
// several entries, the key cannot name the recording of one. Overused ids mean
// nothing in keys either.
func keyIDs(ev *Evidence, e *manifest.Entry, overused overusedIDs) manifest.KeyIDs {
	doc := &ev.Documents[e.Doc]
	key := doc.Key
	if doc.N > 1 {
		key.Recording, key.Media = intern.None, intern.None
	}

	if overused.conversations[keyOf(e.Org, key.Conversation)] {
		key.Conversation = intern.None
	}
	if overused.recordings[keyOf(e.Org, key.Recording)] {
		key.Recording = intern.None
	}
	return key
}

// idInMediaKey returns the recording that the entry's media key names.
func idInMediaKey(ev *Evidence, entry uint32, overused overusedIDs, n *profile.Normalizer) intern.Text {
	e, id := &ev.Entries[entry], ev.OfEntries[entry].IDInMediaKey
	// A media key that came from the object key was not there when ids were read.
	if !e.Has(record.MediaKey) && e.MediaKey != intern.None {
		id = manifest.IDFromMediaKey(n.Profile, ev.Texts.AppendTo(nil, e.MediaKey), n)
	}

	if overused.recordings[keyOf(e.Org, id)] {
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

		key := keyIDs(ev, e, overused)
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
			e.Recording = idInMediaKey(ev, uint32(i), overused, normalizers[source])
			st.fill(record.RecordingID, MediaKey, e.Recording != intern.None)
		}

		st.voice = words.isVoice(e)
		if st.voice {
			st.void = mediaOf(ev, uint32(i), words).gone()
			st.pending = !st.void && words.promises[e.State] && !ev.hasMedia(e)
		}
		fillThirdTime(e, st, ev.sourceOfEntry(e).Profile)
	}

	return states
}

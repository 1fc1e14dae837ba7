package reconcile

import (
	"slices"
	"strings"

	"cdrmend/internal/intern"
	"cdrmend/internal/manifest"
	"cdrmend/internal/profile"
	"cdrmend/internal/record"
)

// mediaWords is what the words of a night mean for media, in any case.
type mediaWords struct {
	voices   map[intern.Text]bool // media types
	screens  map[intern.Text]bool // media subtypes
	absent   map[intern.Text]bool // states that say that there is no media
	promises map[intern.Text]bool // states that say that there will be
}

// What recorders call such states.
var (
	absentStates  = []string{"absent", "deleted", "failed"}
	promiseStates = []string{"processing", "in-progress", "queued", "uploading", "pending"}
)

// mediaWordsOf looks at each word of the entries once: a night has few different
// ones. An entry without a media type is one of voice.
func mediaWordsOf(ev *Evidence) *mediaWords {
	w := &mediaWords{map[intern.Text]bool{intern.None: true}, map[intern.Text]bool{}, map[intern.Text]bool{}, map[intern.Text]bool{}}
	note := func(words map[intern.Text]bool, t intern.Text, known []string) {
		if _, noted := words[t]; !noted {
			words[t] = slices.Contains(known, strings.ToLower(ev.Texts.String(t)))
		}
	}

	for i := range ev.Entries {
		e := &ev.Entries[i]
		note(w.voices, e.MediaType, ev.Policy.VoiceMedia)
		note(w.screens, e.MediaSubtype, []string{"screen"})
		note(w.absent, e.State, absentStates)
		note(w.promises, e.State, promiseStates)
	}
	return w
}

// isVoice reports whether an entry is a recording of voice.
func (w *mediaWords) isVoice(e *manifest.Entry) bool {
	return w.voices[e.MediaType] && !w.screens[e.MediaSubtype]
}

// mediaState is what is known of the media of one entry.
type mediaState struct {
	checked bool  // it was looked for
	found   bool  // and is there
	size    int64 // in the listing, else as the entry says; NoInt when unknown
	empty   bool
	absent  bool // the entry's state says that there is none
}

// fewestBytes is how large media of more than longEnough must be to hold sound.
const (
	fewestBytes = 1024
	longEnough  = 60_000_000 // microseconds
)

// mediaOf finds out what is known of the media of an entry. The listing says more
// than the entry.
func mediaOf(ev *Evidence, n uint32, w *mediaWords) mediaState {
	e := &ev.Entries[n]
	m := mediaState{size: ev.OfEntries[n].MediaBytes, absent: w.absent[e.State]}
	if ev.Media != nil && e.MediaKey != intern.None {
		m.checked = true
		var size int64
		if size, m.found = ev.Media.Size(ev.Objects[ev.Documents[e.Doc].Object].Source, e.MediaKey); m.found {
			m.size = size
		}
	}

	long := e.Has(record.StartTime) && e.Has(record.EndTime) && int64(e.End-e.Start) > longEnough
	m.empty = m.size == 0 || m.size != profile.NoInt && m.size < fewestBytes && long
	return m
}

// gone reports whether there is no media: the listing says so, or, where nobody
// looked, the entry.
func (m mediaState) gone() bool {
	if m.checked {
		return !m.found || m.empty
	}
	return m.absent || m.empty
}

// hasMedia reports whether the media of an entry was looked for and found.
func (ev *Evidence) hasMedia(e *manifest.Entry) bool {
	if ev.Media == nil || e.MediaKey == intern.None {
		return false
	}
	_, found := ev.Media.Size(ev.Objects[ev.Documents[e.Doc].Object].Source, e.MediaKey)
	return found
}

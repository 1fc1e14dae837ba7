package match

import (
	"slices"
	"strings"

	"cdrmend/internal/evidence"
	"cdrmend/internal/intern"
	"cdrmend/internal/manifest"
	"cdrmend/internal/profile"
	"cdrmend/internal/record"
)

// MediaWords is what the words of a night mean for media, in any case.
type MediaWords struct {
	voices   map[intern.Text]bool // media types
	screens  map[intern.Text]bool // media subtypes
	absent   map[intern.Text]bool // states that say that there is no media
	promises map[intern.Text]bool // states that say that there will be
}

// What recorders call such states.
var (
	absentStates  = []string{"absent", "deleted", "failed"}
	promiseStates = []string{"processing", "in-progress", "queued", "uploading", "pending"}
	presentStates = []string{"available", "present", "complete", "completed", "ready", "stored", "archived"} // as any other word, but nobody has to look at them
)

// KnownState reports whether it is known what a state says of media, in any case.
func KnownState(word string) bool {
	word = strings.ToLower(word)
	return slices.Contains(absentStates, word) || slices.Contains(promiseStates, word) || slices.Contains(presentStates, word)
}

// SaysAbsent reports whether a state says that there is no media, in any case.
func SaysAbsent(word string) bool { return slices.Contains(absentStates, strings.ToLower(word)) }

// SaysPromised reports whether a state says that media is to come, in any case.
func SaysPromised(word string) bool { return slices.Contains(promiseStates, strings.ToLower(word)) }

// MediaWordsOf looks at each word of the entries once: a night has few different
// ones. An entry without a media type is one of voice.
func MediaWordsOf(ev *evidence.Evidence) *MediaWords {
	w := &MediaWords{map[intern.Text]bool{intern.None: true}, map[intern.Text]bool{}, map[intern.Text]bool{}, map[intern.Text]bool{}}
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
func (w *MediaWords) isVoice(e *manifest.Entry) bool {
	return w.voices[e.MediaType] && !w.screens[e.MediaSubtype]
}

// IsAbsent reports whether the state of an entry says that there is no media.
func (w *MediaWords) IsAbsent(e *manifest.Entry) bool { return w.absent[e.State] }

// MediaState is what is known of the media of one entry.
type MediaState struct {
	Checked bool  // it was looked for
	Found   bool  // and is there
	Size    int64 // in the listing, else as the entry says; NoInt when unknown
	empty   bool
	Absent  bool            // the entry's state says that there is none
	Heard   *evidence.Heard // what is in it; nil when nobody looked
}

// fewestBytes is how large media of more than longEnough must be to hold sound.
const (
	fewestBytes = 1024
	longEnough  = 60_000_000 // microseconds
)

// MediaOf finds out what is known of the media of an entry. The listing says more
// than the entry.
func MediaOf(ev *evidence.Evidence, n uint32, w *MediaWords) MediaState {
	e := &ev.Entries[n]
	m := MediaState{Size: ev.OfEntries[n].MediaBytes, Absent: w.IsAbsent(e)}
	if ev.Media != nil && e.MediaKey != intern.None {
		m.Checked = true
		var listed evidence.ListedMedia
		if listed, m.Found = listedMedia(ev, e, e.MediaKey); m.Found {
			m.Size, m.Heard = listed.Size, ev.Media.Of(listed.N)
		}
	}

	m.empty = isEmpty(e, m.Size)
	return m
}

// isEmpty reports whether media of a size, which may be unknown, are too small for their
// entry.
func isEmpty(e *manifest.Entry, size int64) bool {
	long := e.Has(record.StartTime) && e.Has(record.EndTime) && int64(e.End-e.Start) > longEnough
	return size == 0 || size != profile.NoInt && size < fewestBytes && long
}

// Void reports whether nobody can hear anything: there is no media, it cannot be read, or
// it is no audio.
func (m MediaState) Void() bool {
	return m.Gone() || m.Heard != nil && (m.Heard.Code != intern.None || m.Heard.NotAudio())
}

// Gone reports whether there is no media: the listing says so, or, where nobody
// looked, the entry.
func (m MediaState) Gone() bool {
	if m.Checked {
		return !m.Found || m.empty
	}
	return m.Absent || m.empty
}

// listedMedia finds the media object that an entry names.
func listedMedia(ev *evidence.Evidence, e *manifest.Entry, key intern.Text) (evidence.ListedMedia, bool) {
	if ev.Media == nil || key == intern.None {
		return evidence.ListedMedia{}, false
	}
	return ev.Media.Find(ev.Objects[ev.Documents[e.Doc].Object].Source, key)
}

// MediaObject returns the media object that an entry names, once its values are filled in.
func MediaObject(ev *evidence.Evidence, n uint32) (evidence.ListedMedia, bool) {
	return listedMedia(ev, &ev.Entries[n], ev.Entries[n].MediaKey)
}

// hasMedia reports whether the media of an entry was looked for and found.
func hasMedia(ev *evidence.Evidence, e *manifest.Entry) bool {
	_, found := listedMedia(ev, e, e.MediaKey)
	return found
}

// HeardOf returns what is in the media of an entry; nil when nobody looked.
func HeardOf(ev *evidence.Evidence, n uint32) *evidence.Heard {
	if ev.Media == nil || len(ev.Media.Heard) == 0 {
		return nil
	}
	listed, found := MediaObject(ev, n)
	if !found {
		return nil
	}
	return ev.Media.Of(listed.N)
}

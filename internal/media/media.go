// Package media reads from the header of a media object what can be heard in it:
// container, codec, sample rate, channels and duration.
//
// It looks at the first [HeadBytes] of an object, and, where a container keeps its
// length elsewhere, at a few further ranges: the last page of Ogg, the moov box of MP4
// behind the media. What it holds of an object never grows with what the object claims.
//
// The duration is unknown of AAC in ADTS and of AMR beyond the head, Speex, MP3 of several
// bit rates without a Xing or VBRI header, FLAC whose samples are not counted, WebM without
// a duration, MP4 in fragments that nothing counts, and Ogg of several streams. MP3 is
// counted without the samples that its encoder says it added. MP4, WebM, and MP3 of
// several bit rates have no known duration either when they are cut.
//
// Offsets are in bytes from the beginning of the object.
package media

import (
	"math"
	"path"
	"strings"
)

// HeadBytes is how much of the beginning of an object is looked at.
const HeadBytes = 64 << 10

// Object is a media object.
type Object struct {
	Name string // its key; only formats without a header are known by its suffix
	Size int64  // in bytes, as listed
	Head []byte // its first bytes: HeadBytes of them, or all

	// Range returns n bytes from an offset on, fewer at the end of the object; n is at
	// most HeadBytes.
	Range func(off int64, n int) ([]byte, error)
}

// Unknown is a duration that nothing tells.
const Unknown int64 = -1

// Sound is what an object says of itself.
type Sound struct {
	Format   string // container: aac amr au flac gsm mp3 mp4 ogg ulaw alaw wav webm; empty: it is no audio
	Codec    string // aac alaw amr flac gsm mp3 opus pcm ulaw vorbis, or the number or name that the container has; empty: unknown
	Rate     int    // samples a second of one channel; 0: unknown
	Channels int    // 0: unknown
	Duration int64  // of what is there, in microseconds; Unknown: nothing tells it

	Cut    bool   // the object ends before its header says
	Reason string // why it is no audio, how it is cut, or why no more was read, in a few words; empty: it is sound
	At     int64  // where that shows
}

// Look reads what the header of an object says. The error is one of Range.
func Look(o *Object) (Sound, error) {
	s := newSource(o)
	sound := look(s)
	if s.err != nil {
		return Sound{}, s.err
	}
	sound.Codec = codecName(sound.Codec)
	return sound, nil
}

// longestName is how long the name of a codec may be. Those that are registered have up
// to 27 characters.
const longestName = 32

// codecName returns the name that a container has for a codec, empty when it is none:
// tables, summaries and terminals show it.
func codecName(name string) string {
	plain := func(c rune) bool { return c > ' ' && c <= '~' }
	if len(name) > longestName || strings.ContainsFunc(name, func(c rune) bool { return !plain(c) }) {
		return ""
	}
	return name
}

// look chooses the reader by the first bytes. Where those may be the samples of a format
// without a header, only marks that are long enough to be no chance count.
func look(s *source) Sound {
	if s.size == 0 {
		return noAudio("0 bytes", 0)
	}
	head := s.at(0, HeadBytes)

	for _, c := range containers {
		if c.begins(head) {
			return c.read(s)
		}
	}
	if what := foreign(head); what != "" {
		return noAudio(what, 0)
	}

	suffix := strings.ToLower(path.Ext(s.name))
	switch suffix {
	case ".ulaw", ".ul", ".mulaw", ".pcmu":
		return Sound{Format: "ulaw", Codec: "ulaw", Rate: 8000, Channels: 1, Duration: micros(s.size, 8000)}
	case ".alaw", ".al", ".pcma":
		return Sound{Format: "alaw", Codec: "alaw", Rate: 8000, Channels: 1, Duration: micros(s.size, 8000)}
	case ".gsm":
		return readGSM(s)
	}

	if what := text(head); what != "" {
		return noAudio(what, 0)
	}
	if sound, ok := readFrames(s, 0, s.size); ok {
		return sound
	}
	return unknownBeginning(head, 0)
}

// container is a format with a mark at its beginning.
type container struct {
	begins func(head []byte) bool
	read   func(*source) Sound
}

var containers = []container{
	{isWAV, readWAV},
	{isOgg, readOgg},
	{isID3, readTagged},
	{isMP4, readMP4},
	{isWebM, readWebM},
	{isFLAC, func(s *source) Sound { return readFLAC(s, 0) }},
	{isAMR, readAMR},
	{isAU, readAU},
}

// noAudio says that an object holds nothing to hear.
func noAudio(reason string, at int64) Sound {
	return Sound{Duration: Unknown, Reason: reason, At: at}
}

// micros returns the duration of samples in microseconds; Unknown when that is no number.
func micros(samples, rate int64) int64 {
	if samples < 0 || rate <= 0 {
		return Unknown
	}
	seconds, rest := samples/rate, samples%rate
	if seconds >= math.MaxInt64/1_000_000-1 || rest > math.MaxInt64/1_000_000 {
		return Unknown
	}
	return seconds*1_000_000 + rest*1_000_000/rate
}

// Package media reads from the header of a media object what can be heard in it:
// container, codec, sample rate, channels and duration.
//
// It looks at the first [HeadBytes] of an object, and, where a container keeps its
// length elsewhere, at a few further ranges: the last page of Ogg, the moov box of MP4
// behind the media. What it holds of an object never grows with what the object claims.
// Offsets are in bytes from the beginning of the object.
package media

import "encoding/binary"

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
	Reason string // why it is no audio, or how it is cut, in a few words; empty: it is sound
	At     int64  // where that shows
}

// Look reads what the header of an object says. The error is one of Range.
func Look(o *Object) (Sound, error) {
	b := o.Head
	if len(b) < 44 || string(b[:4]) != "RIFF" {
		return Sound{Duration: Unknown, Reason: "HTML"}, nil
	}
	said := int64(binary.LittleEndian.Uint32(b[40:]))
	rate := int64(binary.LittleEndian.Uint32(b[28:]))
	if said == 0 {
		return Sound{Duration: Unknown, Reason: "WAV without a sample", At: 44}, nil
	}
	is := min(said, o.Size-44)
	s := Sound{Format: "wav", Codec: "ulaw", Rate: 8000, Channels: int(b[22]), Duration: is * 1e6 / rate}
	if is < said {
		s.Cut, s.Reason, s.At = true, "x", o.Size
	}
	return s, nil
}

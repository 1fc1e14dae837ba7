package synth

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
	"iter"
	"strings"
	"time"

	"cdrmend/internal/audio"
)

// media yields the media objects of the day that manifests of profile cdrmend name.
func (d day) media() iter.Seq[Object] {
	return func(yield func(Object) bool) {
		d.whole().eachCall(func(c *call) bool {
			for i := range c.count {
				l := &c.legs[i]
				key := string(d.appendAudioKey(nil, c, l))
				if c.recorded() && !yield(d.mediaObject(key, c, l)) {
					return false
				}
			}
			return true
		})
	}
}

// mediaObject returns the media object of a leg.
func (d day) mediaObject(key string, c *call, l *leg) Object {
	digest := l.digest // copied, as call and leg are reused before the object is written
	body := func() []byte { return unheard(digest) }
	if d.Media {
		body = c.recording(l, key).bytes
	}
	return Object{key, d.sent(l.until), func(w io.Writer) error {
		_, err := w.Write(body())
		return err
	}}
}

// leastMedia is more than the size below which a run takes media for empty.
const leastMedia = 1100

// unheard returns what stands for media that nobody looks into. It begins like an Ogg page.
func unheard(digest draws) []byte {
	b := append(make([]byte, 0, leastMedia+64), "OggS\x00\x02"...)
	for len(b) < leastMedia {
		b = appendDigest(b, digest)
	}
	return b
}

// recording is what the media object of a leg holds.
type recording struct {
	fate   Defect
	format audio.Format
	sound  audio.Sound
}

// recording returns the sound of a leg, in the format that the name of its object
// promises.
func (c *call) recording(l *leg, name string) recording {
	format := audio.Opus
	if strings.HasSuffix(name, ".wav") {
		format = audio.LowRate // telephony would be large
	}
	serial := uint32(l.digest) //nolint:gosec // any number will do
	return recording{c.fate, format, audio.Sound{Duration: time.Duration(l.until-l.from) * time.Millisecond, Channels: 2, Serial: serial}}
}

// bytes returns the media object, with its defect.
func (r recording) bytes() []byte {
	switch r.fate {
	case MediaEmpty:
		return audio.Empty(r.sound.Channels)
	case MediaHTML:
		return audio.ErrorPage()
	case MediaCut:
		b := r.format.Append(nil, r.sound)
		return b[:len(b)/2]
	case MediaShort:
		r.sound.Duration /= 2
	case MediaMono:
		r.sound.Channels = 1
	}
	return r.format.Append(nil, r.sound)
}

// mediaClaims returns what the entry of a leg says of the size of its media object, and
// of its hash, in hex. Without media objects both are made up.
func (d day) mediaClaims(c *call, l *leg) (size int, sum []byte) {
	if !d.Media {
		return l.mediaBytes, appendDigest(nil, l.digest)
	}
	b := c.recording(l, audioSuffix).bytes()
	hash := sha256.Sum256(b)
	return len(b), hex.AppendEncode(nil, hash[:])
}

// audioSuffix is that of media objects of profile cdrmend.
const audioSuffix = ".opus"

// appendMediaKey appends the name that an entry of profile cdrmend has for its media
// object.
func (d day) appendMediaKey(b []byte, c *call, l *leg) []byte {
	if d.Media {
		return d.appendAudioKey(append(b, d.Prefix...), c, l)
	}
	b = append(append(append(b, "audio/"...), d.date...), '/')
	return appendMediaName(b, c, l)
}

// appendAudioKey appends the key of a media object below the night's base. It lies in the
// partition of the recording's end, as the entry does. Names in a directory are relative
// to where the first part of a path has a placeholder, so that part comes first.
func (d day) appendAudioKey(b []byte, c *call, l *leg) []byte {
	b = append(append(append(b, "audio-"...), d.at(l.until)...), '/')
	return appendMediaName(b, c, l)
}

func appendMediaName(b []byte, c *call, l *leg) []byte {
	b = append(append(b, c.id[:]...), '/')
	return append(append(b, l.recording[:]...), audioSuffix...)
}

// Fewer bytes than fewestBytes hold no sound for sure if the entry lasts longer than
// emptyAbove.
const (
	fewestBytes = 1024
	emptyAbove  = 60 * oneSecond
)

// tooSmall reports whether the size of the media object of a leg says that nothing can be
// heard in it.
func (c *call) tooSmall(l *leg) bool {
	return l.until-l.from > emptyAbove && len(c.recording(l, audioSuffix).bytes()) < fewestBytes
}

// heard returns what looking into the media object of a leg finds, if anything. The entry
// may be timed: it has a start and an end.
func (c *call) heard(l *leg, timed bool) (class string) {
	switch c.fate {
	case MediaEmpty, MediaHTML, MediaCut, MediaShort:
		if timed && c.tooSmall(l) {
			return "media_missing"
		}
	}

	switch c.fate {
	case MediaEmpty, MediaHTML:
		return "media_not_audio"
	case MediaCut, MediaShort:
		return "media_cut"
	case MediaMono:
		return "media_channels"
	}
	return ""
}

// hear adds what looking into the media object of a leg finds. Its entry is made of the
// name alone and has no end.
func (o *dayOutcome) hear(c *call) {
	if class := c.heard(&c.legs[0], false); class != "" {
		o.find(1, class, "")
	}
}

// channels takes out the findings about channels unless two of them are usual: nine in
// ten recordings of 20 or more have them.
func (p *Planted) channels() {
	one := Finding{"media_channels", ""}
	heard := p.Entries - p.Findings[Finding{"media_not_audio", ""}] - p.Findings[Finding{"media_missing", ""}]
	if heard < 20 || 10*p.Findings[one] > heard {
		delete(p.Findings, one)
	}
}

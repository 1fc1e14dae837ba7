package media

import (
	"bytes"
	"fmt"
	"math"
	"math/bits"
	"strings"
)

func isWebM(head []byte) bool { return bytes.HasPrefix(head, []byte("\x1a\x45\xdf\xa3")) }

// The elements of Matroska that are read.
const (
	idSegment  = 0x18538067
	idInfo     = 0x1549A966
	idScale    = 0x2AD7B1
	idDuration = 0x4489
	idTracks   = 0x1654AE6B
	idTrack    = 0xAE
	idType     = 0x83
	idCodec    = 0x86
	idAudio    = 0xE1
	idRate     = 0xB5
	idOutRate  = 0x78B5
	idChannels = 0x9F
	idCluster  = 0x1F43B675
	idTime     = 0xE7
)

// element is the header of an element.
type element struct {
	id        uint32
	body, end int64 // an element of unknown size ends with the one around it
	unsized   bool
}

// matroska is what the elements of an object say.
type matroska struct {
	s          *source
	elements   int
	segment    element
	cut        *element
	info       bool
	scale      int64 // nanoseconds of a unit of duration
	duration   float64
	tracks     bool
	audio      *matroskaTrack // the first track of audio
	begins     uint64         // time of the first cluster
	hasCluster bool
}

type matroskaTrack struct {
	kind     uint64
	codec    string
	rate     float64
	channels uint64
}

// maxElements is how many elements are read of an object.
const maxElements = 4096

// element reads the header at pos, in an element that ends at limit.
func (m *matroska) element(pos, limit int64) (element, bool) {
	h := m.s.at(pos, 12)
	if len(h) == 0 || m.elements == maxElements {
		return element{}, false
	}
	m.elements++
	id, n := vint(h, 4)
	if n == 0 {
		return element{}, false
	}
	size, k := vint(h[n:], 8)
	if k == 0 {
		return element{}, false
	}

	e := element{id: uint32(id), body: pos + int64(n+k)}
	size &= 1<<(7*k) - 1
	e.unsized = size == 1<<(7*k)-1
	e.end = beyond(e.body, clamp(size))
	if e.unsized {
		e.end = limit
	}
	if e.end > limit {
		if m.cut == nil && limit == m.s.size {
			m.cut = &e
		}
		e.end = limit
	}
	return e, e.end >= e.body
}

// vint reads a number that begins with its length in bits, with that mark; 0 bytes: none.
func vint(b []byte, most int) (v uint64, n int) {
	if len(b) == 0 {
		return 0, 0
	}
	n = bits.LeadingZeros8(b[0]) + 1
	if n > most || n > len(b) {
		return 0, 0
	}
	for _, c := range b[:n] {
		v = v<<8 | uint64(c)
	}
	return v, n
}

// each calls yield with the elements between pos and limit until it returns false.
func (m *matroska) each(pos, limit int64, yield func(element) bool) {
	for pos < limit {
		e, ok := m.element(pos, limit)
		if !ok || !yield(e) {
			return
		}
		pos = e.end
	}
}

func readWebM(s *source) Sound {
	m := &matroska{s: s, scale: 1_000_000}
	m.each(0, s.size, func(e element) bool {
		if e.id != idSegment {
			return true
		}
		m.segment = e
		m.each(e.body, e.end, m.inSegment)
		return false
	})
	return m.sound()
}

// inSegment reads one element of the segment; it wants no more when it has what it needs.
func (m *matroska) inSegment(e element) bool {
	switch e.id {
	case idInfo:
		m.info = true
		m.each(e.body, e.end, func(e element) bool {
			switch b := m.content(e); e.id {
			case idScale:
				m.scale = clamp(number(b))
			case idDuration:
				m.duration = float(b)
			}
			return true
		})
	case idTracks:
		m.tracks = true
		m.each(e.body, e.end, func(e element) bool {
			if e.id == idTrack {
				m.readTrack(e)
			}
			return m.audio == nil
		})
	case idCluster:
		if !m.hasCluster {
			m.each(e.body, e.end, func(e element) bool {
				if e.id == idTime {
					m.begins = number(m.content(e))
				}
				return false // it comes first
			})
		}
		m.hasCluster = true
		// Nothing tells where a cluster of unknown size ends.
		return !e.unsized && !(m.info && m.tracks)
	}
	return true
}

// content returns that of a short element.
func (m *matroska) content(e element) []byte {
	if e.end-e.body > 64 {
		return nil
	}
	return m.s.at(e.body, int(e.end-e.body))
}

func (m *matroska) readTrack(track element) {
	t := matroskaTrack{rate: 8000, channels: 1} // what the format takes for granted
	m.each(track.body, track.end, func(e element) bool {
		switch b := m.content(e); e.id {
		case idType:
			t.kind = number(b)
		case idCodec:
			t.codec = string(bytes.TrimRight(b, "\x00"))
		case idAudio:
			m.each(e.body, e.end, func(e element) bool {
				switch b := m.content(e); e.id {
				case idRate:
					t.rate = float(b)
				case idOutRate:
					t.rate = max(t.rate, float(b))
				case idChannels:
					t.channels = number(b)
				}
				return true
			})
		}
		return true
	})
	if t.kind == 2 {
		m.audio = &t
	}
}

// lateStart is how late a first cluster may begin, in microseconds.
const lateStart = 50_000

// sound puts together what was read.
func (m *matroska) sound() Sound {
	t := m.audio
	switch {
	case m.segment.id == 0:
		return noAudio("Matroska without a segment", 0)
	case t == nil && (m.s.spent || m.elements == maxElements || m.hasCluster && !m.tracks):
		return Sound{Format: "webm", Duration: Unknown, Reason: "no audio track in what is read"}
	case t == nil:
		return noAudio("Matroska without an audio track", m.segment.body)
	case !m.hasCluster && !m.s.spent && m.elements < maxElements:
		return noAudio("Matroska without a sample", m.s.size)
	}

	sound := Sound{Format: "webm", Codec: matroskaCodec(t.codec), Duration: Unknown}
	if t.rate > 0 && t.rate < 1<<31 {
		sound.Rate = int(t.rate + 0.5)
	}
	if t.channels < 1<<16 {
		sound.Channels = int(t.channels)
	}
	if sound.Codec == "opus" {
		sound.Rate = 48000
	}
	us := m.duration * float64(m.scale) / 1000
	switch begins := float64(m.begins) * float64(m.scale) / 1000; {
	case begins > lateStart:
		// Some programs count the time before the first cluster, too.
		sound.Reason = "the first cluster does not begin at the beginning"
	case us > 0 && us < math.MaxInt64/2:
		sound.Duration = int64(us)
	}
	if m.cut != nil {
		sound.Cut, sound.Duration, sound.At = true, Unknown, m.s.size
		sound.Reason = fmt.Sprintf("element %X ends behind the object", m.cut.id)
	}
	return sound
}

func matroskaCodec(id string) string {
	switch {
	case strings.HasPrefix(id, "A_AAC"):
		return "aac"
	case strings.HasPrefix(id, "A_PCM"):
		return "pcm"
	case id == "A_MPEG/L3":
		return "mp3"
	case id == "A_OPUS", id == "A_VORBIS", id == "A_FLAC":
		return strings.ToLower(id[2:])
	}
	return id
}

func number(b []byte) uint64 {
	var v uint64
	for _, c := range b[:min(len(b), 8)] {
		v = v<<8 | uint64(c)
	}
	return v
}

func float(b []byte) float64 {
	var v float64
	switch len(b) {
	case 4:
		v = float64(math.Float32frombits(be.Uint32(b)))
	case 8:
		v = math.Float64frombits(be.Uint64(b))
	}
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return 0
	}
	return v
}

package media

import (
	"fmt"
	"strings"
)

// isMP4 knows MP4, M4A, 3GP and QuickTime by the name of the first box.
func isMP4(head []byte) bool {
	if len(head) < 8 {
		return false
	}
	switch string(head[4:8]) {
	case "ftyp", "moov", "mdat", "wide", "skip", "free", "pnot", "styp":
		return true
	}
	return false
}

// box is the header of a box.
type box struct {
	kind      string
	pos       int64
	body, end int64 // where its content begins and ends
}

// mp4 is what the boxes of an object say.
type mp4 struct {
	s     *source
	boxes int // that were read

	moov, media bool  // there is one
	cut         *box  // that claims more than there is
	bad         *box  // whose size is none
	fragmented  bool  // the samples are in fragments behind moov
	fragments   int64 // duration of all of them, in units of scale
	scale       int64
	track       *track // the first of audio

	index      int64 // duration in sidx, in units of indexScale
	indexScale int64
}

// track is what the boxes of one track say.
type track struct {
	handler  string
	scale    int64
	duration int64 // in units of scale; Unknown: it is not said
	shown    int64 // of it, without what an encoder added, in units of the movie; 0: it is not said
	entry    entry
	empty    bool // it has no sample in moov
}

// entry is a description of samples.
type entry struct {
	kind     string
	codec    string
	rate     int
	channels int
}

// maxBoxes is how many boxes are read of an object.
const maxBoxes = 4096

// box reads the header of the box at pos, in a box that ends at limit.
func (m *mp4) box(pos, limit int64) (box, bool) {
	h := m.s.at(pos, 16)
	if len(h) < 8 || m.boxes == maxBoxes || limit-pos < 8 {
		return box{}, false
	}
	m.boxes++
	b := box{kind: string(h[4:8]), pos: pos, body: pos + 8}
	switch size := int64(be.Uint32(h)); {
	case size == 0:
		b.end = limit
	case size == 1 && len(h) == 16:
		b.body, b.end = pos+16, beyond(pos, clamp(be.Uint64(h[8:])))
	default:
		b.end = pos + size
	}
	if b.end < b.body {
		if m.bad == nil {
			m.bad = &b
		}
		return box{}, false
	}
	if b.end > limit {
		if limit == m.s.size && m.cut == nil {
			m.cut = &b
		}
		b.end = limit
	}
	return b, true
}

// each calls yield with the boxes between pos and limit until it returns false.
func (m *mp4) each(pos, limit int64, yield func(box) bool) {
	for pos < limit {
		b, ok := m.box(pos, limit)
		if !ok || !yield(b) {
			return
		}
		pos = b.end
	}
}

func readMP4(s *source) Sound {
	m := &mp4{s: s, indexScale: 1}
	m.each(0, s.size, func(b box) bool {
		switch b.kind {
		case "moov":
			m.moov = true
			m.readMoov(b)
			// What is behind it is read where that needs no request, to see a box that
			// claims more than there is.
			return len(s.near(b.end, 8)) == 8
		case "mdat", "moof":
			m.media = true
		case "sidx":
			m.readIndex(b)
		}
		return !m.moov || len(s.near(b.end, 8)) == 8
	})
	return m.sound()
}

// sound puts together what was read.
func (m *mp4) sound() Sound {
	if !m.moov {
		return m.withoutMoov()
	}
	t := m.track
	switch {
	case t == nil && (m.s.spent || m.boxes == maxBoxes):
		return Sound{Format: "mp4", Duration: Unknown, Reason: "no audio track in the ranges that are read"}
	case t == nil && m.cut != nil && m.cut.kind == "moov":
		return noAudio("MP4 that ends in moov before an audio track", m.s.size)
	case t == nil && m.bad != nil:
		return noAudio(fmt.Sprintf("MP4 box %q that ends before it begins", m.bad.kind), m.bad.pos)
	case t == nil:
		return noAudio("MP4 without an audio track", 0)
	case t.empty && !m.fragmented:
		return noAudio("MP4 without a sample", 0)
	}

	e := t.entry
	sound := Sound{Format: "mp4", Codec: e.codec, Rate: e.rate, Channels: e.channels, Duration: Unknown}
	switch {
	case m.fragmented && m.fragments > 0:
		sound.Duration = micros(m.fragments, m.scale)
	case m.fragmented && m.index > 0:
		sound.Duration = micros(m.index, m.indexScale)
	case !m.fragmented && t.duration > 0:
		sound.Duration = micros(t.duration, t.scale)
		if shown := micros(t.shown, m.scale); t.shown > 0 && shown != Unknown {
			sound.Duration = min(sound.Duration, shown)
		}
	}
	if m.cut != nil {
		sound.Cut, sound.Duration, sound.At = true, Unknown, m.s.size
		sound.Reason = fmt.Sprintf("box %q ends behind the object", m.cut.kind)
	}
	return sound
}

func (m *mp4) withoutMoov() Sound {
	switch {
	case m.bad != nil:
		return noAudio(fmt.Sprintf("MP4 box %q that ends before it begins", m.bad.kind), m.bad.pos)
	case m.cut != nil:
		return Sound{Format: "mp4", Duration: Unknown, Cut: true, Reason: fmt.Sprintf("MP4 without moov: it ends in box %q", m.cut.kind), At: m.s.size}
	case m.s.spent || m.boxes == maxBoxes:
		return Sound{Format: "mp4", Duration: Unknown, Reason: "no moov in what is read"}
	}
	return noAudio("MP4 without moov", m.s.size)
}

// readMoov reads the first audio track, and what is said of fragments.
func (m *mp4) readMoov(moov box) {
	m.each(moov.body, moov.end, func(b box) bool {
		switch {
		case b.kind == "mvhd":
			h := m.s.at(b.body, 24)
			if len(h) == 24 {
				m.scale = int64(be.Uint32(h[12:]))
				if h[0] == 1 {
					m.scale = int64(be.Uint32(h[20:]))
				}
			}
		case b.kind == "mvex":
			m.fragmented = true
			m.each(b.body, b.end, func(b box) bool {
				if b.kind == "mehd" {
					m.fragments = fullNumber(m.s.at(b.body, 12), 4)
				}
				return b.kind != "mehd"
			})
		case b.kind == "trak" && m.track == nil:
			t := &track{duration: Unknown}
			m.readTrack(t, b)
			if t.handler == "soun" {
				m.track = t
			}
		}
		return true
	})
}

// fullNumber reads a number that has 64 bits in version 1 of a box; 0: none.
func fullNumber(b []byte, at int) int64 {
	switch {
	case len(b) >= at+8 && b[0] == 1:
		return clamp(be.Uint64(b[at:]))
	case len(b) >= at+4 && b[0] == 0:
		return int64(be.Uint32(b[at:]))
	}
	return 0
}

// readTrack reads the boxes of a track, and those in mdia, minf and stbl.
func (m *mp4) readTrack(t *track, in box) {
	m.each(in.body, in.end, func(b box) bool {
		switch b.kind {
		case "mdia", "minf", "stbl":
			// Each of them holds the next: what is deeper is none of a track.
			if b.kind != in.kind {
				m.readTrack(t, b)
			}
			return false
		case "tkhd":
			t.shown = shownIn(m.s.at(b.body, 36))
		case "mdhd":
			t.readHeader(m.s.at(b.body, 32))
		case "hdlr":
			// QuickTime has a second one in minf, for how data are stored.
			if h := m.s.at(b.body, 12); len(h) == 12 && in.kind == "mdia" {
				t.handler = string(h[8:])
			}
			return t.handler == "soun"
		case "stsd":
			if h := m.s.at(b.body, 16); len(h) == 16 {
				size := int64(be.Uint32(h[8:]))
				t.entry = parseEntry(m.s.at(b.body+8, int(min(size, b.end-b.body-8, 1024))))
			}
		case "stts":
			h := m.s.at(b.body, 8)
			t.empty = len(h) == 8 && be.Uint32(h[4:]) == 0
			return false
		}
		return true
	})
}

// shownIn returns the duration in tkhd: that of the edits of a track; 0: none.
func shownIn(b []byte) int64 {
	at := 20
	if len(b) > 0 && b[0] == 1 {
		at = 28
	}
	n := fullNumber(b, at)
	if n == unsized || n == clamp(1<<63) {
		return 0
	}
	return n
}

func (t *track) readHeader(b []byte) {
	if len(b) < 24 {
		return
	}
	t.scale, t.duration = int64(be.Uint32(b[12:])), int64(be.Uint32(b[16:]))
	if b[0] == 1 && len(b) == 32 {
		t.scale, t.duration = int64(be.Uint32(b[20:])), clamp(be.Uint64(b[24:]))
	}
	if t.duration == unsized || t.duration == clamp(1<<63) {
		t.duration = Unknown
	}
}

// parseEntry reads the first description of samples.
func parseEntry(b []byte) entry {
	if len(b) < 36 {
		return entry{}
	}
	e := entry{kind: string(b[4:8]), channels: int(be.Uint16(b[24:])), rate: int(be.Uint16(b[32:]))}
	children := 36
	switch be.Uint16(b[16:]) { // the version, of QuickTime
	case 1:
		children = 52
	case 2:
		children = 72
	}

	switch e.kind {
	case "samr":
		e.codec, e.rate, e.channels = "amr", 8000, 1
	case "sawb":
		e.codec, e.rate, e.channels = "amr", 16000, 1
	case "mp4a":
		e.codec = "aac"
	case ".mp3":
		e.codec = "mp3"
	case "Opus":
		e.codec, e.rate = "opus", 48000
	case "fLaC":
		e.codec = "flac"
	case "twos", "sowt", "lpcm", "ipcm", "fpcm", "raw ", "in24", "in32", "fl32", "fl64":
		e.codec = "pcm"
	case "agsm":
		e.codec = "gsm"
	default:
		e.codec = strings.TrimSpace(e.kind)
	}
	if e.kind == "mp4a" {
		e.elementary(b[min(children, len(b)):])
	}
	return e
}

// elementary reads the esds box: which codec it is, and its own rate and channels, which
// the description itself only repeats from habit.
func (e *entry) elementary(b []byte) {
	i := strings.Index(string(b), "esds")
	if i < 0 {
		return
	}
	b = b[min(i+8, len(b)):]
	tag, d := descriptor(&b)
	if tag != 3 || len(d) < 3 {
		return
	}
	d = d[3:]
	tag, config := descriptor(&d)
	if tag != 4 || len(config) < 13 {
		return
	}
	switch config[0] {
	case 0x69, 0x6b:
		e.codec = "mp3"
		return
	case 0x40, 0x66, 0x67, 0x68:
	default:
		e.codec = fmt.Sprintf("0x%02x", config[0])
		return
	}
	config = config[13:]
	if tag, own := descriptor(&config); tag == 5 {
		rate, channels := specificConfig(own)
		if rate > 0 {
			e.rate = rate
		}
		if channels > 0 {
			e.channels = channels
		}
	}
}

// descriptor takes one descriptor from b: a tag, a size of up to four bytes, the content.
func descriptor(b *[]byte) (byte, []byte) {
	if len(*b) < 2 {
		return 0, nil
	}
	tag, size, rest := (*b)[0], 0, (*b)[1:]
	for i := 0; i < 4 && len(rest) > 0; i++ {
		c := rest[0]
		rest = rest[1:]
		size = size<<7 | int(c&0x7f)
		if c&0x80 == 0 {
			break
		}
	}
	size = min(size, len(rest))
	*b = rest[size:]
	return tag, rest[:size]
}

// readIndex reads sidx, whose duration counts when it is about all that is behind it.
func (m *mp4) readIndex(b box) {
	h := m.s.near(b.body, int(min(b.end-b.body, HeadBytes)))
	if len(h) < 24 || m.index != 0 {
		return
	}
	scale, offset, at := int64(be.Uint32(h[8:])), int64(be.Uint32(h[16:])), 20
	if h[0] == 1 {
		if len(h) < 32 {
			return
		}
		offset, at = clamp(be.Uint64(h[20:])), 28
	}
	count := int(be.Uint16(h[at+2:]))
	if len(h) < at+4+12*count || scale == 0 {
		return
	}

	var size, duration int64
	for i := range count {
		ref := h[at+4+12*i:]
		size += int64(be.Uint32(ref) & 0x7fffffff)
		duration += int64(be.Uint32(ref[4:]))
	}
	end := beyond(beyond(b.end, offset), size)
	switch {
	case end > m.s.size:
		m.cut = &b
	case m.s.size-end <= 64<<10: // at most an index of the fragments is behind it
		m.index, m.indexScale = duration, scale
	}
}

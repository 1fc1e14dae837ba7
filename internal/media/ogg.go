package media

import (
	"bytes"
	"math"
)

func isOgg(head []byte) bool { return bytes.HasPrefix(head, []byte("OggS")) }

// page is one page of Ogg.
type page struct {
	begins  bool  // of a logical stream
	granule int64 // position after its last packet; -1: none ends on it
	serial  uint32
	body    int // where its packets begin
	size    int
	lacing  []byte
}

// parsePage reads the header of a page, which need not be there wholly behind it.
func parsePage(b []byte) (page, bool) {
	if len(b) < 27 || string(b[:4]) != "OggS" || b[4] != 0 {
		return page{}, false
	}
	n := int(b[26])
	if len(b) < 27+n {
		return page{}, false
	}
	p := page{begins: b[5]&2 != 0, granule: int64(le.Uint64(b[6:])), serial: le.Uint32(b[14:]), body: 27 + n, lacing: b[27 : 27+n]}
	p.size = p.body
	for _, l := range p.lacing {
		p.size += int(l)
	}
	return p, true
}

// oggStream is the first logical stream of audio.
type oggStream struct {
	Sound
	serial  uint32
	clock   int64 // granules a second; 0: granules are not read
	skip    int64 // granules that are not heard
	block   int64 // most granules of a packet of Vorbis
	others  map[uint32]bool
	several bool // there are more of audio, or more behind the end of one
	sounded bool // a page of it behind its headers was seen in the head
}

// readOgg reads the streams that begin in the head, and the end of the last.
func readOgg(s *source) Sound {
	o := oggStream{others: map[uint32]bool{}}
	o.head(s)
	if o.Format == "" {
		return noAudio("Ogg without a known audio stream", 0)
	}
	if o.clock == 0 || o.several {
		return o.Sound
	}
	return o.tail(s)
}

// maxStreams is how many streams an object may begin before nobody counts them.
const maxStreams = 16

// head walks the pages of the head.
func (o *oggStream) head(s *source) {
	started := false
	for pos := 0; pos < len(s.head); {
		p, ok := parsePage(s.head[pos:])
		if !ok {
			return
		}
		packet := s.head[min(pos+p.body, len(s.head)):min(pos+p.size, len(s.head))]
		switch {
		case p.begins && (started || len(o.others) >= maxStreams):
			o.several = true
		case p.begins:
			found, audio := identify(packet)
			switch {
			case !audio:
				o.others[p.serial] = true
			case o.Format != "":
				o.several = true
			default:
				o.Sound, o.clock, o.skip, o.block = found.Sound, found.clock, found.skip, found.block
				o.serial = p.serial
			}
		default:
			started = true
			o.first(p, packet)
		}
		pos += p.size
	}
}

// first looks at the first page of samples: a stream that was joined late does not begin
// at 0.
func (o *oggStream) first(p page, packet []byte) {
	if o.sounded || p.serial != o.serial || p.granule <= 0 {
		return
	}
	o.sounded = true
	switch {
	case o.Codec == "opus":
		if n := opusGranules(p.lacing, packet); n >= 0 && p.granule > n {
			o.skip += p.granule - n
		}
	case o.block > 0 && p.granule > int64(len(p.lacing))*o.block:
		o.clock = 0
	}
}

// identify reads the first packet of a stream.
func identify(b []byte) (oggStream, bool) {
	o := oggStream{Sound: Sound{Format: "ogg", Duration: Unknown}}
	switch {
	case len(b) >= 19 && string(b[:8]) == "OpusHead":
		o.Codec, o.Channels, o.Rate = "opus", int(b[9]), 48000
		o.skip, o.clock = int64(le.Uint16(b[10:])), 48000
	case len(b) >= 30 && string(b[:7]) == "\x01vorbis":
		o.Codec, o.Channels, o.Rate = "vorbis", int(b[11]), int(le.Uint32(b[12:]))
		o.clock, o.block = int64(o.Rate), int64(1)<<(b[28]>>4)
	case len(b) >= 51 && string(b[:5]) == "\x7fFLAC":
		i := parseStreamInfo(b[17:51])
		o.Codec, o.Channels, o.Rate, o.clock = "flac", i.channels, int(i.rate), i.rate
	case len(b) >= 52 && string(b[:8]) == "Speex   ":
		o.Codec, o.Rate, o.Channels = "speex", int(le.Uint32(b[36:])), int(le.Uint32(b[48:]))
	default:
		return o, false
	}
	return o, true
}

// tail looks for the last page of the stream, from the end of the object backwards. A page
// is one when it ends where the next begins, or the object ends.
func (o *oggStream) tail(s *source) Sound {
	end := s.size
	for window := range 3 {
		from := max(s.size-int64(window+1)*HeadBytes, 0)
		b := s.at(from, HeadBytes)
		if s.err != nil || len(b) == 0 {
			break
		}
		if done := o.backwards(s, b, from, &end); done || from == 0 {
			break
		}
	}
	if o.Duration == Unknown && s.whole() && !o.sounded {
		return noAudio("Ogg without a sample", s.size)
	}
	return o.Sound
}

// backwards walks the pages that begin in a window and lie before end; true: the last page
// of the stream was found, or cannot be.
func (o *oggStream) backwards(s *source, b []byte, from int64, end *int64) bool {
	for i := len(b); ; {
		i = bytes.LastIndex(b[:min(i+3, len(b))], []byte("OggS"))
		if i < 0 {
			return false
		}
		pos := from + int64(i)
		p, ok := parsePage(b[i:])
		switch {
		case pos >= *end:
			continue
		case *end == s.size && (!ok && len(b)-i < 27+255 || ok && pos+int64(p.size) > s.size):
			o.Cut, o.Reason, o.At = true, "it ends inside a page", s.size
			*end = pos
			continue
		case ok && *end == s.size && isBegun(b[min(i+p.size, len(b)):]):
			o.Cut, o.Reason, o.At = true, "it ends inside a page", s.size
		case !ok || pos+int64(p.size) != *end:
			// These bytes are inside a page, or what is behind the last page is none.
			continue
		}

		*end = pos
		switch {
		case p.serial == o.serial && p.granule >= 0:
			o.finish(p.granule)
			return true
		case p.serial != o.serial && !o.others[p.serial]:
			return true // a stream that began behind the head
		}
	}
}

// isBegun reports whether bytes are the beginning of the mark of a page.
func isBegun(b []byte) bool { return len(b) > 0 && len(b) < 4 && string(b) == "OggS"[:len(b)] }

// finish sets the duration from the last granule.
func (o *oggStream) finish(granule int64) {
	heard := max(granule-min(o.skip, math.MaxInt64/2), 0)
	o.Duration = micros(heard, o.clock)
	if heard == 0 {
		o.Sound = noAudio("Ogg without a sample", 0)
	}
}

// opusGranules returns the samples at 48 kHz of the packets of a page, -1 when it cannot
// tell.
func opusGranules(lacing, body []byte) int64 {
	total, size := int64(0), 0
	for _, l := range lacing {
		size += int(l)
		if l == 255 {
			continue
		}
		if size == 0 || size > len(body) {
			return -1
		}
		n := opusPacket(body[:size])
		if n < 0 {
			return -1
		}
		total, body, size = total+n, body[size:], 0
	}
	return total
}

// opusPacket returns the samples of a packet (RFC 6716, 3.1).
func opusPacket(b []byte) int64 {
	config := b[0] >> 3
	var n int64
	switch {
	case config < 12:
		n = []int64{480, 960, 1920, 2880}[config&3]
	case config < 16:
		n = []int64{480, 960}[config&1]
	default:
		n = []int64{120, 240, 480, 960}[config&3]
	}
	switch b[0] & 3 {
	case 0:
		return n
	case 3:
		if len(b) < 2 {
			return -1
		}
		return n * int64(b[1]&63)
	}
	return 2 * n
}

package media

import (
	"bytes"
	"fmt"
)

func isID3(head []byte) bool { return len(head) >= 10 && string(head[:3]) == "ID3" }

// readTagged skips ID3v2 tags, of any size, and reads what they stand before.
func readTagged(s *source) Sound {
	pos := int64(0)
	for {
		h := s.at(pos, 10)
		if len(h) < 10 || string(h[:3]) != "ID3" {
			break
		}
		n := int64(h[6]&0x7f)<<21 | int64(h[7]&0x7f)<<14 | int64(h[8]&0x7f)<<7 | int64(h[9]&0x7f)
		if h[5]&0x10 != 0 { // a footer
			n += 10
		}
		pos += 10 + n
	}
	if pos >= s.size {
		return noAudio("ID3 tag with nothing behind it", s.size)
	}

	b := s.near(pos, HeadBytes)
	if int64(len(b)) < min(enoughFrames, s.size-pos) {
		b = s.at(pos, HeadBytes)
	}
	if isFLAC(b) {
		return readFLAC(s, pos)
	}
	// Some programs pad the tag beyond its size.
	zeros := len(b) - len(bytes.TrimLeft(b, "\x00"))
	if sound, ok := readFrames(s, pos+int64(zeros), s.size); ok {
		return sound
	}
	if s.spent {
		return Sound{Format: "mp3", Duration: Unknown, Reason: "ID3 tags beyond the ranges that are read", At: pos}
	}
	return unknownBeginning(b, pos)
}

// enoughFrames is how many bytes of frames tell enough to do without a further range.
const enoughFrames = 8 << 10

// readFrames reads MPEG audio or AAC frames that begin at start and end before end; false:
// there are none.
func readFrames(s *source, start, end int64) (Sound, bool) {
	n := int(min(HeadBytes, max(end-start, 0)))
	b := s.near(start, n)
	if len(b) < min(n, enoughFrames) {
		b = s.at(start, n)
	}
	last := start+int64(len(b)) == end
	if sound, ok := readADTS(s, b, start, last); ok {
		return sound, true
	}
	return readMPEG(b, start, end, last)
}

// frame is the header of an MPEG audio frame.
type frame struct {
	version  byte // 3: MPEG 1, 2: MPEG 2, 0: MPEG 2.5
	layer    byte // 1 to 3
	bitrate  int64
	rate     int64
	samples  int64
	size     int
	channels int
}

var (
	bitrates1 = [3][16]int64{
		{0, 32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448},
		{0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384},
		{0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320},
	}
	bitrates2 = [3][16]int64{
		{0, 32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256},
		{0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160},
		{0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160},
	}
	mpegRates = [3]int64{44100, 48000, 32000}
)

func parseFrame(b []byte) (frame, bool) {
	if len(b) < 4 || b[0] != 0xff || b[1]&0xe0 != 0xe0 {
		return frame{}, false
	}
	f := frame{version: b[1] >> 3 & 3, layer: 4 - b[1]>>1&3, channels: 2}
	kbit, ri := b[2]>>4, b[2]>>2&3
	if f.version == 1 || f.layer == 4 || kbit == 0 || kbit == 15 || ri == 3 {
		return frame{}, false
	}
	if b[3]>>6 == 3 {
		f.channels = 1
	}
	f.rate, f.bitrate, f.samples = mpegRates[ri], bitrates1[f.layer-1][kbit]*1000, 1152
	if f.version != 3 {
		f.rate, f.bitrate = f.rate/2, bitrates2[f.layer-1][kbit]*1000
		if f.version == 0 {
			f.rate /= 2
		}
		if f.layer == 3 {
			f.samples = 576
		}
	}

	pad := int64(b[2] >> 1 & 1)
	if f.layer == 1 {
		f.samples = 384
		f.size = int((12*f.bitrate/f.rate + pad) * 4)
	} else {
		f.size = int(f.samples/8*f.bitrate/f.rate + pad)
	}
	return f, true
}

// same reports whether two frames can be of one stream.
func (f frame) same(g frame) bool {
	return f.version == g.version && f.layer == g.layer && f.rate == g.rate
}

// readMPEG reads the frames in b, which begin at start. The duration is that of a Xing or
// VBRI header, else that of the bytes when all frames in b have one bit rate.
func readMPEG(b []byte, start, end int64, last bool) (Sound, bool) {
	first, ok := parseFrame(b)
	if !ok {
		return Sound{}, false
	}
	if last && len(b) >= 128 && string(b[len(b)-128:len(b)-125]) == "TAG" { // ID3v1
		b, end = b[:len(b)-128], end-128
	}

	frames, constant, pos := 0, true, 0
	for pos < len(b) {
		f, ok := parseFrame(b[pos:])
		if !ok || !f.same(first) {
			break
		}
		// The first frame may be a Xing header of another size.
		if frames > 0 && f.bitrate != first.bitrate {
			constant = false
		}
		frames, pos = frames+1, pos+f.size
	}
	// One header alone may be chance: four bytes in many samples look like one.
	if frames < 2 && (!last || pos < len(b)) {
		return Sound{}, false
	}

	sound := Sound{Format: "mp3", Codec: []string{"mp1", "mp2", "mp3"}[first.layer-1], Rate: int(first.rate), Channels: first.channels, Duration: Unknown}
	tag, ok := parseXing(b, first)
	switch {
	case ok:
		tag.apply(&sound, first, b, end-start)
	case constant && (pos >= len(b) || len(b)-pos < 4):
		sound.Duration = first.duration(end - start)
	}
	if sound.Cut {
		sound.At = end
	}
	return sound, true
}

// duration returns that of the whole frames in n bytes at a constant bit rate. A frame is
// longer or shorter than the mean by less than a byte.
func (f frame) duration(n int64) int64 {
	if n > 1<<44 {
		return Unknown
	}
	frames := (n + 1) * 8 * f.rate / (f.bitrate * f.samples)
	return micros(frames*f.samples, f.rate)
}

// leastFrame is how many bytes the smallest frame has.
const leastFrame = 24

// decoderDelay is how many samples a decoder gives late.
const decoderDelay = 529

// xing is what the first frame says of the whole stream.
type xing struct {
	frames, bytes int64
	delay         int64 // samples that the encoder added at the beginning
	padding       int64 // and at the end
	constant      bool
}

func parseXing(b []byte, f frame) (xing, bool) {
	if f.layer != 3 {
		return xing{}, false
	}
	if v := b[min(36, len(b)):]; len(v) >= 18 && string(v[:4]) == "VBRI" {
		return xing{bytes: int64(be.Uint32(v[10:])), frames: int64(be.Uint32(v[14:]))}, true
	}

	side := 32
	if f.version != 3 {
		side = 17
	}
	if f.channels == 1 {
		side = (side + 2) / 2
	}
	v := b[min(4+side, len(b)):]
	v = v[:min(len(v), max(f.size-4-side, 0))]
	if len(v) < 8 || string(v[:4]) != "Xing" && string(v[:4]) != "Info" {
		return xing{}, false
	}
	x := xing{constant: string(v[:4]) == "Info"}
	flags := be.Uint32(v[4:])
	v = v[8:]
	take := func(bit uint32, n int) []byte {
		if flags&bit == 0 || len(v) < n {
			return nil
		}
		field := v[:n]
		v = v[n:]
		return field
	}
	if n := take(1, 4); n != nil {
		x.frames = int64(be.Uint32(n))
	}
	if n := take(2, 4); n != nil {
		x.bytes = int64(be.Uint32(n))
	}
	take(4, 100) // a table of positions
	take(8, 4)   // the quality
	if len(v) >= 24 && (string(v[:4]) == "LAME" || string(v[:4]) == "Lavf" || string(v[:4]) == "Lavc") {
		x.delay, x.padding = int64(v[21])<<4+int64(v[22]>>4), int64(v[22]&15)<<8+int64(v[23])
	}
	return x, true
}

// apply sets the duration and whether the n bytes of the stream are all of it.
func (x xing) apply(sound *Sound, first frame, b []byte, n int64) {
	if x.frames > n/leastFrame {
		sound.Cut, sound.Reason = true, fmt.Sprintf("%d frames, for which %d bytes are too few", x.frames, n)
		return
	}
	if x.frames > 0 {
		sound.Duration = micros(max(x.frames*first.samples-x.delay-x.padding, 0), first.rate)
	}
	second := first
	if f, ok := parseFrame(b[min(first.size, len(b)):]); ok {
		second = f
	}
	// The frame with this header has no samples, and what a decoder needs to begin is not
	// heard either.
	there := second.duration(max(n-int64(first.size), 0))
	if there != Unknown {
		there = max(there-micros(x.delay+decoderDelay, first.rate), 0)
	}
	switch {
	case x.bytes > n:
		sound.Cut, sound.Duration = true, Unknown
		sound.Reason = fmt.Sprintf("%d bytes of frames, of which %d are there", x.bytes, n)
		if x.constant {
			sound.Duration = there
		}
	case x.bytes == 0 && x.constant && x.frames > 0:
		if there != Unknown && there < sound.Duration-micros(2*first.samples, first.rate) {
			sound.Cut, sound.Duration = true, there
			sound.Reason = fmt.Sprintf("%d frames, for which %d bytes are too few", x.frames, n)
		}
	case x.bytes > 0 && n-x.bytes > x.bytes/8+4096:
		// Another stream was probably appended, and nothing counts that one.
		sound.Duration = Unknown
	}
}

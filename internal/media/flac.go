package media

import (
	"bytes"
	"fmt"
)

func isFLAC(head []byte) bool { return bytes.HasPrefix(head, []byte("fLaC")) }

// streamInfo is the block at the beginning of FLAC.
type streamInfo struct {
	minBlock, maxBlock int64 // samples of a frame
	rate               int64
	channels           int
	depth              int
	samples            int64 // of one channel; 0: unknown
}

func parseStreamInfo(b []byte) streamInfo {
	v := be.Uint64(b[10:])
	return streamInfo{
		minBlock: int64(be.Uint16(b)),
		maxBlock: int64(be.Uint16(b[2:])),
		rate:     int64(v >> 44),
		channels: int(v>>41&7) + 1,
		depth:    int(v>>36&31) + 1,
		samples:  int64(v & (1<<36 - 1)),
	}
}

// readFLAC reads the STREAMINFO block at start, and the last frame, whose number says
// whether all samples are there.
func readFLAC(s *source, start int64) Sound {
	h := s.at(start, 42)
	if len(h) < 42 || h[4]&0x7f != 0 {
		return noAudio("FLAC without its STREAMINFO block", start+4)
	}
	info := parseStreamInfo(h[8:])
	if info.rate == 0 {
		return noAudio("FLAC of 0 Hz", start+18)
	}
	sound := Sound{Format: "flac", Codec: "flac", Rate: int(info.rate), Channels: info.channels, Duration: Unknown}
	if last, ok := metadataEnd(s, start+4); ok && last >= s.size {
		return noAudio("FLAC without a sample", s.size)
	}
	if info.samples == 0 {
		return sound
	}

	there, ok := info.last(s)
	switch {
	case !ok: // a frame that is larger than what is read, or bytes behind the last one
	case there < info.samples:
		sound.Duration, sound.Cut, sound.At = micros(there, info.rate), true, s.size
		sound.Reason = fmt.Sprintf("%d samples, of which %d are there", info.samples, there)
	default:
		sound.Duration = micros(info.samples, info.rate)
	}
	return sound
}

// metadataEnd walks the metadata blocks as far as no request is needed for them.
func metadataEnd(s *source, pos int64) (int64, bool) {
	for {
		h := s.near(pos, 4)
		if len(h) < 4 {
			return pos, pos >= s.size
		}
		pos += 4 + int64(be.Uint32(h)&0xffffff)
		if h[0]&0x80 != 0 {
			return pos, true
		}
	}
}

// last returns how many samples the object has up to the end of its last whole frame.
func (i streamInfo) last(s *source) (int64, bool) {
	from := max(s.size-HeadBytes, 0)
	b := s.at(from, HeadBytes)
	if from+int64(len(b)) != s.size {
		return 0, false
	}
	if len(b) >= 128 && string(b[len(b)-128:len(b)-125]) == "TAG" { // ID3v1
		b = b[:len(b)-128]
	}

	for p := len(b); p > 0; {
		p = bytes.LastIndexByte(b[:p], 0xff)
		if p < 0 {
			break
		}
		first, n, ok := i.frame(b[p:])
		if !ok {
			continue
		}
		// The CRC of a frame with its own CRC behind it is 0.
		if crc16(b[p:]) == 0 {
			return first + n, true
		}
		return first, true
	}
	return 0, false
}

// frame reads the header of a frame: the number of its first sample, and how many it has.
// It is one only when its own CRC says so and it is like the stream, as its mark of 15
// bits is found by chance, too.
func (i streamInfo) frame(b []byte) (first, samples int64, ok bool) {
	if len(b) < 6 || b[1]&0xfe != 0xf8 || b[3]&1 != 0 {
		return 0, 0, false
	}
	channels := int(b[3]>>4) + 1
	if channels > 8 {
		channels = 2 // the difference of two
	}
	depth := []int{i.depth, 8, 12, 0, 16, 20, 24, 32}[b[3]>>1&7]
	number, n := codedNumber(b[4:])
	if channels != i.channels || depth != i.depth || n == 0 || b[3]>>4 > 10 {
		return 0, 0, false
	}

	pos := 4 + n
	extra := []int{0, 0, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 0, 0, 0, 0}[b[2]>>4]
	rate := []int{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 2, 0}[b[2]&15]
	if len(b) < pos+extra+rate+1 {
		return 0, 0, false
	}
	switch code := b[2] >> 4; {
	case code == 0:
		return 0, 0, false
	case code == 1:
		samples = 192
	case code <= 5:
		samples = 576 << (code - 2)
	case code == 6:
		samples = int64(b[pos]) + 1
	case code == 7:
		samples = int64(be.Uint16(b[pos:])) + 1
	default:
		samples = 256 << (code - 8)
	}
	pos += extra + rate
	if crc8(b[:pos]) != b[pos] || samples > max(i.maxBlock, 16) {
		return 0, 0, false
	}

	first = number
	if b[1]&1 == 0 { // the number of the frame, all of which have as many samples
		first *= i.maxBlock
	}
	return first, samples, first < i.samples
}

// codedNumber reads a number that is coded like a rune, of up to 36 bits; 0 bytes: none.
func codedNumber(b []byte) (v int64, n int) {
	lead := b[0]
	for lead&0x80 != 0 {
		lead <<= 1
		n++
	}
	if n == 0 {
		return int64(b[0]), 1
	}
	if n == 1 || n > 7 || len(b) < n {
		return 0, 0
	}
	v = int64(lead >> n)
	for _, c := range b[1:n] {
		if c>>6 != 2 {
			return 0, 0
		}
		v = v<<6 | int64(c&0x3f)
	}
	return v, n
}

func crc8(b []byte) byte {
	var crc byte
	for _, c := range b {
		crc ^= c
		for range 8 {
			crc = crc<<1 ^ 7*(crc>>7)
		}
	}
	return crc
}

func crc16(b []byte) uint16 {
	var crc uint16
	for _, c := range b {
		crc ^= uint16(c) << 8
		for range 8 {
			crc = crc<<1 ^ 0x8005*(crc>>15)
		}
	}
	return crc
}

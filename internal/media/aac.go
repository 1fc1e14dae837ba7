package media

var aacRates = [16]int{96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350}

// aacChannels maps the configuration of channels to their number.
var aacChannels = [16]int{0, 1, 2, 3, 4, 5, 6, 8, 0, 0, 0, 7, 8, 0, 8}

// adts reads the header of an AAC frame: its size, the index of its rate and its channels.
func adts(b []byte) (size, rate, channels, blocks int, ok bool) {
	if len(b) < 7 || b[0] != 0xff || b[1]&0xf6 != 0xf0 {
		return 0, 0, 0, 0, false
	}
	rate = aacRates[b[2]>>2&15]
	channels = aacChannels[b[2]&1<<2|b[3]>>6]
	size = int(b[3]&3)<<11 | int(b[4])<<3 | int(b[5])>>5
	return size, rate, channels, int(b[6]&3) + 1, size >= 7 && rate > 0
}

// readADTS counts the frames in b, which begin at start; the duration is known when b is
// the last of the object.
func readADTS(s *source, b []byte, start int64, last bool) (Sound, bool) {
	_, rate, channels, _, ok := adts(b)
	if !ok {
		return Sound{}, false
	}
	if last && len(b) >= 128 && string(b[len(b)-128:len(b)-125]) == "TAG" {
		b = b[:len(b)-128]
	}
	frames, blocks, pos := 0, 0, 0
	for pos < len(b) {
		size, r, _, n, ok := adts(b[pos:])
		if !ok || r != rate {
			break
		}
		frames++
		if pos+size > len(b) {
			break
		}
		pos, blocks = pos+size, blocks+n
	}
	if frames < 2 && (!last || pos < len(b)) {
		return Sound{}, false
	}

	sound := Sound{Format: "aac", Codec: "aac", Rate: rate, Channels: channels, Duration: Unknown}
	if !last {
		return sound, true
	}
	sound.Duration = micros(int64(blocks)*1024, int64(rate))
	if pos < len(b) {
		sound.Cut, sound.Reason, sound.At = true, "it ends inside a frame", s.size
		if frames == blocks && b[pos] != 0xff {
			sound.Cut, sound.Duration, sound.Reason, sound.At = false, Unknown, "bytes that are no frame", start+int64(pos)
		}
	}
	return sound, true
}

// specificConfig reads the configuration of AAC in other containers: the rate and the
// channels of what is heard; 0: unknown.
func specificConfig(b []byte) (rate, channels int) {
	bits := bitReader{b: b}
	kind := aacKind(&bits)
	rate = aacRate(&bits)
	channels = aacChannels[bits.take(4)]
	if kind == 5 || kind == 29 { // the rate of the band that is replicated
		rate = aacRate(&bits)
	}
	if kind == 29 && channels == 1 { // parametric stereo
		channels = 2
	}
	return rate, channels
}

func aacKind(bits *bitReader) int {
	kind := bits.take(5)
	if kind == 31 {
		kind = 32 + bits.take(6)
	}
	return kind
}

func aacRate(bits *bitReader) int {
	i := bits.take(4)
	if i == 15 {
		return bits.take(24)
	}
	return aacRates[i]
}

// bitReader takes bits from the highest on, zeros behind the end.
type bitReader struct {
	b   []byte
	pos int
}

func (r *bitReader) take(n int) int {
	v := 0
	for range n {
		v <<= 1
		if i := r.pos >> 3; i < len(r.b) {
			v |= int(r.b[i]>>(7-r.pos&7)) & 1
		}
		r.pos++
	}
	return v
}

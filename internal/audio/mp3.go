package audio

// MPEG-2.5 layer III (ISO/IEC 13818-3, and the extension of Fraunhofer) of 8 kbit/s.
const (
	mp3Frame   = 72  // bytes
	mp3Samples = 576 // of each channel in a frame
)

// appendMP3 appends an MP3 file. Its first frame has no sound but says how many others
// there are.
func appendMP3(b []byte, s Sound) []byte {
	frames := (s.samples(rate) + mp3Samples/2) / mp3Samples
	info := mp3Header(s.Channels)
	info = append(info, make([]byte, mp3SideInfo(s.Channels))...)
	info = append(info, "Info\x00\x00\x00\x03"...)             // the numbers of frames and bytes follow
	info = big.AppendUint32(info, uint32(frames))              //nolint:gosec // few
	info = big.AppendUint32(info, uint32((frames+1)*mp3Frame)) //nolint:gosec // few
	b = append(b, inFrame(info)...)

	frame := mp3Loud(s.Channels)
	for range frames {
		b = append(b, frame...)
	}
	return b
}

func inFrame(b []byte) []byte { return append(b, make([]byte, mp3Frame-len(b))...) }

// mp3Header returns the header of a frame: MPEG 2.5, layer III, no check, 8 kbit/s, 8 kHz.
func mp3Header(channels int) []byte {
	mode := byte(0xC0) // mono
	if channels == 2 {
		mode = 0x00
	}
	return []byte{0xFF, 0xE3, 0x18, mode}
}

func mp3SideInfo(channels int) int { return 1 + 8*channels }

// mp3Loud returns a frame with a hum of 270 Hz: of 576 frequencies one is not zero.
func mp3Loud(channels int) []byte {
	var side, data bitWriter
	side.put(0, 8)        // the data begin in this frame
	side.put(0, channels) // private bits: one, or two
	for range channels {
		const pairs = 20 // of frequencies whose values are coded
		bits := data.n
		for range pairs - 1 {
			data.put(1, 1) // 0, 0
		}
		data.put(1, 3) // 0, 1
		data.put(0, 1) // and its sign

		side.put(data.n-bits, 12)
		side.put(pairs, 9)
		side.put(190, 8) // gain
		side.put(0, 9+1) // no scale factors, one long window
		side.put(1, 5)   // the code of values up to 1, in each of three regions
		side.put(1, 5)
		side.put(1, 5)
		side.put(7, 4) // the regions, and which table codes the rest, which is empty
		side.put(0, 3+1+1)
	}
	return inFrame(append(append(mp3Header(channels), side.b...), data.b...))
}

// bitWriter collects bits, the highest of a byte first.
type bitWriter struct {
	b []byte
	n int // bits
}

func (w *bitWriter) put(v, bits int) {
	for bits--; bits >= 0; bits-- {
		if w.n%8 == 0 {
			w.b = append(w.b, 0)
		}
		w.b[w.n/8] |= byte(v>>bits&1) << (7 - w.n%8)
		w.n++
	}
}

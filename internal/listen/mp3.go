package listen

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/hajimehoshi/go-mp3"
)

// decodeMP3 gives the library one whole frame after another. It would search for
// the next frame wherever there is something else, and decode a frame of which
// the beginning is missing.
func decodeMP3(in *input, m *meter) error {
	f := &frames{in: in, m: m}
	if err := f.start(); err != nil {
		return err
	}
	m.begin(f.first.rate, f.first.channels)

	err := protect(f.decode)
	switch {
	case f.err != nil && !errors.Is(f.err, io.EOF):
		return f.err
	case err != nil:
		return damagedBy(f.at, errBroken.Error())
	}
	return nil
}

// decode measures what the library makes of the frames. The library always
// returns two channels of 16 bits.
func (f *frames) decode() error {
	decoder, err := mp3.NewDecoder(f)
	if err != nil {
		return err
	}
	raw := make([]byte, 4*1152)
	samples := make([]float32, 0, 2*1152)
	for {
		n, err := io.ReadFull(decoder, raw)
		samples = samples[:0]
		for at := 0; at+4 <= n; at += 4 {
			for c := range f.first.channels {
				samples = append(samples, float32(int16(little.Uint16(raw[at+2*c:])))/(1<<15))
			}
		}
		if !f.m.add(samples) {
			return nil
		}
		if err != nil {
			// The library ends without an error within frames too.
			if f.err == nil {
				return errors.New("not at the end")
			}
			return nil
		}
	}
}

// mp3Rates are those that the library decodes as others do. It refuses MPEG 2.5,
// and makes noise of some frames at 22050 and 24000 Hz.
var mp3Rates = []int{16000, 32000, 44100, 48000}

// mp3Header is what the four bytes before each frame say.
type mp3Header struct {
	version  byte // 3: MPEG-1, 2: MPEG-2, 0: MPEG 2.5
	layer    byte // 1: III
	checked  bool // a checksum follows
	rate     int
	channels int
	size     int // bytes, with the header
	moments  int
}

// same: one file does not change these.
func (h mp3Header) same(other mp3Header) bool {
	return h.version == other.version && h.rate == other.rate && h.channels == other.channels
}

// side is the size of the side information.
func (h mp3Header) side() int {
	switch {
	case h.version == 3 && h.channels == 2:
		return 32
	case h.version == 3 || h.channels == 2:
		return 17
	}
	return 9
}

// bitrates of layer III in kbit/s, of MPEG-1 and the others.
var bitrates = [2][15]int{
	{0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320},
	{0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160},
}

// parseMP3 says whether b begins with the header of a frame of layer III that
// says how long it is.
func parseMP3(b []byte) (h mp3Header, ok bool) {
	if len(b) < 4 || b[0] != 0xFF || b[1]&0xE0 != 0xE0 {
		return h, false
	}
	h.version, h.layer, h.checked = b[1]>>3&3, b[1]>>1&3, b[1]&1 == 0
	speed, rate := b[2]>>4, b[2]>>2&3
	if h.version == 1 || h.layer != 1 || speed == 0 || speed == 15 || rate == 3 {
		return h, false
	}

	h.rate = [3]int{44100, 48000, 32000}[rate]
	h.moments = 1152
	rates := bitrates[0]
	if h.version != 3 {
		h.rate, h.moments, rates = h.rate/2, 576, bitrates[1]
	}
	if h.version == 0 {
		h.rate /= 2
	}
	h.channels = 2
	if b[3]>>6 == 3 {
		h.channels = 1
	}
	h.size = h.moments/8*rates[speed]*1000/h.rate + int(b[2]>>1&1)
	return h, true
}

// frames reads the frames of MP3. What the library reads from it are whole ones.
type frames struct {
	in    *input
	m     *meter
	first mp3Header
	err   error // why there are no more frames; io.EOF: at the end

	at    int64
	room  [2048]byte
	frame []byte // what the library did not read yet

	// reservoir is how many bytes of frames before a frame can use.
	reservoir int
}

// start finds the first frame, which may come after a piece of another one.
func (f *frames) start() error {
	f.in.skipID3()
	f.at = f.in.at
	window := f.in.peek(inputBytes)
	for i := range window {
		h, ok := parseMP3(window[i:])
		if !ok {
			continue
		}
		// Two headers at the right distance are no accident.
		if next, ok := parseMP3(window[min(i+h.size, len(window)):]); i+h.size < len(window) && (!ok || !h.same(next)) {
			continue
		}
		if !slices.Contains(mp3Rates, h.rate) {
			return stop(fmt.Sprintf("mp3 at %d Hz is not decoded", h.rate))
		}
		f.in.take(i)
		f.first = h
		f.info(f.in.peek(h.size))
		return nil
	}
	return damagedBy(f.at, "no frame of MPEG layer III")
}

// info reads and passes over a first frame that holds no sound but says how much
// of the others does.
func (f *frames) info(frame []byte) {
	at := 4 + f.first.side()
	if len(frame) < f.first.size || len(frame) < at+120 {
		return
	}
	name, rest := string(frame[at:at+4]), frame[at+8:]
	if vbri := frame[36:40]; string(vbri) == "VBRI" {
		f.in.take(f.first.size)
		return
	}
	if name != "Xing" && name != "Info" {
		return
	}
	defer f.in.take(f.first.size)

	// The fields that the flags name follow one another, then those of LAME.
	flags, count := frame[at+7], int64(0)
	for bit, size := range []int{4, 4, 100, 4} {
		if flags>>bit&1 == 0 {
			continue
		}
		if bit == 0 {
			count = int64(big.Uint32(rest))
		}
		rest = rest[min(size, len(rest)):]
	}
	if len(rest) < 24 || rest[0] == 0 {
		return
	}
	// A decoder itself adds 529 moments, before the sound.
	const own = 529
	delay, padding := int64(rest[21])<<4|int64(rest[22])>>4, int64(rest[22]&15)<<8|int64(rest[23])
	f.m.skip = delay + own
	if count > 0 && padding > own {
		f.m.limit = count*int64(f.first.moments) - (padding - own)
	}
}

// Read is the library's.
func (f *frames) Read(p []byte) (int, error) {
	if len(f.frame) == 0 {
		if f.err = f.next(); f.err != nil {
			return 0, io.EOF
		}
	}
	n := copy(p, f.frame)
	f.frame = f.frame[n:]
	return n, nil
}

// next reads the next frame.
func (f *frames) next() error {
	at := f.in.at
	head := f.in.peek(4)
	if f.done(head) {
		return io.EOF
	}
	h, ok := parseMP3(head)
	switch {
	case len(head) < 4:
		f.in.take(len(head))
		return cutOff(f.in.at)
	case !ok, !h.same(f.first), h.size < h.side()+6, h.size > len(f.room):
		return damaged(at)
	}

	f.at, f.frame = at, f.room[:h.size]
	if f.in.full(f.frame) != nil {
		f.frame = nil
		return cutOff(f.in.at)
	}
	f.supply(h)
	return nil
}

// done says whether what follows the frames is a tag, or nothing.
func (f *frames) done(head []byte) bool {
	return len(head) == 0 || bytes.HasPrefix(head, []byte("TAG")) || bytes.Equal(head, []byte("APET")) || bytes.Equal(head, []byte("LYRI"))
}

// supply makes a frame silent that uses more bytes of frames before it than there
// are, because the stream begins after them: the library would decode noise.
// Its own bytes stay, for the frames after it.
func (f *frames) supply(h mp3Header) {
	start := 4
	if h.checked {
		start += 2
	}
	side := f.frame[start : start+h.side()]
	used := int(side[0])
	if h.version == 3 {
		used = used<<1 | int(side[1])>>7
	}

	if used > f.reservoir {
		used = f.reservoir
		clear(side)
		side[0] = byte(used)
		if h.version == 3 {
			side[0], side[1] = byte(used>>1), byte(used&1)<<7
		}
	}
	f.reservoir = used + h.size - start - len(side)
}

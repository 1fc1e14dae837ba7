package media

import (
	"fmt"
)

func isWAV(head []byte) bool {
	if len(head) < 12 || string(head[8:12]) != "WAVE" {
		return false
	}
	return string(head[:4]) == "RIFF" || string(head[:4]) == "RF64" || string(head[:4]) == "BW64"
}

// wave is what the chunks before the samples say.
type wave struct {
	tag       uint16
	channels  int64
	rate      int64
	second    int64 // bytes of a second, as the header says
	align     int64 // bytes of a block, which is one sample of each channel unless coded in blocks
	bits      int64
	perBlock  int64 // samples of one channel in a block
	formatted bool
	long      int64 // the size of data in ds64; 0: none
}

// readWAV walks the chunks up to the samples.
func readWAV(s *source) Sound {
	var w wave
	riff := int64(le.Uint32(s.head[4:]))

	for pos := int64(12); pos < s.size; {
		h := s.at(pos, 8)
		if len(h) < 8 {
			if s.spent {
				return Sound{Format: "wav", Duration: Unknown, Reason: "no data chunk in the ranges that are read", At: pos}
			}
			return noAudio("WAV that ends in the header of a chunk", pos)
		}
		id, size := string(h[:4]), int64(le.Uint32(h[4:]))

		switch id {
		case "ds64":
			if b := s.at(pos+8, 16); len(b) == 16 {
				w.long = clamp(le.Uint64(b[8:]))
			}
		case "fmt ":
			if !w.format(s.at(pos+8, int(min(size, 40)))) {
				return noAudio("WAV whose fmt chunk says nothing", pos)
			}
		case "data":
			return w.data(s, pos+8, size, riff)
		}
		pos += 8 + size + size&1
	}
	return noAudio("WAV without a data chunk", s.size)
}

// format reads the fmt chunk and reports whether it can be.
func (w *wave) format(b []byte) bool {
	if len(b) < 14 {
		return false
	}
	w.tag = le.Uint16(b)
	w.channels = int64(le.Uint16(b[2:]))
	w.rate = int64(le.Uint32(b[4:]))
	w.second = int64(le.Uint32(b[8:]))
	w.align = int64(le.Uint16(b[12:]))
	if len(b) >= 16 {
		w.bits = int64(le.Uint16(b[14:]))
	}
	if len(b) >= 20 {
		w.perBlock = int64(le.Uint16(b[18:]))
	}
	if w.tag == 0xFFFE && len(b) >= 26 {
		w.tag = le.Uint16(b[24:])
	}
	w.formatted = w.channels > 0 && w.rate > 0
	return w.formatted
}

// codec names the codec, and sets how many bytes are how many samples; 0 bytes: that is
// not constant.
func (w *wave) codec() (name string, block, samples int64) {
	switch w.tag {
	case 1, 3:
		block = w.channels * ((w.bits + 7) / 8)
		if w.bits == 0 {
			block = w.align
		}
		return "pcm", block, 1
	case 6:
		return "alaw", w.channels, 1
	case 7:
		return "ulaw", w.channels, 1
	case 0x31:
		return "gsm", 65 * w.channels, 320
	case 0x50, 0x55:
		return "mp3", 0, 0
	case 2, 0x11: // ADPCM of Microsoft and of IMA
		if w.perBlock > 0 {
			return fmt.Sprintf("0x%04x", w.tag), w.align, w.perBlock
		}
	}
	return fmt.Sprintf("0x%04x", w.tag), 0, 0
}

// data finds how many of the samples are there.
func (w *wave) data(s *source, start, size, riff int64) Sound {
	if !w.formatted {
		return noAudio("WAV without a fmt chunk before its data", start-8)
	}
	if size == unsized && w.long > 0 {
		size = w.long
	} else if streaming(size) || size == 0 && (riff == 0 || streaming(riff) || riff+8 <= start) {
		size = s.size - start
	}

	there := max(min(size, s.size-start), 0)
	if there == 0 {
		return noAudio("WAV without a sample", start)
	}
	name, block, samples := w.codec()
	sound := Sound{Format: "wav", Codec: name, Rate: int(w.rate), Channels: int(w.channels), Duration: Unknown}
	switch {
	case name == "mp3":
		if m, ok := readFrames(s, start, start+there); ok {
			sound.Duration, sound.Codec = m.Duration, m.Codec
		}
	case block > 0 && there < block:
		return noAudio("WAV without a sample", start)
	case block > 0 && samples == 1 && (w.align != block || w.second != w.rate*block):
		// Its numbers contradict each other, and nobody knows which of them is wrong.
		sound.Reason, sound.At = "WAV whose rate, bits and bytes of a second contradict each other", start
	case block > 0:
		sound.Duration = micros(there/block*samples, w.rate)
	}
	if there < size {
		sound.Cut, sound.At = true, s.size
		sound.Reason = fmt.Sprintf("data chunk of %d bytes, of which %d are there", size, there)
	}
	return sound
}

// unsized is the size that says that it is elsewhere, or was never known.
const unsized = 0xFFFFFFFF

// streaming reports whether a size is one that programs write which cannot go back to
// correct it: the largest number with or without a sign, also less a header.
func streaming(size int64) bool {
	return size >= 0xFFFFFF00 || size >= 0x7FFFF000 && size <= 0x80000000
}

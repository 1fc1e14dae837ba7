package media

import (
	"bytes"
	"fmt"
)

func isAU(head []byte) bool { return bytes.HasPrefix(head, []byte(".snd")) }

// readAU reads the header of AU, also called SND.
func readAU(s *source) Sound {
	h := s.at(0, 24)
	if len(h) < 24 {
		return noAudio("AU that ends in its header", s.size)
	}
	start, size, encoding := int64(be.Uint32(h[4:])), int64(be.Uint32(h[8:])), be.Uint32(h[12:])
	rate, channels := int64(be.Uint32(h[16:])), int64(be.Uint32(h[20:]))
	if start < 24 || rate == 0 || channels == 0 || channels > 1<<16 {
		return noAudio("AU whose header says nothing", 4)
	}

	rest := max(s.size-start, 0)
	if size == unsized {
		size = rest
	}
	there := min(size, rest)
	name, width := fmt.Sprint(encoding), int64(0)
	switch encoding {
	case 1:
		name, width = "ulaw", 1
	case 2, 3, 4, 5:
		name, width = "pcm", int64(encoding)-1
	case 6:
		name, width = "pcm", 4
	case 7:
		name, width = "pcm", 8
	case 27:
		name, width = "alaw", 1
	}
	if there == 0 || there < width*channels {
		return noAudio("AU without a sample", min(start, s.size))
	}

	sound := Sound{Format: "au", Codec: name, Rate: int(rate), Channels: int(channels), Duration: Unknown}
	if width > 0 {
		sound.Duration = micros(there/(width*channels), rate)
	}
	if there < size {
		sound.Cut, sound.At = true, s.size
		sound.Reason = fmt.Sprintf("data of %d bytes, of which %d are there", size, there)
	}
	return sound
}

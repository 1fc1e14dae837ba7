package media

import (
	"bytes"
)

func isAMR(head []byte) bool { return bytes.HasPrefix(head, []byte("#!AMR")) }

// The bytes of a frame with its header, by its type; 0: there is no such type.
var (
	amrNarrow = [16]int{13, 14, 16, 18, 20, 21, 27, 32, 6, 0, 0, 0, 0, 0, 0, 1}
	amrWide   = [16]int{18, 24, 33, 37, 41, 47, 51, 59, 61, 6, 0, 0, 0, 0, 1, 1}
)

// readAMR counts the frames of 20 ms when the whole object is in the head.
func readAMR(s *source) Sound {
	sound := Sound{Format: "amr", Codec: "amr", Rate: 8000, Channels: 1, Duration: Unknown}
	sizes, pos := &amrNarrow, len("#!AMR\n")
	switch head := s.head; {
	case bytes.HasPrefix(head, []byte("#!AMR-WB\n")):
		sound.Rate, sizes, pos = 16000, &amrWide, len("#!AMR-WB\n")
	case bytes.HasPrefix(head, []byte("#!AMR\n")):
	default: // of several channels
		sound.Rate, sound.Channels = 0, 0
		return sound
	}
	if s.size <= int64(pos) {
		return noAudio("AMR without a frame", s.size)
	}

	frames := int64(0)
	for pos < len(s.head) {
		n := sizes[s.head[pos]>>3&15]
		if n == 0 || s.head[pos]&0x83 != 0 {
			sound.Reason, sound.At = "AMR frame of an unknown type", int64(pos)
			return sound
		}
		if pos+n > len(s.head) {
			break
		}
		frames, pos = frames+1, pos+n
	}
	if !s.whole() {
		return sound
	}
	if frames == 0 {
		return noAudio("AMR without a whole frame", int64(pos))
	}
	sound.Duration = frames * 20_000
	if pos < len(s.head) {
		sound.Cut, sound.Reason, sound.At = true, "it ends inside a frame", s.size
	}
	return sound
}

// A frame of GSM 06.10 is 33 bytes for 160 samples, and begins with four fixed bits.
const gsmFrame = 33

// readGSM checks the frames in the head, as they are the only mark of the format.
func readGSM(s *source) Sound {
	sound := Sound{Format: "gsm", Codec: "gsm", Rate: 8000, Channels: 1, Duration: Unknown}
	for pos := 0; pos < len(s.head); pos += gsmFrame {
		if s.head[pos]>>4 == 0xD {
			continue
		}
		if pos == 0 {
			return unknownBeginning(s.head, 0)
		}
		sound.Reason, sound.At = "GSM frame that does not begin with 0xD", int64(pos)
		return sound
	}
	if s.size < gsmFrame {
		return noAudio("GSM without a whole frame", s.size)
	}
	sound.Duration = micros(s.size/gsmFrame*160, 8000)
	if s.size%gsmFrame != 0 {
		sound.Cut, sound.Reason, sound.At = true, "it ends inside a frame", s.size
	}
	return sound
}

package audio

import "bytes"

// wave is how samples stand in a WAV file.
type wave struct {
	tag      uint16 // of the format chunk
	bits     int    // of a sample
	rate     int
	streamed bool
	loud     [2]uint16 // the values that each channel alternates between
}

// The format tags of WAV.
const (
	tagPCM   = 1
	tagMuLaw = 7
)

func pcm(bits, rate int) wave {
	w := wave{tag: tagPCM, bits: bits, rate: rate, loud: [2]uint16{96, 160}} // 8 bits have no sign: 128 is silence
	if bits == 16 {
		w.loud = [2]uint16{0xE000, 0x2000}
	}
	return w
}

func muLaw(streamed bool) wave {
	return wave{tag: tagMuLaw, bits: 8, rate: rate, streamed: streamed, loud: [2]uint16{0x1F, 0x9F}}
}

// unknownSize stands for a length in a header that was written before the sound.
const unknownSize = 0xFFFFFFFF

// append appends a file. Its header has 44 bytes when it is of PCM.
func (w wave) append(b []byte, s Sound) []byte {
	start, samples, frame := len(b), s.samples(w.rate), s.Channels*w.bits/8
	b = append(b, "RIFF\x00\x00\x00\x00WAVEfmt "...)
	b = little.AppendUint32(b, w.formatSize())
	b = little.AppendUint16(b, w.tag)
	b = little.AppendUint16(b, uint16(s.Channels)) //nolint:gosec // 1 or 2
	b = little.AppendUint32(b, uint32(w.rate))     //nolint:gosec // small
	b = little.AppendUint32(b, uint32(w.rate*frame))
	b = little.AppendUint16(b, uint16(frame))
	b = little.AppendUint16(b, uint16(w.bits))
	if w.tag != tagPCM {
		b = append(b, 0, 0, 'f', 'a', 'c', 't', 4, 0, 0, 0) // no more values, and how many samples
		b = little.AppendUint32(b, w.size(samples))
	}
	b = little.AppendUint32(append(b, "data"...), w.size(samples*frame))

	b = append(b, w.signal(samples, s.Channels)...)
	if samples*frame%2 == 1 { // chunks have an even size
		b = append(b, 0)
	}
	little.PutUint32(b[start+4:], w.size(len(b)-start-8))
	return b
}

func (w wave) formatSize() uint32 {
	if w.tag == tagPCM {
		return 16
	}
	return 18
}

// size returns a length as the header says it.
func (w wave) size(n int) uint32 {
	if w.streamed {
		return unknownSize
	}
	return uint32(n)
}

// signal returns samples whose value changes with each one.
func (w wave) signal(samples, channels int) []byte {
	var pair []byte
	for _, value := range w.loud {
		for range channels {
			if pair = append(pair, byte(value)); w.bits == 16 {
				pair = append(pair, byte(value>>8))
			}
		}
	}
	return bytes.Repeat(pair, (samples+1)/2)[:samples*channels*w.bits/8]
}

package listen

import (
	"encoding/binary"
	"fmt"
)

// Format tags of WAV.
const (
	wavPCM        = 1
	wavFloat      = 3
	wavALaw       = 6
	wavULaw       = 7
	wavExtensible = 0xFFFE // the tag is in the first two bytes of a GUID
)

// decodeWAV reads RIFF and RF64 up to the end of the data chunk. What follows is
// no audio.
func decodeWAV(in *input, m *meter) error {
	var head [12]byte
	if in.full(head[:]) != nil || string(head[8:]) != "WAVE" || string(head[:4]) != "RIFF" && string(head[:4]) != "RF64" {
		return damagedBy(0, "not RIFF")
	}
	riff := int64(little.Uint32(head[4:]))

	var format pcm
	long := int64(0) // the size of data in RF64
	for {
		at := in.at
		var chunk [8]byte
		if in.full(chunk[:]) != nil {
			return cutOff(in.at)
		}
		size := int64(little.Uint32(chunk[4:]))

		// Only the beginning of a chunk says something, except of data.
		name := string(chunk[:4])
		body := in.peek(int(min(size, 40)))
		switch name {
		case "ds64":
			if len(body) < 16 {
				return damaged(at)
			}
			long = int64(little.Uint64(body[8:]))
		case "fmt ":
			var err error
			if format, err = wavFormat(body, at, m); err != nil {
				return err
			}
		case "data":
			if format.width == 0 {
				return damagedBy(at, "data without a format")
			}
			return decodePCM(in, m, format, wavSize(size, riff, long, in.at))
		}
		if !in.skip(size + size&1) {
			return cutOff(in.at)
		}
	}
}

// wavFormat reads a fmt chunk and begins to measure.
func wavFormat(body []byte, at int64, m *meter) (pcm, error) {
	if len(body) < 16 || m.rate != 0 {
		return pcm{}, damaged(at)
	}
	tag, channels, rate, bits := int(little.Uint16(body)), int(little.Uint16(body[2:])), little.Uint32(body[4:]), int(little.Uint16(body[14:]))
	if tag == wavExtensible && len(body) >= 26 {
		tag = int(little.Uint16(body[24:]))
	}

	format, ok := pcm{}, false
	switch {
	case tag == wavPCM && bits == 8:
		// Alone of all sizes, 8 bits have no sign.
		format, ok = pcm{1, func(b []byte) float32 { return float32(int(b[0])-128) / 128 }}, true
	case tag == wavPCM:
		format, ok = integers(bits, binary.LittleEndian)
	case tag == wavFloat:
		format, ok = floats(bits, binary.LittleEndian)
	case tag == wavULaw && bits == 8:
		format, ok = ulaw, true
	case tag == wavALaw && bits == 8:
		format, ok = alaw, true
	}
	switch {
	case !ok:
		return pcm{}, stop(fmt.Sprintf("wav format 0x%04X with %d bits is not decoded", tag, bits))
	case channels == 0 || channels > maxChannels || rate == 0:
		return pcm{}, damagedBy(at, fmt.Sprintf("%d channels at %d Hz", channels, rate))
	}
	m.begin(int(rate), channels)
	return format, nil
}

// wavSize returns how many bytes of data there are. Recorders that cannot go back
// to the header leave the largest number there, with or without a sign, some less
// the size of the header, or 0 where the size of the file is not
// known either, or ends with the header.
func wavSize(size, riff, long, start int64) int64 {
	streaming := func(size int64) bool {
		return size >= 0xFFFFFF00 || size >= 0x7FFFF000 && size <= 0x80000000
	}
	switch {
	case streaming(size) && long > 0:
		return long
	case streaming(size), size == 0 && (riff == 0 || streaming(riff) || riff+8 <= start):
		return unsized
	}
	return size
}

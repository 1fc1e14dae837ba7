package listen

import (
	"encoding/binary"
	"fmt"
)

// decodeAU reads AU, which is also called SND.
func decodeAU(in *input, m *meter) error {
	var head [24]byte
	if in.full(head[:]) != nil || string(head[:4]) != ".snd" {
		return damagedBy(0, "not AU")
	}
	start, size, kind := int64(big.Uint32(head[4:])), int64(big.Uint32(head[8:])), big.Uint32(head[12:])
	rate, channels := big.Uint32(head[16:]), big.Uint32(head[20:])
	if start < 24 || rate == 0 || channels == 0 || channels > maxChannels {
		return damagedBy(0, fmt.Sprintf("%d channels at %d Hz", channels, rate))
	}

	format, ok := pcm{}, false
	switch kind {
	case 1:
		format, ok = ulaw, true
	case 2, 3, 4, 5:
		format, ok = integers(int(kind-1)*8, binary.BigEndian)
	case 6, 7:
		format, ok = floats(int(kind-5)*32, binary.BigEndian)
	case 27:
		format, ok = alaw, true
	}
	if !ok {
		return stop(fmt.Sprintf("au encoding %d is not decoded", kind))
	}

	if !in.skip(start - 24) {
		return cutOff(in.at)
	}
	m.begin(int(rate), int(channels))
	if size == 0xFFFFFFFF {
		size = unsized
	}
	return decodePCM(in, m, format, size)
}

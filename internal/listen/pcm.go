package listen

import (
	"encoding/binary"
	"io"
	"math"
)

// pcm is how single samples are written.
type pcm struct {
	width int // bytes
	value func([]byte) float32
}

var (
	little = binary.LittleEndian
	big    = binary.BigEndian

	ulaw = pcm{1, func(b []byte) float32 { return ulawTable[b[0]] }}
	alaw = pcm{1, func(b []byte) float32 { return alawTable[b[0]] }}

	ulawTable, alawTable = lawTables()
)

// lawTables follow from ITU-T G.711. Full scale is that of the 16 bits that both
// are customarily decoded to.
func lawTables() (ulaw, alaw [256]float32) {
	for i := range 256 {
		u := ^byte(i)
		size := (int(u&15)<<3+132)<<(u>>4&7) - 132
		if u&128 != 0 {
			size = -size
		}
		ulaw[i] = float32(size) / 32768

		a := byte(i) ^ 0x55
		size = int(a&15)<<4 + 8
		if segment := a >> 4 & 7; segment > 0 {
			size = (size + 256) << (segment - 1)
		}
		if a&128 == 0 {
			size = -size
		}
		alaw[i] = float32(size) / 32768
	}
	return ulaw, alaw
}

// integers returns the signed ones of a size in bits.
func integers(bits int, order binary.ByteOrder) (pcm, bool) {
	switch bits {
	case 8:
		return pcm{1, func(b []byte) float32 { return float32(int8(b[0])) / (1 << 7) }}, true
	case 16:
		return pcm{2, func(b []byte) float32 { return float32(int16(order.Uint16(b))) / (1 << 15) }}, true
	case 24:
		low, high := 0, 2
		if order == binary.ByteOrder(binary.BigEndian) {
			low, high = high, low
		}
		return pcm{3, func(b []byte) float32 {
			return float32(int32(b[high])<<24|int32(b[1])<<16|int32(b[low])<<8) / (1 << 31)
		}}, true
	case 32:
		return pcm{4, func(b []byte) float32 { return float32(int32(order.Uint32(b))) / (1 << 31) }}, true
	}
	return pcm{}, false
}

func floats(bits int, order binary.ByteOrder) (pcm, bool) {
	switch bits {
	case 32:
		return pcm{4, func(b []byte) float32 { return math.Float32frombits(order.Uint32(b)) }}, true
	case 64:
		return pcm{8, func(b []byte) float32 { return float32(math.Float64frombits(order.Uint64(b))) }}, true
	}
	return pcm{}, false
}

// unsized: the samples go on to the end of the stream.
const unsized = -1

// maxChannels is more than any recorder writes.
const maxChannels = 64

// decodePCM measures size bytes of interleaved samples.
func decodePCM(in *input, m *meter, p pcm, size int64) error {
	moment := p.width * len(m.channels)
	bytes := make([]byte, 16<<10/moment*moment)
	samples := make([]float32, len(bytes)/p.width)

	for size != 0 {
		want := len(bytes)
		if size != unsized {
			want = int(min(size, int64(want)))
		}
		n, err := io.ReadFull(in, bytes[:want])

		// What is left of a moment that was cut off is not heard.
		whole := n / moment * moment
		for i := range whole / p.width {
			samples[i] = p.value(bytes[i*p.width:])
		}
		if !m.add(samples[:whole/p.width]) {
			return nil
		}

		switch {
		case err != nil && (size != unsized || whole < n):
			return cutOff(in.at)
		case err != nil:
			return nil
		case size != unsized:
			size -= int64(n)
		}
	}
	return nil
}

func decodeULaw(in *input, m *meter) error { return decodeRaw(in, m, ulaw) }
func decodeALaw(in *input, m *meter) error { return decodeRaw(in, m, alaw) }

// decodeRaw measures samples without a header: telephones have 8000 a second.
func decodeRaw(in *input, m *meter, p pcm) error {
	m.begin(8000, 1)
	return decodePCM(in, m, p, unsized)
}

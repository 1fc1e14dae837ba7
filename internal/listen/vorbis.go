package listen

import (
	"errors"

	"github.com/jfreymuth/vorbis"
)

// decodeVorbis follows the Vorbis I specification.
func decodeVorbis(in *input, m *meter) error {
	o := newOgg(in, m, "\x01vorbis")
	decoder, err := vorbisHead(o)
	if err != nil {
		return err
	}
	m.begin(decoder.SampleRate(), decoder.Channels())
	o.mark()

	room := make([]float32, decoder.BufferSize())
	return o.sound(func(packet []byte) ([]float32, error) {
		// A packet of a later kind, and an empty one, is no sound.
		if len(packet) == 0 || packet[0]&1 != 0 {
			return nil, nil
		}
		return decoder.DecodeInto(packet, room)
	})
}

// vorbisHead reads the three packets of the header. The library gets none of them
// before it was checked: it believes every size in them, and does not end on some.
func vorbisHead(o *ogg) (*vorbis.Decoder, error) {
	decoder := &vorbis.Decoder{}
	for _, check := range []func([]byte) error{checkVorbisIdentity, nil, checkVorbisSetup} {
		packet, err := o.next()
		if err != nil {
			return nil, o.unfinished(err)
		}
		if check == nil {
			continue // comments
		}

		err = protect(func() error {
			if err := check(packet); err != nil {
				return err
			}
			return decoder.ReadHeader(packet)
		})
		if err != nil {
			return nil, damagedBy(o.pageAt, errBroken.Error())
		}
	}
	return decoder, nil
}

var errVorbis = errors.New("damaged")

// checkVorbisIdentity bounds what the library makes room for.
func checkVorbisIdentity(packet []byte) error {
	if len(packet) < 30 {
		return errVorbis
	}
	channels, rate := packet[11], little.Uint32(packet[12:])
	short, long := packet[28]&15, packet[28]>>4
	if channels == 0 || channels > 8 || rate == 0 || short < 6 || short > long || long > 13 {
		return errVorbis
	}
	return nil
}

// vorbisValues is the most that all codebooks hold, some times what encoders
// write.
const vorbisValues = 1 << 20

// checkVorbisSetup reads the codebooks, at the beginning of the third packet. The
// library makes room for as many entries as they claim to have, searches their
// codes without end if they are not complete, and adds vectors of no dimensions
// without end.
func checkVorbisSetup(packet []byte) error {
	if len(packet) < 8 || packet[0] != 5 {
		return errVorbis
	}
	r := &vorbisBits{data: packet[7:]}
	total := 0
	for range r.read(8) + 1 {
		if r.read(24) != 0x564342 {
			return errVorbis
		}
		dimensions, entries := int(r.read(16)), int(r.read(24))
		if total += entries * max(1, dimensions); dimensions == 0 || entries == 0 || total > vorbisValues {
			return errVorbis
		}
		if !r.complete(entries) || !r.skipValues(entries, dimensions) {
			return errVorbis
		}
	}
	return nil
}

// vorbisBits reads bits from the lowest to the highest of each byte.
type vorbisBits struct {
	data []byte
	at   int // bit
}

// read returns zeros behind the end.
func (r *vorbisBits) read(n int) uint32 {
	value := uint32(0)
	for i := range n {
		if r.at/8 < len(r.data) {
			value |= uint32(r.data[r.at/8]>>(r.at%8)&1) << i
		}
		r.at++
	}
	return value
}

// complete reads the lengths of the codes of a codebook, and says whether every
// sequence of bits begins with one of them.
func (r *vorbisBits) complete(entries int) bool {
	const whole = 1 << 32
	sum := uint64(0)
	if r.read(1) == 0 {
		sparse := r.read(1) != 0
		for range entries {
			if !sparse || r.read(1) != 0 {
				sum += whole >> (r.read(5) + 1)
			}
		}
		return sum == whole
	}

	length := r.read(5) + 1
	for left := entries; left > 0; length++ {
		width := 0
		for left>>width > 0 {
			width++
		}
		n := int(r.read(width))
		if n > left || length > 32 {
			return false
		}
		sum += uint64(n) * (whole >> length)
		left -= n
	}
	return sum == whole
}

// skipValues passes over the vectors of a codebook.
func (r *vorbisBits) skipValues(entries, dimensions int) bool {
	kind := r.read(4)
	if kind == 0 {
		return true
	}
	r.read(32)
	r.read(32)
	width := int(r.read(4)) + 1
	r.read(1)

	// The first kind combines a few values in all ways.
	values := entries * dimensions
	if kind == 1 {
		values = 1
		for power(values+1, dimensions, entries) {
			values++
		}
	}
	r.at += values * width
	return kind <= 2 && r.at <= 8*len(r.data)
}

// power says whether base to the exponent is at most limit.
func power(base, exponent, limit int) bool {
	product := 1
	for range exponent {
		if product *= base; product > limit {
			return false
		}
	}
	return true
}

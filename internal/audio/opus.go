package audio

import (
	"bytes"
	"slices"
)

// Ogg Opus (RFC 3533, RFC 6716 and RFC 7845). A packet holds two frames of 60 ms of the
// speech codec in narrowband.
const (
	opusRate    = 48_000 // of granule positions, whatever the codec's
	opusPacket  = 120 * opusRate / 1000
	opusPreSkip = 312      // samples before the sound, in which decoders converge
	opusConfig  = 3<<3 | 1 // narrowband of 60 ms, two frames of equal size
	oggPackets  = 100      // of a page: 12 seconds
)

var oggCRC = crcTable(0x04C11DB7)

// appendOpus appends an Ogg Opus file. The first packet of each page sounds, the others
// have no frames, as when nobody speaks.
func appendOpus(b []byte, s Sound) []byte {
	head := append([]byte("OpusHead\x01"), byte(s.Channels))
	head = little.AppendUint32(little.AppendUint16(head, opusPreSkip), rate)
	head = append(head, 0, 0, 0) // no gain, and the usual channels
	end := opusPreSkip + s.samples(opusRate)
	o := ogg{slices.Grow(b, 200+end/opusPacket*2+end/(opusPacket*oggPackets)*40), s.Serial, 0}
	o.page(oggFirst, 0, head, nil)
	o.page(0, 0, []byte("OpusTags\x07\x00\x00\x00cdrmend\x00\x00\x00\x00"), nil)

	start := opusConfig | byte(s.Channels-1)<<2
	loud, quiet := []byte{start, 0x5A, 0xC3, 0x96, 0x3C, 0xA5, 0x69}, bytes.Repeat([]byte{start}, oggPackets-1)
	for at := 0; at < end; {
		n := min(oggPackets, (end-at+opusPacket-1)/opusPacket)
		at += n * opusPacket
		flags := byte(0)
		if at >= end {
			flags, at = oggLast, end // which cuts the last packet
		}
		o.page(flags, at, loud, quiet[:n-1])
	}
	return o.b
}

// Flags of a page.
const (
	oggFirst = 2
	oggLast  = 4
)

// ogg is a stream of pages.
type ogg struct {
	b      []byte
	serial uint32
	pages  uint32
}

// page appends a page of a packet, shorter than 255 bytes, and others of a byte each. Its
// position is that of the end of the last one.
func (o *ogg) page(flags byte, position int, first, others []byte) {
	start := len(o.b)
	o.b = append(append(o.b, "OggS\x00"...), flags)
	o.b = little.AppendUint64(o.b, uint64(position)) //nolint:gosec // not negative
	o.b = little.AppendUint32(o.b, o.serial)
	o.b = little.AppendUint32(o.b, o.pages)
	o.b = append(o.b, 0, 0, 0, 0) // the check is of the page with zeros in its place
	o.b = append(o.b, byte(1+len(others)), byte(len(first)))
	for range others {
		o.b = append(o.b, 1)
	}
	o.b = append(append(o.b, first...), others...)
	o.pages++
	little.PutUint32(o.b[start+22:], crc(oggCRC, o.b[start:]))
}

package listen

import (
	"bytes"
	"errors"
	"fmt"
	"io"
)

// packetBytes is the most that is kept of a packet. Only comments are larger,
// which nobody decodes; a packet of sound has some kilobytes.
const packetBytes = 512 << 10

// Flags of a page.
const (
	oggContinued = 1 // it begins with the rest of a packet
	oggFirst     = 2
	oggLast      = 4
)

// ogg takes the packets of one stream from the pages of a file, which may hold
// streams of other kinds too. Its format is RFC 3533.
type ogg struct {
	in    *input
	m     *meter
	begin string // how the first packet of the wanted stream begins

	serial uint32
	number uint32 // of the next page
	found  bool
	last   bool // no page follows

	page    []byte // whole, header and all
	pageAt  int64
	sizes   []byte // of the segments that were not taken yet
	body    []byte
	packet  []byte
	partial bool // the packet goes on

	// counted is the position that the page before gives, in moments, and at is
	// how many had been decoded by then.
	counted, at int64
}

func newOgg(in *input, m *meter, begin string) *ogg {
	return &ogg{in: in, m: m, begin: begin}
}

// next returns the next packet, which is valid until the next call, and io.EOF
// after the last one.
func (o *ogg) next() ([]byte, error) {
	if !o.partial {
		o.packet = o.packet[:0]
	}
	for {
		for len(o.sizes) > 0 {
			size := int(o.sizes[0])
			room := max(0, packetBytes-len(o.packet))
			o.packet = append(o.packet, o.body[:min(size, room)]...)
			o.sizes, o.body = o.sizes[1:], o.body[size:]
			if o.partial = size == 255; !o.partial {
				return o.packet, nil
			}
		}
		if err := o.turn(); err != nil {
			return nil, err
		}
	}
}

// turn goes to the next page of the stream.
func (o *ogg) turn() error {
	if o.last {
		return o.after()
	}
	for {
		if len(o.in.peek(1)) == 0 {
			// Recorders that are stopped do not mark the last page.
			if o.partial || !o.found {
				return cutOff(o.in.at)
			}
			return io.EOF
		}
		if err := o.read(); err != nil {
			return err
		}
		if o.wanted() {
			return o.open()
		}
	}
}

// after says how the file goes on after the last page: a file may hold one
// recording after another.
func (o *ogg) after() error {
	if head := o.in.peek(6); len(head) == 6 && string(head[:4]) == "OggS" && head[5]&oggFirst != 0 {
		return stop(fmt.Sprintf("another stream begins at byte %d and is not decoded", o.in.at))
	}
	return io.EOF
}

// read reads a page of any stream.
func (o *ogg) read() error {
	o.pageAt = o.in.at
	head := o.in.peek(27)
	if len(head) == 27 && (string(head[:4]) != "OggS" || head[4] != 0) {
		return damaged(o.pageAt)
	}
	if len(head) == 27 {
		head = o.in.peek(27 + int(head[26]))
	}
	if len(head) < 27 || len(head) < 27+int(head[26]) {
		return o.short()
	}

	size := len(head)
	for _, n := range head[27:] {
		size += int(n)
	}
	if cap(o.page) < size {
		o.page = make([]byte, size)
	}
	o.page = o.page[:size]
	if o.in.full(o.page) != nil {
		return o.short()
	}
	if oggSum(o.page) != little.Uint32(o.page[22:]) {
		return damaged(o.pageAt)
	}
	return nil
}

func (o *ogg) short() error {
	_, _ = io.Copy(io.Discard, o.in)
	return cutOff(o.in.at)
}

// wanted says whether the page belongs to the stream. The first page of each
// stream says what it holds.
func (o *ogg) wanted() bool {
	serial := little.Uint32(o.page[14:])
	if !o.found && o.page[5]&oggFirst != 0 {
		body := o.page[27+int(o.page[26]):]
		if bytes.HasPrefix(body, []byte(o.begin)) {
			o.found, o.serial, o.number = true, serial, little.Uint32(o.page[18:])
		}
	}
	return o.found && serial == o.serial
}

// open prepares the packets of a page.
func (o *ogg) open() error {
	flags := o.page[5]
	if little.Uint32(o.page[18:]) != o.number {
		return damagedBy(o.pageAt, "a page is missing")
	}
	o.number++
	if o.partial != (flags&oggContinued != 0) && o.page[26] > 0 {
		return damaged(o.pageAt)
	}
	o.last = flags&oggLast != 0

	// The last page may count fewer moments than it holds: an encoder fills its
	// last block.
	position := int64(little.Uint64(o.page[6:]))
	if o.last && position >= o.counted {
		o.m.limit = o.at + position - o.counted
	}
	o.sizes = o.page[27 : 27+int(o.page[26])]
	o.body = o.page[27+len(o.sizes):]
	return nil
}

// mark notes what a page counts, after each packet, if it was the last of a page.
func (o *ogg) mark() {
	if position := int64(little.Uint64(o.page[6:])); len(o.sizes) == 0 && position >= 0 {
		o.counted, o.at = position, o.m.offered
	}
}

// sound passes the samples of each packet to the meter. What a library cannot
// decode is damage of the page.
func (o *ogg) sound(decode func(packet []byte) ([]float32, error)) error {
	for {
		packet, err := o.next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}

		var samples []float32
		err = protect(func() (err error) {
			samples, err = decode(packet)
			return err
		})
		if err != nil {
			return damagedBy(o.pageAt, errBroken.Error())
		}
		if !o.m.add(samples) {
			return nil
		}
		o.mark()
	}
}

// oggSum is the checksum of a page, with zeros where it is written.
func oggSum(page []byte) uint32 {
	sum := uint32(0)
	for i, b := range page {
		if i >= 22 && i < 26 {
			b = 0
		}
		sum = sum<<8 ^ oggTable[byte(sum>>24)^b]
	}
	return sum
}

var oggTable = func() (table [256]uint32) {
	for i := range table {
		sum := uint32(i) << 24
		for range 8 {
			carry := sum >> 31
			sum = sum<<1 ^ carry*0x04C11DB7
		}
		table[i] = sum
	}
	return table
}()

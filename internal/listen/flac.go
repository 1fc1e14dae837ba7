package listen

import (
	"errors"
	"io"
	"math/bits"
)

// flac decodes one frame after another. Its room is for the largest block of the
// format: 65535 samples of 8 channels.
type flac struct {
	in *input

	rate, bits, channels int   // of the stream
	total                int64 // moments, 0: not said

	cache  uint64 // the next bits, from the top
	cached int
	crc    uint16

	blocks  [8][]int64
	samples []float32
}

var errFLAC = errors.New("damaged")

// decodeFLAC follows RFC 9639. A frame counts once its checksum is right.
func decodeFLAC(in *input, m *meter) error {
	in.skipID3()
	f := &flac{in: in}
	if err := f.header(); err != nil {
		return err
	}
	m.begin(f.rate, f.channels)

	for {
		head := in.peek(3)
		if len(head) == 0 || string(head) == "TAG" {
			break
		}
		at := in.at
		err := f.frame()
		switch {
		case errors.Is(err, io.EOF):
			return cutOff(in.at)
		case err != nil:
			return damaged(at)
		case !m.add(f.samples):
			return nil
		}
	}
	if m.offered < f.total {
		return cutOff(in.at)
	}
	return nil
}

// header reads the blocks before the first frame. Of these only the first one,
// which is required, says something about samples.
func (f *flac) header() error {
	at := f.in.at
	var head [42]byte
	if f.in.full(head[:]) != nil || string(head[:4]) != "fLaC" || head[4]&127 != 0 || head[7] != 34 {
		return damagedBy(at, "not FLAC")
	}
	info := big.Uint64(head[18:])
	f.rate = int(info >> 44)
	f.channels = int(info>>41&7) + 1
	f.bits = int(info>>36&31) + 1
	f.total = int64(info & (1<<36 - 1))
	if f.rate == 0 || f.bits < 4 {
		return damaged(at)
	}

	for last := head[4]&128 != 0; !last; {
		var block [4]byte
		if f.in.full(block[:]) != nil || !f.in.skip(int64(big.Uint32(block[:])&0xFFFFFF)) {
			return cutOff(f.in.at)
		}
		last = block[0]&128 != 0
	}
	return nil
}

// frame decodes one frame into samples.
func (f *flac) frame() error {
	f.cache, f.cached, f.crc = 0, 0, 0
	size, depth, assignment, err := f.frameHeader()
	if err != nil {
		return err
	}

	for c := range f.channels {
		// A difference of two channels needs one bit more.
		wide := depth
		if assignment == 8 && c == 1 || assignment == 9 && c == 0 || assignment == 10 && c == 1 {
			wide++
		}
		if cap(f.blocks[c]) < size {
			f.blocks[c] = make([]int64, size)
		}
		f.blocks[c] = f.blocks[c][:size]
		if err := f.subframe(f.blocks[c], wide); err != nil {
			return err
		}
	}

	f.cache, f.cached = 0, 0 // what fills the last byte
	sum := f.crc
	if want, err := f.read(16); err != nil {
		return err
	} else if want != uint64(sum) {
		return errFLAC
	}
	f.correlate(assignment)
	f.interleave(size, depth)
	return nil
}

// frameHeader returns the number of moments, the bits of a sample and how the
// channels were made. A change of rate or channels is damage.
func (f *flac) frameHeader() (size, depth, assignment int, err error) {
	// Errors of the first reads show in the last one: at the end all fail.
	word, _ := f.read(32)
	sync, sizeCode, rateCode := word>>17, word>>12&15, word>>8&15
	assignment = int(word >> 4 & 15)
	depthCode := word >> 1 & 7
	if sync != 0x7FFC || word&1 != 0 || sizeCode == 0 || rateCode == 15 || depthCode == 3 || assignment > 10 {
		return 0, 0, 0, f.endOr(errFLAC)
	}

	// The number of the frame is written as UTF-8 would be.
	first, _ := f.read(8)
	more := max(0, bits.LeadingZeros8(^byte(first))-1)
	for range more {
		_, _ = f.read(8)
	}

	switch {
	case sizeCode == 1:
		size = 192
	case sizeCode <= 5:
		size = 576 << (sizeCode - 2)
	case sizeCode <= 7:
		n, _ := f.read(8 * int(sizeCode-5))
		size = int(n) + 1
	default:
		size = 256 << (sizeCode - 8)
	}
	if rateCode >= 12 {
		_, _ = f.read(8 * min(2, int(rateCode-11)))
	}
	if _, err := f.read(8); err != nil { // its checksum is in that of the frame
		return 0, 0, 0, err
	}

	depth = [8]int{f.bits, 8, 12, 0, 16, 20, 24, 32}[depthCode]
	channels := assignment + 1
	if assignment >= 8 {
		channels = 2
	}
	if channels != f.channels || size > 65535 {
		return 0, 0, 0, errFLAC
	}
	return size, depth, assignment, nil
}

// endOr returns io.EOF at the end of the stream, otherwise err.
func (f *flac) endOr(err error) error {
	if len(f.in.peek(1)) == 0 {
		return io.EOF
	}
	return err
}

// subframe decodes a block of one channel.
func (f *flac) subframe(block []int64, depth int) error {
	head, err := f.read(8)
	if err != nil {
		return err
	}
	wasted := 0
	if head&1 != 0 {
		n, err := f.unary()
		if err != nil {
			return err
		}
		wasted = n + 1
	}
	kind := int(head >> 1)
	if depth -= wasted; depth < 1 || head&128 != 0 {
		return errFLAC
	}

	switch {
	case kind == 0:
		value, readErr := f.signed(depth)
		for i := range block {
			block[i] = value
		}
		err = readErr
	case kind == 1:
		err = f.verbatim(block, depth)
	case kind >= 8 && kind <= 12:
		err = f.predicted(block, depth, kind-8, false)
	case kind >= 32:
		err = f.predicted(block, depth, kind-31, true)
	default:
		err = errFLAC
	}
	for i := range block {
		block[i] <<= wasted
	}
	return err
}

func (f *flac) verbatim(block []int64, depth int) (err error) {
	for i := range block {
		if block[i], err = f.signed(depth); err != nil {
			return err
		}
	}
	return nil
}

// fixed are the coefficients of predictors that a frame does not write down.
var fixed = [5][]int64{{}, {1}, {2, -1}, {3, -3, 1}, {4, -6, 4, -1}}

// predicted decodes samples of which each follows from those before it, and what
// is missing from that.
func (f *flac) predicted(block []int64, depth, order int, linear bool) error {
	if order > len(block) {
		return errFLAC
	}
	if err := f.verbatim(block[:order], depth); err != nil {
		return err
	}

	var factors []int64
	shift := 0
	if !linear {
		factors = fixed[order]
	} else {
		precision, _ := f.read(4)
		n, err := f.signed(5)
		if err != nil {
			return err
		}
		if precision == 15 || n < 0 {
			return errFLAC
		}
		shift = int(n)
		factors = make([]int64, order)
		if err := f.verbatim(factors, int(precision)+1); err != nil {
			return err
		}
	}

	if err := f.residual(block, order); err != nil {
		return err
	}
	for i := order; i < len(block); i++ {
		sum := int64(0)
		before := block[i-order : i]
		for j, factor := range factors {
			sum += factor * before[order-1-j]
		}
		block[i] += sum >> shift
	}
	return nil
}

// residual reads what is missing from the samples after the first ones.
func (f *flac) residual(block []int64, order int) error {
	method, _ := f.read(2)
	exponent, err := f.read(4)
	if err != nil {
		return err
	}
	parts := 1 << exponent
	if method > 1 || len(block)%parts != 0 || len(block)/parts < order {
		return errFLAC
	}

	width := 4 + int(method)
	escape := uint64(1)<<width - 1
	for part := range parts {
		values := block[part*len(block)/parts:][:len(block)/parts]
		if part == 0 {
			values = values[order:]
		}
		parameter, err := f.read(width)
		if err != nil {
			return err
		}

		if parameter == escape {
			depth, err := f.read(5)
			if err != nil {
				return err
			}
			if err := f.verbatim(values, int(depth)); err != nil {
				return err
			}
			continue
		}
		if err := f.rice(values, int(parameter)); err != nil {
			return err
		}
	}
	return nil
}

// rice reads numbers of which the high bits are counted and the low ones written.
func (f *flac) rice(values []int64, parameter int) error {
	for i := range values {
		high, err := f.unary()
		if err != nil {
			return err
		}
		low, err := f.read(parameter)
		if err != nil {
			return err
		}
		folded := uint64(high)<<parameter | low
		values[i] = int64(folded>>1) ^ -int64(folded&1)
	}
	return nil
}

// correlate makes left and right of what was written instead.
func (f *flac) correlate(assignment int) {
	a, b := f.blocks[0], f.blocks[1]
	switch assignment {
	case 8: // left and side
		for i := range a {
			b[i] = a[i] - b[i]
		}
	case 9: // side and right
		for i := range a {
			a[i] += b[i]
		}
	case 10: // middle and side
		for i := range a {
			middle := a[i]<<1 | b[i]&1
			a[i], b[i] = (middle+b[i])>>1, (middle-b[i])>>1
		}
	}
}

func (f *flac) interleave(size, depth int) {
	if cap(f.samples) < size*f.channels {
		f.samples = make([]float32, size*f.channels)
	}
	f.samples = f.samples[:size*f.channels]
	scale := 1 / float32(uint64(1)<<(depth-1))
	for c := range f.channels {
		for i, value := range f.blocks[c] {
			f.samples[i*f.channels+c] = float32(value) * scale
		}
	}
}

// next takes a byte of the stream into the cache, never one more than is needed:
// a frame ends with the byte that its last bit is in.
func (f *flac) next() error {
	b, err := f.in.ReadByte()
	if err != nil {
		return err
	}
	f.crc = f.crc<<8 ^ crcFLAC[byte(f.crc>>8)^b]
	f.cache |= uint64(b) << (56 - f.cached)
	f.cached += 8
	return nil
}

// read returns the next n bits, up to 33.
func (f *flac) read(n int) (uint64, error) {
	for f.cached < n {
		if err := f.next(); err != nil {
			return 0, err
		}
	}
	if n == 0 {
		return 0, nil
	}
	value := f.cache >> (64 - n)
	f.cache <<= n
	f.cached -= n
	return value, nil
}

func (f *flac) signed(n int) (int64, error) {
	value, err := f.read(n)
	return int64(value<<(64-n)) >> (64 - n), err
}

// unary counts zeros up to the next one.
func (f *flac) unary() (int, error) {
	count := 0
	for f.cache == 0 {
		count += f.cached
		f.cached = 0
		// A longer number is not from an encoder, and its shift would overflow.
		if count > 1<<24 {
			return 0, errFLAC
		}
		if err := f.next(); err != nil {
			return 0, err
		}
	}
	zeros := bits.LeadingZeros64(f.cache)
	f.cache <<= zeros + 1
	f.cached -= zeros + 1
	return count + zeros, nil
}

var crcFLAC = func() (table [256]uint16) {
	for i := range table {
		sum := uint16(i) << 8
		for range 8 {
			carry := sum >> 15
			sum = sum<<1 ^ carry*0x8005
		}
		table[i] = sum
	}
	return table
}()

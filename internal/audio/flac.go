package audio

// flacBlock is how many samples of each channel a frame has: as many as the format allows.
const flacBlock = 65535

// flacPadding is a reserve for tags, as encoders leave one. It keeps a file above the size
// below which long recordings are taken for empty.
const flacPadding = 1024

var (
	flacCRC8  = crcTable(0x07 << 24)
	flacCRC16 = crcTable(0x8005 << 16)
)

// appendFLAC appends a FLAC file (RFC 9639) of frames in which each channel has one value.
// Frames alternate between two values.
func appendFLAC(b []byte, s Sound) []byte {
	samples := s.samples(rate)
	b = append(b, "fLaC\x00\x00\x00\x22"...) // a block of 34 bytes: STREAMINFO
	b = big.AppendUint16(b, flacBlock)       // the least and the largest block
	b = big.AppendUint16(b, flacBlock)
	b = append(b, 0, 0, 0, 0, 0, 0) // the sizes of frames are not told

	// 20 bits of rate, 3 of channels less one, 5 of bits of a sample less one, 36 of samples.
	b = big.AppendUint64(b, rate<<44|uint64(s.Channels-1)<<41|7<<36|uint64(samples)) //nolint:gosec // not negative
	b = append(b, make([]byte, 16)...)                                               // no MD5 of the samples

	b = append(b, 0x81, 0, flacPadding>>8, flacPadding&0xFF) // the last block: PADDING
	b = append(b, make([]byte, flacPadding)...)
	for n := 0; n*flacBlock < samples; n++ {
		b = appendFrame(b, n, min(flacBlock, samples-n*flacBlock), s.Channels)
	}
	return b
}

// appendFrame appends a frame.
func appendFrame(b []byte, n, samples, channels int) []byte {
	start := len(b)
	b = append(b, 0xFF, 0xF8)                         // blocks of equal size
	b = append(b, 0x74, byte(channels-1)<<4|0x02)     // 16 bits of size follow, 8 kHz; 8 bits of a sample
	b = append(b, string(rune(n))...)                 // the number is coded as UTF-8
	b = big.AppendUint16(b, uint16(samples-1))        //nolint:gosec // at most flacBlock
	b = append(b, byte(crc(flacCRC8, b[start:])>>24)) //nolint:gosec // the highest byte
	for range channels {
		b = append(b, 0x00, []byte{0xD0, 0x30}[n%2]) // CONSTANT
	}
	return big.AppendUint16(b, uint16(crc(flacCRC16, b[start:])>>16))
}

// Package audio makes audio files that are small, whatever their duration: hours of FLAC
// take a few kilobytes. They serve to plant recordings, sound and broken ones, whose
// durations and channels are known beforehand. It reads none.
//
// All files are telephony: 8,000 samples a second of each channel, but for WAV of
// [LowRate]. No channel is silent. Equal values give equal bytes.
package audio

import (
	"encoding/binary"
	"strings"
	"time"
)

// Sound is what a file holds.
type Sound struct {
	Duration time.Duration // not negative, and at most five days
	Channels int           // 1 or 2

	// Serial differs in files of equal sounds that are to have different bytes. Only Opus
	// has a place for it.
	Serial uint32
}

// Format is a container with a codec.
type Format uint8

// The formats. Sizes are for an hour of two channels.
const (
	Opus     Format = iota // in Ogg, 70 KB
	FLAC                   // 8 KB
	LowRate                // WAV of 8-bit PCM with 25 samples a second, 180 KB
	PCM                    // WAV of 16-bit PCM, 115 MB
	MuLaw                  // WAV, 58 MB
	Streamed               // as MuLaw, but the header was written before anybody knew the length
	MP3                    // of 8 kbit/s, 3.6 MB
	formats                // how many there are
)

// rate is how many samples a second there are of each channel.
const rate = 8000

// Append appends a file that holds a sound. Its duration is exact to the sample, that of
// MP3 to 36 ms.
func (f Format) Append(b []byte, s Sound) []byte {
	switch f {
	case Opus:
		return appendOpus(b, s)
	case FLAC:
		return appendFLAC(b, s)
	case LowRate:
		return pcm(8, 25).append(b, s)
	case PCM:
		return pcm(16, rate).append(b, s)
	case MuLaw:
		return muLaw(false).append(b, s)
	case Streamed:
		return muLaw(true).append(b, s)
	case MP3:
		return appendMP3(b, s)
	}
	panic("audio: there is no such format")
}

// Empty returns what is left of a recording whose sound was never written: the 44 bytes
// of the header of a WAV file.
func Empty(channels int) []byte { return pcm(16, rate).append(nil, Sound{Channels: channels}) }

// ErrorPage returns what a server answers in place of a recording. As servers do, it is
// padded for browsers that do not show short ones.
func ErrorPage() []byte {
	const padding = "<!-- a padding to disable MSIE and Chrome friendly error page -->\n"
	return []byte("<html>\n<head><title>503 Service Temporarily Unavailable</title></head>\n<body>\n" +
		"<center><h1>503 Service Temporarily Unavailable</h1></center>\n<hr><center>nginx</center>\n</body>\n</html>\n" +
		strings.Repeat(padding, 14))
}

// samples returns how many samples of each channel a duration has.
func (s Sound) samples(perSecond int) int {
	return int((s.Duration.Microseconds()*int64(perSecond) + 500_000) / 1_000_000)
}

// crcTable returns the table of a cyclic redundancy check that takes the highest bit of
// each byte first. The polynomial is aligned to the highest bit of 32.
func crcTable(polynomial uint32) *[256]uint32 {
	var table [256]uint32
	for i := range table {
		crc := uint32(i) << 24
		for range 8 {
			high := crc >> 31
			crc = crc<<1 ^ polynomial*high
		}
		table[i] = crc
	}
	return &table
}

// crc returns the check of bytes, aligned to the highest bit of 32.
func crc(table *[256]uint32, b []byte) (sum uint32) {
	for _, v := range b {
		sum = sum<<8 ^ table[byte(sum>>24)^v]
	}
	return sum
}

var (
	little = binary.LittleEndian
	big    = binary.BigEndian
)

// Package listen decodes audio and finds silence in it.
//
// It reads a stream once, from its beginning to its end, and keeps no more than
// a block or a packet of it. Time is linear in the number of decoded samples,
// which a hostile stream can make thousands of times its bytes: a caller bounds
// it with the context, which is asked at each block.
//
// Three libraries decode MP3, Vorbis and Opus. All others are decoded here: they
// are a few lines each, but FLAC, whose libraries need four modules.
package listen

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
)

// Threshold is the amplitude of −60 dBFS, where full scale is 1. A sample at the
// threshold is silent, one above it is not.
const Threshold = 0.001

// Sound is what was decoded of one stream.
type Sound struct {
	// Decoded is false if there is no decoder for the stream, or if it is
	// damaged before its first sample.
	Decoded bool

	// Reason says why the stream was not decoded, or where decoding stopped
	// before the end: "aac is not decoded", "damaged at byte 4096". It is empty
	// if all was decoded. A byte is counted from the beginning of the stream.
	Reason string

	// Channels are in the order of the stream.
	Channels []Channel

	// Duration of what was decoded, in microseconds.
	Duration int64

	// Longest is the longest stretch in which no channel has a sample above
	// [Threshold], in microseconds.
	Longest int64
}

// Broken reports whether decoding stopped where the stream is damaged or cut off.
func (s *Sound) Broken() bool {
	return strings.HasPrefix(s.Reason, damagedAt) || strings.HasPrefix(s.Reason, cutOffAt)
}

// Whole reports whether the stream was decoded from its beginning to its end.
func (s *Sound) Whole() bool { return s.Decoded && s.Reason == "" && s.Duration > 0 }

// How reasons begin.
const (
	damagedAt = "damaged at byte"
	cutOffAt  = "cut off at byte"
)

// Channel is one channel of a sound.
type Channel struct {
	// Silent: no sample is above [Threshold]. It holds for a channel without
	// samples too.
	Silent bool
}

// encoding is a codec in a container.
type encoding struct{ format, codec string }

// decoders pass what they decode to the meter. They return a [stop] unless they
// reached the end of the stream.
var decoders = map[encoding]func(*input, *meter) error{
	{"wav", "pcm"}:    decodeWAV,
	{"wav", "ulaw"}:   decodeWAV,
	{"wav", "alaw"}:   decodeWAV,
	{"au", "pcm"}:     decodeAU,
	{"au", "ulaw"}:    decodeAU,
	{"au", "alaw"}:    decodeAU,
	{"ulaw", "ulaw"}:  decodeULaw,
	{"alaw", "alaw"}:  decodeALaw,
	{"flac", "flac"}:  decodeFLAC,
	{"mp3", "mp3"}:    decodeMP3,
	{"ogg", "opus"}:   decodeOpus,
	{"ogg", "vorbis"}: decodeVorbis,
}

// Decodes says whether there is a decoder for a codec in a container.
func Decodes(format, codec string) bool {
	return decoders[encoding{format, codec}] != nil
}

// Listen decodes the audio of a media object from its beginning to its end. The
// error is one of r or ctx; a stream that is damaged is no error.
func Listen(ctx context.Context, format, codec string, r io.Reader) (Sound, error) {
	decode := decoders[encoding{format, codec}]
	if decode == nil {
		return Sound{Reason: undecoded(format, codec)}, nil
	}

	in, m := newInput(ctx, r), &meter{ctx: ctx, limit: -1}
	err := decode(in, m)
	if err := errors.Join(in.failure, m.failure); err != nil {
		return Sound{}, err
	}
	return m.sound(err), nil
}

// undecoded says that there is no decoder. It names the container only if the
// codec is decoded in another one.
func undecoded(format, codec string) string {
	for e := range decoders {
		if e.codec == codec {
			return fmt.Sprintf("%s in %s is not decoded", codec, format)
		}
	}
	return codec + " is not decoded"
}

// stop says why and where decoding ended before the end of the stream.
type stop string

func (s stop) Error() string { return string(s) }

func damaged(at int64) error {
	return stop(fmt.Sprintf("%s %d", damagedAt, at))
}

func damagedBy(at int64, what string) error {
	return stop(fmt.Sprintf("%s %d: %s", damagedAt, at, what))
}

func cutOff(at int64) error {
	return stop(fmt.Sprintf("%s %d", cutOffAt, at))
}

// errBroken stands for what a library said or did.
var errBroken = errors.New("cannot be decoded")

// protect calls a library, which panics on some bytes that it does not expect.
func protect(call func() error) (err error) {
	defer func() {
		if recover() != nil {
			err = errBroken
		}
	}()
	return call()
}

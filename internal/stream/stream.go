// Package stream opens the content of objects within limits: it recognises how
// an object is compressed, decompresses it, and ends a stream that asks for
// more than the [Limits] allow.
//
// Damage in an object is an [Error] or a [LimitError]; a failure to read is the
// error of the store as it is. A stream that was cut reports it once, as
// Error.Truncated, from which [cdrmend/internal/jsonscan.IsTruncated] follows.
package stream

import (
	"bufio"
	"compress/gzip"
	"errors"
	"io"
	"strings"

	"github.com/klauspost/compress/zstd"
)

// Compression is the compression of an object. It is recognised by content,
// whatever the object's name.
type Compression uint8

// The compressions.
const (
	Plain Compression = iota
	Gzip
	Zstd
)

// An Error reports that a compressed stream is damaged. It never means a failure
// to read the object.
type Error struct {
	Truncated bool // the stream ends too early
	Unknown   bool // nothing of the stream can be decoded
	Err       error
}

func (e *Error) Error() string {
	if e.Unknown {
		return "cannot be decoded: " + e.Err.Error()
	}
	return "compressed stream: " + e.Err.Error()
}

// Unwrap returns the decoder's error.
func (e *Error) Unwrap() error { return e.Err }

// A Stream is the uncompressed content of an object, within the limits.
type Stream struct {
	Compression Compression
	Checksum    error // the content is whole but does not match its checksum; known at the end
	r           io.Reader
	source      *source
	failed      error
	begun       bool         // some content was read
	left        int64        // how much more content is allowed, negative without a limit
	limit       LimitError   // the limit that applies
	window      int64        // the largest window that zstd may ask for
	next        func() error // continues with the next member of the stream
	close       func()
}

// source remembers an error of the store, so that it is not taken for damage.
type source struct {
	r   io.Reader
	err error
}

func (s *source) Read(b []byte) (int, error) {
	n, err := s.r.Read(b)
	if err != nil && err != io.EOF {
		s.err = err
	}
	return n, err
}

// bufferSize is the size of the buffer for a large object.
const bufferSize = 64 << 10

// BufferFor returns the buffer size for an object; stored is its size as stored,
// 0 if not known. Most objects are sidecars of a kilobyte, and there are a hundred
// thousand of them: a full buffer for each would cost more than it saves.
func BufferFor(stored int64) int {
	if stored <= 0 || stored >= bufferSize {
		return bufferSize
	}
	return int(stored) + 1
}

// Open returns the content of r, whose size as stored is given, 0 when it is
// not known.
func Open(r io.Reader, stored int64, limits *Limits) *Stream {
	s := &Stream{source: &source{r: r}, close: func() {}, window: limits.WindowBytes}
	in := bufio.NewReaderSize(s.source, BufferFor(stored))

	switch magic, _ := in.Peek(4); {
	case len(magic) >= 2 && magic[0] == 0x1f && magic[1] == 0x8b:
		s.Compression = Gzip
		unpacked, err := gzip.NewReader(in)
		if err != nil {
			s.failed = s.damage(err)
			break
		}
		// Members are read one by one, by next.
		unpacked.Multistream(false)
		s.r, s.next = unpacked, func() error { return nextMember(unpacked, in) }
	case string(magic) == "\x28\xb5\x2f\xfd" || isSkippable(magic):
		s.Compression = Zstd
		unpacked, err := zstd.NewReader(in, zstdOptions(limits)...)
		if err != nil {
			s.failed = s.damage(err)
			break
		}
		s.r, s.next, s.close = unpacked, func() error { return unpacked.Reset(in) }, unpacked.Close
	default:
		s.r = in
	}

	s.left, s.limit = limits.content(s.Compression, stored)
	return s
}

func zstdOptions(limits *Limits) []zstd.DOption {
	options := []zstd.DOption{zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true)}
	if limits.WindowBytes > 0 {
		options = append(options, zstd.WithDecoderMaxWindow(uint64(limits.WindowBytes)))
	}
	return options
}

// isSkippable reports whether magic is that of a zstd frame without content,
// which parallel compressors write at the start of a stream.
func isSkippable(magic []byte) bool {
	return len(magic) == 4 && magic[0]&0xf0 == 0x50 && string(magic[1:]) == "\x2a\x4d\x18"
}

var errTrailing = errors.New("bytes after its end that belong to no stream")

// nextMember continues with the next member of a gzip stream, io.EOF after the
// last. Other bytes, even zeros, are damage: they may have replaced a member.
func nextMember(unpacked *gzip.Reader, in *bufio.Reader) error {
	magic, err := in.Peek(2)
	if len(magic) == 0 {
		return err
	}
	// A lone 0x1f passes: it is a member that was cut, and Reset reports it as such.
	if !strings.HasPrefix("\x1f\x8b", string(magic)) {
		return errTrailing
	}

	err = unpacked.Reset(in)
	unpacked.Multistream(false)
	return err
}

// Read reads content. It returns an [Error] or a [LimitError] for damage and the
// store's own error for a failure to read.
func (s *Stream) Read(b []byte) (int, error) {
	if s.left < 0 {
		return s.read(b)
	}
	if s.left == 0 {
		b = make([]byte, 1) // content of exactly the limit is allowed: only one more byte exceeds it
	}

	n, err := s.read(b[:min(int64(len(b)), max(s.left, 1))])
	if n > 0 && s.left == 0 {
		s.failed = &s.limit
		return 0, s.failed
	}
	s.left -= int64(n)
	return n, err
}

// read is Read without the limit of the content.
func (s *Stream) read(b []byte) (int, error) {
	for s.failed == nil {
		n, err := s.r.Read(b)
		s.begun = s.begun || n > 0

		switch {
		// For gzip the end is that of one member, see nextMember.
		case err == nil || err == io.EOF && s.Compression != Gzip:
			return n, err

		// A member is complete, or all of its content is there but the checksum differs.
		case s.source.err == nil && (err == io.EOF || isChecksum(err)):
			if err != io.EOF {
				s.Checksum = err
			}
			if n > 0 {
				return n, nil
			}
			// The decoder of zstd holds the last block back until asked again.
			if n, _ = s.r.Read(b); n > 0 {
				return n, nil
			}
			switch err := s.next(); {
			case err == io.EOF && s.source.err == nil: // no further member
				s.failed = io.EOF
			case err != nil:
				s.failed = s.damage(err)
			}

		default:
			s.failed = s.damage(err)
			return n, s.failed
		}
	}
	return 0, s.failed
}

// Close releases the decoder; the underlying reader stays open.
func (s *Stream) Close() { s.close() }

// damage returns what an error of the decoder means: the error of the store if there
// was one, otherwise an [Error] or a [LimitError]. Uncompressed content has no
// decoder, so err is returned as it is.
func (s *Stream) damage(err error) error {
	// A decoder reports a failure of the store as an error of its own.
	if s.source.err != nil {
		return s.source.err
	}
	if s.Compression == Plain {
		return err
	}
	if !s.begun && s.window > 0 && (errors.Is(err, zstd.ErrWindowSizeExceeded) || errors.Is(err, zstd.ErrDecoderSizeExceeded)) {
		return &LimitError{Limit: "window_bytes", Max: s.window}
	}

	cut := errors.Is(err, io.ErrUnexpectedEOF) || err == io.EOF
	unknown := s.r == nil || errors.Is(err, zstd.ErrUnknownDictionary) // dictionaries are not part of an input
	return &Error{Truncated: cut, Unknown: !cut && !s.begun && unknown, Err: err}
}

// isChecksum reports whether content is whole but does not match its checksum.
func isChecksum(err error) bool {
	return errors.Is(err, gzip.ErrChecksum) || errors.Is(err, zstd.ErrCRCMismatch)
}

// Compress returns a writer that compresses with c, gzip without name and time.
// Close it to finish the stream; w stays open.
func (c Compression) Compress(w io.Writer) (io.WriteCloser, error) {
	switch c {
	case Gzip:
		return gzip.NewWriterLevel(w, gzip.BestSpeed)
	case Zstd:
		return zstd.NewWriter(w, zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(1<<20))
	}
	return nopCloser{w}, nil
}

type nopCloser struct{ io.Writer }

func (nopCloser) Close() error { return nil }

// Failed returns the damage that ended the stream, nil while there is none.
func (s *Stream) Failed() error {
	if s.failed == io.EOF {
		return nil
	}
	return s.failed
}

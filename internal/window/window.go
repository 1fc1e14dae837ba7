// Package window reads a stream through a window of bytes, for JSON, CSV and
// lines alike. Bytes are consumed at the front, are held as long as their reader
// needs them, and are bounded by the longest record that the limits allow.
package window

import (
	"bytes"
	"io"
	"strings"

	"cdrmend/internal/stream"
)

// A Window is the part of a stream that its reader works on: the bytes that were
// read but not consumed yet, preceded by those that the reader still holds. It
// grows up to the longest record that the limits allow plus one byte, which
// proves that a record is too long.
//
// The next byte is the first one of Rest. Slices of the window are valid until
// the next call that fills it: Fill, and everything that calls it.
type Window struct {
	Limits *stream.Limits

	r    io.Reader
	err  error  // from r, reported at the end of buf
	buf  []byte // the part of the stream in memory
	pos  int    // of the next byte in buf
	base int64  // offset of buf[0] in the stream
	hold int64  // offset of the first byte still needed, -1 when none is
}

// A window reads up to fullSize bytes at once, and as much ahead. It begins
// with less memory, as most documents are sidecars of a kilobyte.
const (
	fullSize  = 64 << 10
	firstSize = 4 << 10
)

// New returns a window at the start of a stream.
func New(r io.Reader, limits *stream.Limits) Window {
	return Window{r: r, buf: make([]byte, 0, firstSize), hold: -1, Limits: limits}
}

// Over returns a window that holds a text, whose first byte has the given
// offset. The text ends with err, io.EOF for a plain end.
func Over(text []byte, offset int64, limits *stream.Limits, err error) Window {
	return Window{buf: text, base: offset, err: err, hold: offset, Limits: limits}
}

// Restart moves w to the start of another stream. It keeps its memory, unless
// a long record made it larger than most need.
func (w *Window) Restart(r io.Reader) {
	buf := w.buf[:0]
	if cap(buf) > fullSize {
		buf = make([]byte, 0, firstSize)
	}
	*w = Window{r: r, buf: buf, hold: -1, Limits: w.Limits}
}

// Offset returns the offset of the next byte.
func (w *Window) Offset() int64 { return w.base + int64(w.pos) }

// Rest returns the bytes that are in memory from the next one on.
func (w *Window) Rest() []byte { return w.buf[w.pos:] }

// End returns the offset of the first byte that is not in memory yet.
func (w *Window) End() int64 { return w.base + int64(len(w.buf)) }

// Advance consumes n bytes of Rest.
func (w *Window) Advance(n int) { w.pos += n }

// MoveTo makes the byte at an offset the next one. It must be in memory: held,
// or not consumed.
func (w *Window) MoveTo(offset int64) { w.pos = int(offset - w.base) }

// Hold keeps the bytes from the next one on until Release.
func (w *Window) Hold() int64 {
	w.hold = w.Offset()
	return w.hold
}

// Release ends Hold: the bytes may be overwritten by the next Fill.
func (w *Window) Release() { w.hold = -1 }

// Holds reports whether the byte at an offset is held.
func (w *Window) Holds(offset int64) bool { return w.hold >= 0 && offset >= w.hold }

// Held returns the bytes that are in memory from the held one on.
func (w *Window) Held() []byte { return w.buf[w.hold-w.base:] }

// Bytes returns the held bytes from one offset to another.
func (w *Window) Bytes(from, to int64) []byte { return w.buf[from-w.base : to-w.base] }

// Within returns a [stream.LimitError] when more bytes were consumed since an
// offset than a record may have.
func (w *Window) Within(from int64) error {
	if most := w.Limits.RecordBytes; most > 0 && w.Offset()-from > most {
		return &stream.LimitError{Limit: "record_bytes", Max: most, Offset: from + most}
	}
	return nil
}

// WithinHeld is Within for the held bytes, nil when none are held.
func (w *Window) WithinHeld() error {
	if w.hold < 0 {
		return nil
	}
	return w.Within(w.hold)
}

// Fill reads more of the stream; false at its end, and when too much of it is
// held. It reads no further than one byte beyond the longest record.
func (w *Window) Fill() bool {
	// The limit ends the stream like an error from r, so that every later call
	// reports it.
	if w.err == nil {
		w.err = w.WithinHeld()
	}
	if w.err != nil {
		return false
	}

	if len(w.buf) == cap(w.buf) && cap(w.buf) < fullSize {
		w.buf = append(make([]byte, 0, fullSize), w.buf...)
	}

	// Nothing before the held bytes is needed any more.
	from := w.pos
	if w.hold >= 0 {
		from = int(w.hold - w.base)
	}
	if from > 0 {
		n := copy(w.buf, w.buf[from:])
		w.buf, w.base, w.pos = w.buf[:n], w.base+int64(from), w.pos-from
	}

	// Still full: the held bytes and the unconsumed ones need all of it.
	if len(w.buf) == cap(w.buf) {
		w.buf = append(make([]byte, 0, 2*cap(w.buf)), w.buf...)
	}

	n, err := readSome(w.r, w.buf[len(w.buf):w.readTo()])
	w.buf, w.err = w.buf[:len(w.buf)+n], err
	return n > 0
}

// readSome reads at least one byte or returns an error.
func readSome(r io.Reader, b []byte) (n int, err error) {
	// A reader may return 0 and nil; one that always does must not hang the run.
	for range 100 {
		if n, err = r.Read(b); n > 0 || err != nil {
			return n, err
		}
	}
	return 0, io.ErrNoProgress
}

// readTo returns how far the window may be filled.
func (w *Window) readTo() int {
	most := w.Limits.RecordBytes

	switch {
	case most == 0:
		return cap(w.buf)
	case w.hold < 0:
		return min(cap(w.buf), fullSize)
	}
	return int(min(int64(cap(w.buf)), w.hold-w.base+most+1))
}

// Read consumes bytes like an [io.Reader]: first those in memory, then those
// of the stream, which do not pass through the window.
func (w *Window) Read(b []byte) (int, error) {
	if w.pos < len(w.buf) {
		n := copy(b, w.buf[w.pos:])
		w.pos += n
		return n, nil
	}
	if w.err != nil {
		return 0, w.err
	}

	return readSome(w.r, b)
}

// Peek returns the next byte; false at the end of the stream.
func (w *Window) Peek() (byte, bool) {
	if w.pos < len(w.buf) || w.Fill() {
		return w.buf[w.pos], true
	}
	return 0, false
}

// Space skips white space and returns the byte after it; false at the end of the
// stream. The JSON scanner calls it between all tokens. It is a method of Window
// because it is faster with the fields than with Peek and Advance.
func (w *Window) Space() (byte, bool) {
	for {
		for w.pos < len(w.buf) {
			switch c := w.buf[w.pos]; c {
			case ' ', '\t', '\n', '\r':
				w.pos++
			default:
				return c, true
			}
		}

		if !w.Fill() {
			return 0, false
		}
	}
}

const byteOrderMark = "\xef\xbb\xbf"

// SkipBOM skips a UTF-8 byte order mark at the start of the stream. It reports
// false for a stream that ends inside one.
func (w *Window) SkipBOM() bool {
	for len(w.buf) < len(byteOrderMark) && w.Fill() {
	}

	head := string(w.buf[:min(len(w.buf), len(byteOrderMark))])
	if head == byteOrderMark {
		w.pos = len(byteOrderMark)
	}
	return head == "" || w.pos > 0 || !strings.HasPrefix(byteOrderMark, head)
}

// SkipLine consumes a held line with its newline and returns true, false. If the
// line is longer than a record may be, it consumes one byte more than the limit
// and returns false, true. If the stream ends first, both are false.
func (w *Window) SkipLine() (newline, more bool) {
	for {
		end := min(len(w.buf), w.readTo())
		if i := bytes.IndexByte(w.buf[w.pos:end], '\n'); i >= 0 {
			w.pos += i + 1
			return true, false
		}

		w.pos = end
		if w.Within(w.hold) != nil {
			return false, true
		}
		if !w.Fill() {
			return false, false
		}
	}
}

// Ended reports whether the stream has no bytes after those in memory. It is
// false when the stream ended with an error.
func (w *Window) Ended() bool { return w.err == io.EOF }

// Err returns the error that ended the stream, nil for a plain end.
func (w *Window) Err() error {
	if w.err == io.EOF {
		return nil
	}
	return w.err
}

// Buffer returns the memory of w as an empty slice, for reuse. w must not be used
// afterwards.
func (w *Window) Buffer() []byte { return w.buf[:0] }

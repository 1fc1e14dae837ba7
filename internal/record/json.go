package record

import (
	"errors"
	"io"
	"strings"
)

// A SyntaxError says where a JSON text stops being one.
type SyntaxError struct {
	Offset int64 // of the first byte that cannot continue a valid text, or the length of a text that was cut
	Cut    bool  // the text ends inside a value
}

func (e *SyntaxError) Error() string {
	if e.Cut {
		return "ends inside a value"
	}
	return "syntax error"
}

// A Scanner reads JSON from a stream and tells where everything stands. It
// keeps no more of the stream in memory than its user holds, and that within
// the limits.
//
// Invalid UTF-8 inside strings, repeated names and unpaired surrogates are
// let through: what matters here is structure and position.
type Scanner struct {
	r     io.Reader
	err   error  // of r, to be met at the end of buf
	buf   []byte // window of the stream
	pos   int    // of the next byte in buf
	base  int64  // offset of buf[0] in the stream
	hold  int64  // offset of the first byte still needed, -1 when none is
	depth int64

	limits *Limits
}

// window is how much is read at once, and how much may be read ahead. A scanner
// begins with less, as most documents are sidecars of a kilobyte.
const (
	window      = 64 << 10
	firstWindow = 4 << 10
)

// NewScanner returns a scanner of r.
func NewScanner(r io.Reader, limits *Limits) *Scanner {
	return &Scanner{r: r, buf: make([]byte, 0, firstWindow), hold: -1, limits: limits}
}

// restart makes s scan another stream. It keeps its memory, unless that is the
// memory of a record longer than most.
func (s *Scanner) restart(r io.Reader) {
	buf := s.buf[:0]
	if cap(buf) > window {
		buf = make([]byte, 0, firstWindow)
	}
	*s = Scanner{r: r, buf: buf, hold: -1, limits: s.limits}
}

// Reset makes s scan text, whose first byte has the given offset.
func (s *Scanner) Reset(text []byte, offset int64, limits *Limits) {
	*s = Scanner{buf: text, base: offset, err: io.EOF, hold: offset, limits: limits}
}

// Offset returns the offset of the next byte.
func (s *Scanner) Offset() int64 { return s.base + int64(s.pos) }

// Hold keeps the bytes from the next one on until Release.
func (s *Scanner) Hold() int64 {
	s.hold = s.Offset()
	return s.hold
}

// Release gives up what Hold kept.
func (s *Scanner) Release() { s.hold = -1 }

// Bytes returns the held bytes from one offset to another. They are valid
// until the next call that scans.
func (s *Scanner) Bytes(from, to int64) []byte { return s.buf[from-s.base : to-s.base] }

// within returns an error when what was scanned since an offset is longer than
// a record may be.
func (s *Scanner) within(from int64) error {
	if most := s.limits.RecordBytes; most > 0 && s.Offset()-from > most {
		return &LimitError{Limit: "record_bytes", Max: most, Offset: from + most}
	}
	return nil
}

// fill reads more of the stream; false at its end, and when too much of it is
// held. It reads no further than one byte beyond the longest record.
func (s *Scanner) fill() bool {
	if s.err == nil && s.hold >= 0 {
		s.err = s.within(s.hold)
	}
	if s.err != nil {
		return false
	}
	if len(s.buf) == cap(s.buf) && cap(s.buf) < window {
		s.buf = append(make([]byte, 0, window), s.buf...)
	}
	from := s.pos
	if s.hold >= 0 {
		from = int(s.hold - s.base)
	}
	if from > 0 {
		n := copy(s.buf, s.buf[from:])
		s.buf, s.base, s.pos = s.buf[:n], s.base+int64(from), s.pos-from
	}
	if len(s.buf) == cap(s.buf) {
		s.buf = append(make([]byte, 0, 2*cap(s.buf)), s.buf...)
	}
	n, err := readSome(s.r, s.buf[len(s.buf):s.readTo()])
	s.buf, s.err = s.buf[:len(s.buf)+n], err
	return n > 0
}

// readSome reads something, or returns an error.
func readSome(r io.Reader, b []byte) (n int, err error) {
	for range 100 {
		if n, err = r.Read(b); n > 0 || err != nil {
			return n, err
		}
	}
	return 0, io.ErrNoProgress
}

// read reads on behind what was scanned, past the window.
func (s *Scanner) read(b []byte) (int, error) {
	if s.pos < len(s.buf) {
		n := copy(b, s.buf[s.pos:])
		s.pos += n
		return n, nil
	}
	if s.err != nil {
		return 0, s.err
	}
	return readSome(s.r, b)
}

// readTo returns how far the window may be filled.
func (s *Scanner) readTo() int {
	most := s.limits.RecordBytes
	switch {
	case most == 0:
		return cap(s.buf)
	case s.hold < 0:
		return min(cap(s.buf), window)
	}
	return int(min(int64(cap(s.buf)), s.hold-s.base+most+1))
}

// Peek returns the next byte; false at the end of the stream.
func (s *Scanner) Peek() (byte, bool) {
	if s.pos < len(s.buf) || s.fill() {
		return s.buf[s.pos], true
	}
	return 0, false
}

// Space skips white space and returns the byte after it; false at the end.
func (s *Scanner) Space() (byte, bool) {
	for {
		for s.pos < len(s.buf) {
			switch c := s.buf[s.pos]; c {
			case ' ', '\t', '\n', '\r':
				s.pos++
			default:
				return c, true
			}
		}
		if !s.fill() {
			return 0, false
		}
	}
}

const byteOrderMark = "\xef\xbb\xbf"

// SkipBOM skips a UTF-8 byte order mark at the start of the text. It reports
// false for a text that ends inside one.
func (s *Scanner) SkipBOM() bool {
	for len(s.buf) < len(byteOrderMark) && s.fill() {
	}
	head := string(s.buf[:min(len(s.buf), len(byteOrderMark))])
	if head == byteOrderMark {
		s.pos = len(byteOrderMark)
	}
	return head == "" || s.pos > 0 || !strings.HasPrefix(byteOrderMark, head)
}

// Err returns the error that ended the stream, nil for a plain end.
func (s *Scanner) Err() error {
	if s.err == io.EOF {
		return nil
	}
	return s.err
}

// fail returns the error for the next byte: a syntax error, or the end.
func (s *Scanner) fail() error {
	if _, ok := s.Peek(); ok {
		return &SyntaxError{Offset: s.Offset()}
	}
	err := s.Err()
	if s.hold >= 0 && (err == nil || IsDamage(err)) {
		if over := s.within(s.hold); over != nil {
			return over
		}
	}
	if err != nil {
		return err
	}
	return &SyntaxError{Offset: s.Offset(), Cut: true}
}

// Next consumes the byte c after white space.
func (s *Scanner) Next(c byte) error {
	if got, ok := s.Space(); !ok || got != c {
		return s.fail()
	}
	s.pos++
	return nil
}

// Value scans one value, without the white space around it, and returns its
// kind. A number is complete only when something that may follow it does;
// Complete tells.
func (s *Scanner) Value() (ValueKind, error) {
	c, ok := s.Peek()
	if !ok {
		return Absent, s.fail()
	}
	switch c {
	case '"':
		return String, s.str()
	case '{':
		return Object, s.container('}')
	case '[':
		return List, s.container(']')
	case 't':
		return Bool, s.literal("true")
	case 'f':
		return Bool, s.literal("false")
	case 'n':
		return Null, s.literal("null")
	default:
		return Number, s.number()
	}
}

// Complete reports whether a value of kind k that was just scanned is known
// to have ended: a number at the end of the stream could have gone on.
func (s *Scanner) Complete(k ValueKind) bool {
	if k != Number {
		return true
	}
	c, ok := s.Peek()
	return ok && (c == ',' || c == ']' || c == '}' || c == ' ' || c == '\t' || c == '\n' || c == '\r')
}

// Name scans a member's name with its quotes, the colon and the white space
// after it, and returns the name's offsets.
func (s *Scanner) Name() (from, to int64, err error) {
	from = s.Offset()
	if c, ok := s.Peek(); !ok || c != '"' {
		return 0, 0, s.fail()
	}
	if err := s.str(); err != nil {
		return 0, 0, err
	}
	to = s.Offset()
	if most := s.limits.NameBytes; most > 0 && to-from-2 > most {
		return 0, 0, &LimitError{Limit: "name_bytes", Max: most, Offset: from + 1 + most}
	}
	if err := s.Next(':'); err != nil {
		return 0, 0, err
	}
	s.Space()
	return from, to, nil
}

// isName consumes a member's name, given with its quotes and the colon, and
// the white space after it, if that is what comes next in the window.
func (s *Scanner) isName(quoted string) bool {
	rest := s.buf[s.pos:]
	if len(rest) < len(quoted) || string(rest[:len(quoted)]) != quoted {
		return false
	}
	s.pos += len(quoted)
	s.Space()
	return true
}

// Enter consumes the opening byte of a container and reports whether it is
// empty, in which case it is consumed whole.
func (s *Scanner) Enter(closing byte) (empty bool, err error) {
	if s.depth++; s.depth > s.limits.Depth && s.limits.Depth > 0 {
		return false, &LimitError{Limit: "depth", Max: s.limits.Depth, Offset: s.Offset()}
	}
	s.pos++
	if c, ok := s.Space(); ok && c == closing {
		s.pos++
		s.depth--
		return true, nil
	}
	return false, nil
}

// More consumes what follows an element: true after a comma and the white
// space behind it, false after the closing byte.
func (s *Scanner) More(closing byte) (bool, error) {
	switch c, ok := s.Space(); {
	case ok && c == ',':
		s.pos++
		s.Space()
		return true, nil
	case ok && c == closing:
		s.pos++
		s.depth--
		return false, nil
	default:
		return false, s.fail()
	}
}

func (s *Scanner) container(closing byte) error {
	empty, err := s.Enter(closing)
	if empty || err != nil {
		return err
	}
	for more, n := true, int64(0); more; {
		if closing == '}' {
			if n, err = s.member(n); err != nil {
				return err
			}
			if _, _, err := s.Name(); err != nil {
				return err
			}
		}
		if _, err := s.Value(); err != nil {
			return err
		}
		if more, err = s.More(closing); err != nil {
			return err
		}
	}
	return nil
}

// member counts one more member of an object.
func (s *Scanner) member(before int64) (int64, error) {
	if most := s.limits.Members; most > 0 && before == most {
		return before, &LimitError{Limit: "members", Max: most, Offset: s.Offset()}
	}
	return before + 1, nil
}

// IsCut reports whether err says that a text ended too early, in itself or
// because its compressed stream did.
func IsCut(err error) bool {
	var syntax *SyntaxError
	if errors.As(err, &syntax) {
		return syntax.Cut
	}
	var stream *StreamError
	return errors.As(err, &stream) && stream.Cut
}

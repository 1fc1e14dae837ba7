package jsonscan

import (
	"encoding/binary"
	"math/bits"

	"cdrmend/internal/stream"
)

// literal scans true, false or null.
func (s *Scanner) literal(word string) error {
	// One byte at a time, so that an error has the offset of the first wrong one.
	for i := range len(word) {
		if c, ok := s.Peek(); !ok || c != word[i] {
			return s.fail()
		}
		s.Advance(1)
	}
	return nil
}

// number scans a number within the limit.
func (s *Scanner) number() error {
	from := s.Offset()
	if err := s.numeral(); err != nil {
		return err
	}

	if most := s.Limits.NumberBytes; most > 0 && s.Offset()-from > most {
		return &stream.LimitError{Limit: "number_bytes", Max: most, Offset: from + most}
	}
	return nil
}

// numeral scans a number of any length.
func (s *Scanner) numeral() error {
	if c, ok := s.Peek(); ok && c == '-' {
		s.Advance(1)
	}

	// No digit may follow a leading zero: the number ends after it.
	if c, ok := s.Peek(); ok && c == '0' {
		s.Advance(1)
	} else if !s.digits() {
		return s.fail()
	}

	if c, ok := s.Peek(); ok && c == '.' {
		s.Advance(1)
		if !s.digits() {
			return s.fail()
		}
	}

	if c, ok := s.Peek(); ok && (c == 'e' || c == 'E') {
		s.Advance(1)
		if c, ok := s.Peek(); ok && (c == '+' || c == '-') {
			s.Advance(1)
		}
		if !s.digits() {
			return s.fail()
		}
	}
	return nil
}

// digits consumes digits and reports whether there was at least one.
func (s *Scanner) digits() bool {
	any := false
	for {
		c, ok := s.Peek()
		if !ok || c < '0' || c > '9' {
			return any
		}
		s.Advance(1)
		any = true
	}
}

// str scans a string, from its opening quote to the closing one.
func (s *Scanner) str() error {
	s.Advance(1)
	for {
		rest := s.Rest()
		n := plain(rest)
		s.Advance(n)
		// The window ends inside the string. After Fill rest is no longer valid.
		if n == len(rest) {
			if !s.Fill() {
				return s.fail()
			}
			continue
		}

		switch rest[n] {
		case '"':
			s.Advance(1)
			return nil
		case '\\':
			if err := s.escape(); err != nil {
				return err
			}
		default: // a control byte
			return s.fail()
		}
	}
}

// plain returns the number of bytes of b before the first special one: it stops at
// a quote, a backslash or a control byte. It tests eight bytes at once.
func plain(b []byte) int {
	const ones, tops = 0x0101010101010101, 0x8080808080808080

	n := 0
	for ; n+8 <= len(b); n += 8 {
		x := binary.LittleEndian.Uint64(b[n:])
		quote, backslash := x^('"'*ones), x^('\\'*ones)
		// The lowest marked byte is a true match: a borrow can only mark bytes
		// above it by mistake.
		marked := ((quote-ones)&^quote | (backslash-ones)&^backslash | (x-0x20*ones)&^x) & tops
		if marked != 0 {
			return n + bits.TrailingZeros64(marked)/8
		}
	}

	for ; n < len(b); n++ {
		if c := b[n]; c == '"' || c == '\\' || c < 0x20 {
			break
		}
	}
	return n
}

// escape scans an escape, from its backslash on.
func (s *Scanner) escape() error {
	s.Advance(1)
	c, ok := s.Peek()
	if !ok {
		return s.fail()
	}

	switch c {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		s.Advance(1)
		return nil
	case 'u':
		s.Advance(1)
		for range 4 {
			if c, ok := s.Peek(); !ok || !hexDigit(c) {
				return s.fail()
			}
			s.Advance(1)
		}
		return nil
	default:
		return s.fail()
	}
}

func hexDigit(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'
}

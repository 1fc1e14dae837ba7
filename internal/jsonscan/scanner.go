// Package jsonscan reads JSON with the positions of everything in it, from
// texts that may be damaged.
//
// [Scanner] checks the grammar and reports where a text stops being JSON.
// [Slots] notes the positions of wanted members while an object is scanned once.
// [Document] visits the elements of a list in a stream, and reports after an error
// which part of the text is sound and how to close it. [Value] and [Cursor] read
// texts that were scanned before.
package jsonscan

import (
	"io"

	"cdrmend/internal/stream"
	"cdrmend/internal/window"
)

// A Scanner reads JSON from a stream and reports positions. It keeps no more of
// the stream in memory than its user holds, within the limits.
//
// Invalid UTF-8 inside strings, repeated names and unpaired surrogates are
// accepted: structure and position matter here.
type Scanner struct {
	window.Window
	depth int64
}

// NewScanner returns a scanner of r.
func NewScanner(r io.Reader, limits *stream.Limits) *Scanner {
	return &Scanner{Window: window.New(r, limits)}
}

// restart makes s scan another stream.
func (s *Scanner) restart(r io.Reader) {
	s.Window.Restart(r)
	s.depth = 0
}

// Reset makes s scan text, whose first byte has the given offset.
func (s *Scanner) Reset(text []byte, offset int64, limits *stream.Limits) {
	*s = Scanner{Window: window.Over(text, offset, limits, io.EOF)}
}

// fail returns the error for the next byte: a syntax error, or the end.
func (s *Scanner) fail() error {
	if _, ok := s.Peek(); ok {
		return &SyntaxError{Offset: s.Offset()}
	}

	// At the end of the stream, a record that is too long is the cause, not the cut.
	err := s.Err()
	if err == nil || IsDamage(err) {
		if over := s.WithinHeld(); over != nil {
			return over
		}
	}
	if err != nil {
		return err
	}
	return &SyntaxError{Offset: s.Offset(), Truncated: true}
}

// Next consumes the byte c after white space.
func (s *Scanner) Next(c byte) error {
	if got, ok := s.Space(); !ok || got != c {
		return s.fail()
	}
	s.Advance(1)
	return nil
}

// Value scans one value, without the white space around it, and returns its
// kind. A number is complete only if a byte that may follow it does; see Complete.
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
	default: // a number, or a syntax error that number reports
		return Number, s.number()
	}
}

// Complete reports whether a value of kind k that was just scanned has surely
// ended: a number at the end of the stream may have been cut.
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

	// The limit does not count the quotes.
	to = s.Offset()
	if most := s.Limits.NameBytes; most > 0 && to-from-2 > most {
		return 0, 0, &stream.LimitError{Limit: "name_bytes", Max: most, Offset: from + 1 + most}
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
	rest := s.Rest()
	if len(rest) < len(quoted) || string(rest[:len(quoted)]) != quoted {
		return false
	}
	s.Advance(len(quoted))
	s.Space()
	return true
}

// Enter consumes the opening byte of a container and reports whether it is
// empty, in which case it is consumed whole.
func (s *Scanner) Enter(closing byte) (empty bool, err error) {
	if s.depth++; s.depth > s.Limits.Depth && s.Limits.Depth > 0 {
		return false, &stream.LimitError{Limit: "depth", Max: s.Limits.Depth, Offset: s.Offset()}
	}

	s.Advance(1)
	if c, ok := s.Space(); ok && c == closing {
		s.Advance(1)
		s.depth--
		return true, nil
	}

	return false, nil
}

// More consumes what follows an element: true after a comma and the white
// space after it, false after the closing byte.
func (s *Scanner) More(closing byte) (bool, error) {
	switch c, ok := s.Space(); {
	case ok && c == ',':
		s.Advance(1)
		s.Space()
		return true, nil
	case ok && c == closing:
		s.Advance(1)
		s.depth--
		return false, nil
	default:
		return false, s.fail()
	}
}

// container scans an object or a list without noting positions in it.
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

// member counts one more member of an object. It is called before the member's
// name is read, so the error has the offset of the first member too many.
func (s *Scanner) member(before int64) (int64, error) {
	if most := s.Limits.Members; most > 0 && before == most {
		return before, &stream.LimitError{Limit: "members", Max: most, Offset: s.Offset()}
	}
	return before + 1, nil
}

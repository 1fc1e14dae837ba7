package jsonscan

import (
	"bytes"
	"unicode/utf16"
	"unicode/utf8"

	"cdrmend/internal/stream"
)

// ValueKind is the kind of a raw value.
type ValueKind uint8

// The kinds of value.
const (
	Absent ValueKind = iota
	Null
	String
	Number
	Bool
	List
	Object
	Cell     // a text without JSON syntax: a CSV cell, a group of a text line, a Parquet value
	Unusable // what a profile makes of a value that it cannot use; Raw is as in the input
)

// Value is one raw value of an input. The bytes belong to the reader and are
// valid until it moves on.
type Value struct {
	Kind ValueKind
	Raw  []byte // as in the input; a JSON string with its quotes
}

// Text returns the characters of a string or cell, the literal of a number or
// a boolean. It does not copy when nothing is escaped.
func (v Value) Text() []byte {
	if v.Kind != String {
		return v.Raw
	}

	inner := v.Raw[1 : len(v.Raw)-1]
	if bytes.IndexByte(inner, '\\') < 0 {
		return inner
	}
	return unescape(make([]byte, 0, len(inner)), inner)
}

// unescape appends the characters of a valid JSON string without quotes.
func unescape(dst, b []byte) []byte {
	for len(b) > 0 {
		i := bytes.IndexByte(b, '\\')
		if i < 0 {
			return append(dst, b...)
		}
		dst = append(dst, b[:i]...)

		if b[i+1] != 'u' {
			dst = append(dst, shortEscape(b[i+1]))
			b = b[i+2:]
			continue
		}

		r := hex4(b[i+2:])
		b = b[i+6:]
		// A surrogate without its other half stays, and AppendRune writes U+FFFD for it.
		if utf16.IsSurrogate(r) && len(b) >= 6 && b[0] == '\\' && b[1] == 'u' {
			if pair := utf16.DecodeRune(r, hex4(b[2:])); pair != utf8.RuneError {
				r, b = pair, b[6:]
			}
		}
		dst = utf8.AppendRune(dst, r)
	}
	return dst
}

// shortEscape returns the character of an escape such as \n.
func shortEscape(c byte) byte {
	switch c {
	case 'b':
		return '\b'
	case 'f':
		return '\f'
	case 'n':
		return '\n'
	case 'r':
		return '\r'
	case 't':
		return '\t'
	}
	return c // a quote, a slash or a backslash
}

// hex4 returns the number of four hexadecimal digits.
func hex4(b []byte) (r rune) {
	for _, c := range b[:4] {
		r = r<<4 | rune(nibble(c))
	}
	return r
}

// AppendQuoted appends v as a JSON string that escapes only what has to be.
func AppendQuoted(dst, v []byte) []byte {
	const hexDigits = "0123456789abcdef"
	dst = append(dst, '"')

	for _, c := range v {
		switch {
		case c == '"' || c == '\\':
			dst = append(dst, '\\', c)
		case c >= 0x20: // invalid UTF-8 too: bytes of an input are passed on as they are
			dst = append(dst, c)
		case c == '\b':
			dst = append(dst, '\\', 'b')
		case c == '\f':
			dst = append(dst, '\\', 'f')
		case c == '\n':
			dst = append(dst, '\\', 'n')
		case c == '\r':
			dst = append(dst, '\\', 'r')
		case c == '\t':
			dst = append(dst, '\\', 't')
		default:
			dst = append(dst, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
		}
	}

	return append(dst, '"')
}

// AppendPlain appends a text as a JSON string if it is ASCII in which every encoder escapes
// nothing but quotes. Else it returns false, and what it appended is of no use.
func AppendPlain(dst []byte, text string) ([]byte, bool) {
	dst = append(dst, '"')
	for i := range len(text) {
		switch c := text[i]; {
		case c < 0x20, c >= 0x7f, c == '\\', c == '<', c == '>', c == '&':
			return dst, false
		case c == '"':
			dst = append(dst, '\\', c)
		default:
			dst = append(dst, c)
		}
	}
	return append(dst, '"'), true
}

// unlimited is for texts that were scanned within limits before.
var unlimited stream.Limits

// Members ranges over the members of an object in order, repeated names
// included. It must be given a valid JSON object.
func (v Value) Members(yield func(name []byte, member Value) bool) {
	var c Cursor
	c.Reset(v)
	for name := range c.Members {
		if !yield(name, c.Value()) {
			return
		}
	}
}

// Elements ranges over the elements of a list. It must be given a valid JSON
// array.
func (v Value) Elements(yield func(Value) bool) {
	var c Cursor
	c.Reset(v)
	for range c.Elements {
		if !yield(c.Value()) {
			return
		}
	}
}

// Member returns the last member with a name. It is Absent when v has no such
// member or is not an object.
func (v Value) Member(name string) Value {
	var found Value
	if v.Kind != Object {
		return found
	}

	for n, m := range v.Members {
		if string(n) == name {
			found = m
		}
	}
	return found
}

// Parse returns text as one value, white space around it allowed.
func Parse(text []byte, limits *stream.Limits) (Value, error) {
	var s Scanner
	s.Reset(text, 0, limits)
	s.Space()

	start := s.Offset()
	kind, err := s.Value()
	if err != nil {
		return Value{}, err
	}

	// Anything after the value makes the text invalid.
	end := s.Offset()
	if _, more := s.Space(); more {
		return Value{}, s.fail()
	}
	return Value{kind, text[start:end]}, nil
}

// nibble returns the value of a valid hexadecimal digit.
func nibble(c byte) byte {
	if c <= '9' {
		return c - '0'
	}
	return (c | 0x20) - 'a' + 10 // 0x20 makes a letter lower-case
}

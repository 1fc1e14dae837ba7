package record

import (
	"bytes"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// Printable returns a text that came from outside as people may safely see it,
// on a terminal, in a log or on paper: whatever does not print by itself is
// spelled out. That is control characters and line breaks, with which a value
// could forge what stands around it, spaces that look like another, and
// characters that join, vanish or turn the direction of writing. Bytes that
// are not UTF-8 become U+FFFD.
func Printable(text string) string {
	if utf8.ValidString(text) && !strings.ContainsFunc(text, hidden) {
		return text
	}
	var b strings.Builder
	for _, c := range text {
		if hidden(c) {
			fmt.Fprintf(&b, `\u{%x}`, c)
		} else {
			b.WriteRune(c)
		}
	}
	return b.String()
}

// PrintableJSON returns an encoded JSON text that means the same, with whatever
// does not print by itself escaped; an encoder does so only for some of it.
// Line breaks, which stand only between its values, stay.
func PrintableJSON(text []byte) []byte {
	special := func(c rune) bool { return c != '\n' && hidden(c) }
	if !bytes.ContainsFunc(text, special) {
		return text
	}
	var b []byte
	for _, c := range string(text) {
		if !special(c) {
			b = utf8.AppendRune(b, c)
			continue
		}
		for _, unit := range utf16.AppendRune(nil, c) {
			b = fmt.Appendf(b, `\u%04x`, unit)
		}
	}
	return b
}

func hidden(c rune) bool { return !unicode.IsPrint(c) }

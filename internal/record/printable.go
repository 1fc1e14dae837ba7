package record

import (
	"fmt"
	"strings"
	"unicode"
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

func hidden(c rune) bool { return !unicode.IsPrint(c) }

// Package printable makes text from outside safe to show to people.
package printable

import (
	"bytes"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"cdrmend/internal/secret"
)

// Text makes a text from outside safe to show on a terminal, in a log or on
// paper. It escapes control characters and line breaks, with which a value could
// forge the text around it, spaces other than U+0020, and characters that join
// others, are invisible or change the direction of writing. Bytes that are not
// UTF-8 become U+FFFD. Secrets, as in the key of an object, are not shown.
func Text(text string) string {
	text = secret.Masked(text)
	// Nearly all texts are harmless and are returned without a copy.
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

// JSON returns an encoded JSON text with the same meaning, in which the characters
// that [Text] escapes are escaped; an encoder escapes only some of them. Line
// breaks occur only between its values and are kept. Secrets are not shown.
func JSON(text []byte) []byte {
	if secret.In(text) {
		text = []byte(secret.Masked(string(text)))
	}
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

		// JSON escapes are UTF-16: a character beyond U+FFFF needs two.
		for _, unit := range utf16.AppendRune(nil, c) {
			b = fmt.Appendf(b, `\u%04x`, unit)
		}
	}
	return b
}

func hidden(c rune) bool { return !unicode.IsPrint(c) }

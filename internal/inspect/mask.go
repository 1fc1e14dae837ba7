package inspect

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"cdrmend/internal/printable"
)

// notShown stands where a secret was.
const notShown = "(not shown)"

// secrets are parts of a text that may be secrets: tokens, the value of an
// Authorization header, values of members and parameters that are called like a
// secret, the user of a URL, and its query.
var secrets = []struct {
	pattern *regexp.Regexp
	with    string
}{
	{regexp.MustCompile(`eyJ[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_=-]*){1,4}`), notShown},
	{regexp.MustCompile(`(?i)\b(bearer|basic|digest)(\s+)[^\s"',;]+`), "$1$2" + notShown},
	{regexp.MustCompile(`(?i)([a-z0-9_-]*(?:token|passw(?:or)?d|secret|authorization|api[_-]?key|credential|signature|nonce|cnonce|pwd)[a-z0-9_-]*["']?\s*[=:]\s*)("(?:[^"\\]|\\.)*"|'[^']*'|[^\s"',;&]+)`), "${1}" + notShown},
	{regexp.MustCompile(`([a-z][a-z0-9+.-]*://)[^/\s@"']+@`), "${1}" + notShown + "@"},
	{regexp.MustCompile(`([/\w.-])\?[^\s"']*=[^\s"']*`), "$1?" + notShown},
}

// mask replaces what may be a secret in a text.
func mask(text string) string {
	for _, s := range secrets {
		text = s.pattern.ReplaceAllString(text, s.with)
	}
	return text
}

// shown returns a value as reports show it: without secrets, escaped, and at most
// so many characters of it. Secrets go first: a half of one is still a secret.
func shown(text string, most int) string {
	text = printable.Text(strings.TrimSpace(mask(text)))
	if utf8.RuneCountInString(text) <= most {
		return text
	}
	return string([]rune(text)[:most-1]) + "…"
}

// opaque matches runs of characters that may be a secret whatever stands before them.
var opaque = regexp.MustCompile(`[A-Za-z0-9+/_=-]{24,}`)

// withoutOpaque replaces long runs of letters and digits mixed.
func withoutOpaque(text string) string {
	return opaque.ReplaceAllStringFunc(text, func(run string) string {
		if strings.ContainsAny(run, "0123456789") && strings.ContainsFunc(run, unicode.IsLetter) {
			return notShown
		}
		return run
	})
}

// shape returns a text with x for each letter and 9 for each digit: it shows how a
// value is written and not what it says.
func shape(text string) string {
	return strings.Map(func(c rune) rune {
		switch {
		case c >= '0' && c <= '9':
			return '9'
		case unicode.IsLetter(c) || c > unicode.MaxASCII:
			return 'x'
		}
		return c
	}, text)
}

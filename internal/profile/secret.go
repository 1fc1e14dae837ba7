package profile

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"strconv"
	"unicode/utf8"

	"cdrmend/internal/jsonscan"
)

// isSecret reports whether a text is no id but a secret that somebody wrote in its
// place: an Authorization value, or a JSON Web Token.
func isSecret(b []byte) bool {
	const scheme = "bearer "
	return len(b) > len(scheme) && bytes.EqualFold(b[:len(scheme)], []byte(scheme)) || isToken(b)
}

// isToken reports whether b consists of three parts in base64url, of which the
// first is a JSON object.
func isToken(b []byte) bool {
	// In base64url the opening brace of an object begins with an e.
	if len(b) == 0 || b[0] != 'e' || bytes.Count(b, []byte(".")) != 2 {
		return false
	}
	for _, c := range b {
		if !isTokenByte(c) {
			return false
		}
	}

	head, _, _ := bytes.Cut(b, []byte("."))
	text, err := base64.RawURLEncoding.DecodeString(string(bytes.TrimRight(head, "=")))
	var object map[string]any
	return err == nil && json.Unmarshal(text, &object) == nil
}

func isTokenByte(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '_' || c == '=' || c == '.'
}

// masked stands for a value that holds a secret.
const masked = "a token, which is not shown, in place of an id"

// Shown returns a value that did not parse as it stands in its record, cut by [Cut],
// or what is wrong with it when it holds a secret.
func Shown(v jsonscan.Value) string {
	if holdsSecret(v) {
		return masked
	}
	return Cut(v.Raw)
}

// ShownBytes is like Shown for a value that is shown whole. The bytes are valid as
// long as those of the value.
func ShownBytes(v jsonscan.Value) []byte {
	if holdsSecret(v) {
		return []byte(masked)
	}
	return v.Raw
}

// longestShown is how many bytes of a value tables show that did not parse, or that
// others contradict.
const longestShown = 200

// Cut shortens a long value. It ends with a whole character and says how many bytes
// are left out.
func Cut[T string | []byte](v T) string {
	if len(v) <= longestShown {
		return string(v)
	}
	n := longestShown
	for n > longestShown-utf8.UTFMax && !utf8.RuneStart(v[n]) {
		n--
	}
	return string(v[:n]) + "…+" + strconv.Itoa(len(v)-n)
}

func holdsSecret(v jsonscan.Value) bool {
	switch v.Kind {
	case jsonscan.List, jsonscan.Object:
		var c jsonscan.Cursor
		c.Reset(v)
		for text := range c.Strings {
			if holdsSecret(text) {
				return true
			}
		}
	case jsonscan.Cell:
		// A cell may be a list.
		for element := range bytes.SplitSeq(v.Raw, []byte(";")) {
			if isSecret(bytes.TrimSpace(element)) {
				return true
			}
		}
	case jsonscan.String:
		return isSecret(bytes.TrimSpace(v.Text()))
	}
	return false
}

package profile

import (
	"bytes"
	"strconv"
	"unicode/utf8"

	"cdrmend/internal/jsonscan"
	"cdrmend/internal/secret"
)

// masked stands for a value that holds a secret. Nothing of it is kept: what stands
// around the secret may be a part of another one.
const masked = "a value with a token or password, which is not shown"

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
			if secret.In(element) {
				return true
			}
		}
	case jsonscan.String:
		return secret.In(v.Text())
	}
	return false
}

package profile

import (
	"bytes"

	"cdrmend/internal/jsonscan"
	"cdrmend/internal/secret"
)

// masked stands for a value that holds a secret. Nothing of it is kept: what stands
// around the secret may be a part of another one.
const masked = "a value with a token or password, which is not shown"

// Shown returns a value that did not parse as it stands in its record, or what is
// wrong with it when it holds a secret.
func Shown(v jsonscan.Value) string { return string(ShownBytes(v)) }

// ShownBytes is like Shown. The bytes are valid as long as those of the value.
func ShownBytes(v jsonscan.Value) []byte {
	if holdsSecret(v) {
		return []byte(masked)
	}
	return v.Raw
}

func holdsSecret(v jsonscan.Value) bool {
	switch v.Kind {
	case jsonscan.List:
		for element := range v.Elements {
			if holdsSecret(element) {
				return true
			}
		}
	case jsonscan.Object:
		for _, member := range v.Members {
			if holdsSecret(member) {
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

package token

import (
	"bytes"

	"cdrmend/internal/jsonscan"
	"cdrmend/internal/stream"
)

// maxToken is the greatest length of a token, of claims and of the answer to an
// introspection that are written as a text, in bytes.
const maxToken = 1 << 16

// Bare returns the token in a value of a log: without "Bearer ", without quotes,
// and out of the JSON answer of a token endpoint. It is nil when there is none.
func Bare(v jsonscan.Value, limits *stream.Limits) []byte {
	switch v.Kind {
	case jsonscan.Object:
		if member := v.Member("access_token"); member.Kind != jsonscan.Object {
			return Bare(member, limits)
		}
		return nil
	case jsonscan.String, jsonscan.Cell:
	default:
		return nil
	}

	text := bytes.TrimSpace(v.Text())
	if len(text) > maxToken {
		return nil
	}
	if bytes.HasPrefix(text, []byte("{")) {
		if answer, err := jsonscan.Parse(text, limits); err == nil && answer.Member("access_token").Kind != jsonscan.Absent {
			return Bare(answer, limits)
		}
	}
	return unquoted(withoutScheme(unquoted(text)))
}

// BareText is [Bare] for a text.
func BareText(text []byte, limits *stream.Limits) []byte {
	return Bare(jsonscan.Value{Kind: jsonscan.Cell, Raw: text}, limits)
}

// withoutScheme removes "Bearer " in any case.
func withoutScheme(text []byte) []byte {
	const scheme = "bearer "
	if len(text) >= len(scheme) && bytes.EqualFold(text[:len(scheme)], []byte(scheme)) {
		return bytes.TrimSpace(text[len(scheme):])
	}
	return text
}

// unquoted removes quotes around a text.
func unquoted(text []byte) []byte {
	if n := len(text); n >= 2 && text[0] == text[n-1] && (text[0] == '"' || text[0] == '\'') {
		return bytes.TrimSpace(text[1 : n-1])
	}
	return text
}

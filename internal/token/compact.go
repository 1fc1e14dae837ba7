package token

import (
	"bytes"
	"encoding/base64"

	"cdrmend/internal/jsonscan"
	"cdrmend/internal/stream"
)

// compact is a JWT in its compact form: three parts, of which the header and
// the payload are JSON objects.
type compact struct {
	header    jsonscan.Value
	payload   jsonscan.Value
	signed    []byte // what the signature is over
	signature []byte // nil when its part is empty or does not decode
}

// parseCompact reports false for a token that is no JWT, as opaque ones are.
func parseCompact(token []byte, limits *stream.Limits) (compact, bool) {
	if bytes.Count(token, []byte(".")) != 2 {
		return compact{}, false
	}
	first, last := bytes.IndexByte(token, '.'), bytes.LastIndexByte(token, '.')
	header, ok1 := decodeObject(token[:first], limits)
	payload, ok2 := decodeObject(token[first+1:last], limits)
	if !ok1 || !ok2 {
		return compact{}, false
	}
	signature, _ := decodeBase64(token[last+1:])
	return compact{header, payload, token[:last], signature}, true
}

func decodeObject(part []byte, limits *stream.Limits) (jsonscan.Value, bool) {
	text, ok := decodeBase64(part)
	if !ok {
		return jsonscan.Value{}, false
	}
	v, err := jsonscan.Parse(text, limits)
	return v, err == nil && v.Kind == jsonscan.Object
}

// decodeBase64 decodes base64url without padding, as RFC 7515 has it.
func decodeBase64(part []byte) ([]byte, bool) {
	if bytes.ContainsAny(part, "\r\n") { // which the decoder would skip
		return nil, false
	}
	out, err := base64.RawURLEncoding.AppendDecode(nil, part)
	if err != nil {
		return nil, false
	}
	return out, true
}

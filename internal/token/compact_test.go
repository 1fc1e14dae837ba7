package token

import (
	"strings"
	"testing"

	"cdrmend/internal/stream"
)

var limits = stream.DefaultLimits()

func TestHostileTextsAreNoJWTUnlessTheyAreThreePartsOfTwoObjects(t *testing.T) {
	header, payload := encode([]byte(`{"alg":"RS256"}`)), encode([]byte(`{"exp":1}`))
	deep := func(n int) string {
		return encode([]byte(`{"x":` + strings.Repeat("[", n) + strings.Repeat("]", n) + `}`))
	}
	tests := []struct {
		name, token string
		want        bool
	}{
		{"whole", header + "." + payload + ".c2ln", true},
		{"empty signature", header + "." + payload + ".", true},
		{"a signature that does not decode", header + "." + payload + ".%", true},
		{"invalid UTF-8 in a text", header + "." + encode([]byte("{\"sub\":\"\xff\xfe\"}")) + ".", true},
		{"white space around the object", header + "." + encode([]byte(" {} \n")) + ".", true},
		{"a huge header", encode([]byte(`{"x":"`+strings.Repeat("a", 1<<20)+`"}`)) + "." + payload + ".", true},
		{"nested", header + "." + deep(500) + ".", true},
		{"nested too deep", header + "." + deep(100_000) + ".", false},
		{"two parts", header + "." + payload, false},
		{"five parts, as if encrypted", header + "." + payload + "...", false},
		{"empty", "", false},
		{"dots", "..", false},
		{"short parts", "a.b.c", false},
		{"opaque", "opaque-token", false},
		{"a list as header", encode([]byte(`[]`)) + "." + payload + ".", false},
		{"a text as payload", header + "." + encode([]byte(`"x"`)) + ".", false},
		{"a cut payload", header + "." + encode([]byte(`{"exp":1`)) + ".", false},
		{"two payloads", header + "." + encode([]byte(`{}{}`)) + ".", false},
		{"padding", header + "." + encode([]byte(`{"a":1}`)) + "==.", false},
		{"a line break inside", header + "." + payload[:4] + "\n" + payload[4:] + ".", false},
		{"the other base64", header + "." + "eyJhIjoiPz8/In0" + ".", false},
	}
	for _, tt := range tests {
		if _, got := parseCompact([]byte(tt.token), &limits); got != tt.want {
			t.Errorf("%s: got %v, want %v", tt.name, got, tt.want)
		}
	}
}

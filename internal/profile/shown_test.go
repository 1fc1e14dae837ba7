package profile_test

import (
	"strings"
	"testing"

	"cdrmend/internal/jsonscan"
	"cdrmend/internal/profile"
	"cdrmend/internal/stream"
)

func TestALongValueIsCutWhereItIsRead(t *testing.T) {
	const token = "eyJhbGciOiJub25lIn0.e30.x"
	const hidden = "a value with a token or password, which is not shown"
	for text, want := range map[string]string{
		`"short"`:                            `"short"`,
		`"` + strings.Repeat("x", 198) + `"`: `"` + strings.Repeat("x", 198) + `"`,
		`"` + strings.Repeat("x", 300) + `"`: `"` + strings.Repeat("x", 199) + "…+102",
		`"` + strings.Repeat("x", 197) + strings.Repeat("é", 3) + `"`: `"` + strings.Repeat("x", 197) + "é…+5",
		// The cut comes after the search for a token, however deep that is.
		`["` + strings.Repeat("x", 300) + `",{"a":[["` + token + `"]]}]`: hidden,
		`{"` + token + `":1}`: `{"` + token + `":1}`,
		strings.Repeat("[", 900) + `"` + token + `"` + strings.Repeat("]", 900): hidden,
	} {
		v, err := jsonscan.Parse([]byte(text), &stream.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		if got := profile.Shown(v); got != want {
			t.Errorf("%.80s is shown as %q, want %q", text, got, want)
		}
	}
}

package printable_test

import (
	"encoding/json"
	"strings"
	"testing"

	"cdrmend/internal/printable"
)

func TestHostileTextIsSpelledOut(t *testing.T) {
	for text, want := range map[string]string{
		"":                      "",
		"Zürich +49 (0) 字 🙂":    "Zürich +49 (0) 字 🙂",
		"a\x1b[31mb":            `a\u{1b}[31mb`,
		"a\nb\r\tc\x00\x7f":     `a\u{a}b\u{d}\u{9}c\u{0}\u{7f}`,
		"a\u009b2Jb":            `a\u{9b}2Jb`,
		"gnp.\u202egpj.exe":     `gnp.\u{202e}gpj.exe`,
		"a\u2066b\u2069\u200bc": `a\u{2066}b\u{2069}\u{200b}c`,
		"a\u00a0b\ufeff":        `a\u{a0}b\u{feff}`,
		"a\xffb":                "a\uFFFDb",
	} {
		if got := printable.Text(text); got != want {
			t.Errorf("%q is shown as %q, want %q", text, got, want)
		}
	}
}

func TestHostileTextInJSONIsEscapedAndMeansTheSame(t *testing.T) {
	for text, want := range map[string]string{
		"Zürich 字 🙂\n":                     `"Zürich 字 🙂\n"`,
		"\x1b[31m\x7f\u009b2J\u202e\u200b": `"\u001b[31m\u007f\u009b2J\u202e\u200b"`,
		"\U000e0041\u00a0\xff":             `"\udb40\udc41\u00a0\ufffd"`,
	} {
		plain, err := json.MarshalIndent([]string{text}, "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		got := string(printable.JSON(plain))
		var back []string
		if err := json.Unmarshal([]byte(got), &back); err != nil || got != "[\n  "+want+"\n]" || back[0] != strings.ToValidUTF8(text, "\ufffd") {
			t.Errorf("%q is printed as %s and read as %q, %v; want %s", text, got, back, err, want)
		}
	}
}

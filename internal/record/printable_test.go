package record_test

import (
	"testing"

	"cdrmend/internal/record"
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
		if got := record.Printable(text); got != want {
			t.Errorf("%q is shown as %q, want %q", text, got, want)
		}
	}
}

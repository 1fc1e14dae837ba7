package ledger_test

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"cdrmend/internal/ledger"
)

func TestInputsAreWrittenAsTheyAreEncodedAndReadAsTheyWereWritten(t *testing.T) {
	t.Parallel()
	var inputs []ledger.Input
	for _, text := range []string{"a/b=c.json", `"5f3a"`, "\x7f", "\n", `a\b`, "<&>", "\u00fc", "\u2028", ""} {
		inputs = append(inputs,
			ledger.Input{Source: text, Key: "k", Modified: "2026-11-20T10:00:00.000000Z", Size: 7, SHA256: strings.Repeat("0a", 32), Rows: 3, Rejects: 1},
			ledger.Input{Source: "s", Key: text, VersionID: text, ETag: text, Modified: text, Size: -1},
		)
	}
	var got, want bytes.Buffer
	w, lines := ledger.NewInputsWriter(&got), json.NewEncoder(&want)
	lines.SetEscapeHTML(false)
	for i := range inputs {
		if err := w.Add(&inputs[i]); err != nil {
			t.Fatal(err)
		}
		if err := lines.Encode(inputs[i]); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	if got.String() != want.String() {
		t.Errorf("got\n%s\nwant\n%s", got.String(), want.String())
	}

	var read []ledger.Input
	for in, err := range ledger.ReadInputs(&got) {
		if err != nil {
			t.Fatal(err)
		}
		read = append(read, in)
	}
	if !slices.Equal(read, inputs) {
		t.Errorf("read %v, want %v", read, inputs)
	}
}

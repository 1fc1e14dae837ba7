package profile_test

import (
	"strings"
	"testing"

	"cdrmend/internal/intern"
	"cdrmend/internal/jsonscan"
	"cdrmend/internal/profile"
)

func TestASetHasItsWordsWhateverTheirLength(t *testing.T) {
	long := strings.Repeat("x", 100)
	words := profile.NewWords(" - ", "n/a", long)
	for text, want := range map[string]bool{
		"-": true, "n/a": true, long: true, "": false, "x": false, "N/A": false, "nil": false, long[1:]: false, long + "x": false,
	} {
		if got := words.Has([]byte(text)); got != want {
			t.Errorf("%q: got %v, want %v", text, got, want)
		}
	}

	var none profile.Words
	if none.Has(nil) || none.Has([]byte("-")) {
		t.Error("the zero value has words")
	}
}

// TestATextThatWasMetIsNoSecret reads texts twice, as the second time they may be
// known: what did not parse once must not parse later.
func TestATextThatWasMetIsNoSecret(t *testing.T) {
	const credential = "Bearer abc"
	n := profile.NewNormalizer(&profile.Profile{Prefixes: []string{"sip:"}}, intern.NewTable())
	cell := func(text string) jsonscan.Value { return jsonscan.Value{Kind: jsonscan.Cell, Raw: []byte(text)} }
	for range 2 {
		if p, ok := n.Party(cell("sip:" + credential)); ok || p.Said != nil {
			t.Errorf("a party said %q", p.Said)
		}
		if id, ok := n.ID(cell(credential)); ok || id != intern.None {
			t.Error("a credential is an id")
		}
		if text, ok := n.Plain(cell(credential)); ok || text != intern.None {
			t.Error("a credential is a text")
		}
		if text, ok := n.Plain(cell("inbound")); !ok || n.Texts.String(text) != "inbound" {
			t.Errorf("got %q", n.Texts.String(text))
		}
	}
}

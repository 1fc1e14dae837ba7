package token

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const (
	anOutput = "0123456789abcdef0123456789abcdef"
	aHash    = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
)

func TestKeysAndTheirEndsReadBackAsTheyWereWritten(t *testing.T) {
	a, b := newKey(t, "ed25519", "a"), newKey(t, "p256", "b")
	end := Until{Output: anOutput, Number: 7, SHA256: aHash}
	keys := a.Public().And(b.Public()).Ending(a.Thumbprint(), end)
	text, err := keys.And(a.Public()).Set() // a key that is there twice is written once
	if err != nil {
		t.Fatal(err)
	}
	again, err := ParseKeys(text)
	if err != nil {
		t.Fatal(err)
	}
	want := []Key{{"a", a.Thumbprint(), []Until{end}}, {"b", b.Thumbprint(), nil}}
	if diff := cmp.Diff(want, again.List()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if j := mustSign(t, b, `{}`); again.Until(b.Thumbprint(), anOutput) != nil || again.Ended(b.Thumbprint()) {
		t.Error("the other key ends, too")
	} else if got, by := again.Check(j, "record"); got != Verified || by != b.Thumbprint() {
		t.Errorf("signed by %q: %v", by, got)
	}
}

func TestOfTwoEndsTheEarlierCounts(t *testing.T) {
	a := newKey(t, "ed25519", "a")
	for _, numbers := range [][2]int64{{3, 9}, {9, 3}} {
		keys := a.Public()
		for _, n := range numbers {
			keys = keys.And(a.Public().Ending(a.Thumbprint(), Until{Output: anOutput, Number: n, SHA256: aHash}))
		}
		if got := keys.Until(a.Thumbprint(), anOutput); got == nil || got.Number != 3 {
			t.Errorf("%v: got %+v", numbers, got)
		}
	}
}

func TestAMisspeltEndIsNoKeyWithoutOne(t *testing.T) {
	a := newKey(t, "ed25519", "a")
	text, err := a.Public().Ending(a.Thumbprint(), Until{Output: anOutput, Number: 7, SHA256: aHash}).Set()
	if err != nil {
		t.Fatal(err)
	}
	for _, change := range [][2]string{
		{`"number": 7`, `"number": 0`},
		{`"number": 7`, `"number": "7"`},
		{`"number"`, `"nr"`},
		{`"number": 7`, `"number": 7, "more": 1`},
		{anOutput + `",`, `elsewhere",`},
		{aHash, strings.ToUpper(aHash)},
		{aHash, ""},
	} {
		changed := strings.Replace(string(text), change[0], change[1], 1)
		if changed == string(text) {
			t.Fatalf("%q is not in\n%s", change[0], text)
		}
		if _, err := ParseKeys([]byte(changed)); err == nil || !strings.Contains(err.Error(), "cdrmend_until") {
			t.Errorf("%s: %v", change[1], err)
		}
	}
	for _, value := range []string{"null", "[]", "{}", `"2026"`} {
		public, _ := a.PublicSet()
		changed := strings.Replace(string(public), `"kty"`, `"cdrmend_until": `+value+`, "kty"`, 1)
		if _, err := ParseKeys([]byte(changed)); err == nil {
			t.Errorf("%s is an end", value)
		}
	}
}

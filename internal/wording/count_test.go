package wording_test

import (
	"testing"

	"cdrmend/internal/wording"
)

func TestNounsAndVerbsGoWithTheirNumber(t *testing.T) {
	for _, test := range []struct {
		n           int64
		thing, want string
	}{
		{0, "call", "0 calls are"},
		{1, "call", "1 call is"},
		{2, "call", "2 calls are"},
		{21, "call", "21 calls are"},
		{1234567, "journal entry", "1,234,567 journal entries are"},
		{1, "journal entry", "1 journal entry is"},
		{2, "day", "2 days are"},
	} {
		if got := wording.Count(test.n, test.thing) + " " + wording.Verb(test.n, "is", "are"); got != test.want {
			t.Errorf("got %q, want %q", got, test.want)
		}
	}
}

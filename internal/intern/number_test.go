package intern_test

import (
	"strings"
	"testing"

	"cdrmend/internal/intern"
)

func TestANumberIsWhatItWas(t *testing.T) {
	texts := intern.NewTable()
	seen := map[intern.Number]string{}
	for _, want := range []string{
		"", "+", "0", "00", "+0", "1", "+1", "110", "+4930123456", "030123456", "999999999999999999", "+999999999999999999",
		"1234567890123456789", "+1234567890123456789", strings.Repeat("0", 18), strings.Repeat("0", 19), strings.Repeat("7", 400),
	} {
		n := texts.NumberOf([]byte(want))
		if got := string(texts.AppendNumber(nil, n)); got != want {
			t.Errorf("%q became %q", want, got)
		}
		if other, taken := seen[n]; taken {
			t.Errorf("%q and %q are the same number", want, other)
		}
		if seen[n] = want; texts.NumberOf([]byte(want)) != n {
			t.Errorf("%q is two numbers", want)
		}
	}
}

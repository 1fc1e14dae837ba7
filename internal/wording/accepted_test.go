package wording_test

import (
	"testing"

	"cdrmend/internal/wording"
)

// Who accepts a defect answers for it: what is not there must not look as if nobody did.
func TestAcceptanceNamesWhoAndWhyOrSaysThatItDoesNot(t *testing.T) {
	for _, test := range []struct {
		row               int
		by, reason, basis string
		want              string
	}{
		{3, "J. Doe", "line test", "known and explained", "accepted by J. Doe: line test (basis: known and explained; row 3 of the file of accepted findings)"},
		{3, "J. Doe", "", "", "accepted by J. Doe (row 3 of the file of accepted findings; why is not shown)"},
		{3, "", "line test", "", "accepted: line test (row 3 of the file of accepted findings; by whom is not shown)"},
		{0, "", "", "", "accepted (the row of the file of accepted findings is not known; by whom and why is not shown)"},
	} {
		if got := wording.Accepted(test.row, test.by, test.reason, test.basis); got != test.want {
			t.Errorf("got %q, want %q", got, test.want)
		}
	}
}

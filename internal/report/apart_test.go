package report

import (
	"errors"
	"strings"
	"testing"
)

func TestIntervalsThatOverlapAreNamed(t *testing.T) {
	for _, test := range []struct{ spans, want string }{
		{"20T00-21T00 21T00-22T00 22T00-22T01 22T01-22T09", ""},
		{"20T00-20T08 20T20-21T00", ""},
		{"20T00-21T00 20T00-20T01", "20T00-21T00 and 20T00-20T01"},
		{"20T00-20T01 20T01-20T09 20T08-20T09 20T09-20T10", "20T01-20T09 and 20T08-20T09"},
	} {
		var a Apart
		var err error
		for _, span := range strings.Fields(test.spans) {
			start, end, _ := strings.Cut(span, "-")
			if err = a.Add(span, &Summary{Start: start, End: end}); err != nil {
				break
			}
		}
		if (err != nil) != (test.want != "") || err != nil && (!errors.Is(err, ErrOverlap) || !strings.Contains(err.Error(), test.want)) {
			t.Errorf("%s: %v, want %q", test.spans, err, test.want)
		}
	}
}

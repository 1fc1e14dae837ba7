package main

import (
	"testing"
)

func TestJSONIsAskedForInAnyArgumentOfACommand(t *testing.T) {
	for _, test := range []struct {
		args []string
		want bool
	}{
		{[]string{"run", "--json"}, true},
		{[]string{"run", "--no-such-flag", "--json=true"}, true},
		{[]string{"run", "--json=false"}, false},
		{[]string{"run", "--json=perhaps"}, false},
		{[]string{"explain", "--", "--json"}, false},
		{[]string{"run", "--jsonx"}, false},
		{nil, false},
	} {
		if got := asksForJSON(test.args); got != test.want {
			t.Errorf("%q asks for JSON: %t, want %t", test.args, got, test.want)
		}
	}
}

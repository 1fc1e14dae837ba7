package main

import "testing"

func TestTheNearestNameIsSuggested(t *testing.T) {
	known := []string{"run", "report", "explain", "history", "verify", "ls", "keys", "keygen"}
	for name, want := range map[string]string{
		"rum": "run", "urn": "run", "reprot": "report", "explian": "explain", "hist": "history", "verfy": "verify", "key": "keys",
		"keygn": "keygen", "l": "ls", "": "", "frobnicate": "", "RUN": "",
	} {
		if got := nearest(name, known); got != want {
			t.Errorf("nearest to %q is %q, want %q", name, got, want)
		}
	}
}

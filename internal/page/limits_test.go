package page_test

import (
	"strings"
	"testing"
)

// What a page says about audio is what its run examined.
func TestAPageSaysHowFarAudioWasExamined(t *testing.T) {
	r := small()
	for check, want := range map[string]string{"none": "Whether audio is stored, and can be played, was not examined.", "size": "Whether it can be played was not examined."} {
		r.Summary.Config.Media.Check, r.Summary.Media = check, nil
		if text := written(t, r); !strings.Contains(text, want) || strings.Contains(text, "asked for the beginning") {
			t.Errorf("with %s the page does not say %q, or says more", check, want)
		}
	}
}

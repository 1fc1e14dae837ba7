package reconcile

import (
	"testing"

	"cdrmend/internal/wording"
)

// Classes whose severity depends on the finding have none in the table of words.
func TestWordsKnowTheSeverityOfEachClass(t *testing.T) {
	varies := map[Class]bool{InputMissing: true, MediaMissing: true, StrayRecord: true, MediaCut: true}
	for c := range NumClasses {
		words, _ := wording.Class(c.String())
		want := classes[c].severity.String()
		if varies[c] {
			want = ""
		}
		if words.Severity != want {
			t.Errorf("the words for %s say %q, want %q", c, words.Severity, want)
		}
	}
}

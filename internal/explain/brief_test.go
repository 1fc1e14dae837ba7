package explain_test

import (
	"strings"
	"testing"

	"cdrmend/internal/explain"
	"cdrmend/internal/record"
	"cdrmend/internal/registration"
	"cdrmend/internal/table"
	"cdrmend/internal/wording"
)

// An outage is evidence, not proof: whatever is told of one coincides with it.
func TestABriefNeverSpeaksOfACause(t *testing.T) {
	for _, class := range []string{"missing_recording", "repaired_field", "metadata_missing", "conflict"} {
		for cause := range registration.NumCauses {
			words, _ := wording.Cause(cause.String())
			for _, relation := range []string{"inside", "edge", "possible"} {
				text := explain.Brief(table.Finding{
					ID: "fnd-1", Class: class, Conversation: "c1", Source: "m", ObjectKey: "k", Entry: 3, Start: record.NoTime,
					OutageID: "out-1", OutageCause: cause.String(), OutageRelation: relation,
				})
				if !strings.Contains(text, "oincides with registration outage out-1") || !strings.Contains(text, words.Remedy) {
					t.Errorf("%s, %s: %q does not tell the outage and what to do", class, cause, text)
				}
				if possibly := strings.Contains(text, "possibly"); possibly != (relation == "possible") {
					t.Errorf("%s, %s, %s: %q", class, cause, relation, text)
				}
				for _, word := range []string{"caused", "because", "due to"} {
					if strings.Contains(strings.Split(text, "What to do")[0], word+" the outage") {
						t.Errorf("%q says %q", text, word)
					}
				}
			}
		}
	}
}

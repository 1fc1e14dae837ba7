package report_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"cdrmend/internal/report"
	"cdrmend/internal/wording"
)

// Classes with one title are one action; the worst comes first, and what is settled
// asks for nothing.
func TestActionsGroupWhatAsksForTheSameWork(t *testing.T) {
	actions := &report.Actions{}
	for _, f := range []struct {
		class, severity string
		counts          report.Counts
	}{
		{"count_mismatch", "major", report.Counts{Open: 2}},
		{"missing_recording", "critical", report.Counts{Undecided: 4}},
		{"missing_recording", "critical", report.Counts{Open: 1}},
		{"missing_field", "major", report.Counts{}},
		{"no_cdr", "minor", report.Counts{Open: 7}},
		{"repaired_field", "minor", report.Counts{Open: 3}},
		{"truncated_document", "major", report.Counts{Open: 3}},
	} {
		words, _ := wording.Class(f.class)
		actions.Add(report.ActionReason{Name: f.class, Severity: f.severity, Words: words, Counts: f.counts})
	}
	cause, _ := wording.Cause("scope_missing")
	actions.Add(report.ActionReason{Name: "scope_missing", Words: cause, Counts: report.Counts{Open: 50}})

	type line struct {
		title, severity string
		counts          report.Counts
		reasons         int
	}
	var got []line
	for _, a := range actions.List() {
		got = append(got, line{a.Title, a.Severity, a.Counts, len(a.Reasons)})
	}
	want := []line{
		{"look for missing recordings", "critical", report.Counts{Open: 1, Undecided: 4}, 1},
		{"export again what is incomplete", "major", report.Counts{Open: 5}, 2},
		{"find out which calls the call detail records leave out", "minor", report.Counts{Open: 7}, 1},
		{"give the OAuth client the scope", "", report.Counts{Open: 50}, 1},
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(line{})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

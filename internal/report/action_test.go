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
	s := report.Summary{Findings: []report.FindingCount{
		{"count_mismatch", "major", "open", 2},
		{"missing_recording", "critical", "indeterminate", 4},
		{"missing_recording", "critical", "open", 1},
		{"missing_field", "major", "accepted", 9},
		{"no_cdr", "minor", "open", 7},
		{"repaired_field", "minor", "repaired", 3},
		{"truncated_document", "major", "open", 3},
	}}
	actions := s.Actions()
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

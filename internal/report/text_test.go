package report_test

import (
	"strings"
	"testing"

	"cdrmend/internal/report"

	"github.com/google/go-cmp/cmp"
)

func ptr(s string) *string { return &s }

func TestTextSaysTheMostImportantFirst(t *testing.T) {
	r := &report.Run{Interval: "2026-11-20", URL: "s3://out/interval=2026-11-20/runs/1/", Summary: &report.Summary{
		Coverage: report.Coverage{Recorded: 1912, Intact: 1900, Of: 1958, RecordedPercent: ptr("97.65"), IntactPercent: ptr("97.03")},
		Verdicts: map[string]int64{"complete": 1800, "repaired": 100, "missing": 31, "partial": 0},
		Findings: []report.FindingCount{{Class: "missing_recording", Severity: "critical", Status: "open", Count: 31}},
		Outages:  map[string]int64{"scope_missing": 2},
		Incomplete: []report.Incomplete{
			{Source: "cdr", Input: "cdr/hour=07/\x1b", Reason: "damaged", Next: "export cdr/hour=07/ again, then run again"},
		},
		Warnings: []string{"3 records of source cdr have no organisation"},
	}}
	want := `Interval 2026-11-20
  recorded   1,912 of 1,958 calls that should be, 97.65 %
  intact     1,900 of 1,958 with all their metadata, 97.03 %
  verdicts        1,800  complete
                    100  repaired
                     31  missing
  findings           31  missing_recording (critical, open)
  outages             2  scope_missing
  incomplete cdr/hour=07/\u{1b} (cdr): damaged; export cdr/hour=07/ again, then run again
  warning    3 records of source cdr have no organisation
  results    s3://out/interval=2026-11-20/runs/1/

`
	if diff := cmp.Diff(want, report.Text(r, report.Unpainted)); diff != "" {
		t.Errorf("text of a run (-want +got):\n%s", diff)
	}
}

func TestTextSaysTheSameInColours(t *testing.T) {
	r := &report.Run{Interval: "2026-11-20", Summary: &report.Summary{
		Coverage: report.Coverage{Recorded: 1, Of: 2}, Verdicts: map[string]int64{"missing": 1, "complete": 1, "excluded": 3},
		Findings: []report.FindingCount{
			{Class: "missing_recording", Severity: "critical", Status: "open", Count: 1},
			{Class: "repaired_field", Severity: "minor", Status: "repaired", Count: 1},
			{Class: "short_recording", Severity: "major", Status: "indeterminate", Count: 1},
		},
	}}
	painted := map[string]report.Tone{}
	text := report.Text(r, func(tone report.Tone, part string) string {
		painted[part] = tone
		return part
	})
	if plain := report.Text(r, report.Unpainted); text != plain {
		t.Errorf("painted it says %q, unpainted %q", text, plain)
	}
	want := map[string]report.Tone{
		"Interval 2026-11-20": report.Strong, "1 of 2": report.Bad, "0 of 2": report.Bad, "missing": report.Bad, "complete": report.Plain, "excluded": report.Quiet, "": report.Quiet,
		"missing_recording (critical, open)": report.Bad, "repaired_field (minor, repaired)": report.Quiet, "short_recording (major, indeterminate)": report.Doubtful,
	}
	if diff := cmp.Diff(want, painted); diff != "" {
		t.Errorf("tones (-want +got):\n%s", diff)
	}
}

func TestTextOfARunThatComputedNothingSaysSo(t *testing.T) {
	for _, test := range []struct {
		run  report.Run
		want string
	}{
		{report.Run{NoOp: true, Objects: 7}, "unchanged  7 objects"},
		{report.Run{DryRun: true, Objects: 7, Bytes: 1_234_567}, "would read 7 objects, 1.2 MB; nothing was written"},
		{report.Run{DryRun: true, Memory: 2e9}, "memory     about 2.0 GB; no limit is set\n"},
		{report.Run{DryRun: true, Memory: 2e9, MemoryLimit: 3e9}, "about 2.0 GB of the 3.0 GB it may use\n"},
		{report.Run{DryRun: true, Memory: 2e9, MemoryLimit: 1e9}, "about 2.0 GB, more than the 1.0 GB it may use: choose a shorter interval"},
		{report.Run{Summary: &report.Summary{}}, "recorded   0 of 0 calls that should be\n"},
	} {
		if got := report.Text(&test.run, report.Unpainted); !strings.Contains(got, test.want) {
			t.Errorf("text of %+v is %q, want %q in it", test.run, got, test.want)
		}
	}
}

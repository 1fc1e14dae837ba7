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
		Coverage: report.Coverage{
			Recorded: 1912, Intact: 1900, Of: 1958, Total: report.AtLeast, RecordedPercent: ptr("97.65"), IntactPercent: ptr("97.03"),
			Proof: report.Proofs{ID: 1800, Conversation: 100, Shared: 12}, Excluded: map[string]int64{"internal call": 9, "too short": 1003}, WithoutCDR: 1,
		},
		Verdicts: map[string]int64{"complete": 1800, "repaired": 100, "missing": 31, "partial": 0},
		Findings: []report.FindingCount{
			{Class: "missing_recording", Severity: "critical", Status: "open", Count: 31},
			{Class: "stray_record", Severity: "major", Status: "open", Count: 1},
			{Class: "stray_record", Severity: "minor", Status: "accepted", Count: 4},
			{Class: "unfit_source", Severity: "major", Status: "indeterminate", Count: 2},
		},
		Outages:  map[string]int64{"scope_missing": 2, "lapsed": 1},
		Renewals: 4, Registrations: report.Registrations{Legs: 1900, Seen: 1700},
		Incomplete: []report.Incomplete{
			{Source: "cdr", Input: "cdr/hour=07/\x1b", Reason: "damaged", Next: "export cdr/hour=07/ again, then run again"},
		},
		Warnings: []string{"3 records of source cdr have no organisation"},
	}}
	want := `Interval 2026-11-20
  stray      1 finding of class stray_record: rows of another interval lie in a partition that the run of that interval never reads: they are missing from its numbers; raise lookahead or lookback of the source to the hours that the finding names, then run the interval of the rows again
  unfit      2 findings of class unfit_source: the source lacks a field without which no call of it can be judged, so that nothing is claimed of its calls; correct the profile or the export of the source so that it has the fields that the finding names, then run again
  warning    3 records of source cdr have no organisation
  incomplete cdr/hour=07/\u{1b} (cdr): damaged; export cdr/hour=07/ again, then run again
  recorded   1,912 of at least 1,958 calls that should be, 97.65 % of at least 1,958
  intact     1,900 of at least 1,958 with all their metadata, 97.03 % of at least 1,958
  proved     1,800 by recording id, 100 by conversation and time, 12 by a recording that other calls share
  note       call detail records may hide further calls, so the number of calls is the least that there can be
  note       1,012 calls were not to be recorded and not counted: 1,003 too short, 9 internal call
  note       of the recorded calls 12 have only a recording that another call has too
  note       1 recording belongs to no call detail record, so calls may be missing from the count
  verdicts        1,800  complete
                    100  repaired
                     31  missing
  findings           31  missing_recording (critical, open)
                      1  stray_record (major, open)
                      4  stray_record (minor, accepted)
                      2  unfit_source (major, indeterminate)
  outages             2  scope_missing
  ended               1  lapsed
  renewals   4 renewals of registrations failed and succeeded in time: nobody was unregistered
  logs       1,700 of 1,900 calls with a trunk or a line are on one that the logs of registrations show
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

package report_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"cdrmend/internal/policy"
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
	}, Todo: []report.Todo{
		{Title: "Look for missing recordings", Numbers: "31 findings", Remedy: "Look for the recording at the vendor and export it again.", Command: "cdrmend explain fnd-30906cc64e4e96f6", Critical: true},
		{Title: "Raise lookahead or lookback", Numbers: "1 finding", Remedy: "Raise lookahead or lookback of the source to the hours that the finding names, then run the interval of the rows again.", Command: "cdrmend explain fnd-aaaaaaaaaaaaaaaa"},
		{Title: "Deliver the fields that sources lack", Numbers: "2 findings, not certain", Remedy: "Correct the profile."},
	}}
	want := `Interval 2026-11-20
  elsewhere  1 finding of class stray_record: rows of another interval lie in a partition that the
             run of that interval never reads: they are missing from its numbers; raise lookahead or
             lookback of the source to the hours that the finding names, then run the interval of
             the rows again
  not judged 2 findings of class unfit_source: the source lacks a field without which no call of it
             can be judged, so that nothing is claimed of its calls; correct the profile or the
             export of the source so that it has the fields that the finding names, then run again
  warning    3 records of source cdr have no organisation
  incomplete cdr/hour=07/\u{1b} (cdr): damaged; export cdr/hour=07/ again, then run again
  recorded   1,912 of at least 1,958 calls that should be, 97.65 % of at least 1,958
  intact     1,900 of at least 1,958 with all metadata, 97.03 % of at least 1,958
  proved     1,800 by recording id, 100 by conversation and time, 12 by a recording that is also
             taken for another call
  note       call detail records may hide further calls, so the number of calls is the least that
             there can be
  note       1,012 calls were not to be recorded and not counted: 1,003 too short, 9 internal call
  note       12 of the recorded calls have no recording of their own: what each has is also taken
             for another call, and proves only that one of these calls was recorded
  note       1 recording belongs to no call detail record, so calls may be missing from the count
  verdicts           31  missing
                  1,800  complete
                    100  repaired
  findings           31  missing_recording (critical, open)
                      1  stray_record (major, open)
                      2  unfit_source (major, indeterminate)
                      4  stray_record (minor, accepted)
  outages             2  scope_missing
  ended               1  lapsed
  renewals   4 renewals of registrations failed and succeeded in time: nobody was unregistered
  logs       1,700 of 1,900 calls with a trunk or a line are on one that the logs of registrations
             show

  What to do now, the worst first
  1  Look for missing recordings: 31 findings. Look for the recording at the vendor and export it
     again.
       cdrmend explain fnd-30906cc64e4e96f6 --config night.yaml
  2  Raise lookahead or lookback: 1 finding. Raise lookahead or lookback of the source to the hours
     that the finding names, then run the interval of the rows again.
       cdrmend explain fnd-aaaaaaaaaaaaaaaa --config night.yaml
  3  Deliver the fields that sources lack: 2 findings, not certain. Correct the profile.

  results    s3://out/interval=2026-11-20/runs/1/
  page       s3://out/interval=2026-11-20/runs/1/report.html

`
	if diff := cmp.Diff(want, report.Text(r, report.Screen{Columns: 100, Where: "--config night.yaml"})); diff != "" {
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
	}, Todo: []report.Todo{{Title: "Look for missing recordings", Critical: true}, {Title: "Look for missing parts of recordings"}}}
	painted := map[string]report.Tone{}
	text := report.Text(r, report.Screen{Paint: func(tone report.Tone, part string) string {
		painted[part] = tone
		return part
	}})
	if plain := report.Text(r, report.Screen{}); text != plain {
		t.Errorf("painted it says %q, unpainted %q", text, plain)
	}
	want := map[string]report.Tone{
		"Interval 2026-11-20": report.Strong, "1 of 2": report.Bad, "0 of 2": report.Bad, "missing": report.Bad, "complete": report.Plain, "excluded": report.Quiet, "": report.Quiet,
		"What to do now, the worst first": report.Strong, "Look for missing recordings": report.Bad, "Look for missing parts of recordings": report.Doubtful,
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
		{report.Run{NoOp: true, Outcome: policy.Outcome{OpenCritical: 1200, OpenMinor: 2}}, "open       1,200 critical, 2 minor; the page says what to do\n"},
		{report.Run{NoOp: true, Outcome: policy.Outcome{Indeterminate: true}}, "incomplete inputs that are missing or damaged leave results indeterminate; the"},
		{report.Run{NoOp: true, URL: "file:///out/"}, "page       file:///out/report.html\n"},
		{report.Run{DryRun: true, Objects: 7, Bytes: 1_234_567}, "would read 7 objects, 1.2 MB; nothing was written"},
		{report.Run{DryRun: true, Memory: 2e9}, "memory     about 2.0 GB; no limit is set\n"},
		{report.Run{DryRun: true, Memory: 2e9, MemoryLimit: 3e9}, "about 2.0 GB of the 3.0 GB it may use\n"},
		{report.Run{DryRun: true, Memory: 2e9, MemoryLimit: 1e9}, "about 2.0 GB, more than the 1.0 GB it may use: choose a shorter\n             interval or look-back, or raise the limit\n"},
		{report.Run{Summary: &report.Summary{}}, "recorded   0 of 0 calls that should be\n"},
	} {
		if got := report.Text(&test.run, report.Screen{}); !strings.Contains(got, test.want) {
			t.Errorf("text of %+v is %q, want %q in it", test.run, got, test.want)
		}
	}
}

// A night whose lines do not fit: ids and URLs that differ at any place stay whole.
func TestLinesFitAndNoIDIsCut(t *testing.T) {
	const key = "s3://acme/recordings/6f0a0c1d-2222-4333-8444-555566667777/year=2026/month=11/day=20/hour=07/81b87763-c88b-4afa-883f-4684f25cf845.json"
	r := &report.Run{Interval: "2026-11-20", URL: key + "/", Journal: &report.Mark{Number: 7, SHA256: strings.Repeat("0123456789abcdef", 4)}, Summary: &report.Summary{
		Incomplete: []report.Incomplete{{Source: "cdr", Input: key, Reason: "damaged at byte 7 of 9", Next: "export " + key + " again, then run again"}},
		Warnings:   []string{"word" + strings.Repeat(" word", 60), strings.Repeat("字", 200)},
		Findings:   []report.FindingCount{{Class: "missing_recording", Severity: "critical", Status: "open", Count: 3}},
	}, Todo: []report.Todo{{Title: "Look for missing recordings", Numbers: "1 finding", Remedy: "Look for the recording at the vendor and export it again.", Command: "cdrmend explain fnd-30906cc64e4e96f6"}}}
	escapes := regexp.MustCompile(`\x1b\[[0-9]*m`)

	for _, columns := range []int{40, 60, 80, 100, 120, 500} {
		for name, paint := range map[string]report.Paint{
			"unpainted": nil,
			"painted":   func(_ report.Tone, part string) string { return "\x1b[31m" + part + "\x1b[0m" },
		} {
			text := escapes.ReplaceAllString(report.Text(r, report.Screen{Paint: paint, Columns: columns}), "")
			for line := range strings.Lines(text) {
				line = strings.TrimSuffix(line, "\n")
				// What is longer is one word, perhaps after the title of the line, or a command.
				words := strings.Fields(strings.TrimPrefix(line, "       cdrmend explain "))
				if utf8.RuneCountInString(line) > min(columns, 120) && len(words) > 2 {
					t.Errorf("%s, %d columns: %q has %d", name, columns, line, utf8.RuneCountInString(line))
				}
				if line != strings.TrimRight(line, " ") {
					t.Errorf("%s, %d columns: %q ends in spaces", name, columns, line)
				}
			}
			for _, whole := range []string{key + " (cdr):", "export", key + " ", key + "/\n", key + "/report.html\n", strings.Repeat("0123456789abcdef", 4) + "\n", strings.Repeat("字", 200), "cdrmend explain fnd-30906cc64e4e96f6\n"} {
				if !strings.Contains(strings.Join(strings.Fields(text), " ")+"\n", strings.TrimSpace(whole)) {
					t.Errorf("%s, %d columns: %q is not in it as it is:\n%s", name, columns, whole, text)
				}
			}
		}
	}
}

func TestWhatIsLostComesFirstInEveryList(t *testing.T) {
	r := &report.Run{Interval: "2026-11-20", Summary: &report.Summary{
		Verdicts: map[string]int64{"complete": 1000, "excluded": 500, "indeterminate": 9, "missing": 1, "partial": 2, "repaired": 30, "incomplete": 0},
		Findings: []report.FindingCount{
			{Class: "no_cdr", Severity: "minor", Status: "open", Count: 900},
			{Class: "missing_recording", Severity: "critical", Status: "accepted", Count: 5},
			{Class: "conflict", Severity: "major", Status: "open", Count: 2},
			{Class: "missing_field", Severity: "major", Status: "indeterminate", Count: 3},
			{Class: "missing_recording", Severity: "critical", Status: "open", Count: 1},
		},
	}, Todo: []report.Todo{{Title: "Look for missing recordings", Numbers: "1 finding"}}}
	text := report.Text(r, report.Screen{})
	last := -1
	for _, line := range []string{
		" 2  partial\n", " 1  missing\n", " 9  indeterminate\n", " 1,000  complete\n", " 30  repaired\n", " 500  excluded\n",
		" 1  missing_recording (critical, open)\n", " 2  conflict (major, open)\n", " 3  missing_field (major, indeterminate)\n", " 900  no_cdr (minor, open)\n",
		" 5  missing_recording (critical, accepted)\n", "What to do now", "1  Look for missing recordings: 1 finding. ",
	} {
		at := strings.Index(text, line)
		if at <= last {
			t.Errorf("%q is missing or comes too early in\n%s", line, text)
		}
		last = at
	}
	if strings.Contains(text, " 0  incomplete") {
		t.Errorf("it counts what there is not:\n%s", text)
	}
}

func TestNoMoreIsToBeDoneThanFits(t *testing.T) {
	r := &report.Run{Interval: "2026-11-20", Summary: &report.Summary{}}
	if text := report.Text(r, report.Screen{}); strings.Contains(text, "What to do") {
		t.Errorf("a night without findings leaves work:\n%s", text)
	}
	for i := range 5 {
		r.Todo = append(r.Todo, report.Todo{Title: fmt.Sprint("Work ", i), Numbers: "1 finding", Remedy: "Do it."})
	}
	text := report.Text(r, report.Screen{})
	if !strings.Contains(text, "\n  3  ") || strings.Contains(text, "\n  4  ") || !strings.Contains(text, "\n  and 2 more on the page\n") {
		t.Errorf("five actions are told as\n%s", text)
	}
}

package statement_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"cdrmend/internal/outside"
	"cdrmend/internal/policy"
	"cdrmend/internal/record"
	"cdrmend/internal/report"
	"cdrmend/internal/statement"
	"cdrmend/internal/table"
)

// night is a run with so many open critical findings of one conversation id.
func night(critical int, conversation string) *statement.Run {
	percent := "97.65"
	r := &statement.Run{
		ID: strings.Repeat("0123456789abcdef", 2),
		Summary: &report.Summary{
			Interval: "2026-11-20", Start: "2026-11-20T00:00:00.000000Z", End: "2026-11-21T00:00:00.000000Z",
			Coverage: report.Coverage{Recorded: 1912, Intact: 1900, Of: 1958, RecordedPercent: &percent, IntactPercent: &percent},
			Verdicts: map[string]int64{"missing": int64(critical), "complete": 1900, "partial": 0},
			Outages:  map[string]int64{"scope_missing": 2, "timeout": 1},
		},
		Files: []statement.File{{Path: "findings.csv", SHA256: strings.Repeat("f1", 32)}, {Path: "calls.csv", SHA256: strings.Repeat("ca", 32)}},
	}
	r.Summary.Config.Policy.Expect = "answered"
	r.Findings = func(yield func(*table.Row, error) bool) {
		var row table.Row
		for i := range critical + 1 {
			severity := "critical"
			if i == critical {
				severity = "major"
			}
			fill(&row, map[string]string{
				"finding_id": fmt.Sprintf("fnd-%016x", i), "class": "missing_recording", "severity": severity, "status": "open",
				"conversation_id": conversation, "source": "cdr", "object_key": "a.csv",
			})
			if !yield(&row, nil) {
				return
			}
		}
	}
	return r
}

// fill makes a row of findings from the texts of some columns.
func fill(row *table.Row, texts map[string]string) {
	row.Reset(table.Findings)
	for _, c := range table.Findings.Columns {
		if text, ok := texts[c.Name]; ok {
			row.AddText(text)
		} else {
			row.AddNull()
		}
	}
}

// written returns the path of the statement about a run.
func written(t *testing.T, r *statement.Run, redaction policy.Report) string {
	t.Helper()
	r.Report = redaction
	var pdf, again bytes.Buffer
	for _, w := range []*bytes.Buffer{&pdf, &again} {
		if err := statement.Write(w, r); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(pdf.Bytes(), again.Bytes()) {
		t.Error("the same run gives other bytes when it is written again")
	}
	path := filepath.Join(t.TempDir(), "report.pdf")
	if err := os.WriteFile(path, pdf.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// poppler runs one of the programs of another reader of PDF.
func poppler(t *testing.T, name string, args ...string) string {
	t.Helper()
	out, err := exec.Command(outside.Program(t, name), args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s %v: %v: %s", name, args, err, out)
	}
	return string(out)
}

var space = regexp.MustCompile(`\s+`)

// read returns what another reader finds in a statement, and its pages.
func read(t *testing.T, path string) (text, pages string) {
	t.Helper()
	text = space.ReplaceAllString(poppler(t, "pdftotext", "-layout", path, "-"), " ")
	info := regexp.MustCompile(`Pages:\s+(\d+)`).FindStringSubmatch(poppler(t, "pdfinfo", path))
	return text, info[1]
}

// That no partition is incomplete does not say that every document is whole.
func TestAStatementClaimsOfNoInputThatItIsComplete(t *testing.T) {
	n := night(1, "c1")
	n.Summary.Findings = append(n.Summary.Findings, report.FindingCount{Class: "truncated_document", Severity: "major", Status: "open", Count: 4})
	n.Summary.Verdicts = map[string]int64{"indeterminate": 3}
	text, _ := read(t, written(t, n, policy.Report{}))
	for _, want := range []string{"Single documents are defective: 4 findings of classes truncated_document,", "does not prove that the exports were complete.", "1,912 of 1,958 calls that should be recorded are known to be recorded"} {
		if !strings.Contains(text, want) {
			t.Errorf("the statement does not say %q:\n%s", want, text)
		}
	}
}

func TestAStatementSaysWhatTheRunCameTo(t *testing.T) {
	path := written(t, night(2, "c1"), policy.Report{})
	text, pages := read(t, path)
	for _, want := range []string{
		"Interval 2026-11-20: 2026-11-20 00:00:00 to 2026-11-21 00:00:00 (UTC)",
		"1,912 of 1,958 calls that should be recorded are recorded (97.65 %).",
		"fnd-0000000000000000", "fnd-0000000000000001", "conversation c1",
		"scope_missing 2, timeout 1",
		"Nothing shows that an input was incomplete, which does not prove that the exports were complete.",
		"findings.csv " + strings.Repeat("f1", 32), "902(13)", "28 U.S.C. § 1746", "2017/565", "76(1)(b)",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in %s", want, text)
		}
	}
	if strings.Contains(text, "fnd-0000000000000002") {
		t.Error("a finding that is not critical is listed")
	}
	if pages > "5" {
		t.Errorf("it has %s pages", pages)
	}
	for _, line := range strings.Split(strings.TrimSpace(poppler(t, "pdffonts", path)), "\n")[2:] {
		if !regexp.MustCompile(`\s(yes)\s+(no|yes)\s+yes\b`).MatchString(line) {
			t.Errorf("a font is not embedded with its characters: %s", line)
		}
	}
}

// Counsel must see whose calls were lost, in the order in which they were.
func TestCriticalFindingsNameTheirCallsInTime(t *testing.T) {
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	r := night(0, "")
	r.Summary.Config.Org = "o1"
	start := time.Date(2026, 11, 20, 23, 59, 0, 0, time.UTC)
	r.Findings = func(yield func(*table.Row, error) bool) {
		var row table.Row
		for i := range 45 {
			row.Reset(table.Findings)
			for _, c := range table.Findings.Columns {
				switch c.Name {
				case "finding_id":
					row.AddText(fmt.Sprintf("fnd-%016x", i))
				case "class":
					row.AddText("missing_recording")
				case "severity":
					row.AddText("critical")
				case "status":
					row.AddText("open")
				case "direction":
					row.AddText("inbound")
				case "ani":
					row.AddText("+4930123456")
				case "user_ids":
					row.AddText("u1;u2")
				case "trunk_id":
					row.AddText("t1")
				case "start_time":
					row.AddTime(record.TimeOf(start.Add(-time.Duration(i) * time.Minute)))
				case "outage_relation":
					row.AddText("possible")
				case "outage_cause":
					row.AddText("scope_missing")
				default:
					row.AddNull()
				}
			}
			if !yield(&row, nil) {
				return
			}
		}
	}
	text, _ := read(t, written(t, r, policy.Report{
		Zone: zone, Job: "nightly", Operator: "ACME Compliance",
		Names: policy.Names{{Kind: "organisation", ID: "o1", Name: "ACME Bank"}, {Kind: "trunk", ID: "t1", Name: "Berlin"}, {Kind: "user", ID: "u2", Name: "Jane"}},
	}))
	for _, want := range []string{
		"ACME Compliance", "Organisation: ACME Bank (o1)", "Job: nightly", "2026-11-20 01:00:00 to 2026-11-21 01:00:00 (Europe/Berlin)",
		"00:15:00", "inbound +********56 to unknown;", "agent u1, Jane (u2)", "Berlin", "possibly coincides: the", "29 later ones stand in the table",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in %s", want, text)
		}
	}
	for id, there := range map[string]bool{"fnd-000000000000002c": true, "fnd-000000000000001d": true, "fnd-000000000000001c": false} {
		if strings.Contains(text, id) != there {
			t.Errorf("%s is listed: %v, want the first %v", id, !there, there)
		}
	}
	if first, last := strings.Index(text, "fnd-000000000000002c"), strings.Index(text, "fnd-000000000000001d"); first > last {
		t.Error("a later call stands before an earlier one")
	}
}

// What limits the numbers stands before them, each with what to do.
func TestAStatementBeginsItsResultWithWhatLimitsIt(t *testing.T) {
	r := night(0, "")
	c := &r.Summary.Coverage
	c.Total, c.Excluded, c.WithoutCDR, c.Proof = report.AtLeast, map[string]int64{"too short": 7}, 3, report.Proofs{ID: 1900, Shared: 12}
	r.Summary.Warnings = []string{"the clocks of sources c and m differ by 7s"}
	r.Summary.Incomplete = []report.Incomplete{{Source: "m", Input: "m/hour=07/", Reason: "damaged", Next: "export m/hour=07/ again"}}
	r.Summary.Outages = map[string]int64{"scope_missing": 2, "lapsed": 1}
	r.Findings = func(yield func(*table.Row, error) bool) {
		var row table.Row
		for _, f := range []map[string]string{
			{"class": "stray_record", "severity": "major", "status": "open", "source": "c", "object_key": "c/20/", "detail": "interval=2026-11-19;rows=12;lookahead=30h"},
			{"class": "stray_record", "severity": "major", "status": "accepted", "source": "c", "object_key": "c/accepted/", "detail": "interval=2026-11-18;rows=12;lookahead=30h"},
			{"class": "unfit_source", "severity": "major", "status": "open", "source": "c", "object_key": "c/", "detail": "end_time"},
		} {
			if fill(&row, f); !yield(&row, nil) {
				return
			}
		}
	}
	text, _ := read(t, written(t, r, policy.Report{}))
	at := -1
	for _, want := range []string{
		"c, c/20/: 12 rows of interval 2026-11-19 lie in a partition", "set lookahead: 30h for source c, then run interval 2026-11-19 again.",
		"c, c/: the source lacks end_time", "The clocks of sources c and m differ by 7s.", "m, m/hour=07/: damaged. What to do: export m/hour=07/ again.",
		"1,912 of at least 1,958 calls that should be recorded are recorded (97.65 % of at least 1,958).",
		"7 calls were not to be recorded and not counted: 7 too short.", "12 of the recorded calls have no recording of their own: what each has is also taken for another call", "3 recordings belong to no call detail record",
		"1,900 by recording id, 12 by a recording that is also taken for another call.", "by cause: scope_missing 2.", "by cause: lapsed 1.",
	} {
		next := strings.Index(text, want)
		if next <= at {
			t.Errorf("%q does not stand after what comes before it in %s", want, text)
		}
		at = next
	}
	if strings.Contains(text, "c/accepted/") {
		t.Error("an accepted stray limits the result")
	}
	if all, with := strings.Count(text, "97.65 %"), strings.Count(text, "97.65 % of at least 1,958"); all != with {
		t.Errorf("97.65 %% stands %d times, %d times with its limit", all, with)
	}
}

// listing returns the findings whose cells are given.
func listing(list ...map[string]string) table.Rows {
	return func(yield func(*table.Row, error) bool) {
		var row table.Row
		for _, f := range list {
			if fill(&row, f); !yield(&row, nil) {
				return
			}
		}
	}
}

// Counsel must see that a defect was accepted, by whom and why: nothing else tells why it
// is not among the open ones.
func TestAStatementSaysWhoAcceptedWhatAndWhy(t *testing.T) {
	r := night(0, "")
	r.Summary.Findings = []report.FindingCount{
		{Class: "missing_recording", Severity: "critical", Status: "accepted", Count: 1},
		{Class: "short_recording", Severity: "major", Status: "accepted", Count: 1},
		{Class: "missing_recording", Severity: "critical", Status: "indeterminate", Count: 2},
	}
	accept := &r.Summary.Config.Policy
	accept.Accepted, accept.AcceptedRows = []string{"fnd-1"}, map[string]int{"fnd-1": 4}
	accept.AcceptedSubjects = []policy.AcceptedSubject{{Conversation: "c2", Row: 5}}
	accept.AcceptedGrounds = []policy.Grounds{{Row: 4, Reason: "asked by +4930123456", By: "J. Doe", Basis: "lawful erasure"}}
	findings := listing(
		map[string]string{"finding_id": "fnd-2", "class": "short_recording", "severity": "major", "status": "accepted", "conversation_id": "c2", "detail": "7000", "outage_relation": "none"},
		map[string]string{"finding_id": "fnd-1", "class": "missing_recording", "severity": "critical", "status": "accepted", "conversation_id": "c1", "outage_relation": "none"},
	)

	r.Findings = findings
	text, _ := read(t, written(t, r, policy.Report{}))
	for _, want := range []string{
		"Accepted: 2 findings, of severity critical: 1. The calls keep their verdicts; section 6 says who accepted what, and why.",
		"No critical finding is open. Not listed here, as accepted: 1 finding of severity critical.", "as nobody can tell yet whether each holds: 2 findings of severity critical",
		"An accepted finding still holds", "J. Doe (row 4)", "basis: lawful erasure", "asked by +********56", "by whom is not shown (row 5)", "why is not shown",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in %s", want, text)
		}
	}
	if first, second := strings.Index(text, "fnd-1"), strings.Index(text, "fnd-2"); first < 0 || second < first {
		t.Errorf("the accepted findings stand at %d and %d, want the critical one first", first, second)
	}

	// What people wrote tells whom a pseudonym stands for.
	r.Findings = findings
	text, _ = read(t, written(t, r, policy.Report{Redact: policy.RedactAll, PseudonymKey: []byte("k")}))
	if strings.Contains(text, "Doe") || !strings.Contains(text, "by whom is not shown (row 4)") {
		t.Errorf("the public sees who accepted: %s", text)
	}
}

// A call whose recording was deleted has one that was delivered, and of an undecided
// call nobody knows that its recording is missing.
func TestAStatementClaimsNoMoreThanWasFound(t *testing.T) {
	r := night(0, "")
	r.Summary.Lost = 10
	r.Summary.Findings = []report.FindingCount{
		{Class: "missing_recording", Severity: "critical", Status: "open", Count: 8}, {Class: "missing_recording", Severity: "critical", Status: "indeterminate", Count: 2},
	}
	r.Summary.Verdicts["missing"] = 8
	r.Summary.Config.Media.Check = "exists"
	r.Findings = listing(map[string]string{"finding_id": "fnd-1", "class": "missing_recording", "severity": "critical", "status": "open", "conversation_id": "c1", "detail": "void=deleted", "outage_relation": "unknown"})
	text, _ := read(t, written(t, r, policy.Report{}))
	for _, want := range []string{
		"Different recordings of which no audio to hear was found: 10", "nobody can tell whether they are missing: 2 findings.",
		"without audio to hear: 1 finding (the manifest says that it was deleted: 1).", "8 missing no recording of the call with audio to hear was found",
		"unless the manifest says that its audio is absent, empty or still to come. Where the manifest names the audio, it has to be stored",
		"cannot be told", "“not expected” where neither the record nor this rule asks for a recording",
		"The process is repeatable", "accurate result does not follow from this",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in %s", want, text)
		}
	}
	for _, no := range []string{"recordings that are missing: 10", "was delivered", "The process produces an accurate result:"} {
		if strings.Contains(text, no) {
			t.Errorf("%q claims more than was found", no)
		}
	}
	if !strings.Contains(text, "no audio to hear:") {
		t.Errorf("the deleted recording is told as never delivered: %s", text)
	}
}

// That no log was read is not that nothing failed.
func TestAStatementWithoutLogsClaimsNoAbsenceOfOutages(t *testing.T) {
	logs := []policy.SourceIdentity{{Kind: "registrations", Name: "registrar"}}
	for name, test := range map[string]struct {
		state report.PartitionState
		want  string
		twice int // in section 3 and in section 9
	}{
		"unusable": {report.Unusable, "Whether registrations failed or ended cannot be told: the logs of registrations delivered nothing usable.", 2},
		"damaged":  {report.Damaged, "show no outage that overlaps the interval or coincides with a finding or a call. Logs of registrations are incomplete for a part of the time", 2},
		"complete": {report.Complete, "show no outage that overlaps the interval or coincides with a finding or a call.", 2},
	} {
		r := night(0, "")
		r.Summary.Outages, r.Summary.Config.Sources = nil, logs
		r.Summary.Partitions = []report.Partition{{Kind: "registrations", Source: "registrar", State: test.state}}
		r.Findings = listing(map[string]string{"finding_id": "fnd-1", "class": "input_missing", "severity": "critical", "status": "open", "source": "genesys", "object_key": "m/hour=07/"})
		text, _ := read(t, written(t, r, policy.Report{}))
		if n := strings.Count(text, test.want); n != test.twice {
			t.Errorf("%s: %q stands %d times, want %d, in %s", name, test.want, n, test.twice, text)
		}
		if strings.Contains(text, "cause: none") || name != "complete" && strings.Count(text, "show no outage") != strings.Count(text, "further outages") {
			t.Errorf("%s: the statement claims that there was no outage: %s", name, text)
		}

		// A finding about no call has a place, and nothing to coincide with.
		for _, want := range []string{"source genesys, m/hour=07/", "nothing was delivered for a time", "does not apply"} {
			if !strings.Contains(text, want) {
				t.Errorf("%s: %q is not in %s", name, want, text)
			}
		}
	}
}

func TestAStatementOfTheWorstNightHasSevenPages(t *testing.T) {
	r := night(100_000, strings.Repeat("ünbroken/", 60))
	open := r.Findings
	r.Findings = func(yield func(*table.Row, error) bool) {
		var row table.Row
		for i := range 1000 {
			fill(&row, map[string]string{
				"finding_id": fmt.Sprintf("fnd-a%015x", i), "class": "missing_recording", "severity": "critical", "status": "accepted",
				"conversation_id": strings.Repeat("ünbroken/", 60), "source": "cdr", "object_key": "a.csv", "detail": "void=deleted",
			})
			if !yield(&row, nil) {
				return
			}
		}
		open(yield)
	}
	r.Summary.Findings = []report.FindingCount{
		{Class: "missing_recording", Severity: "critical", Status: "accepted", Count: 1000}, {Class: "missing_recording", Severity: "critical", Status: "indeterminate", Count: 3},
	}
	accept := &r.Summary.Config.Policy
	accept.AcceptedSubjects = []policy.AcceptedSubject{{Conversation: strings.Repeat("ünbroken/", 60), Row: 1}}
	accept.AcceptedGrounds = []policy.Grounds{{Row: 1, Reason: strings.Repeat("for a reason ", 100), By: "J. Doe", Basis: "known and explained"}}
	for range 500 {
		r.Summary.Incomplete = append(r.Summary.Incomplete, report.Incomplete{
			Source: "genesys", Input: strings.Repeat("s3://bucket/hour=07/", 5), Reason: "damaged", Next: "export it again",
		})
		r.Summary.Warnings = append(r.Summary.Warnings, strings.Repeat("something is odd ", 10))
	}
	for _, s := range []string{"a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l"} {
		r.Summary.Config.Sources = append(r.Summary.Config.Sources, policy.SourceIdentity{Kind: "cdrs", Name: s, URL: strings.Repeat("x", 500), Profile: "p"})
	}
	text, pages := read(t, written(t, r, policy.Report{}))
	if pages > "7" || len(pages) > 1 {
		t.Errorf("it has %s pages", pages)
	}
	for _, want := range []string{"99,984 later ones stand in the table", "and 495 more: see summary.json", "4 more", "990 further ones stand in the table"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in it", want)
		}
	}
}

func TestHostileTextOfAStatementIsSpelledOut(t *testing.T) {
	text, _ := read(t, written(t, night(1, "ж\u202eλ\x1b字"), policy.Report{}))
	if want := `ж\u{202e}λ\u{1b}[U+5B57]`; !strings.Contains(text, want) {
		t.Errorf("%s is not in %s", want, text)
	}
}

func TestAStatementIsRedacted(t *testing.T) {
	text, _ := read(t, written(t, night(1, "c1"), policy.Report{Redact: policy.RedactAll, PseudonymKey: []byte("k")}))
	if strings.Contains(text, "conversation c1") || !strings.Contains(text, "conversation con-") {
		t.Errorf("the conversation is shown: %s", text)
	}
}

// Whoever reads that calls were recorded reads how far somebody looked into their audio.
func TestAStatementSaysHowFarTheAudioWasExamined(t *testing.T) {
	for _, test := range []struct {
		check string
		media *report.Media
		want  []string
		no    []string
	}{
		{"exists", nil, []string{"stored, and not empty. Whether it can be played was not examined."}, []string{"another size", "asked for"}},
		{"size", nil, []string{"another size than its metadata says is a finding. Whether it can be played was not examined."}, []string{"asked for"}},
		{
			"header", &report.Media{Recordings: 10, Heard: 8, Unreadable: 1, NoAudio: 1},
			[]string{"Of 10 of 10 recordings of voice the run asked for the beginning of the audio.", "could not be read, or held nothing to hear, does not count as present", "whether anything can be heard in it, was not examined."},
			[]string{"of the others", "decoded"},
		},
		{
			"header", &report.Media{Recordings: 1000, Heard: 52, NoAudio: 1},
			[]string{"Of 53 of 1,000 recordings of voice", "Nothing is claimed of what is in the audio of the others."},
			[]string{"decoded"},
		},
		{
			"decode", &report.Media{Recordings: 10, Heard: 10, Decoded: 7, NotDecoded: 3},
			[]string{"The audio of 7 of 10 was decoded from beginning to end, to find channels without a sound. What is said in it was not examined."},
			[]string{"of the others", "can be played"},
		},
	} {
		r := night(0, "")
		r.Summary.Config.Media.Check, r.Summary.Media = test.check, test.media
		text, _ := read(t, written(t, r, policy.Report{}))
		for _, want := range test.want {
			if !strings.Contains(text, want) {
				t.Errorf("%s, %+v: %q is not in %s", test.check, test.media, want, text)
			}
		}
		for _, no := range test.no {
			if strings.Contains(text, no) {
				t.Errorf("%s, %+v: %q is in %s", test.check, test.media, no, text)
			}
		}
	}
}

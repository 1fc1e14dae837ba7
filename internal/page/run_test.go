package page_test

import (
	"bytes"
	"flag"
	"fmt"
	gohtml "html"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"cdrmend/internal/page"
	"cdrmend/internal/policy"
	"cdrmend/internal/record"
	"cdrmend/internal/registration"
	"cdrmend/internal/report"
	"cdrmend/internal/table"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the golden files anew")

// cells is a row by the names of its columns; all others are missing. Texts
// like 10:05 are times of the night in columns of times.
type cells map[string]any

func (c cells) fill(r *table.Row, s *table.Schema) {
	r.Reset(s)
	for _, column := range s.Columns {
		v, ok := c[column.Name]
		switch {
		case !ok:
			r.AddNull()
		case column.Kind == table.Text:
			r.AddText(v.(string))
		case column.Kind == table.Int:
			r.AddInt(int64(v.(int)))
		default:
			r.AddTime(clock(v.(string)))
		}
	}
}

func clock(text string) record.Time {
	t, err := time.Parse("2006-01-02 15:04", "2026-11-20 "+text)
	if err != nil {
		panic(err)
	}
	return record.TimeOf(t)
}

func rows(s *table.Schema, list ...cells) table.Rows {
	return func(yield func(*table.Row, error) bool) {
		var r table.Row
		for _, c := range list {
			c.fill(&r, s)
			if !yield(&r, nil) {
				return
			}
		}
	}
}

func text(s string) *string { return &s }

// small is a night with one of everything.
func small() *page.Run {
	s := &report.Summary{
		Interval: "2026-11-20", Start: "2026-11-20T00:00:00.000000Z", End: "2026-11-21T00:00:00.000000Z",
		Coverage: report.Coverage{Recorded: 1912, Intact: 1900, Of: 1958, RecordedPercent: text("97.65"), IntactPercent: text("97.03")},
		Verdicts: map[string]int64{"complete": 1900, "incomplete": 12, "partial": 1, "missing": 3, "indeterminate": 42},
		Findings: []report.FindingCount{
			{Class: "missing_recording", Severity: "critical", Status: "open", Count: 3},
			{Class: "repaired_field", Severity: "minor", Status: "repaired", Count: 1},
		},
		Outages:    map[string]int64{"scope_missing": 1},
		Incomplete: []report.Incomplete{{Source: "genesys", Input: "m/hour=07/", Reason: "damaged", Next: "export m/hour=07/ again, then run again"}},
		Partitions: []report.Partition{
			{Source: "cdr", Kind: "cdrs", Input: "c/", State: report.Complete, Objects: 2, Bytes: 2048, Rows: 1958},
			{Source: "registrar", Kind: "registrations", Input: "r/", State: report.Complete, Objects: 1, Bytes: 90, Rows: 6},
			{Source: "genesys", Kind: "manifests", Input: "m/hour=07/", Start: "2026-11-20T07:00:00.000000Z", End: "2026-11-20T08:00:00.000000Z", State: report.Damaged, Objects: 1, Bytes: 10, Rows: 4, Rejects: 1},
			{Source: "genesys", Kind: "manifests", Input: "m/hour=23/", Start: "2026-11-19T23:00:00.000000Z", End: "2026-11-20T00:00:00.000000Z", State: report.Empty},
		},
		Balance: map[string]record.Balance{"cdrs": {Read: 1958, Untouched: 1958}},
	}
	s.Config.Sources = []policy.SourceIdentity{{Kind: "manifests", Name: "genesys"}, {Kind: "cdrs", Name: "cdr"}, {Kind: "registrations", Name: "registrar"}}
	s.Config.Policy.RequiredScopes = []string{"sip:manage"}
	s.Config.Policy.Expect, s.Config.Policy.CoverageTolerance, s.Config.Policy.ChallengeWindow = "answered", "5s", "5s"
	s.Config.Media.Check, s.Media = "header", &report.Media{Recordings: 6, Heard: 4, NoAudio: 1}
	return &page.Run{
		ID: "0123456789abcdef0123456789abcdef", Summary: s,
		Files: []page.File{{Path: "findings.csv", Size: 512, SHA256: strings.Repeat("0f", 32)}},
		Findings: rows(table.Findings,
			cells{"finding_id": "fnd-1", "class": "missing_recording", "severity": "critical", "status": "open", "trunk_id": "T1", "conversation_id": "c1", "start_time": "10:05", "direction": "inbound", "ani": "+4930123456", "dnis": "+4969555", "user_ids": "u1;u2", "queue_ids": "q1", "source": "cdr", "object_key": "calls/+4930123456.csv", "entry": 3, "outage_id": "out-1", "outage_cause": "scope_missing", "outage_relation": "inside"},
			cells{"finding_id": "fnd-2", "class": "missing_recording", "severity": "critical", "status": "open", "trunk_id": "T1", "conversation_id": "c2", "start_time": "10:06", "source": "cdr", "object_key": "calls/+4930123456.csv", "entry": 4, "outage_id": "out-1", "outage_cause": "scope_missing", "outage_relation": "inside"},
			cells{"finding_id": "fnd-3", "class": "missing_recording", "severity": "critical", "status": "open", "trunk_id": "T2", "conversation_id": "c3", "source": "cdr", "object_key": "calls/+4930123456.csv", "entry": 9, "outage_relation": "possible"},
			cells{"finding_id": "fnd-4", "class": "repaired_field", "severity": "minor", "status": "repaired", "field": "trunk_id", "detail": "cdr-recording"},
		),
		Repairs: rows(table.Repairs, cells{"field": "trunk_id", "old_value": "null", "new_value": "T1", "rule": "cdr-recording", "evidence": "cdr:calls/+4930123456.csv#3"}),
		Calls: rows(table.Calls,
			cells{"verdict": "missing", "trunk_id": "T1", "direction": "inbound", "ani": "+4930123456", "dnis": "+4969555", "user_ids": "u1;u2", "queue_ids": "q1", "start_time": "10:05", "answer_time": "10:06", "end_time": "10:10", "outage_relation": "inside", "outage_cause": "scope_missing", "source": "cdr", "object_key": "calls/+4930123456.csv", "row": 3},
			cells{"verdict": "missing", "trunk_id": "T1", "start_time": "10:06", "outage_relation": "inside", "outage_cause": "scope_missing", "source": "cdr", "object_key": "calls/+4930123456.csv", "row": 4},
			cells{"verdict": "complete", "trunk_id": "T9", "start_time": "11:00"},
			cells{"verdict": "missing", "trunk_id": "T2", "start_time": "12:00", "outage_relation": "possible", "outage_cause": "scope_missing", "source": "cdr", "object_key": "calls/+4930123456.csv", "row": 9},
			cells{"verdict": "partial", "trunk_id": "T2", "start_time": "13:00", "outage_relation": "none"},
		),
		Outages: rows(table.Outages, cells{"outage_id": "out-1", "trunk_id": "T1", "line_id": "L7", "start_time": "10:00", "end_time": "10:30", "ended_by": "success", "cause": "scope_missing", "failures": 4, "unregistered_from": "10:00", "last_attempt": "10:28"}),
	}
}

func written(t *testing.T, r *page.Run) string {
	t.Helper()
	var b bytes.Buffer
	if err := r.Write(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// body is what stands between the page's constant parts.
func body(t *testing.T, html string) string {
	t.Helper()
	_, rest, ok := strings.Cut(html, "</style>\n")
	text, _, ends := strings.Cut(rest, "\n<script>")
	if !ok || !ends {
		t.Fatalf("no page:\n%.500s", html)
	}
	return text + "\n"
}

func TestPageOfASmallNightIsTheGoldenOne(t *testing.T) {
	got := body(t, written(t, small()))
	if *update {
		if err := os.WriteFile("testdata/small.html", []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile("testdata/small.html")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(got, "\n")); diff != "" {
		t.Errorf("testdata/small.html (-want +got):\n%s", diff)
	}
}

func TestThePageSaysWhatBecameOfOtherCalls(t *testing.T) {
	incomplete := func(source, reason string) func(*page.Run) {
		return func(r *page.Run) {
			r.Summary.Partitions = nil
			r.Summary.Incomplete = []report.Incomplete{{Source: source, Input: "m", Reason: reason}}
		}
	}
	calls := func(list ...cells) func(*page.Run) {
		return func(r *page.Run) {
			r.Calls = rows(table.Calls, list...)
			r.Summary.Verdicts["indeterminate"] = 0
		}
	}
	for name, test := range map[string]struct {
		change func(*page.Run)
		want   string
	}{
		"everything": {
			func(*page.Run) {},
			"3 missing, 2 of them coincide with a registration outage of trunk T1 and 1 possibly; 1 recorded in part; 42 cannot be told: hour 07 of source genesys is damaged.",
		},
		"source that may still deliver": {
			incomplete("genesys", "the source may still deliver"),
			"3 missing, 2 of them coincide with a registration outage of trunk T1 and 1 possibly; 1 recorded in part; 42 cannot be told: source genesys: the source may still deliver.",
		},
		"calls that cannot be told though all manifests are there": {
			incomplete("cdr", "the source may still deliver"),
			"3 missing, 2 of them coincide with a registration outage of trunk T1 and 1 possibly; 1 recorded in part; 42 cannot be told: their own records do not say enough.",
		},
		"possible coincidences alone": {
			calls(cells{"verdict": "missing", "trunk_id": "T1", "outage_relation": "possible"}, cells{"verdict": "missing", "trunk_id": "T1", "outage_relation": "unknown"}),
			"2 missing, 1 of them possibly coincides with a registration outage.",
		},
		"three trunks": {
			calls(
				cells{"verdict": "missing", "trunk_id": "T1", "outage_relation": "inside"}, cells{"verdict": "missing", "trunk_id": "T3", "outage_relation": "edge"},
				cells{"verdict": "missing", "trunk_id": "T3", "outage_relation": "edge"}, cells{"verdict": "missing", "trunk_id": "T2", "outage_relation": "edge"}),
			"4 missing, 4 of them coincide with a registration outage of trunks T3, T1 and 1 other.",
		},
		"nothing wrong": {
			calls(),
			"",
		},
		"nothing to record": {
			func(r *page.Run) {
				r.Summary.Coverage, r.Summary.Verdicts, r.Calls = report.Coverage{}, nil, table.Empty
			},
			"",
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := small()
			test.change(r)
			_, rest, _ := strings.Cut(written(t, r), `<p class="detail-line">`)
			lead, _, _ := strings.Cut(rest, "</p>")
			if got := strings.NewReplacer("<span>", "", "</span>", "").Replace(lead); got != test.want {
				t.Errorf("got\n%s\nwant\n%s", got, test.want)
			}
		})
	}
}

// The headline is one sentence: how many of how many, and what is open.
func TestTheHeadlineSaysWhetherAllIsWhole(t *testing.T) {
	for name, test := range map[string]struct {
		change func(*report.Summary)
		want   string
	}{
		"critical alone": {func(*report.Summary) {}, "1,912 of 1,958 calls that should be recorded are known to be, 97.65 %; 3 critical findings are open, and no major one."},
		"both": {
			func(s *report.Summary) {
				s.Findings = []report.FindingCount{{Class: "missing_recording", Severity: "critical", Status: "open", Count: 1}, {Class: "conflict", Severity: "major", Status: "open", Count: 1}}
			}, "1,912 of 1,958 calls that should be recorded are known to be, 97.65 %; 1 critical and 1 major finding are open.",
		},
		"major alone": {
			func(s *report.Summary) {
				s.Findings = []report.FindingCount{{Class: "conflict", Severity: "major", Status: "open", Count: 2}}
			},
			"1,912 of 1,958 calls that should be recorded are known to be, 97.65 %; no critical finding is open, and 2 major findings are open.",
		},
		"accepted and undecided ones alone": {
			func(s *report.Summary) {
				s.Findings = []report.FindingCount{{Class: "missing_recording", Severity: "critical", Status: "accepted", Count: 1}, {Class: "missing_recording", Severity: "critical", Status: "indeterminate", Count: 1}}
			}, "1,912 of 1,958 calls that should be recorded are known to be, 97.65 %; no critical or major finding is open.",
		},
		"an unknown total": {
			func(s *report.Summary) { s.Coverage.Total = report.AtLeast },
			"1,912 of at least 1,958 calls that should be recorded are known to be; 3 critical findings are open, and no major one.",
		},
		"nobody in doubt": {
			func(s *report.Summary) { delete(s.Verdicts, "indeterminate") },
			"1,912 of 1,958 calls that should be recorded are, 97.65 %; 3 critical findings are open, and no major one.",
		},
		"one call": {
			func(s *report.Summary) {
				s.Coverage, s.Findings, s.Verdicts = report.Coverage{Of: 1, RecordedPercent: text("0.00")}, nil, map[string]int64{"missing": 1}
			},
			"0 of 1 call that should be recorded is, 0.00 %; no critical or major finding is open.",
		},
		"one of several": {
			func(s *report.Summary) {
				s.Coverage, s.Findings, s.Verdicts = report.Coverage{Recorded: 1, Of: 2, RecordedPercent: text("50.00")}, nil, map[string]int64{"missing": 1}
			},
			"1 of 2 calls that should be recorded is, 50.00 %; no critical or major finding is open.",
		},
		"nothing known": {
			func(s *report.Summary) { s.Coverage, s.Findings = report.Coverage{Total: report.AtLeast}, nil },
			"No call of this interval is known that should have been recorded, and there may be some; no critical or major finding is open.",
		},
		"nothing to record": {
			func(s *report.Summary) { s.Coverage, s.Findings = report.Coverage{}, nil },
			"No call of this interval should have been recorded; no critical or major finding is open.",
		},
	} {
		r := small()
		test.change(r.Summary)
		_, rest, _ := strings.Cut(written(t, r), `<p class="lead">`)
		if got, _, _ := strings.Cut(rest, "</p>"); got != test.want {
			t.Errorf("%s: got\n%s\nwant\n%s", name, got, test.want)
		}
	}
}

// head is what stands above the first number.
func head(html string) string {
	_, rest, _ := strings.Cut(html, "<header>")
	head, _, _ := strings.Cut(rest, `<p class="lead">`)
	return gohtml.UnescapeString(head)
}

func TestWhatLimitsTheNumbersComesBeforeThem(t *testing.T) {
	r := small()
	r.Summary.Warnings = []string{"the clocks of sources cdr and genesys differ by 7s"}
	r.Findings = rows(table.Findings,
		cells{"class": "stray_record", "severity": "major", "status": "open", "source": "cdr", "object_key": "c/+4930123456/", "detail": "interval=2026-11-19;rows=1;lookahead=30h"},
		cells{"class": "stray_record", "severity": "minor", "status": "accepted", "source": "cdr", "object_key": "c/accepted/", "detail": "interval=2026-11-18;rows=1;lookahead=30h"},
		cells{"class": "unfit_source", "severity": "major", "status": "open", "source": "cdr", "object_key": "c/", "detail": "answer_time"})
	head := head(written(t, r))
	at := -1
	for _, want := range []string{
		"Source cdr (c/): the source lacks answer_time", "Correct the profile or the export of the source",
		"Source genesys (m/hour=07/): damaged.", "Export m/hour=07/ again, then run again.",
		"The clocks of sources cdr and genesys differ by 7s.",
		"Source cdr (c/+********56/): 1 row of interval 2026-11-19 lies in a partition", "Set lookahead: 30h for source cdr, then run interval 2026-11-19 again.",
	} {
		next := strings.Index(head, want)
		if next <= at {
			t.Errorf("%q does not stand above the numbers, after those before it:\n%s", want, head)
		}
		at = next
	}
	if strings.Contains(head, "accepted") {
		t.Errorf("an accepted stray stands above the numbers:\n%s", head)
	}
}

func TestManyStraysAreCounted(t *testing.T) {
	r := small()
	var strays []cells
	for i := range 9 {
		strays = append(strays, cells{"class": "stray_record", "severity": "major", "status": "open", "source": "cdr", "object_key": fmt.Sprint("c/", i), "detail": "interval=2026-11-19;rows=1;lookahead=30h"})
	}
	r.Findings = rows(table.Findings, strays...)
	head := head(written(t, r))
	if !strings.Contains(head, "(c/5)") || strings.Contains(head, "(c/6)") || !strings.Contains(head, "9 times rows of another interval lie in a partition") || !strings.Contains(head, "3 more, see below.") {
		t.Errorf("of nine strays the page names\n%s", head)
	}
}

// A percentage never stands without the words that limit it.
func TestEveryPercentageOfAnUnknownTotalSaysSo(t *testing.T) {
	r := small()
	c := &r.Summary.Coverage
	c.Total, c.Excluded, c.WithoutCDR = report.AtLeast, map[string]int64{"too short": 7, "<b>": 1}, 3
	c.Proof = report.Proofs{ID: 1900, Shared: 12}
	html := written(t, r)
	for _, percent := range []string{"97.65 %", "97.03 %"} {
		if with := percent + " of at least 1,958"; strings.Count(html, percent) != strings.Count(html, with) {
			t.Errorf("%s stands %d times, %d times with its limit", percent, strings.Count(html, percent), strings.Count(html, with))
		}
	}
	for _, want := range []string{
		"1,912 of at least 1,958 calls that should be recorded are",
		"8 calls were not to be recorded and not counted: 7 too short, 1 &lt;b&gt;.",
		"12 of the recorded calls have no recording of their own: what each has is also taken for another call, and proves only that one of these calls was recorded.",
		"3 recordings belong to no call detail record",
		`<th scope="row">shared</th><td>Each recording that it has is also taken for another leg`,
	} {
		if !strings.Contains(html, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
}

func TestThePageSaysWhyCallsCannotBeTold(t *testing.T) {
	r := small()
	r.Calls = rows(table.Calls,
		cells{"verdict": "indeterminate", "reason": "contested"}, cells{"verdict": "indeterminate", "reason": "inputs"}, cells{"verdict": "indeterminate", "reason": "inputs"})
	html := written(t, r)
	inputs, contested := strings.Index(html, `<th scope="row">Manifests of its time are incomplete`), strings.Index(html, `<th scope="row">Its conversation has recordings, and nobody can say`)
	if inputs < 0 || contested < inputs {
		t.Errorf("the reasons stand at %d and %d", inputs, contested)
	}
}

func TestThePageTellsLapsesApartFromFailures(t *testing.T) {
	r := small()
	r.Summary.Outages = map[string]int64{"scope_missing": 1, "lapsed": 2}
	r.Outages = outages(cells{"start_time": "10:00", "end_time": "10:30", "cause": "lapsed"}, cells{"start_time": "11:00", "end_time": "11:30", "cause": "scope_missing"})
	html := written(t, r)
	if a, b := strings.Index(html, "Registrations failed"), strings.Index(html, "Registrations lapsed"); a < 0 || b < a {
		t.Errorf("failures stand at %d, lapses at %d", a, b)
	}
	for _, want := range []string{`<dt>registrations ended</dt><dd><b>2</b>`, "1 outage lasting 30 min · 1 registration ended without a failure, for 30 min"} {
		if !strings.Contains(html, want) {
			t.Errorf("the page has no %s", want)
		}
	}
}

// Nobody was unregistered in a harmless outage, so it is none of the outages.
func TestAHarmlessOutageIsCountedWithTheRenewals(t *testing.T) {
	r := small()
	r.Summary.Renewals, r.Summary.Registrations = 1, report.Registrations{Legs: 10, Seen: 7}
	r.Outages = outages(
		cells{"outage_id": "out-harmless", "start_time": "10:00", "end_time": "10:30", "cause": "timeout", "harmless": "true"},
		cells{"outage_id": "out-real", "start_time": "11:00", "end_time": "11:30", "cause": "scope_missing", "harmless": "false", "unregistered_from": "11:10", "last_attempt": "11:20"})
	html := written(t, r)
	for want, there := range map[string]bool{
		"out-harmless": false, "out-real": true, "1 renewal of a registration failed": true, "7 of 10 calls with a trunk or a line are on one": true,
		`<time datetime="2026-11-20T11:10:00.000000Z">2026-11-20 11:10:00</time></td><td><time datetime="2026-11-20T11:20:00.000000Z">`: true,
	} {
		if strings.Contains(html, want) != there {
			t.Errorf("%q is on the page: %v, want %v", want, !there, there)
		}
	}
}

func TestEveryCauseHasAColour(t *testing.T) {
	html := written(t, small())
	for cause := range registration.NumCauses {
		for _, rule := range []string{".c-%s,", ".bar.c-%s{"} {
			if want := fmt.Sprintf(rule, cause); !strings.Contains(html, want) {
				t.Errorf("the style sheet has no %s", want)
			}
		}
	}
}

// An outage is evidence, not proof: no page says that one caused anything.
func TestThePageNeverSpeaksOfACauseOfLoss(t *testing.T) {
	html := written(t, small())
	for _, phrase := range []string{"caused by", "because of the outage", "due to"} {
		if strings.Contains(html, phrase) {
			t.Errorf("the page says %q", phrase)
		}
	}
}

func TestTheMostSevereFindingsHaveRoom(t *testing.T) {
	const minors = 20_010
	r := small()
	r.Summary.Findings = []report.FindingCount{
		{Class: "duplicate", Severity: "minor", Status: "open", Count: minors},
		{Class: "missing_recording", Severity: "critical", Status: "open", Count: 2},
		{Class: "repaired_field", Severity: "minor", Status: "repaired", Count: 1},
	}
	r.Findings = func(yield func(*table.Row, error) bool) {
		var row table.Row
		one := func(id, class, severity, status string) bool {
			cells{"finding_id": id, "class": class, "severity": severity, "status": status}.fill(&row, table.Findings)
			return yield(&row, nil)
		}
		for i := range minors {
			if !one(fmt.Sprintf("minor-%d", i), "duplicate", "minor", "open") {
				return
			}
		}
		_ = one("first-critical", "missing_recording", "critical", "open") &&
			one("last-critical", "missing_recording", "critical", "open") && one("settled", "repaired_field", "minor", "repaired")
	}
	html := written(t, r)
	for id, want := range map[string]bool{"first-critical": true, "last-critical": true, "minor-0": true, "minor-19997": true, "minor-19998": false, "settled": false} {
		if got := strings.Contains(html, `"`+id+`"`); got != want {
			t.Errorf("%s is on the page: %v, want %v", id, got, want)
		}
	}
	if want := "The list holds the 20,000 most severe of 20,013 findings; the other 13 are in the table <code>findings</code>"; !strings.Contains(html, want) {
		t.Errorf("the page does not say %q", want)
	}
}

// Ids that are no trunks do not make the page grow without end.
func TestThousandsOfTrunksAreTold(t *testing.T) {
	const n = 5000
	r := small()
	r.Calls = func(yield func(*table.Row, error) bool) {
		var row table.Row
		for i := range n {
			cells{"verdict": "missing", "trunk_id": fmt.Sprintf("trunk-%04d", i), "start_time": "10:00"}.fill(&row, table.Calls)
			if !yield(&row, nil) {
				return
			}
		}
	}
	html := written(t, r)
	if size := len(html); size > 1<<20 {
		t.Errorf("the page has %d bytes", size)
	}
	if drawn := strings.Count(html, `<figure class="trunk"`); drawn != 40 {
		t.Errorf("%d trunks are drawn, want 40", drawn)
	}
	if want := "3,000 calls missing"; !strings.Contains(html, want) {
		t.Errorf("the calls of all other trunks are not told together: no %q", want)
	}
}

func TestThePageShowsWhatItsRedactionAllows(t *testing.T) {
	for _, test := range []struct {
		redact       policy.Report
		want, refuse []string
	}{
		{policy.Report{}, []string{"+********56", `"c1"`, "T1"}, []string{"4930123456"}},
		{policy.Report{Redact: policy.RedactNothing}, []string{"+4930123456", `"c1"`, "T1"}, nil},
		{
			policy.Report{Redact: policy.RedactAll, PseudonymKey: []byte(strings.Repeat("k", 32))},
			[]string{"trk-", "con-", "cdr-recording"},
			[]string{"4930123456", "c1", "T1", "T2", "L7", "out-1", "fnd-1", "m/hour=07/"},
		},
	} {
		r := small()
		r.Redact = test.redact
		html := body(t, written(t, r))
		for _, want := range test.want {
			if !strings.Contains(html, want) {
				t.Errorf("redaction %s: %q is not on the page", test.redact.Redact, want)
			}
		}
		for _, refuse := range test.refuse {
			if regexp.MustCompile(`\b` + regexp.QuoteMeta(refuse) + `\b`).MatchString(html) {
				t.Errorf("redaction %s: %q is on the page", test.redact.Redact, refuse)
			}
		}
	}
}

func TestEqualRunsGiveEqualPages(t *testing.T) {
	first := written(t, small())
	for range 5 {
		if again := written(t, small()); again != first {
			t.Fatalf("two pages of one run differ:\n%s", cmp.Diff(strings.Split(first, "\n"), strings.Split(again, "\n")))
		}
	}
}

func TestAnErrorOfATableIsHandedOn(t *testing.T) {
	broken := fmt.Errorf("cell 3 is broken")
	for _, spoil := range []func(*page.Run, table.Rows){
		func(r *page.Run, rows table.Rows) { r.Findings = rows },
		func(r *page.Run, rows table.Rows) { r.Repairs = rows },
		func(r *page.Run, rows table.Rows) { r.Calls = rows },
		func(r *page.Run, rows table.Rows) { r.Outages = rows },
	} {
		r := small()
		spoil(r, func(yield func(*table.Row, error) bool) { yield(nil, broken) })
		var b bytes.Buffer
		if err := r.Write(&b); err == nil || !strings.Contains(err.Error(), "cell 3 is broken") || b.Len() > 0 {
			t.Errorf("got %v and %d bytes", err, b.Len())
		}
	}
}

func BenchmarkMillionCalls(b *testing.B) {
	var row table.Row
	cells{"org_id": "o", "conversation_id": "c", "trunk_id": "T1", "verdict": "complete", "start_time": "10:00"}.fill(&row, table.Calls)
	for b.Loop() {
		r := small()
		r.Calls = func(yield func(*table.Row, error) bool) {
			for range 1_000_000 {
				if !yield(&row, nil) {
					return
				}
			}
		}
		if err := r.Write(new(bytes.Buffer)); err != nil {
			b.Fatal(err)
		}
	}
}

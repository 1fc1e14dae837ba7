package page_test

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"cdrmend/internal/page"
	"cdrmend/internal/policy"
	"cdrmend/internal/record"
	"cdrmend/internal/report"
	"cdrmend/internal/table"

	"github.com/google/go-cmp/cmp"
)

// finding is a row of a history that somebody should look at.
func finding(id, state string, first int, more cells) cells {
	c := cells{"finding_id": id, "class": "missing_recording", "severity": "critical", "status": "open", "state": state, "first_commit": first, "trunk_id": "T1"}
	if state == "accepted" || state == "repaired" || state == "indeterminate" {
		c["status"] = state
	}
	for k, v := range more {
		c[k] = v
	}
	return c
}

// week is a span of four intervals, one of which was never committed.
func week() *page.Audit {
	shared := cells{"outage_id": "out-shared", "trunk_id": "T2", "start_time": "23:00", "end_time": "23:10", "cause": "throttled"}
	night := func(label string, recorded, of int64, counts []report.FindingCount, commits []page.Commit, history ...cells) page.Interval {
		return page.Interval{
			Label: label, Commits: commits, History: rows(table.History, history...),
			Summary: &report.Summary{
				Interval: label, Coverage: report.Coverage{Recorded: recorded, Of: of, Total: report.Known, RecordedPercent: text("99.00")},
				Verdicts: map[string]int64{"missing": of - recorded - 1, "partial": 1}, Findings: counts,
				Partitions: []report.Partition{{Source: "registrar", Kind: "registrations", State: report.Complete}},
				Config:     policy.Identity{Sources: []policy.SourceIdentity{{Kind: "registrations", Name: "registrar"}}},
			},
		}
	}
	open := func(n int64) []report.FindingCount {
		return []report.FindingCount{{Class: "missing_recording", Severity: "critical", Status: "open", Count: n}}
	}
	a := &page.Audit{Intervals: []page.Interval{
		night("2026-11-18", 990, 1000, open(1),
			[]page.Commit{{Number: 1, Time: clock("00:10"), RunID: "r1", SHA256: "aa", Signed: "none"}, {Number: 2, Time: clock("12:10"), RunID: "r2", SHA256: "ab", Signed: "none"}},
			finding("fnd-closed", table.Closed, 1, cells{"closed_commit": 2}), finding("fnd-late", "open", 2, nil)),
		{Label: "2026-11-19"},
		night("2026-11-20", 1995, 2000, append(open(1), report.FindingCount{Class: "conflict", Severity: "major", Status: "open", Count: 1}),
			[]page.Commit{{Number: 1, Time: clock("03:10"), RunID: "r3", SHA256: "ac", Signed: "none"}},
			finding("fnd-oldest", "open", 1, nil), finding("fnd-conflict", "open", 1, cells{"class": "conflict", "severity": "major"}),
			finding("fnd-accepted", "accepted", 1, nil), finding("fnd-repaired", "repaired", 1, cells{"class": "repaired_field", "severity": "minor"}),
			finding("fnd-undecided", "indeterminate", 1, nil)),
	}}
	a.Intervals[0].Outages = rows(table.Outages, cells{"outage_id": "out-18", "trunk_id": "T1", "start_time": "08:00", "end_time": "09:30", "cause": "scope_missing"}, shared)
	a.Intervals[2].Outages = rows(table.Outages, cells{"outage_id": "out-20", "trunk_id": "T1", "start_time": "10:00", "end_time": "11:30", "cause": "scope_missing"}, shared)
	return a
}

// labels are what cells are called on a phone.
var labels = regexp.MustCompile(` data-label="[^"]*"`)

// audited returns a page without its labels.
func audited(t *testing.T, a *page.Audit) string {
	t.Helper()
	var b bytes.Buffer
	if err := a.Write(&b); err != nil {
		t.Fatal(err)
	}
	return labels.ReplaceAllString(b.String(), "")
}

func TestAnAuditTellsTheSpanInAFewSentences(t *testing.T) {
	html := audited(t, week())
	for _, want := range []string{
		`<p class="lead">2,985 of 3,000 calls that should be recorded in 2 intervals are, 99.50 %; 2 critical and 1 major finding are open.</p>`,
		"<span>Calls: 13 missing and 2 recorded in part. </span>",
		"<span>3 findings are open, 2 of them critical, the oldest for 9 hours; 1 may be: nobody can tell yet; 1 has closed since it was found. </span>",
		"<span>In the day before the newest commit: 7 findings found, 5 of them critical (now 3 open, 1 not certain, 1 accepted, 1 repaired and 1 closed); 1 finding closed, which is critical. </span>",
	} {
		if !strings.Contains(html, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
	if want := "Nothing is committed for 2026-11-19: what happened then is not part of this page."; !strings.Contains(html, want) {
		t.Errorf("the page does not say %q", want)
	}
}

func TestAnAuditCountsWhatIsNewClosedAndOpen(t *testing.T) {
	html := audited(t, week())
	for what, want := range map[string]string{
		"an interval": `<th scope="row" class="nowrap">2026-11-18</th><td class="num">990</td><td class="num">1,000</td><td class="num">99.00 %</td><td class="num">0</td><td class="num">0</td><td class="num">0</td><td></td><td class="num">9</td><td class="num">1</td>` +
			`<td class="num">0</td><td class="num">2</td><td class="num">0</td><td class="num">2</td><td class="num">1</td><td class="num">1</td><td class="num">1</td><td class="num">1</td>`,
		"all": `<th scope="row">all</th><td class="num">2,985</td><td class="num">3,000</td><td class="num">99.50 %</td><td class="num">0</td><td class="num">0</td><td class="num">0</td><td></td><td class="num">13</td><td class="num">2</td>` +
			`<td class="num">0</td><td class="num">4</td><td class="num">0</td><td class="num">7</td><td class="num">1</td><td class="num">1</td><td class="num">3</td><td class="num">2</td>`,
		"a class": `<td class="num">5</td><td class="num">1</td><td class="num">1</td><td class="num">1</td><td class="num">0</td><td class="num">1</td><td class="num">2</td></tr>`,
		// An outage that two neighbouring intervals know lasted once.
		"a cause": `<code>throttled</code></th><td>The registrar refused because of too many requests.<br><b>What to do:</b> spread the registrations of all lines out, and wait as long as the answer says.</td><td class="num">1</td><td class="num">10 min</td>`,
		"a trunk": `<bdi class="id">T1</bdi></th><td class="num">2</td><td class="num">3 h</td>`,
	} {
		if !strings.Contains(html, want) {
			t.Errorf("%s: the page has no\n%s", what, want)
		}
	}
}

// outages is a row of the table of outages on trunk T1.
func outages(list ...cells) table.Rows {
	for _, c := range list {
		c["trunk_id"] = "T1"
	}
	return rows(table.Outages, list...)
}

// Each interval sees another part of an outage that crosses its border.
func TestAnOutageThatCrossesABorderCountsOnce(t *testing.T) {
	for name, test := range map[string]struct {
		before, after []cells
		want          string
	}{
		"overlaps": {
			[]cells{{"start_time": "10:00", "end_time": "12:00", "cause": "timeout"}},
			[]cells{{"start_time": "11:00", "end_time": "13:00", "cause": "throttled"}},
			`<code>timeout</code></th><td>Nobody answered the registration in time.<br><b>What to do:</b> look at what lies between the client and the registrar: name resolution, certificates, the firewall and the SIP transport.</td><td class="num">1</td><td class="num">3 h</td>`,
		},
		"touches": {
			[]cells{{"start_time": "10:00", "end_time": "12:00"}},
			[]cells{{"start_time": "12:00", "end_time": "13:00"}},
			`<bdi class="id">T1</bdi></th><td class="num">1</td><td class="num">3 h</td>`,
		},
		"joins two": {
			[]cells{{"start_time": "10:00", "end_time": "11:00"}, {"start_time": "12:00", "end_time": "13:00"}},
			[]cells{{"start_time": "10:30", "end_time": "12:30"}},
			`<bdi class="id">T1</bdi></th><td class="num">1</td><td class="num">3 h</td>`,
		},
		"apart": {
			[]cells{{"start_time": "10:00", "end_time": "11:00"}},
			[]cells{{"start_time": "12:00", "end_time": "13:00"}},
			`<bdi class="id">T1</bdi></th><td class="num">2</td><td class="num">2 h</td>`,
		},
		"another line": {
			[]cells{{"line_id": "L1", "start_time": "10:00", "end_time": "12:00"}},
			[]cells{{"line_id": "L2", "start_time": "12:00", "end_time": "13:00"}},
			`<bdi class="id">T1</bdi></th><td class="num">2</td><td class="num">3 h</td>`,
		},
		"a failure after a lapse": {
			[]cells{{"start_time": "10:00", "end_time": "12:00", "cause": "lapsed"}},
			[]cells{{"start_time": "12:00", "end_time": "13:00", "cause": "timeout"}},
			`<bdi class="id">T1</bdi></th><td class="num">2</td><td class="num">3 h</td>`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			a := week()
			a.Intervals[0].Outages, a.Intervals[2].Outages = outages(test.before...), outages(test.after...)
			if html := audited(t, a); !strings.Contains(html, test.want) {
				t.Errorf("the page has no\n%s", test.want)
			}
		})
	}
}

func TestLapsesAndRemovalsStandApartFromFailures(t *testing.T) {
	a := week()
	a.Intervals[0].Outages = outages(
		cells{"start_time": "01:00", "end_time": "09:00", "cause": "lapsed"}, cells{"start_time": "10:00", "end_time": "11:00", "cause": "timeout"},
		cells{"start_time": "12:00", "end_time": "13:00", "cause": "deregistered"})
	whole := audited(t, a)
	_, html, _ := strings.Cut(whole, `<section id="causes"`)
	at := -1
	for _, part := range []string{"Registrations failed", "<code>timeout</code>", "Registrations lapsed", "<code>lapsed</code>", "Registrations were removed", "<code>deregistered</code>"} {
		next := strings.Index(html, part)
		if next <= at {
			t.Errorf("%s does not stand after those before it", part)
		}
		at = next
	}
	if want := `<td class="num">1</td><td class="num">2</td><td class="num">2</td>`; !strings.Contains(whole, want) {
		t.Errorf("of one failure and two others the row of the interval has no %s", want)
	}
}

// What limits the numbers of a span stands above them, and a stray beside the
// interval of its rows.
func TestStraysStandBesideTheIntervalOfTheirRows(t *testing.T) {
	a := week()
	stray := finding("fnd-stray", "open", 1, cells{
		"class": "stray_record", "severity": "major", "source": "cdr", "object_key": "cdr/date=2026-11-20/", "detail": "interval=2026-11-18;rows=12;lookahead=30h",
	})
	closed := finding("fnd-old", table.Closed, 1, cells{"class": "stray_record", "severity": "major", "source": "cdr", "object_key": "x", "detail": "interval=2026-11-18;rows=99;lookahead=30h"})
	unfit := finding("fnd-unfit", "open", 1, cells{"class": "unfit_source", "severity": "major", "source": "cdr", "object_key": "cdr/", "detail": "end_time"})
	a.Intervals[2].History = rows(table.History, stray, closed, unfit)
	a.Intervals[2].Summary.Incomplete = []report.Incomplete{{Source: "m", Input: "m/hour=07/", Reason: "damaged", Next: "export m/hour=07/ again"}}
	a.Intervals[2].Summary.Warnings = []string{"the clocks differ"}
	html := audited(t, a)

	head, _, _ := strings.Cut(html, `<p class="lead">`)
	at := -1
	for _, want := range []string{
		"2026-11-18, found in the run of 2026-11-20: source cdr (cdr/date=2026-11-20/): 12 rows of interval 2026-11-18",
		"Set lookahead: 30h for source cdr, then run interval 2026-11-18 again.",
		"2026-11-20: source cdr (cdr/): the source lacks end_time",
		"2026-11-20: the clocks differ.", "2026-11-20: source m (m/hour=07/): damaged.", "Export m/hour=07/ again.",
	} {
		next := strings.Index(head, want)
		if next <= at {
			t.Errorf("%q does not stand above the numbers, after those before it", want)
		}
		at = next
	}
	if want := `2026-11-18</th><td class="num">990</td><td class="num">1,000</td><td class="num">99.00 %</td><td class="num">0</td><td class="num">0</td><td class="num">0</td><td>12 in 2026-11-20</td>`; !strings.Contains(html, want) {
		t.Errorf("the interval of the rows has no\n%s", want)
	}
}

func TestASpanWithAnUnknownNightHasAnUnknownTotal(t *testing.T) {
	a := week()
	c := &a.Intervals[0].Summary.Coverage
	c.Total, c.Excluded, c.WithoutCDR, c.Proof.Shared = report.AtLeast, map[string]int64{"too short": 7}, 3, 2
	html := audited(t, a)
	for _, want := range []string{
		"2,985 of at least 3,000 calls that should be recorded in 2 intervals are, 99.50 % of at least 3,000",
		`<td class="num">990</td><td class="num">at least 1,000</td><td class="num">99.00 % of at least 1,000</td><td class="num">7</td><td class="num">2</td><td class="num">3</td>`,
		`<th scope="row">all</th><td class="num">2,985</td><td class="num">at least 3,000</td><td class="num">99.50 % of at least 3,000</td><td class="num">7</td><td class="num">2</td><td class="num">3</td>`,
		"7 calls were not to be recorded and not counted: 7 too short.",
	} {
		if !strings.Contains(html, want) {
			t.Errorf("the page has no\n%s", want)
		}
	}
}

func TestTheOldestOpenFindingsComeFirst(t *testing.T) {
	html := audited(t, week())
	_, list, ok := strings.Cut(html, "Open longest")
	list, _, ends := strings.Cut(list, "</table>")
	if !ok || !ends {
		t.Fatal("there is no list of the oldest findings")
	}
	at := -1
	for _, id := range []string{"fnd-oldest", "fnd-late", "fnd-conflict"} {
		next := strings.Index(list, id)
		if next <= at {
			t.Errorf("%s does not stand after those that come before it:\n%s", id, list)
		}
		at = next
	}
	for _, id := range []string{"fnd-closed", "fnd-accepted", "fnd-repaired", "fnd-undecided"} {
		if strings.Contains(list, id) {
			t.Errorf("%s is not open, yet listed", id)
		}
	}
}

func TestAnAuditShowsWhatItsRedactionAllows(t *testing.T) {
	a := week()
	a.Redact = policy.Report{Redact: policy.RedactAll, PseudonymKey: []byte(strings.Repeat("k", 32))}
	html := body(t, audited(t, a))
	for _, refuse := range []string{"fnd-oldest", "fnd-closed", ">T1<", `"T1"`, "out-shared"} {
		if strings.Contains(html, refuse) {
			t.Errorf("%q is on the page", refuse)
		}
	}
	if !strings.Contains(html, "trk-") {
		t.Error("trunks have no pseudonyms")
	}
}

func TestEqualCommitsGiveEqualAudits(t *testing.T) {
	first := audited(t, week())
	for range 5 {
		if audited(t, week()) != first {
			t.Fatal("two audits of one span differ")
		}
	}
}

func TestOfManyOpenFindingsTheOldestAreNamed(t *testing.T) {
	night := func(label, committed, severity string, n int) page.Interval {
		var list []cells
		for i := range n {
			list = append(list, finding(fmt.Sprintf("%s-%02d", label, i), "open", 1, cells{"severity": severity}))
		}
		return page.Interval{
			Label: label, Commits: []page.Commit{{Number: 1, Time: clock(committed)}}, Summary: &report.Summary{},
			History: rows(table.History, list...), Outages: table.Empty,
		}
	}
	html := audited(t, &page.Audit{Intervals: []page.Interval{
		night("2026-11-18", "09:00", "major", 16), night("2026-11-19", "12:00", "critical", 3), night("2026-11-20", "08:00", "major", 5),
	}})
	_, list, _ := strings.Cut(html, "Open longest")
	list, _, _ = strings.Cut(list, "</table>")
	var got []string
	for _, m := range regexp.MustCompile(`<code class="nowrap">([^<]*)</code>`).FindAllStringSubmatch(list, -1) {
		got = append(got, m[1])
	}
	var want []string
	for _, of := range []struct {
		label string
		n     int
	}{{"2026-11-19", 3}, {"2026-11-20", 5}, {"2026-11-18", 7}} {
		for i := range of.n {
			want = append(want, fmt.Sprintf("%s-%02d", of.label, i))
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the most severe, then the oldest (-want +got):\n%s", diff)
	}
}

// Over a span the same cards say what is to be done, with the calls of all intervals by
// time, whatever the order of their histories.
func TestASpanSaysWhatToDo(t *testing.T) {
	a := week()
	a.Intervals[0].History = rows(table.History,
		finding("fnd-b", "open", 1, cells{"start_time": "11:00", "ani": "+4930123456", "user_ids": "u1", "outage_relation": "possible", "outage_cause": "timeout"}),
		finding("fnd-cut", "open", 1, cells{"class": "truncated_document", "severity": "major"}),
		finding("fnd-gone", table.Closed, 1, cells{"start_time": "08:00"}))
	a.Intervals[2].History = rows(table.History, finding("fnd-a", "open", 1, cells{"start_time": "10:00"}), finding("fnd-u", "indeterminate", 1, cells{"start_time": "09:00"}))
	_, section, _ := strings.Cut(audited(t, a), `<section id="todo"`)
	section, _, _ = strings.Cut(section, "</section>")
	want := []string{
		"Look for missing recordings: 2 findings, and 1 not certain",
		"Export again what is incomplete: 1 finding",
		"Give the OAuth client the scope: 2 outages lasting 3 h",
		"Spread registrations out: 1 outage lasting 10 min",
	}
	if diff := cmp.Diff(want, titlesOf(section)); diff != "" {
		t.Errorf("cards (-want +got):\n%s", diff)
	}
	first, second := strings.Index(section, `<a href="#fnd-a">`), strings.Index(section, `<a href="#fnd-b">`)
	if first < 0 || second < first || strings.Contains(section, `"#fnd-gone"`) || strings.Contains(section, `"#fnd-u"`) {
		t.Errorf("the missing calls are not listed by time, or with those that nobody has to look for:\n%s", section)
	}
	for _, want := range []string{"&#43;********56", "possibly coincides with an outage: nobody answered", `<code>cdrmend run --interval 2026-11-18 --config cdrmend.yaml</code>`} {
		if !strings.Contains(section, want) {
			t.Errorf("the cards do not say %s in\n%s", want, section)
		}
	}
}

// The newest finding is younger than a day; one of three weeks ago is not.
func TestASpanCountsOpenFindingsByAge(t *testing.T) {
	a := week()
	a.Intervals[0].Commits[0].Time -= record.Time(20 * 24 * time.Hour / time.Microsecond)
	a.Intervals[0].History = rows(table.History, finding("fnd-old", "open", 1, nil), finding("fnd-new", "open", 2, nil), finding("fnd-minor", "open", 1, cells{"class": "duplicate", "severity": "minor"}))
	html := audited(t, a)
	for _, want := range []string{
		`<th scope="row">up to 1 day</th><td class="num">2</td><td class="num">1</td><td class="num">0</td><td><a href="#fnd-oldest">`,
		`<th scope="row">2 to 7 days</th><td class="num">0</td><td class="num">0</td><td class="num">0</td><td>none</td>`,
		`<th scope="row">8 to 30 days</th><td class="num">1</td><td class="num">0</td><td class="num">1</td><td><a href="#fnd-old">`,
		"<title>2026-11-18: 990 of 1,000 recorded, 99.00 %</title>",
	} {
		if !strings.Contains(html, want) {
			t.Errorf("the page has no\n%s", want)
		}
	}
}

// What the present file accepts is accepted on the page, which says that the commits do
// not know it.
func TestThePresentFileOfAcceptedFindingsCounts(t *testing.T) {
	a := week()
	p := policy.Policy{
		Accepted: map[string]bool{"fnd-oldest": true}, AcceptedRows: map[string]int{"fnd-oldest": 1},
		AcceptedSubjects: []policy.AcceptedSubject{{Class: "conflict", Conversation: "c1", Row: 2}, {Class: "duplicate", Conversation: "c1", Row: 3}},
	}
	a.Accepted = p.Acceptance()
	a.Intervals[2].History = rows(table.History, finding("fnd-oldest", "open", 1, cells{"conversation_id": "c1"}), finding("fnd-conflict", "open", 1, cells{"class": "conflict", "severity": "major", "conversation_id": "c1"}))
	html := audited(t, a)
	for _, want := range []string{
		"1 critical finding is open, and no major one.", "2 findings are accepted and no longer counted as open: 1 critical and 1 major.", "<li>1 critical: accepted (row 1 of the file of accepted findings; by whom and why is not shown)</li>", "2 findings are counted as accepted, by the file of accepted findings as it is now; the commits do not know that yet.",
	} {
		if !strings.Contains(html, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
	if strings.Contains(html, `#fnd-oldest`) {
		t.Error("an accepted finding asks for something")
	}
}

func TestAClosedFindingNamesWhatClosedIt(t *testing.T) {
	a := week()
	a.Intervals[0].Closers = map[string][]page.Closer{"fnd-closed": {{Source: "m", Key: "day/+4930123456.json", What: "new"}, {Source: "c", Key: "late.csv", What: "changed"}}}
	if want := `"m: day/+********56.json (new); c: late.csv (changed)"`; !strings.Contains(audited(t, a), strings.ReplaceAll(want, "+", "+")) {
		t.Errorf("the page has no %s", want)
	}
}

package page_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"cdrmend/internal/page"
	"cdrmend/internal/page/browsertest"
	"cdrmend/internal/policy"
	"cdrmend/internal/report"
	"cdrmend/internal/table"
)

// todo is the section that says what to do.
func todo(t *testing.T, r *page.Run) string {
	t.Helper()
	return todoOf(t, written(t, r))
}

func todoOf(t *testing.T, html string) string {
	t.Helper()
	_, rest, ok := strings.Cut(html, `<section id="todo"`)
	text, _, ends := strings.Cut(rest, "</section>")
	if !ok || !ends {
		t.Fatal("the page does not say what to do")
	}
	return text
}

var titles = regexp.MustCompile(`<h3>([^<]*)</h3> <span>([^<]*)</span>`)

func titlesOf(section string) (list []string) {
	for _, m := range titles.FindAllStringSubmatch(section, -1) {
		list = append(list, m[1]+": "+m[2])
	}
	return list
}

// What calls coincide with comes directly after the calls, and what nobody can tell
// before what is major.
func TestTheWorstIsToBeDoneFirst(t *testing.T) {
	r := small()
	r.Summary.Findings = []report.FindingCount{
		{Class: "duplicate", Severity: "minor", Status: "open", Count: 9},
		{Class: "truncated_document", Severity: "major", Status: "open", Count: 2},
		{Class: "media_mismatch", Severity: "critical", Status: "open", Count: 1},
		{Class: "missing_recording", Severity: "critical", Status: "open", Count: 3},
		{Class: "missing_recording", Severity: "critical", Status: "indeterminate", Count: 1},
		{Class: "conflict", Severity: "major", Status: "accepted", Count: 7},
	}
	calls := r.Calls
	r.Calls = func(yield func(*table.Row, error) bool) {
		for row, err := range calls {
			if !yield(row, err) {
				return
			}
		}
		rows(table.Calls, cells{"verdict": "indeterminate", "reason": "contested"})(yield)
	}
	r.Outages = outages(
		cells{"outage_id": "out-1", "start_time": "10:00", "end_time": "10:30", "cause": "scope_missing"},
		cells{"outage_id": "out-2", "start_time": "11:00", "end_time": "11:30", "cause": "lapsed"})
	want := []string{
		"Look for missing recordings: 3 findings, and 1 not certain",
		"Give the OAuth client the scope: 1 outage lasting 30 min; 2 missing calls coincide, 1 possibly",
		"Compare audio of the wrong size with the original: 1 finding",
		"Name the leg of each recording: 1 call cannot be told",
		"Export again what is incomplete: 2 findings",
		"Compare the entries of one recording: 9 findings",
		"Find out why clients stopped registering: 1 registration ended without a failure, for 30 min",
	}
	if got := titlesOf(todo(t, r)); !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// details is a night with findings whose details ask for other work than their classes.
func details() (*page.Run, []cells) {
	findings := []cells{
		{"finding_id": "fnd-1", "class": "missing_recording", "severity": "critical", "status": "open", "source": "cdr", "object_key": "calls/+4930123456.csv", "entry": 3},
		{"finding_id": "fnd-2", "class": "missing_recording", "severity": "critical", "status": "open", "detail": "void=deleted", "source": "cdr", "object_key": "calls/+4930123456.csv", "entry": 4},
		{"finding_id": "fnd-3", "class": "missing_recording", "severity": "critical", "status": "open", "source": "cdr", "object_key": "calls/+4930123456.csv", "entry": 9, "outage_relation": "inside", "outage_cause": "scope_missing"},
		{"finding_id": "fnd-4", "class": "input_missing", "severity": "minor", "status": "open"},
		{"finding_id": "fnd-5", "class": "input_missing", "severity": "critical", "status": "open"},
		{"finding_id": "fnd-6", "class": "media_mismatch", "severity": "critical", "status": "indeterminate"},
	}
	r := small()
	r.Findings = rows(table.Findings, findings...)
	r.Summary.Findings = []report.FindingCount{
		{Class: "input_missing", Severity: "critical", Status: "open", Count: 1},
		{Class: "input_missing", Severity: "minor", Status: "open", Count: 1},
		{Class: "media_mismatch", Severity: "critical", Status: "indeterminate", Count: 1},
		{Class: "missing_recording", Severity: "critical", Status: "open", Count: 3},
	}
	return r, findings
}

// What a detail asks for is work of its own: nobody exports again what was deleted. The
// pages of a run and of a span agree, and so does what the terminal is given.
func TestADetailAsksForItsOwnWork(t *testing.T) {
	r, findings := details()
	section := todo(t, r)
	want := []string{
		"Look for missing recordings: 2 findings", "Ask whether audio that is gone can be restored: 1 finding", "Give the OAuth client the scope: 1 outage lasting 30 min",
		"Deliver inputs that are missing: 2 findings, the worst critical", "Compare audio of the wrong size with the original: 1 finding, not certain",
	}
	got := titlesOf(section)
	for i := range got {
		got[i], _, _ = strings.Cut(got[i], ";")
	}
	if !slices.Equal(got, want) {
		t.Errorf("the page of a run has\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	cards := strings.Split(section, "<details ")
	if len(cards) != 6 || strings.Contains(cards[1], "#fnd-2") || !strings.Contains(cards[2], `<a href="#fnd-2">`) || strings.Contains(cards[2], "xport it again") || strings.Contains(cards[4], "accept fnd-4") {
		t.Errorf("a card has the calls or the words of another one, or the command accepts what is minor:\n%s", section)
	}
	var terminal []string
	for _, d := range r.Todo() {
		text, _, _ := strings.Cut(d.Title+": "+d.Numbers, ";")
		terminal = append(terminal, text)
	}
	if !slices.Equal(terminal, want) {
		t.Errorf("the terminal shows %q", terminal)
	}

	span := todoOf(t, audited(t, asSpan(r, findings)))
	got = titlesOf(span)
	if i := 2; len(got) > i && !strings.HasSuffix(got[i], "; 1 missing recording coincides") {
		t.Errorf("the outage on the page of a span is %s", got[i])
	}
	for i := range got {
		got[i], _, _ = strings.Cut(got[i], ";")
	}
	if !slices.Equal(got, want) {
		t.Errorf("the page of a span has\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// asSpan is a span of one interval with what a run found, as its history tells it.
func asSpan(r *page.Run, findings []cells) *page.Audit {
	a := week()
	a.Intervals = a.Intervals[2:]
	i := &a.Intervals[0]
	i.Label, i.Summary = r.Summary.Interval, r.Summary
	i.Calls, i.Outages = r.Calls, r.Outages
	i.History = func(yield func(*table.Row, error) bool) { // in another order than the findings of a run
		var list []cells
		for _, f := range slices.Backward(findings) {
			f["state"], f["first_commit"] = f["status"], 1
			list = append(list, f)
		}
		rows(table.History, list...)(yield)
	}
	return a
}

// The command of a card is about the same thing, whichever page shows the card.
func TestTheCommandsOfARunAndOfASpanAreEqual(t *testing.T) {
	r, findings := details()
	findings[0]["start_time"], findings[2]["start_time"] = "10:07", "10:06"
	findings = append(findings, cells{"finding_id": "fnd-0", "class": "media_mismatch", "severity": "critical", "status": "indeterminate"})
	r.Findings = rows(table.Findings, findings...)
	calls := r.Calls
	r.Calls = func(yield func(*table.Row, error) bool) {
		calls(func(row *table.Row, err error) bool { return yield(row, err) })
		rows(table.Calls,
			cells{"verdict": "indeterminate", "reason": "contested"}, cells{"verdict": "indeterminate", "reason": "contested", "conversation_id": "conv-7"},
			cells{"verdict": "indeterminate", "reason": "strangers"})(yield)
	}
	r.Outages = outages(
		cells{"outage_id": "out-1", "start_time": "10:00", "end_time": "10:30", "cause": "scope_missing"},
		cells{"outage_id": "out-2", "start_time": "11:00", "end_time": "12:30", "cause": "scope_missing"})

	commands := regexp.MustCompile(`<li><code>(cdrmend [^<]*) --config`)
	of := func(section string) (list []string) {
		for _, m := range commands.FindAllStringSubmatch(section, -1) {
			list = append(list, m[1])
		}
		slices.Sort(list)
		return list
	}
	run, span := of(todo(t, r)), of(todoOf(t, audited(t, asSpan(r, findings))))
	if !slices.Equal(run, span) {
		t.Errorf("the page of a run has\n%s\nthat of a span\n%s", strings.Join(run, "\n"), strings.Join(span, "\n"))
	}
	for _, want := range []string{"cdrmend explain fnd-3", "cdrmend explain fnd-0", "cdrmend explain fnd-2", "cdrmend explain out-2", "cdrmend explain conv-7", "cdrmend run --interval 2026-11-20"} {
		if !slices.Contains(run, want) {
			t.Errorf("there is no %s in\n%s", want, strings.Join(run, "\n"))
		}
	}
}

// Why calls cannot be told is asked about on the page of a span, too.
func TestASpanHasCardsForCallsThatCannotBeTold(t *testing.T) {
	a := week()
	a.Intervals[0].Calls = rows(table.Calls,
		cells{"verdict": "indeterminate", "reason": "contested"}, cells{"verdict": "missing"}, cells{"verdict": "indeterminate", "reason": "unsound", "conversation_id": "c1"})
	a.Intervals[2].Calls = rows(table.Calls, cells{"verdict": "indeterminate", "reason": "contested", "conversation_id": "c2"})
	section := todoOf(t, audited(t, a))
	got := titlesOf(section)
	for _, want := range []string{"Name the leg of each recording: 2 calls cannot be told", "Compare contradictory times with the telephone system: 1 call cannot be told"} {
		if !slices.Contains(got, want) {
			t.Errorf("%q is not among\n%s", want, strings.Join(got, "\n"))
		}
	}
	if !strings.Contains(section, "<code>cdrmend explain c2 --config cdrmend.yaml</code>") {
		t.Errorf("no call is named in\n%s", section)
	}
}

// Recordings of which nobody can tell are not looked for, and what would tell comes first.
func TestWhatNobodyCanTellIsNotLookedFor(t *testing.T) {
	r := small()
	r.Summary.Findings = []report.FindingCount{
		{Class: "missing_recording", Severity: "critical", Status: "indeterminate", Count: 1}, {Class: "truncated_document", Severity: "major", Status: "open", Count: 1},
	}
	r.Calls = rows(table.Calls, cells{"verdict": "indeterminate", "reason": "strangers"}, cells{"verdict": "indeterminate", "reason": "inputs"})
	r.Findings = rows(table.Findings,
		cells{"finding_id": "fnd-1", "class": "missing_recording", "severity": "critical", "status": "indeterminate"}, cells{"finding_id": "fnd-2", "class": "truncated_document", "severity": "major", "status": "open"})
	r.Outages = table.Empty
	section := todo(t, r)
	want := []string{"Export again what is incomplete: 1 finding; 1 call cannot be told", "Check that both sources describe the same system: 1 call cannot be told", "Look for missing recordings: 1 finding, not certain"}
	if got := titlesOf(section); !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if strings.Contains(section, "at the vendor") || strings.Contains(section, "accept fnd-1") || !strings.Contains(section, "<b>What to do:</b> Nothing until it is certain") {
		t.Errorf("somebody is asked to look for a recording:\n%s", section)
	}
}

// A card leads to the findings that it counts, not to all of their class.
func TestACardLeadsToItsOwnFindings(t *testing.T) {
	b := browsertest.Open(t)
	r, _ := details()
	p := show(t, b, r)
	var links []struct{ Href, Text string }
	p.Eval(`[...document.querySelectorAll(".why a")].map(a => ({Href: a.getAttribute("href"), Text: a.textContent}))`, &links)
	if len(links) != 5 {
		t.Errorf("the cards have the links %v", links)
	}
	for _, l := range links {
		p.Eval(`location.hash = "`+l.Href+`"; new Promise(done => setTimeout(done, 100))`, nil)
		n, _, _ := strings.Cut(l.Text, " finding")
		if got := standingOf(t, p).Count; !strings.HasPrefix(got, n+" of 6 findings match") {
			t.Errorf("%q leads to a list that says %q", l.Text, got)
		}
	}
	var chip string
	p.Eval(`document.querySelector(".chips").textContent`, &chip)
	if !strings.HasPrefix(chip, "to do: ") {
		t.Errorf("the filter is shown as %q", chip)
	}
}

func TestNothingToDoIsSaid(t *testing.T) {
	r := small()
	r.Summary.Findings, r.Summary.Verdicts, r.Calls, r.Outages, r.Findings = nil, nil, table.Empty, table.Empty, table.Empty
	if got := todo(t, r); !strings.Contains(got, "Nothing: no finding is open") || strings.Contains(got, "<details") {
		t.Errorf("got\n%s", got)
	}
}

// A missing call says whose it was, when, and for how long, and leads to its finding.
func TestACardNamesItsCalls(t *testing.T) {
	r := small()
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	r.Redact.Zone = zone
	r.Redact.Names = policy.Names{{Kind: "queue", ID: "q1", Name: "Support <1>"}, {Kind: "trunk", ID: "T1", Name: "Frankfurt"}, {Kind: "user", ID: "u2", Name: "Erika"}}
	got := todo(t, r)
	for _, want := range []string{
		`<b>2026-11-20 11:05:00 CET</b> <small>10:05:00 UTC</small>`,
		`<small>inbound</small> <bdi class="number">&#43;********56</bdi> → <bdi class="number">&#43;*****55</bdi>`,
		`<bdi class="id">u1</bdi>, <span class="name">Erika</span> <bdi class="id">u2</bdi>`,
		`<span class="name">Support &lt;1&gt;</span> <bdi class="id">q1</bdi>`,
		`<span class="name">Frankfurt</span> <bdi class="id">T1</bdi>`,
		`<td data-label="Talk" class="talk">4 min</td>`,
		`<td data-label="Outage">coincides with an outage: the token lacks a required scope</td><td data-label="Finding"><a href="#fnd-1">`,
		`<td data-label="Outage">possibly coincides with an outage: the token lacks a required scope</td><td data-label="Finding"><a href="#fnd-3">`,
		`<code>cdrmend explain fnd-1 --config cdrmend.yaml</code>`, `<code>cdrmend explain out-1 --config cdrmend.yaml</code>`,
	} {
		if !strings.Contains(got, want) {
			t.Errorf("the cards do not say\n%s", want)
		}
	}
	if a, b := strings.Index(got, "#fnd-1"), strings.Index(got, "#fnd-3"); a > b {
		t.Error("the calls are not in the order of time")
	}
}

// The part that is not recorded is said beside the whole. A call that lacks one of its
// recordings is among the missing ones.
func TestACallRecordedInPartSaysHowMuchIsNot(t *testing.T) {
	r := small()
	r.Summary.Findings = []report.FindingCount{
		{Class: "missing_recording", Severity: "critical", Status: "open", Count: 1}, {Class: "short_recording", Severity: "major", Status: "open", Count: 1},
	}
	place := func(c cells, number string, row int) cells {
		c["source"], c["object_key"], c[number] = "cdr", "c.csv", row
		return c
	}
	r.Calls = rows(table.Calls,
		place(cells{"verdict": "partial", "start_time": "10:00", "covered_ms": 170_000, "uncovered_ms": 12_000, "outage_relation": "none"}, "row", 1),
		place(cells{"verdict": "partial", "start_time": "11:00"}, "row", 2))
	r.Findings = rows(table.Findings,
		place(cells{"finding_id": "fnd-2", "class": "missing_recording", "severity": "critical", "status": "open"}, "entry", 2),
		place(cells{"finding_id": "fnd-1", "class": "short_recording", "severity": "major", "status": "open"}, "entry", 1))
	cards := strings.Split(todo(t, r), "<details ")
	for i, want := range []string{"", `unknown <small>recorded in part</small></td><td data-label="Outage">cannot be told</td><td data-label="Finding"><a href="#fnd-2">`, `class="talk">3 min 2 s <small>12 s not recorded</small></td><td data-label="Outage">no outage</td><td data-label="Finding"><a href="#fnd-1">`} {
		if i >= len(cards) || !strings.Contains(cards[i], want) {
			t.Errorf("card %d does not say %s:\n%s", i, want, strings.Join(cards, "\n"))
		}
	}
}

// Pseudonyms have no names, and commands with them would find nothing.
func TestACardWithPseudonymsNamesNobody(t *testing.T) {
	r := small()
	r.Redact = policy.Report{Redact: policy.RedactAll, PseudonymKey: []byte(strings.Repeat("k", 32)), Names: policy.Names{{Kind: "trunk", ID: "T1", Name: "Frankfurt"}}}
	if html := body(t, written(t, r)); strings.Contains(html, "Frankfurt") || strings.Contains(html, "cdrmend explain") {
		t.Error("the page names what has a pseudonym")
	}
}

// Only the first calls are listed, however many are missing. A call with an accepted
// finding asks for nothing.
func TestManyMissingCallsAreCounted(t *testing.T) {
	const n, accepted = 5000, 30
	r := small()
	r.Summary.Findings = []report.FindingCount{{Class: "missing_recording", Severity: "critical", Status: "open", Count: n - accepted}, {Class: "missing_recording", Severity: "critical", Status: "accepted", Count: accepted}}
	night := func(s *table.Schema, number string) table.Rows {
		return func(yield func(*table.Row, error) bool) {
			var row table.Row
			for i := range n {
				status := "open"
				if i < accepted {
					status = "accepted"
				}
				c := cells{"source": "cdr", "object_key": "c.csv", number: i, "start_time": fmt.Sprintf("%02d:%02d", i/60%24, i%60)}
				if s == table.Calls {
					c["verdict"] = "missing"
				} else {
					c["finding_id"], c["class"], c["severity"], c["status"] = fmt.Sprintf("fnd-%d", i), "missing_recording", "critical", status
				}
				c.fill(&row, s)
				if !yield(&row, nil) {
					return
				}
			}
		}
	}
	r.Calls, r.Findings = night(table.Calls, "row"), night(table.Findings, "entry")
	got := todo(t, r)
	if lines := strings.Count(got, `<td data-label="Started"`); lines != 50 {
		t.Errorf("%d calls are listed, want 50", lines)
	}
	if strings.Contains(got, `"#fnd-29"`) || !strings.Contains(got, `"#fnd-30"`) || !strings.Contains(got, `"#fnd-79"`) {
		t.Error("the list does not begin with the first call that asks for something")
	}
	if want := `4,920 more findings are open: <a href="#findings?class=missing_recording&amp;status=open&amp;todo=Look&#43;for&#43;missing&#43;recordings">`; !strings.Contains(got, want) {
		t.Errorf("the card does not say %s", want)
	}
}

// Whoever copies a command must not run what an id says.
func TestACommandHoldsNothingThatAShellReads(t *testing.T) {
	for _, id := range []string{"$(reboot)", "`reboot`", "a b", "fnd-1;reboot", "-x", "a\nb", "fnd-1'", `fnd-1"`} {
		r := small()
		r.Findings = rows(table.Findings, cells{"finding_id": id, "class": "missing_recording", "severity": "critical", "status": "open", "source": "cdr", "object_key": "calls/+4930123456.csv", "entry": 3})
		if got := todo(t, r); strings.Contains(got, "explain "+id) || strings.Contains(got, "<code>cdrmend accept") || !strings.Contains(got, "cdrmend explain out-1") {
			t.Errorf("with the id %q the commands are\n%s", id, got)
		}
	}
}

// Ids are cut in the middle only where no two look alike then.
func TestIDsThatWouldLookAlikeAreNotCut(t *testing.T) {
	alike := []string{"6f0a7c52-1111-d2b15e8f6a30", "6f0a7c52-2222-d2b15e8f6a30"}
	other := "3c9e1a74-52d8-4e0b-8f16-a97d403be215"
	r := small()
	r.Redact.Redact = policy.RedactNothing
	r.Calls = rows(table.Calls,
		cells{"verdict": "missing", "user_ids": alike[0] + ";" + other, "source": "cdr", "object_key": "calls/+4930123456.csv", "row": 3},
		cells{"verdict": "missing", "user_ids": alike[1], "source": "cdr", "object_key": "calls/+4930123456.csv", "row": 4})
	got := todo(t, r)
	for _, id := range alike {
		if !strings.Contains(got, `<bdi class="id">`+id+`</bdi>`) {
			t.Errorf("%s is cut", id)
		}
	}
	if want := `<bdi class="id" title="` + other + `"><span class="short" aria-hidden="true">3c9e1a7…03be215</span><span class="whole">` + other + `</span></bdi>`; !strings.Contains(got, want) {
		t.Errorf("the cards do not show\n%s", want)
	}
}

func TestThePageSaysWhoseItIs(t *testing.T) {
	r := small()
	r.Summary.Config.Org = "o1"
	r.Redact.Job = "nightly"
	r.Redact.Operator, r.Redact.Names = "Acme <Compliance>", policy.Names{{Kind: "organisation", ID: "o1", Name: "Acme"}}
	zone, err := time.LoadLocation("America/New_York")
	if err != nil {
		t.Fatal(err)
	}
	r.Redact.Zone = zone
	head := head(written(t, r))
	for _, want := range []string{
		`<span class="name">Acme</span> <bdi class="id">o1</bdi>`, "operated by Acme <Compliance> · job nightly · ",
		"2026-11-19 19:00:00 EST to 2026-11-20 19:00:00 EST (America/New_York)",
	} {
		if !strings.Contains(head, want) {
			t.Errorf("%q does not stand above the numbers:\n%s", want, head)
		}
	}
}

// The page tells by which row of the file each accepted finding is accepted.
func TestAcceptedFindingsAreCountedByTheirRow(t *testing.T) {
	r := small()
	r.Summary.Config.Policy = policy.PolicyIdentity{
		AcceptedGrounds: []policy.Grounds{{Row: 2, Reason: "line test <1>", By: "J. Doe", Basis: "known and explained"}},
		Accepted:        []string{"fnd-a"}, AcceptedRows: map[string]int{"fnd-a": 4}, AcceptedSubjects: []policy.AcceptedSubject{{Conversation: "c7", Row: 2}},
	}
	r.Findings = rows(table.Findings,
		cells{"finding_id": "fnd-a", "class": "conflict", "severity": "major", "status": "accepted"},
		cells{"finding_id": "fnd-b", "class": "conflict", "severity": "major", "status": "accepted", "conversation_id": "c7"},
		cells{"finding_id": "fnd-c", "class": "duplicate", "severity": "minor", "status": "accepted", "conversation_id": "c7"},
		cells{"finding_id": "fnd-d", "class": "duplicate", "severity": "minor", "status": "open", "conversation_id": "c7"})
	html := written(t, r)
	at := strings.Index(html, `id="todo"`)
	for _, want := range []string{
		"3 findings are accepted and no longer counted as open: 2 major and 1 minor.",
		"<li>1 major and 1 minor: accepted by J. Doe: line test &lt;1&gt; (basis: known and explained; row 2 of the file of accepted findings)</li><li>1 major: accepted (row 4",
	} {
		if first := strings.Index(html, want); first < 0 || first > at {
			t.Errorf("the page does not say above everything %q", want)
		}
	}

	hidden := &page.Run{ID: r.ID, Summary: r.Summary, Findings: r.Findings, Repairs: r.Repairs, Calls: r.Calls, Outages: r.Outages}
	hidden.Redact = policy.Report{Redact: policy.RedactAll, PseudonymKey: []byte("k")}
	if html := written(t, hidden); strings.Contains(html, "Doe") || !strings.Contains(html, "accepted (row 2 ") {
		t.Error("pseudonyms stand beside what people wrote, or the row is not named")
	}
}

// Where nothing is open, the page still says what is missing, what was accepted, and what
// no log could show.
func TestThatNothingIsToBeDoneClaimsNoMoreThanIsKnown(t *testing.T) {
	none := func() *page.Run {
		r := small()
		r.Summary.Findings, r.Summary.Verdicts, r.Calls, r.Outages, r.Findings = nil, map[string]int64{}, table.Empty, table.Empty, table.Empty
		return r
	}
	const whole = "Nothing: no finding is open; no call is in doubt; "
	for _, test := range []struct {
		change    func(*page.Run)
		want, not string
	}{
		{func(*page.Run) {}, whole + "no registration failed, lapsed or was removed so that it matters here.", "cannot be told:"},
		{
			func(r *page.Run) {
				r.Summary.Verdicts["missing"] = 1
				r.Findings = rows(table.Findings, cells{"finding_id": "fnd-a", "class": "missing_recording", "severity": "critical", "status": "accepted"})
			},
			"Nothing: no finding is open, as 1 finding is accepted (1 critical); no call is in doubt; 1 call is missing; no registration failed", "finding is open;",
		},
		{
			func(r *page.Run) { r.Summary.Partitions[1].State = report.Unusable },
			whole + "whether registrations failed cannot be told: the logs of registrations delivered nothing usable.", "no registration failed",
		},
		{
			func(r *page.Run) { r.Summary.Config.Sources = r.Summary.Config.Sources[:2] },
			whole + "whether registrations failed cannot be told: no log of registrations was to be read.", "<dt>outages</dt><dd><b>0",
		},
		{
			func(r *page.Run) { r.Summary.Partitions[1].State = report.Damaged },
			"matters here, as far as the logs show: logs of registrations are incomplete for a part of the time", "<dt>outages</dt><dd><b>0",
		},
	} {
		r := none()
		test.change(r)
		html := written(t, r)
		if !strings.Contains(html, test.want) || strings.Contains(html, test.not) {
			t.Errorf("the page does not say %q, or it says %q:\n%s", test.want, test.not, todo(t, r))
		}
	}
}

// A span of nights whose logs could show no outage says nothing of outages.
func TestASpanWithoutLogsCountsNoOutages(t *testing.T) {
	a := week()
	for i := range a.Intervals {
		if s := a.Intervals[i].Summary; s != nil {
			s.Config.Sources = nil
		}
		a.Intervals[i].Outages = table.Empty
	}
	html := audited(t, a)
	if strings.Contains(html, "No registration failed") || !strings.Contains(html, "<p>Whether registrations failed cannot be told: no log of registrations was to be read.</p>") {
		t.Error("the page speaks of outages that no log could show")
	}
	if want := `<td class="num">0</td><td class="num">–</td><td class="num">–</td>`; strings.Count(html, want) != 3 {
		t.Errorf("the table of intervals and its sum have no %s", want)
	}
}

// Each reason for which audio cannot be read is work for somebody else, and the call that
// lost its recording by it is a part of the same work.
func TestAudioThatCannotBeReadIsWorkByItsCode(t *testing.T) {
	r := small()
	class := func(n int, class, detail string) cells {
		return cells{"finding_id": fmt.Sprintf("fnd-%d", n), "class": class, "severity": "critical", "status": "open", "detail": detail}
	}
	r.Findings = rows(table.Findings,
		class(1, "media_unreadable", "code=AccessDenied"), class(2, "missing_recording", "void=media_unreadable"),
		class(3, "media_unreadable", "code=InvalidObjectState"), class(4, "media_unreadable", "code=KMS.DisabledException;key=arn:aws:kms:eu-west-1:1:key/2"),
		class(5, "media_unreadable", "code=AccessDenied;key=arn:aws:kms:eu-west-1:1:key/3"), class(6, "missing_recording", "void=deleted;media_unreadable"))
	r.Summary.Findings = []report.FindingCount{
		{Class: "media_unreadable", Severity: "critical", Status: "open", Count: 4}, {Class: "missing_recording", Severity: "critical", Status: "open", Count: 2},
	}
	got := titlesOf(todo(t, r))
	slices.Sort(got)
	want := []string{
		"Ask whether audio that is gone can be restored: 1 finding", "Give the OAuth client the scope: 1 outage lasting 30 min; 2 missing calls coincide, 1 possibly",
		"Have audio made readable: 2 findings", "Have the job allowed to use the key of encrypted audio: 1 finding",
		"Have the key of encrypted audio enabled: 1 finding", "Restore audio from its archive: 1 finding",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

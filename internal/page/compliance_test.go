package page_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"cdrmend/internal/audit"
	"cdrmend/internal/page"
	"cdrmend/internal/page/browsertest"
	"cdrmend/internal/report"
	"cdrmend/internal/table"
)

// month is an audit in which all that comes from outside has one text.
func month(outside string) *audit.Report {
	var row table.Row
	listed := cells{"part": "not_recorded", "verdict": "missing", "outage_relation": "inside", "commit": 1, "start_time": "10:00"}
	for _, c := range table.Unrecorded.Columns {
		if c.Kind == table.Text && listed[c.Name] == nil {
			listed[c.Name] = outside
		}
	}
	listed.fill(&row, table.Unrecorded)
	coverage := report.Coverage{Recorded: 9, Of: 10, Total: report.AtLeast, RecordedPercent: text("90.00")}
	calls := audit.Calls{Of: 10, Recorded: 9, Missing: 1}
	groups := audit.Groups{Groups: []audit.Group{{Org: outside, ID: outside, Name: outside, Calls: calls}}}
	return &audit.Report{
		First: "2026-11-20", Last: "2026-11-22", Newest: "2026-11-23T03:00:00.000000Z", Redaction: "counsel", Job: outside, Operator: outside, Orgs: []audit.Thing{{ID: outside, Name: outside}},
		Committed: 2, Absent: []string{"2026-11-21"}, Coverage: coverage, Calls: calls,
		Notices: audit.Notices{List: []audit.Notice{{About: "warning", Text: outside, Next: outside, First: "2026-11-20", Last: "2026-11-20", Intervals: 1}}},
		Days: []audit.Day{
			{Day: "2026-11-20", Intervals: []string{"2026-11-20"}, Coverage: coverage, Calls: calls},
			{Day: "2026-11-21", Intervals: []string{"2026-11-21"}, Absent: []string{"2026-11-21"}},
			{Day: "2026-11-22", Intervals: []string{"2026-11-22"}, Coverage: coverage, Calls: calls},
		},
		Trunks: groups, Lines: groups, Queues: groups, Users: groups,
		Causes:    []audit.Cause{{Cause: outside, Failed: true, Outages: 1}},
		List:      audit.List{NotRecorded: 1, First: []table.Cells{table.CellsOf(&row)}},
		Retention: &audit.Retention{Objects: 1, Asked: 1, Unretained: 1, First: []audit.Unkept{{Key: outside}}},
		Commits:   []audit.Commit{{Interval: "2026-11-20", Number: 1, Time: "2026-11-21T03:00:00.000000Z", SHA256: strings.Repeat("ab", 32), Signature: "none"}},
	}
}

func complianceOf(t *testing.T, r *audit.Report) string {
	t.Helper()
	var b bytes.Buffer
	if err := (&page.Compliance{Report: r}).Write(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestAnAuditSaysOfADayWithoutACommitThatNothingIsKnown(t *testing.T) {
	html := complianceOf(t, month("T1"))
	for _, want := range []string{
		"Nothing is committed for 2026-11-21: what happened then is not part of any number here.", "not committed: nothing is known of this day",
		"9 of at least 10 calls that should be recorded in 2 intervals are recorded, 90.00 % of at least 10.", "1 of 1 object was asked. Of those 0 are retained by something.",
	} {
		if !strings.Contains(html, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
	if n := strings.Count(html, `<line class="way"`); n != 0 {
		t.Errorf("%d lines join days with another between them of which nothing is known", n)
	}
	if html != complianceOf(t, month("T1")) {
		t.Error("the same audit gives another page")
	}
}

func TestHostileNamesInAnAuditAreText(t *testing.T) {
	file := filepath.Join(t.TempDir(), "audit.html")
	if err := os.WriteFile(file, []byte(complianceOf(t, month(hostile))), 0o600); err != nil {
		t.Fatal(err)
	}
	p := browsertest.Open(t).Show(t, file, laptop)
	var v struct {
		Hacked string
		Images int
		Text   string
	}
	p.Eval(`({Hacked: typeof hacked, Images: document.querySelectorAll("img, script:not([type])").length, Text: document.body.innerText})`, &v)
	if v.Hacked != "undefined" || v.Images != 1 { // the page's own script
		t.Errorf("a name was run: %q, and %d images and scripts stand in the page", v.Hacked, v.Images)
	}
	if got := append(p.Complaints(), p.Requests()[1:]...); len(got) > 0 {
		t.Errorf("the browser complains, or the page asks for more than itself: %q", got)
	}
	for _, c := range "\u202e\u2066\u200b\x1b\u2028" {
		if strings.ContainsRune(v.Text, c) {
			t.Errorf("the page shows %U as it is", c)
		}
	}
	if n := strings.Count(v.Text, `\u{202e}\u{2066}\u{200b}`); n < 15 {
		t.Errorf("the page shows the text %d times", n)
	}
}

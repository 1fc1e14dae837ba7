package page_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"cdrmend/internal/page"
	"cdrmend/internal/page/browsertest"
	"cdrmend/internal/report"
	"cdrmend/internal/table"
)

var laptop = browsertest.View{Width: 1440, Height: 900}

// show writes a page and opens it in a browser.
func show(t *testing.T, b *browsertest.Browser, r *page.Run) *browsertest.Page {
	t.Helper()
	file := filepath.Join(t.TempDir(), "report.html")
	if err := os.WriteFile(file, []byte(written(t, r)), 0o600); err != nil {
		t.Fatal(err)
	}
	return b.Show(t, file, laptop)
}

// hostile is what somebody may call a trunk, a conversation or an object.
const hostile = "\"><img src=https://evil.example/x onerror='hacked=1'><script>hacked=1</script></script><!--<script>" +
	"{{.}}\u202e\u2066\u200b\u00a0\u0000\x1b[31m\u2028${hacked=1}`;hacked=1//"

func TestHostileIDsAreText(t *testing.T) {
	r := small()
	row := cells{}
	for _, column := range table.Findings.Columns {
		if column.Kind == table.Text {
			row[column.Name] = hostile
		}
	}
	row["severity"], row["status"], row["class"] = "critical", "open", "missing_recording"
	r.Findings = rows(table.Findings, row)
	r.Summary.Findings = []report.FindingCount{{Class: "missing_recording", Severity: "critical", Status: "open", Count: 1}}
	r.Calls = rows(table.Calls, cells{"verdict": "missing", "trunk_id": hostile, "org_id": hostile, "start_time": "10:00", "outage_relation": "inside", "outage_cause": hostile})
	r.Outages = rows(table.Outages, cells{"outage_id": hostile, "trunk_id": hostile, "line_id": hostile, "start_time": "10:00", "end_time": "11:00", "cause": hostile, "ended_by": hostile})
	r.Repairs = rows(table.Repairs, cells{"field": hostile, "new_value": hostile, "old_value": hostile, "rule": hostile, "evidence": hostile, "object_key": hostile})
	r.Summary.Incomplete[0].Input, r.Summary.Warnings = hostile, []string{hostile}
	r.Files = append(r.Files, page.File{Path: hostile})

	p := show(t, browsertest.Open(t), r)
	p.Eval(`document.querySelectorAll("#list-findings tbody button, #list-repairs tbody button").forEach(b => b.click())`, nil)
	var hacked string
	p.Eval(`typeof hacked`, &hacked)
	if hacked != "undefined" {
		t.Error("what an id says was run")
	}
	if got := p.Requests(); len(got) != 1 {
		t.Errorf("the page asks for %q, want only itself", got)
	}
	if got := p.Complaints(); len(got) > 0 {
		t.Errorf("the browser complains: %s", strings.Join(got, "\n"))
	}
	var text string
	var images int
	p.Eval(`document.querySelectorAll("img, script:not([type])").length`, &images)
	if images != 1 { // the page's own script
		t.Errorf("%d images and scripts stand in the page, want one script", images)
	}
	p.Eval(`document.body.innerText`, &text)
	for _, c := range "\u202e\u2066\u200b\u00a0\x1b\u2028" {
		if strings.ContainsRune(text, c) {
			t.Errorf("the page shows %U as it is", c)
		}
	}
	if want := `{{.}}\u{202e}\u{2066}\u{200b}\u{a0}\u{0}\u{1b}[31m\u{2028}${hacked=1}`; strings.Count(text, want) < 20 {
		t.Errorf("the page shows %q %d times", want, strings.Count(text, want))
	}
}

// many is a night with the most findings that a page holds.
func many() *page.Run {
	const n = 20_000
	r := small()
	r.Summary.Findings = []report.FindingCount{{Class: "missing_recording", Severity: "critical", Status: "open", Count: n}}
	r.Findings = func(yield func(*table.Row, error) bool) {
		var row table.Row
		for i := range n {
			cells{
				"finding_id": fmt.Sprintf("fnd-%016x", i*7919), "class": "missing_recording", "severity": "critical", "status": "open",
				"org_id": "6f0a7c52-3e1d-4b8a-9c47-d2b15e8f6a30", "conversation_id": fmt.Sprintf("%08x-3d83-4181-8032-%012x", i, i*31),
				"recording_id": fmt.Sprintf("%08x-c88b-4afa-883f-%012x", i*3, i), "trunk_id": fmt.Sprintf("trunk-%d", i%50), "source": "genesys",
				"object_key": fmt.Sprintf("6f0a7c52-3e1d-4b8a-9c47-d2b15e8f6a30/year=2026/month=11/day=20/hour=10/conversation_id=%08x/%012x.opus_metadata.json", i, i),
				"entry":      i, "start_time": fmt.Sprintf("%02d:%02d", i%24, i%60), "outage_relation": "none",
			}.fill(&row, table.Findings)
			if !yield(&row, nil) {
				return
			}
		}
	}
	return r
}

// However many findings there are, few rows stand in the document, and a
// reader finds one among all.
func TestTwentyThousandFindingsStayInHand(t *testing.T) {
	p := show(t, browsertest.Open(t), many())
	var size int
	p.Eval(`document.documentElement.outerHTML.length`, &size)
	var v struct {
		Rows, Elements int
		Count          string
		First          string
	}
	look := func() {
		t.Helper()
		var raw json.RawMessage
		p.Eval(`({Rows: document.querySelectorAll("#list-findings tbody tr").length, Elements: document.querySelectorAll("*").length,
			Count: document.querySelector("#count-findings").textContent,
			First: document.querySelector("#list-findings tbody td.time")?.textContent ?? ""})`, &raw)
		if err := json.Unmarshal(raw, &v); err != nil {
			t.Fatal(err)
		}
		if v.Rows > 50 || v.Elements > 6000 {
			t.Errorf("%d rows and %d elements stand in the document", v.Rows, v.Elements)
		}
	}
	look()
	if v.Count != "20,000 findings; 1 to 50 are shown." {
		t.Errorf("the page says %q", v.Count)
	}
	started := time.Now()
	p.Eval(`document.querySelector("#find-findings [name=search]").focus()`, nil)
	p.Type(fmt.Sprintf("fnd-%016x", 18706*7919))
	look()
	t.Logf("%.1f MB; searching all findings: %v", float64(size)/1e6, time.Since(started))
	if v.Count != "1 of 20,000 findings matches." || v.Rows != 1 {
		t.Errorf("searching for one finding, the page says %q and shows %d rows", v.Count, v.Rows)
	}
	p.Press("Escape")
	started = time.Now()
	p.Eval(`[...document.querySelectorAll("#list-findings thead button")].find(b => b.textContent === "Start (UTC)").click()`, nil)
	look()
	t.Logf("sorting them: %v", time.Since(started))
	if v.First != "2026-11-20 00:00:00" {
		t.Errorf("sorted by start, the list begins with %s", v.First)
	}
	p.Eval(`[...document.querySelectorAll("#pages-findings button")].find(b => b.textContent === "Last").click()`, nil)
	look()
	if v.Count != "20,000 findings; 19,951 to 20,000 are shown." || v.First < "2026-11-20 23:50" {
		t.Errorf("on the last page it says %q and begins with %s", v.Count, v.First)
	}
}

package statement_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"cdrmend/internal/audit"
	"cdrmend/internal/report"
	"cdrmend/internal/statement"
	"cdrmend/internal/table"
)

// month is an audit of 30 days, each with a call that is missing, but for one without a
// commit. A name stands wherever one comes from outside.
func month(name string) *audit.Report {
	share := "99.00"
	day := report.Coverage{Recorded: 99, Of: 100, Total: report.Known, RecordedPercent: &share}
	calls := audit.Calls{Of: 100, Recorded: 99, Missing: 1}
	r := &audit.Report{
		First: "2026-11-01", Last: "2026-11-30", Newest: "2026-12-02T03:00:00.000000Z", Redaction: "ops", Orgs: []audit.Thing{{ID: name, Name: name}}, Operator: name,
		Committed: 29, Absent: []string{"2026-11-07"}, Coverage: report.Coverage{Total: report.Known},
		Notices: audit.Notices{List: []audit.Notice{{About: "warning", Text: name, First: "2026-11-02", Last: "2026-11-09", Intervals: 3}}},
		Target:  &audit.Target{Percent: "99.5", State: audit.Missed, Lacking: 15, Missed: 29, Undecided: 1},
		Trunks:  audit.Groups{Groups: []audit.Group{{ID: name, Calls: calls}}},
		Causes:  []audit.Cause{{Cause: "scope_missing", Sentence: "the token lacks a required scope", Outages: 2, LastingMS: 5400_000}},
	}
	for n := 1; n <= 30; n++ {
		d := audit.Day{Day: fmt.Sprintf("2026-11-%02d", n), Intervals: []string{"i"}, Coverage: day, Calls: calls, Target: audit.Missed}
		if n == 7 {
			d = audit.Day{Day: d.Day, Intervals: d.Intervals, Absent: d.Intervals}
		} else {
			r.Coverage.Add(&day)
		}
		r.Days = append(r.Days, d)
		r.Commits = append(r.Commits, audit.Commit{Interval: d.Day, Number: 1, Time: r.Newest, SHA256: strings.Repeat("ab", 32), Signature: "none"})
	}
	r.Calls = audit.Calls{Of: 2900, Recorded: 2871, Missing: 70, Indeterminate: 1}
	r.List.NotRecorded, r.List.CannotBeTold = 70, 1
	for range 70 {
		r.List.First = append(r.List.First, listedAs(audit.NotRecorded, "missing", name))
	}
	r.List.FirstUntold = []table.Cells{listedAs(audit.CannotBeTold, "indeterminate", name)}
	return r
}

func listedAs(part, verdict, name string) table.Cells {
	var row table.Row
	row.Reset(table.Unrecorded)
	for _, c := range table.Unrecorded.Columns {
		switch {
		case c.Name == "part":
			row.AddText(part)
		case c.Name == "verdict":
			row.AddText(verdict)
		case c.Name == "outage_relation":
			row.AddText("none")
		case c.Kind == table.Text:
			row.AddText(name)
		default:
			row.AddNull()
		}
	}
	return table.CellsOf(&row)
}

// writtenAudit returns the path of the PDF of an audit.
func writtenAudit(t *testing.T, r *audit.Report) string {
	t.Helper()
	var pdf, again bytes.Buffer
	for _, w := range []*bytes.Buffer{&pdf, &again} {
		if err := statement.WriteAudit(w, r); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(pdf.Bytes(), again.Bytes()) {
		t.Error("the same audit gives other bytes when it is written again")
	}
	path := filepath.Join(t.TempDir(), "audit.pdf")
	if err := os.WriteFile(path, pdf.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestAnAuditReadsAsAMonthlyReport(t *testing.T) {
	text, _ := read(t, writtenAudit(t, month("T1")))
	for _, want := range []string{
		"Compliance report: recording of calls", "2026-11-01 to 2026-11-30 (days in UTC)", "Nothing is committed for 2026-11-07", "3 intervals from 2026-11-02 to 2026-11-09: T1.",
		"2,871 of 2,900 calls that should be recorded in 29 intervals are known to be recorded, 99.00 %.", "The target of 99.5 % is missed: 15 more calls had to be recorded for it.",
		"2026-11-07 not committed", "2026-11-30 99 100 99.00 % 1 0 0 0 missed", "all 2,871 2,900 99.00 %", "And 10 further calls: see the list in CSV.",
		"Calls of which nobody can tell", "scope_missing The token lacks a required scope 2 1 h 30 min",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the PDF does not say %q:\n%s", want, text)
		}
	}
	if strings.Contains(text, "Retention by Object Lock") || !strings.Contains(text, "7 Method and limits") {
		t.Errorf("without an answer about retention there is a section about it, or a number is left out:\n%s", text)
	}
}

// However long names are, nothing runs out of the page.
func TestLongAndForeignNamesStayOnThePageOfAnAudit(t *testing.T) {
	for _, name := range []string{strings.Repeat("long-", 200), "متن \u202e 漢字 \x1b[31m", ""} {
		text, pages := read(t, writtenAudit(t, month(name)))
		if !strings.Contains(text, "page 1 of "+pages) || !strings.Contains(text, "page "+pages+" of "+pages) {
			t.Errorf("with the name %.20q %s pages are not numbered", name, pages)
		}
		if strings.ContainsAny(text, "\u202e\x1b") {
			t.Errorf("with the name %.20q an invisible character is shown as it is", name)
		}
	}
}

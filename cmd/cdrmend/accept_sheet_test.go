package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"cdrmend/internal/outside"

	"github.com/xuri/excelize/v2"
)

// What people fill in goes from the sheet of a night into the files of the
// configuration, and from there into the next sheet, where nothing is lost; what they
// accept is accepted by the next run.
func TestAFilledInSheetComesBackWithTheNextNight(t *testing.T) {
	outside.Long(t)
	dir := t.TempDir()
	for name, text := range map[string]string{
		"m/date=2026-11-20/a.json": `[{"recording_id":"r1","conversation_id":"c1","start_time":"2026-11-20T10:00:00Z","end_time":"2026-11-20T10:05:00Z"}]`,
		"c/date=2026-11-20/a.csv": "conversation_id,leg_id,recording_ids,start_time,answer_time,end_time\n" +
			"c1,l1,r1,2026-11-20T10:00:00Z,2026-11-20T10:00:00Z,2026-11-20T10:05:00Z\nc2,l2,r2,2026-11-20T11:00:00Z,2026-11-20T11:00:00Z,2026-11-20T11:05:00Z\n",
		"accepted.csv": "finding_id,reason,by\n",
		"work.csv":     "finding_id,owner,state,note,due\n",
		"night.yaml": "name: night\nsources:\n  manifests: [{name: m, url: 'm/date={date}/', profile: cdrmend}]\n  cdrs: [{name: c, url: 'c/date={date}/', profile: cdrmend}]\n" +
			"output: {url: out/, tables: [csv]}\npolicy: {accepted: accepted.csv, required_fields: [recording_id]}\nreport: {worklist: work.csv}\n",
	} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	program := filepath.Join(built(t), "cdrmend")
	call := func(want int, args ...string) string {
		t.Helper()
		cmd := exec.Command(program, append(args, "--config", "night.yaml")...)
		cmd.Dir = dir
		out, _ := cmd.CombinedOutput()
		if got := cmd.ProcessState.ExitCode(); got != want {
			t.Fatalf("%v exits with %d, want %d: %s", args, got, want, out)
		}
		return string(out)
	}
	run := func(want int) string {
		before, _ := filepath.Glob(filepath.Join(dir, "out/interval=*/runs/*/findings.xlsx"))
		call(want, "run", "--interval", "2026-11-20", "--as-of", "2026-11-25T00:00:00Z", "--quiet")
		after, _ := filepath.Glob(filepath.Join(dir, "out/interval=*/runs/*/findings.xlsx"))
		for _, path := range after {
			if !strings.Contains(strings.Join(before, "\n"), path) {
				return path
			}
		}
		t.Fatal("the run wrote no sheet")
		return ""
	}
	fill := func(path string, cells map[string]any) string {
		t.Helper()
		f, err := excelize.OpenFile(path)
		if err != nil {
			t.Fatal(err)
		}
		rows, err := f.GetRows("Findings")
		if err != nil || len(rows) != 2 {
			t.Fatalf("%d rows, %v", len(rows), err)
		}
		for i, title := range rows[0] {
			if v, ok := cells[title]; ok {
				cell, _ := excelize.CoordinatesToCellName(i+1, 2)
				if text, ok := v.(string); ok && strings.HasPrefix(text, "=UPPER") { // a formula, without a value
					err = f.SetCellFormula("Findings", cell, text[1:])
				} else {
					err = f.SetCellValue("Findings", cell, v)
				}
				if err != nil {
					t.Fatal(err)
				}
			}
		}
		filled := filepath.Join(dir, "filled.xlsx")
		if err := f.SaveAs(filled); err != nil {
			t.Fatal(err)
		}
		return filled
	}

	first := run(1)
	for want, cells := range map[string]map[string]any{
		`M2 (due) holds "soon": want a date in the form YYYY-MM-DD, as 2026-12-01`:                {"due": "soon"},
		`J2 (owner) holds a formula, and the file does not have its value: open and save it in a`: {"owner": "=UPPER(\"kim\")"},
	} {
		if out := call(2, "accept", "--from", fill(first, cells)); !strings.Contains(out, want) {
			t.Errorf("accept says %s, want %s", out, want)
		}
	}
	note := "line one\nline \"two\"; ünï, =SUM(1)"
	out := call(0, "accept", "--from", fill(first, map[string]any{"owner": "=1+1", "state": "in progress", "note": note, "due": 46357}))
	if !strings.Contains(out, "1 finding changed, 0 cleared") || !strings.Contains(out, "cdrmend run --config night.yaml --interval 2026-11-20") {
		t.Errorf("accept says\n%s", out)
	}
	work, err := os.ReadFile(filepath.Join(dir, "work.csv"))
	if err != nil || !strings.Contains(string(work), ",=1+1,in progress,\"line one\nline \"\"two\"\"; ünï, =SUM(1)\",2026-12-01\n") {
		t.Errorf("%v, the file of the worklist is\n%s", err, work)
	}

	// The next sheet shows it, and reading that changes nothing.
	second := run(1)
	if out := call(0, "accept", "--from", second); !strings.Contains(out, "0 findings changed, 0 cleared\nNothing is new.") {
		t.Errorf("of its own sheet accept says\n%s", out)
	}
	// Edited, it still has its line breaks.
	call(0, "accept", "--from", fill(second, map[string]any{"note": note + "\nmore"}))
	if work, err := os.ReadFile(filepath.Join(dir, "work.csv")); err != nil || !strings.Contains(string(work), "\"line one\nline \"\"two\"\"; ünï, =SUM(1)\nmore\"") {
		t.Errorf("%v, the note is\n%s", err, work)
	}
	second = run(1)

	// Whoever accepts at the same time as others loses no row.
	if out := call(2, "accept", "", "--reason", "r", "--by", "b"); !strings.Contains(out, "an id is empty") {
		t.Errorf("of an empty id it says %s", out)
	}
	call(0, "accept", "--from", fill(second, map[string]any{"state": "accept: retention ended", "owner": "Kim"}))
	run(0)
	call(0, "verify", "--recompute", "--inputs")
	if again, err := os.ReadFile(filepath.Join(dir, "work.csv")); err != nil || !strings.Contains(string(again), "\"line one\nline \"\"two\"\"; ünï, =SUM(1)\nmore\"") {
		t.Errorf("%v, the note is lost:\n%s", err, again)
	}
}

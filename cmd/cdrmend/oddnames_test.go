package main

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"unicode/utf8"

	"cdrmend/internal/report"

	"github.com/google/go-cmp/cmp"
)

const oddConfig = `name: odd
sources:
  manifests: [{name: m, url: "m/date={date}/", profile: cdrmend, settle: 0s}]
  cdrs: [{name: c, url: c/, profile: cdrmend, settle: 0s}]
output: {url: out/, tables: [csv, parquet]}
`

// oddManifest is a document without the trunk of its one entry.
func oddManifest(n int) []byte {
	return fmt.Appendf(nil, `[{"recording_id":"r%[1]d","conversation_id":"c%[1]d","start_time":"2026-11-20T10:00:00Z","end_time":"2026-11-20T10:05:00Z"}]`, n)
}

// TestNamesThatAreNotUTF8StayApartInEverythingThatARunWrites runs a night with such
// names, checks it with its inputs, computes it again and explains each finding.
func TestNamesThatAreNotUTF8StayApartInEverythingThatARunWrites(t *testing.T) {
	dir := t.TempDir()
	names := []string{"a\xff.json", "a\xfe.json", "a%\xff.json", "b%FF.json", "c\xff.json", "c%FF.json", "s\xff/x%.json"}
	want := []string{"a%FF.json", "a%FE.json", "a%25%FF.json", "b%FF.json", "%63%FF%2E%6A%73%6F%6E", "c%FF.json", "s%FF/x%.json"}
	for i, name := range names {
		write(t, dir+"/m/date=2026-11-20/"+name, oddManifest(i))
	}
	write(t, filepath.Join(dir, "c/a.csv"), []byte(alarmLegs))
	config := filepath.Join(dir, "cdrmend.yaml")
	write(t, config, []byte(oddConfig))
	if code, out := cdrmend(t, "run", "--config", config, "--interval", "2026-11-20", "--as-of", "2026-12-01T00:00:00Z"); code != exitFindings {
		t.Fatalf("exit code %d: %s", code, out)
	}

	runs, err := filepath.Glob(filepath.Join(dir, "out/interval=2026-11-20/runs/*"))
	if err != nil || len(runs) != 1 {
		t.Fatal(runs, err)
	}
	findings, err := os.Open(filepath.Join(runs[0], "findings.csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer findings.Close()
	rows, err := csv.NewReader(findings).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	column := slices.Index(rows[0], "object_key")
	ids := map[string]string{} // key by id
	shown := map[string]bool{}
	for _, row := range rows[1:] {
		if !utf8.ValidString(row[column]) || strings.ContainsRune(row[column], utf8.RuneError) {
			t.Errorf("the key %q is damaged", row[column])
		}
		if key, ok := strings.CutPrefix(row[column], "date=2026-11-20/"); ok {
			if other, taken := ids[row[0]]; taken {
				t.Errorf("%s and %s have a finding with one id", key, other)
			}
			ids[row[0]], shown[key] = key, true
		}
	}
	for _, key := range want {
		if !shown[key] {
			t.Errorf("no finding is about %s; there are %v", key, shown)
		}
	}

	for _, args := range [][]string{{"--inputs"}, {"--inputs", "--recompute"}} {
		if code, out := cdrmend(t, append([]string{"verify", "--config", config}, args...)...); code != exitDone {
			t.Errorf("verify %q exits with %d: %s", args, code, out)
		}
	}
	for id, key := range ids {
		code, out := cdrmend(t, "explain", id, "--config", config, "--quiet")
		if code != exitDone || !strings.Contains(out, key) {
			t.Errorf("explaining %s about %s exits with %d: %s", id, key, code, out)
		}
	}

	// A file that takes the place of one is noticed by its name.
	write(t, dir+"/m/date=2026-11-20/a\xfe.json", oddManifest(99))
	if code, out := cdrmend(t, "verify", "--config", config, "--inputs"); code == exitDone || !strings.Contains(out, "a%FE.json") {
		t.Errorf("verifying changed inputs exits with %d: %s", code, out)
	}
}

// TestWhatCannotBeAnInputIsInTheSummary runs a night whose directory holds such things,
// and computes it again.
func TestWhatCannotBeAnInputIsInTheSummary(t *testing.T) {
	dir := t.TempDir()
	link := func(to, at string) {
		t.Helper()
		if err := os.Symlink(to, filepath.Join(dir, at)); err != nil {
			t.Fatal(err)
		}
	}
	write(t, filepath.Join(dir, "m/date=2026-11-19/a.json"), []byte("[]"))
	write(t, filepath.Join(dir, "m/date=2026-11-20/a.json"), oddManifest(1))
	write(t, filepath.Join(dir, "m/date=2026-13-45/a.json"), oddManifest(2))
	write(t, filepath.Join(dir, "m/common/b.json"), oddManifest(3))
	write(t, filepath.Join(dir, "c/a.csv"), []byte(alarmLegs))
	link("../date=2026-11-19", "m/date=2026-11-20/yesterday")
	link("../common", "m/date=2026-11-19/common")
	link("../common", "m/date=2026-11-20/common")
	link("nowhere", "m/date=2026-11-20/gone")
	link("..", "m/date=2026-11-20/up")
	link("../../c/a.csv", "m/date=2026-11-20/out")
	if err := syscall.Mkfifo(filepath.Join(dir, "c/pipe"), 0o640); err != nil {
		t.Fatal(err)
	}
	sock, err := net.Listen("unix", filepath.Join(dir, "c", "s"))
	if err != nil {
		t.Fatal(err)
	}
	defer sock.Close()

	config := filepath.Join(dir, "cdrmend.yaml")
	write(t, config, []byte(oddConfig))
	args := []string{"run", "--config", config, "--interval", "2026-11-20", "--as-of", "2026-12-01T00:00:00Z"}
	code, out := cdrmend(t, args...)
	if code != exitFindings || !strings.Contains(out, "1 named pipe in source c, such as pipe") {
		t.Errorf("exit code %d: %s", code, out)
	}

	summaries, err := filepath.Glob(filepath.Join(dir, "out/interval=2026-11-20/runs/*/summary.json"))
	if err != nil || len(summaries) != 1 {
		t.Fatal(summaries, err)
	}
	text, err := os.ReadFile(summaries[0])
	if err != nil {
		t.Fatal(err)
	}
	var got report.Summary
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatal(err)
	}
	want := []report.Ignored{
		{Source: "c", Kind: "named_pipe", Count: 1, First: []string{"pipe"}},
		{Source: "c", Kind: "socket", Count: 1, First: []string{"s"}},
		{Source: "m", Kind: "dangling_link", Count: 1, First: []string{"date=2026-11-20/gone"}},
		{Source: "m", Kind: "misnamed_partition", Count: 1, First: []string{"date=2026-13-45"}},
		{Source: "m", Kind: "outside_link", Count: 1, First: []string{"date=2026-11-20/out"}},
		{Source: "m", Kind: "repeated_link", Count: 4, First: []string{
			"date=2026-11-20/common/b.json", "date=2026-11-20/up", "date=2026-11-20/yesterday/a.json", "date=2026-11-20/yesterday/common",
		}},
	}
	if diff := cmp.Diff(want, got.Ignored); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}

	if code, out := cdrmend(t, args...); !strings.Contains(out, "unchanged") {
		t.Errorf("running again exits with %d: %s", code, out)
	}
	if code, out := cdrmend(t, "verify", "--config", config, "--inputs", "--recompute"); code != exitDone {
		t.Errorf("verify exits with %d: %s", code, out)
	}
}

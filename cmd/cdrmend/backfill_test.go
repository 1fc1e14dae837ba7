package main

import (
	"bytes"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"cdrmend/internal/backfill"
)

// one returns the content of the one file that a pattern matches.
func one(t *testing.T, pattern string) string {
	t.Helper()
	found, err := filepath.Glob(pattern)
	if err != nil || len(found) != 1 {
		t.Fatalf("%s matches %q, %v", pattern, found, err)
	}
	raw, err := os.ReadFile(found[0])
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

// The sizes in a plan are those of what the runs of its intervals read.
func TestAPlanHasTheSizesThatRunsList(t *testing.T) {
	t.Chdir(t.TempDir())
	if _, errs, code := said(t, false, "synth", "--nights", "3", "--legs", "40", "--dir", "night"); code != exitDone {
		t.Fatal(errs)
	}
	at := []string{"--config", "night/cdrmend.yaml", "--as-of", "2026-12-01T00:00:00Z", "--from", "2026-11-19", "--to", "2026-11-24"}
	if _, errs, code := said(t, false, append([]string{"backfill", "plan", "--shards", "5"}, at...)...); code != exitDone {
		t.Fatal(errs)
	}
	text := one(t, "night/out/plans/*/plan.json")
	fits(t, "plan", text)
	var plan backfill.Plan
	if err := json.Unmarshal([]byte(text), &plan); err != nil {
		t.Fatal(err)
	}

	listed, errs, code := said(t, false, append([]string{"run", "--dry-run", "--json"}, at...)...)
	if code != exitDone {
		t.Fatal(errs)
	}
	var dry struct {
		Runs []struct {
			Interval       string
			Objects, Bytes int64
		}
	}
	if err := json.Unmarshal([]byte(listed), &dry); err != nil || len(dry.Runs) != len(plan.Shards) {
		t.Fatalf("%v: %d runs, %d shards", err, len(dry.Runs), len(plan.Shards))
	}
	for i, s := range plan.Shards {
		if r := dry.Runs[i]; s.From != r.Interval || s.Objects != r.Objects || s.Bytes != r.Bytes {
			t.Errorf("shard %d is %+v, and a run lists %+v", i, s, r)
		}
	}
}

func TestNotesOfWhatFailedAreAsTheirSchemaSays(t *testing.T) {
	writeSmallNight(t)
	night := []string{"--config", "night.yaml", "--json"}
	if _, errs, code := said(t, false, append([]string{"backfill", "plan", "--as-of", "2026-11-25T00:00:00Z", "--from", "2026-11-20", "--to", "2026-11-21", "--shards", "1"}, night...)...); code != exitDone {
		t.Fatal(errs)
	}
	plans, err := filepath.Glob("out/plans/*")
	if err != nil || len(plans) != 1 {
		t.Fatal(plans, err)
	}
	id := filepath.Base(plans[0])

	// Nothing can be written into a folder that is a file.
	write(t, "out/interval=2026-11-20/runs", nil)
	if _, errs, code := said(t, false, append([]string{"backfill", "run", "--plan", id, "--index", "0"}, night...)...); code != exitFailed {
		t.Fatalf("exit code %d: %s", code, errs)
	}
	fits(t, "failed", one(t, "out/plans/*/failed/2026-11-20.*.json"))
	text, _, code := said(t, false, append([]string{"backfill", "status", "--plan", id}, night...)...)
	fits(t, "backfill", text)
	if code != exitFindings || !strings.Contains(text, `"failed": 1`) {
		t.Errorf("status exits with %d: %s", code, text)
	}

	// Files there that no worker wrote are not taken for notes.
	for _, name := range []string{"2026-11-20.json", "2026-11-20.x.json", "2030-01-01.other.json", "x"} {
		write(t, filepath.Join(plans[0], "failed", name), []byte(`{"format":"cdrmend.failed/1","interval":"2026-11-21","code":9}`))
	}
	for name, note := range map[string]backfill.Failure{
		"2026-11-20.code.json":   {Code: 9, Reason: "code"},
		"2026-11-20.long.json":   {Code: 6, Reason: "long", Error: strings.Repeat("x", 20_000)},
		"2026-11-20.moved.json":  {Code: 6, Reason: "other_reason"},
		"2026-11-20.a\nb.json":   {Code: 6, Reason: "a\nb"},
		"2026-11-20.\x1b[m.json": {Code: 6, Reason: "\x1b[m"},
		"2026-11-20.x.y.json":    {Code: 6, Reason: "y", Interval: "2026-11-20.x"},
	} {
		note.Format = backfill.FailureFormat
		if note.Interval == "" {
			note.Interval = "2026-11-20"
		}
		raw, err := json.Marshal(note)
		if err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(plans[0], "failed", name), raw)
	}
	again, _, _ := said(t, false, append([]string{"backfill", "status", "--plan", id}, night...)...)
	if again != text {
		t.Errorf("status is\n%s\nwant\n%s", again, text)
	}
}

// once calls a function when a text is written to it for the first time.
type once struct {
	text string
	do   func()
	said bytes.Buffer
}

func (o *once) Write(b []byte) (int, error) {
	if do := o.do; do != nil && bytes.Contains(b, []byte(o.text)) {
		o.do = nil
		do()
	}
	return o.said.Write(b)
}

// A worker says so when another run replaced what it had committed: the interval is not
// done, and status says that it is missing.
func TestAWorkerWhoseCommitWasReplacedDoesNotSayThatAllIsDone(t *testing.T) {
	t.Chdir(t.TempDir())
	if _, errs, code := said(t, false, "synth", "--nights", "2", "--legs", "20", "--dir", "night"); code != exitDone {
		t.Fatal(errs)
	}
	config, err := os.ReadFile("night/cdrmend.yaml")
	if err != nil {
		t.Fatal(err)
	}
	write(t, "night/other.yaml", []byte(strings.Replace(string(config), "check: none", "check: exists", 1)))
	at := []string{"--as-of", "2026-11-25T00:00:00Z", "--from", "2026-11-20", "--to", "2026-11-22", "--quiet"}
	url, errs, code := said(t, false, append([]string{"backfill", "plan", "--config", "night/cdrmend.yaml", "--shards", "1"}, at...)...)
	if code != exitDone {
		t.Fatal(errs)
	}

	log := &once{text: `"msg":"committed"`, do: func() {
		args := []string{"run", "--config", "night/other.yaml", "--interval", "2026-11-20", "--as-of", "2026-11-25T00:00:00Z", "--fail-on", "none", "--quiet"}
		if _, errs, code := said(t, false, args...); code != exitDone {
			t.Error(errs)
		}
	}}
	w := &world{
		args: []string{"backfill", "run", "--config", "night/cdrmend.yaml", "--plan", strings.TrimSpace(url), "--index", "0"}, stdin: strings.NewReader(""),
		stdout: io.Discard, stderr: log, now: func() time.Time { return time.Date(2026, 11, 25, 0, 0, 0, 0, time.UTC) },
	}
	code = run(t.Context(), w)
	if text := log.said.String(); code != exitFailed || !strings.Contains(text, "interval 2026-11-20 is done no more") || strings.Contains(text, "interval 2026-11-21 is done") {
		t.Errorf("exit code %d: %s", code, text)
	}
}

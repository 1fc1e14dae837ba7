package main

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// Of two nights that have an id the newer one tells its story, and an id may be
// abbreviated. A byte that was changed to hide it there must lead neither to the older
// night nor to nothing.
func TestNoChangedByteHidesAnIDFromASearch(t *testing.T) {
	dir := t.TempDir()
	out := filepath.Join(dir, "out")
	cells := func(pattern, column string) (list []string) {
		t.Helper()
		for _, row := range rowsOfCSV(t, filepath.Join(out, onlyMatch(t, out, pattern))) {
			list = append(list, row[column])
		}
		return list
	}
	cdrmend(t, "synth", "--dir", dir, "--only", "--legs", "2000", "--lost", "0.05", "--nights", "2")
	cdrmend(t, "run", "--config", filepath.Join(dir, "cdrmend.yaml"), "--from", "2026-11-20", "--to", "2026-11-22", "--as-of", "2026-11-23T00:00:00Z",
		"--output", "file://"+out+"/", "--fail-on", "none", "--quiet")
	newer := filepath.Join(out, "interval=2026-11-21")

	both, earlier := "", cells("interval=2026-11-20/runs/*/calls.csv", "conversation_id")
	for _, c := range cells("interval=2026-11-21/runs/*/calls.csv", "conversation_id") {
		if c != "" && slices.Contains(earlier, c) {
			both = c
			break
		}
	}
	finding := cells("interval=2026-11-21/log/*.history.csv", "finding_id")[0]
	if both == "" {
		t.Fatal("no conversation lasts over midnight")
	}

	for name, c := range map[string]struct {
		id   string
		args []string
	}{
		"a conversation":         {both, []string{"explain", both, out, "--tables-only"}},
		"a finding":              {finding, []string{"explain", finding, out, "--tables-only"}},
		"the beginning of one":   {finding, []string{"explain", finding[:10], out, "--tables-only"}},
		"its history":            {finding, []string{"history", out, finding}},
		"its beginning, history": {finding, []string{"history", out, finding[:10]}},
	} {
		if code, said := cdrmend(t, c.args...); code != exitDone || !strings.Contains(said, "2026-11-21") {
			t.Errorf("%s: %v exits with %d and says\n%s", name, c.args, code, said)
		}

		files, err := filepath.Glob(filepath.Join(newer, "*", "*", "*.parquet"))
		if err != nil {
			t.Fatal(err)
		}
		logs, err := filepath.Glob(filepath.Join(newer, "log", "*.parquet"))
		if err != nil {
			t.Fatal(err)
		}
		kept := map[string][]byte{}
		for _, path := range append(files, logs...) {
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			other := []byte(c.id)
			other[len(other)-1] ^= 1
			if changed := bytes.ReplaceAll(text, []byte(c.id), other); !bytes.Equal(changed, text) {
				kept[path] = text
				write(t, path, changed)
			}
		}
		if len(kept) == 0 {
			t.Fatalf("%s: no table in Parquet has %s as it is", name, c.id)
		}

		var said, errs bytes.Buffer
		code := run(t.Context(), &world{args: c.args, environ: os.Environ(), stdout: &said, stderr: &errs, now: time.Now})
		if code != exitStopped || said.Len() > 0 || !strings.Contains(errs.String(), ".parquet") || !strings.Contains(errs.String(), "give the interval") {
			t.Errorf("%s: after a change %v exits with %d and says\n%s%s", name, c.args, code, said.String(), errs.String())
		}
		for path, text := range kept {
			write(t, path, text)
		}
	}
}

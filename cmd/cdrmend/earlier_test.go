package main

import (
	"archive/tar"
	"compress/gzip"
	"encoding/csv"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"cdrmend/internal/ledger"
	"cdrmend/internal/verify"
)

// earlier unpacks an output that a version without output ids and journal wrote, with
// its inputs, its configuration and its key. It has two nights of one signed commit
// each.
func earlier(t *testing.T) (dir string) {
	t.Helper()
	f, err := os.Open("testdata/earlier.tar.gz")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	unzipped, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	dir = t.TempDir()
	for archive := tar.NewReader(unzipped); ; {
		h, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return dir
		}
		if err != nil {
			t.Fatal(err)
		}
		if h.Typeflag != tar.TypeReg {
			continue
		}
		text, err := io.ReadAll(archive)
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(dir, filepath.FromSlash(h.Name))
		write(t, path, text)
		if err := os.Chtimes(path, h.ModTime, h.ModTime); err != nil {
			t.Fatal(err)
		}
	}
}

func verified(t *testing.T, dir string, more ...string) *verify.Report {
	t.Helper()
	out, errs, _ := said(t, false, append([]string{"verify", "--config", filepath.Join(dir, "cdrmend.yaml"), "--json"}, more...)...)
	r := new(verify.Report)
	if err := json.Unmarshal([]byte(out), r); err != nil {
		t.Fatalf("%v: %s%s", err, errs, out)
	}
	return r
}

// continued runs one of the two nights again with this version.
func continued(t *testing.T, dir string) {
	t.Helper()
	_, errs, code := said(t, false, "run", "--config", filepath.Join(dir, "cdrmend.yaml"), "--interval", "2026-11-20", "--as-of", "2026-11-26T00:00:00Z", "--quiet")
	if code != exitDone {
		t.Fatalf("exits with %d: %s", code, errs)
	}
}

func TestAnOutputOfAnEarlierVersionIsContinued(t *testing.T) {
	dir := earlier(t)
	r := verified(t, dir)
	if !r.Verified || r.Journal != nil || r.Records.Verified != 2 || !strings.Contains(strings.Join(r.Notes, "\n"), "it has no journal") {
		t.Errorf("before:\n%s", r.Text())
	}

	continued(t, dir)
	r = verified(t, dir)
	if !r.Verified || r.Journal == nil || r.Journal.Entries != 3 || r.Records.Verified != 3 || !strings.Contains(strings.Join(r.Notes, "\n"), "began with 2 records of an earlier version") {
		t.Errorf("after:\n%s", r.Text())
	}
	var named []string
	for number := int64(1); number <= 3; number++ {
		e, _, err := ledger.OpenEntry(read(t, dir, "out/journal/"+ledger.EntryName(number)), nil)
		if err != nil {
			t.Fatal(err)
		}
		named = append(named, e.Path)
	}
	if got, want := strings.Join(named, " "), "interval=2026-11-20/log/00000001.json interval=2026-11-21/log/00000001.json interval=2026-11-20/log/00000002.json"; got != want {
		t.Errorf("the journal names %s, want %s", got, want)
	}

	// What an earlier version found is still explained.
	rows, err := csv.NewReader(strings.NewReader(string(read(t, dir, onlyMatch(t, dir, "out/interval=2026-11-21/runs/*/findings.csv"))))).ReadAll()
	if err != nil || len(rows) < 2 {
		t.Fatalf("findings %q, %v", rows, err)
	}
	out, errs, code := said(t, false, "explain", rows[1][0], "--config", filepath.Join(dir, "cdrmend.yaml"))
	if code != exitDone || !strings.Contains(out, rows[1][0]) {
		t.Errorf("explain exits with %d: %s%s", code, errs, out)
	}

	// Nothing more is entered by a run that finds nothing new.
	continued(t, dir)
	if again := verified(t, dir, "--head", r.Journal.SHA256); !again.Verified || again.Journal.Entries != 3 {
		t.Errorf("after another run:\n%s", again.Text())
	}
}

// TestWhatIsDoneToAnOutputThatWasContinuedIsNamed also where only the journal vouches
// for what an earlier version wrote.
func TestWhatIsDoneToAnOutputThatWasContinuedIsNamed(t *testing.T) {
	for name, test := range map[string]struct {
		tamper func(t *testing.T, dir string)
		link   verify.Link
		object string
	}{
		"an earlier night is removed": {
			func(t *testing.T, dir string) { remove(t, dir, "out/interval=2026-11-21") },
			verify.RecordLink, "interval=2026-11-21/log/00000001.json",
		},
		"an earlier record is removed": {
			func(t *testing.T, dir string) { remove(t, dir, "out/interval=2026-11-21/log/00000001.json") },
			verify.RecordLink, "interval=2026-11-21/log/00000001.json",
		},
		"an earlier record is copied to another night": {
			func(t *testing.T, dir string) {
				text := strings.Replace(string(read(t, dir, "out/interval=2026-11-21/log/00000001.json")), "x", "y", 1)
				write(t, filepath.Join(dir, "out/interval=2026-11-22/log/00000001.json"), []byte(text))
			},
			verify.RecordLink, "interval=2026-11-22/log/00000001.json",
		},
		"a night of an earlier version is brought from elsewhere": {
			func(t *testing.T, dir string) { bring(t, dir) },
			verify.OutputLink, "interval=2026-11-21/log/00000001.json",
		},
		"output.json is removed": {
			func(t *testing.T, dir string) { remove(t, dir, "out/output.json") },
			verify.OutputLink, "output.json",
		},
		"the journal begins later": {
			func(t *testing.T, dir string) { remove(t, dir, "out/journal/00000001.json") },
			verify.JournalLink, "journal/00000001.json",
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := earlier(t)
			continued(t, dir)
			test.tamper(t, dir)
			for _, p := range verified(t, dir).Problems {
				if p.Link == test.link && p.Object == test.object {
					return
				}
			}
			t.Errorf("%s of %s is not named:\n%s", test.link, test.object, verified(t, dir).Text())
		})
	}
}

// bring makes an output that begins with one night, and puts another night of the
// earlier version into it: signed with the same key, and made elsewhere.
func bring(t *testing.T, dir string) {
	t.Helper()
	away := filepath.Join(dir, "away")
	if err := os.Rename(filepath.Join(dir, "out/interval=2026-11-21"), away); err != nil {
		t.Fatal(err)
	}
	remove(t, dir, "out/journal")
	remove(t, dir, "out/output.json")
	remove(t, dir, onlyMatch(t, dir, "out/interval=2026-11-20/log/00000002.json"))
	continued(t, dir)
	if err := os.Rename(away, filepath.Join(dir, "out/interval=2026-11-21")); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, dir, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(name)))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func remove(t *testing.T, dir, name string) {
	t.Helper()
	if err := os.RemoveAll(filepath.Join(dir, filepath.FromSlash(name))); err != nil {
		t.Fatal(err)
	}
}

// onlyMatch returns the one file of a pattern.
func onlyMatch(t *testing.T, dir, pattern string) string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(dir, filepath.FromSlash(pattern)))
	if err != nil || len(found) != 1 {
		t.Fatalf("%s: %q, %v", pattern, found, err)
	}
	name, err := filepath.Rel(dir, found[0])
	if err != nil {
		t.Fatal(err)
	}
	return filepath.ToSlash(name)
}

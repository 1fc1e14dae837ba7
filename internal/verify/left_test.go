package verify_test

import (
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"cdrmend/internal/ledger"
	"cdrmend/internal/outside"
	"cdrmend/internal/verify"
)

// isLeft reports whether a leftover of a name, with what it is called, is listed.
func isLeft(r *verify.Report, name string) bool {
	for _, left := range r.Leftovers {
		if left == name {
			return true
		}
	}
	return false
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestWhateverIsNoPartOfTheOutputIsLeftOverByName(t *testing.T) {
	t.Parallel()
	w, key := signedWorld(t)
	wantVerified(t, w.verify(key.Public()))
	elsewhere := t.TempDir()
	out := func(name string) string { return w.path("out/" + name) }

	must(t, os.Symlink(elsewhere, out("link-out")))
	must(t, os.Symlink("interval="+day20, out("interval=2026-11-19")))
	must(t, os.Symlink("nowhere", out("journal/dangling.json")))
	must(t, os.Symlink(out("output.json"), out("interval="+day21+"/log/more.json")))
	must(t, syscall.Mkfifo(out("interval="+day20+"/pipe"), 0o600))
	must(t, os.MkdirAll(out("interval="+day22+"/runs/empty"), 0o700))
	w.write("out/interval="+day20+"/log/.cdrmend-123.tmp", "x")
	w.write("out/notes.txt", "x")
	w.write("out/archive/interval="+day20+"/log/00000001.json", "x")
	w.write("out/journal/notes.txt", "x")
	w.write("out/holds/b.json", "x")
	w.write("out/holds/matter/notes.txt", "x")
	w.write("out/holds/matter/00000001.jsonl", "x")
	w.write("out/interval=tomorrow/log/00000001.json", "x")
	for _, kept := range []string{"plans/a.json", "journal/00000002.tsr", "interval=" + day20 + "/evidence/c.json"} {
		w.write("out/"+kept, "x")
	}

	r := w.verify(key.Public())
	wantVerified(t, r)
	want := []string{
		"link-out (a symbolic link)", "interval=2026-11-19 (a symbolic link)", "journal/dangling.json (a symbolic link)",
		"interval=" + day21 + "/log/more.json (a symbolic link)", "interval=" + day20 + "/pipe (a named pipe)",
		"interval=" + day22 + "/runs/empty/ (an empty folder)", "interval=" + day20 + "/log/.cdrmend-123.tmp (a temporary file)",
		"notes.txt", "archive/interval=" + day20 + "/log/00000001.json", "journal/notes.txt", "holds/b.json", "holds/matter/notes.txt", "holds/matter/00000001.jsonl", "interval=tomorrow/log/00000001.json",
	}
	for _, name := range want {
		if !isLeft(r, name) {
			t.Errorf("%s is not left over", name)
		}
	}
	if len(r.Leftovers) != len(want) {
		t.Errorf("got leftovers\n%s", strings.Join(r.Leftovers, "\n"))
	}
}

func TestAFirstCommitThatAKillLeftUnfinishedIsNoBreak(t *testing.T) {
	t.Parallel()
	w, key := signedWorld(t)
	const day23 = "2026-11-23"
	w.write("out/interval="+day23+"/runs/0123/calls.csv", "x")
	w.labels = append(w.labels, day23)
	r := w.verify(key.Public())
	wantVerified(t, r)
	if !strings.Contains(r.Text(), "interval 2026-11-23 is not committed yet") || !isLeft(r, "interval="+day23+"/runs/0123/calls.csv") {
		t.Errorf("the unfinished run is not told:\n%s", r.Text())
	}

	must(t, os.MkdirAll(w.path("out/interval=2026-11-24"), 0o700))
	w.labels, w.all = append(w.labels, "2026-11-24"), true
	wantVerified(t, w.verify(key.Public()))

	// A record that was removed is a break, and is named by who saw it.
	w.remove("out/" + recordKey(day22, 1))
	wantBroken(t, w.verify(key.Public()), verify.RecordLink, recordKey(day22, 1))
}

func TestAnIntervalWhoseRecordsWereRemovedIsNotCalledUnfinished(t *testing.T) {
	t.Parallel()
	w, key := signedWorld(t)
	w.remove("out/interval=" + day22 + "/log")
	r := w.verify(key.Public())
	wantBroken(t, r, verify.RecordLink, recordKey(day22, 1))
	if strings.Contains(r.Text(), "not committed yet") {
		t.Errorf("it says that a run was stopped:\n%s", r.Text())
	}
}

func TestAFolderThatIsGoneIsNamedInASpan(t *testing.T) {
	t.Parallel()
	w, key := signedWorld(t)
	w.remove("out/interval=" + day22)
	w.labels, w.from = []string{day21}, day21
	wantBroken(t, w.verify(key.Public()), verify.RecordLink, recordKey(day22, 1))
	w.from = ""
	wantVerified(t, w.verify(key.Public()))
}

// TestAForgedTableThatIsNoneIsNamed though its hash is that of its record, and all
// other tables are still compared.
func TestAForgedTableThatIsNoneIsNamed(t *testing.T) {
	t.Parallel()
	for _, file := range []string{"findings.parquet", "calls.csv"} {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			w, key := signedWorld(t)
			w.rewrite(day20, 2, file, func(string) string { return "PAR1 no table PAR1" }, key)
			w.sees(key)
			r := w.replay(key)
			p := wantBroken(t, r, verify.TableLink, runOf(w, day20, 2)+file)
			if !strings.Contains(p.Detail, "no table") || len(r.Unchecked) > 0 || r.Recomputed.Runs != 3 || r.Recomputed.Tables != 14 {
				t.Errorf("%s: the rest is not compared: %+v\n%s", p.Detail, r.Recomputed, r.Text())
			}
		})
	}
}

func TestAnOlderCommitIsComputedAgain(t *testing.T) {
	t.Parallel()
	w, key := signedWorld(t)
	w.labels = []string{day20}
	first := func(how *verify.Replay) { how.Commit = 1 }
	r := w.replay(key, first)
	wantVerified(t, r)
	if r.Recomputed.Runs != 1 || !strings.Contains(r.Text(), "late.csv\" is new since commit 1") {
		t.Errorf("got %+v\n%s", r.Recomputed, r.Text())
	}

	w.rewrite(day20, 1, "calls.csv", func(s string) string { return strings.Replace(s, "complete", "missing", 1) }, key)
	w.sees(key)
	wantBroken(t, w.replay(key, first), verify.TableLink, runOf(w, day20, 1)+"calls.csv")

	none := w.replay(key, func(how *verify.Replay) { how.Commit = 7 })
	if none.Verified || len(none.Unchecked) != 1 || !strings.Contains(none.Unchecked[0], "no commit 7") {
		t.Errorf("a commit that is not there counts as checked:\n%s", none.Text())
	}
}

func TestInputsThatTheRunDidNotListAreNamed(t *testing.T) {
	t.Parallel()
	w, key := signedWorld(t)
	w.labels = []string{day22}
	file := "in/c/date=2026-11-22/more.csv"
	w.write(file, "conversation_id\n")
	for name, test := range map[string]struct {
		after  time.Duration // of the commit
		broken bool
		text   string
	}{
		"it came later":         {time.Minute, false, "is new since commit 1"},
		"the run was under way": {-time.Minute, false, "while the run was under way, or hidden"},
		"it was hidden then":    {-25 * time.Hour, true, "hidden from the run"},
	} {
		at := w.asOf.Add(test.after)
		must(t, os.Chtimes(w.path(file), at, at))
		r := w.replay(key)
		if r.Verified == test.broken || !strings.Contains(r.Text(), test.text) || !strings.Contains(r.Text(), "more.csv") {
			t.Errorf("%s:\n%s", name, r.Text())
		}
		if r.Recomputed.Runs != 1 {
			t.Errorf("%s: it changes what is computed again", name)
		}
	}
}

// A record of several gigabytes is named, and the rest is checked.
func TestARecordThatIsTooLargeIsNamed(t *testing.T) {
	outside.Long(t)
	t.Parallel()
	w, key := signedWorld(t)
	must(t, os.Truncate(w.path("out/"+recordKey(day22, 1)), 1<<30))
	must(t, os.Truncate(w.path("out/"+ledger.IdentityFile), 1<<30))
	r := w.verify(key.Public())
	wantBroken(t, r, verify.RecordLink, recordKey(day22, 1))
	wantBroken(t, r, verify.OutputLink, ledger.IdentityFile)
	if r.Records.Verified != 3 {
		t.Errorf("the others are not checked:\n%s", r.Text())
	}
}

func TestAnEmptyFolderIsNotCalledAnOutput(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	must(t, os.MkdirAll(w.path("out"), 0o700))
	w.labels, w.all = []string{}, true
	r := w.verify(nil)
	if text := r.Text(); r.Verified || !strings.Contains(text, "nothing was ever committed here") || strings.Contains(text, "earlier version") {
		t.Errorf("an empty folder:\n%s", text)
	}
}

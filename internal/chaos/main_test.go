package chaos

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"cdrmend/internal/ledger/ledgertest"
	"cdrmend/internal/tempdir"
)

var _ = tempdir.DiskInCI()

// long says that everything is wanted and not samples.
var long = os.Getenv("CHAOS") != ""

func pick(sample, all int) int {
	if long {
		return all
	}
	return sample
}

func TestMain(m *testing.M) {
	code := m.Run()
	if long {
		if fmt.Println(total.String()); !total.clean() && code == 0 {
			code = 1
		}
	}
	if path, err := program(); err == nil {
		_ = os.RemoveAll(filepath.Dir(path))
	}
	os.Exit(code)
}

// program builds the program as it is shipped, and returns its path.
var program = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "cdrmend-chaos-*")
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "cdrmend")
	build := exec.Command("go", "build", "-trimpath", "-buildvcs=false", "-ldflags=-s -w", "-o", path, "../../cmd/cdrmend")
	if out, err := build.CombinedOutput(); err != nil {
		return "", errors.Join(err, errors.New(string(out)))
	}
	return path, nil
})

// tally counts what was done to the program, and what came of it.
type tally struct {
	mu                          sync.Mutex
	faults, kills, signals      int
	starts, restarts, commits   int
	duplicates, lost, differing int
}

var total tally

func (y *tally) add(counter *int, n int) {
	y.mu.Lock()
	defer y.mu.Unlock()
	*counter += n
}

func (y *tally) clean() bool { return y.duplicates+y.lost+y.differing == 0 }

func (y *tally) String() string {
	return fmt.Sprintf("\nfaults %d, kills survived %d, signals %d, concurrent starts %d, server restarts %d, commits %d\nduplicates %d, lost %d, byte differences %d",
		y.faults, y.kills, y.signals, y.starts, y.restarts, y.commits, y.duplicates, y.lost, y.differing)
}

// files are texts by their slash-separated paths.
type files map[string]string

// examine holds an output against its promises, and what it committed against
// what the same runs committed undisturbed. It returns the number of commits.
func examine(t *testing.T, what string, want, got files) int {
	t.Helper()
	a := ledgertest.Examine(got)
	for _, path := range slices.Sorted(maps.Keys(got)) {
		if text, known := want[path]; known && !equal(path, text, got[path]) {
			a.Differing = append(a.Differing, path+": differs from that of an undisturbed run")
		}
	}
	report(t, what, a)
	return a.Commits
}

// finished is examine for an output whose runs are all done: nothing may lack
// that undisturbed runs wrote, nothing may lie beside it, and the journal names every
// record.
func finished(t *testing.T, what string, want, got files) int {
	t.Helper()
	a := &ledgertest.Account{}
	for _, path := range slices.Sorted(maps.Keys(want)) {
		if _, there := got[path]; !there {
			a.Lost = append(a.Lost, path+": is not there after all runs are done")
		}
	}
	for _, path := range slices.Sorted(maps.Keys(got)) {
		if _, known := want[path]; !known && filepath.Ext(path) != ".tmp" {
			a.Duplicates = append(a.Duplicates, path+": no undisturbed run wrote it")
		}
	}
	a.Lost = append(a.Lost, ledgertest.Examine(got).Unentered...)
	report(t, what, a)
	return examine(t, what, want, got)
}

func report(t *testing.T, what string, a *ledgertest.Account) {
	t.Helper()
	for _, problem := range a.Problems() {
		t.Errorf("%s: %s", what, problem)
	}
	total.add(&total.duplicates, len(a.Duplicates))
	total.add(&total.lost, len(a.Lost))
	total.add(&total.differing, len(a.Differing)+len(a.Strange))
}

// equal compares two files of a path. The time of a commit is that of a
// clock, and the hash of a record is that of its time.
func equal(path, a, b string) bool {
	return a == b || bytes.Equal(timeless(path, a), timeless(path, b))
}

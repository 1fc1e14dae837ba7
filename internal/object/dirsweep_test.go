package object_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"cdrmend/internal/object"

	"github.com/google/go-cmp/cmp"
)

func TestSweepRemovesOldTemporaryFilesAndNothingElse(t *testing.T) {
	dir := t.TempDir()
	now := time.Now()
	put := func(name string, age time.Duration) string {
		t.Helper()
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte("x"), 0o640); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(path, now.Add(-age), now.Add(-age)); err != nil {
			t.Fatal(err)
		}
		return name
	}

	const old, young = 25 * time.Hour, 23 * time.Hour
	put(object.TempName(), old)
	put("a/b/c/"+object.TempName(), old)
	want := []string{
		put(object.TempName(), young),
		put("skipped/"+object.TempName(), old),
		put("a/object.json", old),
		put("a/.cdrmend-x.tmp", old),
		put("a/.cdrmend-"+strings.Repeat("A", 26)+".tmp.json", old),
		put("a/.cdrmend-"+strings.Repeat("a", 26)+".tmp", old),
	}

	// Neither a link nor a directory with such a name is a file that a run wrote, and a
	// link leads to nothing that may be removed.
	elsewhere := t.TempDir()
	other := filepath.Join(elsewhere, object.TempName())
	if err := os.WriteFile(other, nil, 0o640); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(other, now.Add(-old), now.Add(-old)); err != nil {
		t.Fatal(err)
	}
	link, directory := object.TempName(), object.TempName()
	if err := os.Symlink(elsewhere, filepath.Join(dir, "linked")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(other, filepath.Join(dir, link)); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(dir, directory), 0o750); err != nil {
		t.Fatal(err)
	}
	want = append(want, "linked", link, directory, "a", "a/b", "a/b/c", "skipped")

	store := mustOpen(t, object.Open, object.Location{Dir: dir}, object.Options{MakeRoot: true})
	skip := func(name string) bool { return name == "skipped" }
	removed, err := store.(object.Sweeper).Sweep(t.Context(), "", now.Add(-24*time.Hour), skip)
	if removed != 2 || err != nil {
		t.Errorf("removed %d files, %v; want 2", removed, err)
	}

	var got []string
	_ = filepath.WalkDir(dir, func(path string, _ fs.DirEntry, _ error) error {
		if rel, _ := filepath.Rel(dir, path); rel != "." {
			got = append(got, rel)
		}
		return nil
	})
	slices.Sort(got)
	slices.Sort(want)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("left (-want +got):\n%s", diff)
	}
	if _, err := os.Stat(other); err != nil {
		t.Errorf("a file behind a link: %v", err)
	}
}

func TestSweepOfAnOutputThatDoesNotExistRemovesNothing(t *testing.T) {
	store := mustOpen(t, object.Open, object.Location{Dir: filepath.Join(t.TempDir(), "none")}, object.Options{MakeRoot: true})
	removed, err := store.(object.Sweeper).Sweep(t.Context(), "", time.Now(), func(string) bool { return false })
	if removed != 0 || err != nil {
		t.Errorf("%d, %v", removed, err)
	}
}

// TestOutputIsNotForOthers creates objects in both ways: copied, and taken over from a
// prepared file.
func TestOutputIsNotForOthers(t *testing.T) {
	for name, c := range map[string]struct {
		umask     int
		file, dir fs.FileMode
	}{
		"usual umask":         {0o022, 0o640, 0o750},
		"umask of a group":    {0o002, 0o640, 0o750},
		"umask of the owner":  {0o077, 0o600, 0o700},
		"umask of the system": {0o000, 0o640, 0o750},
	} {
		t.Run(name, func(t *testing.T) {
			before := syscall.Umask(c.umask)
			defer syscall.Umask(before)
			dir := filepath.Join(t.TempDir(), "out", "of", "here")
			store := mustOpen(t, object.Open, object.Location{Dir: dir}, object.Options{MakeRoot: true})
			if err := store.Create(t.Context(), "a/b/copied", object.ContentOf([]byte("x"))); err != nil {
				t.Fatal(err)
			}

			prepared := filepath.Join(dir, object.TempName())
			f, err := object.CreateTemp(prepared)
			if err != nil {
				t.Fatal(err)
			}
			_, err = f.WriteString("y")
			if err := f.Close(); err != nil {
				t.Fatal(err)
			}
			content := object.ContentOf([]byte("y"))
			content.File = prepared
			if err == nil {
				err = store.Create(t.Context(), "a/taken", content)
			}
			if err != nil {
				t.Fatal(err)
			}

			for path, want := range map[string]fs.FileMode{
				"a/b/copied": c.file, "a/taken": c.file, "a/b": c.dir, "a": c.dir, ".": c.dir, "..": c.dir, "../..": c.dir,
			} {
				info, err := os.Stat(filepath.Join(dir, path))
				if err != nil || info.Mode().Perm() != want {
					t.Errorf("%s has mode %v, want %v: %v", path, info.Mode().Perm(), want, err)
				}
			}
		})
	}
}

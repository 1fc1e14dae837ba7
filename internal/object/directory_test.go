package object_test

import (
	"context"
	"errors"
	"io"
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

func listKeys(t *testing.T, s object.Store, prefix string) ([]string, error) {
	t.Helper()
	keys := []string{}
	for info, err := range s.List(t.Context(), prefix) {
		if err != nil {
			return keys, err
		}
		keys = append(keys, info.Key)
	}
	return keys, nil
}

func wantListed(t *testing.T, s object.Store, prefix string, want ...string) {
	t.Helper()
	got, err := listKeys(t, s, prefix)
	if err != nil {
		t.Fatalf("List(%q): %v", prefix, err)
	}
	if diff := cmp.Diff(append([]string{}, want...), got); diff != "" {
		t.Errorf("List(%q) (-want +got):\n%s", prefix, diff)
	}
}

func openDir(t *testing.T) (object.Store, string) {
	dir := t.TempDir()
	return mustOpen(t, object.Open, object.Location{Dir: dir}, object.Options{}), dir
}

func TestMissingDirectoryIsAnErrorUnlessItMayBeMade(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "no", "such")
	store := mustOpen(t, object.Open, object.Location{Dir: dir}, object.Options{})
	if _, err := listKeys(t, store, "a/"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("listing a missing directory: %v, want fs.ErrNotExist", err)
	}
	if err := store.Create(t.Context(), "a", object.ContentOf(nil)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("creating in a missing directory: %v, want fs.ErrNotExist", err)
	}
	if _, err := os.Stat(filepath.Dir(dir)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a refused create made the directory above the root")
	}
	wantListed(t, mustOpen(t, object.Open, object.Location{Dir: dir}, object.Options{MakeRoot: true}), "a/")
}

func TestKeysThatAreNoPathsBelowTheRootAreRefused(t *testing.T) {
	store, dir := openDir(t)
	for _, key := range []string{"", ".", "..", "../a", "/a", "a/", "a//b", "a/./b", "a/../b", ".cdrmend-a.tmp", ".cdrmend-a.tmp/b", "nul\x00"} {
		if err := store.Create(t.Context(), key, object.ContentOf(nil)); err == nil {
			t.Errorf("Create(%q) succeeds", key)
		}
	}
	for _, prefix := range []string{"../", "/", "a//", "a/../"} {
		if _, err := listKeys(t, store, prefix); err == nil {
			t.Errorf("List(%q) succeeds", prefix)
		}
	}
	put(t, filepath.Join(filepath.Dir(dir), "outside"), nil, 0)
	if r, err := store.Open(t.Context(), object.Info{Key: "../outside"}, 0); err == nil {
		r.Close()
		t.Error("a file outside of the root can be read")
	}
	wantListed(t, store, "")
}

func TestLinksAreFollowedOnlyInsideTheRoot(t *testing.T) {
	store, dir := openDir(t)
	put(t, filepath.Join(dir, "real", "a"), []byte("data"), 0)
	link := func(to, at string) {
		t.Helper()
		if err := os.Symlink(to, filepath.Join(dir, at)); err != nil {
			t.Fatal(err)
		}
	}
	link("real/a", "file")
	link("real", "tree")
	link("..", "real/loop")
	link("nowhere", "dangling")
	if err := syscall.Mkfifo(filepath.Join(dir, "pipe"), 0o644); err != nil {
		t.Fatal(err)
	}
	wantListed(t, store, "", "real/a")
	wantListed(t, store, "tree/", "tree/a")

	put(t, filepath.Join(filepath.Dir(dir), "outside"), []byte("secret"), 0)
	link("../outside", "way-out")
	if keys, err := listKeys(t, store, ""); err == nil || !strings.Contains(err.Error(), "way-out") {
		t.Errorf("a link out of the root gives %v, %v, want an error that names it", keys, err)
	}
}

func TestFilesBeingWrittenAreNeverListed(t *testing.T) {
	store, dir := openDir(t)
	c := object.ContentOf([]byte("data"))
	whole := c.Open
	var seen []string
	c.Open = func() (io.ReadSeekCloser, error) {
		r, err := whole()
		return watched{r, func() { seen, _ = listKeys(t, store, "") }}, err
	}
	if err := store.Create(t.Context(), "a/b", c); err != nil {
		t.Fatal(err)
	}
	if len(seen) > 0 {
		t.Errorf("while a file is written %q are listed", seen)
	}
	put(t, filepath.Join(dir, "a", ".cdrmend-LEFTOVER.tmp"), []byte("da"), 0)
	wantListed(t, store, "", "a/b")
}

type watched struct {
	io.ReadSeekCloser
	look func()
}

func (w watched) Read(p []byte) (int, error) {
	w.look()
	return w.ReadSeekCloser.Read(p)
}

func TestFailedCreateLeavesNoFileOnDisk(t *testing.T) {
	store, dir := openDir(t)
	ctx, cancel := context.WithCancel(t.Context())
	c := object.ContentOf([]byte("data"))
	whole := c.Open
	c.Open = func() (io.ReadSeekCloser, error) {
		r, err := whole()
		return watched{r, cancel}, err
	}
	if err := store.Create(ctx, "a/b", c); !errors.Is(err, context.Canceled) {
		t.Errorf("a cancelled create: %v, want context.Canceled", err)
	}
	c.SHA256[0]++
	if err := store.Create(t.Context(), "a/b", c); err == nil {
		t.Error("a create with another checksum succeeds")
	}
	if err := store.Create(t.Context(), "a/c", object.ContentOf([]byte("data"))); err != nil {
		t.Fatal(err)
	}
	if err := store.Create(t.Context(), "a/c", object.ContentOf([]byte("dato"))); !errors.Is(err, object.ErrTaken) {
		t.Errorf("a create over other bytes: %v, want ErrTaken", err)
	}
	if got := filesOnDisk(t, dir); !slices.Equal(got, []string{"a/c"}) {
		t.Errorf("on disk are %q, want only a/c", got)
	}
}

func filesOnDisk(t *testing.T, dir string) []string {
	t.Helper()
	var files []string
	err := fs.WalkDir(os.DirFS(dir), ".", func(path string, d fs.DirEntry, err error) error {
		if !d.IsDir() {
			files = append(files, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func TestKeyThatIsAParentOfAnotherIsNeitherCreatedNorTaken(t *testing.T) {
	store, _ := openDir(t)
	if err := store.Create(t.Context(), "a/b", object.ContentOf(nil)); err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"a", "a/b/c", "a/b/c/d"} {
		err := store.Create(t.Context(), key, object.ContentOf(nil))
		if err == nil || errors.Is(err, object.ErrTaken) || !strings.Contains(err.Error(), "parent") {
			t.Errorf("Create(%q) beside a/b: %v, want an error about parents", key, err)
		}
	}
}

func TestFileThatChangesWhileItIsReadIsDetected(t *testing.T) {
	changes := map[string]func(file string) error{
		"overwritten": func(file string) error { return os.WriteFile(file, []byte("9876543210"), 0o644) },
		"cut":         func(file string) error { return os.Truncate(file, 5) },
		"longer":      func(file string) error { return os.WriteFile(file, []byte("0123456789 and more"), 0o644) },
	}
	for name, change := range changes {
		t.Run(name, func(t *testing.T) {
			store, dir := openDir(t)
			file := filepath.Join(dir, "a")
			put(t, file, []byte("0123456789"), 0)
			r, err := store.Open(t.Context(), object.Info{Key: "a", Size: 10, Modified: time.Date(2026, 11, 20, 0, 0, 0, 123_456_000, time.UTC)}, 0)
			if err != nil {
				t.Fatal(err)
			}
			defer r.Close()
			if _, err := io.ReadFull(r, make([]byte, 4)); err != nil {
				t.Fatal(err)
			}
			if err := change(file); err != nil {
				t.Fatal(err)
			}
			if rest, err := io.ReadAll(r); !errors.Is(err, object.ErrChanged) {
				t.Errorf("the rest is %q, %v, want ErrChanged", rest, err)
			}
		})
	}
}

func TestFileReplacedByADirectoryIsChanged(t *testing.T) {
	store, dir := openDir(t)
	if err := os.MkdirAll(filepath.Join(dir, "a", "b"), 0o755); err != nil {
		t.Fatal(err)
	}
	put(t, filepath.Join(dir, "f"), nil, 0)
	for _, key := range []string{"a", "a/b/c", "f/g"} {
		if _, err := store.Open(t.Context(), object.Info{Key: key}, 0); !errors.Is(err, object.ErrChanged) {
			t.Errorf("opening %q: %v, want ErrChanged", key, err)
		}
	}
}

func TestDirectoryRefusesWhatOnlyABucketCanDo(t *testing.T) {
	for _, opts := range []object.Options{
		{Retention: object.Retention{Mode: "governance", Until: time.Unix(1, 0)}},
		{SSEKMSKey: "arn:aws:kms:eu-west-1:1:key/1"},
	} {
		if _, err := object.Open(t.Context(), object.Location{Dir: t.TempDir()}, opts); err == nil {
			t.Errorf("a directory opens with %+v", opts)
		}
	}
}

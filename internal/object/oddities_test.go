package object_test

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"cdrmend/internal/object"

	"github.com/google/go-cmp/cmp"
)

// What listings leave out, or follow, is named; and without links they follow nothing.
func TestOddThingsInADirectoryAreNamedAndNotFollowed(t *testing.T) {
	dir, elsewhere := t.TempDir(), t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	for _, err := range []error{
		os.MkdirAll(at("a/empty"), 0o700), os.WriteFile(at("a/file"), nil, 0o600), os.WriteFile(at("a/.cdrmend-1.tmp"), nil, 0o600),
		os.Symlink(elsewhere, at("a/out")), os.Symlink("file", at("a/same")), os.Symlink("nothing", at("a/dangling")),
		syscall.Mkfifo(at("a/pipe"), 0o600), os.MkdirAll(at("b/empty"), 0o700),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	store, err := object.Open(t.Context(), object.Location{Dir: dir}, object.Options{})
	if err != nil {
		t.Fatal(err)
	}

	got := map[string]string{}
	for odd, err := range object.Oddities(t.Context(), store, "a/") {
		if err != nil {
			t.Fatal(err)
		}
		got[odd.Key] = odd.What
	}
	want := map[string]string{
		"a/empty/": "an empty folder", "a/.cdrmend-1.tmp": "a temporary file", "a/out": "a symbolic link",
		"a/same": "a symbolic link", "a/dangling": "a symbolic link", "a/pipe": "a named pipe",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for odd, err := range object.Oddities(t.Context(), store, "none/") {
		t.Errorf("a prefix that is not there has %v, %v", odd, err)
	}

	var keys []string
	for info, err := range object.WithoutLinks(store).List(t.Context(), "") {
		if err != nil {
			t.Fatalf("a link out of the root ends the listing: %v", err)
		}
		keys = append(keys, info.Key)
	}
	if !cmp.Equal(keys, []string{"a/file"}) {
		t.Errorf("got %q", keys)
	}

	// A prefix that is a link, or lies below one, is left out like any other.
	for _, prefix := range []string{"a/out/", "a/out/below/", "a/same/", "a/dangling/"} {
		for info, err := range object.WithoutLinks(store).List(t.Context(), prefix) {
			t.Errorf("%s has %v, %v", prefix, info, err)
		}
	}
}

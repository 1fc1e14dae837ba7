package object_test

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"unicode/utf8"

	"cdrmend/internal/object"

	"github.com/google/go-cmp/cmp"
)

// tree makes files, and links where a value is not empty.
func tree(t *testing.T, dir string, entries map[string]string) {
	t.Helper()
	for _, name := range slices.Sorted(maps.Keys(entries)) {
		path := dir + "/" + name
		if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
			t.Fatal(err)
		}
		var err error
		if to := entries[name]; to != "" {
			err = os.Symlink(to, path)
		} else {
			err = os.WriteFile(path, []byte("data of "+name), 0o640)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// listed returns key and real key of everything below a prefix, and what was ignored.
func listed(t *testing.T, store object.Store, prefix string) ([]string, []object.IgnoredKind, []object.Info) {
	t.Helper()
	var ignored object.Ignored
	var keys []string
	var infos []object.Info
	for info, err := range store.(object.Counter).ListCounting(t.Context(), prefix, &ignored) {
		if err != nil {
			t.Fatal(err)
		}
		key := info.Key
		if real := info.RealKey(); real != "" {
			key += " = " + real
		}
		keys = append(keys, key)
		infos = append(infos, info)
	}
	return keys, ignored.Kinds(), infos
}

func TestHoweverLinksCrossEachDirectoryIsListedOnce(t *testing.T) {
	for name, c := range map[string]struct {
		entries map[string]string
		prefix  string
		want    []string
		again   int64 // repeated links
	}{
		"a link to itself": {
			map[string]string{"p/f": "", "p/self": "."}, "p/", []string{"p/f"}, 1,
		},
		"a link to a parent of the prefix": {
			map[string]string{"p/f": "", "p/up": "..", "q/g": ""}, "p/", []string{"p/f"}, 1,
		},
		"two links to one directory": {
			map[string]string{"p/f": "", "p/l1": "../q", "p/l2": "../q", "q/g": ""},
			"p/",
			[]string{"p/f", "p/l1/g = q/g"},
			1,
		},
		"two directories that link to each other": {
			map[string]string{"p/a/f": "", "p/a/b": "../b", "p/b/g": "", "p/b/a": "../a"},
			"p/",
			[]string{"p/a/f", "p/b/g"},
			2,
		},
		"two directories elsewhere that link to each other": {
			map[string]string{"p/l": "../a", "a/f": "", "a/b": "../b", "b/g": "", "b/a": "../a"},
			"p/",
			[]string{"p/l/b/g = b/g", "p/l/f = a/f"},
			1,
		},
		"a link to a file": {
			map[string]string{"p/f": "", "p/a": "f", "p/l": "f", "p/m": "../q/g", "p/n": "../q", "q/g": ""},
			"p/",
			[]string{"p/f", "p/m = q/g"},
			3,
		},
		"the prefix is a link": {
			map[string]string{"p": "q/r", "q/r/f": "", "q/r/back": "../../p"}, "p/", []string{"p/f = q/r/f"}, 1,
		},
		"a link to a directory that the prefix lies in": {
			map[string]string{"q/p/f": "", "q/p/up": "../../q", "q/p/top": "../.."}, "q/p/", []string{"q/p/f"}, 2,
		},
	} {
		t.Run(name, func(t *testing.T) {
			store, dir := openDir(t)
			tree(t, dir, c.entries)
			got, ignored, infos := listed(t, store, c.prefix)
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			again := int64(0)
			for _, k := range ignored {
				if k.Kind == object.RepeatedLink {
					again = k.Count
				}
			}
			if again != c.again {
				t.Errorf("%d links lead to what is listed, want %d: %+v", again, c.again, ignored)
			}
			for _, info := range infos {
				r, err := store.Open(t.Context(), info, 0)
				if err != nil {
					t.Error(err)
					continue
				}
				if _, err := io.ReadAll(r); err != nil {
					t.Error(err)
				}
				r.Close()
			}
		})
	}
}

// TestCrossedLinksCostNoMoreThanTheyAre has 60 directories, each with links to all others.
// Along all paths these would be more files than atoms.
func TestCrossedLinksCostNoMoreThanTheyAre(t *testing.T) {
	for name, prefix := range map[string]string{"inside": "q/", "elsewhere": "p/"} {
		t.Run(name, func(t *testing.T) {
			store, dir := openDir(t)
			entries := map[string]string{"p/begin": "../q/d00"}
			const n = 60
			for i := range n {
				entries[fmt.Sprintf("q/d%02d/f", i)] = ""
				for k := range n {
					entries[fmt.Sprintf("q/d%02d/l%02d", i, k)] = fmt.Sprintf("../d%02d", k)
				}
			}
			tree(t, dir, entries)

			got, ignored, _ := listed(t, store, prefix)
			links := int64(n * n)
			if prefix == "p/" {
				links -= n - 1 // each of the others is entered by one
			}
			if len(got) != n || len(ignored) != 1 || ignored[0].Count != links {
				t.Errorf("listed %d files, want %d; ignored %+v, want %d", len(got), n, ignored, links)
			}
		})
	}
}

func TestWhatCannotBeAnInputIsCounted(t *testing.T) {
	store, dir := openDir(t)
	tree(t, dir, map[string]string{
		"p/f": "", "p/gone": "nowhere", "p/loop1": "loop2", "p/loop2": "loop1", "p/.cdrmend-x.tmp": "", "p/sub/null": "/dev/null", "p/self": ".",
		"p/out": "../..", "p/nothing": "../../../nothing", "p/nobody": "/nothing/f", "p/sub/way": "../out",
	})
	for i := range 7 {
		if err := syscall.Mkfifo(filepath.Join(dir, fmt.Sprintf("p/pipe%d", i)), 0o640); err != nil {
			t.Fatal(err)
		}
	}
	sock, err := net.Listen("unix", filepath.Join(dir, "p", "sock"))
	if err != nil {
		t.Fatal(err)
	}
	defer sock.Close()

	want := []object.IgnoredKind{
		{Kind: object.DanglingLink, Count: 3, First: []string{"p/gone", "p/loop1", "p/loop2"}},
		{Kind: object.NamedPipe, Count: 7, First: []string{"p/pipe0", "p/pipe1", "p/pipe2", "p/pipe3", "p/pipe4"}},
		{Kind: object.OutsideLink, Count: 5, First: []string{"p/nobody", "p/nothing", "p/out", "p/sub/null", "p/sub/way"}},
		{Kind: object.RepeatedLink, Count: 1, First: []string{"p/self"}},
		{Kind: object.Socket, Count: 1, First: []string{"p/sock"}},
		{Kind: object.TemporaryLeftover, Count: 1, First: []string{"p/.cdrmend-x.tmp"}},
	}
	got, ignored, _ := listed(t, store, "p/")
	if diff := cmp.Diff([]string{"p/f"}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(want, ignored); diff != "" {
		t.Errorf("ignored (-want +got):\n%s", diff)
	}
}

// An absolute link to what is below the root cannot be followed, and may be the only way
// to an input: it is no thing that can be passed over.
func TestAnAbsoluteLinkToAnInputFailsTheListing(t *testing.T) {
	store, dir := openDir(t)
	tree(t, dir, map[string]string{"p/f": "", "q/g": "", "p/link": filepath.Join(dir, "q/g")})
	var ignored object.Ignored
	for _, err := range store.(object.Counter).ListCounting(t.Context(), "p/", &ignored) {
		if err != nil {
			if !strings.Contains(err.Error(), "p/link") {
				t.Errorf("got %v, want an error that names the link", err)
			}
			return
		}
	}
	t.Errorf("no error, and ignored %+v", ignored.Kinds())
}

func TestCountsOfPartsAreThoseOfTheWhole(t *testing.T) {
	var whole, left, right object.Ignored
	for i, key := range []string{"g", "b", "f", "a", "e", "c", "d"} {
		whole.Add(object.Socket, key)
		part := &left
		if i%2 == 1 {
			part = &right
		}
		part.Add(object.Socket, key)
	}
	right.Merge(&left)
	right.Merge(nil)
	want := []object.IgnoredKind{{Kind: object.Socket, Count: 7, First: []string{"a", "b", "c", "d", "e"}}}
	for name, got := range map[string][]object.IgnoredKind{"whole": whole.Kinds(), "parts": right.Kinds(), "kept": object.NewIgnored(right.Kinds()).Kinds()} {
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestFileThatMayNotBeReadIsAnErrorThatNamesIt(t *testing.T) {
	if os.Geteuid() == 0 {
		t.Skip("root may read everything")
	}
	store, dir := openDir(t)
	tree(t, dir, map[string]string{"p/f": ""})
	if err := os.Chmod(filepath.Join(dir, "p/f"), 0); err != nil {
		t.Fatal(err)
	}
	_, _, infos := listed(t, store, "p/")
	if _, err := store.Open(t.Context(), infos[0], 0); !errors.Is(err, fs.ErrPermission) || !strings.Contains(err.Error(), "p/f") {
		t.Errorf("%v", err)
	}
}

func TestNamesThatAreNotUTF8KeepTheirBytes(t *testing.T) {
	for name, c := range map[string]struct {
		names []string
		want  map[string]string // key by name
	}{
		"valid names stay": {
			[]string{"a%FF", "100%", "ü", "%25", "a\uFFFD"},
			map[string]string{"a%FF": "a%FF", "100%": "100%", "ü": "ü", "%25": "%25", "a\uFFFD": "a\uFFFD"},
		},
		"bytes and percent signs are escaped": {
			[]string{"a\xff", "a%\xff", "a%25\xff", "ü\xc3", "\xff/b%", "b%/\xfe"},
			map[string]string{
				"a\xff": "a%FF", "a%\xff": "a%25%FF", "a%25\xff": "a%2525%FF", "ü\xc3": "ü%C3",
				"\xff/b%": "%FF/b%", "b%/\xfe": "b%/%FE",
			},
		},
		"a name that is taken": {
			[]string{"a\xff", "a%FF", "b\xff"}, map[string]string{"a\xff": "%61%FF", "a%FF": "a%FF", "b\xff": "b%FF"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			store, dir := openDir(t)
			for _, n := range c.names {
				tree(t, dir, map[string]string{"p/" + n: ""})
			}
			keys, _, infos := listed(t, store, "p/")
			if !slices.IsSorted(keys) {
				t.Errorf("%q are not in order", keys)
			}
			got := map[string]string{}
			for _, info := range infos {
				if !utf8.ValidString(info.Key) {
					t.Errorf("the key %q is not UTF-8", info.Key)
				}
				body := read(t, store, info)
				got[strings.TrimPrefix(body, "data of p/")] = strings.TrimPrefix(info.Key, "p/")

				// Who knows only the key, as from a list of inputs, finds the file, too,
				// unless another file has this very name.
				info.Alias = nil
				if again := read(t, store, info); again != body {
					t.Errorf("by its key %q alone %q is read, want %q", info.Key, again, body)
				}
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func read(t *testing.T, store object.Store, info object.Info) string {
	t.Helper()
	r, err := store.Open(t.Context(), info, 0)
	if err != nil {
		t.Error(err)
		return ""
	}
	defer r.Close()
	text, err := io.ReadAll(r)
	if err != nil {
		t.Error(err)
	}
	return string(text)
}

func TestNameThatCanBeShownInNoWayIsAnErrorThatNamesIt(t *testing.T) {
	store, dir := openDir(t)
	tree(t, dir, map[string]string{"p/a\xff": "", "p/a%FF": "", "p/%61%FF": ""})
	if keys, err := listKeys(t, store, "p/"); err == nil || !strings.Contains(err.Error(), `"a\xff"`) {
		t.Errorf("%q, %v", keys, err)
	}
}

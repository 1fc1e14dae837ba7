package bag

import (
	"bytes"
	"context"
	"errors"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"cdrmend/internal/object"
	"cdrmend/internal/object/objecttest"
	"cdrmend/internal/tempdir"

	"github.com/google/go-cmp/cmp"
)

var _ = tempdir.DiskInCI()

// hostile are payload files whose names and contents are hard.
var hostile = map[string]string{
	"plain.txt":                "plain\n",
	"empty":                    "",
	"a folder/with spaces.txt": "spaces",
	"100%.txt":                 "percent",
	"%0A literal":              "no line break",
	"line\nbreak\r.txt":        "line break",
	"עברית/شكرا.json":          "right to left",
	"😀/👩‍👩‍👧.wav":              "emoji",
	"e\u0301/NFD":              "two characters",
	"~tilde":                   "no home",
	"* star":                   "no glob",
	`back\slash`:               "no separator",
	"x/" + strings.Repeat("long/", 40) + strings.Repeat("n", 200): "long",
	"large": strings.Repeat("0123456789abcdef", 20_000),
}

var labels = []Label{{"Source-Organization", "ACME"}, {"Bagging-Date", "2026-11-20"}, {"External-Identifier", "matter: 7"}}

func directory(t *testing.T, dir string) object.Store {
	t.Helper()
	store, err := object.Open(t.Context(), object.Location{Dir: dir}, object.Options{MakeRoot: true})
	if err != nil {
		t.Fatal(err)
	}
	return store
}

// fill adds the hostile files and closes the bag.
func fill(t *testing.T, w *Writer) {
	t.Helper()
	for _, path := range slices.Sorted(maps.Keys(hostile)) {
		file, err := w.Add(t.Context(), path, strings.NewReader(hostile[path]))
		want := File{"data/" + path, int64(len(hostile[path])), sum("sha256", hostile[path])}
		if err != nil || file != want {
			t.Fatalf("adding %q: %+v %v, want %+v", path, file, err, want)
		}
	}
	if err := w.Tag(t.Context(), "signatures/custody.sig", []byte("signed")); err != nil {
		t.Fatal(err)
	}
	if list, err := w.Close(t.Context(), labels); err != nil || list.Path != "tagmanifest-sha256.txt" {
		t.Fatalf("closing: %+v %v", list, err)
	}
}

// wantHostile fails when a bag is not valid in every reader, or has other contents.
func wantHostile(t *testing.T, dir string) {
	t.Helper()
	wantState(t, Below(directory(t, dir), ""), Valid, "")
	if err := secondReader(dir); err != nil {
		t.Errorf("the second reader: %v", err)
	}
	for path, want := range hostile {
		got, err := os.ReadFile(filepath.Join(dir, "data", path))
		if err != nil || string(got) != want {
			t.Errorf("%q holds %.40q %v, want %.40q", path, got, err, want)
		}
	}
}

func TestABagInADirectoryIsReadByEveryReader(t *testing.T) {
	dir := t.TempDir()
	fill(t, InStore(directory(t, dir), "packs/one/", ""))
	wantHostile(t, filepath.Join(dir, "packs", "one"))

	info, err := os.ReadFile(filepath.Join(dir, "packs/one/bag-info.txt"))
	if want := "Source-Organization: ACME\nBagging-Date: 2026-11-20\nExternal-Identifier: matter: 7\nPayload-Oxum: 320104.14\n"; err != nil || string(info) != want {
		t.Errorf("bag-info.txt is %q %v, want %q", info, err, want)
	}
	r := validated(t, Below(directory(t, dir), "packs/one/"))
	if diff := cmp.Diff(append(slices.Clip(labels), Label{"Payload-Oxum", "320104.14"}), r.Info); diff != "" {
		t.Errorf("labels (-want +got):\n%s", diff)
	}
}

func TestABagOfPlainNamesIsReadBySha256sum(t *testing.T) {
	dir := t.TempDir()
	w := InStore(directory(t, dir), "", "")
	for _, path := range []string{"recordings/A-0001/original.json", "request.yaml", "é.txt"} {
		if _, err := w.Add(t.Context(), path, strings.NewReader(path)); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := w.Close(t.Context(), labels); err != nil {
		t.Fatal(err)
	}
	foreignReader(t, dir)
	if err := secondReader(dir); err != nil {
		t.Error(err)
	}
}

func TestABagInABucketIsValidAndIsContinued(t *testing.T) {
	server := objecttest.Gateway(t, objecttest.GatewayOptions{})
	server.Setenv(t)
	server.Bucket(t, "out", objecttest.Plain)
	store, err := object.Open(t.Context(), object.Location{Bucket: "out"}, object.Options{})
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{"a.txt": "a", "empty": "", "é/100%.txt": "percent", "large": hostile["large"]}
	w := InStore(store, "packs/one/", t.TempDir())
	for _, path := range slices.Sorted(maps.Keys(files)) {
		if _, err := w.Add(t.Context(), path, strings.NewReader(files[path])); err != nil {
			t.Fatal(err)
		}
	}
	wantState(t, Below(store, "packs/one/"), Invalid, "bagit.txt: it is missing")

	all := func(string) bool { return true }
	w = InStore(store, "packs/one/", t.TempDir())
	left, err := w.Begin(t.Context(), "a.txt", all)
	if err != nil || left == nil || string(left.First) != "a" || left.Complete {
		t.Fatalf("what was left is %+v, %v", left, err)
	}
	for i, path := range slices.Sorted(maps.Keys(files)) {
		known := Known{int64(len(files[path])), "sha256", sum("sha256", files[path])}
		if i%2 == 1 {
			known.Algorithm, known.Sum = "md5", sum("md5", files[path])
		}
		wrong := known
		wrong.Sum = sum(known.Algorithm, "other")
		if f, there, err := w.Reuse(t.Context(), path, wrong); err != nil || there {
			t.Fatalf("%q has other bytes than are known: %+v %v", path, f, err)
		}
		if f, there, err := w.Reuse(t.Context(), path, known); err != nil || !there || f.SHA256 != sum("sha256", files[path]) {
			t.Fatalf("%q was written before: %+v %v", path, f, err)
		}
	}
	if _, there, err := w.Reuse(t.Context(), "b.txt", Known{1, "sha256", sum("sha256", "b")}); err != nil || there {
		t.Fatalf("nobody wrote it: %v %v", there, err)
	}
	if _, err := w.Close(t.Context(), labels); err != nil {
		t.Fatal(err)
	}
	wantState(t, Below(store, "packs/one/"), Valid, "")

	if left, err := InStore(store, "packs/one/", "").Begin(t.Context(), "a.txt", all); err != nil || !left.Complete {
		t.Errorf("a complete bag is left as %+v, %v", left, err)
	}

	// What else is there is named before anything is written.
	for first, ours := range map[string]func(string) bool{"z.txt": all, "a.txt": func(path string) bool { return path != "data/empty" }} {
		if _, err := InStore(store, "packs/one/", "").Begin(t.Context(), first, ours); !errors.Is(err, ErrOccupied) {
			t.Errorf("a place with another bag gives %v", err)
		}
	}
	if left, err := InStore(store, "packs/two/", "").Begin(t.Context(), "a.txt", all); left != nil || err != nil {
		t.Errorf("a free place gives %+v, %v", left, err)
	}

	server.Put(t, "out", "packs/one/data/a.txt", []byte("b"))
	wantState(t, Below(store, "packs/one/"), Invalid, "data/a.txt: its sha256 is")
}

// archives are the writers of archives, and the programs that unpack them.
var archives = map[string]struct {
	write  func(object.Store, string, string, string) (*Writer, error)
	unpack []string
}{
	"pack.tar.gz": {TarGzip, []string{"tar", "xzf"}},
	"pack.zip":    {Zip, []string{"unzip", "-q", "-^"}},
}

func TestAnArchiveIsValidAndHasOneFolder(t *testing.T) {
	for name, a := range archives {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			w, err := a.write(directory(t, dir), "packs/"+name, "ACME-7", "")
			if err != nil {
				t.Fatal(err)
			}
			fill(t, w)
			archive, err := OpenArchive(filepath.Join(dir, "packs", name))
			if err != nil {
				t.Fatal(err)
			}
			defer archive.Close()
			wantState(t, archive, Valid, "")
			if r := validated(t, archive); r.Payload != (Count{14, 320104}) || r.Verified != 18 {
				t.Errorf("payload %+v, %d verified, want 14 files and 18 in all", r.Payload, r.Verified)
			}

			if _, err := exec.LookPath(a.unpack[0]); err != nil {
				t.Skipf("%s is not here", a.unpack[0])
			}
			cmd := exec.Command(a.unpack[0], append(a.unpack[1:], filepath.Join(dir, "packs", name))...)
			cmd.Dir = t.TempDir()
			cmd.Env = append(os.Environ(), "LC_ALL=C.UTF-8")
			if out, err := cmd.CombinedOutput(); err != nil && a.unpack[0] == "tar" {
				t.Fatalf("%v: %s", err, out)
			} else if err == nil {
				wantHostile(t, filepath.Join(cmd.Dir, "ACME-7"))
			}
		})
	}
}

func TestEqualFilesGiveEqualBytes(t *testing.T) {
	for name, a := range archives {
		var first []byte
		for range 2 {
			dir := t.TempDir()
			w, err := a.write(directory(t, dir), name, "ACME-7", "")
			if err != nil {
				t.Fatal(err)
			}
			fill(t, w)
			got, err := os.ReadFile(filepath.Join(dir, name))
			if err != nil {
				t.Fatal(err)
			}
			if first == nil {
				first = got
			}
			if !bytes.Equal(first, got) {
				t.Errorf("%s has %d bytes and then %d others", name, len(first), len(got))
			}
		}
	}
}

// full is a store that takes a number of objects and then has no space.
type full struct {
	object.Store
	left int
}

var errNoSpace = errors.New("no space left on device")

func (f *full) Create(ctx context.Context, key string, c object.Content) error {
	if f.left--; f.left < 0 {
		return errNoSpace
	}
	return f.Store.Create(ctx, key, c)
}

// small writes a small bag, and returns the first error.
func small(ctx context.Context, w *Writer) error {
	for _, name := range []string{"a", "b", "c"} {
		if _, err := w.Add(ctx, name, strings.NewReader(name)); err != nil {
			return err
		}
	}
	if err := w.Fetch("https://example.com/d%20d", 1, sum("sha256", "d"), "d"); err != nil {
		return err
	}
	if err := w.Tag(ctx, "note.txt", []byte("note")); err != nil {
		return err
	}
	_, err := w.Close(ctx, labels)
	return err
}

func TestAFullDiskLeavesNothingThatValidatesAndTheBagIsContinued(t *testing.T) {
	whole := t.TempDir()
	if err := small(t.Context(), InStore(directory(t, whole), "", "")); err != nil {
		t.Fatal(err)
	}
	wantState(t, Below(directory(t, whole), ""), Incomplete, "")
	if err := secondReader(whole); err != nil {
		t.Error(err)
	}

	for left := range 9 { // three files, note.txt, and five other tag files
		dir := t.TempDir()
		store := directory(t, dir)
		w := InStore(&full{store, left}, "", "")
		if err := small(t.Context(), w); !errors.Is(err, errNoSpace) {
			t.Fatalf("with space for %d files: %v", left, err)
		}
		if _, err := w.Close(t.Context(), labels); !errors.Is(err, errNoSpace) {
			t.Errorf("a writer that failed is closed: %v", err)
		}
		wantState(t, Below(store, ""), Invalid, "bagit.txt: it is missing")

		// What a killed writer leaves, too.
		if err := os.MkdirAll(filepath.Join(dir, "data"), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "data", object.TempName()), []byte("half"), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := small(t.Context(), InStore(store, "", "")); err != nil {
			t.Fatalf("continuing after %d files: %v", left, err)
		}
		wantState(t, Below(store, ""), Incomplete, "")
		if diff := cmp.Diff(contents(t, whole), contents(t, dir)); diff != "" {
			t.Errorf("after %d files (-want +got):\n%s", left, diff)
		}
	}
}

// contents returns all files below a directory.
func contents(t *testing.T, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	for info, err := range directory(t, dir).List(t.Context(), "") {
		if err != nil {
			t.Fatal(err)
		}
		b, err := os.ReadFile(filepath.Join(dir, info.Key))
		if err != nil {
			t.Fatal(err)
		}
		all[info.Key] = string(b)
	}
	return all
}

func TestAnArchiveThatWasNotClosedIsNotThere(t *testing.T) {
	for name, a := range archives {
		dir := t.TempDir()
		w, err := a.write(directory(t, dir), name, "ACME-7", "")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Add(t.Context(), "large", strings.NewReader(hostile["large"])); err != nil {
			t.Fatal(err)
		}
		w.Discard()
		if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
			t.Errorf("%s: left are %v %v", name, left, err)
		}
	}
}

func TestASourceThatFailsLeavesTheBagAsItWas(t *testing.T) {
	reset := errors.New("connection reset")
	for _, name := range []string{"directory", "pack.zip", "pack.tar.gz"} {
		dir := t.TempDir()
		w := InStore(directory(t, dir), "", "")
		if a, ok := archives[name]; ok {
			w, _ = a.write(directory(t, dir), name, "top", "")
		}
		broken := io.MultiReader(strings.NewReader(hostile["large"]), iotest.ErrReader(reset))
		if _, err := w.Add(t.Context(), "media.wav", broken); !errors.Is(err, ErrUnread) || !errors.Is(err, reset) {
			t.Fatalf("%s: %v", name, err)
		}
		if _, err := w.Add(t.Context(), "media.wav", strings.NewReader("whole")); err != nil {
			t.Fatalf("%s: it may be tried again: %v", name, err)
		}
		if _, err := w.Close(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		tree := Below(directory(t, dir), "")
		if name != "directory" {
			archive, err := OpenArchive(filepath.Join(dir, name))
			if err != nil {
				t.Fatal(err)
			}
			defer archive.Close()
			tree = archive
		}
		wantState(t, tree, Valid, "")
	}
}

func TestAWriterRefusesWhatNoBagMayHold(t *testing.T) {
	w := InStore(directory(t, t.TempDir()), "", "")
	add := func(path string) error {
		_, err := w.Add(t.Context(), path, strings.NewReader("x"))
		return err
	}
	tag := func(path string) error { return w.Tag(t.Context(), path, []byte("x")) }
	if err := errors.Join(add("a/b.txt"), add("é")); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		err  error
		want string
	}{
		{add(""), "folder"},
		{add("../x"), "leads out"},
		{add(`..\x`), "leads out"},
		{add("a//b"), "empty element"},
		{add("./a"), "a dot"},
		{add("a/"), "folder"},
		{add("a\x00b"), "zero byte"},
		{add("\xff"), "not UTF-8"},
		{add("a/b.txt"), "has it already"},
		{add("A/B.TXT"), "take for the same"},
		{add("e\u0301"), "take for the same"},
		{tag("bagit.txt"), "reserved"},
		{tag("Bag-Info.txt"), "reserved"},
		{tag("tagmanifest-md5.txt"), "reserved"},
		{tag("Data/x"), "payload"},
		{tag("~/x"), "home"},
		{tag("/x"), "absolute"},
		{w.Fetch("https://example.com/a b", 1, sum("sha256", ""), "f"), "URL"},
		{w.Fetch("a/b", 1, sum("sha256", ""), "f"), "URL"},
		{w.Fetch("https://example.com/", -1, sum("sha256", ""), "f"), "size and SHA-256"},
		{w.Fetch("https://example.com/", 1, "abc", "f"), "size and SHA-256"},
		{w.Fetch("https://example.com/", 1, sum("sha256", ""), "../f"), "leads out"},
	} {
		if c.err == nil || !strings.Contains(c.err.Error(), c.want) {
			t.Errorf("%v, want %q", c.err, c.want)
		}
	}
	for _, l := range []Label{{"", "x"}, {"A:B", "x"}, {"A", "x\ny"}, {"A", ""}, {" A", "x"}, {"payload-oxum", "1.1"}, {"A", "\xff"}} {
		w := InStore(directory(t, t.TempDir()), "", "")
		if _, err := w.Add(t.Context(), "a", strings.NewReader("x")); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Close(t.Context(), []Label{l}); err == nil {
			t.Errorf("the label %q is accepted", l)
		}
	}
	if _, err := InStore(directory(t, t.TempDir()), "", "").Close(t.Context(), nil); err == nil {
		t.Error("a bag without payload is accepted")
	}
}

func TestABagIsNotWrittenOverAnotherOne(t *testing.T) {
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "data"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "data", "stranger"), []byte("x"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := small(t.Context(), InStore(directory(t, dir), "", "")); err == nil || !strings.Contains(err.Error(), `"data/stranger" is there and not of this bag`) {
		t.Errorf("%v", err)
	}
	if err := os.WriteFile(filepath.Join(dir, "data", "stranger"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	w := InStore(directory(t, dir), "", "")
	if _, err := w.Add(t.Context(), "stranger", strings.NewReader("y")); !errors.Is(err, object.ErrTaken) {
		t.Errorf("%v", err)
	}
	wantState(t, Below(directory(t, dir), ""), Invalid, "bagit.txt: it is missing")
}

func TestWhatADirectoryHoldsBesideFilesIsNamed(t *testing.T) {
	dir := t.TempDir()
	fill(t, InStore(directory(t, dir), "", ""))
	if err := os.MkdirAll(filepath.Join(dir, "data", "no files"), 0o755); err != nil {
		t.Fatal(err)
	}
	wantState(t, Below(directory(t, dir), ""), Valid, "")

	if err := os.Symlink("plain.txt", filepath.Join(dir, "data", "link")); err != nil {
		t.Fatal(err)
	}
	wantState(t, Below(directory(t, dir), ""), Invalid, "data/link: a symbolic link")
	temp := filepath.Join(dir, "data", object.TempName())
	if err := errors.Join(os.Remove(filepath.Join(dir, "data", "link")), os.WriteFile(temp, nil, 0o600)); err != nil {
		t.Fatal(err)
	}
	wantState(t, Below(directory(t, dir), ""), Invalid, "a temporary file")

	// A file replaced by a link to the same bytes is not the file.
	plain := filepath.Join(dir, "data", "plain.txt")
	if err := errors.Join(os.Remove(temp), os.Rename(plain, filepath.Join(dir, "plain")), os.Symlink("../plain", plain)); err != nil {
		t.Fatal(err)
	}
	wantState(t, Below(directory(t, dir), ""), Invalid, "data/plain.txt: a symbolic link")
}

package replay

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"cdrmend/internal/ledger"
	"cdrmend/internal/object"
	"cdrmend/internal/pack"
	"cdrmend/internal/policy"
	_ "cdrmend/internal/tempdir"
)

// source is a directory with the objects that a run listed.
type source struct {
	t      *testing.T
	dir    string
	store  object.Store
	inputs []ledger.Input
}

// listed are the objects of a run. One was listed only, as its hash is empty.
var listed = []string{"d=1/a", "d=1/b", "d=2/a", "d=2/seen"}

func newSource(t *testing.T) *source {
	t.Helper()
	s := &source{t: t, dir: t.TempDir()}
	for _, key := range listed {
		s.write(key, "content of "+key)
		in := ledger.Input{Source: "m", Key: key, Size: int64(len("content of " + key)), Modified: "2026-11-20T10:00:00Z"}
		if !strings.HasSuffix(key, "seen") {
			sum := sha256.Sum256([]byte("content of " + key))
			in.SHA256 = hex.EncodeToString(sum[:])
		}
		s.inputs = append(s.inputs, in)
	}
	var err error
	if s.store, err = object.Open(t.Context(), object.Location{Dir: s.dir}, object.Options{}); err != nil {
		t.Fatal(err)
	}
	return s
}

func (s *source) write(key, text string) {
	s.t.Helper()
	path := filepath.Join(s.dir, filepath.FromSlash(key))
	err := os.MkdirAll(filepath.Dir(path), 0o700)
	if err == nil {
		err = os.WriteFile(path, []byte(text), 0o600)
	}
	if err != nil {
		s.t.Fatal(err)
	}
}

func (s *source) pinned() *Pinned {
	s.t.Helper()
	p, err := newPinned(s.store, s.inputs)
	if err == nil {
		err = p.look(s.t.Context(), []string{"d=1/", "d=2/"})
	}
	if err != nil {
		s.t.Fatal(err)
	}
	return p
}

func keys(t *testing.T, list iter.Seq2[object.Info, error]) (found []string) {
	t.Helper()
	for info, err := range list {
		if err != nil {
			t.Fatal(err)
		}
		found = append(found, info.Key)
	}
	return found
}

func TestAPinnedSourceShowsWhatTheRunListed(t *testing.T) {
	s := newSource(t)
	s.write("d=1/later", "new")
	if err := os.Remove(filepath.Join(s.dir, "d=1", "b")); err != nil {
		t.Fatal(err)
	}
	p := s.pinned()
	for prefix, want := range map[string][]string{"": listed, "d=1/": listed[:2], "d=2/": listed[2:], "d=3/": nil, "d": listed} {
		if got := keys(t, p.List(t.Context(), prefix)); !slices.Equal(got, want) {
			t.Errorf("below %q: got %q, want %q", prefix, got, want)
		}
	}
	if got := p.Unlisted(); len(got) != 1 || got[0].Key != "d=1/later" {
		t.Errorf("unlisted are %v", got)
	}
	if err := p.Create(t.Context(), "x", object.Content{}); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("a pinned source is written to: %v", err)
	}
}

// What is not the input of the run is named, whether it is opened or compared.
func TestAnInputThatIsNotTheOneOfTheRunIsNamed(t *testing.T) {
	for name, test := range map[string]struct {
		key    string
		change func(s *source)
		want   string // empty: it is the same
	}{
		"the same":                      {"d=1/a", func(*source) {}, ""},
		"listed only, with other bytes": {"d=2/seen", func(s *source) { s.write("d=2/seen", "CONTENT OF d=2/seen") }, ""},
		"another size":                  {"d=1/a", func(s *source) { s.write("d=1/a", "x") }, "it has 1 bytes, and the run read 16"},
		"listed only, of another size":  {"d=2/seen", func(s *source) { s.write("d=2/seen", "x") }, "it has 1 bytes"},
		"other bytes":                   {"d=1/a", func(s *source) { s.write("d=1/a", "CONTENT OF d=1/a") }, "its bytes are not those that the run read"},
		"gone":                          {"d=1/a", func(s *source) { _ = os.Remove(filepath.Join(s.dir, "d=1", "a")) }, "it is gone"},
		"another ETag":                  {"d=2/seen", func(s *source) { s.inputs[3].ETag = "e1" }, ""}, // a directory has none
	} {
		s := newSource(t)
		test.change(s)
		p := s.pinned()
		n := slices.Index(listed, test.key)
		read, err := p.Compare(t.Context(), n)
		changed, is := errors.AsType[*ChangedError](err)
		if (err == nil) != (test.want == "") || err != nil && (!is || !strings.Contains(changed.Detail, test.want) || !strings.HasSuffix(changed.URL, test.key)) {
			t.Errorf("%s: got %v, want %q", name, err, test.want)
		}
		if test.want == "" && s.inputs[n].SHA256 != "" && read != s.inputs[n].Size {
			t.Errorf("%s: %d bytes were read", name, read)
		}
	}
}

func TestAnObjectThatTheRunDidNotListIsNotOpened(t *testing.T) {
	s := newSource(t)
	s.write("d=1/later", "new")
	_, err := s.pinned().Open(t.Context(), object.Info{Key: "d=1/later", Size: 3}, 0)
	if c, ok := errors.AsType[*ChangedError](err); !ok || c.Detail != "the run did not list it" {
		t.Errorf("got %v", err)
	}
}

// A reader that goes on in the middle gets the rest, which no hash covers.
func TestAnInputCanBeReadFromItsMiddle(t *testing.T) {
	s := newSource(t)
	body, err := s.pinned().Open(t.Context(), object.Info{Key: "d=1/a"}, 8)
	if err != nil {
		t.Fatal(err)
	}
	defer body.Close()
	if b, err := io.ReadAll(body); err != nil || string(b) != "of d=1/a" {
		t.Errorf("got %q, %v", b, err)
	}
}

func TestAnInputWithoutATimeIsAnError(t *testing.T) {
	s := newSource(t)
	s.inputs[1].Modified = "yesterday"
	if _, err := newPinned(s.store, s.inputs); err == nil || !strings.Contains(err.Error(), `input "d=1/b" of source m`) {
		t.Errorf("got %v", err)
	}
}

// pack packs some inputs of the source, and returns the record that names the pack.
func (s *source) pack(numbers ...int) (*ledger.Output, *ledger.Record) {
	s.t.Helper()
	store, err := object.Open(s.t.Context(), object.Location{Dir: filepath.Join(s.dir, "out")}, object.Options{MakeRoot: true})
	if err != nil {
		s.t.Fatal(err)
	}
	out := &ledger.Output{Store: store}
	to := out.Interval("2026-11-20")
	w, err := pack.NewWriter(to, "")
	if err != nil {
		s.t.Fatal(err)
	}
	defer w.Close()
	for _, n := range numbers {
		text := "content of " + listed[n]
		if err := w.Add(uint32(n), int64(len(text)), strings.NewReader(text), sha256.Sum256([]byte(text))); err != nil {
			s.t.Fatal(err)
		}
	}
	packs, err := w.Finish(func(n uint32) pack.Input {
		in := s.inputs[n]
		return pack.Input{Source: in.Source, Info: object.Info{Key: in.Key, Size: in.Size, ETag: in.ETag, Modified: time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC)}}
	})
	if err != nil {
		s.t.Fatal(err)
	}
	r := &ledger.Record{}
	for _, p := range packs {
		named, err := to.PutPack(s.t.Context(), p.Bytes, p.Index)
		if err != nil {
			s.t.Fatal(err)
		}
		r.Evidence = append(r.Evidence, named)
	}
	return out, r
}

func (s *source) open(out *ledger.Output, r *ledger.Record) (*Packs, *[]string) {
	s.t.Helper()
	var warned []string
	list := func(yield func(ledger.Input, error) bool) {
		for _, in := range s.inputs {
			if !yield(in, nil) {
				return
			}
		}
	}
	p, err := OpenPacks(s.t.Context(), out, r, list, "", func(name string, err error) { warned = append(warned, name+": "+err.Error()) })
	if err != nil {
		s.t.Fatal(err)
	}
	return p, &warned
}

// An input that was listed only is needed by nobody.
func TestPacksAreWholeWhenTheyHoldAllThatWasRead(t *testing.T) {
	s := newSource(t)
	p, _ := s.open(s.pack(0, 1, 2))
	if err := p.Whole(); err != nil {
		t.Errorf("nothing lacks: %v", err)
	}

	p, _ = s.open(s.pack(0, 2))
	lack, ok := errors.AsType[*LackError](p.Whole())
	if !ok || lack.Inputs != 3 || lack.Lacking != 1 || lack.Bytes != 48 || lack.LackBytes != 16 || lack.Example != "m:d=1/b" {
		t.Errorf("got %+v", lack)
	}
}

// errSource says that a source was opened.
var errSource = errors.New("the source is opened")

func TestASourceIsOpenedOnlyWhenPacksLackSomethingOfIt(t *testing.T) {
	s := newSource(t)
	refuse := func(context.Context, string, policy.Template, bool) (object.Store, error) { return nil, errSource }
	ours := func(context.Context, string, policy.Template, bool) (object.Store, error) { return s.store, nil }

	for name, test := range map[string]struct {
		packed []int
		source string
		open   OpenSource
		err    error
		reads  []int // inputs that can be read
		keys   []string
	}{
		"all is packed":                {[]int{0, 1, 2}, "m", refuse, nil, []int{0, 1, 2}, listed},
		"one lacks":                    {[]int{0, 2}, "m", refuse, errSource, nil, nil},
		"one lacks, and is requested":  {[]int{0, 2}, "m", ours, nil, []int{0, 1, 2}, nil},
		"one lacks, without a source":  {[]int{0, 2}, "m", nil, nil, []int{0, 2}, listed},
		"a source that nobody packed":  {[]int{0}, "other", refuse, errSource, nil, nil},
		"such a one, without a source": {[]int{0}, "other", nil, nil, nil, nil},
	} {
		p, _ := s.open(s.pack(test.packed...))
		store, err := p.Before(test.open)(t.Context(), test.source, policy.Template{}, false)
		if !errors.Is(err, test.err) {
			t.Errorf("%s: opening gives %v, want %v", name, err, test.err)
			continue
		}
		if err != nil {
			continue
		}
		if test.keys != nil {
			if got := keys(t, store.List(t.Context(), "")); !slices.Equal(got, test.keys) {
				t.Errorf("%s: lists %q", name, got)
			}
		}
		for n, key := range listed[:3] {
			info := object.Info{Key: key, Size: s.inputs[n].Size}
			if test.open != nil && !slices.Contains(test.packed, n) {
				info = stat(t, s.store, key)
			}
			got, err := read(t.Context(), store, info, 3)
			want := slices.Contains(test.reads, n)
			if want && (err != nil || got != ("content of " + key)[3:]) || !want && !errors.Is(err, object.ErrChanged) {
				t.Errorf("%s: reading %s from byte 3 gives %q, %v", name, key, got, err)
			}
		}
	}
}

// A changed index is known before sources are opened, so its inputs come from there. A
// changed frame is known only when it is read: nothing else is served for it.
func TestAChangedPackIsNamedAndServesNothing(t *testing.T) {
	for _, suffix := range []string{".zst", ".parquet"} {
		for _, sourced := range []bool{true, false} {
			s := newSource(t)
			out, r := s.pack(0, 1, 2)
			path := filepath.Join(s.dir, "out", filepath.FromSlash(strings.TrimSuffix(r.Evidence[0].Path, ".zst")+".zst"))
			if suffix == ".parquet" {
				path = filepath.Join(s.dir, "out", filepath.FromSlash(r.Evidence[0].Index.Path))
			}
			b, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			b[len(b)/2] ^= 1
			if err := errors.Join(os.Remove(path), os.WriteFile(path, b, 0o600)); err != nil {
				t.Fatal(err)
			}

			p, warned := s.open(out, r)
			var open OpenSource
			if sourced {
				open = func(context.Context, string, policy.Template, bool) (object.Store, error) { return s.store, nil }
			}
			store, err := p.Before(open)(t.Context(), "m", policy.Template{}, false)
			if err != nil {
				t.Fatal(err)
			}

			// Frames are read late: only then it is known that one was changed.
			info := object.Info{Key: "d=1/a", Size: 16}
			if sourced && suffix == ".parquet" {
				info = stat(t, s.store, "d=1/a")
			}
			got, err := read(t.Context(), store, info, 0)
			switch {
			case sourced && suffix == ".parquet" && (err != nil || got != "content of d=1/a"):
				t.Errorf("%s: the source is not asked: %q, %v", suffix, got, err)
			case !(sourced && suffix == ".parquet") && !errors.Is(err, object.ErrChanged):
				t.Errorf("%s: %q is served, %v", suffix, got, err)
			}
			if len(*warned) != 1 || !strings.Contains((*warned)[0], "SHA-256") {
				t.Errorf("%s: warned %q", suffix, *warned)
			}
		}
	}
}

func TestPacksOfInputsThatCannotBeReadAreAnError(t *testing.T) {
	s := newSource(t)
	out, r := s.pack(0)
	broken := errors.New("broken")
	for want, list := range map[string]iter.Seq2[ledger.Input, error]{
		"broken":       func(yield func(ledger.Input, error) bool) { yield(ledger.Input{}, broken) },
		"parsing time": func(yield func(ledger.Input, error) bool) { yield(ledger.Input{Key: "k", Modified: "x"}, nil) },
		`input "k" of`: func(yield func(ledger.Input, error) bool) { yield(ledger.Input{Key: "k", Modified: "x"}, nil) },
	} {
		if _, err := OpenPacks(t.Context(), out, r, list, "", nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}

func stat(t *testing.T, store object.Store, key string) object.Info {
	t.Helper()
	for info, err := range store.List(t.Context(), "") {
		if err != nil {
			t.Fatal(err)
		}
		if info.Key == key {
			return info
		}
	}
	t.Fatalf("%s is not there", key)
	return object.Info{}
}

func read(ctx context.Context, store object.Store, info object.Info, from int64) (string, error) {
	body, err := store.Open(ctx, info, from)
	if err != nil {
		return "", err
	}
	defer body.Close()
	var b bytes.Buffer
	_, err = b.ReadFrom(body)
	return b.String(), err
}

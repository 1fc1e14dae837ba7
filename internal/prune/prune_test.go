package prune_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"time"

	"cdrmend/internal/committed"
	"cdrmend/internal/ledger"
	"cdrmend/internal/object"
	"cdrmend/internal/pack"
	"cdrmend/internal/prune"
	"cdrmend/internal/scratch"
	"cdrmend/internal/table"
	_ "cdrmend/internal/tempdir"
)

var (
	errStore = errors.New("the store fails")
	now      = time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)
)

// store is a directory that retains and fails as a bucket may.
type store struct {
	object.Store
	until   map[string]time.Time // by suffix of a key
	refuses string               // suffix of keys that are not deleted
	fails   string               // suffix of keys that cannot be created
	stops   context.CancelFunc   // is called at the first deletion
	removed []string
}

func suffixed[V any](m map[string]V, key string) (v V) {
	for suffix, value := range m {
		if strings.HasSuffix(key, suffix) {
			v = value
		}
	}
	return v
}

func (s *store) Retention(_ context.Context, key string) (object.Retention, error) {
	if until := suffixed(s.until, key); !until.IsZero() {
		return object.Retention{Mode: "governance", Until: until}, nil
	}
	return object.Retention{}, nil
}

func (s *store) Remove(ctx context.Context, key string) error {
	if s.stops != nil {
		s.stops()
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if s.refuses != "" && strings.HasSuffix(key, s.refuses) {
		return errStore
	}
	s.removed = append(s.removed, key)
	return s.Store.Remove(ctx, key)
}

func (s *store) Create(ctx context.Context, key string, c object.Content) error {
	if s.fails != "" && strings.HasSuffix(key, s.fails) {
		return errStore
	}
	return s.Store.Create(ctx, key, c)
}

// world is an output with a commit of two intervals. Each has a pack of three documents,
// the second of which lists a recording.
type world struct {
	*testing.T
	store *store
	out   *prune.Output
	packs []ledger.Pack
}

var labels = []string{"2026-11-20", "2026-11-21"}

func newWorld(t *testing.T) *world {
	t.Helper()
	dir, err := object.Open(t.Context(), object.Location{Dir: t.TempDir()}, object.Options{})
	if err != nil {
		t.Fatal(err)
	}
	w := &world{T: t, store: &store{Store: dir}}
	out := &ledger.Output{Store: w.store, Root: "out/", Name: "n", Random: strings.NewReader("sixteen bytes id")}
	w.out = &prune.Output{Output: out, Committed: &committed.Output{Store: w.store, Root: out.Root}}

	journal := w.open()
	_, err = out.Begin(t.Context(), w.known(), journal)
	w.must(err)
	for _, label := range labels {
		w.commit(label)
	}
	return w
}

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

func (w *world) known() ledger.Known {
	w.Helper()
	known, err := w.out.Identity(w.Context())
	w.must(err)
	return known
}

func (w *world) open() *ledger.Journal {
	w.Helper()
	journal, err := w.out.Open(w.Context(), w.known())
	w.must(err)
	return journal
}

// commit commits a run of an interval with a pack.
func (w *world) commit(label string) {
	w.Helper()
	to := w.out.Interval(label)
	writer, err := pack.NewWriter(to, "")
	w.must(err)
	defer writer.Close()
	key := func(n uint32) string { return fmt.Sprintf("date=%s/%d.json", label, n) }
	for n := range uint32(3) {
		text := "document " + key(n)
		w.must(writer.Add(n, int64(len(text)), strings.NewReader(text), sha256.Sum256([]byte(text))))
	}
	written, err := writer.Finish(func(n uint32) pack.Input {
		return pack.Input{Source: "m", Info: object.Info{Key: key(n), Size: int64(len("document " + key(n))), Modified: now}}
	})
	w.must(err)
	named, err := to.PutPack(w.Context(), written[0].Bytes, written[0].Index)
	w.must(err)
	w.packs = append(w.packs, named)

	run := to.NewRun("run-"+label, "")
	var csv bytes.Buffer
	w.must(table.Write(table.Recordings, func(yield func(*table.Row, error) bool) {
		var r table.Row
		r.Reset(table.Recordings)
		for _, c := range table.Recordings.Columns {
			switch text, ok := map[string]string{"source": "m", "object_key": key(1), "recording_id": "r-" + label, "conversation_id": "c"}[c.Name]; {
			case ok:
				r.AddText(text)
			default:
				r.AddNull()
			}
		}
		yield(&r, nil)
	}, &csv, nil))
	spool := scratch.NewSpool("")
	_, _ = spool.Write(csv.Bytes())
	w.must(run.Put(w.Context(), "recordings.csv", spool))
	sum, err := run.Finish(w.Context(), nil)
	w.must(err)
	head, err := to.Commit(w.Context(), ledger.Record{
		Format: ledger.RecordFormat, Number: 1, Name: "n", Output: w.known().ID, Interval: label, RunID: "run-" + label, RunSHA256: sum,
		History: []ledger.File{}, Neighbours: []ledger.Neighbour{}, Evidence: []ledger.Pack{named},
	})
	w.must(err)
	_, err = w.open().Enter(w.Context(), head)
	w.must(err)
}

func (w *world) plan(sel prune.Selection) (*prune.Plan, []string) {
	w.Helper()
	var warned []string
	p, err := prune.NewPlan(w.Context(), w.out, labels, sel, now, func(name string, err error) { warned = append(warned, name+": "+err.Error()) })
	w.must(err)
	return p, warned
}

var why = prune.Why{Reason: "request 7", By: "J. Doe"}

// left returns the packs and indexes that are there.
func (w *world) left() (list []string) {
	w.Helper()
	for info, err := range w.store.List(w.Context(), "out/") {
		w.must(err)
		if strings.Contains(info.Key, "/evidence/") {
			list = append(list, strings.TrimPrefix(info.Key, "out/"))
		}
	}
	return list
}

func (w *world) entries() int {
	w.Helper()
	list, err := w.out.Forgotten(w.Context(), 1)
	w.must(err)
	return len(list)
}

func TestAPlanNamesWhatASelectionSelects(t *testing.T) {
	for name, test := range map[string]struct {
		sel     prune.Selection
		dropped []int // of each pack
	}{
		"before a day":            {prune.Selection{Before: "2026-11-21"}, []int{3, 0}},
		"before the first day":    {prune.Selection{Before: "2026-11-20"}, []int{0, 0}},
		"a recording":             {prune.Selection{Recording: "r-2026-11-21"}, []int{0, 1}},
		"a recording nobody has":  {prune.Selection{Recording: "r-none"}, []int{0, 0}},
		"the day and a recording": {prune.Selection{Before: "2026-11-21", Recording: "r-2026-11-21"}, []int{3, 1}},
		"both days":               {prune.Selection{Before: "2027-01-01"}, []int{3, 3}},
	} {
		w := newWorld(t)
		p, warned := w.plan(test.sel)
		got := []int{0, 0}
		for _, item := range p.Items {
			i := slices.Index(labels, item.Interval)
			got[i] = item.Dropped
			if item.Inputs != 3 || item.Pack.Path != w.packs[i].Path {
				t.Errorf("%s: %+v", name, item)
			}
		}
		if !slices.Equal(got, test.dropped) || len(warned) > 0 || len(p.Rest) > 0 {
			t.Errorf("%s: drops %v, want %v; warned %q", name, got, test.dropped, warned)
		}
		if len(w.left()) != 4 || w.entries() != 0 {
			t.Errorf("%s: a plan changed the output: %q", name, w.left())
		}
	}
}

// What the store retains, or refuses to delete, is named with the reason. A later call
// deletes it, and once it is gone there is nothing to do.
func TestWhatCannotBeDeletedIsLeftAndDeletedLater(t *testing.T) {
	later := now.Add(time.Hour)
	for name, test := range map[string]struct {
		trouble func(s *store)
		left    []prune.Left // by the suffixes of their paths
	}{
		"both are retained":       {func(s *store) { s.until = map[string]time.Time{".zst": later, ".parquet": later} }, []prune.Left{{Path: ".zst", Until: later}, {Path: ".parquet", Until: later}}},
		"the pack is retained":    {func(s *store) { s.until = map[string]time.Time{".zst": later} }, []prune.Left{{Path: ".zst", Until: later}}},
		"the index is retained":   {func(s *store) { s.until = map[string]time.Time{".parquet": later} }, []prune.Left{{Path: ".parquet", Until: later}}},
		"its time is just over":   {func(s *store) { s.until = map[string]time.Time{".zst": now} }, nil},
		"a pack is not deleted":   {func(s *store) { s.refuses = ".zst" }, []prune.Left{{Path: ".zst", Err: errStore}}},
		"an index is not deleted": {func(s *store) { s.refuses = ".parquet" }, []prune.Left{{Path: ".parquet", Err: errStore}}},
	} {
		w := newWorld(t)
		test.trouble(w.store)
		sel := prune.Selection{Before: labels[1]}
		p, _ := w.plan(sel)
		done, err := p.Apply(t.Context(), w.open(), why)
		w.must(err)
		same := slices.EqualFunc(done.Left, test.left, func(got, want prune.Left) bool {
			return strings.HasSuffix(got.Path, want.Path) && got.Until.Equal(want.Until) && errors.Is(got.Err, want.Err)
		})
		if !same || done.Deleted != 2-len(test.left) || len(done.Entries) != 1 || len(w.left()) != 2+len(test.left) {
			t.Errorf("%s: %+v, and %q are there", name, done, w.left())
		}

		w.store.until, w.store.refuses = nil, ""
		p, warned := w.plan(sel)
		done, err = p.Apply(t.Context(), w.open(), why)
		w.must(err)
		if len(done.Left) > 0 || done.Deleted != len(test.left) || len(w.left()) != 2 || len(warned) > 0 {
			t.Errorf("%s: in the end %+v, warned %q, and %q are there", name, done, warned, w.left())
		}
		if p, warned := w.plan(sel); len(p.Items)+len(p.Rest)+len(warned) > 0 {
			t.Errorf("%s: there is still work: %+v, %q", name, p, warned)
		}
	}
}

// Nothing is deleted before an entry says so, and no entry names a pack before what takes
// its place is there.
func TestNothingIsDeletedUnlessAnEntryNamesIt(t *testing.T) {
	for name, test := range map[string]struct {
		sel     prune.Selection
		fails   string
		spoil   bool
		entries int
	}{
		"the entry cannot be created":      {prune.Selection{Before: labels[1]}, "journal/00000003.json", false, 0},
		"a new pack cannot be created":     {prune.Selection{Recording: "r-" + labels[0]}, ".zst", false, 0},
		"its index cannot be created":      {prune.Selection{Recording: "r-" + labels[0]}, ".parquet", false, 0},
		"what stays of a pack was changed": {prune.Selection{Recording: "r-" + labels[0]}, "", true, 0},
	} {
		w := newWorld(t)
		if test.spoil {
			w.spoil(w.packs[0].Path)
		}
		p, _ := w.plan(test.sel)
		w.store.fails = test.fails
		done, err := p.Apply(t.Context(), w.open(), why)
		if test.spoil && (err == nil || !strings.Contains(err.Error(), w.packs[0].Path)) || !test.spoil && !errors.Is(err, errStore) {
			t.Errorf("%s: got %v", name, err)
		}
		w.store.fails = ""
		left := w.left()
		for _, named := range w.packs {
			if !slices.Contains(left, named.Path) || !slices.Contains(left, named.Index.Path) {
				t.Errorf("%s: %s is gone: %q", name, named.Path, left)
			}
		}
		if len(done.Entries) != 0 || w.entries() != test.entries || len(w.store.removed) > 0 {
			t.Errorf("%s: %+v, %d packs are forgotten, %q deleted", name, done, w.entries(), w.store.removed)
		}
	}
}

// spoil changes a byte of an object.
func (w *world) spoil(path string) {
	w.Helper()
	_, body, err := w.store.Get(w.Context(), "out/"+path)
	w.must(err)
	b, err := io.ReadAll(body)
	w.must(errors.Join(err, body.Close(), w.store.Store.Remove(w.Context(), "out/"+path)))
	b[len(b)/2] ^= 1
	w.must(w.store.Store.Create(w.Context(), "out/"+path, object.ContentOf(b)))
}

// A pack that is gone, or whose index is not what was committed, is named and left: what
// it holds is not known.
func TestAPackThatCannotBeLookedAtIsNamed(t *testing.T) {
	for want, change := range map[string]func(w *world){
		"not there": func(w *world) { w.must(w.store.Store.Remove(t.Context(), "out/"+w.packs[0].Path)) },
		"SHA-256":   func(w *world) { w.spoil(w.packs[0].Index.Path) },
	} {
		w := newWorld(t)
		change(w)
		p, warned := w.plan(prune.Selection{Before: "2027-01-01"})
		if len(warned) != 1 || !strings.HasPrefix(warned[0], w.packs[0].Path) || !strings.Contains(warned[0], want) {
			t.Errorf("warned %q, want %q", warned, want)
		}
		if len(p.Items) != 1 || p.Items[0].Pack.Path != w.packs[1].Path || len(p.Rest) > 0 {
			t.Errorf("%s: the plan is %+v", want, p)
		}
	}
}

// Whoever ends it while it deletes leaves work for the next call, whatever that selects.
func TestAPruneThatIsEndedIsCompletedByTheNext(t *testing.T) {
	w := newWorld(t)
	p, _ := w.plan(prune.Selection{Before: labels[1]})
	ctx, cancel := context.WithCancel(t.Context())
	w.store.stops = cancel
	if _, err := p.Apply(ctx, w.open(), why); !errors.Is(err, context.Canceled) || len(w.left()) != 4 || w.entries() != 1 {
		t.Fatalf("got %v, and %q are there", err, w.left())
	}
	w.store.stops = nil

	w.must(w.store.Store.Remove(t.Context(), "out/"+w.packs[0].Path)) // as far as a kill let it come
	p, warned := w.plan(prune.Selection{Recording: "r-none"})
	if len(p.Items) != 0 || !slices.Equal(p.Rest, []string{w.packs[0].Index.Path}) || len(warned) > 0 {
		t.Errorf("the next plan is %+v, warned %q", p, warned)
	}
	done, err := p.Apply(t.Context(), w.open(), why)
	w.must(err)
	if done.Deleted != 1 || len(done.Entries) != 0 || len(w.left()) != 2 || w.entries() != 1 {
		t.Errorf("the next call does %+v, and %q are there", done, w.left())
	}
}

// A pack that takes the place of another holds all but what is forgotten.
func TestAPackThatIsWrittenAnewHoldsTheRest(t *testing.T) {
	w := newWorld(t)
	p, _ := w.plan(prune.Selection{Recording: "r-" + labels[1]})
	done, err := p.Apply(t.Context(), w.open(), why)
	w.must(err)
	forgotten, err := w.out.Forgotten(t.Context(), 1)
	w.must(err)
	if len(forgotten) != 1 || forgotten[0].Instead == nil || forgotten[0].Path != w.packs[1].Path || forgotten[0].Instead.Objects != 2 || done.Replaced != 1 || done.Deleted != 2 {
		t.Fatalf("%+v, %+v", done, forgotten)
	}
	var keys []string
	for in, err := range pack.Inputs(t.Context(), w.out.Output, forgotten[0].Instead, "") {
		w.must(err)
		keys = append(keys, in.Key)
	}
	if want := []string{"date=2026-11-21/0.json", "date=2026-11-21/2.json"}; !slices.Equal(keys, want) {
		t.Errorf("it holds %q, want %q", keys, want)
	}
	if _, _, err := w.store.Get(t.Context(), "out/"+w.packs[1].Index.Path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("its index, which names what is forgotten, is there: %v", err)
	}

	// What took its place can be forgotten, too.
	p, _ = w.plan(prune.Selection{Before: "2027-01-01"})
	if _, err = p.Apply(t.Context(), w.open(), why); err != nil || len(w.left()) > 0 {
		t.Errorf("%v, and %q are there", err, w.left())
	}
}

package ledger_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"cdrmend/internal/ledger"
	"cdrmend/internal/object"
	"cdrmend/internal/token"
)

// counting counts the requests to a store.
type counting struct {
	object.Store
	gets, creates *atomic.Int64
}

func (s counting) Get(ctx context.Context, key string) (object.Info, io.ReadCloser, error) {
	s.gets.Add(1)
	return s.Store.Get(ctx, key)
}

func (s counting) Create(ctx context.Context, key string, c object.Content) error {
	s.creates.Add(1)
	return s.Store.Create(ctx, key, c)
}

func newOutput(t *testing.T, key *token.Signer) (*ledger.Output, counting) {
	t.Helper()
	dir, err := object.Open(t.Context(), object.Location{Dir: t.TempDir()}, object.Options{})
	if err != nil {
		t.Fatal(err)
	}
	store := counting{dir, new(atomic.Int64), new(atomic.Int64)}
	o := &ledger.Output{Store: store, Root: "root/", Name: "night", Signer: key, Random: strings.NewReader("sixteen bytes id")}
	if key != nil {
		o.Keys = key.Public()
	}
	return o, store
}

func newKey(t *testing.T, id string) *token.Signer {
	t.Helper()
	text, err := token.Generate("ed25519")
	if err != nil {
		t.Fatal(err)
	}
	s, err := token.ParseSigner(text, id)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// begin opens the journal of an output and gives the output its id.
func begin(t *testing.T, o *ledger.Output, hints ...*ledger.Mark) (*ledger.Journal, ledger.Known) {
	t.Helper()
	known, err := o.Identity(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	j, err := o.Open(t.Context(), known, hints...)
	if err != nil {
		t.Fatal(err)
	}
	if known, err = o.Begin(t.Context(), known, j); err != nil {
		t.Fatal(err)
	}
	return j, known
}

// commitDay commits the first record of the day of a number, as one that saw the end
// of the journal.
func commitDay(t *testing.T, o *ledger.Output, j *ledger.Journal, id string, day int) ledger.Head {
	t.Helper()
	r := record(1, "a")
	start := time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, day)
	r.Interval, r.Output, r.Time = start.Format(time.DateOnly), id, start.AddDate(0, 0, 1)
	if j != nil {
		saw, err := j.Head(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		r.Journal = saw
	}
	head, err := o.Interval(r.Interval).Commit(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	return head
}

func enter(t *testing.T, j *ledger.Journal, head ledger.Head) *ledger.Mark {
	t.Helper()
	m, err := j.Enter(t.Context(), head)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// entries returns the paths that the journal names, in order, after checking the chain.
func entries(t *testing.T, o *ledger.Output) []string {
	t.Helper()
	var paths []string
	previous := ""
	for number := int64(1); ; number++ {
		_, body, err := o.Store.Get(t.Context(), o.Root+ledger.JournalFolder+ledger.EntryName(number))
		if err != nil {
			return paths
		}
		raw, err := io.ReadAll(body)
		body.Close()
		if err != nil {
			t.Fatal(err)
		}
		e, _, err := ledger.OpenEntry(raw, o.Keys)
		if err != nil || e.Number != number || len(e.Disowned) == 0 && e.Previous != previous {
			t.Fatalf("entry %d is %+v after %s: %v", number, e, previous, err)
		}
		previous = hexSum(string(raw))
		paths = append(paths, e.Path)
	}
}

// TestFortyWorkersEnterEachRecordOnce starts them all at the same end of the journal.
func TestFortyWorkersEnterEachRecordOnce(t *testing.T) {
	const workers, each = 40, 3
	o, store := newOutput(t, nil)
	_, known := begin(t, o)
	store.gets.Store(0)
	store.creates.Store(0)

	var all sync.WaitGroup
	for worker := range workers {
		all.Go(func() {
			own := *o
			j, err := own.Open(t.Context(), known)
			if err != nil {
				t.Error(err)
				return
			}
			for n := range each {
				enter(t, j, commitDay(t, &own, j, known.ID, worker*each+n))
			}
		})
	}
	all.Wait()

	paths := entries(t, o)
	t.Logf("%d entries took %d reads and %d attempts to create", len(paths), store.gets.Load(), store.creates.Load())
	slices.Sort(paths)
	if len(paths) != workers*each || len(slices.Compact(paths)) != workers*each {
		t.Errorf("the journal has %d entries of %d records, want %d of each", len(paths), len(slices.Compact(paths)), workers*each)
	}
}

// refusing is a store that stores one object, and says that its key is taken once more
// has happened.
type refusing struct {
	object.Store
	key       string
	meanwhile func()
}

func (s *refusing) Create(ctx context.Context, key string, c object.Content) error {
	err := s.Store.Create(ctx, key, c)
	if err == nil && key == s.key {
		s.meanwhile()
		return object.ErrTaken
	}
	return err
}

// TestARecordWhoseOwnEntryIsCalledTakenIsEnteredOnce though many entries follow it, which
// are not read.
func TestARecordWhoseOwnEntryIsCalledTakenIsEnteredOnce(t *testing.T) {
	o, _ := newOutput(t, newKey(t, "1"))
	j, known := begin(t, o)
	enter(t, j, commitDay(t, o, j, known.ID, 0))

	others := func() {
		again, err := o.Open(t.Context(), known)
		if err != nil {
			t.Fatal(err)
		}
		for day := 2; day < 30; day++ {
			enter(t, again, commitDay(t, o, again, known.ID, day))
		}
	}
	own := *o
	own.Store = &refusing{o.Store, o.Root + ledger.JournalFolder + ledger.EntryName(2), others}
	mine, err := own.Open(t.Context(), known)
	if err != nil {
		t.Fatal(err)
	}
	if m := enter(t, mine, commitDay(t, &own, mine, known.ID, 1)); m.Number != 2 {
		t.Errorf("it is entry %d, want 2", m.Number)
	}
	if paths := entries(t, o); len(paths) != 30 {
		t.Errorf("the journal has %d entries, want 30", len(paths))
	}
}

// TestTheEndOfALongJournalIsFoundByAFewReads with and without a hint.
func TestTheEndOfALongJournalIsFoundByAFewReads(t *testing.T) {
	o, store := newOutput(t, newKey(t, "1"))
	j, known := begin(t, o)
	var middle, last *ledger.Mark
	for day := range 500 {
		m := *enter(t, j, commitDay(t, o, j, known.ID, day))
		if day == 250 {
			middle = &m
		}
		last = &m
	}
	for name, test := range map[string]struct {
		hint *ledger.Mark
		most int64
	}{"nothing": {nil, 40}, "an entry in the middle": {middle, 40}, "the last entry": {last, 4}} {
		store.gets.Store(0)
		again, err := o.Open(t.Context(), known, test.hint)
		if err != nil {
			t.Fatal(err)
		}
		head, err := again.Head(t.Context())
		if err != nil || *head != *last {
			t.Errorf("from %s: got %+v, %v, want %+v", name, head, err, last)
		}
		if n := store.gets.Load(); n > test.most {
			t.Errorf("from %s: %d reads, want at most %d", name, n, test.most)
		}
	}
}

// TestARecordThatNoEntryNamesIsEnteredOnce is what a kill between record and entry
// leaves, found by two runs.
func TestARecordThatNoEntryNamesIsEnteredOnce(t *testing.T) {
	o, _ := newOutput(t, newKey(t, "1"))
	j, known := begin(t, o)
	enter(t, j, commitDay(t, o, j, known.ID, 0))
	lost := commitDay(t, o, j, known.ID, 1)
	for day := 2; day < 40; day++ {
		enter(t, j, commitDay(t, o, j, known.ID, day))
	}
	for range 2 {
		again, err := o.Open(t.Context(), known)
		if err == nil {
			err = again.EnterFound(t.Context(), lost)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	paths := entries(t, o)
	if len(paths) != 40 || paths[39] != ledger.RecordPath(lost.Record.Interval, 1) {
		t.Errorf("the journal names %q, want the lost record once, and last", paths)
	}
}

// TestWhatIsInTheWayOfTheJournalIsDecidedAbout puts files where the next entry goes.
func TestWhatIsInTheWayOfTheJournalIsDecidedAbout(t *testing.T) {
	key, thief := newKey(t, "1"), newKey(t, "1")
	entry := func(number int64, output, previous string, by *token.Signer) string {
		raw, err := ledger.Entry{Format: ledger.EntryFormat, Number: number, Output: output, Kind: "later", Previous: previous}.Seal(by)
		if err != nil {
			t.Fatal(err)
		}
		return string(raw)
	}
	for name, test := range map[string]struct {
		planted   func(id, previous string) string
		adoptable bool
	}{
		"nothing that is an entry": {func(string, string) string { return "{}" }, false},
		"a megabyte and more":      {func(string, string) string { return strings.Repeat("{", 1<<20+1) }, false},
		"unsigned":                 {func(id, previous string) string { return entry(2, id, previous, nil) }, true},
		"signed by another key":    {func(id, previous string) string { return entry(2, id, previous, thief) }, true},
		"of another output":        {func(_, previous string) string { return entry(2, strings.Repeat("0", 32), previous, key) }, false},
		"of another number":        {func(id, previous string) string { return entry(3, id, previous, key) }, false},
	} {
		t.Run(name, func(t *testing.T) {
			o, _ := newOutput(t, key)
			j, known := begin(t, o)
			first := *enter(t, j, commitDay(t, o, j, known.ID, 0))
			text := test.planted(known.ID, first.SHA256)
			if err := o.Store.Create(t.Context(), "root/journal/00000002.json", object.ContentOf([]byte(text))); err != nil {
				t.Fatal(err)
			}
			sum := hexSum(text)

			var untrusted *ledger.UntrustedError
			j, err := o.Open(t.Context(), known, &first)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := j.Head(t.Context()); !errors.As(err, &untrusted) || untrusted.SHA256 != sum || untrusted.Adoptable != test.adoptable || !strings.Contains(untrusted.URL, "00000002.json") {
				t.Fatalf("got %v, want that entry 2 is not trusted", err)
			}
			if got := strings.Contains(untrusted.Error(), `adopt: ["`+sum); got != test.adoptable || !strings.Contains(untrusted.Error(), `disown: ["`+sum) {
				t.Errorf("it says %v", untrusted)
			}

			o.Decisions = ledger.Decisions{Disown: map[string]bool{sum: true}}
			if j, err = o.Open(t.Context(), known, &first); err != nil {
				t.Fatal(err)
			}
			m := enter(t, j, commitDay(t, o, nil, known.ID, 1))
			e := entryAt(t, o, 3)
			if m.Number != 3 || e.Previous != first.SHA256 || !slices.Equal(e.Disowned, []string{sum}) {
				t.Errorf("disowned: entry %+v is %+v", m, e)
			}

			// Once it is disowned in the journal, the configuration need not say so.
			o.Decisions = ledger.Decisions{}
			again, err := o.Open(t.Context(), known)
			if err != nil {
				t.Fatal(err)
			}
			if head, err := again.Head(t.Context()); err != nil || *head != *m {
				t.Errorf("afterwards the end is %+v, %v, want %+v", head, err, m)
			}
		})
	}
}

func TestAnAdoptedEntryIsBuiltOn(t *testing.T) {
	o, _ := newOutput(t, nil)
	j, known := begin(t, o)
	var last ledger.Mark
	for day := range 3 {
		last = *enter(t, j, commitDay(t, o, j, known.ID, day))
	}
	key := newKey(t, "1")
	o.Signer, o.Keys = key, key.Public()
	o.Decisions = ledger.Decisions{Adopt: map[string]bool{last.SHA256: true}}
	j, err := o.Open(t.Context(), known)
	if err != nil {
		t.Fatal(err)
	}
	enter(t, j, commitDay(t, o, j, known.ID, 3))
	if e := entryAt(t, o, 4); e.Previous != last.SHA256 || !slices.Equal(e.Adopted, []string{last.SHA256}) {
		t.Errorf("the entry is %+v, want one that adopts %s", e, last.SHA256)
	}
}

func entryAt(t *testing.T, o *ledger.Output, number int64) *ledger.Entry {
	t.Helper()
	_, body, err := o.Store.Get(t.Context(), o.Root+ledger.JournalFolder+ledger.EntryName(number))
	if err != nil {
		t.Fatal(err)
	}
	defer body.Close()
	raw, err := io.ReadAll(body)
	if err != nil {
		t.Fatal(err)
	}
	e, _, err := ledger.OpenEntry(raw, o.Keys)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// TestAnEntryOfAKindToComeIsALink also with members that this build does not know.
func TestAnEntryOfAKindToComeIsALink(t *testing.T) {
	o, _ := newOutput(t, nil)
	j, known := begin(t, o)
	first := *enter(t, j, commitDay(t, o, j, known.ID, 0))
	text := fmt.Sprintf(`{"format":%q,"number":2,"output":%q,"kind":"later","previous":%q,"days":[1]}`, ledger.EntryFormat, known.ID, first.SHA256)
	if err := o.Store.Create(t.Context(), "root/journal/00000002.json", object.ContentOf([]byte(text))); err != nil {
		t.Fatal(err)
	}
	if err := j.ReadOn(t.Context()); err != nil {
		t.Fatal(err)
	}
	if m := enter(t, j, commitDay(t, o, j, known.ID, 1)); m.Number != 3 || entryAt(t, o, 3).Previous != hexSum(text) {
		t.Errorf("the next entry is %+v", m)
	}
}

// TestAJournalThatWasCutStopsARun: a second chain beside the one that was removed
// would hide the removal.
func TestAJournalThatWasCutStopsARun(t *testing.T) {
	o, _ := newOutput(t, nil)
	_, known := begin(t, o)
	var broken *ledger.BrokenError
	if _, err := o.Open(t.Context(), known, &ledger.Mark{Number: 7, SHA256: strings.Repeat("0", 64)}); !errors.As(err, &broken) || !strings.Contains(broken.Key, "00000007.json") {
		t.Errorf("got %v, want that entry 7 is not there", err)
	}
	j, _ := begin(t, o)
	enter(t, j, commitDay(t, o, j, known.ID, 0))
	if _, err := o.Open(t.Context(), known, &ledger.Mark{Number: 1, SHA256: strings.Repeat("0", 64)}); !errors.As(err, &broken) {
		t.Errorf("got %v, want that entry 1 was replaced", err)
	}
	if _, err := o.Open(t.Context(), ledger.Known{}); !errors.As(err, &broken) || !strings.Contains(broken.Key, ledger.IdentityFile) {
		t.Errorf("got %v, want that output.json is not there", err)
	}
}

// TestAPlantedIdentityIsDisownedForGood, as nobody can replace output.json.
func TestAPlantedIdentityIsDisownedForGood(t *testing.T) {
	o, _ := newOutput(t, newKey(t, "1"))
	planted, err := ledger.Identity{Format: ledger.IdentityFormat, ID: strings.Repeat("0", 32), Name: "night"}.Seal(nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := o.Store.Create(t.Context(), "root/output.json", object.ContentOf(planted)); err != nil {
		t.Fatal(err)
	}
	var untrusted *ledger.UntrustedError
	if _, err := o.Identity(t.Context()); !errors.As(err, &untrusted) {
		t.Fatalf("got %v, want that output.json is not trusted", err)
	}
	o.Decisions = ledger.Decisions{Disown: map[string]bool{hexSum(string(planted)): true}}
	j, known := begin(t, o)
	enter(t, j, commitDay(t, o, j, known.ID, 0))
	if e := entryAt(t, o, 1); e.Kind != ledger.IdentityEntry || e.Output != known.ID || e.Disowned[0] != hexSum(string(planted)) {
		t.Errorf("the first entry is %+v", e)
	}
	if again, err := o.Identity(t.Context()); err != nil || again.ID != known.ID || known.ID == strings.Repeat("0", 32) {
		t.Errorf("the identity is %+v, then %+v, %v", known, again, err)
	}
}

// TestAnOutputOfAnEarlierVersionIsEnteredInTheOrderOfTime, also after a kill in the
// middle of it.
func TestAnOutputOfAnEarlierVersionIsEnteredInTheOrderOfTime(t *testing.T) {
	o, _ := newOutput(t, newKey(t, "1"))
	for _, day := range []int{3, 1, 2, 0} {
		commitDay(t, o, nil, "", day)
	}
	stop := errors.New("killed")
	whole := o.Store
	creates := 0
	o.Store = creating{whole, func(ctx context.Context, do func(context.Context) error) error {
		if creates++; creates > 3 { // output.json and two entries
			return stop
		}
		return do(ctx)
	}}
	known, err := o.Identity(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	j, err := o.Open(t.Context(), known)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := o.Begin(t.Context(), known, j); !errors.Is(err, stop) {
		t.Fatalf("got %v, want %v", err, stop)
	}

	o.Store = whole
	_, known = begin(t, o)
	want := []string{"2020-01-01", "2020-01-02", "2020-01-03", "2020-01-04"}
	for i := range want {
		want[i] = ledger.RecordPath(want[i], 1)
	}
	if got := entries(t, o); !slices.Equal(got, want) || known.Earlier != 4 {
		t.Errorf("the journal names %q of %d records, want %q", got, known.Earlier, want)
	}

	// One of these belongs to the output, one that comes later does not.
	l := o.Interval("2020-01-03")
	l.Known = &known
	if head, err := l.Latest(t.Context()); err != nil || head.Number() != 1 {
		t.Errorf("an earlier record is %+v, %v", head, err)
	}
	commitDay(t, o, nil, "", 9)
	l = o.Interval("2020-01-10")
	l.Known = &known
	var untrusted *ledger.UntrustedError
	if _, err := l.Latest(t.Context()); !errors.As(err, &untrusted) || !strings.Contains(untrusted.Doubt, "names no output") {
		t.Errorf("a later record without an output: %v", err)
	}
}

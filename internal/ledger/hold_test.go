package ledger_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"cdrmend/internal/ledger"
	"cdrmend/internal/object"
	"cdrmend/internal/scratch"

	"github.com/google/go-cmp/cmp"
)

// putHold writes the next record of a matter, with a list of one line.
func putHold(t *testing.T, o *ledger.Output, m *ledger.Matter, id, action, step, line string) (*ledger.HoldHead, error) {
	t.Helper()
	spool := scratch.NewSpool(t.TempDir())
	defer spool.Close()
	if _, err := spool.Write([]byte(line)); err != nil {
		t.Fatal(err)
	}
	list, err := o.PutHoldList(t.Context(), m, spool)
	if err != nil {
		t.Fatalf("writing the list of %q: %v", m.Name, err)
	}
	return o.PutHold(t.Context(), m, ledger.Hold{
		Output: id, Action: action, Step: step, Time: time.Unix(1, 0).UTC(), Tool: "test", Reason: "why", By: "who", List: list, Results: []ledger.HoldCount{},
	})
}

func mustHold(t *testing.T, o *ledger.Output, m *ledger.Matter, id, action, step, line string) *ledger.HoldHead {
	t.Helper()
	h, err := putHold(t, o, m, id, action, step, line)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func readMatter(t *testing.T, o *ledger.Output, name, id string) *ledger.Matter {
	t.Helper()
	m, err := o.Matter(t.Context(), name, id)
	if err != nil {
		t.Fatalf("reading matter %q: %v", name, err)
	}
	return m
}

func TestRecordsOfHoldsFollowEachOtherAndAreEntered(t *testing.T) {
	const matter = "Müller v. ACME/2026"
	o, _ := newOutput(t, newKey(t, "k"))
	j, known := begin(t, o)
	m := readMatter(t, o, matter, known.ID)
	first := mustHold(t, o, m, known.ID, ledger.HoldSet, ledger.HoldIntended, "a\n")
	if m.Open() == nil {
		t.Errorf("an intention alone is not open")
	}
	if _, err := j.EnterHolds(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	second := mustHold(t, o, m, known.ID, ledger.HoldSet, ledger.HoldDone, "b\n")

	// Who finds the second record enters it, and the first no second time.
	j, _ = begin(t, o)
	m = readMatter(t, o, matter, known.ID)
	if len(m.Heads) != 2 || m.Heads[1].Record.Previous != first.SHA256 || m.Newest().SHA256 != second.SHA256 || m.Open() != nil {
		t.Errorf("read %+v, want two records, the second after the first", m.Heads)
	}
	for range 2 {
		mark, err := j.EnterHolds(t.Context(), m)
		if err != nil || mark.Number != 2 || j.Last() != 2 {
			t.Errorf("entering gives entry %+v of %d, %v, want the second of two", mark, j.Last(), err)
		}
	}
	spool, err := o.OpenHoldList(t.Context(), m.Newest().Record, t.TempDir())
	if err != nil || spool.Size() != 2 {
		t.Errorf("opening the list: %v", err)
	}

	names, err := o.Matters(t.Context())
	if diff := cmp.Diff([]string{matter}, names); diff != "" || err != nil {
		t.Errorf("the matters (-want +got), %v:\n%s", err, diff)
	}
}

func TestALeftListHasNoPartInARecord(t *testing.T) {
	o, _ := newOutput(t, nil)
	_, known := begin(t, o)
	m := readMatter(t, o, "m", known.ID)
	if err := o.Store.Create(t.Context(), o.Root+"holds/m/00000001.jsonl", object.ContentOf([]byte("left by a crash\n"))); err != nil {
		t.Fatal(err)
	}
	h := mustHold(t, o, m, known.ID, ledger.HoldSet, ledger.HoldIntended, "a\n")
	if h.Record.List.Path != "holds/m/00000001.1.jsonl" {
		t.Errorf("the list is %q, want another name than the one that is taken", h.Record.List.Path)
	}
}

func TestOfTwoRecordsOfOneNumberOneWins(t *testing.T) {
	o, _ := newOutput(t, nil)
	_, known := begin(t, o)
	one, other := readMatter(t, o, "m", known.ID), readMatter(t, o, "m", known.ID)
	mustHold(t, o, one, known.ID, ledger.HoldSet, ledger.HoldIntended, "a\n")
	if _, err := putHold(t, o, other, known.ID, ledger.HoldSet, ledger.HoldIntended, "b\n"); !errors.Is(err, object.ErrTaken) {
		t.Errorf("the second gets %v, want %v", err, object.ErrTaken)
	}
}

func TestAForgedRecordOfHoldsStopsASignerUntilAPersonDecides(t *testing.T) {
	o, store := newOutput(t, newKey(t, "k"))
	_, known := begin(t, o)
	m := readMatter(t, o, "m", known.ID)
	genuine := mustHold(t, o, m, known.ID, ledger.HoldSet, ledger.HoldDone, "a\n")
	forger := *o
	forger.Signer, forger.Keys = nil, nil
	forged := mustHold(t, &forger, readMatter(t, &forger, "m", known.ID), known.ID, ledger.HoldRelease, ledger.HoldDone, "b\n")

	_, err := o.Matter(t.Context(), "m", known.ID)
	if untrusted, ok := errors.AsType[*ledger.UntrustedError](err); !ok || untrusted.SHA256 != forged.SHA256 {
		t.Fatalf("reading gives %v, want a question about %s", err, forged.SHA256)
	}
	o.Decisions.Disown = map[string]bool{forged.SHA256: true}
	m = readMatter(t, o, "m", known.ID)
	third := mustHold(t, o, m, known.ID, ledger.HoldSet, ledger.HoldDone, "c\n")
	if third.Record.Number != 3 || third.Record.Previous != genuine.SHA256 || !slices.Equal(third.Record.Disowned, []string{forged.SHA256}) {
		t.Errorf("the next record is %+v, want number 3 after %s that disowns %s", third.Record, genuine.SHA256, forged.SHA256)
	}

	// The decision stands in the record.
	o.Decisions.Disown = nil
	if m = readMatter(t, o, "m", known.ID); len(m.Heads) != 2 {
		t.Errorf("%d records count, want 2", len(m.Heads))
	}
	if err := store.Remove(t.Context(), o.Root+"holds/m/00000001.json"); err != nil {
		t.Fatal(err)
	}
	if _, err := o.Matter(t.Context(), "m", known.ID); err == nil || !strings.Contains(err.Error(), "00000001.json") {
		t.Errorf("without its first record the matter gives %v, want an error that names it", err)
	}
}

func TestAMatterIsOneFolderAndOnlyOne(t *testing.T) {
	folders := map[string]string{}
	for _, matter := range []string{"a", "A-1_b.c", "a/b", "..", ".", "a%2Fb", "é", "v. ACME", strings.Repeat("x", 200)} {
		folder, err := ledger.MatterFolder(matter)
		if err != nil || strings.ContainsAny(folder, "/\\ ") || strings.HasPrefix(folder, ".") {
			t.Errorf("matter %q lies in %q, %v", matter, folder, err)
		}
		if other := folders[folder]; other != "" {
			t.Errorf("matters %q and %q lie in %q", matter, other, folder)
		}
		folders[folder] = matter
		if back, ok := ledger.MatterOf(folder); !ok || back != matter {
			t.Errorf("folder %q is that of %q, %t, want %q", folder, back, ok, matter)
		}
	}
	for _, matter := range []string{"", " ", "a\nb", "\xff", strings.Repeat("é", 100)} {
		if folder, err := ledger.MatterFolder(matter); err == nil {
			t.Errorf("matter %q lies in %q, want an error", matter, folder)
		}
	}
	for _, folder := range []string{"a%2fb", "%61", ".a", "a b", ""} {
		if matter, ok := ledger.MatterOf(folder); ok {
			t.Errorf("folder %q is that of %q, want of none", folder, matter)
		}
	}
}

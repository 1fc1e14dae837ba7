package ledger_test

import (
	"errors"
	"io"
	"testing"

	"cdrmend/internal/ledger"
	"cdrmend/internal/token"
)

// TestAKeyCountsUpToItsEndWhateverLaterRecordsSay has an old key that ends with entry
// 2. Its owner may not make records any more, also none that say that they are old.
func TestAKeyCountsUpToItsEndWhateverLaterRecordsSay(t *testing.T) {
	older, newer := newKey(t, "old"), newKey(t, "new")
	o, _ := newOutput(t, older)
	j, known := begin(t, o)
	first := *enter(t, j, commitDay(t, o, j, known.ID, 0))
	last := *enter(t, j, commitDay(t, o, j, known.ID, 1))

	late := commitDay(t, o, j, known.ID, 2) // which says what it saw
	unnamed := commitDay(t, o, nil, known.ID, 3)
	o.Keys = newer.Public().And(older.Public()).Ending(older.Thumbprint(), token.Until{Output: known.ID, Number: last.Number, SHA256: last.SHA256})

	for name, c := range map[string]struct {
		signer *token.Signer
		label  string
		want   bool
	}{
		"before the end":            {newer, "2020-01-01", true},
		"at the end":                {newer, "2020-01-02", true},
		"after the end":             {newer, late.Record.Interval, false},
		"named by no entry":         {newer, unnamed.Record.Interval, false},
		"read, before the end":      {nil, "2020-01-01", true},
		"read, after the end":       {nil, late.Record.Interval, false},
		"read, named by no entry":   {nil, unnamed.Record.Interval, false},
		"of another key's interval": {newer, "2020-02-01", true},
	} {
		t.Run(name, func(t *testing.T) {
			o.Signer = c.signer
			_, err := o.Interval(c.label).Newest(t.Context())
			if (err == nil) != c.want {
				t.Errorf("got %v, want it to count: %v", err, c.want)
			}
			if _, stops := errors.AsType[*ledger.UntrustedError](err); c.signer != nil && err != nil && !stops {
				t.Errorf("a person cannot decide about it: %v", err)
			}
		})
	}

	// Entries after the end do not count either, and one that was put in the place of
	// the last does not.
	o.Signer = older
	enter(t, j, late)
	for _, end := range []struct {
		until ledger.Mark
		want  int64
	}{{last, 2}, {first, 1}, {ledger.Mark{Number: 2, SHA256: first.SHA256}, 1}} {
		o.Signer, o.Keys = nil, older.Public().Ending(older.Thumbprint(), token.Until{Output: known.ID, Number: end.until.Number, SHA256: end.until.SHA256})
		counts := int64(0)
		for number := int64(1); number <= 3; number++ {
			if seal := sealOf(t, o, number); seal.Check == token.Verified {
				counts = number
			} else if seal.Check != token.Ended {
				t.Errorf("entry %d: %v", number, seal.Check.Sentence())
			}
		}
		if counts != end.want {
			t.Errorf("end %+v: entries count up to %d, want %d", end.until, counts, end.want)
		}
	}
}

func TestARecordThatIsTrustedCannotBeDisowned(t *testing.T) {
	o, _ := newOutput(t, newKey(t, "k"))
	j, known := begin(t, o)
	head := commitDay(t, o, j, known.ID, 0)
	o.Decisions.Disown = map[string]bool{head.SHA256: true}
	got, err := o.Interval(head.Record.Interval).Newest(t.Context())
	if err != nil || got.Number() != 1 || len(got.Disowned) > 0 {
		t.Errorf("got record %d, which disowns %v, %v", got.Number(), got.Disowned, err)
	}
}

func TestAnEndIsOfOneOutput(t *testing.T) {
	key := newKey(t, "k")
	o, _ := newOutput(t, key)
	j, known := begin(t, o)
	enter(t, j, commitDay(t, o, j, known.ID, 0))
	o.Keys = key.Public().Ending(key.Thumbprint(), token.Until{Output: "00000000000000000000000000000000", Number: 1, SHA256: known.ID + known.ID})
	if seal := sealOf(t, o, 1); seal.Check != token.Verified {
		t.Errorf("the end in another output counts here: %s", seal.Check.Sentence())
	}
}

// sealOf returns who signed a journal entry.
func sealOf(t *testing.T, o *ledger.Output, number int64) ledger.Seal {
	t.Helper()
	_, body, err := o.Store.Get(t.Context(), o.Root+ledger.JournalFolder+ledger.EntryName(number))
	if err != nil {
		t.Fatal(err)
	}
	defer body.Close()
	file, err := io.ReadAll(body)
	if err != nil {
		t.Fatal(err)
	}
	_, seal, err := ledger.OpenEntry(file, o.Keys)
	if err != nil {
		t.Fatal(err)
	}
	return seal
}

package verify_test

import (
	"crypto/sha256"
	"os"
	"strings"
	"testing"
	"time"

	"cdrmend/internal/ledger"
	"cdrmend/internal/timestamp"
	"cdrmend/internal/timestamp/timestamptest"
	"cdrmend/internal/token"
	"cdrmend/internal/verify"
)

// stamped is a signed world whose journal an authority vouches for.
func stampedWorld(t *testing.T) (w *world, keys *token.Keys, a *timestamptest.Authority) {
	t.Helper()
	w, key := signedWorld(t)
	a = timestamptest.New(t, timestamptest.Certificate{})
	pem, err := os.ReadFile(a.RootsFile())
	if err != nil {
		t.Fatal(err)
	}
	if w.roots, err = timestamp.ParseRoots(pem); err != nil {
		t.Fatal(err)
	}
	newest := timestamp.Entry{Number: 4, SHA256: hexSum(w.read("out/" + entryKey(4)))}
	stored, err := timestamp.NewAuthority(a.Serve()).Complete(t.Context(), w.job().Stores.Output, ledger.JournalFolder, newest)
	if err != nil || stored != 4 {
		t.Fatalf("stored %d tokens: %v", stored, err)
	}
	return w, key.Public(), a
}

func TestTimestampsOfTheJournalAreChecked(t *testing.T) {
	t.Parallel()
	w, keys, _ := stampedWorld(t)
	r := w.verify(keys)
	wantVerified(t, r)
	if ts := r.Timestamps; ts == nil || ts.Tokens != 4 || ts.Number != 4 || time.Since(ts.Time).Abs() > time.Hour || len(r.Notes)+len(r.Leftovers) != 0 {
		t.Errorf("got %+v, notes %q, leftovers %q", ts, r.Notes, r.Leftovers)
	}

	w.roots = nil
	if r := w.verify(keys); !strings.Contains(r.Text(), "4 timestamps, not checked") {
		t.Errorf("that nobody checked the timestamps is not said:\n%s", r.Text())
	}
}

func TestTimestampsThatDoNotFitTheJournalAreNamed(t *testing.T) {
	t.Parallel()
	key := func(number int64) string { return ledger.JournalFolder + timestamp.Name(number) }
	for name, test := range map[string]struct {
		tamper func(w *world, a *timestamptest.Authority)
		want   []broken
	}{
		"a byte of the signature is changed": {
			func(w *world, _ *timestamptest.Authority) {
				b := []byte(w.read("out/" + key(2)))
				b[len(b)-1] ^= 1
				w.write("out/"+key(2), string(b))
			},
			[]broken{{verify.TimestampLink, key(2)}},
		},
		"two are swapped": {
			func(w *world, _ *timestamptest.Authority) {
				a, b := w.read("out/"+key(1)), w.read("out/"+key(3))
				w.write("out/"+key(1), b)
				w.write("out/"+key(3), a)
			},
			[]broken{{verify.TimestampLink, key(1)}, {verify.TimestampLink, key(3)}},
		},
		"an entry is rewritten by the holder of the key": {
			func(w *world, _ *timestamptest.Authority) {
				e := w.entry(4)
				late := e.Time.Add(time.Hour)
				e.Time = &late
				w.forgeEntry(e, sharedKey)
			},
			[]broken{{verify.TimestampLink, key(4)}},
		},
		"the newest entry is removed": {
			func(w *world, _ *timestamptest.Authority) { w.remove("out/" + entryKey(4)) },
			[]broken{{verify.TimestampLink, key(4)}},
		},
		"an authority that nobody trusts vouches": {
			func(w *world, _ *timestamptest.Authority) {
				other := timestamptest.New(w.t, timestamptest.Certificate{})
				w.write("out/"+key(4), string(other.Forge(timestamptest.Forgery{SHA256: sha256.Sum256([]byte(w.read("out/" + entryKey(4)))), Time: time.Now()})))
			},
			[]broken{{verify.TimestampLink, key(4)}},
		},
		"a token is older than the one before": {
			func(w *world, a *timestamptest.Authority) {
				early := time.Now().Add(-time.Hour)
				w.write("out/"+key(4), string(a.Forge(timestamptest.Forgery{SHA256: sha256.Sum256([]byte(w.read("out/" + entryKey(4)))), Time: early})))
			},
			[]broken{{verify.TimestampLink, key(4)}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, keys, a := stampedWorld(t)
			test.tamper(w, a)
			r := w.verify(keys)
			for _, b := range test.want {
				wantBroken(t, r, b.link, b.key)
			}
			if r.Timestamps.Tokens != int64(4-len(test.want)) {
				t.Errorf("the other timestamps are not checked: %+v", r.Timestamps)
			}
		})
	}
}

func TestEntriesWithoutATimestampAreToldAndNoErrors(t *testing.T) {
	t.Parallel()
	w, keys, _ := stampedWorld(t)
	w.remove("out/" + ledger.JournalFolder + timestamp.Name(2))
	r := w.verify(keys)
	wantVerified(t, r)
	if !strings.Contains(r.Text(), "journal entry 2 has no timestamp") {
		t.Errorf("the entry without a timestamp is not told:\n%s", r.Text())
	}
}

package job_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"cdrmend/internal/job"
	"cdrmend/internal/ledger"
	"cdrmend/internal/ledger/ledgertest"
	"cdrmend/internal/policy"
)

// unentered returns the records that no entry names.
func (n *night) unentered() []string {
	n.t.Helper()
	a := ledgertest.Examine(n.tree("out"))
	for _, problem := range a.Problems() {
		n.t.Error(problem)
	}
	return a.Unentered
}

// TestARunThatIsKilledBeforeItsEntryIsEnteredByTheNext even if that has nothing else
// to do.
func TestARunThatIsKilledBeforeItsEntryIsEnteredByTheNext(t *testing.T) {
	t.Parallel()
	n := small(t)
	r := n.run(func(j *job.Job) {
		j.Stores.Output = &watched{Store: j.Stores.Output, create: func(_ context.Context, key string, do func() error) error {
			if strings.HasPrefix(key, ledger.JournalFolder) {
				return errLost
			}
			return do()
		}}
	})
	if r.Journal != nil || len(n.unentered()) != 1 {
		t.Fatalf("the run tells %+v, and %q are not entered", r.Journal, n.unentered())
	}
	again := n.run()
	if !again.NoOp || again.Journal == nil || again.Journal.Number != 1 || len(n.unentered()) != 0 {
		t.Errorf("the next run tells %+v, unchanged %t, and %q are not entered", again.Journal, again.NoOp, n.unentered())
	}
	before := n.tree("out")
	n.run()
	same(t, "output after another run", before, n.tree("out"))
}

// TestARunOfTheNextDayEntersWhatItSees: the last night of a backfill may have been
// killed, and nobody runs it again.
func TestARunOfTheNextDayEntersWhatItSees(t *testing.T) {
	t.Parallel()
	n := small(t)
	n.run()
	if err := os.Remove(filepath.Join(n.dir, "out", "journal", "00000001.json")); err != nil {
		t.Fatal(err)
	}
	next := policy.IntervalAt(interval.End, 24*time.Hour)
	if _, err := n.job().Run(t.Context(), next); err != nil {
		t.Fatal(err)
	}
	if left := n.unentered(); len(left) > 0 {
		t.Errorf("%q are not entered", left)
	}
}

// TestAForgeryIsNeitherSignedNorStopsTheNightsForGood plants what somebody can who may
// only create objects.
func TestAForgeryIsNeitherSignedNorStopsTheNightsForGood(t *testing.T) {
	t.Parallel()
	key := newSigner(t, "ed25519", "1")
	forged := func(n *night, number int64, change func(*ledger.Record)) string {
		r := ledger.Record{
			Format: ledger.RecordFormat, Number: number, Name: "night", Interval: label, RunID: strings.Repeat("a", 32), RunSHA256: strings.Repeat("b", 64),
			History: []ledger.File{}, Time: fiveLater.Std(), Tool: "test", Neighbours: []ledger.Neighbour{},
		}
		if head := n.tree(outputPrefix)[logName(number-1)]; head != "" {
			r.Previous = hexSum(head)
		}
		change(&r)
		raw, err := r.Seal(nil)
		if err != nil {
			t.Fatal(err)
		}
		return string(raw)
	}
	for name, test := range map[string]struct {
		first  bool   // before the first run
		path   string // below out/
		number int64  // of the record that the run makes then
		text   func(n *night) string
	}{
		"a record for a night to come": {true, "interval=" + label + "/" + logName(1), 2, func(n *night) string { return forged(n, 1, func(*ledger.Record) {}) }},
		"a record after a genuine one": {false, "interval=" + label + "/" + logName(2), 3, func(n *night) string { return forged(n, 2, func(*ledger.Record) {}) }},
		"a record far ahead":           {false, "interval=" + label + "/" + logName(99_999_999), 100_000_000, func(n *night) string { return forged(n, 99_999_999, func(*ledger.Record) {}) }},
		"a record of another name":     {false, "interval=" + label + "/" + logName(2), 3, func(n *night) string { return forged(n, 2, func(r *ledger.Record) { r.Name = "x" }) }},
		"a record that names this run": {false, "interval=" + label + "/" + logName(2), 3, func(n *night) string {
			id := n.commits()[0].RunID
			return forged(n, 2, func(r *ledger.Record) { r.RunID = id })
		}},
		"no record at all":          {false, "interval=" + label + "/" + logName(2), 3, func(*night) string { return "{" }},
		"an entry":                  {false, "journal/00000002.json", 2, func(*night) string { return "{}" }},
		"the identity of an output": {true, "output.json", 1, func(*night) string { return `{"format":"cdrmend.output/1"}` }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n := small(t)
			if !test.first {
				n.run(by(key))
			}
			text := test.text(n)
			n.deliver(files{"out/" + test.path: text}, delivered)
			if !strings.Contains(test.path, "/log/") {
				n.more("a")
			}
			before := n.tree("out")
			_, err := n.job(by(key)).Run(t.Context(), interval)
			var untrusted *ledger.UntrustedError
			if !errors.As(err, &untrusted) || untrusted.SHA256 != hexSum(text) || !strings.HasSuffix(untrusted.URL, test.path) {
				t.Fatalf("got %v, want that %s is not trusted", err, test.path)
			}
			same(t, "output", before, n.tree("out"))

			if _, err := n.job(by(key), disowning(hexSum(text))).Run(t.Context(), interval); err != nil {
				t.Fatal(err)
			}
			r := n.signed(test.number)
			if strings.Contains(test.path, "journal") {
				return // its entry says so
			}
			if len(r.Disowned) != 1 || r.Disowned[0] != hexSum(text) {
				t.Errorf("record %d disowns %q", test.number, r.Disowned)
			}
			if genuine := n.tree(outputPrefix)[logName(1)]; !test.first && r.Previous != hexSum(genuine) || test.first && r.Previous != "" {
				t.Errorf("record %d follows %q", test.number, r.Previous)
			}
			if again, err := n.job(by(key), disowning(hexSum(text))).Run(t.Context(), interval); err != nil || !again.NoOp {
				t.Errorf("the run after it: %+v, %v", again, err)
			}
		})
	}
}

// signed opens a record that the key of a night signed.
func (n *night) signed(number int64) *ledger.Record {
	n.t.Helper()
	text := n.tree(outputPrefix)[fmt.Sprintf("log/%08d.json", number)]
	if text == "" {
		text = n.tree(outputPrefix)[fmt.Sprintf("log/%d.json", number)]
	}
	r, seal, err := ledger.OpenRecord([]byte(text), nil)
	if err != nil || !seal.Signed {
		n.t.Fatalf("record %d: %v, signed %t", number, err, seal.Signed)
	}
	return r
}

// TestARecordOfAnotherOutputStopsTheRun though the same key signed it: its folder was
// brought from a trial elsewhere.
func TestARecordOfAnotherOutputStopsTheRun(t *testing.T) {
	t.Parallel()
	key := newSigner(t, "ed25519", "1")
	trial, n := small(t), small(t)
	trial.run(by(key), func(j *job.Job) { j.Random = strings.NewReader("another trial id") })
	next := policy.IntervalAt(interval.End, 24*time.Hour)
	if _, err := n.job(by(key)).Run(t.Context(), next); err != nil {
		t.Fatal(err)
	}
	for name, text := range trial.tree(outputPrefix) {
		n.deliver(files{outputPrefix + name: text}, delivered)
	}
	_, err := n.job(by(key)).Run(t.Context(), interval)
	var untrusted *ledger.UntrustedError
	if !errors.As(err, &untrusted) || untrusted.Adoptable || !strings.Contains(untrusted.Doubt, "belongs to another output") {
		t.Fatalf("got %v, want that the record belongs to another output", err)
	}
	if _, err := n.job(by(key), disowning(untrusted.SHA256)).Run(t.Context(), interval); err != nil {
		t.Error(err)
	}
}

// TestTheEndOfTheJournalIsToldAndStandsInTheNextRecord so that its entry is found.
func TestTheEndOfTheJournalIsToldAndStandsInTheNextRecord(t *testing.T) {
	t.Parallel()
	n := small(t)
	first := n.run()
	n.more("a")
	second := n.run()
	entry := n.tree("out")["journal/00000001.json"]
	var r ledger.Record
	if err := json.Unmarshal([]byte(n.tree(outputPrefix)[logName(2)]), &r); err != nil {
		t.Fatal(err)
	}
	if first.Journal == nil || first.Journal.SHA256 != hexSum(entry) || *r.Journal != (ledger.Mark{Number: 1, SHA256: hexSum(entry)}) || second.Journal.Number != 2 {
		t.Errorf("told %+v and %+v, the record saw %+v, want %s", first.Journal, second.Journal, r.Journal, hexSum(entry))
	}
}

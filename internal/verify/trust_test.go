package verify_test

import (
	"strings"
	"testing"

	"cdrmend/internal/ledger"
	"cdrmend/internal/verify"

	"github.com/google/go-cmp/cmp"
)

// TestWhoeverRewritesAnUnsignedChainIsSeenByItsNeighbours unless they are
// rewritten, too: then only a signature helps.
func TestWhoeverRewritesAnUnsignedChainIsSeenByItsNeighbours(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.commitAll(signedBy(nil)...)
	wantVerified(t, w.verify(nil))
	w.rewrite(day20, 1, "calls.csv", func(s string) string { return strings.Replace(s, "complete", "missing", 1) }, nil)
	r := w.verify(nil)
	for _, number := range []int64{1, 2} {
		p := wantBroken(t, r, verify.NeighbourLink, recordKey(day20, number))
		if !strings.Contains(p.Detail, "of interval 2026-11-2") {
			t.Errorf("the witness is not named: %s", p.Detail)
		}
	}
	if r := w.verify(nil, day21); !named(r, recordKey(day20, 1)) {
		t.Errorf("the interval that saw another record does not say so:\n%s", r.Text())
	}
	w.sees(nil)
	r21 := w.record(day22, 1)
	if len(r21.Neighbours) != 2 {
		t.Fatalf("the newest record saw %+v", r21.Neighbours)
	}
	r = w.verify(nil)
	wantVerified(t, r)
	if !strings.Contains(r.Text(), "Nothing is signed") {
		t.Errorf("a chain that anybody could have made is not called unsigned:\n%s", r.Text())
	}
	if r := w.verify(newKey(t, "2026").Public()); len(r.Problems) != 6 {
		t.Errorf("who asks for signatures is told:\n%s", r.Text())
	}
}

func TestSignedRecordsVouchForUnsignedOnesBeforeThem(t *testing.T) {
	t.Parallel()
	key := newKey(t, "2026")
	w := newWorld(t)
	w.commitAll(nil, nil, nil, nil)
	w.decide.Adopt = map[string]bool{}
	for _, text := range w.tree() {
		w.decide.Adopt[hexSum(text)] = true
	}
	w.write("in/c/date=2026-11-22/late.csv", "conversation_id,leg_id,start_time,answer_time,end_time\nc-late,1,2026-11-22T15:00:00Z,2026-11-22T15:00:00Z,2026-11-22T15:01:00Z\n")
	w.commit(day22, key)
	r := w.verify(key.Public())
	wantVerified(t, r)
	if r.Records.Vouched != 4 || r.Records.Verified != 1 {
		t.Errorf("got %+v, want one signed record that vouches for four", r.Records)
	}
	wantVerified(t, w.verify(key.Public(), day20))

	if len(r.Adopted) != 5 {
		t.Errorf("got %+v, want output.json, an entry, and the newest records of three intervals", r.Adopted)
	}
}

func TestKeysThatTookOverFromEachOtherAreAllNeeded(t *testing.T) {
	t.Parallel()
	first, second := newKey(t, "1"), newKey(t, "2")
	w := newWorld(t)
	w.commit(day20, first)
	w.commit(day21, first)
	w.commit(day22, second, first)
	wantVerified(t, w.verify(first.Public().And(second.Public())))
	r := w.verify(second.Public())
	wantBroken(t, r, verify.SignatureLink, recordKey(day20, 1))
	wantBroken(t, r, verify.SignatureLink, recordKey(day21, 1))
	if named(r, recordKey(day22, 1)) {
		t.Errorf("the record that the key signed is named:\n%s", r.Text())
	}
}

// TestTheLossOfTheNewestRecordsShows as the journal names them.
func TestTheLossOfTheNewestRecordsShows(t *testing.T) {
	t.Parallel()
	w, key := signedWorld(t)
	head := w.verify(key.Public()).Journal.SHA256
	w.remove("out/interval=" + day22)
	w.remove("out/" + recordKey(day20, 2))
	w.labels, w.all = []string{day20, day21}, true
	r := w.verify(key.Public())
	wantBroken(t, r, verify.RecordLink, recordKey(day20, 2))
	wantBroken(t, r, verify.RecordLink, recordKey(day22, 1))
	if len(r.Leftovers) == 0 {
		t.Errorf("what the lost record accounted for is not left over:\n%s", r.Text())
	}

	// With the entries that name them nothing shows, but for who knows the last one.
	w.remove("out/" + entryKey(4))
	w.remove("out/" + entryKey(3))
	wantVerified(t, w.verify(key.Public()))
	w.head = head
	wantBroken(t, w.verify(key.Public()), verify.JournalLink, ledger.JournalFolder)
}

func TestLeftoversAreListedAndNoErrors(t *testing.T) {
	t.Parallel()
	w, key := signedWorld(t)
	want := []string{
		"interval=2026-11-20/log/00000003-" + strings.Repeat("a", 32) + ".history.csv",
		"interval=2026-11-20/log/10.json",
		"interval=2026-11-20/runs/" + strings.Repeat("a", 32) + "/calls.csv",
		"interval=2026-11-20/stray",
		"interval=2026-11-23/runs/" + strings.Repeat("b", 32) + "/run.json",
	}
	for _, name := range want {
		w.write("out/"+name, "left")
	}
	r := w.verify(key.Public())
	wantVerified(t, r)
	if diff := cmp.Diff(want[:4], r.Leftovers); diff != "" {
		t.Errorf("leftovers (-want +got):\n%s", diff)
	}

	// Where nothing is committed, nothing is broken, and nothing is verified.
	none := w.verify(key.Public(), "2026-11-23")
	if none.Verified || len(none.Problems) > 0 || len(none.Unchecked) != 1 {
		t.Errorf("an interval without a commit:\n%s", none.Text())
	}
	wantBroken(t, w.verify(key.Public(), "2026-11-24"), verify.RecordLink, recordKey("2026-11-24", 1))
}

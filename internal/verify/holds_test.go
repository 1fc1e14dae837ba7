package verify_test

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"testing"
	"time"

	"cdrmend/internal/ledger"
	"cdrmend/internal/scratch"
	"cdrmend/internal/token"
	"cdrmend/internal/verify"
)

// hold writes records of legal holds for a matter and enters them.
func (w *world) hold(matter string, key *token.Signer, steps ...string) {
	w.t.Helper()
	o := &ledger.Output{Store: w.job().Stores.Output, Name: "night", Signer: key}
	if key != nil {
		o.Keys = key.Public()
	}
	known, err := o.Identity(w.t.Context())
	must(w.t, err)
	j, err := o.Open(w.t.Context(), known)
	must(w.t, err)
	m, err := o.Matter(w.t.Context(), matter, known.ID)
	must(w.t, err)
	for _, step := range steps {
		spool := scratch.NewSpool(w.t.TempDir())
		_, err := spool.Write([]byte(`{"key":"` + step + "\"}\n"))
		must(w.t, err)
		list, err := o.PutHoldList(w.t.Context(), m, spool)
		must(w.t, err)
		spool.Close()
		saw, err := j.Head(w.t.Context())
		must(w.t, err)
		_, err = o.PutHold(w.t.Context(), m, ledger.Hold{
			Output: known.ID, Action: ledger.HoldSet, Step: step, Time: time.Unix(1, 0).UTC(), Tool: tool, Reason: "r", By: "b", List: list, Results: []ledger.HoldCount{}, Journal: saw,
		})
		must(w.t, err)
	}
	_, err = j.EnterHolds(w.t.Context(), m)
	must(w.t, err)
}

func TestHoldsAreVerified(t *testing.T) {
	t.Parallel()
	w, key := signedWorld(t)
	w.hold("m", key, ledger.HoldIntended, ledger.HoldDone)
	w.hold("a/b", key, ledger.HoldIntended)
	r := w.verify(key.Public())
	wantVerified(t, r)
	want := verify.Holds{Matters: 2, Records: 3, Signed: 3, Verified: 3}
	if r.Holds == nil || *r.Holds != want {
		t.Errorf("got %+v, want %+v", r.Holds, want)
	}
	if len(r.Leftovers) != 0 {
		t.Errorf("leftovers are %v, want none", r.Leftovers)
	}
	if text := r.Text(); !strings.Contains(text, "holds/a%2Fb/00000001.json: it says what was about to be done") || strings.Contains(text, "holds/m/00000001.json: it says") {
		t.Errorf("the call that was interrupted is not told, or one that was not:\n%s", text)
	}
}

func TestAHoldThatWasTamperedWithIsNamed(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		do   func(w *world)
		link verify.Link
		key  string
	}{
		"the first record is gone":    {func(w *world) { w.remove("out/holds/m/00000001.json") }, verify.HoldLink, "holds/m/00000001.json"},
		"the last record is gone":     {func(w *world) { w.remove("out/holds/m/00000002.json") }, verify.HoldLink, "holds/m/00000002.json"},
		"the folder is gone":          {func(w *world) { w.remove("out/holds") }, verify.HoldLink, "holds/m/00000002.json"},
		"a record is no record":       {func(w *world) { w.write("out/holds/m/00000001.json", "{}") }, verify.HoldLink, "holds/m/00000001.json"},
		"a record is that of another": {func(w *world) { w.write("out/holds/x/00000001.json", w.read("out/holds/m/00000001.json")) }, verify.HoldLink, "holds/x/00000001.json"},
		"a list is gone":              {func(w *world) { w.remove("out/holds/m/00000002.jsonl") }, verify.HoldLink, "holds/m/00000002.jsonl"},
		"a list was changed":          {func(w *world) { w.write("out/holds/m/00000002.jsonl", "{}\n") }, verify.HoldLink, "holds/m/00000002.jsonl"},
		"a record was replaced": {func(w *world) {
			w.remove("out/holds/m/00000002.json")
			forged := *w.holdRecord("m", 1)
			forged.Number, forged.Previous = 2, "0"
			w.forgeHold(&forged, nil)
		}, verify.JournalLink, "holds/m/00000002.json"},
		"nobody signed a record": {func(w *world) {
			forged := *w.holdRecord("m", 2)
			forged.Number, forged.Previous = 3, sumOf(w.read("out/holds/m/00000002.json"))
			w.forgeHold(&forged, nil)
		}, verify.SignatureLink, "holds/m/00000003.json"},
		"somebody else signed a record": {func(w *world) {
			forged := *w.holdRecord("m", 2)
			forged.Number, forged.Previous = 3, sumOf(w.read("out/holds/m/00000002.json"))
			w.forgeHold(&forged, newKey(w.t, "2026"))
		}, verify.SignatureLink, "holds/m/00000003.json"},
		"a record follows another": {func(w *world) {
			forged := *w.holdRecord("m", 2)
			forged.Number, forged.Previous = 3, strings.Repeat("0", 64)
			w.forgeHold(&forged, sharedKey)
		}, verify.HoldLink, "holds/m/00000003.json"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, key := signedWorld(t)
			w.hold("m", key, ledger.HoldIntended, ledger.HoldDone)
			test.do(w)
			wantBroken(t, w.verify(key.Public()), test.link, test.key)
		})
	}
}

func TestARecordOfHoldsThatNobodyEnteredIsNoBreak(t *testing.T) {
	t.Parallel()
	w, key := signedWorld(t)
	w.hold("m", key, ledger.HoldIntended, ledger.HoldDone)
	w.remove("out/journal/00000006.json") // names the second
	r := w.verify(key.Public())
	wantVerified(t, r)
	if !strings.Contains(r.Text(), "holds/m/00000002.json: no journal entry names it") {
		t.Errorf("the record that no entry names is not told:\n%s", r.Text())
	}
}

func (w *world) holdRecord(folder string, number int64) *ledger.Hold {
	w.t.Helper()
	h, _, err := ledger.OpenHold([]byte(w.read("out/"+ledger.HoldPath(folder, number))), nil)
	must(w.t, err)
	return h
}

func (w *world) forgeHold(h *ledger.Hold, key *token.Signer) {
	w.t.Helper()
	raw, err := h.Seal(key)
	must(w.t, err)
	w.write("out/"+ledger.HoldPath("m", h.Number), string(raw))
}

func sumOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

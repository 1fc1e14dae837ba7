package verify_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"cdrmend/internal/ledger"
	"cdrmend/internal/verify"
)

// Whoever signs may sign sums that are not those of the blocks: a search would trust
// bytes that no table has, or refuse those that it has.
func TestSumsOfBlocksThatAreNotThoseOfTheTablesAreNamed(t *testing.T) {
	t.Parallel()
	for want, change := range map[string]func(b *ledger.Blocks){
		"the blocks of %s have other sums":                        func(b *ledger.Blocks) { b.Files[0].Sums[0] ^= 1 },
		"it has the sums of the blocks of another %s":             func(b *ledger.Blocks) { b.Files[0].SHA256 = strings.Repeat("0", 64) },
		`it has the sums of the blocks of "log/other.parquet"`:    func(b *ledger.Blocks) { b.Files[0].Path = "log/other.parquet" },
		`it has the sums of the blocks of "runs/x/calls.parquet"`: func(b *ledger.Blocks) { b.Files[0].Path = "runs/x/calls.parquet" },
		"its format is": func(b *ledger.Blocks) { b.Format = "cdrmend.blocks/2" },
		"do not fit":    func(b *ledger.Blocks) { b.Files[0].Sums = b.Files[0].Sums[1:] },
		"more than 64":  func(b *ledger.Blocks) { b.Files = append(b.Files, make([]ledger.FileBlocks, 60)...) },
	} {
		w, key := newWorld(t), newKey(t, "2026")
		w.commit(day20, key)
		wantVerified(t, w.verify(key.Public(), day20))

		r := w.record(day20, 1)
		var sums ledger.Blocks
		if err := json.NewDecoder(strings.NewReader(w.read("out/" + r.Blocks.Path))).Decode(&sums); err != nil {
			t.Fatal(err)
		}
		if len(sums.Files) < 6 {
			t.Errorf("there are sums of %d files, want five tables and the history", len(sums.Files))
		}
		path := sums.Files[0].Path
		change(&sums)
		raw, err := ledger.Encode(sums)
		if err != nil {
			t.Fatal(err)
		}
		r.Blocks.SHA256, r.Blocks.Size = hexSum(string(raw)), int64(len(raw))
		r.Blocks.Path = "interval=" + day20 + "/evidence/" + r.Blocks.SHA256 + ".blocks.json"
		w.write("out/"+r.Blocks.Path, string(bytes.TrimSpace(raw))+"\n")
		r.Night = r.Blocks // whatever else the file is said to be
		w.forge(r, key)

		if strings.Contains(want, "%s") {
			want = fmt.Sprintf(want, path)
		}
		if p := wantBroken(t, w.verify(key.Public(), day20), verify.EvidenceLink, r.Blocks.Path); !strings.Contains(p.Detail, want) {
			t.Errorf("%q is said, want %q", p.Detail, want)
		}
	}
}

// Such a path leads to a file that nothing else checks, or to none.
func TestEvidenceThatNoRunKeepsIsNamed(t *testing.T) {
	t.Parallel()
	elsewhere := "interval=" + day20 + "/log/copy.json"
	for _, path := range []string{"", "../x", "/", "interval=" + day20 + "/evidence/", "interval=" + day20 + "/evidence/../log/00000001.json", "interval=/evidence/x", elsewhere} {
		w, key := newWorld(t), newKey(t, "2026")
		w.commit(day20, key)
		r := w.record(day20, 1)
		w.write("out/"+elsewhere, w.read("out/"+r.Blocks.Path))
		r.Blocks.Path = path
		w.forge(r, key)
		if p := wantBroken(t, w.verify(key.Public(), day20), verify.EvidenceLink, path); !strings.Contains(p.Detail, "no run keeps evidence there") {
			t.Errorf("%q: %q is said", path, p.Detail)
		}
	}
}

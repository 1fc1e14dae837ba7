package verify

import (
	"context"
	"crypto/sha256"
	"strings"

	"cdrmend/internal/blocks"
	"cdrmend/internal/ledger"
)

// claim is what a record says of the blocks of one file.
type claim struct {
	by   *entry
	file ledger.File
	sums [sha256.Size]byte // of the list of sums
}

func (c claim) key(root string) string { return root + c.by.record.Blocks.Path }

// claims reads what a record says of the blocks of its tables, and adds it to that of its
// chain. Searches trust a part of a table because of it.
func (v fileCheck) claims(ctx context.Context, e *entry, known map[string]bool) error {
	f := e.record.Blocks
	if f == nil || known[f.Path] {
		return nil
	}
	known[f.Path] = true
	sound, err := v.checkPacked(ctx, e.chain, e, *f)
	if !sound || err != nil {
		return err
	}
	list, err := (&ledger.Output{Store: v.out.Store, Root: v.out.Root}).ReadBlocks(ctx, e.record)
	if err != nil {
		return v.unreadable(ctx, e.chain, EvidenceLink, v.out.Root+f.Path, err)
	}
	for _, b := range list {
		e.chain.claims[b.Path] = append(e.chain.claims[b.Path], claim{e, b.File, sha256.Sum256(b.Sums)})
	}
	return nil
}

// checkClaims compares what records say of the blocks of a file with its bytes, which are
// those that were committed.
func (v fileCheck) checkClaims(c *chain, path string, want ledger.File, sums *blocks.Sums) {
	for _, said := range c.claims[path] {
		switch {
		case said.file.Size != want.Size || said.file.SHA256 != want.SHA256:
			v.broken(c, EvidenceLink, said.key(v.out.Root), "it has the sums of the blocks of another %s than the committed one", path)
		case said.sums != sha256.Sum256(sums.List()):
			v.broken(c, EvidenceLink, said.key(v.out.Root), "the blocks of %s have other sums than it says", path)
		}
	}
}

// checkUnnamed names sums of files of the interval that no record accounts for.
func (v fileCheck) checkUnnamed(c *chain) {
	for path, list := range c.claims {
		run := path[:strings.LastIndex(path, "/")+1] + "run.json"
		if !c.named[path] && !c.listed[path] && (c.sound[run] || !strings.HasPrefix(path, "runs/")) {
			v.broken(c, EvidenceLink, list[0].key(v.out.Root), "it has the sums of the blocks of %q, which no record names", path)
		}
	}
}

package verify

import (
	"context"
	"crypto/sha256"
	"errors"
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
// chain. Searches trust a part of a table because of it. Known are the files of sums that
// records of the chain named before.
func (v fileCheck) claims(ctx context.Context, e *entry, known map[ledger.File]bool) error {
	f := e.record.Blocks
	if f == nil || known[*f] {
		return nil
	}
	known[*f] = true
	sound, err := v.checkPacked(ctx, e.chain, e, *f)
	if !sound || err != nil {
		return err
	}
	list, err := (&ledger.Output{Store: v.out.Store, Root: v.out.Root}).ReadBlocks(ctx, e.record)
	if wrong, ok := errors.AsType[*ledger.BrokenError](err); ok {
		v.broken(e.chain, EvidenceLink, v.out.Root+f.Path, "%s", wrong.Detail)
		return nil
	}
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

// checkUnnamed names sums of files of the interval that no record accounts for. What the
// files of a run are is not known if its list of them is broken, which is said already.
func (v fileCheck) checkUnnamed(c *chain, runs map[string]*entry) {
	for path, list := range c.claims {
		rest, inRun := strings.CutPrefix(path, "runs/")
		run, _, _ := strings.Cut(rest, "/")
		unknown := inRun && runs[run] != nil && !c.sound["runs/"+run+"/run.json"]
		if !c.named[path] && !c.listed[path] && !unknown {
			v.broken(c, EvidenceLink, list[0].key(v.out.Root), "it has the sums of the blocks of %q, which no record names", path)
		}
	}
}

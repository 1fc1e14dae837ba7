package verify

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"

	"cdrmend/internal/ledger"
	"cdrmend/internal/token"
)

// forgotten is what an entry of the journal says of a pack.
type forgotten struct {
	*page
	ledger.Forgotten
}

// forgotten returns the packs that entries forget on purpose, by their paths. Only an
// entry that can be trusted excuses a pack that is gone.
func (j *journal) forgotten(keys *token.Keys) map[string]forgotten {
	all := map[string]forgotten{}
	for _, p := range j.pages {
		if p.disowned || !p.verified(keys) || p.entry.Kind != ledger.PruneEntry {
			continue
		}
		for _, f := range p.entry.Forgotten {
			all[f.Path] = forgotten{p, f}
		}
	}
	return all
}

// present returns the pack that has to be there for one that a record names, nil for
// none, and the entries that forget others for it.
func present(p ledger.Pack, gone map[string]forgotten) (*ledger.Pack, []forgotten) {
	var by []forgotten
	for {
		f, ok := gone[p.Path]
		if !ok || f.SHA256 != p.SHA256 || len(by) > len(gone) {
			return &p, by
		}
		if by = append(by, f); f.Instead == nil {
			return nil, by
		}
		p = *f.Instead
	}
}

// packChecks returns the checks of the packs that a record names, and of what it keeps of
// the night and of media, where no record before it named them with the same hashes. A
// pack may lie in the folder of another interval. Any other file is known as a pack
// without an index.
func (v fileCheck) packChecks(e *entry, gone map[string]forgotten, known map[ledger.Pack]bool) (work []func(context.Context) error) {
	for _, p := range e.record.Evidence {
		as := ledger.Pack{File: p.File, Index: p.Index} // records may use different inputs of it
		if known[as] {
			continue
		}
		known[as] = true
		work = append(work, func(ctx context.Context) error {
			there, by := present(p, gone)
			for _, f := range by {
				still, err := v.stillThere(ctx, f)
				if err != nil {
					return err
				}
				v.note("pack %s was forgotten on purpose, by %s: %s (%s)%s", f.Path, f.page, f.entry.Reason, f.entry.By, still)
			}
			switch {
			case there == nil:
				return nil
			case len(by) > 0:
				return v.checkPack(ctx, e.chain, by[len(by)-1].page, there)
			}
			return v.checkPack(ctx, e.chain, e, there)
		})
	}
	for _, f := range []*ledger.File{e.record.Night, e.record.Media} {
		if f == nil || known[ledger.Pack{File: *f}] {
			continue
		}
		known[ledger.Pack{File: *f}] = true
		work = append(work, func(ctx context.Context) error {
			_, err := v.checkPacked(ctx, e.chain, e, *f)
			return err
		})
	}
	return work
}

// stillThere says in words when a pack is still there that an entry forgets: it is
// retained, whoever deleted it was stopped, or a later run kept the same bytes again.
func (v fileCheck) stillThere(ctx context.Context, f forgotten) (string, error) {
	_, body, err := v.out.Store.Get(ctx, v.out.Root+f.Path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "", nil
	case err != nil:
		return "", v.unchecked(ctx, err)
	}
	return "; it is still there: cdrmend evidence prune deletes it", body.Close()
}

// checkPack checks a pack and its index, which something names.
func (v fileCheck) checkPack(ctx context.Context, c *chain, by fmt.Stringer, p *ledger.Pack) error {
	whole := true
	for _, f := range []ledger.File{p.File, p.Index} {
		sound, err := v.checkPacked(ctx, c, by, f)
		if err != nil {
			return err
		}
		whole = whole && sound
	}
	if whole {
		v.count(func(r *Report) { r.Packs++ })
	}
	return nil
}

// checkPacked checks a file of evidence, and reports whether it is what was committed.
func (v fileCheck) checkPacked(ctx context.Context, c *chain, by fmt.Stringer, want ledger.File) (bool, error) {
	key := v.out.Root + want.Path
	if !ledger.IsKept(want.Path) {
		v.broken(c, EvidenceLink, key, "%s names %q, and no run keeps evidence there", by, want.Path)
		return false, nil
	}
	info, body, err := v.out.Store.Get(ctx, key)
	if errors.Is(err, fs.ErrNotExist) {
		v.broken(c, EvidenceLink, key, "it is missing, though %s names it", by)
		return false, nil
	}
	if err != nil {
		return false, v.unreadable(ctx, c, EvidenceLink, key, err)
	}
	defer body.Close()
	if info.Size != want.Size {
		v.broken(c, EvidenceLink, key, "it has %d bytes, and %s names %d", info.Size, by, want.Size)
		return false, nil
	}

	sum := sha256.New()
	if _, err := io.Copy(sum, body); err != nil {
		return false, v.unreadable(ctx, c, EvidenceLink, key, err)
	}
	if got := hex.EncodeToString(sum.Sum(nil)); got != want.SHA256 {
		v.broken(c, EvidenceLink, key, "its SHA-256 is %s, and %s names %s", got, by, want.SHA256)
		return false, nil
	}
	v.count(func(r *Report) { r.Files++; r.Bytes += info.Size })
	return true, nil
}

package verify

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"

	"cdrmend/internal/ledger"
)

// packChecks returns the checks of the packs that a record names and that no record
// before it named. A pack may lie in the folder of another interval.
func (v fileCheck) packChecks(e *entry, known map[string]bool) (work []func(context.Context) error) {
	for _, p := range e.record.Evidence {
		if known[p.Path] {
			continue
		}
		known[p.Path] = true
		work = append(work, func(ctx context.Context) error {
			whole := true
			for _, f := range []ledger.File{p.File, p.Index} {
				sound, err := v.checkPacked(ctx, e, f)
				if err != nil {
					return err
				}
				whole = whole && sound
			}
			if whole {
				v.count(func(r *Report) { r.Packs++ })
			}
			return nil
		})
	}
	return work
}

// checkPacked checks a pack or its index, and reports whether it is what was committed.
func (v fileCheck) checkPacked(ctx context.Context, e *entry, want ledger.File) (bool, error) {
	key := v.out.Root + want.Path
	info, body, err := v.out.Store.Get(ctx, key)
	if errors.Is(err, fs.ErrNotExist) {
		v.broken(e.chain, EvidenceLink, key, "it is missing, though %s names it", e)
		return false, nil
	}
	if err != nil {
		return false, v.unreadable(ctx, e.chain, EvidenceLink, key, err)
	}
	defer body.Close()
	if info.Size != want.Size {
		v.broken(e.chain, EvidenceLink, key, "it has %d bytes, and %s names %d", info.Size, e, want.Size)
		return false, nil
	}

	sum := sha256.New()
	if _, err := io.Copy(sum, body); err != nil {
		return false, v.unreadable(ctx, e.chain, EvidenceLink, key, err)
	}
	if got := hex.EncodeToString(sum.Sum(nil)); got != want.SHA256 {
		v.broken(e.chain, EvidenceLink, key, "its SHA-256 is %s, and %s names %s", got, e, want.SHA256)
		return false, nil
	}
	v.count(func(r *Report) { r.Files++; r.Bytes += info.Size })
	return true, nil
}

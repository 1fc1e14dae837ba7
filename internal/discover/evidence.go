package discover

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"

	"cdrmend/internal/committed"
	"cdrmend/internal/ledger"

	"golang.org/x/sync/errgroup"
)

// mostRecord is the largest record or entry that is read, in bytes.
const mostRecord = 4 << 20

// commit adds the record of a commit, and the list of the files of its run.
func (b *books) commit(ctx context.Context, c *committed.Commit) error {
	out := b.producer.Ledger
	for _, f := range []struct{ key, name, sha256 string }{
		{out.Root + ledger.RecordPath(c.Record.Interval, c.Number()), "evidence/" + ledger.RecordPath(c.Record.Interval, c.Number()), c.SHA256},
		{out.Interval(c.Record.Interval).RunPrefix(c.Record.RunID) + "run.json", "evidence/interval=" + c.Record.Interval + "/runs/" + c.Record.RunID + "/run.json", c.Record.RunSHA256},
	} {
		if err := b.vouch(ctx, f.key, f.name, f.sha256); err != nil {
			return err
		}
	}
	b.records[c.SHA256] = ledger.RecordPath(c.Record.Interval, c.Number())
	return nil
}

// vouch adds a file of the output that has to have a hash.
func (b *books) vouch(ctx context.Context, key, name, sum string) error {
	_, body, err := b.producer.Ledger.Store.Get(ctx, key)
	if err != nil {
		return fmt.Errorf("reading %q: %w", key, err)
	}
	f, err := b.producer.Bag.Add(ctx, name, body)
	if closing := body.Close(); err == nil {
		err = closing
	}
	if err == nil && f.SHA256 != sum {
		err = fmt.Errorf("%q is not what was committed: it has the SHA-256 %s; cdrmend verify says more", key, f.SHA256)
	}
	return err
}

// journal adds the entries of the journal that name the records of the production, the identity of the output,
// and the public keys that are known.
func (b *books) journal(ctx context.Context) error {
	p := b.producer
	entries, err := b.entries(ctx)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if err := b.text(ctx, "evidence/"+ledger.JournalFolder+ledger.EntryName(e.number), e.file); err != nil {
			return err
		}
	}

	raw, err := read(ctx, p.Ledger, p.Ledger.Root+ledger.IdentityFile)
	if err != nil && !errors.Is(err, fs.ErrNotExist) { // an output of an earlier version has none
		return err
	}
	if err == nil {
		if err := b.text(ctx, "evidence/"+ledger.IdentityFile, raw); err != nil {
			return err
		}
	}
	if p.Out.Keys == nil {
		return nil
	}
	set, err := p.Out.Keys.Set()
	if err != nil {
		return err
	}
	return b.text(ctx, "evidence/keys.json", set)
}

type entry struct {
	number int64
	file   []byte
}

// atOnceEntries is how many entries are requested at once.
const atOnceEntries = 16

// entries returns the entries that name the records of the production, in their order. The journal has no index, so
// that all of it is read.
func (b *books) entries(ctx context.Context) ([]entry, error) {
	var numbers []int64
	out := b.producer.Ledger
	folder := out.Root + ledger.JournalFolder
	for info, err := range out.Store.List(ctx, folder) {
		if err != nil {
			return nil, err
		}
		if n, ok := ledger.EntryNumber(strings.TrimPrefix(info.Key, folder)); ok {
			numbers = append(numbers, n)
		}
	}

	found := make([]*entry, len(numbers))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(atOnceEntries)
	for i, n := range numbers {
		g.Go(func() error {
			raw, err := read(ctx, out, folder+ledger.EntryName(n))
			if err != nil {
				return err
			}
			// An entry that cannot be read names nothing; verify names it.
			if e, _, err := ledger.OpenEntry(raw, out.Keys); err == nil && b.records[e.SHA256] != "" {
				found[i] = &entry{n, raw}
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	var list []entry
	for _, e := range found {
		if e != nil {
			list = append(list, *e)
		}
	}
	return slices.Clip(list), nil
}

// read reads a small file of the output.
func read(ctx context.Context, out *ledger.Output, key string) ([]byte, error) {
	_, body, err := out.Store.Get(ctx, key)
	if err != nil {
		return nil, fmt.Errorf("reading %q: %w", key, err)
	}
	raw, err := io.ReadAll(io.LimitReader(body, mostRecord))
	return raw, errors.Join(err, body.Close())
}

// text adds a small file.
func (b *books) text(ctx context.Context, name string, content []byte) error {
	_, err := b.producer.Bag.Add(ctx, name, bytes.NewReader(content))
	if err != nil {
		err = fmt.Errorf("%w: %q: %w", errBag, name, err)
	}
	return err
}

// sumOf returns the SHA-256 of bytes in hexadecimal.
func sumOf(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

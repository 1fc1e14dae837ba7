package discover

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"

	"cdrmend/internal/committed"
	"cdrmend/internal/ledger"
	"cdrmend/internal/policy"

	"golang.org/x/sync/errgroup"
)

// mostRecord is the largest record or entry that is read, in bytes.
const mostRecord = 4 << 20

// vouchFor adds the record of a commit, the list of the files of its run, and the entry of
// the journal that names the record, which it returns; nil when none does.
func (b *books) vouchFor(ctx context.Context, c *committed.Commit) (*entry, error) {
	out := b.producer.Ledger
	run := strings.TrimPrefix(out.Interval(c.Record.Interval).RunPrefix(c.Record.RunID), out.Root) + "run.json"
	if err := b.vouch(ctx, ledger.RecordPath(c.Record.Interval, c.Number()), c.SHA256); err != nil {
		return nil, err
	}
	// The list of files names every document by its key, which may hold anything.
	if b.producer.Show.Redact == policy.RedactNothing {
		if err := b.vouch(ctx, run, c.Record.RunSHA256); err != nil {
			return nil, err
		}
	}

	if b.entries == nil {
		if err := b.readEntries(ctx); err != nil {
			return nil, err
		}
	}
	e := b.entries[c.SHA256]
	if e == nil {
		return nil, nil
	}
	return e, b.text(ctx, "evidence/"+e.path(), e.file)
}

// vouch adds a file of the output that has to have a hash.
func (b *books) vouch(ctx context.Context, path, sum string) error {
	_, body, err := b.producer.Ledger.Store.Get(ctx, b.producer.Ledger.Root+path)
	if err != nil {
		return fmt.Errorf("reading %q: %w", path, err)
	}
	f, err := b.producer.Bag.Add(ctx, "evidence/"+path, body)
	err = cmp.Or(err, body.Close())
	if err == nil && f.SHA256 != sum {
		err = fmt.Errorf("%q is not what was committed: it has the SHA-256 %s; cdrmend verify says more", path, f.SHA256)
	}
	return err
}

// identity adds what says whose the output is, and the public keys that are known.
func (b *books) identity(ctx context.Context) error {
	p := b.producer
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
	return b.text(ctx, keysFile, set)
}

const keysFile = "evidence/keys.json"

// entry is an entry of the journal that names a record.
type entry struct {
	number int64
	record string // SHA-256
	file   []byte
}

func (e *entry) path() string { return ledger.JournalFolder + ledger.EntryName(e.number) }

// entriesAtOnce is how many entries are requested at once.
const entriesAtOnce = 16

// readEntries reads the journal. It has no index of what it names, so that all of it is
// read.
func (b *books) readEntries(ctx context.Context) error {
	var numbers []int64
	out := b.producer.Ledger
	folder := out.Root + ledger.JournalFolder
	for info, err := range out.Store.List(ctx, folder) {
		if err != nil {
			return err
		}
		if n, ok := ledger.EntryNumber(strings.TrimPrefix(info.Key, folder)); ok {
			numbers = append(numbers, n)
		}
	}

	found := make([]*entry, len(numbers))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(entriesAtOnce)
	for i, n := range numbers {
		g.Go(func() error {
			raw, err := read(ctx, out, folder+ledger.EntryName(n))
			if err != nil {
				return err
			}
			// One that cannot be read names nothing; verify names it.
			if e, _, err := ledger.OpenEntry(raw, out.Keys); err == nil && e.Kind == ledger.RecordEntry {
				found[i] = &entry{n, e.SHA256, raw}
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}

	// Of two that name one record the first counts.
	b.entries = map[string]*entry{}
	for _, e := range slices.Backward(found) {
		if e != nil {
			b.entries[e.record] = e
		}
	}
	return nil
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
	return err
}

package verify

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"cdrmend/internal/ledger"
	"cdrmend/internal/object"

	"golang.org/x/sync/errgroup"
)

// chain is the folder of one interval: its records, and the list of its objects.
type chain struct {
	label   string
	chosen  bool
	prefix  string                 // of the keys, ends in a slash
	objects map[string]object.Info // by path below the folder; only those below log/ if it is not chosen
	entries []*entry               // in the order of their numbers
	named   map[string]bool        // paths that a record accounts for
	sound   map[string]bool        // paths whose bytes are those that were committed
	listed  map[string]bool        // paths that a sound run.json names
	claims  map[string][]claim     // what records say of the blocks of files, by path
}

// entry is one commit record as it was found.
type entry struct {
	chain  *chain
	number int64 // that its name says
	key    string
	record *ledger.Record // nil if the file is not a commit record
	fault  string         // why not
	seal   ledger.Seal
	sum    string
	linked bool // a record whose signature verifies leads to it

	entered  int64 // number of the journal entry that names it, 0 for none
	disowned bool  // a person called it a forgery
}

func (e *entry) String() string {
	return fmt.Sprintf("record %d of interval %s", e.number, e.chain.label)
}

// newest returns the newest record that counts, nil for none.
func (c *chain) newest() *entry {
	for _, e := range slices.Backward(c.entries) {
		if !e.disowned {
			return e
		}
	}
	return nil
}

// before returns the record that e has to follow: the newest before it that counts.
func (c *chain) before(e *entry) *entry {
	var found *entry
	for _, other := range c.entries {
		if other.number < e.number && !other.disowned {
			found = other
		}
	}
	return found
}

// at returns the record of a number, nil when it is not there.
func (c *chain) at(number int64) *entry {
	i, ok := slices.BinarySearchFunc(c.entries, number, func(e *entry, n int64) int { return cmp.Compare(e.number, n) })
	if !ok {
		return nil
	}
	return c.entries[i]
}

// chainReader reads the chains of an output.
type chainReader struct {
	*results
	out *Output
}

// read reads the records of all intervals, and lists the folders of those that
// are verified.
func (v chainReader) read(ctx context.Context) (map[string]*chain, error) {
	labels, err := ledger.Labels(ctx, v.out.Store, v.out.Root)
	if err != nil {
		return nil, err
	}

	// An interval that was asked for is checked even if its folder is gone.
	all := slices.Concat(labels, v.out.Labels)
	slices.Sort(all)
	all = slices.Compact(all)

	// The records of intervals that were not asked for are read as witnesses.
	chains := map[string]*chain{}
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(max(1, v.out.Concurrency))
	for _, label := range all {
		c := &chain{
			label: label, chosen: slices.Contains(v.out.Labels, label), prefix: v.out.Root + "interval=" + label + "/",
			objects: map[string]object.Info{}, named: map[string]bool{}, sound: map[string]bool{},
			listed: map[string]bool{}, claims: map[string][]claim{},
		}
		chains[label] = c
		g.Go(func() error { return v.readChain(gctx, c) })
	}
	return chains, g.Wait()
}

func (v chainReader) readChain(ctx context.Context, c *chain) error {
	below := c.prefix
	if !c.chosen {
		below += "log/"
	}
	for info, err := range v.out.Store.List(ctx, below) {
		if err != nil {
			return err
		}
		c.objects[strings.TrimPrefix(info.Key, c.prefix)] = info
	}

	for _, path := range slices.Sorted(maps.Keys(c.objects)) {
		name, inLog := strings.CutPrefix(path, "log/")
		number, ok := ledger.RecordNumber(name)
		if !inLog || !ok {
			continue
		}

		e := &entry{chain: c, number: number, key: c.prefix + path}
		if err := v.readEntry(ctx, e, c.objects[path]); err != nil {
			if err := v.unreadable(ctx, c, RecordLink, e.key, err); err != nil {
				return err
			}
		}

		// Even a record that cannot be read is no leftover.
		c.named[path] = true
		c.entries = append(c.entries, e)
	}

	slices.SortFunc(c.entries, func(a, b *entry) int { return cmp.Compare(a.number, b.number) })
	return nil
}

// readEntry fails only if the object cannot be read; a file that is not a valid
// record is reported here.
func (v chainReader) readEntry(ctx context.Context, e *entry, info object.Info) error {
	file, sum, err := smallFile(ctx, v.out.Store, info)
	if err != nil {
		return err
	}

	// Even if the file is not a record: the next record is compared with its sum.
	e.sum = sum

	record, seal, err := ledger.OpenRecord(file, v.out.Keys)
	switch {
	case err != nil:
		e.fault = fmt.Sprintf("it is no commit record: %v", err)
	case record.Format != ledger.RecordFormat:
		e.fault = fmt.Sprintf("its format is %q, want %q", record.Format, ledger.RecordFormat)
	case record.Number != e.number || record.Interval != e.chain.label:
		e.fault = fmt.Sprintf("it says that it is record %d of interval %s: it was copied or renamed", record.Number, record.Interval)
	default:
		e.record, e.seal = record, seal
	}
	return nil
}

package verify

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"cdrmend/internal/ledger"
	"cdrmend/internal/object"

	"golang.org/x/sync/errgroup"
)

// chain is what the folder of one interval holds.
type chain struct {
	label   string
	chosen  bool
	prefix  string                 // of the keys, ends in a slash
	objects map[string]object.Info // by path below the folder; only those below log/ if it is not chosen
	entries []*entry               // in the order of their numbers
	named   map[string]bool        // paths that a record accounts for
	sound   map[string]bool        // paths whose bytes are those that were committed
}

// entry is one commit record as it was found.
type entry struct {
	chain  *chain
	number int64 // that its name says
	key    string
	record *ledger.Record // nil if the file is not a commit record
	seal   ledger.Seal
	sum    string
	linked bool // a record whose signature verifies leads to it
}

func (e *entry) String() string {
	return fmt.Sprintf("record %d of interval %s", e.number, e.chain.label)
}

// at returns the record of a number, nil when it is not there.
func (c *chain) at(number int64) *entry {
	i, ok := slices.BinarySearchFunc(c.entries, number, func(e *entry, n int64) int { return cmp.Compare(e.number, n) })
	if !ok {
		return nil
	}
	return c.entries[i]
}

// readChains reads the records of all intervals, and lists the folders of
// those that are verified.
func (v *Check) readChains(ctx context.Context) error {
	labels, err := ledger.Labels(ctx, v.out.Store, v.out.Root)
	if err != nil {
		return err
	}

	// An interval that was asked for is checked even if its folder is gone.
	all := slices.Concat(labels, v.out.Labels)
	slices.Sort(all)
	all = slices.Compact(all)

	// The records of intervals that were not asked for are read as witnesses.
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(max(1, v.out.Concurrency))
	for _, label := range all {
		c := &chain{
			label: label, chosen: slices.Contains(v.out.Labels, label), prefix: v.out.Root + "interval=" + label + "/",
			objects: map[string]object.Info{}, named: map[string]bool{}, sound: map[string]bool{},
		}
		v.chains[label] = c
		g.Go(func() error { return v.readChain(gctx, c) })
	}
	return g.Wait()
}

func (v *Check) readChain(ctx context.Context, c *chain) error {
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
func (v *Check) readEntry(ctx context.Context, e *entry, info object.Info) error {
	file, err := v.content(ctx, info)
	if err != nil {
		return err
	}
	sum := sha256.Sum256(file)
	e.sum = hex.EncodeToString(sum[:])

	record, seal, err := ledger.OpenRecord(file, v.out.Keys)
	switch {
	case err != nil:
		v.broken(e.chain, RecordLink, e.key, "it is no commit record: %v", err)
	case record.Format != ledger.RecordFormat:
		v.broken(e.chain, RecordLink, e.key, "its format is %q, want %q", record.Format, ledger.RecordFormat)
	case record.Number != e.number || record.Interval != e.chain.label:
		v.broken(e.chain, RecordLink, e.key, "it says that it is record %d of interval %s: it was copied or renamed", record.Number, record.Interval)
	default:
		e.record, e.seal = record, seal
	}
	return nil
}

func (v *Check) content(ctx context.Context, info object.Info) ([]byte, error) {
	body, err := v.out.Store.Open(ctx, info, 0)
	if err != nil {
		return nil, err
	}
	defer body.Close()
	return io.ReadAll(body)
}

// checkRecords checks each chain from its first record on.
func (v *Check) checkRecords() {
	name := v.usualName()
	for c := range v.chosen {
		v.Report.Intervals++
		if len(c.entries) == 0 {
			v.broken(c, RecordLink, c.prefix+"log/"+ledger.RecordName(1), "the interval has no commit record")
		}

		last := int64(0)
		for _, e := range c.entries {
			if e.number != last+1 {
				v.broken(c, RecordLink, c.prefix+"log/"+ledger.RecordName(last+1), "it is missing, though record %d is there", e.number)
			}
			last = e.number
			v.Report.Records.Count++
			if e.record == nil {
				continue
			}
			if e.record.Name != name {
				v.broken(c, NameLink, e.key, "it belongs to the configuration named %q, the others to %q", e.record.Name, name)
			}
			v.checkPrevious(e)
		}
	}
}

// usualName returns the configuration's name that most records have.
func (v *Check) usualName() string {
	counts := map[string]int{}
	for _, c := range v.chains {
		for _, e := range c.entries {
			if e.record != nil {
				counts[e.record.Name]++
			}
		}
	}

	// In sorted order, so that a tie always has the same result.
	usual := ""
	for _, name := range slices.Sorted(maps.Keys(counts)) {
		if counts[name] > counts[usual] {
			usual = name
		}
	}
	return usual
}

func (v *Check) checkPrevious(e *entry) {
	before := e.chain.at(e.number - 1)
	switch {
	case e.number == 1 && e.record.Previous != "":
		v.broken(e.chain, PreviousLink, e.key, "it is the first record and names one before it")
	case before == nil || before.sum == "":
		// a gap, or a record that could not be read, which is reported already
	case e.record.Previous != before.sum:
		v.broken(e.chain, PreviousLink, e.key, "it follows a record with SHA-256 %s, and record %d has %s", orNone(e.record.Previous), before.number, before.sum)
	case before.seal.Signed && !e.seal.Signed:
		v.broken(e.chain, SignatureLink, e.key, "it is unsigned, though record %d before it is signed", before.number)
	}
}

func orNone(text string) string { return cmp.Or(text, "(none)") }

// checkNeighbours compares each record with what records of other intervals saw
// of it.
func (v *Check) checkNeighbours() {
	for _, label := range slices.Sorted(maps.Keys(v.chains)) {
		for _, e := range v.chains[label].entries {
			if e.record == nil {
				continue
			}
			for _, n := range e.record.Neighbours {
				v.checkNeighbour(e, n)
			}
		}
	}
}

func (v *Check) checkNeighbour(e *entry, n ledger.Neighbour) {
	c := v.chains[n.Interval]
	if c == nil { // its whole folder is gone
		c = &chain{label: n.Interval, chosen: e.chain.chosen, prefix: v.out.Root + "interval=" + n.Interval + "/"}
	}
	key := c.prefix + "log/" + ledger.RecordName(n.Number)

	// The difference counts if either of the two intervals is to be verified.
	blamed := *c
	blamed.chosen = c.chosen || e.chain.chosen

	switch seen := c.at(n.Number); {
	case seen == nil:
		v.broken(&blamed, NeighbourLink, key, "it is missing, though %s names it", e)
	// A record that could not be read has no sum, and is reported already.
	case seen.sum != "" && seen.sum != n.SHA256:
		v.broken(&blamed, NeighbourLink, key, "its SHA-256 is %s, and %s saw it with %s: one of the two was replaced", seen.sum, e, n.SHA256)
	}
}

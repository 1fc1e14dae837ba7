package committed

import (
	"context"
	"iter"
	"strings"

	"cdrmend/internal/ledger"
)

// Objects yields the keys of all objects that the commit's record accounts for: the
// record itself, histories, the files of its run, and packs and what else is kept of its
// inputs.
func (c *Commit) Objects(ctx context.Context) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		prefix, run := c.interval.Prefix(), c.interval.RunPrefix(c.Record.RunID)
		keys := []string{c.interval.Root + ledger.RecordPath(c.interval.Label, c.Number()), run + "run.json"}
		for _, f := range c.Record.History {
			keys = append(keys, prefix+f.Path)
		}
		for _, f := range c.Record.EvidenceFiles() {
			keys = append(keys, c.interval.Root+f.Path)
		}
		for _, key := range keys {
			if !yield(key, nil) {
				return
			}
		}

		files, err := c.Files(ctx)
		if err != nil {
			yield("", err)
			return
		}
		for _, f := range files.Manifest.Files {
			if !yield(run+f.Path, nil) {
				return
			}
		}
	}
}

// Shared reports whether records of other intervals may account for an object of the
// commit, too.
func (c *Commit) Shared(key string) bool {
	_, after, _ := strings.Cut(strings.TrimPrefix(key, c.interval.Root), "/")
	return strings.HasPrefix(after, ledger.EvidenceFolder)
}

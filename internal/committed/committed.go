// Package committed reads an output: its intervals, their commits, and the tables
// of each. It returns only files whose hashes match the commit records, and writes
// nothing. A look-up alone reads parts of a file, which no hash covers: it says
// where to look, and is not what is shown.
package committed

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"sync"

	"cdrmend/internal/ledger"
	"cdrmend/internal/object"
	"cdrmend/internal/profile"
	"cdrmend/internal/scratch"
	"cdrmend/internal/table"
	"cdrmend/internal/token"
)

// Output is an output to which runs were committed.
type Output struct {
	Store   object.Store
	Root    string      // prefix, empty or ending in a slash
	Scratch string      // for temporary files; empty: the system's
	Keys    *token.Keys // that may have signed records; nil: signatures are not checked
}

// Labels returns the labels of the intervals that the output has, in order.
func (o *Output) Labels(ctx context.Context) ([]string, error) {
	return ledger.Labels(ctx, o.Store, o.Root)
}

func (o *Output) interval(label string) *ledger.Interval {
	out := &ledger.Output{Store: o.Store, Root: o.Root, Keys: o.Keys}
	return out.Interval(label)
}

// Commits returns the commits of an interval, the oldest first; none for an
// interval without a commit.
func (o *Output) Commits(ctx context.Context, label string) ([]*Commit, error) {
	interval := o.interval(label)
	chain, err := interval.Chain(ctx)
	if err != nil {
		return nil, err
	}

	var commits []*Commit
	for _, head := range chain {
		commits = append(commits, &Commit{Head: head, output: o, interval: interval})
	}
	return commits, nil
}

// Newest returns the newest commit of an interval, nil when it has none.
func (o *Output) Newest(ctx context.Context, label string) (*Commit, error) {
	interval := o.interval(label)
	head, err := interval.Latest(ctx)
	if err != nil || head.Record == nil {
		return nil, err
	}
	return &Commit{Head: head, output: o, interval: interval}, nil
}

// Commit is one commit of an interval, with access to the files that it names. It is
// safe for concurrent use, but for Close.
type Commit struct {
	ledger.Head
	output   *Output
	interval *ledger.Interval
	reading  sync.Mutex          // held while files is read
	files    *ledger.Files       // read at the first call of Files
	renamed  map[document]string // paths of documents whose keys the output cannot hold
	checks   checks              // files that searches use
}

// document names a document of a run.
type document struct{ source, key string }

// URL returns the folder of the commit's run.
func (c *Commit) URL() string { return c.output.Store.String() + c.interval.RunPrefix(c.Record.RunID) }

// Files returns the files of the commit's run.
func (c *Commit) Files(ctx context.Context) (*ledger.Files, error) {
	c.reading.Lock()
	defer c.reading.Unlock()
	if c.files != nil {
		return c.files, nil
	}

	files, err := c.interval.Files(ctx, c.Head)
	if err != nil {
		return nil, err
	}
	c.files, c.renamed = files, map[document]string{}
	for _, r := range files.Manifest.Renamed {
		c.renamed[document{r.Source, r.Key}] = r.Path
	}
	return files, nil
}

// Copy returns the repaired copy of a document, with its path below the run's folder;
// false when the run wrote none, as of one that needed no repair.
func (c *Commit) Copy(ctx context.Context, source, key string) (ledger.File, bool, error) {
	files, err := c.Files(ctx)
	if err != nil {
		return ledger.File{}, false, err
	}

	path, ok := c.renamed[document{source, key}]
	if !ok {
		path = "manifests/" + source + "/" + key
	}
	f, ok := files.Find(path)
	if !ok { // of XML, which is written as JSON
		f, ok = files.Find(path + profile.MadeSuffix)
	}
	return f, ok, nil
}

// OpenCopy opens a repaired copy. Its bytes are not checked: the caller hashes them, and compares.
func (c *Commit) OpenCopy(ctx context.Context, f ledger.File) (io.ReadCloser, error) {
	_, body, err := object.GetHashed(ctx, c.output.Store, c.interval.RunPrefix(c.Record.RunID)+f.Path)
	return body, err
}

// suffixes are those of table files, the faster form to read first.
var suffixes = []string{".parquet", ".csv"}

// TableFile returns the file that holds a table, with its path below the root
// of the store, and its size and hash from the commit. Parquet is preferred.
func (c *Commit) TableFile(ctx context.Context, s *table.Schema) (ledger.File, error) {
	f, err := c.tableFile(ctx, s)

	// The history belongs to the interval's log; all other tables are in the
	// run.
	if s == table.History {
		f.Path = c.interval.Prefix() + f.Path
	} else {
		f.Path = c.interval.RunPrefix(c.Record.RunID) + f.Path
	}
	return f, err
}

func (c *Commit) tableFile(ctx context.Context, s *table.Schema) (ledger.File, error) {
	list := c.Record.History
	if s != table.History {
		files, err := c.Files(ctx)
		if err != nil {
			return ledger.File{}, err
		}
		list = files.Manifest.Files
	}

	// The suffix is the outer loop: Parquet is preferred wherever it is in the
	// list.
	for _, suffix := range suffixes {
		for _, f := range list {
			if f.Path == s.Name+suffix || s == table.History && strings.HasSuffix(f.Path, ".history"+suffix) {
				return f, nil
			}
		}
	}
	return ledger.File{}, fmt.Errorf("commit %d of interval %s has no table %s", c.Number(), c.Record.Interval, s.Name)
}

// Table yields the rows of a table of the commit, the history included, after
// checking the file against its committed hash. Each range reads it again.
func (c *Commit) Table(ctx context.Context, s *table.Schema) table.Rows {
	return func(yield func(*table.Row, error) bool) {
		f, err := c.tableFile(ctx, s)
		if err != nil {
			yield(nil, err)
			return
		}

		r, size, done, err := c.fetch(ctx, f, s == table.History)
		if err != nil {
			yield(nil, err)
			return
		}
		defer done()

		table.Read(r, size, f.Path, s)(yield)
	}
}

// Decode reads a JSON file of the commit's run.
func (c *Commit) Decode(ctx context.Context, path string, into any) error {
	r, size, done, err := c.fetch(ctx, ledger.File{Path: path}, false)
	if err != nil {
		return err
	}
	defer done()

	if err := json.NewDecoder(io.NewSectionReader(r, 0, size)).Decode(into); err != nil {
		return fmt.Errorf("reading %s of run %s: %w", path, c.Record.RunID, err)
	}
	return nil
}

// Verified reports whether one of the output's keys signed the commit's record.
func (c *Commit) Verified() bool { return c.Seal.Check == token.Verified }

// Signature says whether the commit's record is signed, and whether that was checked:
// none, verified or not checked.
func (c *Commit) Signature() string {
	switch {
	case !c.Seal.Signed:
		return "none"
	case c.Verified():
		return "verified"
	}
	return "not checked"
}

// fetch copies a file of the run's folder, or of the log, into a spool that is
// kept until done is called.
func (c *Commit) fetch(ctx context.Context, f ledger.File, log bool) (r io.ReaderAt, size int64, done func(), err error) {
	var spool *scratch.Spool
	if log {
		spool, err = c.interval.FetchHistory(ctx, c.Head, f, c.output.Scratch)
	} else {
		var files *ledger.Files
		if files, err = c.Files(ctx); err == nil {
			spool, err = files.Fetch(ctx, f.Path, c.output.Scratch)
		}
	}
	if err != nil {
		return nil, 0, nil, err
	}

	if r, err = spool.ReaderAt(); err != nil {
		spool.Close()
		return nil, 0, nil, err
	}
	return r, spool.Size(), spool.Close, nil
}

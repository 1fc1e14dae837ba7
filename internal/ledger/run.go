package ledger

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"
	"sync"

	"cdrmend/internal/object"
	"cdrmend/internal/scratch"
)

// Run writes the files of one run. It is safe for concurrent use.
type Run struct {
	interval *Interval
	id       string
	scratch  string
	mu       sync.Mutex
	files    []File
	blocks   []FileBlocks
}

// Manifest is run.json: every file of a run, and the keys that had to be
// renamed because the output cannot hold them.
type Manifest struct {
	Format  string    `json:"format"`
	RunID   string    `json:"run_id"`
	Files   []File    `json:"files"`
	Renamed []Renamed `json:"renamed"`
}

// Renamed gives the path of a document whose own key could not be used.
type Renamed struct {
	Source string `json:"source"`
	Key    string `json:"key"`
	Path   string `json:"path"`
}

// NewRun returns a writer of a run's files. Large files pass through temporary
// files in the scratch directory.
func (l *Interval) NewRun(id, scratch string) *Run {
	return &Run{interval: l, id: id, scratch: scratch}
}

// Create writes one file: fill writes its content.
func (r *Run) Create(ctx context.Context, path string, fill func(io.Writer) error) error {
	spool, err := r.NewSpool()
	if err != nil {
		return fmt.Errorf("writing %q: %w", path, err)
	}
	defer spool.Close()

	if err := fill(spool); err != nil {
		return err
	}
	return r.Put(ctx, path, spool)
}

// NewSpool returns an empty spool for one of the run's files.
func (r *Run) NewSpool() (*scratch.Spool, error) { return r.interval.NewSpool(r.scratch) }

// NewSpool returns an empty spool for a file of the run or the log.
func (l *Interval) NewSpool(dir string) (*scratch.Spool, error) {
	return scratch.NewSpoolFor(l.Store, dir)
}

// Put writes one file from a spool.
func (r *Run) Put(ctx context.Context, path string, spool *scratch.Spool) error {
	file, err := r.interval.put(ctx, "runs/"+r.id+"/"+path, spool)
	if err != nil {
		return err
	}

	r.mu.Lock()
	defer r.mu.Unlock()
	if sums := spool.Blocks(); sums != nil {
		r.blocks = append(r.blocks, FileBlocks{file, sums})
	}
	file.Path = path
	r.files = append(r.files, file)
	return nil
}

// Blocks returns the sums of the blocks of those files whose spools made them, sorted by
// path.
func (r *Run) Blocks() []FileBlocks {
	r.mu.Lock()
	defer r.mu.Unlock()
	slices.SortFunc(r.blocks, func(a, b FileBlocks) int { return cmp.Compare(a.Path, b.Path) })
	return slices.Clone(r.blocks)
}

func (l *Interval) put(ctx context.Context, path string, spool *scratch.Spool) (File, error) {
	content, err := spool.Content()
	if err != nil {
		return File{}, fmt.Errorf("writing %q: %w", path, err)
	}
	if err := l.Store.Create(ctx, l.Prefix()+path, content); err != nil {
		return File{}, fmt.Errorf("writing %q: %w", l.Prefix()+path, err)
	}
	return File{Path: path, Size: content.Size, SHA256: spool.Sum()}, nil
}

// Files returns the files that were written, sorted by path.
func (r *Run) Files() []File {
	r.mu.Lock()
	defer r.mu.Unlock()
	// Files are written concurrently, and run.json must not depend on the
	// order.
	slices.SortFunc(r.files, func(a, b File) int { return cmp.Compare(a.Path, b.Path) })
	return slices.Clone(r.files)
}

// Finish writes run.json and returns its SHA-256. Nothing may be created
// after it.
func (r *Run) Finish(ctx context.Context, renamed []Renamed) (string, error) {
	// No renames have one encoding: an empty list, never null.
	if renamed == nil {
		renamed = []Renamed{}
	}

	raw, err := Encode(Manifest{Format: FormatVersion, RunID: r.id, Files: r.Files(), Renamed: renamed})
	if err != nil {
		return "", err
	}

	key := r.interval.RunPrefix(r.id) + "run.json"
	if err := r.interval.Store.Create(ctx, key, object.ContentOf(raw)); err != nil {
		return "", fmt.Errorf("writing %q: %w", key, err)
	}
	return hexSum(raw), nil
}

// PutLog writes a file below log/ that is not a record, such as history.
func (l *Interval) PutLog(ctx context.Context, name string, spool *scratch.Spool) (File, error) {
	return l.put(ctx, "log/"+name, spool)
}

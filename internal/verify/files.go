package verify

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"strings"
	"sync/atomic"

	"cdrmend/internal/blocks"
	"cdrmend/internal/ledger"
	"cdrmend/internal/object"
	"cdrmend/internal/report"

	"golang.org/x/sync/errgroup"
)

// fileCheck checks the objects of an output against what its records say.
type fileCheck struct {
	*results
	out     *Output
	all     map[string]*chain
	chains  []*chain // that are to be verified
	journal *journal
}

// checkFiles checks every file that a record or a run.json names against its
// hash, and lists the objects that nothing names.
func (v fileCheck) checkFiles(ctx context.Context) error {
	var work []func(context.Context) error
	kept, gone := map[ledger.Pack]bool{}, v.journal.forgotten(v.out.Keys)
	for _, c := range v.chains {
		runs, sums := map[string]*entry{}, map[ledger.File]bool{}
		for _, e := range c.entries {
			if e.record == nil || e.disowned {
				continue
			}
			if len(e.record.History) == 0 {
				v.broken(c, HistoryLink, e.key, "it names no history")
			}
			for _, f := range e.record.History {
				c.named[f.Path] = true
				work = append(work, func(ctx context.Context) error {
					_, err := v.checkFile(ctx, c, HistoryLink, f.Path, f, e.String())
					return err
				})
			}

			work = append(work, v.packChecks(e, gone, kept)...)
			if err := v.claims(ctx, e, sums); err != nil {
				return err
			}

			// Several commits may name the same run; its files are checked
			// once.
			if first := runs[e.record.RunID]; first != nil {
				if first.record.RunSHA256 != e.record.RunSHA256 || first.record.Outcome != e.record.Outcome {
					v.broken(c, RunLink, e.key, "it names the run of record %d with another SHA-256 or outcome", first.number)
				}
				continue
			}

			runs[e.record.RunID] = e
			files, err := v.checkRun(ctx, e)
			if err != nil {
				return err
			}
			work = append(work, files...)
		}

		// Only now is every path that a record names known.
		v.checkLeft(c, runs)
		v.checkUnnamed(c, runs)
	}
	work = append(work, v.listChecks()...)
	return v.out.each(ctx, "verifying files", work)
}

// each does the work, several pieces at a time, and calls Watch after each.
func (o *Output) each(ctx context.Context, stage string, work []func(context.Context) error) error {
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(max(1, o.Concurrency))
	var done atomic.Int64
	for _, do := range work {
		// g.Go waits while the limit is reached: after a failure nothing more begins.
		if gctx.Err() != nil {
			break
		}
		g.Go(func() error {
			err := do(gctx)
			o.Watch(stage, done.Add(1), int64(len(work)))
			return err
		})
	}
	return g.Wait()
}

// checkRun checks run.json against its record, and returns the checks of the
// files that it names.
func (v fileCheck) checkRun(ctx context.Context, e *entry) ([]func(context.Context) error, error) {
	c := e.chain
	folder := "runs/" + e.record.RunID + "/"
	path := folder + "run.json"
	info, ok := c.objects[path]
	if !ok {
		v.broken(c, RunLink, c.prefix+path, "it is missing, though %s names it", e)
		return nil, nil
	}

	m, err := v.readRun(ctx, e, path)
	if m == nil || err != nil {
		return nil, err
	}

	// The checks of a replay rely on run.json only if it is sound.
	c.sound[path] = true
	v.count(func(r *Report) { r.Runs++; r.Files++; r.Bytes += info.Size })

	listed := map[string]bool{path: true}
	var work []func(context.Context) error
	for _, f := range m.Files {
		listed[folder+f.Path], c.listed[folder+f.Path] = true, true
		work = append(work, func(ctx context.Context) error {
			sound, err := v.checkFile(ctx, c, FileLink, folder+f.Path, f, "run.json")
			if err != nil || !sound || f.Path != report.SummaryFile {
				return err
			}
			return v.checkSummary(ctx, e, folder+f.Path)
		})
	}

	for other := range c.objects {
		if strings.HasPrefix(other, folder) && !listed[other] {
			v.broken(c, UnlistedLink, c.prefix+other, "it lies in a committed run, and run.json does not name it")
		}
	}
	return work, nil
}

// maxRun is how many bytes of a run.json are read: a million documents take a third of
// it. A sparse file of any size costs nothing.
const maxRun = 1 << 30

// readRun reads the run.json of a record. It returns nil for one that is broken, which
// it reports.
func (v fileCheck) readRun(ctx context.Context, e *entry, path string) (*ledger.Manifest, error) {
	c := e.chain
	info := c.objects[path]
	if info.Size > maxRun {
		v.broken(c, RunLink, c.prefix+path, "it has %d bytes, and no list of files has more than %d", info.Size, maxRun)
		return nil, nil
	}

	// It is kept in memory only if it is what was committed.
	got, err := hash(ctx, v.out.Store, info)
	if err != nil {
		return nil, v.unreadable(ctx, c, RunLink, c.prefix+path, err)
	}
	if got != e.record.RunSHA256 {
		v.broken(c, RunLink, c.prefix+path, "its SHA-256 is %s, and %s names %s", got, e, e.record.RunSHA256)
		return nil, nil
	}
	raw, err := content(ctx, v.out.Store, info)
	if err != nil {
		return nil, v.unreadable(ctx, c, RunLink, c.prefix+path, err)
	}

	m := new(ledger.Manifest)
	if err := json.Unmarshal(raw, m); err != nil || m.RunID != e.record.RunID {
		v.broken(c, RunLink, c.prefix+path, "it is not the list of files of run %s: it says run %q, %v", e.record.RunID, m.RunID, err)
		return nil, nil
	}
	return m, nil
}

// checkFile checks one file against the size and hash that by names, and
// reports whether they fit.
func (v fileCheck) checkFile(ctx context.Context, c *chain, link Link, path string, want ledger.File, by string) (sound bool, err error) {
	info, ok := c.objects[path]
	if !ok {
		v.broken(c, link, c.prefix+path, "it is missing, though %s names it", by)
		return false, nil
	}

	// The size is known from the listing: a wrong one saves reading the file.
	if info.Size != want.Size {
		v.broken(c, link, c.prefix+path, "it has %d bytes, and %s names %d", info.Size, by, want.Size)
		return false, nil
	}

	var sums []io.Writer
	ofBlocks := blocks.NewSums()
	if len(c.claims[path]) > 0 {
		sums = append(sums, ofBlocks)
	}
	got, err := hash(ctx, v.out.Store, info, sums...)
	if err != nil {
		return false, v.unreadable(ctx, c, link, c.prefix+path, err)
	}
	if got != want.SHA256 {
		v.broken(c, link, c.prefix+path, "its SHA-256 is %s, and %s names %s", got, by, want.SHA256)
		return false, nil
	}
	v.checkClaims(c, path, want, ofBlocks)

	// Files are checked concurrently; the report's lock guards sound too.
	v.count(func(r *Report) {
		r.Files++
		r.Bytes += info.Size
		c.sound[path] = true
	})
	return true, nil
}

// maxFile is how many bytes of a file of the ledger are looked at.
const maxFile = 1 << 20

// smallFile returns the bytes of a file of the ledger and their hash. Of a file that
// is too large to be one it returns nil and the hash of all of it.
func smallFile(ctx context.Context, store object.Store, info object.Info) (file []byte, sum string, err error) {
	if info.Size > maxFile {
		sum, err = hash(ctx, store, info)
		return nil, sum, err
	}
	file, err = content(ctx, store, info)
	return file, sumOf(file), err
}

// content returns the bytes of a small object.
func content(ctx context.Context, store object.Store, info object.Info) ([]byte, error) {
	body, err := store.Open(ctx, info, 0)
	if err != nil {
		return nil, err
	}
	defer body.Close()
	return io.ReadAll(body)
}

// hash returns the SHA-256 of an object, whose bytes go to others, too.
func hash(ctx context.Context, store object.Store, info object.Info, others ...io.Writer) (string, error) {
	body, err := store.Open(ctx, info, 0)
	if err != nil {
		return "", err
	}
	defer body.Close()

	sum := sha256.New()
	if _, err := io.Copy(io.MultiWriter(append(others, sum)...), body); err != nil {
		return "", err
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}

func sumOf(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// checkSummary compares what a run says of itself with the record that names
// it: a whole run could have been copied from another interval.
func (v fileCheck) checkSummary(ctx context.Context, e *entry, path string) error {
	c := e.chain
	raw, err := content(ctx, v.out.Store, c.objects[path])
	if err != nil {
		return v.unchecked(ctx, err)
	}

	var s report.Summary
	err = json.Unmarshal(raw, &s)
	switch {
	case err != nil:
		v.broken(c, RunLink, c.prefix+path, "it cannot be read: %v", err)
	case s.Interval != c.label:
		v.broken(c, RunLink, c.prefix+path, "the run is one of interval %s", s.Interval)
	case s.Outcome != e.record.Outcome:
		v.broken(c, RunLink, e.key, "it says that the run came to %+v, and the run says %+v", e.record.Outcome, s.Outcome)
	}
	return nil
}

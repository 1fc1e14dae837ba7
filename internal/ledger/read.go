package ledger

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"regexp"
	"slices"
	"strings"

	"cdrmend/internal/object"
	"cdrmend/internal/scratch"

	"golang.org/x/sync/errgroup"
)

var folderPattern = regexp.MustCompile(`^interval=(\d{4}-\d{2}-\d{2}(?:T\d{2})?)/$`)

// Labels returns the labels of the intervals that have a folder in an output,
// in order.
func Labels(ctx context.Context, store object.Store, root string) ([]string, error) {
	var labels []string
	for info, err := range store.Children(ctx, root) {
		if err != nil {
			return nil, fmt.Errorf("looking for intervals: %w", err)
		}
		if m := folderPattern.FindStringSubmatch(strings.TrimPrefix(info.Key, root)); m != nil {
			labels = append(labels, m[1])
		}
	}
	slices.Sort(labels)
	return labels, nil
}

// Chain returns all commits of an interval, the oldest first, each the successor of
// the one before it. Records that a later one disowns are not among them.
func (l *Interval) Chain(ctx context.Context) ([]Head, error) {
	newest, err := l.Latest(ctx)
	if err != nil || newest.Record == nil {
		return nil, err
	}

	chain := []Head{newest}
	forged := newest.Record.Disowned
	for _, number := range newest.numbers() {
		if number >= newest.Number() {
			continue
		}

		// What is disowned is not a record, whatever is in it.
		f, err := l.open(ctx, newest.files[RecordName(number)])
		if err != nil {
			return nil, err
		}
		if slices.Contains(forged, f.sha256) {
			continue
		}

		head, err := l.link(f, number)
		if err != nil {
			return nil, err
		}

		// Each record names its predecessor by hash: a record that was changed does
		// not fit the next one.
		after := chain[len(chain)-1]
		switch {
		case after.Record.Previous == head.SHA256:
		case number < after.Number()-1:
			return nil, fmt.Errorf("commit record %d of interval %s is not there, though record %d is", after.Number()-1, l.Label, newest.Number())
		default:
			return nil, fmt.Errorf("commit record %d of interval %s does not follow record %d: it names another predecessor, so one of them was changed", after.Number(), l.Label, number)
		}

		// All heads share one listing, so that they show one state of the log.
		head.files = newest.files
		chain = append(chain, head)
		forged = slices.Concat(forged, head.Record.Disowned)
	}

	if first := chain[len(chain)-1]; first.Record.Previous != "" {
		return nil, fmt.Errorf("commit record %d of interval %s is not there, though record %d is", first.Number()-1, l.Label, newest.Number())
	}
	slices.Reverse(chain)
	return chain, nil
}

// link reads a record before the newest. That it is unsigned is no doubt: the record
// after it names it by hash.
func (l *Interval) link(f *file, number int64) (Head, error) {
	r, seal, err := OpenRecord(f.raw, l.Keys)
	switch {
	case err != nil:
		return Head{}, fmt.Errorf("reading commit record %q: %w", f.key, err)
	case r.Number != number || r.Interval != l.Label || r.Format != RecordFormat:
		return Head{}, fmt.Errorf("commit record %q does not describe itself: it says number %d of interval %s in format %q", f.key, r.Number, r.Interval, r.Format)
	case l.Name != "" && r.Name != l.Name:
		return Head{}, &NameError{Store: l.Store.String(), Interval: l.Label, Found: r.Name, Wanted: l.Name}
	case !seal.Trusted():
		return Head{}, fmt.Errorf("commit record %q is not to be trusted: it says that key %q signed it, but %s; if that key is yours, add its public half to signing.keys", f.key, seal.KeyID, seal.Check.Sentence())
	}
	return Head{Record: r, Seal: seal, SHA256: f.sha256}, nil
}

// Files are the files of a committed run. Those in subfolders can be found in
// the manifest, but not fetched.
type Files struct {
	Manifest Manifest
	interval *Interval
	prefix   string
	direct   map[string]object.Info // directly in the run's folder
}

// maxRun is how many bytes of a run.json are read: a million documents take a third of
// it.
const maxRun = 1 << 30

// Files returns the files of a commit's run. It checks run.json against the
// hash in the record.
func (l *Interval) Files(ctx context.Context, head Head) (*Files, error) {
	f := &Files{interval: l, prefix: l.RunPrefix(head.Record.RunID), direct: map[string]object.Info{}}
	var raw []byte
	g, ctx := errgroup.WithContext(ctx) // over a network each of the two waits for an answer
	g.Go(func() error {
		for info, err := range l.Store.Children(ctx, f.prefix) {
			if err != nil {
				return fmt.Errorf("listing run %s of interval %s: %w", head.Record.RunID, l.Label, err)
			}
			f.direct[strings.TrimPrefix(info.Key, f.prefix)] = info
		}
		return nil
	})
	g.Go(func() (err error) {
		raw, err = l.readRun(ctx, head, f.prefix+"run.json")
		return err
	})
	if err := g.Wait(); err != nil {
		return nil, err
	}

	if got := hexSum(raw); got != head.Record.RunSHA256 {
		return nil, l.broken("runs/"+head.Record.RunID+"/run.json", "it is not the file that commit record %d names: its SHA-256 is %s instead of %s", head.Number(), got, head.Record.RunSHA256)
	}

	if err := json.Unmarshal(raw, &f.Manifest); err != nil {
		return nil, fmt.Errorf("reading %q: %w", f.prefix+"run.json", err)
	}

	return f, nil
}

// readRun reads run.json. Its hash is not checked here.
func (l *Interval) readRun(ctx context.Context, head Head, key string) ([]byte, error) {
	info, body, err := l.Store.Get(ctx, key)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, l.broken("runs/"+head.Record.RunID+"/run.json", "it is not there, though commit record %d names it", head.Number())
	}
	if err != nil {
		return nil, err
	}
	defer body.Close()
	if info.Size > maxRun {
		return nil, fmt.Errorf("%q has %d bytes, and no list of files has more than %d", key, info.Size, maxRun)
	}

	raw, err := io.ReadAll(body)
	if err != nil {
		return nil, fmt.Errorf("reading %q: %w", key, err)
	}
	return raw, nil
}

// Stored returns a file directly in the run's folder as it was listed.
func (f *Files) Stored(path string) (object.Info, bool) {
	info, ok := f.direct[path]
	return info, ok
}

// Find returns what the run's list says about a file.
func (f *Files) Find(path string) (File, bool) {
	i := slices.IndexFunc(f.Manifest.Files, func(file File) bool { return file.Path == path })
	if i < 0 {
		return File{}, false
	}
	return f.Manifest.Files[i], true
}

// Fetch copies a file directly in the run's folder into a spool in dir. It
// checks the file against the hash in run.json.
func (f *Files) Fetch(ctx context.Context, path, dir string) (*scratch.Spool, error) {
	file, listed := f.Find(path)
	info, there := f.direct[path]
	if !listed || !there {
		return nil, &BrokenError{Key: f.interval.Store.String() + f.prefix + path, Detail: "it is not there, though it was committed"}
	}

	body, err := f.interval.Store.Open(ctx, info, 0)
	if err != nil {
		return nil, fmt.Errorf("reading %q: %w", info.Key, err)
	}
	defer body.Close()
	return fetch(body, f.interval.Store.String()+info.Key, file.SHA256, dir)
}

// FetchHistory copies a history file of a commit into a spool in dir. It checks
// the file against the hash in the record.
func (l *Interval) FetchHistory(ctx context.Context, head Head, f File, dir string) (*scratch.Spool, error) {
	body, err := l.OpenHistory(ctx, head, f)
	if err != nil {
		return nil, err
	}
	defer body.Close()
	return fetch(body, l.Store.String()+l.Prefix()+f.Path, f.SHA256, dir)
}

func fetch(body io.Reader, name, sum, dir string) (*scratch.Spool, error) {
	spool := scratch.NewSpool(dir)
	_, err := io.Copy(spool, body)
	switch {
	case err != nil:
		err = fmt.Errorf("reading %q: %w", name, err)
	case spool.Sum() != sum:
		err = &BrokenError{Key: name, Detail: fmt.Sprintf("it is not the file that was committed: its SHA-256 is %s instead of %s", spool.Sum(), sum)}
	default:
		return spool, nil
	}
	spool.Close()
	return nil, err
}

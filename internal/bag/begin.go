package bag

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"strings"

	"cdrmend/internal/object"
)

// ErrOccupied is returned by [Writer.Begin] for a place that holds something else than the
// beginning of the bag.
var ErrOccupied = errors.New("the place is not free")

// Left is what an interrupted writer left of a bag.
type Left struct {
	First    []byte // content of the file that every writer of such bags adds first
	Complete bool   // the declaration is there: nothing was interrupted
}

// mostFirst is the largest first file that is read, in bytes.
const mostFirst = 64 << 20

// Begin looks at the place of the bag before anything is written. It returns what an
// interrupted writer left there, nil when the place is free. The first file says which
// bag was begun; its path is below data/. Ours says which paths such a bag may have. A
// place with anything else is an error that wraps [ErrOccupied].
//
// Of a bag that is continued, [Writer.Reuse] finds the files that are there.
func (w *Writer) Begin(ctx context.Context, first string, ours func(path string) bool) (*Left, error) {
	left, err := w.to.begin(ctx, payloadFolder+first, ours)
	return left, w.fail(err)
}

func (s *stored) begin(ctx context.Context, first string, ours func(path string) bool) (*Left, error) {
	s.there = map[string]int64{}
	for info, err := range s.store.List(ctx, s.prefix) {
		if errors.Is(err, fs.ErrNotExist) {
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		path := strings.TrimPrefix(info.Key, s.prefix)
		if info.Size == 0 && strings.HasSuffix(path, "/") || path == "" {
			continue // consoles make such objects to show a folder
		}
		if !ours(path) {
			return nil, fmt.Errorf("%w: %q is in %s%s: give a place that is empty, or where the same bag was begun", ErrOccupied, path, s.store, s.prefix)
		}
		s.there[path] = info.Size
	}
	if len(s.there) == 0 {
		return nil, nil
	}
	if _, ok := s.there[first]; !ok {
		return nil, fmt.Errorf("%w: %s%s holds %s, and not %s, by which a bag that was begun is known: give a place that is empty",
			ErrOccupied, s.store, s.prefix, anyOf(s.there), first)
	}

	_, complete := s.there[declarationName]
	content, err := s.read(ctx, first)
	return &Left{First: content, Complete: complete}, err
}

// anyOf returns the first of some paths.
func anyOf(paths map[string]int64) string {
	first := ""
	for p := range paths {
		if first == "" || p < first {
			first = p
		}
	}
	return first
}

// read reads a small file of the bag.
func (s *stored) read(ctx context.Context, path string) ([]byte, error) {
	_, body, err := s.store.Get(ctx, s.prefix+path)
	if err != nil {
		return nil, fmt.Errorf("reading %q: %w", s.prefix+path, err)
	}
	content, err := io.ReadAll(io.LimitReader(body, mostFirst))
	return content, errors.Join(err, body.Close())
}

func (s *stored) earlier(ctx context.Context, path string) ([]byte, error) {
	if _, ok := s.there[path]; !ok {
		return nil, nil
	}
	return s.read(ctx, path)
}

// begin finds an archive that is there. It never is continued, as it appears when it is
// complete.
func (a *archived) begin(ctx context.Context, _ string, _ func(string) bool) (*Left, error) {
	_, body, err := a.store.Get(ctx, a.key)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if body != nil {
		err = errors.Join(err, body.Close())
	}
	if err != nil {
		return nil, err
	}
	return nil, fmt.Errorf("%w: %s%s is there already, and an archive is not continued: give another name, or remove it", ErrOccupied, a.store, a.key)
}

func (a *archived) earlier(context.Context, string) ([]byte, error) { return nil, nil }

// Known is the size and the hash that a file must have.
type Known struct {
	Size      int64
	Algorithm string // sha256 or md5
	Sum       string // in hexadecimal digits
}

// Reuse adds a payload file that an interrupted writer wrote in full, and reports whether
// it is there. Its path is below data/. What is known of it has to come from elsewhere
// than the place of the bag, where somebody else may have put it.
func (w *Writer) Reuse(ctx context.Context, path string, known Known) (File, bool, error) {
	path, err := w.take(payloadFolder + path)
	if err != nil {
		return File{}, false, err
	}
	sum, err := w.to.sum(ctx, path, known)
	if err != nil || sum == "" {
		delete(w.folded, fold(path))
		return File{}, false, w.fail(err)
	}
	file := File{path, known.Size, sum}
	w.payload, w.bytes = append(w.payload, file), w.bytes+file.Size
	return file, true, nil
}

// sum returns the SHA-256 of a file that is there as it is known, empty for none.
func (s *stored) sum(ctx context.Context, path string, known Known) (string, error) {
	size, ok := s.there[path]
	if !ok || size != known.Size || algorithms[known.Algorithm] == nil {
		return "", nil
	}
	_, body, err := s.store.Get(ctx, s.prefix+path)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	defer body.Close()

	sums := map[string]hash.Hash{"sha256": sha256.New()}
	if known.Algorithm != "sha256" {
		sums[known.Algorithm] = algorithms[known.Algorithm]()
	}
	var to []io.Writer
	for _, h := range sums {
		to = append(to, h)
	}
	if _, err := io.Copy(io.MultiWriter(to...), body); err != nil {
		return "", fmt.Errorf("reading %q: %w", s.prefix+path, err)
	}
	if hex.EncodeToString(sums[known.Algorithm].Sum(nil)) != strings.ToLower(known.Sum) {
		return "", nil
	}
	return hex.EncodeToString(sums["sha256"].Sum(nil)), nil
}

func (a *archived) sum(context.Context, string, Known) (string, error) { return "", nil }

// BegunIn reports whether a bag was begun below a prefix of a store and not completed: it
// has the given first file, whose path is below data/, and no declaration. It returns the
// content of that file.
func BegunIn(ctx context.Context, store object.Store, prefix, first string) ([]byte, error) {
	s := &stored{store: store, prefix: prefix}
	for _, path := range []string{declarationName, payloadFolder + first} {
		content, err := s.read(ctx, path)
		if _, _, denied := object.Unreadable(err); denied || errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil || path == declarationName {
			return nil, err
		}
		return content, nil
	}
	return nil, nil
}

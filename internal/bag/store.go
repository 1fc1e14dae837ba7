package bag

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"time"

	"cdrmend/internal/object"
	"cdrmend/internal/scratch"
)

// stored is a bag below a prefix of a store.
type stored struct {
	store   object.Store
	prefix  string // empty, or ends in a slash
	scratch string
}

// InStore returns a writer of a bag below a prefix of a store, which is empty or ends in a
// slash. Temporary files are where the store takes them over, else in the directory
// scratch. A writer that was interrupted is continued by one that gets the same files:
// those that are there with equal bytes are not written again.
func InStore(store object.Store, prefix, scratch string) *Writer {
	return newWriter(&stored{store, prefix, scratch})
}

func (s *stored) spool() (*scratch.Spool, error) { return scratch.NewSpoolFor(s.store, s.scratch) }

func (s *stored) put(ctx context.Context, path string, c object.Content) error {
	err := s.store.Create(ctx, s.prefix+path, c)
	if errors.Is(err, object.ErrTaken) {
		return fmt.Errorf("%w: write the bag to a place that is empty, or where the same bag was begun", err)
	}
	return err
}

func (s *stored) has(ctx context.Context, f File) (bool, error) {
	info, r, err := s.store.Get(ctx, s.prefix+f.Path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	defer r.Close()
	if info.Size != f.Size {
		return false, nil
	}
	sum := sha256.New()
	if _, err := io.Copy(sum, r); err != nil {
		return false, fmt.Errorf("reading %q: %w", s.prefix+f.Path, err)
	}
	return hex.EncodeToString(sum.Sum(nil)) == strings.ToLower(f.SHA256), nil
}

// settle removes what killed writers left half-written, as no manifest lists it.
func (s *stored) settle(ctx context.Context, of func(path string) bool) error {
	if sweeper, ok := s.store.(object.Sweeper); ok {
		end := time.Unix(1<<40, 0) // of time: the place belongs to one writer, so all of them are left over
		if _, err := sweeper.Sweep(ctx, s.prefix, end, func(string) bool { return false }); err != nil {
			return err
		}
	}
	return s.begin(ctx, of)
}

func (s *stored) begin(ctx context.Context, of func(path string) bool) error {
	for info, err := range s.store.List(ctx, s.prefix) {
		if err != nil {
			return err
		}
		if !of(strings.TrimPrefix(info.Key, s.prefix)) {
			return fmt.Errorf("%q is there and not of this bag: write the bag to a place that is empty", info.Key)
		}
	}
	return nil
}

func (s *stored) finish(context.Context) error { return nil }

func (s *stored) discard() {}

package bag

import (
	"context"
	"errors"
	"fmt"
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
	there   map[string]int64 // sizes of the files that begin found, by their paths in the bag
}

// InStore returns a writer of a bag below a prefix of a store, which is empty or ends in a
// slash. Temporary files are where the store takes them over, else in the directory
// scratch. A writer that was interrupted is continued by one that gets the same files:
// those that are there with equal bytes are not written again.
func InStore(store object.Store, prefix, scratch string) *Writer {
	return newWriter(&stored{store: store, prefix: prefix, scratch: scratch})
}

func (s *stored) spool() (*scratch.Spool, error) { return scratch.NewSpoolFor(s.store, s.scratch) }

func (s *stored) put(ctx context.Context, path string, c object.Content) error {
	err := s.store.Create(ctx, s.prefix+path, c)
	if errors.Is(err, object.ErrTaken) {
		return fmt.Errorf("%w: write the bag to a place that is empty, or where the same bag was begun", err)
	}
	return err
}

// settle removes what killed writers left half-written, as no manifest lists it.
func (s *stored) settle(ctx context.Context, of func(path string) bool) error {
	if sweeper, ok := s.store.(object.Sweeper); ok {
		end := time.Unix(1<<40, 0) // of time: the place belongs to one writer, so all of them are left over
		if _, err := sweeper.Sweep(ctx, s.prefix, end, func(string) bool { return false }); err != nil {
			return err
		}
	}
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

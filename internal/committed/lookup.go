package committed

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"

	"cdrmend/internal/object"
	"cdrmend/internal/table"
)

// Lookup yields the rows of a table of the commit, the history included, that have
// one of the values in one of the columns, in the order of the table. What it read
// is added to cost, which may be nil.
//
// Of a Parquet file it reads only parts, from the store itself. The file must have
// its committed size, but its hash cannot be checked. So a row, or that there is
// none, says where to look: who shows rows, or says that there are none, reads them
// with [Commit.Find] or [Commit.Table].
func (c *Commit) Lookup(ctx context.Context, s *table.Schema, columns, values []string, cost *table.Cost) table.Rows {
	return func(yield func(*table.Row, error) bool) {
		f, err := c.TableFile(ctx, s)
		switch {
		case err != nil:
			yield(nil, err)
			return
		case path.Ext(f.Path) != ".parquet":
			c.scan(ctx, s, columns, values)(yield)
			return
		}

		r, err := c.parts(ctx, f)
		if err != nil {
			yield(nil, fmt.Errorf("reading %q: %w", f.Path, err))
			return
		}
		for row, err := range table.Lookup(ctx, r, r.info.Size, s, columns, values, cost) {
			if err != nil {
				err = fmt.Errorf("reading %q: %w", f.Path, err)
			}
			if !yield(row, err) {
				return
			}
		}
	}
}

// scan is Lookup for a file that has to be read from its beginning to its end.
func (c *Commit) scan(ctx context.Context, s *table.Schema, columns, values []string) table.Rows {
	return func(yield func(*table.Row, error) bool) {
		for r, err := range c.Table(ctx, s) {
			has := func(column string) bool {
				i := s.Index(column)
				return r.Known(i) && slices.Contains(values, r.Text(i))
			}
			if (err != nil || slices.ContainsFunc(columns, has)) && !yield(r, err) {
				return
			}
		}
	}
}

var errGone = errors.New("it is not there")

// remote reads parts of an object, each with one request.
type remote struct {
	ctx   context.Context
	store object.Store
	info  object.Info
}

func (r *remote) ReadAt(b []byte, from int64) (int, error) {
	part, err := r.store.Part(r.ctx, r.info, from, len(b))
	if err != nil {
		return 0, err
	}
	n := copy(b, part)
	if n < len(b) { // the object ends before the part
		return n, io.EOF
	}
	return n, nil
}

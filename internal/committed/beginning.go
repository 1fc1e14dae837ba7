package committed

import (
	"context"
	"fmt"
	"iter"
	"path"
	"strings"

	"cdrmend/internal/ledger"
	"cdrmend/internal/object"
	"cdrmend/internal/table"
)

// Beginning yields the values of a text column that begin with a prefix, in the order of
// the table. Like [Commit.Lookup] it reads parts of a Parquet file, and cannot check their
// hash. So the result only says where to look.
func (c *Commit) Beginning(ctx context.Context, s *table.Schema, column, prefix string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		f, err := c.TableFile(ctx, s)
		switch {
		case err != nil:
			yield("", err)
			return
		case path.Ext(f.Path) != ".parquet":
			c.scanBeginning(ctx, s, column, prefix)(yield)
			return
		}

		r, err := c.parts(ctx, f)
		if err != nil {
			yield("", fmt.Errorf("reading %q: %w", f.Path, err))
			return
		}
		for v, err := range table.Beginning(ctx, r, r.info.Size, s, column, prefix, nil) {
			if err != nil {
				err = fmt.Errorf("reading %q: %w", f.Path, err)
			}
			if !yield(v, err) {
				return
			}
		}
	}
}

// scanBeginning is Beginning for a file that has to be read from its beginning to its end.
func (c *Commit) scanBeginning(ctx context.Context, s *table.Schema, column, prefix string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		i := s.Index(column)
		for row, err := range c.Table(ctx, s) {
			if err != nil {
				yield("", err)
				return
			}
			if v := row.Text(i); row.Known(i) && strings.HasPrefix(v, prefix) && !yield(v, nil) {
				return
			}
		}
	}
}

// parts returns a reader of parts of the file of a table, which must have its committed
// size.
func (c *Commit) parts(ctx context.Context, f ledger.File) (*remote, error) {
	info, err := c.listed(ctx, f)
	if err != nil {
		return nil, err
	}
	return &remote{ctx: ctx, store: c.output.Store, info: info}, nil
}

// listed returns the file of a table as it was listed when the commit was read. It must
// have its committed size.
func (c *Commit) listed(ctx context.Context, f ledger.File) (object.Info, error) {
	info, ok := c.Stored(ledger.File{Path: strings.TrimPrefix(f.Path, c.interval.Prefix())})
	if !ok {
		files, err := c.Files(ctx)
		if err != nil {
			return info, err
		}
		info, ok = files.Stored(path.Base(f.Path))
	}
	switch {
	case !ok:
		return info, errGone
	case info.Size != f.Size:
		return info, fmt.Errorf("it is not the file that was committed: it has %d bytes instead of %d", info.Size, f.Size)
	}
	return info, nil
}

package committed

import (
	"context"
	"iter"
	"path"
	"strings"

	"cdrmend/internal/table"
)

// Beginning yields the values of a text column that begin with a prefix, in the order of
// the table. They follow from committed bytes alone, as with [Commit.Find].
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

		r, size, err := c.check(ctx, f).wait(ctx)
		if err != nil {
			yield("", err)
			return
		}
		table.Beginning(ctx, r, size, s, column, prefix)(yield)
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

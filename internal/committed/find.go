package committed

import (
	"context"

	"cdrmend/internal/table"
)

// Find yields the rows of a table of the commit, the history included, that a search
// wants, in the order of the table. The rows may be shown, and that there are none may
// be said: they follow from committed bytes alone. Where the record names the sums of the
// blocks of the table, only the blocks that may hold a wanted row are read, and each is
// compared with its sum. Any other file is hashed as a whole and compared with its
// committed hash before the first row: once, and of an object in S3 downloaded once,
// however many searches follow, until [Commit.Close] is called.
//
// No row is missed. The filters and bounds of pages are checked bytes, too: the program
// that wrote the table made them from all of its values. A filter may leave a value that
// is not there, never exclude one that is, and bounds are cut so that they only become
// wider. Nobody but the writer can change them without changing the hash. A file that has
// no filters or bounds, as older ones and those in CSV, is searched in full.
func (c *Commit) Find(ctx context.Context, s *table.Schema, search *table.Search) table.Rows {
	return func(yield func(*table.Row, error) bool) {
		f, err := c.TableFile(ctx, s)
		if err != nil {
			yield(nil, err)
			return
		}
		k := c.check(ctx, f)
		r, size, err := k.wait(ctx)
		if err != nil {
			yield(nil, err)
			return
		}
		table.Find(ctx, r, size, f.Path, s, search)(yield)
	}
}

// Prepare begins to check tables of the commit, so that those that have to be hashed are
// hashed while others are searched. An error comes up when the table is searched.
func (c *Commit) Prepare(ctx context.Context, schemas ...*table.Schema) {
	for _, s := range schemas {
		if f, err := c.TableFile(ctx, s); err == nil {
			c.check(ctx, f)
		}
	}
}

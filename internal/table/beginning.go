package table

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"

	"github.com/parquet-go/parquet-go"
)

// Beginning yields the values of a text column of a Parquet table that begin with a
// prefix, in the order of the table. It reads the pages of that column alone, and of
// them only those whose bounds leave such a value. Everything else is as in [Find].
func Beginning(ctx context.Context, file io.ReaderAt, size int64, s *Schema, column, prefix string) iter.Seq2[string, error] {
	return begins(ctx, file, size, s, column, prefix, new(costs))
}

// begins is Beginning. What it read is added to cost.
func begins(ctx context.Context, file io.ReaderAt, size int64, s *Schema, column, prefix string, cost *costs) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		l := lookup{reader: parquetReader{schema: s}, parts: parts{file: file, size: size, cost: cost}}
		if err := l.beginning(ctx, s.Index(column), prefix, yield); err != nil {
			yield("", fmt.Errorf("looking up rows of table %s: %w", s.Name, err))
		}
	}
}

// beginning yields what it finds. An error of it is not yielded.
func (l *lookup) beginning(ctx context.Context, column int, prefix string, yield func(string, error) bool) error {
	if err := l.open(ctx); err != nil {
		return err
	}
	for number := range l.file.RowGroups() {
		g := l.group(number)
		found, err := l.groupBeginning(ctx, &g, column, prefix)
		if err != nil {
			return err
		}
		for _, v := range found {
			if !yield(v, nil) {
				return nil
			}
		}
	}
	return nil
}

// groupBeginning returns the values of a chunk that begin with a prefix.
func (l *lookup) groupBeginning(ctx context.Context, g *group, column int, prefix string) (found []string, err error) {
	defer rescue(&err)
	m := l.meta(g.number, column)
	var indexes []span
	if m.ColumnIndexOffset > 0 {
		indexes = append(indexes, span{m.ColumnIndexOffset, m.ColumnIndexOffset + int64(m.ColumnIndexLength)})
	}
	if m.OffsetIndexOffset > 0 {
		indexes = append(indexes, span{m.OffsetIndexOffset, m.OffsetIndexOffset + int64(m.OffsetIndexLength)})
	}
	if err := g.parts.fetch(ctx, indexes); err != nil {
		return nil, err
	}

	all, err := l.pages(g, column)
	if err != nil {
		return nil, err
	}
	likely, err := l.pagesBeginning(g, column, all, prefix)
	if err != nil {
		return nil, err
	}
	pages := make([][]page, column+1)
	pages[column] = likely
	if err := l.fetchPages(ctx, g, pages); err != nil {
		return nil, err
	}

	err = l.values(g, column, likely, func(_ int64, v parquet.Value) {
		if text := v.ByteArray(); !v.IsNull() && strings.HasPrefix(string(text), prefix) {
			found = append(found, string(text))
		}
	})
	return found, err
}

// pagesBeginning returns the pages whose bounds leave a value that begins with a prefix.
func (l *lookup) pagesBeginning(g *group, column int, pages []page, prefix string) (likely []page, err error) {
	chunk, err := l.chunk(g.number, column)
	if err != nil {
		return nil, err
	}
	index, err := chunk.ColumnIndexFrom(&g.parts)
	switch {
	case errors.Is(err, parquet.ErrMissingColumnIndex):
		return pages, nil
	case err != nil:
		return nil, err
	case index.NumPages() != len(pages):
		return nil, errIndex
	}

	for n, p := range pages {
		if index.NullPage(n) {
			continue
		}
		// All texts that begin with the prefix are at least the prefix, and each text up to
		// the greatest of them is less than the prefix or begins with it.
		low, high := index.MinValue(n).ByteArray(), index.MaxValue(n).ByteArray()
		if bytes.Compare(high, []byte(prefix)) >= 0 && (bytes.HasPrefix(low, []byte(prefix)) || bytes.Compare(low, []byte(prefix)) < 0) {
			likely = append(likely, p)
		}
	}
	return likely, nil
}

package table

import (
	"errors"

	"github.com/parquet-go/parquet-go"
)

// bounded returns the rows that the bounds of all columns of a condition leave. Bounds
// never exclude a value that their page has.
func (l *lookup) bounded(g *group, c *condition) ([]span, error) {
	rows := []span{{0, l.file.Metadata().RowGroups[g.number].NumRows}}
	for i, column := range c.columns {
		likely, err := l.likely(g, column, &c.wanted[i])
		if err != nil {
			return nil, err
		}
		rows = common(rows, likely)
	}
	return rows, nil
}

// common returns the rows that two lists have, both in order.
func common(a, b []span) (list []span) {
	for len(a) > 0 && len(b) > 0 {
		if s := (span{max(a[0].from, b[0].from), min(a[0].end, b[0].end)}); s.from < s.end {
			list = append(list, s)
		}
		if a[0].end < b[0].end {
			a = a[1:]
		} else {
			b = b[1:]
		}
	}
	return list
}

// within returns the pages with at least one row of a list, which is in order.
func within(pages []page, rows []span) (list []page) {
	for _, p := range pages {
		if len(common([]span{{p.first, p.end}}, rows)) > 0 {
			list = append(list, p)
		}
	}
	return list
}

// bounds say which cells a search may want.
type bounds interface {
	mayMiss() bool                     // a missing one
	between(low, high *cellValue) bool // one between two that are there
}

// likely returns the rows of the pages whose bounds leave a cell that may be wanted.
func (l *lookup) likely(g *group, column int, w bounds) (rows []span, err error) {
	pages, err := l.pages(g, column)
	if err != nil {
		return nil, err
	}
	chunk, err := l.chunk(g.number, column)
	if err != nil {
		return nil, err
	}
	index, err := chunk.ColumnIndexFrom(&g.parts)
	switch {
	case errors.Is(err, parquet.ErrMissingColumnIndex):
		return []span{{0, l.file.Metadata().RowGroups[g.number].NumRows}}, nil
	case err != nil:
		return nil, err
	case index.NumPages() != len(pages):
		return nil, errIndex
	}

	kind := l.reader.schema.Columns[column].Kind
	for n, p := range pages {
		may := w.mayMiss() && index.NullCount(n) > 0
		if !may && !index.NullPage(n) {
			low, high := stored(kind, index.MinValue(n)), stored(kind, index.MaxValue(n))
			may = w.between(&low, &high)
		}
		if may {
			rows = append(rows, span{p.first, p.end})
		}
	}
	return rows, nil
}

// inside returns the rows that lie in spans. Both are in order.
func inside(rows []int64, spans []span) []int64 {
	n := 0
	for _, row := range rows {
		for len(spans) > 0 && spans[0].end <= row {
			spans = spans[1:]
		}
		if len(spans) > 0 && spans[0].from <= row {
			rows[n] = row
			n++
		}
	}
	return rows[:n]
}

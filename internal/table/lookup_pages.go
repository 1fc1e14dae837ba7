package table

import (
	"cmp"
	"context"
	"errors"
	"io"
	"slices"

	"github.com/parquet-go/parquet-go"
)

// page is a page of a chunk: its rows within the row group, and its place.
type page struct {
	first, end int64
	place      span
}

// indexBytes is how much of the indexes of all row groups is read at once. They lie
// together at the end of the file.
const indexBytes = 8 << 20

// fetchAllIndexes reads the indexes of row groups together, those of the first ones if
// there are many.
func (l *lookup) fetchAllIndexes(ctx context.Context, groups []group) error {
	var all []span
	bytes := int64(0)
	for i := range groups {
		for _, s := range l.indexes(&groups[i]) {
			bytes += s.end - s.from
			all = append(all, s)
		}
		if bytes > indexBytes {
			break
		}
	}
	return l.parts.fetch(ctx, all)
}

// indexes returns where the indexes of a row group are that a search needs: the bounds of
// the columns of conditions, and the places of the pages of all columns.
func (l *lookup) indexes(g *group) (list []span) {
	bounded := l.columns(g.conditions)
	for i := range l.search.Where {
		for _, column := range l.search.Where[i].Columns {
			bounded = append(bounded, l.reader.schema.Index(column))
		}
	}
	slices.Sort(bounded)
	for _, column := range slices.Compact(bounded) {
		m := l.meta(g.number, column)
		list = append(list, span{m.ColumnIndexOffset, m.ColumnIndexOffset + int64(m.ColumnIndexLength)})
	}
	for column := range l.reader.schema.Columns {
		m := l.meta(g.number, column)
		list = append(list, span{m.OffsetIndexOffset, m.OffsetIndexOffset + int64(m.OffsetIndexLength)})
	}
	return slices.DeleteFunc(list, func(s span) bool { return s.from == 0 })
}

// pages returns the pages of a chunk; all of it is one if it has no index.
func (l *lookup) pages(g *group, column int) ([]page, error) {
	if list, known := g.pages[column]; known {
		return list, nil
	}
	m, rows := &l.meta(g.number, column).MetaData, l.file.Metadata().RowGroups[g.number].NumRows
	begin := m.DataPageOffset
	if m.DictionaryPageOffset > 0 {
		begin = m.DictionaryPageOffset
	}
	whole := page{0, rows, span{m.DataPageOffset, begin + m.TotalCompressedSize}}

	chunk, err := l.chunk(g.number, column)
	if err != nil {
		return nil, err
	}
	offsets, err := chunk.OffsetIndexFrom(&g.parts)
	switch {
	case errors.Is(err, parquet.ErrMissingOffsetIndex):
		g.pages[column] = []page{whole}
		return g.pages[column], nil
	case err != nil:
		return nil, err
	}

	var list []page
	next := whole.first
	for n := range offsets.NumPages() {
		p := page{offsets.FirstRowIndex(n), rows, span{offsets.Offset(n), offsets.Offset(n) + offsets.CompressedPageSize(n)}}
		if n+1 < offsets.NumPages() {
			p.end = offsets.FirstRowIndex(n + 1)
		}
		// Each row is on one page, or the file is damaged.
		if p.first != next || p.end <= p.first || p.end > rows || p.place.from < whole.place.from || p.place.end > whole.place.end {
			return nil, errIndex
		}
		next, list = p.end, append(list, p)
	}
	if next != rows {
		return nil, errIndex
	}
	g.pages[column] = list
	return list, nil
}

var errIndex = errors.New("the file is damaged: an index does not fit its pages")

// fetchPages reads pages of the columns of a row group, and their dictionaries.
func (l *lookup) fetchPages(ctx context.Context, g *group, pages [][]page) error {
	var places []span
	for column, list := range pages {
		if m := &l.meta(g.number, column).MetaData; m.DictionaryPageOffset > 0 && len(list) > 0 {
			places = append(places, span{m.DictionaryPageOffset, m.DataPageOffset})
		}
		for _, p := range list {
			places = append(places, p.place)
		}
	}
	return g.parts.fetch(ctx, places)
}

// values passes all values of pages to a function. They are valid until it
// returns.
func (l *lookup) values(g *group, column int, list []page, see func(row int64, v parquet.Value)) error {
	return l.eachPage(g, column, list, func(pages *parquet.FilePages, row int64) (int64, error) { return nextPage(pages, row, see) })
}

// picked passes the values of some rows, which are in order, with their numbers in the
// list. The pages hold all of these rows. Few of a page are taken one by one: to look at all
// values costs as much as to decode the page.
func (l *lookup) picked(g *group, column int, list []page, rows []int64, see func(i int, v parquet.Value)) error {
	return l.eachPage(g, column, list, func(pages *parquet.FilePages, row int64) (int64, error) {
		from, _ := slices.BinarySearch(rows, row)
		return pickedOf(pages, rows[from:], row, func(i int, v parquet.Value) { see(from+i, v) })
	})
}

// eachPage calls a function for each of some pages, of which it reads one, and returns how
// many rows that has.
func (l *lookup) eachPage(g *group, column int, list []page, read func(pages *parquet.FilePages, row int64) (int64, error)) error {
	chunk, err := l.chunk(g.number, column)
	if err != nil {
		return err
	}
	pages := chunk.PagesFrom(&g.parts)
	defer func() { _ = pages.Close() }()

	for _, p := range list {
		if err := pages.SeekToRow(p.first); err != nil {
			return err
		}
		for row := p.first; row < p.end; {
			n, err := read(pages, row)
			if err != nil {
				return err
			}
			row += n
		}
	}
	return nil
}

// many is how many values of a page are read in the time of one that is taken by itself: to find its
// place all values before it are counted.
const many = 100

// pickedOf passes the values of some rows of the next page, which begins with a row. It
// returns how many rows the page has.
func pickedOf(pages *parquet.FilePages, rows []int64, first int64, see func(i int, v parquet.Value)) (int64, error) {
	page, err := pages.ReadPage()
	if err == io.EOF {
		err = errRow // there are rows to come
	}
	if err != nil {
		return 0, err
	}
	defer parquet.Release(page)

	n := page.NumRows()
	if n <= 0 {
		return 0, io.ErrNoProgress
	}
	here, _ := slices.BinarySearch(rows, first+n)
	if int64(here)*many > n {
		i := 0
		return valuesOf(page, func(at int64, v parquet.Value) {
			if i < here && rows[i] == first+at {
				see(i, v)
				i++
			}
		})
	}
	for i, row := range rows[:here] {
		if err := pick(page, row-first, func(v parquet.Value) { see(i, v) }); err != nil {
			return 0, err
		}
	}
	return n, nil
}

// pick passes one value of a page.
func pick(page parquet.Page, at int64, see func(v parquet.Value)) error {
	one := page.Slice(at, at+1)
	defer parquet.Release(one)
	var value [1]parquet.Value
	n, err := one.Values().ReadValues(value[:])
	if n == 1 {
		see(value[0])
		return nil
	}
	return cmp.Or(err, errRow)
}

// nextPage passes the values of the next page, which begins with a row, and
// returns how many they are.
func nextPage(pages *parquet.FilePages, row int64, see func(row int64, v parquet.Value)) (int64, error) {
	page, err := pages.ReadPage()
	if err == io.EOF {
		err = errRow // there are rows to come
	}
	if err != nil {
		return 0, err
	}
	defer parquet.Release(page)
	return valuesOf(page, func(at int64, v parquet.Value) { see(row+at, v) })
}

// valuesOf passes all values of a page with their numbers in it, and returns how many they
// are.
func valuesOf(page parquet.Page, see func(at int64, v parquet.Value)) (n int64, err error) {
	values, some := page.Values(), make([]parquet.Value, 256)
	for err == nil {
		var got int
		got, err = values.ReadValues(some)
		for _, v := range some[:got] {
			see(n, v)
			n++
		}
		if got == 0 && err == nil {
			err = io.ErrNoProgress
		}
	}
	if err == io.EOF && n > 0 {
		err = nil
	}
	return n, err
}

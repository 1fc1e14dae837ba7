package table

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"
)

// Lookup yields the rows of a Parquet table that have one of the values in one of
// the columns, which are texts. The rows are in the order of the table. It reads
// little of the file: first what the end says about all of it, then of each row
// group whose filters and indexes may have a value the pages of these columns, then
// of all columns the pages with a row that was found. What it read is added to
// cost, which may be nil. Of a file without filters and indexes it reads all.
//
// The file must not change meanwhile, and its ReadAt must serve several callers
// at once. The rows can be ranged over more than once.
func Lookup(ctx context.Context, file io.ReaderAt, size int64, s *Schema, columns, values []string, cost *Cost) Rows {
	if cost == nil {
		cost = new(Cost)
	}
	return func(yield func(*Row, error) bool) {
		l := lookup{reader: parquetReader{schema: s}, parts: parts{file: file, size: size, cost: cost}, wanted: map[string]bool{}}
		for _, c := range columns {
			l.columns = append(l.columns, s.Index(c))
		}
		for _, v := range values {
			l.wanted[v] = true
		}

		if err := l.rows(ctx, yield); err != nil {
			yield(nil, fmt.Errorf("looking up rows of table %s: %w", s.Name, err))
		}
	}
}

// lookup is a look-up in one file.
type lookup struct {
	reader  parquetReader
	parts   parts
	columns []int
	wanted  map[string]bool
	file    *parquet.File
}

// rows yields what was found. An error of it is not yielded.
func (l *lookup) rows(ctx context.Context, yield func(*Row, error) bool) error {
	if err := l.open(ctx); err != nil {
		return err
	}
	groups, err := l.candidates(ctx)
	if err != nil {
		return err
	}

	var row Row
	known := len(l.parts.held) // what serves all row groups
	for _, group := range groups {
		found, err := l.group(ctx, group)
		if err != nil {
			return err
		}
		for _, values := range found {
			if err := l.reader.fill(&row, values); err != nil {
				return err
			}
			if !yield(&row, nil) {
				return nil
			}
		}

		clear(l.parts.held[known:])
		l.parts.held = l.parts.held[:known]
	}
	return nil
}

// firstTail is how many bytes at the end of a file are read first. They hold all
// that open needs of a table of a few hundred thousand rows.
const firstTail = 64 << 10

// open reads the footer.
func (l *lookup) open(ctx context.Context) (err error) {
	defer rescue(&err)
	p := &l.parts
	if err := p.fetch(ctx, []span{{max(0, p.size-firstTail), p.size}}); err != nil {
		return err
	}
	if err := checkFooter(p, p.size); err != nil {
		return err
	}

	var end [8]byte // length of the footer, magic
	if _, err := p.ReadAt(end[:], p.size-int64(len(end))); err != nil && err != io.EOF {
		return err
	}
	footer := span{p.size - int64(len(end)) - int64(binary.LittleEndian.Uint32(end[:])), p.size}
	if err := p.fetch(ctx, []span{footer}); err != nil {
		return err
	}

	l.file, err = parquet.OpenFile(p, p.size, parquet.SkipMagicBytes(true), parquet.SkipPageIndex(true), parquet.SkipBloomFilters(true))
	if err != nil {
		return err
	}
	return l.reader.checkColumns(l.file.Schema())
}

// meta returns what the footer says of a chunk.
func (l *lookup) meta(group, column int) *format.ColumnChunk {
	return &l.file.Metadata().RowGroups[group].Columns[column]
}

func (l *lookup) chunk(group, column int) (*parquet.FileColumnChunk, error) {
	chunk, ok := l.file.RowGroups()[group].ColumnChunks()[column].(*parquet.FileColumnChunk)
	if !ok {
		return nil, errRow
	}
	return chunk, nil
}

// candidates returns the row groups whose filters do not exclude all values.
func (l *lookup) candidates(ctx context.Context) (groups []int, err error) {
	defer rescue(&err)
	var filters []span
	for group := range l.file.RowGroups() {
		for _, column := range l.columns {
			if m := &l.meta(group, column).MetaData; m.BloomFilterOffset > 0 {
				filters = append(filters, span{m.BloomFilterOffset, m.BloomFilterOffset + int64(m.BloomFilterLength)})
			}
		}
	}
	if err := l.parts.fetch(ctx, filters); err != nil {
		return nil, err
	}

	for group := range l.file.RowGroups() {
		may := false
		for i := 0; i < len(l.columns) && !may; i++ {
			if may, err = l.mayHave(group, l.columns[i]); err != nil {
				return nil, err
			}
		}
		if may {
			groups = append(groups, group)
		}
	}
	return groups, nil
}

// mayHave reports whether the filter of a chunk leaves one of the values.
func (l *lookup) mayHave(group, column int) (bool, error) {
	chunk, err := l.chunk(group, column)
	if err != nil {
		return false, err
	}
	filter, err := chunk.BloomFilterFrom(&l.parts)
	switch {
	case errors.Is(err, parquet.ErrMissingBloomFilter):
		return true, nil
	case err != nil:
		return false, err
	}

	for v := range l.wanted {
		if has, err := filter.Check(parquet.ByteArrayValue([]byte(v))); has || err != nil {
			return has, err
		}
	}
	return false, nil
}

// group returns the rows of a row group that have a value.
func (l *lookup) group(ctx context.Context, group int) (found []parquet.Row, err error) {
	defer rescue(&err)
	columns := len(l.reader.schema.Columns)
	if err := l.fetchIndexes(ctx, group); err != nil {
		return nil, err
	}
	pages := make([][]page, columns)
	for column := range columns {
		if pages[column], err = l.pages(group, column); err != nil {
			return nil, err
		}
	}

	hits, err := l.hits(ctx, group, pages)
	if err != nil || len(hits) == 0 {
		return nil, err
	}

	// Only the pages with a row that was found are read of each column.
	for column := range columns {
		pages[column] = slices.DeleteFunc(pages[column], func(p page) bool {
			i, _ := slices.BinarySearch(hits, p.first)
			return i == len(hits) || hits[i] >= p.end
		})
	}
	if err := l.fetchPages(ctx, group, pages); err != nil {
		return nil, err
	}

	found = make([]parquet.Row, len(hits))
	for column := range columns {
		err := l.values(group, column, pages[column], func(row int64, v parquet.Value) {
			if i, hit := slices.BinarySearch(hits, row); hit {
				found[i] = append(found[i], v.Clone())
			}
		})
		if err != nil {
			return nil, err
		}
	}
	return found, nil
}

// page is a page of a chunk: its rows within the row group, and its place.
type page struct {
	first, end int64
	place      span
}

// fetchIndexes reads the indexes of a row group. It needs the bounds of the
// columns that are looked up only.
func (l *lookup) fetchIndexes(ctx context.Context, group int) error {
	var indexes []span
	for _, column := range l.columns {
		m := l.meta(group, column)
		indexes = append(indexes, span{m.ColumnIndexOffset, m.ColumnIndexOffset + int64(m.ColumnIndexLength)})
	}
	for column := range l.reader.schema.Columns {
		m := l.meta(group, column)
		indexes = append(indexes, span{m.OffsetIndexOffset, m.OffsetIndexOffset + int64(m.OffsetIndexLength)})
	}
	return l.parts.fetch(ctx, slices.DeleteFunc(indexes, func(s span) bool { return s.from == 0 }))
}

// pages returns the pages of a chunk; all of it is one if it has no index.
func (l *lookup) pages(group, column int) ([]page, error) {
	m, rows := &l.meta(group, column).MetaData, l.file.Metadata().RowGroups[group].NumRows
	begin := m.DataPageOffset
	if m.DictionaryPageOffset > 0 {
		begin = m.DictionaryPageOffset
	}
	whole := page{0, rows, span{m.DataPageOffset, begin + m.TotalCompressedSize}}

	chunk, err := l.chunk(group, column)
	if err != nil {
		return nil, err
	}
	offsets, err := chunk.OffsetIndexFrom(&l.parts)
	switch {
	case errors.Is(err, parquet.ErrMissingOffsetIndex):
		return []page{whole}, nil
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
	return list, nil
}

var errIndex = errors.New("the file is damaged: an index does not fit its pages")

// hits returns the rows of a row group that have a value, in order.
func (l *lookup) hits(ctx context.Context, group int, pages [][]page) ([]int64, error) {
	likely := make([][]page, len(pages))
	for _, column := range l.columns {
		var err error
		if likely[column], err = l.bounded(group, column, pages[column]); err != nil {
			return nil, err
		}
	}
	if err := l.fetchPages(ctx, group, likely); err != nil {
		return nil, err
	}

	var hits []int64
	for _, column := range l.columns {
		err := l.values(group, column, likely[column], func(row int64, v parquet.Value) {
			if !v.IsNull() && l.wanted[string(v.ByteArray())] {
				hits = append(hits, row)
			}
		})
		if err != nil {
			return nil, err
		}
	}
	slices.Sort(hits)
	return slices.Compact(hits), nil
}

// bounded returns the pages whose bounds leave one of the values.
func (l *lookup) bounded(group, column int, pages []page) ([]page, error) {
	chunk, err := l.chunk(group, column)
	if err != nil {
		return nil, err
	}
	index, err := chunk.ColumnIndexFrom(&l.parts)
	switch {
	case errors.Is(err, parquet.ErrMissingColumnIndex):
		return pages, nil
	case err != nil:
		return nil, err
	case index.NumPages() != len(pages):
		return nil, errIndex
	}

	var likely []page
	for n, p := range pages {
		if index.NullPage(n) {
			continue
		}
		low, high := index.MinValue(n).ByteArray(), index.MaxValue(n).ByteArray()
		for v := range l.wanted {
			if bytes.Compare([]byte(v), low) >= 0 && bytes.Compare([]byte(v), high) <= 0 {
				likely = append(likely, p)
				break
			}
		}
	}
	return likely, nil
}

// fetchPages reads pages of the columns of a row group, and their dictionaries.
func (l *lookup) fetchPages(ctx context.Context, group int, pages [][]page) error {
	var places []span
	for column, list := range pages {
		if m := &l.meta(group, column).MetaData; m.DictionaryPageOffset > 0 && len(list) > 0 {
			places = append(places, span{m.DictionaryPageOffset, m.DataPageOffset})
		}
		for _, p := range list {
			places = append(places, p.place)
		}
	}
	return l.parts.fetch(ctx, places)
}

// values passes all values of pages to a function. They are valid until it
// returns.
func (l *lookup) values(group, column int, list []page, see func(row int64, v parquet.Value)) error {
	chunk, err := l.chunk(group, column)
	if err != nil {
		return err
	}
	pages := chunk.PagesFrom(&l.parts)
	defer func() { _ = pages.Close() }()

	for _, p := range list {
		if err := pages.SeekToRow(p.first); err != nil {
			return err
		}
		for row := p.first; row < p.end; {
			n, err := nextPage(pages, row, see)
			if err != nil {
				return err
			}
			row += n
		}
	}
	return nil
}

// nextPage passes the values of the next page, which begins with a row, and
// returns how many they are.
func nextPage(pages *parquet.FilePages, row int64, see func(row int64, v parquet.Value)) (n int64, err error) {
	page, err := pages.ReadPage()
	if err == io.EOF {
		err = errRow // there are rows to come
	}
	if err != nil {
		return 0, err
	}
	defer parquet.Release(page)

	values, some := page.Values(), make([]parquet.Value, 256)
	for err == nil {
		var got int
		got, err = values.ReadValues(some)
		for _, v := range some[:got] {
			see(row+n, v)
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

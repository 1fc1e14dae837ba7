package table

import (
	"cmp"
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
	values = slices.DeleteFunc(slices.Clone(values), func(v string) bool { return v == "" })
	search := &Search{}
	for _, c := range columns {
		search.Any = append(search.Any, Having(c, values...))
	}
	return find(ctx, file, size, s, search, cost)
}

// find is Find in Parquet.
func find(ctx context.Context, file io.ReaderAt, size int64, s *Schema, search *Search, cost *Cost) Rows {
	conditions := newConditions(s, search)
	return func(yield func(*Row, error) bool) {
		search.Beyond = 0
		l := lookup{
			reader: parquetReader{schema: s}, parts: parts{file: file, size: size, cost: cost},
			conditions: conditions, search: search, yield: yield,
		}
		if err := l.rows(ctx); err != nil && err != errEnough {
			yield(nil, fmt.Errorf("looking up rows of table %s: %w", s.Name, err))
		}
	}
}

// lookup is a look-up in one file.
type lookup struct {
	reader     parquetReader
	parts      parts
	conditions []condition
	search     *Search
	yield      func(*Row, error) bool
	file       *parquet.File
	row        Row
	yielded    int
}

// rowsAtOnce is how many rows are in memory before they are yielded.
const rowsAtOnce = rowsPerPage

// rows yields what was found. An error of it is not yielded.
func (l *lookup) rows(ctx context.Context) error {
	if err := l.open(ctx); err != nil {
		return err
	}
	groups, err := l.candidates(ctx)
	if err != nil {
		return err
	}

	known := len(l.parts.held) // what serves all row groups
	for _, g := range groups {
		hits, err := l.hits(ctx, &g)
		if err != nil {
			return err
		}
		if hits, err = l.passing(ctx, &g, hits); err != nil {
			return err
		}

		show := hits
		if l.search.Limit > 0 {
			show = hits[:min(len(hits), l.search.Limit-l.yielded)]
		}
		l.search.Beyond += int64(len(hits) - len(show))
		for some := range slices.Chunk(show, rowsAtOnce) {
			if err := l.show(ctx, &g, some); err != nil {
				return err
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

// group is a row group that may have rows that fit.
type group struct {
	number     int
	conditions []*condition   // that its rows may fit
	pages      map[int][]page // by column, as far as they are known
}

// candidates returns the row groups that the filters leave. A filter never excludes a
// value that its row group has.
func (l *lookup) candidates(ctx context.Context) (groups []group, err error) {
	defer rescue(&err)
	var filters []span
	for _, column := range l.columns(l.pointers()) {
		for n := range l.file.RowGroups() {
			if m := &l.meta(n, column).MetaData; m.BloomFilterOffset > 0 {
				filters = append(filters, span{m.BloomFilterOffset, m.BloomFilterOffset + int64(m.BloomFilterLength)})
			}
		}
	}
	if err := l.parts.fetch(ctx, filters); err != nil {
		return nil, err
	}

	for n := range l.file.RowGroups() {
		g := group{number: n, pages: map[int][]page{}}
		for _, c := range l.pointers() {
			may, err := l.mayFit(n, c)
			if err != nil {
				return nil, err
			}
			if may {
				g.conditions = append(g.conditions, c)
			}
		}
		if len(g.conditions) > 0 || l.search.every() {
			groups = append(groups, g)
		}
	}
	return groups, nil
}

func (l *lookup) pointers() (list []*condition) {
	for i := range l.conditions {
		list = append(list, &l.conditions[i])
	}
	return list
}

// columns returns the columns of conditions, each once.
func (l *lookup) columns(list []*condition) (columns []int) {
	for _, c := range list {
		columns = append(columns, c.columns...)
	}
	slices.Sort(columns)
	return slices.Compact(columns)
}

// mayFit reports whether the filters of a row group leave a value for each column of a
// condition.
func (l *lookup) mayFit(number int, c *condition) (bool, error) {
	for i, column := range c.columns {
		w := &c.wanted[i]
		if w.missing || !l.reader.schema.Columns[column].hasFilter() {
			continue
		}
		if may, err := l.mayHave(number, column, w.texts); !may || err != nil {
			return may, err
		}
	}
	return true, nil
}

// mayHave reports whether the filter of a chunk leaves one of some texts.
func (l *lookup) mayHave(number, column int, texts []string) (bool, error) {
	chunk, err := l.chunk(number, column)
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

	for _, v := range texts {
		if has, err := filter.Check(parquet.ByteArrayValue([]byte(v))); has || err != nil {
			return has, err
		}
	}
	return false, nil
}

// show yields rows of a row group. Of each column it reads only the pages that hold
// them.
func (l *lookup) show(ctx context.Context, g *group, hits []int64) error {
	found, err := l.read(ctx, g, hits)
	if err != nil {
		return err
	}
	for _, values := range found {
		if err := l.reader.fill(&l.row, values); err != nil {
			return err
		}
		if l.yielded++; !l.yield(&l.row, nil) {
			return errEnough
		}
	}
	return nil
}

func (l *lookup) read(ctx context.Context, g *group, hits []int64) (found []parquet.Row, err error) {
	defer rescue(&err)
	pages := make([][]page, len(l.reader.schema.Columns))
	for column := range pages {
		if !l.shows(column) {
			continue
		}
		all, err := l.pages(g, column)
		if err != nil {
			return nil, err
		}
		pages[column] = holding(all, hits)
	}
	if err := l.fetchPages(ctx, g.number, pages); err != nil {
		return nil, err
	}

	found = make([]parquet.Row, len(hits))
	for column := range pages {
		if !l.shows(column) {
			for i := range found {
				found[i] = append(found[i], parquet.Value{}.Level(0, 0, column))
			}
			continue
		}
		err := l.picked(g.number, column, pages[column], hits, func(i int, v parquet.Value) { found[i] = append(found[i], v.Clone()) })
		if err != nil {
			return nil, err
		}
	}
	return found, nil
}

// shows reports whether the rows that are found have the cells of a column.
func (l *lookup) shows(column int) bool {
	return l.search.Columns == nil || slices.Contains(l.search.Columns, l.reader.schema.Columns[column].Name)
}

// holding returns the pages with at least one of some rows, which are in order.
func holding(pages []page, rows []int64) (list []page) {
	for _, p := range pages {
		if i, _ := slices.BinarySearch(rows, p.first); i < len(rows) && rows[i] < p.end {
			list = append(list, p)
		}
	}
	return list
}

// page is a page of a chunk: its rows within the row group, and its place.
type page struct {
	first, end int64
	place      span
}

// fetchIndexes reads the indexes of a row group. It needs the bounds of the columns of
// conditions only.
func (l *lookup) fetchIndexes(ctx context.Context, g *group) error {
	var indexes []span
	bounded := l.columns(g.conditions)
	for i := range l.search.Where {
		bounded = append(bounded, l.reader.schema.Index(l.search.Where[i].Column))
	}
	slices.Sort(bounded)
	for _, column := range slices.Compact(bounded) {
		m := l.meta(g.number, column)
		indexes = append(indexes, span{m.ColumnIndexOffset, m.ColumnIndexOffset + int64(m.ColumnIndexLength)})
	}
	for column := range l.reader.schema.Columns {
		m := l.meta(g.number, column)
		indexes = append(indexes, span{m.OffsetIndexOffset, m.OffsetIndexOffset + int64(m.OffsetIndexLength)})
	}
	return l.parts.fetch(ctx, slices.DeleteFunc(indexes, func(s span) bool { return s.from == 0 }))
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
	offsets, err := chunk.OffsetIndexFrom(&l.parts)
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

// hits returns the rows of a row group that fit a condition, in order.
func (l *lookup) hits(ctx context.Context, g *group) (hits []int64, err error) {
	defer rescue(&err)
	if err := l.fetchIndexes(ctx, g); err != nil {
		return nil, err
	}

	if l.search.every() {
		for row := range l.file.Metadata().RowGroups[g.number].NumRows {
			hits = append(hits, row)
		}
		return hits, nil
	}

	// The pages that each condition needs first are fetched together.
	first, spans := make([][]page, len(l.reader.schema.Columns)), make([][]span, len(g.conditions))
	for i, c := range g.conditions {
		if spans[i], err = l.bounded(g, c); err != nil {
			return nil, err
		}
		first[c.columns[0]] = append(first[c.columns[0]], within(g.pages[c.columns[0]], spans[i])...)
	}
	if err := l.fetchPages(ctx, g.number, first); err != nil {
		return nil, err
	}

	for i, c := range g.conditions {
		rows, err := l.fitting(ctx, g, c, spans[i])
		if err != nil {
			return nil, err
		}
		hits = append(hits, rows...)
	}
	slices.Sort(hits)
	return slices.Compact(hits), nil
}

// passing returns the rows that pass the tests of the search. The bounds of numbers are
// tried first, as they cost nothing.
func (l *lookup) passing(ctx context.Context, g *group, rows []int64) (left []int64, err error) {
	defer rescue(&err)
	for i := range l.search.Where {
		w := &l.search.Where[i]
		if l.reader.schema.Columns[l.reader.schema.Index(w.Column)].Kind == Text {
			continue
		}
		likely, err := l.likely(g, l.reader.schema.Index(w.Column), w)
		if err != nil {
			return nil, err
		}
		rows = inside(rows, likely)
	}

	for i := 0; i < len(l.search.Where) && len(rows) > 0; i++ {
		w := &l.search.Where[i]
		column := l.reader.schema.Index(w.Column)
		all, err := l.pages(g, column)
		if err != nil {
			return nil, err
		}
		pages := make([][]page, len(l.reader.schema.Columns))
		pages[column] = holding(all, rows)
		if err := l.fetchPages(ctx, g.number, pages); err != nil {
			return nil, err
		}

		kind, n, next := l.reader.schema.Columns[column].Kind, 0, 0
		err = l.values(g.number, column, pages[column], func(row int64, v parquet.Value) {
			for next < len(rows) && rows[next] < row {
				next++
			}
			if next == len(rows) || rows[next] != row {
				return
			}
			if v := stored(kind, v); w.passes(&v) {
				rows[n] = row
				n++
			}
			next++
		})
		if err != nil {
			return nil, err
		}
		rows = rows[:n]
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

// fitting returns the rows that fit a condition. It looks at the first column of all
// pages that the bounds leave, then at the other columns of the rows that are left.
func (l *lookup) fitting(ctx context.Context, g *group, c *condition, spans []span) ([]int64, error) {
	var rows []int64
	var keys [][]byte // of each row, its cells so far
	for i, column := range c.columns {
		pages := make([][]page, len(l.reader.schema.Columns))
		if i == 0 {
			pages[column] = within(g.pages[column], spans)
		} else {
			pages[column] = holding(g.pages[column], rows)
		}
		if err := l.fetchPages(ctx, g.number, pages); err != nil {
			return nil, err
		}

		w, kind := &c.wanted[i], l.reader.schema.Columns[column].Kind
		left, leftKeys, next := rows[:0], keys[:0], 0
		err := l.values(g.number, column, pages[column], func(row int64, v parquet.Value) {
			var key []byte
			if i > 0 {
				for next < len(rows) && rows[next] < row {
					next++
				}
				if next == len(rows) || rows[next] != row {
					return
				}
				key = keys[next]
			}
			if v := stored(kind, v); w.has(&v) {
				left, leftKeys = append(left, row), append(leftKeys, v.appendTo(key))
			}
		})
		if err != nil {
			return nil, err
		}
		rows, keys = left, leftKeys
	}

	n := 0
	for i, row := range rows {
		if c.tuples[string(keys[i])] {
			rows[n] = row
			n++
		}
	}
	return rows[:n], nil
}

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
	index, err := chunk.ColumnIndexFrom(&l.parts)
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
	return l.eachPage(group, column, list, func(pages *parquet.FilePages, row int64) (int64, error) { return nextPage(pages, row, see) })
}

// picked passes the values of some rows, which are in order, with their numbers in the
// list. The pages hold all of these rows. Few of a page are taken one by one: to look at all
// values costs as much as to decode the page.
func (l *lookup) picked(group, column int, list []page, rows []int64, see func(i int, v parquet.Value)) error {
	return l.eachPage(group, column, list, func(pages *parquet.FilePages, row int64) (int64, error) {
		from, _ := slices.BinarySearch(rows, row)
		return pickedOf(pages, rows[from:], row, func(i int, v parquet.Value) { see(from+i, v) })
	})
}

// eachPage calls a function for each of some pages, of which it reads one, and returns how
// many rows that has.
func (l *lookup) eachPage(group, column int, list []page, read func(pages *parquet.FilePages, row int64) (int64, error)) error {
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
			n, err := read(pages, row)
			if err != nil {
				return err
			}
			row += n
		}
	}
	return nil
}

// many is how many values of a page are read for one that is taken by itself: to find its
// place all values before it are counted.
const many = 16

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

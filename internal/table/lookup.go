package table

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"
	"golang.org/x/sync/errgroup"
)

// find is Find in Parquet. It reads little of the file: first what the end says about
// all of it, then of each row group whose filters and indexes may have a wanted value the
// pages of these columns, then of all columns the pages with a row that was found. What
// it read is added to cost. Of a file without filters and indexes it reads all.
func find(ctx context.Context, file io.ReaderAt, size int64, s *Schema, search *Search, cost *costs) Rows {
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

const (
	// rowsAtOnce is how many rows are in memory before they are yielded.
	rowsAtOnce = rowsPerPage
	// groupsAtOnce is how many row groups are searched at once.
	groupsAtOnce = 16
)

// rows yields what was found. An error of it is not yielded.
func (l *lookup) rows(ctx context.Context) error {
	if err := l.open(ctx); err != nil {
		return err
	}
	groups, err := l.candidates(ctx)
	if err != nil {
		return err
	}

	if err := l.fetchAllIndexes(ctx, groups); err != nil {
		return err
	}
	for some := range slices.Chunk(groups, groupsAtOnce) {
		// What a row group needs next follows from what was read of it, and over a
		// network each of these steps takes an answer.
		work, wctx := errgroup.WithContext(ctx)
		for i := range some {
			g := &some[i]
			work.Go(func() (err error) {
				if g.hits, err = l.hits(wctx, g); err != nil {
					return err
				}
				g.hits, err = l.passing(wctx, g, g.hits)
				return err
			})
		}
		if err := work.Wait(); err != nil {
			return err
		}
		for i := range some {
			if err := l.showAll(ctx, &some[i]); err != nil {
				return err
			}
			some[i] = group{} // frees what was read
		}
	}
	return nil
}

// showAll yields those of the rows that were found in a row group which the limit leaves.
func (l *lookup) showAll(ctx context.Context, g *group) error {
	show := g.hits
	if l.search.Limit > 0 {
		show = show[:min(len(show), l.search.Limit-l.yielded)]
	}
	l.search.Beyond += int64(len(g.hits) - len(show))
	for some := range slices.Chunk(show, rowsAtOnce) {
		if err := l.show(ctx, g, some); err != nil {
			return err
		}
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
	parts      parts          // what was read of it
	hits       []int64        // its rows that were found
}

func (l *lookup) group(number int) group {
	return group{number: number, pages: map[int][]page{}, parts: parts{file: l.parts.file, size: l.parts.size, cost: l.parts.cost, under: &l.parts}}
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
		g := l.group(n)
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
	if err := l.fetchPages(ctx, g, pages); err != nil {
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
		err := l.picked(g, column, pages[column], hits, func(i int, v parquet.Value) { found[i] = append(found[i], v.Clone()) })
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

// hits returns the rows of a row group that fit a condition, in order.
func (l *lookup) hits(ctx context.Context, g *group) (hits []int64, err error) {
	defer rescue(&err)
	if err := g.parts.fetch(ctx, l.indexes(g)); err != nil {
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
	if err := l.fetchPages(ctx, g, first); err != nil {
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
		column := l.reader.schema.Index(w.Columns[0])
		if l.reader.schema.Columns[column].Kind == Text || len(w.Columns) > 1 {
			continue
		}
		likely, err := l.likely(g, column, w)
		if err != nil {
			return nil, err
		}
		rows = inside(rows, likely)
	}

	for i := 0; i < len(l.search.Where) && len(rows) > 0; i++ {
		if rows, err = l.tested(ctx, g, &l.search.Where[i], rows); err != nil {
			return nil, err
		}
	}
	return rows, nil
}

// tested returns those of some rows, which are in order, that pass one test.
func (l *lookup) tested(ctx context.Context, g *group, w *Where, rows []int64) ([]int64, error) {
	passed := make([]bool, len(rows))
	for _, name := range w.Columns {
		column := l.reader.schema.Index(name)
		all, err := l.pages(g, column)
		if err != nil {
			return nil, err
		}
		pages := make([][]page, len(l.reader.schema.Columns))
		pages[column] = holding(all, rows)
		if err := l.fetchPages(ctx, g, pages); err != nil {
			return nil, err
		}

		kind := l.reader.schema.Columns[column].Kind
		err = l.picked(g, column, pages[column], rows, func(i int, v parquet.Value) {
			if v := stored(kind, v); !passed[i] {
				passed[i] = w.passes(&v)
			}
		})
		if err != nil {
			return nil, err
		}
	}

	var left []int64
	for i, row := range rows {
		if passed[i] {
			left = append(left, row)
		}
	}
	return left, nil
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
		if err := l.fetchPages(ctx, g, pages); err != nil {
			return nil, err
		}

		w, kind := &c.wanted[i], l.reader.schema.Columns[column].Kind
		left, leftKeys, next := rows[:0], keys[:0], 0
		err := l.values(g, column, pages[column], func(row int64, v parquet.Value) {
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

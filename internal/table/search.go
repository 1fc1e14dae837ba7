package table

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/parquet-go/parquet-go"
)

// Match says which rows fit: those whose cells in some columns are, together, one of
// some tuples.
type Match struct {
	Columns []string
	Tuples  [][]string // each has the cells of these columns as in CSV; an empty cell is missing
}

// Where is a test that the cell of a column has to pass, of several columns at least one. A
// missing cell passes only where Missing is set.
type Where struct {
	Columns []string               // of one kind
	Text    func(cell []byte) bool // of columns of texts
	Least   int64                  // of numbers, and of times in microseconds
	Most    int64
	Missing bool
}

// Search says which rows of a table are wanted.
type Search struct {
	Any   []Match // rows that fit at least one of these; without any of them, with tests, every row fits
	Where []Where // and that pass all of these tests
	Limit int     // rows to yield at most; 0: all that fit

	// Columns are those that the rows have cells of; nil: all. A row may have others, too.
	Columns []string

	// Beyond is set when the range over the rows has ended: how many rows fit and
	// were not yielded because of the limit.
	Beyond int64
}

// Find yields the rows of a table that a search wants, in the order of the table. It
// reads the file as [Read] does; of Parquet with filters and indexes it reads only what
// may hold a wanted row. The file must not change meanwhile, and its ReadAt must serve
// several callers at once. The rows can be ranged over more than once.
func Find(ctx context.Context, file io.ReaderAt, size int64, name string, s *Schema, search *Search) Rows {
	if strings.HasSuffix(name, ".parquet") {
		return find(ctx, file, size, s, search, new(costs))
	}
	return func(yield func(*Row, error) bool) {
		search.Beyond = 0
		c := csvReader{r: bufio.NewReaderSize(io.NewSectionReader(file, 0, size), csvBuffer), schema: s}
		if err := c.search(ctx, search, yield); err != io.EOF && err != errEnough {
			yield(nil, fmt.Errorf("reading table %s: line %d: %w", s.Name, c.line, err))
		}
	}
}

// Having returns the match of the rows that have one of the values in a column.
func Having(column string, values ...string) Match {
	m := Match{Columns: []string{column}}
	for _, v := range values {
		m.Tuples = append(m.Tuples, []string{v})
	}
	return m
}

// condition is a match that is ready to be compared with rows.
type condition struct {
	columns []int    // those that exclude the most rows first
	wanted  []wanted // the cells of each of these columns
	tuples  map[string]bool
}

// wanted are the cells of one column that occur in tuples.
type wanted struct {
	missing bool
	texts   []string // in order
	numbers []int64  // in order
	known   map[string]bool
}

// passes reports whether a cell passes the test.
func (w *Where) passes(v *cellValue) bool {
	switch {
	case !v.known:
		return w.Missing
	case v.kind == Text:
		return w.Text(v.text)
	}
	return w.Least <= v.number && v.number <= w.Most
}

func (w *Where) mayMiss() bool { return w.Missing }

// between reports whether a number within bounds may pass.
func (w *Where) between(low, high *cellValue) bool {
	return low.number <= w.Most && w.Least <= high.number
}

// every reports whether tests alone decide.
func (s *Search) every() bool { return len(s.Any) == 0 && len(s.Where) > 0 }

// passesAll reports whether a row passes all tests of a search.
func (s *Search) passesAll(r *Row) bool {
	for i := range s.Where {
		w := &s.Where[i]
		if !slices.ContainsFunc(w.Columns, func(column string) bool { v := r.value(r.schema.Index(column)); return w.passes(&v) }) {
			return false
		}
	}
	return true
}

// newConditions returns the matches of a search that a row can fit.
func newConditions(s *Schema, search *Search) []condition {
	var list []condition
	for i := range search.Any {
		if c := newCondition(s, &search.Any[i]); len(c.tuples) > 0 {
			list = append(list, c)
		}
	}
	return list
}

func newCondition(s *Schema, m *Match) condition {
	order := make([]int, len(m.Columns)) // of the cells of a tuple
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		return cmp.Compare(s.Columns[s.Index(m.Columns[a])].commonness(), s.Columns[s.Index(m.Columns[b])].commonness())
	})

	c := condition{wanted: make([]wanted, len(order)), tuples: map[string]bool{}}
	for _, i := range order {
		c.columns = append(c.columns, s.Index(m.Columns[i]))
	}
	for _, tuple := range m.Tuples {
		c.add(s, order, tuple)
	}
	for i := range c.wanted {
		w := &c.wanted[i]
		slices.Sort(w.texts)
		slices.Sort(w.numbers)
		w.texts, w.numbers = slices.Compact(w.texts), slices.Compact(w.numbers)
		w.known = make(map[string]bool, len(w.texts))
		for _, v := range w.texts {
			w.known[v] = true
		}
	}
	return c
}

// commonness orders columns by how many rows share a value of them.
func (c *Column) commonness() int {
	switch {
	case c.hasFilter():
		return 0
	case c.Kind != Text:
		return 1
	case c.pack != repeated:
		return 2
	}
	return 3
}

// add adds a tuple. One with a number that no cell can hold fits no row.
func (c *condition) add(s *Schema, order []int, tuple []string) {
	var key []byte
	cells := make([]cellValue, len(order))
	for n, i := range order {
		v, ok := parseCell(s.Columns[c.columns[n]].Kind, tuple[i])
		if !ok {
			return
		}
		cells[n], key = v, v.appendTo(key)
	}

	c.tuples[string(key)] = true
	for n, v := range cells {
		w := &c.wanted[n]
		switch {
		case !v.known:
			w.missing = true
		case v.kind == Text:
			w.texts = append(w.texts, string(v.text))
		default:
			w.numbers = append(w.numbers, v.number)
		}
	}
}

// cellValue is a cell of a row.
type cellValue struct {
	known  bool
	kind   Kind
	text   []byte
	number int64 // of an int or a time
}

func parseCell(k Kind, v string) (cellValue, bool) {
	switch {
	case v == "":
		return cellValue{kind: k}, true
	case k == Text:
		return cellValue{known: true, kind: k, text: []byte(v)}, true
	case k == Time:
		t, err := parseTime([]byte(v))
		return cellValue{known: true, kind: k, number: int64(t)}, err == nil
	}
	n, err := strconv.ParseInt(v, 10, 64)
	return cellValue{known: true, kind: k, number: n}, err == nil
}

// stored returns the cell of a column that Parquet stores as a value.
func stored(k Kind, v parquet.Value) cellValue {
	switch {
	case v.IsNull():
		return cellValue{kind: k}
	case k == Text:
		return cellValue{known: true, kind: k, text: v.ByteArray()}
	}
	return cellValue{known: true, kind: k, number: v.Int64()}
}

func (r *Row) value(i int) cellValue {
	v := cellValue{known: r.Known(i), kind: r.schema.Columns[i].Kind}
	if v.kind == Text {
		v.text = r.Bytes(i)
	} else {
		v.number = r.cells[i].n
	}
	return v
}

// appendTo appends the cell so that different tuples give different bytes.
func (v *cellValue) appendTo(b []byte) []byte {
	switch {
	case !v.known:
		return append(b, 0)
	case v.kind == Text:
		return append(binary.AppendUvarint(b, uint64(len(v.text))+1), v.text...)
	}
	return binary.LittleEndian.AppendUint64(append(b, 1), uint64(v.number))
}

// has reports whether a cell is one of the wanted.
func (w *wanted) has(v *cellValue) bool {
	switch {
	case !v.known:
		return w.missing
	case v.kind == Text:
		return w.known[string(v.text)]
	}
	_, found := slices.BinarySearch(w.numbers, v.number)
	return found
}

func (w *wanted) mayMiss() bool { return w.missing }

// between reports whether one of the wanted cells, not counting a missing one, lies
// within bounds.
func (w *wanted) between(low, high *cellValue) bool {
	if low.kind == Text {
		i, _ := slices.BinarySearchFunc(w.texts, low.text, func(v string, b []byte) int { return strings.Compare(v, string(b)) })
		return i < len(w.texts) && w.texts[i] <= string(high.text)
	}
	i, _ := slices.BinarySearch(w.numbers, low.number)
	return i < len(w.numbers) && w.numbers[i] <= high.number
}

// fits reports whether a row fits one of the conditions. It returns the memory that it
// used.
func fits(list []condition, r *Row, key []byte) (bool, []byte) {
	for i := range list {
		c, all := &list[i], true
		key = key[:0]
		for n := 0; n < len(c.columns) && all; n++ {
			v := r.value(c.columns[n])
			all = c.wanted[n].has(&v)
			key = v.appendTo(key)
		}
		if all && c.tuples[string(key)] {
			return true, key
		}
	}
	return false, key
}

// fewTexts is how many texts are looked for in the bytes of a row before it is taken
// apart, which costs as much as that.
const fewTexts = 16

// needles returns texts of which a row of CSV has at least one if it fits; nil if it
// may fit without any. Quotes are doubled in CSV, and what was not UTF-8 in the file
// is U+FFFD in a cell: such a text may not be found in the bytes of its row.
func needles(list []condition) [][]byte {
	var texts [][]byte
	for _, c := range list {
		// Each tuple has one of the texts of a column, unless its cell there is missing.
		i := slices.IndexFunc(c.wanted, func(w wanted) bool {
			return len(w.texts) > 0 && !w.missing && !slices.ContainsFunc(w.texts, func(v string) bool { return strings.ContainsAny(v, "\"\uFFFD") })
		})
		if i < 0 {
			return nil
		}
		for _, v := range c.wanted[i].texts {
			texts = append(texts, []byte(v))
		}
	}
	if len(texts) > fewTexts {
		return nil
	}
	return texts
}

// search yields the rows of CSV that are wanted. It returns errEnough when no more
// are asked for.
func (c *csvReader) search(ctx context.Context, search *Search, yield func(*Row, error) bool) error {
	conditions := newConditions(c.schema, search)
	var texts [][]byte
	if !search.every() {
		texts = needles(conditions)
	}
	if err := c.header(); err != nil {
		return err
	}

	var row Row
	var key []byte
	for n := 0; ; {
		if err := cmp.Or(ctx.Err(), c.next()); err != nil {
			return err
		}
		if texts != nil && !slices.ContainsFunc(texts, func(v []byte) bool { return bytes.Contains(c.raw, v) }) {
			continue
		}
		if err := c.parse(&row); err != nil {
			return err
		}

		fit := search.every()
		if !fit {
			fit, key = fits(conditions, &row, key)
		}
		if !fit || !search.passesAll(&row) {
			continue
		}
		if search.Limit > 0 && n == search.Limit {
			search.Beyond++
			continue
		}
		if n++; !yield(&row, nil) {
			return errEnough
		}
	}
}

// errEnough ends a search of which no more rows are asked for.
var errEnough = errors.New("no more rows are wanted")

// Package parquetfile reads the rows of Parquet files, and edits single cells of
// them.
//
// The library parquet-go trusts what it reads. So this package checks sizes and
// counts before the library sees them, decompresses pages itself, and turns a
// panic into damage. An edit encodes anew only the column chunks with an edited
// cell; all others are copied byte by byte.
package parquetfile

import (
	"errors"
	"fmt"
	"io"
	"math"
	"strings"

	"cdrmend/internal/jsonscan"
	"cdrmend/internal/record"
	"cdrmend/internal/rows"
	"cdrmend/internal/stream"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"
)

// Read reads the rows of a Parquet file. Damage is part of the reading: the visitor
// gets the rows before it. The error is a failure to read, or the visitor's.
func Read(m *rows.Mapping, r io.ReaderAt, size int64, to rows.Visitor) (rows.Reading, error) {
	var reading rows.Reading
	p, err := openParquet(r, size, m.Limits)
	if err == nil {
		err = p.read(m, to, &reading)
	}

	if jsonscan.IsDamage(err) {
		reading.Damage, err = err, nil
	}
	reading.Listed = reading.Sound()
	return reading, err
}

// read passes all rows to a visitor and counts them.
func (p *parquetFile) read(m *rows.Mapping, to rows.Visitor, reading *rows.Reading) error {
	wanted, columns, err := wantedRows(m, p)
	if err != nil {
		return err
	}
	defer wanted.close()
	reading.Framed, reading.Tabular, reading.Places = true, true, columns.Fields()
	reading.Local = wanted.local(columns)

	others := otherValues{mapping: m, rows: wanted}
	var row rows.Row // for the visitor; one for all rows, as it escapes
	has := others.has
	for index := uint32(0); ; index++ {
		cells, err := wanted.next()
		if err == io.EOF {
			return nil
		}

		if err == nil {
			row = m.Row(index, cells, columns, has)
			if n := m.Skips(&row); n >= 0 {
				reading.Filter(m, n)
				continue
			}
			err = to.Row(&row)
		}
		// A row in which the file turns out to be damaged is none.
		if err == nil || err == rows.ErrNoField {
			reading.Rows++
		}
		if err == rows.ErrNoField {
			reading.Rejected++
			err = to.Reject(rows.Reject{Row: int64(index), Reason: err.Error()})
		}
		if err != nil {
			return err
		}
	}
}

// wantedColumns returns the columns of a schema that a mapping wants, and for each
// field which of them it has, in order of preference. The pointer /a/b means the
// column b of the group a, and like the name a.b also a column of that name.
func wantedColumns(m *rows.Mapping, root *parquet.Column) ([]*parquet.Column, *rows.Columns) {
	names := map[string]*parquet.Column{}
	nameColumns(names, "", root)

	var wanted []*parquet.Column
	number := map[*parquet.Column]int{}
	found := m.Columns(func(place string) int {
		column := names[columnName(place)]
		if column == nil {
			return -1
		}

		// Several fields may have the same column.
		n, ok := number[column]
		if !ok {
			n = len(wanted)
			number[column], wanted = n, append(wanted, column)
		}
		return n
	})
	return wanted, found
}

// columnName returns the name of a column, given as a JSON pointer or as a name.
func columnName(place string) string {
	pointer, ok := strings.CutPrefix(place, "/")
	if !ok {
		return place
	}

	unescape := strings.NewReplacer("/", ".", "~1", "/", "~0", "~")
	return unescape.Replace(pointer)
}

// nameColumns names the columns with at most one value in a row; a list counts as
// one value. Of columns with equal names the one nearest to the root counts.
func nameColumns(names map[string]*parquet.Column, prefix string, group *parquet.Column) {
	// The columns of the group come before those below it.
	for _, c := range group.Columns() {
		if name := prefix + c.Name(); names[name] == nil {
			names[name] = c
		}
	}

	for _, c := range group.Columns() {
		if !c.Leaf() && !c.Repeated() && !isListColumn(c) && !isMapColumn(c) {
			nameColumns(names, prefix+c.Name()+".", c)
		}
	}
}

// rowReader reads the wanted columns of a file row by row.
type rowReader struct {
	file    *parquetFile
	columns []wantedColumn
	cells   []jsonscan.Value
	text    []byte // of the cells of a row
	group   int    // the next group
	left    int64  // rows that the present group still has
}

// wantedRows returns a reader of the columns that a mapping wants.
func wantedRows(m *rows.Mapping, p *parquetFile) (all *rowReader, columns *rows.Columns, err error) {
	defer p.rescue(&err)

	wanted, columns := wantedColumns(m, p.file.Root())
	all = &rowReader{file: p, cells: make([]jsonscan.Value, len(wanted))}
	for _, c := range wanted {
		all.columns = append(all.columns, newWantedColumn(p, c))
	}
	return all, columns, nil
}

// local returns the fields that are written to a column of local times.
func (r *rowReader) local(columns *rows.Columns) (set record.Fields) {
	for f := range record.NumFields {
		cell := columns.Cell(f)
		if cell < 0 {
			continue
		}
		if c := r.columns[cell].column; c.Leaf() && isLocal(c.Type()) {
			set.Add(f)
		}
	}
	return set
}

// next returns the cells of the next row, valid until the call after it, and
// io.EOF after the last row.
func (r *rowReader) next() (cells []jsonscan.Value, err error) {
	defer r.file.rescue(&err)

	// A row group may have no rows.
	for r.left == 0 {
		if err := r.finishGroup(); err != nil {
			return nil, err
		}
		if r.group == len(r.file.meta.RowGroups) {
			return nil, io.EOF
		}

		for i := range r.columns {
			if err := r.columns[i].begin(r.group); err != nil {
				return nil, err
			}
		}
		r.left = r.file.meta.RowGroups[r.group].NumRows
		r.group++
	}

	r.left--
	r.text = r.text[:0]
	for i := range r.columns {
		if err := r.columns[i].next(); err != nil {
			return nil, r.fault(&r.columns[i], err)
		}
		r.cells[i] = r.columns[i].value(&r.text)
	}
	return r.cells, nil
}

// finishGroup checks that the columns have no rows left.
func (r *rowReader) finishGroup() error {
	for i := range r.columns {
		for _, leaf := range r.columns[i].leaves {
			if err := leaf.finish(); err != nil {
				return r.fault(&r.columns[i], err)
			}
		}
	}
	return nil
}

// fault returns the error of a column.
func (r *rowReader) fault(c *wantedColumn, err error) error {
	return r.file.fault(fmt.Errorf("column %q: %w", c.name(), err))
}

func (r *rowReader) close() {
	var closing error // does not matter: the rows were read
	defer r.file.rescue(&closing)

	for i := range r.columns {
		for _, leaf := range r.columns[i].leaves {
			leaf.close()
		}
	}
}

// parquetFile is a file with sound metadata.
type parquetFile struct {
	meta   format.FileMetaData
	file   *parquet.File // its schema, see openUncompressed
	src    *sourceAt
	size   int64
	limits *stream.Limits
	left   int64 // how many bytes of pages may still be decompressed, negative without a limit
	limit  stream.LimitError
}

// decompressed counts the bytes of a page against the limit of the whole file: any
// number of row groups can refer to the same page.
func (p *parquetFile) decompressed(n int64) error {
	if p.left < 0 {
		return nil
	}
	if n > p.left {
		return &p.limit
	}
	p.left -= n
	return nil
}

// sourceAt remembers an error of the store, so that it is not taken for
// damage.
type sourceAt struct {
	r    io.ReaderAt
	size int64
	err  error
}

func (s *sourceAt) ReadAt(b []byte, off int64) (int, error) {
	if off < 0 || off > s.size {
		return 0, io.EOF // a damaged file may refer to any offset
	}

	n, err := s.r.ReadAt(b, off)
	if err != nil && err != io.EOF {
		s.err = err
	}
	return n, err
}

// openParquet reads and checks the footer of a file.
func openParquet(r io.ReaderAt, size int64, limits *stream.Limits) (p *parquetFile, err error) {
	p = &parquetFile{src: &sourceAt{r: r, size: size}, size: size, limits: limits}
	defer p.rescue(&err)

	p.left, p.limit = limits.Unpacked(size)
	if err := p.readFooter(); err != nil {
		return nil, p.fault(err)
	}

	p.file, err = openUncompressed(p.meta)
	if err != nil {
		return nil, p.fault(err)
	}
	return p, p.checkRows()
}

// checkRows refuses a few bytes that claim to be very many rows: rows stay in
// memory until the interval is decided.
func (p *parquetFile) checkRows() error {
	total := int64(0)
	for _, group := range p.meta.RowGroups {
		// The sum must not overflow.
		n := group.NumRows
		if n < 0 || n > p.mostValues()-total {
			return p.fault(fmt.Errorf("%d bytes cannot hold %d rows", p.size, n))
		}
		total += n
	}

	if total != p.meta.NumRows {
		return p.fault(fmt.Errorf("it says that it has %d rows, and its row groups have %d", p.meta.NumRows, total))
	}
	return nil
}

// mostValues returns the largest number of values that a column of the file may
// have.
func (p *parquetFile) mostValues() int64 {
	const free, perByte = 1 << 20, 64
	return min(free+perByte*p.size, math.MaxUint32)
}

// fault returns the failure of the store if there was one, otherwise err as damage.
func (p *parquetFile) fault(err error) error {
	if p.src.err != nil {
		return p.src.err
	}
	if limit, ok := errors.AsType[*stream.LimitError](err); ok {
		return limit
	}
	return &stream.Error{Truncated: errors.Is(err, errTruncated), Err: err}
}

// rescue turns a panic of the library, which trusts what it reads, into
// damage.
func (p *parquetFile) rescue(err *error) {
	if failure := recover(); failure != nil {
		*err = p.fault(fmt.Errorf("the file is damaged: %v", failure))
	}
}

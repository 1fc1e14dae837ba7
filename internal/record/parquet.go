package record

import (
	"errors"
	"fmt"
	"io"
	"math"
	"strings"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"
)

// ReadParquet reads the rows of a Parquet file. Damage is part of the
// reading, after the rows before it; the error is a failure to read.
func (m *Mapping) ReadParquet(r io.ReaderAt, size int64, to Visitor) (Reading, error) {
	rows := reader{mapping: m, to: to}
	p, err := openParquet(r, size, m.limits)
	if err == nil {
		err = rows.parquet(p)
	}
	if IsDamage(err) {
		rows.reading.Damage, err = err, nil
	}
	return rows.reading, err
}

func (r *reader) parquet(p *parquetFile) error {
	rows, columns, err := r.mapping.parquetRows(p)
	if err != nil {
		return err
	}
	defer rows.close()
	for index := uint32(0); ; index++ {
		cells, err := rows.next()
		if err == io.EOF {
			return nil
		}
		if err == nil {
			err = r.row(Row{Index: index, cells: cells, columns: columns})
		}
		if err != nil {
			return err
		}
	}
}

// parquetColumns finds the columns of the fields in a schema, and which of
// them each field has, in order of preference. The pointer /a/b means the
// column b of the group a, and like the name a.b also a column of that name.
func (m *Mapping) parquetColumns(root *parquet.Column) ([]*parquet.Column, *[NumFields][]int) {
	names := map[string]*parquet.Column{}
	nameColumns(names, "", root)
	var wanted []*parquet.Column
	var found [NumFields][]int
	number := map[*parquet.Column]int{}
	for f := range m.columns {
		if m.columns[f] == nil {
			continue
		}
		for _, place := range m.Profile.Fields[Field(f)] {
			column := names[columnName(place)]
			if column == nil {
				continue
			}
			n, ok := number[column]
			if !ok {
				n = len(wanted)
				number[column], wanted = n, append(wanted, column)
			}
			found[f] = append(found[f], n)
		}
	}
	return wanted, &found
}

func columnName(place string) string {
	pointer, ok := strings.CutPrefix(place, "/")
	if !ok {
		return place
	}
	unescape := strings.NewReplacer("/", ".", "~1", "/", "~0", "~")
	return unescape.Replace(pointer)
}

// nameColumns names the columns that hold at most one value in a row, lists
// as a whole among them. Of equal names the one nearest to the root counts.
func nameColumns(names map[string]*parquet.Column, prefix string, group *parquet.Column) {
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

// parquetRows reads the wanted columns of a file, one row after the other.
type parquetRows struct {
	file    *parquetFile
	columns []parquetColumn
	cells   []Value
	text    []byte // of the cells of a row
	group   int    // the next one
	left    int64  // rows that the one under way still has
}

func (m *Mapping) parquetRows(p *parquetFile) (rows *parquetRows, columns *[NumFields][]int, err error) {
	defer p.rescue(&err)
	wanted, columns := m.parquetColumns(p.file.Root())
	rows = &parquetRows{file: p, cells: make([]Value, len(wanted))}
	for _, c := range wanted {
		rows.columns = append(rows.columns, newParquetColumn(p, c))
	}
	return rows, columns, nil
}

// next returns the cells of the next row, valid until the call after it, and
// io.EOF after the last row.
func (r *parquetRows) next() (cells []Value, err error) {
	defer r.file.rescue(&err)
	for r.left == 0 {
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
			return nil, r.file.fault(fmt.Errorf("column %q: %w", r.columns[i].name(), err))
		}
		r.cells[i] = r.columns[i].value(&r.text)
	}
	return r.cells, nil
}

func (r *parquetRows) close() {
	var closing error // says nothing about the rows
	defer r.file.rescue(&closing)
	for i := range r.columns {
		for _, leaf := range r.columns[i].leaves {
			leaf.close()
		}
	}
}

// parquetFile is a file whose metadata are sound.
type parquetFile struct {
	meta   format.FileMetaData
	file   *parquet.File // its schema, see openUncompressed
	src    *sourceAt
	size   int64
	limits *Limits
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
		return 0, io.EOF // a damaged file names places that it does not have
	}
	n, err := s.r.ReadAt(b, off)
	if err != nil && err != io.EOF {
		s.err = err
	}
	return n, err
}

func openParquet(r io.ReaderAt, size int64, limits *Limits) (p *parquetFile, err error) {
	p = &parquetFile{src: &sourceAt{r: r, size: size}, size: size, limits: limits}
	defer p.rescue(&err)
	if err := p.readFooter(); err != nil {
		return nil, p.fault(err)
	}
	p.file, err = openUncompressed(p.meta)
	if err != nil {
		return nil, p.fault(err)
	}
	return p, p.checkRows()
}

// checkRows refuses to take a few bytes for any number of rows: what a row
// says is gone from memory only when the interval is decided.
func (p *parquetFile) checkRows() error {
	total := int64(0)
	for _, group := range p.meta.RowGroups {
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

// mostValues returns how many values of a column the file may have.
func (p *parquetFile) mostValues() int64 {
	const free, perByte = 1 << 20, 64
	return min(free+perByte*p.size, math.MaxUint32)
}

// fault tells damage from a failure to read.
func (p *parquetFile) fault(err error) error {
	if p.src.err != nil {
		return p.src.err
	}
	var limit *LimitError
	if errors.As(err, &limit) {
		return limit
	}
	return &StreamError{Cut: errors.Is(err, errCut), Err: err}
}

// rescue turns a panic of the library, which trusts what it reads, into
// damage.
func (p *parquetFile) rescue(err *error) {
	if failure := recover(); failure != nil {
		*err = p.fault(fmt.Errorf("the file is damaged: %v", failure))
	}
}

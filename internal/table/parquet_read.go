package table

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/parquet-go/parquet-go"

	"cdrmend/internal/record"
)

// ReadParquet reads the Parquet that [Write] writes. The rows can be ranged over
// more than once.
func ReadParquet(r io.ReaderAt, size int64, s *Schema) Rows {
	return func(yield func(*Row, error) bool) {
		p := parquetReader{schema: s, values: make([]parquet.Row, 64)}
		defer func() { _ = p.close() }()

		err := p.open(r, size)

		var row Row
		for err == nil {
			// next may return rows together with an error, so they are yielded
			// before the error ends the loop.
			var n int
			n, err = p.next()
			for i := range n {
				if bad := p.fill(&row, p.values[i]); bad != nil {
					err = bad
					break
				}
				if !yield(&row, nil) {
					return
				}
			}
		}

		if err != io.EOF {
			yield(nil, fmt.Errorf("reading table %s: %w", s.Name, err))
		}
	}
}

type parquetReader struct {
	schema *Schema
	groups []parquet.RowGroup // groups not begun
	rows   parquet.Rows       // rows of the current group, or nil
	values []parquet.Row
}

// rescue turns a panic of the library, which trusts what it reads, into an
// error.
func rescue(err *error) {
	if p := recover(); p != nil {
		*err = fmt.Errorf("the file is damaged: %v", p)
	}
}

func (p *parquetReader) open(r io.ReaderAt, size int64) (err error) {
	defer rescue(&err)
	if err := checkFooter(r, size); err != nil {
		return err
	}

	f, err := parquet.OpenFile(r, size, parquet.SkipPageIndex(true), parquet.SkipBloomFilters(true))
	if err != nil {
		return err
	}
	if err := p.checkColumns(f.Schema()); err != nil {
		return err
	}

	p.groups = f.RowGroups()
	return nil
}

// checkFooter keeps the library from allocating memory for a footer that is
// longer than the file.
func checkFooter(r io.ReaderAt, size int64) error {
	var end [8]byte // length of the footer, magic
	if size < int64(len(end)) {
		return errors.New("the file is too short for Parquet")
	}

	// A reader may report io.EOF together with the last bytes.
	if _, err := r.ReadAt(end[:], size-int64(len(end))); err != nil && err != io.EOF {
		return err
	}

	if length := binary.LittleEndian.Uint32(end[:]); int64(length) > size {
		return fmt.Errorf("the file is damaged: %d bytes cannot hold a footer of %d", size, length)
	}
	return nil
}

func (p *parquetReader) checkColumns(found *parquet.Schema) error {
	fields := found.Fields()
	p.schema = p.schema.fitting(len(fields))
	if len(fields) != len(p.schema.Columns) {
		return fmt.Errorf("it has %d columns, want %d", len(fields), len(p.schema.Columns))
	}

	for i, c := range p.schema.Columns {
		f := fields[i]
		if f.Name() != c.Name {
			return fmt.Errorf("column %d is %q, want %q", i, f.Name(), c.Name)
		}
		if !f.Leaf() || f.Repeated() {
			return fmt.Errorf("column %q holds more than one value in a row", c.Name)
		}
		if got, want := f.Type().String(), c.Kind.node().Type().String(); got != want {
			return fmt.Errorf("column %q is a %s, want %s", c.Name, got, want)
		}
	}
	return nil
}

// next reads some rows into p.values. At the end it returns io.EOF and no row.
func (p *parquetReader) next() (n int, err error) {
	defer rescue(&err)
	for {
		if p.rows == nil {
			if len(p.groups) == 0 {
				return 0, io.EOF
			}
			p.rows, p.groups = p.groups[0].Rows(), p.groups[1:]
		}

		n, err := p.rows.ReadRows(p.values)
		if err != nil && err != io.EOF {
			return n, err
		}
		if n > 0 { // an io.EOF of the group comes again with the next read
			return n, nil
		}
		if err == nil { // no rows and no end: a damaged group must not loop forever
			return 0, io.ErrNoProgress
		}

		// The group is at its end.
		if err := p.close(); err != nil {
			return 0, err
		}
	}
}

func (p *parquetReader) close() (err error) {
	defer rescue(&err)
	if p.rows == nil {
		return nil
	}

	err = p.rows.Close()
	p.rows = nil
	return err
}

var errRow = errors.New("the file is damaged: a row does not fit its columns")

// fill makes r the row with these values.
func (p *parquetReader) fill(r *Row, values parquet.Row) error {
	if len(values) != len(p.schema.Columns) {
		return errRow
	}

	r.Reset(p.schema)
	for i, v := range values {
		kind := p.schema.Columns[i].Kind
		// The file may have a schema that its pages contradict.
		switch {
		case v.Column() != i:
			return errRow
		case v.IsNull():
			r.AddNull()
		case kind == Text && v.Kind() == parquet.ByteArray:
			r.AddBytes(v.ByteArray())
		case kind == Int && v.Kind() == parquet.Int64:
			r.AddInt(v.Int64())
		case kind == Time && v.Kind() == parquet.Int64:
			r.AddTime(record.Time(v.Int64()))
		default:
			return errRow
		}
	}
	return nil
}

package parquetfile

import (
	"slices"

	"cdrmend/internal/rows"

	"github.com/parquet-go/parquet-go"
)

// otherValues says which rows have a value in a column that a mapping does not
// want. Only a row without any known value asks: whether it is empty or says
// something that the profile does not name. So the other columns are read only of
// row groups with such a row, one column after another, since a file may have
// thousands of them and a page of each would be in memory.
type otherValues struct {
	mapping *rows.Mapping
	rows    *rowReader // at the row that is asked about
	read    int        // the row group that values are of, plus 1
	values  []uint64   // a bit for each row of it
}

// has reports whether the present row has such a value.
func (o *otherValues) has() (bool, error) {
	r := o.rows
	if o.read != r.group {
		if err := o.readGroup(r.group - 1); err != nil {
			return false, err
		}
		o.read = r.group
	}

	at := r.file.meta.RowGroups[r.group-1].NumRows - r.left - 1
	return o.values[at/64]>>(at%64)&1 == 1, nil
}

// readGroup notes which rows of a group have a value.
func (o *otherValues) readGroup(group int) (err error) {
	p := o.rows.file
	defer p.rescue(&err)

	n := p.meta.RowGroups[group].NumRows
	o.values = make([]uint64, (n+63)/64)
	for _, column := range p.file.Root().Columns() {
		if o.rows.wants(column) {
			continue
		}
		if err := o.readColumn(column, group, n); err != nil {
			return err
		}
	}
	return nil
}

// readColumn notes which of the n rows of a group have a value in a column.
func (o *otherValues) readColumn(column *parquet.Column, group int, n int64) error {
	one := rowReader{file: o.rows.file, columns: []wantedColumn{newWantedColumn(o.rows.file, column)}}
	defer one.close()

	c := &one.columns[0]
	if err := c.begin(group); err != nil {
		return err
	}
	var text []byte
	for at := range n {
		if err := c.next(); err != nil {
			return one.fault(c, err)
		}
		text = text[:0]
		if o.mapping.Says(c.value(&text)) {
			o.values[at/64] |= 1 << (at % 64)
		}
	}
	return nil
}

// wants reports whether a column is one of those that are read.
func (r *rowReader) wants(column *parquet.Column) bool {
	return slices.ContainsFunc(r.columns, func(c wantedColumn) bool { return c.column == column })
}

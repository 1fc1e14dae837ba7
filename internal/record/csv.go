package record

import "io"

// csv reads rows of cells.
func (r *reader) csv(in io.Reader) error {
	s := NewScanner(in, r.mapping.limits)
	s.SkipBOM()
	var cells cells
	header, err := s.csvRow()
	if err != nil {
		return ignoreEOF(err)
	}
	if header.open {
		return &SyntaxError{Offset: s.Offset(), Cut: true}
	}
	cells.split(header.raw)
	names := cells.texts()
	if err := r.mapping.limits.header(names); err != nil {
		return err
	}
	columns := r.mapping.columnsOf(names)
	for index := uint32(0); ; index++ {
		row, err := s.csvRow()
		if err != nil {
			return ignoreEOF(err)
		}
		if err := r.csvRow(index, row, &cells, len(names), columns); err != nil {
			return err
		}
	}
}

func ignoreEOF(err error) error {
	if err == io.EOF {
		return nil
	}
	return err
}

// csvRow visits a row that has to have as many cells as the header.
func (r *reader) csvRow(index uint32, row csvRow, cells *cells, width int, columns *[NumFields][]int) error {
	if row.open {
		return r.reject(index, row.at, "ends inside a quoted cell", row.raw)
	}
	cells.split(row.raw)
	if len(cells.list) != width {
		return r.reject(index, row.at, "another number of cells than the header", row.raw)
	}
	return r.row(Row{Index: index, Offset: row.at, Bytes: row.raw, cells: cells.list, columns: columns})
}

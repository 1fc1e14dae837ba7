package record

import "io"

// csvHeader reads the header, io.EOF when there is none.
func (s *Scanner) csvHeader() ([]string, error) {
	row, err := s.csvRow()
	if err != nil {
		return nil, err
	}
	if row.open {
		return nil, &SyntaxError{Offset: s.Offset(), Cut: true}
	}
	var cells cells
	cells.split(row.raw)
	names := cells.texts()
	return names, s.limits.header(names)
}

// csv reads rows of cells.
func (r *reader) csv(c *Chunk) error {
	if c.err != nil {
		return ignoreEOF(c.err)
	}
	columns := r.mapping.columnsOf(c.header)
	var cells cells
	for index := c.row; !c.done(); index++ {
		row, err := c.scan.csvRow()
		if err != nil {
			return ignoreEOF(err)
		}
		if err := r.csvRow(index, row, &cells, len(c.header), columns); err != nil {
			return err
		}
	}
	return nil
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

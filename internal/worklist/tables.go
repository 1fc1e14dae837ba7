package worklist

import (
	"slices"

	"cdrmend/internal/redact"
	"cdrmend/internal/report"
	"cdrmend/internal/table"
)

// table writes lists of a table's rows to one sheet, in the order given. It has
// all columns of the table, the lead ones first.
func (b *book) table(title string, schema *table.Schema, lead []string, lists []table.Rows) error {
	columns := arrange(schema, lead)

	header := make([]string, len(columns))
	for i, c := range columns {
		header[i] = schema.Columns[c].Name
	}
	s, err := b.sheet(title, header)
	if err != nil {
		return err
	}

	// Both are used again for each row: a sheet can have a million of them.
	values := make([]string, len(columns))
	var cell []byte
	for _, rows := range lists {
		for r, err := range rows {
			if err != nil {
				return err
			}

			for i, c := range columns {
				cell = r.AppendCell(cell[:0], c)
				values[i] = string(cell)
			}

			if err := s.add(values); err != nil {
				return err
			}
		}
	}
	return s.end()
}

// arrange returns the numbers of all columns, the lead ones first.
func arrange(schema *table.Schema, lead []string) []int {
	var columns []int
	for _, name := range lead {
		columns = append(columns, schema.Index(name))
	}
	for i := range schema.Columns {
		if !slices.Contains(columns, i) {
			columns = append(columns, i)
		}
	}
	return columns
}

// inputs writes the sheet with one row for each partition that was read.
func (b *book) inputs(sum *report.Summary, show *redact.Redactor) error {
	s, err := b.sheet("Inputs", []string{"state", "kind", "source", "start", "end", "objects", "bytes", "rows", "rejects", "input"})
	if err != nil {
		return err
	}

	for _, p := range sum.Partitions {
		err := s.add([]string{
			string(p.State), p.Kind, p.Source, p.Start, p.End,
			decimal(p.Objects), decimal(p.Bytes), decimal(p.Rows), decimal(p.Rejects), show.Key(p.Input),
		})
		if err != nil {
			return err
		}
	}
	return s.end()
}

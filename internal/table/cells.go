package table

import (
	"bytes"
	"encoding/json"
)

// Cell returns the cell of a named column as it is in CSV, without quotes.
func (r *Row) Cell(column string) string { return string(r.AppendCell(nil, r.schema.Index(column))) }

// Cells is a copy of a row that stays valid after the next row is read.
type Cells struct {
	schema *Schema
	cells  []string
}

// CellsOf copies a row. The texts of its cells share one string.
func CellsOf(r *Row) Cells {
	var all []byte
	ends := make([]int, len(r.schema.Columns))
	for i := range ends {
		all = r.AppendCell(all, i)
		ends[i] = len(all)
	}

	text, cells, from := string(all), make([]string, len(ends)), 0
	for i, end := range ends {
		cells[i] = text[from:end]
		from = end
	}
	return Cells{schema: r.schema, cells: cells}
}

// Schema returns the table that the row belongs to, nil without a row.
func (c Cells) Schema() *Schema { return c.schema }

// Columns returns the names of the columns, in order.
func (c Cells) Columns() []string {
	var names []string
	for i := range c.schema.Columns {
		names = append(names, c.schema.Columns[i].Name)
	}
	return names
}

// Get returns the cell of a named column as it is in CSV, without quotes.
func (c Cells) Get(column string) string { return c.cells[c.schema.Index(column)] }

// Find is Get for a column that the table may not have.
func (c Cells) Find(column string) string {
	if c.schema == nil {
		return ""
	}
	for i := range c.schema.Columns {
		if c.schema.Columns[i].Name == column {
			return c.cells[i]
		}
	}
	return ""
}

// Map returns a copy of the row in which each cell that is not missing is
// replaced by the result of f.
func (c Cells) Map(f func(column, cell string) string) Cells {
	out := Cells{schema: c.schema, cells: make([]string, len(c.cells))}
	for i, v := range c.cells {
		if v != "" {
			v = f(c.schema.Columns[i].Name, v)
		}
		out.cells[i] = v
	}
	return out
}

// MarshalJSON writes an object whose members are the columns, in their order:
// null for a missing cell, a number for a number, otherwise a string.
func (c Cells) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	for i, v := range c.cells {
		b.WriteByte("{,"[min(i, 1)]) // a brace before the first, commas before the others
		name, _ := json.Marshal(c.schema.Columns[i].Name)
		b.Write(append(name, ':'))

		switch {
		case v == "":
			b.WriteString("null")
		case c.schema.Columns[i].Kind == Int:
			b.WriteString(v)
		default:
			text, err := json.Marshal(v)
			if err != nil {
				return nil, err
			}
			b.Write(text)
		}
	}

	b.WriteByte('}')
	return b.Bytes(), nil
}

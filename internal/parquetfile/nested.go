package parquetfile

import (
	"cdrmend/internal/jsonscan"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"
)

// wantedColumn is a wanted column: one leaf, or a group with all its leaves,
// which becomes JSON text.
type wantedColumn struct {
	column  *parquet.Column
	leaves  []*leafReader
	scalars []scalar
	taken   []int // how many values of each leaf are in the JSON text
}

// newWantedColumn returns a column with readers of its leaves.
func newWantedColumn(p *parquetFile, column *parquet.Column) wantedColumn {
	c := wantedColumn{column: column}
	for _, leaf := range leavesOf(nil, column) {
		c.leaves = append(c.leaves, newLeafReader(p, leaf))
		c.scalars = append(c.scalars, scalarOf(leaf.Type(), p.limits))
	}
	c.taken = make([]int, len(c.leaves))
	return c
}

// leavesOf appends the leaves of a column, in the order of the schema.
func leavesOf(leaves []*parquet.Column, c *parquet.Column) []*parquet.Column {
	if c.Leaf() {
		return append(leaves, c)
	}
	for _, child := range c.Columns() {
		leaves = leavesOf(leaves, child)
	}
	return leaves
}

func (c *wantedColumn) name() string { return c.column.Name() }

func (c *wantedColumn) begin(group int) error {
	for _, leaf := range c.leaves {
		if err := leaf.begin(group); err != nil {
			return err
		}
	}
	return nil
}

// next moves all leaves to the next row.
func (c *wantedColumn) next() error {
	for i, leaf := range c.leaves {
		if err := leaf.nextRow(); err != nil {
			return err
		}
		c.taken[i] = 0
	}
	return nil
}

// value returns the column's value in the row. The text of values that are not
// written as text in the file is appended to text.
func (c *wantedColumn) value(text *[]byte) jsonscan.Value {
	// Nearly all wanted columns are of this kind.
	if c.column.Leaf() && !c.column.Repeated() {
		return c.scalars[0].value(c.leaves[0].row[0], text)
	}
	if len(c.leaves) == 0 || !c.column.Repeated() && !c.present(c.column) {
		return jsonscan.Value{Kind: jsonscan.Null}
	}

	from := len(*text)
	*text = c.appendField(*text, c.column)

	kind := jsonscan.Object
	if (*text)[from] == '[' {
		kind = jsonscan.List
	}
	return jsonscan.Value{Kind: kind, Raw: (*text)[from:len(*text):len(*text)]}
}

// leaf returns the number of the first leaf of a column among all of c.
func (c *wantedColumn) leaf(column *parquet.Column) int {
	for !column.Leaf() {
		column = column.Columns()[0]
	}
	return column.Index() - c.leaves[0].column.Index()
}

// take returns the next value of a leaf, or of the first leaf of a group.
func (c *wantedColumn) take(column *parquet.Column) jsonscan.Value {
	n := c.leaf(column)
	c.taken[n]++
	return c.scalars[n].value(c.leaves[n].row[c.taken[n]-1], new([]byte))
}

// present reports whether a column exists in the row. The definition level of any
// leaf below it shows that.
func (c *wantedColumn) present(column *parquet.Column) bool {
	n := c.leaf(column)
	return c.leaves[n].row[c.taken[n]].DefinitionLevel() >= column.MaxDefinitionLevel()
}

// skip passes over the null that every leaf of an absent column has.
func (c *wantedColumn) skip(column *parquet.Column) {
	for _, leaf := range leavesOf(nil, column) {
		c.taken[c.leaf(leaf)]++
	}
}

// appendField appends a column, which may be repeated or absent.
func (c *wantedColumn) appendField(b []byte, column *parquet.Column) []byte {
	if column.Repeated() {
		return c.appendList(b, column, c.appendContent)
	}
	if !c.present(column) {
		c.skip(column)
		return append(b, "null"...)
	}

	return c.appendContent(b, column)
}

// appendList appends the repetitions of a column.
func (c *wantedColumn) appendList(b []byte, column *parquet.Column, each func([]byte, *parquet.Column) []byte) []byte {
	return append(c.repeat(append(b, '['), column, each), ']')
}

// repeat appends the repetitions of a column, separated by commas.
func (c *wantedColumn) repeat(b []byte, column *parquet.Column, each func([]byte, *parquet.Column) []byte) []byte {
	if !c.present(column) {
		c.skip(column)
		return b // an empty list is one null in each leaf
	}

	n := c.leaf(column)
	for first := true; first || c.more(n, column); first = false {
		if !first {
			b = append(b, ',')
		}
		b = each(b, column)
	}

	return b
}

// more reports whether the next value of a leaf belongs to the same list.
func (c *wantedColumn) more(leaf int, column *parquet.Column) bool {
	row := c.leaves[leaf].row[c.taken[leaf]:]
	return len(row) > 0 && row[0].RepetitionLevel() >= column.MaxRepetitionLevel()
}

// appendContent appends a column that is there, without its repetitions.
func (c *wantedColumn) appendContent(b []byte, column *parquet.Column) []byte {
	switch {
	case column.Leaf():
		return c.appendLeaf(b, column)
	case isListColumn(column):
		return c.appendList(b, column.Columns()[0], c.appendElement)
	case isMapColumn(column):
		return append(c.repeat(append(b, '{'), column.Columns()[0], c.appendEntry), '}')
	}

	b = append(b, '{')
	for i, child := range column.Columns() {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(jsonscan.AppendQuoted(b, []byte(child.Name())), ':')
		b = c.appendField(b, child)
	}
	return append(b, '}')
}

// appendLeaf appends the next value of a leaf as JSON.
func (c *wantedColumn) appendLeaf(b []byte, column *parquet.Column) []byte {
	switch v := c.take(column); v.Kind {
	case jsonscan.Null:
		return append(b, "null"...)
	case jsonscan.Cell:
		return jsonscan.AppendQuoted(b, v.Raw)
	default:
		return append(b, v.Raw...)
	}
}

// appendElement appends an element of a list. That is the only member of the
// repeated group, unless the format's rules for old writers say that the group
// itself is the element.
func (c *wantedColumn) appendElement(b []byte, repeated *parquet.Column) []byte {
	if repeated.Leaf() || len(repeated.Columns()) != 1 || repeated.Name() == "array" {
		return c.appendContent(b, repeated)
	}
	return c.appendField(b, repeated.Columns()[0])
}

// appendEntry appends an entry of a map as a member.
func (c *wantedColumn) appendEntry(b []byte, entry *parquet.Column) []byte {
	key := c.take(entry)
	b = append(jsonscan.AppendQuoted(b, key.Text()), ':')
	if len(entry.Columns()) < 2 {
		return append(b, "null"...) // a map without values is a set
	}
	return c.appendField(b, entry.Columns()[1])
}

func isListColumn(c *parquet.Column) bool {
	_, ok := groupType(c).(*format.ListType)
	return ok && len(c.Columns()) == 1 && c.Columns()[0].Repeated()
}

func isMapColumn(c *parquet.Column) bool {
	_, ok := groupType(c).(*format.MapType)
	return ok && len(c.Columns()) == 1 && c.Columns()[0].Repeated() && !c.Columns()[0].Leaf() &&
		c.Columns()[0].Columns()[0].Leaf()
}

// groupType returns the logical type of a group, nil for any other column.
func groupType(c *parquet.Column) any {
	if c.Leaf() || c.Type().LogicalType() == nil {
		return nil
	}
	return c.Type().LogicalType().Value
}

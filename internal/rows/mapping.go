package rows

import (
	"bytes"
	"math/bits"
	"slices"
	"strings"

	"cdrmend/internal/jsonscan"
	"cdrmend/internal/profile"
	"cdrmend/internal/record"
	"cdrmend/internal/steps"
	"cdrmend/internal/stream"
)

// Mapping is a profile compiled for some fields, in all its formats: it finds the
// value of a field in an element or a row. It is for one goroutine.
type Mapping struct {
	Profile *profile.Profile
	Paths   *jsonscan.Paths
	Limits  *stream.Limits
	Context steps.Context // of the object that is read

	fields  [record.NumFields][]alternative // in order of preference
	inputs  []input                         // places that computed values and filters read
	pointed record.Fields                   // fields that have pointers, or are computed
	around  []*jsonscan.Paths               // of the objects around a record, from the inside out
	outer   []int                           // paths of the members that tell of pages, in the order of profile.Pages

	outside []*jsonscan.Element // the objects around the current record, from the outside in

	run steps.Run // of computed values
	at  position  // of the values that they read
}

// input is one place: a path in JSON, a column in tables.
type input struct {
	place string
	path  int      // -1 for a place that is a column only
	level int      // 0: of the record; 1: of the object around the list that holds it, and so on
	tail  []string // of a place below the elements of a list: names, and * for each element
}

// alternative is one way to get the value of a field.
type alternative struct {
	input
	expr *steps.Expr // nil: the value stands at the place
}

// isPlain reports whether the value stands in the record itself, as it is.
func (a *alternative) isPlain() bool {
	return a.expr == nil && a.level == 0 && a.tail == nil && a.path >= 0
}

// position is a record whose values are being computed.
type position struct {
	element *jsonscan.Element // of JSON
	cells   []jsonscan.Value  // of everything else
	columns *Columns
}

// Columns says which cells of the rows of one object the fields have.
type Columns struct {
	fields [record.NumFields][]int // cells in order of preference; ^n is the n-th alternative of the field, which is computed
	inputs []int                   // cells that computed values read, -1 for a place without one
}

// mapped reports whether a cell is one of a field.
func (c *Columns) mapped(cell int) bool {
	for _, cells := range c.fields {
		if slices.Contains(cells, cell) {
			return true
		}
	}
	return slices.Contains(c.inputs, cell)
}

// Fields returns the fields that have a cell, or are computed from one.
func (c *Columns) Fields() (set record.Fields) {
	for f, cells := range c.fields {
		if len(cells) > 0 {
			set.Add(record.Field(f))
		}
	}
	return set
}

// Cell returns the first cell of a field, -1 when it has none.
func (c *Columns) Cell(f record.Field) int {
	for _, cell := range c.fields[f] {
		if cell >= 0 {
			return cell
		}
	}
	return -1
}

// NewMapping compiles a profile for some fields of objects within the limits.
func NewMapping(p *profile.Profile, fields []record.Field, limits *stream.Limits) *Mapping {
	m := &Mapping{Profile: p, Paths: jsonscan.NewPaths(), Limits: limits}
	for _, place := range p.Inputs {
		m.inputs = append(m.inputs, m.input(place))
	}
	for _, f := range fields {
		for _, place := range p.Fields[f] {
			a := alternative{expr: place.Expr}
			if place.Expr == nil {
				a.input = m.input(place.Name)
			}
			if a.expr != nil || a.path >= 0 {
				m.pointed.Add(f)
			}
			m.fields[f] = append(m.fields[f], a)
		}
	}

	for _, pointer := range p.Pages.Pointers() {
		m.outer = append(m.outer, m.outerPath(pointer))
	}

	m.Context.Zone = p.Zone
	m.run = steps.Run{Context: &m.Context, Get: m.inputValue}
	return m
}

// input compiles a place.
func (m *Mapping) input(place string) input {
	in := input{place: place, path: -1}
	for strings.HasPrefix(place, "../") {
		in.level, place = in.level+1, place[len("../"):]
	}
	if in.level > 0 {
		place = "/" + place
	}
	if !strings.HasPrefix(place, "/") {
		return in
	}

	base, tail, list := strings.Cut(place, "/*")
	if list {
		in.tail = append([]string{"*"}, profile.Tokens(tail)...)
	}
	in.path = m.pathsOf(in.level).Add(base)
	return in
}

// pathsOf returns the paths of the records, or of the objects around them.
func (m *Mapping) pathsOf(level int) *jsonscan.Paths {
	if level == 0 {
		return m.Paths
	}
	for len(m.around) < level {
		m.around = append(m.around, jsonscan.NewPaths())
	}
	return m.around[level-1]
}

// Skips returns the filter of the profile that a row does not pass, -1 when it
// passes all.
func (m *Mapping) Skips(r *Row) int {
	if len(m.Profile.Filters) == 0 {
		return -1
	}

	m.at = position{element: r.element, cells: r.cells, columns: r.columns}
	for n := range m.Profile.Filters {
		if f := &m.Profile.Filters[n]; m.meets(f) != f.Keeps {
			return n
		}
	}
	return -1
}

// meets reports whether the current record meets all conditions of a filter.
func (m *Mapping) meets(f *profile.Filter) bool {
	for i := range f.Where {
		var text []byte
		if v := m.inputValue(f.Where[i].Input); v.Kind != jsonscan.Absent {
			text = bytes.TrimSpace(v.Text())
		}
		if !f.Where[i].Holds(text) {
			return false
		}
	}
	return true
}

// outerPath returns the path of a member of a document, 0 for none: that of the
// document itself.
func (m *Mapping) outerPath(pointer string) int {
	if pointer == "" {
		return 0
	}
	return m.elementPaths().Add(pointer)
}

// Outer returns the paths of the members of a document that tell of pages.
func (m *Mapping) Outer() (paths []int) {
	for _, path := range m.outer {
		if path > 0 {
			paths = append(paths, path)
		}
	}
	return paths
}

// Page returns what a document tells of pages.
func (m *Mapping) Page(d *jsonscan.Document) profile.Page {
	if m.outer == nil {
		return profile.Page{}
	}
	var values [3]jsonscan.Value
	for i, path := range m.outer {
		if path > 0 {
			values[i] = d.Outer(path)
		}
	}
	norm := profile.Normalizer{Profile: m.Profile}
	return norm.Page(values[0], values[1], values[2])
}

// elementPaths returns the paths of the elements of an object: of the records, or of
// the outermost objects around them.
func (m *Mapping) elementPaths() *jsonscan.Paths { return m.pathsOf(len(m.Profile.Each)) }

// Maps reports whether m was compiled for a field that the profile has.
func (m *Mapping) Maps(f record.Field) bool { return m.fields[f] != nil }

// Pointers returns the paths of a field in order of preference.
func (m *Mapping) Pointers(f record.Field) []int {
	var paths []int
	for _, a := range m.fields[f] {
		if a.isPlain() {
			paths = append(paths, a.path)
		}
	}
	return paths
}

// Next forgets the values that were computed for the record before.
func (m *Mapping) Next() { m.run.Next() }

// Note adds the fields to a set that have a member in an element, of whatever
// value. It looks only for those that are not in the set, so that after a few rows
// there is hardly anything to look for.
func (m *Mapping) Note(e *jsonscan.Element, seen *record.Fields) {
	for left := m.pointed &^ *seen; left != 0; left &= left - 1 {
		f := record.Field(bits.TrailingZeros64(uint64(left)))
		if list := m.fields[f]; len(list) == 1 && list[0].isPlain() { // nearly always
			if e.Value(list[0].path).Kind != jsonscan.Absent {
				seen.Add(f)
			}
		} else if m.present(e, f) {
			seen.Add(f)
		}
	}
}

// present reports whether an element has a place of a field, or one from which it is
// computed.
func (m *Mapping) present(e *jsonscan.Element, f record.Field) bool {
	has := func(in *input) bool { return m.valueAt(e, in).Kind != jsonscan.Absent }
	return slices.ContainsFunc(m.fields[f], func(a alternative) bool {
		if a.expr == nil {
			return has(&a.input)
		}
		return a.expr.ReadsAny(func(place int) bool { return has(&m.inputs[place]) })
	})
}

// Find returns the value of a field in an element: the first value among its
// alternatives that is not missing, else the first that is present.
func (m *Mapping) Find(e *jsonscan.Element, f record.Field) jsonscan.Value {
	if list := m.fields[f]; len(list) == 1 && list[0].isPlain() { // nearly always
		return e.Value(list[0].path)
	}

	var fallback jsonscan.Value
	for i := range m.fields[f] {
		a := &m.fields[f][i]
		var v jsonscan.Value
		if a.expr == nil {
			v = m.valueAt(e, &a.input)
		} else {
			m.at = position{element: e}
			v = m.run.Value(a.expr)
		}

		if !m.Profile.IsMissing(v) {
			return v
		}
		if fallback.Kind == jsonscan.Absent {
			fallback = v
		}
	}
	return fallback
}

// valueAt returns the value at a place of an element.
func (m *Mapping) valueAt(e *jsonscan.Element, in *input) jsonscan.Value {
	switch {
	case in.path < 0:
		return jsonscan.Value{}
	case in.level > len(m.outside):
		return jsonscan.Value{}
	case in.level > 0:
		e = m.outside[len(m.outside)-in.level]
	}

	v := e.Value(in.path)
	if in.tail != nil {
		return m.run.Collect(v, in.tail)
	}
	return v
}

// cell returns the value of a field in a row of cells, likewise.
func (m *Mapping) cell(r *Row, f record.Field) jsonscan.Value {
	var fallback jsonscan.Value
	for _, n := range r.columns.fields[f] {
		var v jsonscan.Value
		if n >= 0 {
			v = r.cells[n]
		} else {
			m.at = position{cells: r.cells, columns: r.columns}
			v = m.run.Value(m.fields[f][^n].expr)
		}

		if !m.Profile.IsMissing(v) {
			return v
		}
		if fallback.Kind == jsonscan.Absent {
			fallback = v
		}
	}
	return fallback
}

// inputValue returns a value that a computed one reads, Absent when it is missing.
func (m *Mapping) inputValue(n int) jsonscan.Value {
	var v jsonscan.Value
	if m.at.element != nil {
		v = m.valueAt(m.at.element, &m.inputs[n])
	} else if cell := m.at.columns.inputs[n]; cell >= 0 {
		v = m.at.cells[cell]
	}
	if m.Profile.IsMissing(v) {
		return jsonscan.Value{}
	}
	return v
}

// Row returns a row of an object without lines, such as Parquet: it has
// values, and no bytes of its own. The cells are only those of fields; other
// reports whether the row has a value in another cell.
func (m *Mapping) Row(index uint32, cells []jsonscan.Value, columns *Columns, other func() (bool, error)) Row {
	m.Next()
	return Row{Index: index, mapping: m, cells: cells, columns: columns, other: other}
}

// Says reports whether a value is one: it is not missing, and no empty list.
func (m *Mapping) Says(v jsonscan.Value) bool { return !m.Profile.IsMissing(v) && !isEmptyList(v) }

// Columns finds the cells of the fields. The function returns the cell of a place,
// -1 for a place that has none.
func (m *Mapping) Columns(cell func(place string) int) *Columns {
	found := &Columns{}
	for _, in := range m.inputs {
		found.inputs = append(found.inputs, cell(in.place))
	}

	for f, list := range m.fields {
		for n, a := range list {
			switch {
			case a.expr == nil:
				if at := cell(a.place); at >= 0 {
					found.fields[f] = append(found.fields[f], at)
				}
			case a.expr.ReadsAny(func(place int) bool { return found.inputs[place] >= 0 }):
				found.fields[f] = append(found.fields[f], ^n)
			}
		}
	}
	return found
}

// columnsOf finds the fields' columns in a header. A pointer is the name of a
// column without its slash.
func (m *Mapping) columnsOf(header []string) *Columns {
	at := make(map[string]int, len(header))
	for i, name := range header {
		at[strings.TrimSpace(name)] = i
	}

	return m.Columns(func(place string) int {
		if i, ok := at[strings.TrimPrefix(place, "/")]; ok {
			return i
		}
		return -1
	})
}

package rows

import (
	"math/bits"
	"slices"
	"strings"

	"cdrmend/internal/jsonscan"
	"cdrmend/internal/profile"
	"cdrmend/internal/record"
	"cdrmend/internal/stream"
)

// Mapping is a profile compiled for some fields, in all its formats: it finds the
// value of a field in an element or a row.
type Mapping struct {
	Profile *profile.Profile
	Paths   *jsonscan.Paths
	Limits  *stream.Limits
	paths   [record.NumFields][]int    // numbers of the field's pointers, in order of preference
	columns [record.NumFields][]string // the same as names of columns
	pointed record.Fields              // fields that have pointers
	outer   []int                      // paths of watched members, see Watch
}

// Columns holds for each field the indexes of its cells in the rows of one object,
// in order of preference.
type Columns [record.NumFields][]int

// mapped reports whether a cell is one of a field.
func (c *Columns) mapped(cell int) bool {
	for _, cells := range c {
		if slices.Contains(cells, cell) {
			return true
		}
	}
	return false
}

// Fields returns the fields that have a cell.
func (c *Columns) Fields() (set record.Fields) {
	for f, cells := range c {
		if len(cells) > 0 {
			set.Add(record.Field(f))
		}
	}
	return set
}

// NewMapping compiles a profile for some fields of objects within the limits.
func NewMapping(p *profile.Profile, fields []record.Field, limits *stream.Limits) *Mapping {
	m := &Mapping{Profile: p, Paths: jsonscan.NewPaths(), Limits: limits}

	for _, f := range fields {
		for _, place := range p.Fields[f] {
			if strings.HasPrefix(place, "/") {
				m.paths[f] = append(m.paths[f], m.Paths.Add(place))
				m.pointed.Add(f)
			}
			// In CSV and Parquet a pointer is the name of a column without its slash.
			m.columns[f] = append(m.columns[f], strings.TrimPrefix(place, "/"))
		}
	}

	return m
}

// Watch makes readers report members of a document around its list.
func (m *Mapping) Watch(pointers ...string) {
	for _, pointer := range pointers {
		m.outer = append(m.outer, m.Paths.Add(pointer))
	}
}

// Maps reports whether m was compiled for a field that the profile has.
func (m *Mapping) Maps(f record.Field) bool { return m.columns[f] != nil }

// Pointers returns the paths of a field in order of preference.
func (m *Mapping) Pointers(f record.Field) []int { return m.paths[f] }

// Note adds the fields to a set that have a member in an element, of whatever
// value. It looks only for those that are not in the set, so that after a few rows
// there is hardly anything to look for.
func (m *Mapping) Note(e *jsonscan.Element, seen *record.Fields) {
	for left := m.pointed &^ *seen; left != 0; left &= left - 1 {
		f := record.Field(bits.TrailingZeros64(uint64(left)))
		for _, path := range m.paths[f] {
			if _, _, ok := e.Slots.Position(path); ok {
				seen.Add(f)
				break
			}
		}
	}
}

// Find returns the value of a field in an element: the first value among its
// pointers that is not missing, else the first that is present.
func (m *Mapping) Find(e *jsonscan.Element, f record.Field) jsonscan.Value {
	if len(m.paths[f]) == 1 { // nearly always
		return e.Value(m.paths[f][0])
	}

	var fallback jsonscan.Value
	for _, path := range m.paths[f] {
		v := e.Value(path)
		if !m.Profile.IsMissing(v) {
			return v
		}
		if fallback.Kind == jsonscan.Absent {
			fallback = v
		}
	}
	return fallback
}

// Row returns a row of an object without lines, such as Parquet: it has
// values, and no bytes of its own. The cells are only those of fields; other
// reports whether the row has a value in another cell.
func (m *Mapping) Row(index uint32, cells []jsonscan.Value, columns *Columns, other func() (bool, error)) Row {
	return Row{Index: index, mapping: m, cells: cells, columns: columns, other: other}
}

// Says reports whether a value is one: it is not missing, and no empty list.
func (m *Mapping) Says(v jsonscan.Value) bool { return !m.Profile.IsMissing(v) && !isEmptyList(v) }

// columnsOf finds the fields' columns in a header.
func (m *Mapping) columnsOf(header []string) *Columns {
	at := make(map[string]int, len(header))
	for i, name := range header {
		at[strings.TrimSpace(name)] = i
	}

	var found Columns
	for f, names := range m.columns {
		for _, name := range names {
			if i, ok := at[name]; ok {
				found[f] = append(found[f], i)
			}
		}
	}
	return &found
}

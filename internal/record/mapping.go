package record

import (
	"bytes"
	"strings"
)

// Mapping is where a profile finds the canonical fields of one kind of
// record, compiled for all its formats.
type Mapping struct {
	Profile *Profile
	Paths   *Paths
	limits  *Limits
	paths   [NumFields][]int    // numbers of the field's pointers, in order of preference
	columns [NumFields][]string // the same as names of columns
}

// Map compiles the profile for some fields of objects within the limits.
func (p *Profile) Map(fields []Field, limits *Limits) *Mapping {
	m := &Mapping{Profile: p, Paths: NewPaths(), limits: limits}
	for _, f := range fields {
		for _, place := range p.Fields[f] {
			if strings.HasPrefix(place, "/") {
				m.paths[f] = append(m.paths[f], m.Paths.Add(place))
			}
			m.columns[f] = append(m.columns[f], strings.TrimPrefix(place, "/"))
		}
	}
	return m
}

// Pointers returns the paths of a field in order of preference.
func (m *Mapping) Pointers(f Field) []int { return m.paths[f] }

// Find returns the value of a field in an element: that of the first pointer
// with a value that is not missing, else of the first that is there at all.
func (m *Mapping) Find(e *Element, f Field) Value {
	var fallback Value
	if len(m.paths[f]) == 1 {
		return e.Value(m.paths[f][0])
	}
	for _, path := range m.paths[f] {
		v := e.Value(path)
		if !m.Profile.isMissing(v) {
			return v
		}
		if fallback.Kind == Absent {
			fallback = v
		}
	}
	return fallback
}

// isMissing reports whether v is absent, null, empty or listed as missing.
func (p *Profile) isMissing(v Value) bool {
	switch v.Kind {
	case Absent, Null:
		return true
	case String, Cell, Number:
		b := bytes.TrimSpace(v.Text())
		return len(b) == 0 || p.Missing[string(b)] || string(bare(b)) == nilUUID
	}
	return false
}

// columnsOf finds the fields' columns in a header.
func (m *Mapping) columnsOf(header []string) *[NumFields][]int {
	at := make(map[string]int, len(header))
	for i, name := range header {
		at[strings.TrimSpace(name)] = i
	}
	var found [NumFields][]int
	for f, names := range m.columns {
		for _, name := range names {
			if i, ok := at[name]; ok {
				found[f] = append(found[f], i)
			}
		}
	}
	return &found
}

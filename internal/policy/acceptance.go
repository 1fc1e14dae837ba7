package policy

import (
	"cmp"
	"iter"
	"maps"
	"slices"
)

// Acceptance says by which row of the file of accepted findings a finding is accepted,
// and what the row says.
type Acceptance struct {
	ids      map[string]int
	subjects *Subjects[string]
	grounds  []Grounds // by row
}

// Acceptance returns what a configuration accepts.
func (p *Policy) Acceptance() *Acceptance {
	return acceptance(maps.Keys(p.Accepted), p.AcceptedRows, p.AcceptedSubjects, p.AcceptedGrounds)
}

// Acceptance returns what the configuration of a run accepts.
func (p *PolicyIdentity) Acceptance() *Acceptance {
	return acceptance(slices.Values(p.Accepted), p.AcceptedRows, p.AcceptedSubjects, p.AcceptedGrounds)
}

// acceptance notes row 0 for an id whose row is not known: earlier versions kept none.
func acceptance(ids iter.Seq[string], rows map[string]int, subjects []AcceptedSubject, grounds []Grounds) *Acceptance {
	a := &Acceptance{ids: map[string]int{}, grounds: grounds}
	for id := range ids {
		a.ids[id] = rows[id]
	}
	a.subjects, _ = Written(subjects)
	return a
}

// Row returns the number of the row that accepts a finding, from 1. The subject has its
// ids as the tables have them.
func (a *Acceptance) Row(id string, about Subject[string]) (row int, ok bool) {
	if row, ok := a.ids[id]; ok {
		return row, true
	}
	return a.subjects.Row(about)
}

// Grounds returns what the row that accepts a finding says. Only the number of the row
// is set when the row says nothing more, or when an earlier version did not keep it.
func (a *Acceptance) Grounds(id string, about Subject[string]) (g Grounds, ok bool) {
	row, ok := a.Row(id, about)
	if at, found := slices.BinarySearchFunc(a.grounds, row, func(g Grounds, row int) int { return cmp.Compare(g.Row, row) }); ok && found {
		return a.grounds[at], true
	}
	return Grounds{Row: row}, ok
}

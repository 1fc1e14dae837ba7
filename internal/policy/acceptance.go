package policy

import (
	"iter"
	"maps"
	"slices"
)

// Acceptance says by which row of the file of accepted findings a finding is accepted.
type Acceptance struct {
	ids      map[string]int
	subjects *Subjects[string]
}

// Acceptance returns what a configuration accepts.
func (p *Policy) Acceptance() *Acceptance {
	return acceptance(maps.Keys(p.Accepted), p.AcceptedRows, p.AcceptedSubjects)
}

// Acceptance returns what the configuration of a run accepts.
func (p *PolicyIdentity) Acceptance() *Acceptance {
	return acceptance(slices.Values(p.Accepted), p.AcceptedRows, p.AcceptedSubjects)
}

// acceptance notes row 0 for an id whose row is not known: earlier versions kept none.
func acceptance(ids iter.Seq[string], rows map[string]int, subjects []AcceptedSubject) *Acceptance {
	a := &Acceptance{ids: map[string]int{}}
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

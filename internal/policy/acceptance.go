package policy

// Acceptance says by which row of the file of accepted findings a finding is accepted.
type Acceptance struct {
	ids      map[string]int
	subjects *Subjects[string]
}

// Acceptance returns what a configuration accepts.
func (p *Policy) Acceptance() *Acceptance {
	a := &Acceptance{ids: map[string]int{}}
	for id := range p.Accepted {
		a.ids[id] = p.AcceptedRows[id]
	}
	a.subjects, _ = Written(p.AcceptedSubjects)
	return a
}

// Acceptance returns what the configuration of a run accepts.
func (p *PolicyIdentity) Acceptance() *Acceptance {
	a := &Acceptance{ids: map[string]int{}}
	for _, id := range p.Accepted {
		a.ids[id] = p.AcceptedRows[id]
	}
	a.subjects, _ = Written(p.AcceptedSubjects)
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

package policy

import (
	"cdrmend/internal/intern"
)

// Acceptance says by which row of the file of accepted findings a finding is accepted.
// Looking one up takes the same time however many rows there are.
type Acceptance struct {
	ids      map[string]int
	subjects map[[2]string][]AcceptedSubject // by conversation and recording, either may be empty
}

// Acceptance returns what a configuration accepts.
func (p *Policy) Acceptance() *Acceptance {
	a := &Acceptance{map[string]int{}, map[[2]string][]AcceptedSubject{}}
	for id := range p.Accepted {
		a.ids[id] = p.AcceptedRows[id]
	}
	a.add(p.AcceptedSubjects)
	return a
}

// Acceptance returns what the configuration of a run accepts.
func (p *PolicyIdentity) Acceptance() *Acceptance {
	a := &Acceptance{map[string]int{}, map[[2]string][]AcceptedSubject{}}
	for _, id := range p.Accepted {
		a.ids[id] = p.AcceptedRows[id]
	}
	a.add(p.AcceptedSubjects)
	return a
}

func (a *Acceptance) add(subjects []AcceptedSubject) {
	texts := intern.NewTable()
	for _, s := range subjects {
		s = s.Normal(texts)
		at := [2]string{s.Conversation, s.Recording}
		a.subjects[at] = append(a.subjects[at], s)
	}
}

// Row returns the number of the row that accepts a finding, from 1. The subject has its
// ids as the tables have them.
func (a *Acceptance) Row(id string, about AcceptedSubject) (row int, ok bool) {
	if row, ok := a.ids[id]; ok {
		return row, true
	}
	if len(a.subjects) == 0 {
		return 0, false
	}
	for _, at := range [][2]string{{about.Conversation, about.Recording}, {about.Conversation, ""}, {"", about.Recording}} {
		if at == [2]string{} {
			continue
		}
		for _, s := range a.subjects[at] {
			if s.Fits(about) {
				return s.Row, true
			}
		}
	}
	return 0, false
}

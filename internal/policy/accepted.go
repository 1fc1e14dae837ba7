package policy

import (
	"slices"

	"cdrmend/internal/intern"
)

// Subject is what a finding is about, or what a row of the accepted findings names. In
// a row the zero value of a field holds for all. T is a text: two are equal when their
// ids in normal form are.
type Subject[T comparable] struct {
	Class                        string
	Org, Conversation, Recording T
}

// Subjects are the subjects that rows name, found by those of findings without a walk
// over all rows: there may be as many rows as findings. The zero value is empty.
type Subjects[T comparable] struct {
	rows   map[Subject[T]][]int
	shapes []shape
}

// shape says which fields a row fills. Rows have at most 16 different ones.
type shape struct{ class, org, conversation, recording bool }

func (s *Subjects[T]) add(named Subject[T], row int) {
	if s.rows == nil {
		s.rows = map[Subject[T]][]int{}
	}
	s.rows[named] = append(s.rows[named], row)

	var zero T
	filled := shape{named.Class != "", named.Org != zero, named.Conversation != zero, named.Recording != zero}
	if !slices.Contains(s.shapes, filled) {
		s.shapes = append(s.shapes, filled)
	}
}

// Empty reports whether there are no rows.
func (s *Subjects[T]) Empty() bool { return s == nil || len(s.rows) == 0 }

// Accept reports whether a row accepts a finding.
func (s *Subjects[T]) Accept(finding Subject[T]) bool {
	for _, filled := range s.shapes {
		if _, ok := s.rows[project(finding, filled)]; ok {
			return true
		}
	}
	return false
}

// Row returns the number of the first row that accepts a finding, from 1.
func (s *Subjects[T]) Row(finding Subject[T]) (first int, ok bool) {
	for _, filled := range s.shapes {
		for _, row := range s.rows[project(finding, filled)] {
			if !ok || row < first {
				first, ok = row, true
			}
		}
	}
	return first, ok
}

// Remove removes all rows that accept a finding.
func (s *Subjects[T]) Remove(finding Subject[T]) {
	for _, filled := range s.shapes {
		delete(s.rows, project(finding, filled))
	}
}

// Rows returns the numbers of all rows, in no order.
func (s *Subjects[T]) Rows() (list []int) {
	for _, rows := range s.rows {
		list = append(list, rows...)
	}
	return list
}

// project returns what a row with the filled fields has to name to accept a finding.
func project[T comparable](finding Subject[T], filled shape) (named Subject[T]) {
	if filled.class {
		named.Class = finding.Class
	}
	if filled.org {
		named.Org = finding.Org
	}
	if filled.conversation {
		named.Conversation = finding.Conversation
	}
	if filled.recording {
		named.Recording = finding.Recording
	}
	return named
}

// InternedSubjects returns the subjects that the policy accepts, as texts of a table
// in which texts are found by their bytes.
func (p *Policy) InternedSubjects(texts *intern.Table) *Subjects[intern.Text] {
	s := &Subjects[intern.Text]{}
	for _, a := range p.AcceptedSubjects {
		named, ok := a.normal(texts)
		if ok {
			s.add(named, a.Row)
		}
	}
	return s
}

// Written returns subjects as ids in normal form, and the rows that can accept nothing.
func Written(subjects []AcceptedSubject) (s *Subjects[string], never []int) {
	s = &Subjects[string]{}
	texts := intern.NewTable()
	for _, a := range subjects {
		named, ok := a.normal(texts)
		if !ok {
			never = append(never, a.Row)
			continue
		}
		s.add(Subject[string]{named.Class, texts.String(named.Org), texts.String(named.Conversation), texts.String(named.Recording)}, a.Row)
	}
	return s, never
}

// normal returns a row with its ids in normal form. One with an id that no record can
// have, as it is too long, accepts nothing: without that id it would accept what
// nobody meant.
func (a AcceptedSubject) normal(texts *intern.Table) (named Subject[intern.Text], ok bool) {
	ok = true
	id := func(written string) intern.Text {
		text := ID(texts, written)
		ok = ok && (written == "" || text != intern.None)
		return text
	}
	return Subject[intern.Text]{a.Class, id(a.Org), id(a.Conversation), id(a.Recording)}, ok
}

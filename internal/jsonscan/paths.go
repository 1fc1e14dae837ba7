package jsonscan

import (
	"slices"
	"strings"

	"cdrmend/internal/stream"
)

// Paths is a set of JSON pointers, compiled so that one scan of an object
// finds the values of all of them.
type Paths struct {
	nodes []pathNode // nodes[0] is the object itself
}

type pathNode struct {
	parent   int // -1 for the object itself
	name     string
	quoted   string // the name as most documents spell it, with the colon; empty when it has to be escaped
	children map[string]int
}

// NewPaths returns an empty set.
func NewPaths() *Paths { return &Paths{nodes: []pathNode{{parent: -1}}} }

// Add puts a pointer into the set and returns its number. Tokens name members
// of objects; they do not index arrays.
func (p *Paths) Add(pointer string) int {
	at := 0
	for token := range strings.SplitSeq(strings.TrimPrefix(pointer, "/"), "/") {
		at = p.child(at, strings.NewReplacer("~1", "/", "~0", "~").Replace(token))
	}
	return at
}

// child returns the number of a member of a path, which is added when it is new.
func (p *Paths) child(parent int, name string) int {
	if n, ok := p.nodes[parent].children[name]; ok {
		return n
	}

	n := len(p.nodes)
	p.nodes = append(p.nodes, pathNode{parent: parent, name: name})
	if plain([]byte(name)) == len(name) {
		p.nodes[n].quoted = `"` + name + `":`
	}

	if p.nodes[parent].children == nil {
		p.nodes[parent].children = map[string]int{}
	}
	p.nodes[parent].children[name] = n
	return n
}

// Slots holds the positions of the values of all paths in one object. Nearly all
// objects of a source have their members in one order. So it remembers which
// path came first in an object and which came after which: the next name is
// compared with the expected one before it is looked up.
type Slots struct {
	paths *Paths
	at    []slot
	first []int // by path of an object: the path that came first in it
	next  []int // by path of a member: the path that came after it

	line    Scanner // of ScanLine
	element Element
}

// slot is the position of one path's value. For an object on the way to other
// paths, tail is the end of its last complete member.
type slot struct {
	kind       ValueKind
	start, end int64
	tail       int64
	members    int
}

// NewSlots returns slots for the paths.
func (p *Paths) NewSlots() *Slots {
	n := len(p.nodes)
	return &Slots{paths: p, at: make([]slot, n), first: make([]int, n), next: make([]int, n)}
}

// Clear makes all paths absent. It keeps the expected order of members.
func (l *Slots) Clear() { clear(l.at) }

// Value returns the raw value at path n; s must still hold the object.
func (l *Slots) Value(s *Scanner, n int) Value {
	v := l.at[n]
	if v.kind == Absent {
		return Value{}
	}
	return Value{v.kind, s.Bytes(v.start, v.end)}
}

// Position returns where the value at path n is; false when absent.
func (l *Slots) Position(n int) (start, end int64, ok bool) {
	v := l.at[n]
	return v.start, v.end, v.kind != Absent
}

// Scan scans the next value, and notes where the paths are when it is an object.
// After an error l still has the members that were complete; half a value is absent.
func (l *Slots) Scan(s *Scanner) (ValueKind, error) {
	if c, _ := s.Peek(); c == '{' {
		return Object, l.object(s, 0)
	}
	return s.Value()
}

// Tail returns the end of the last complete member of the object and how many
// members were complete; the opening brace counts when there is none.
func (l *Slots) Tail() (end int64, members int) { return l.at[0].tail, l.at[0].members }

// object scans an object that has paths below it.
func (l *Slots) object(s *Scanner, node int) error {
	me := &l.at[node]
	me.kind, me.start = Object, s.Offset()
	me.tail, me.members = me.start+1, 0
	empty, err := s.Enter('}')
	if empty || err != nil {
		me.end = s.Offset()
		return err
	}

	// Members that are not wanted do not move the guess.
	guess := &l.first[node]
	for more, n := true, int64(0); more; {
		if n, err = s.member(n); err != nil {
			return err
		}
		child, err := l.member(s, node, *guess)
		if err != nil {
			return err
		}
		if child != 0 {
			*guess = child
			guess = &l.next[child]
		}

		if more, err = s.More('}'); err != nil {
			return err
		}
	}

	me.end = s.Offset()
	return nil
}

// member scans a member and returns its path, 0 for one that is not wanted.
func (l *Slots) member(s *Scanner, node, guess int) (child int, err error) {
	child, err = l.name(s, node, guess)
	if err != nil {
		return child, err
	}
	kind, err := l.memberValue(s, child)
	if err != nil {
		return child, err
	}

	// A text that breaks off later is cut after the last complete member.
	if s.Complete(kind) {
		me := &l.at[node]
		me.tail, me.members = s.Offset(), me.members+1
	}
	return child, nil
}

// name scans a member's name and returns its path, 0 for a name that is not
// wanted; guess is the expected path, 0 for none. The scanner must hold the
// object.
func (l *Slots) name(s *Scanner, node, guess int) (int, error) {
	if quoted := l.paths.nodes[guess].quoted; quoted != "" && s.isName(quoted) {
		return guess, nil
	}

	from, to, err := s.Name()
	if err != nil {
		return 0, err
	}
	return l.paths.nodes[node].children[string(Value{String, s.Bytes(from, to)}.Text())], nil
}

// memberValue scans the value of a member whose path is known, 0 for one that is
// not wanted.
func (l *Slots) memberValue(s *Scanner, child int) (ValueKind, error) {
	if child == 0 {
		return s.Value()
	}
	return l.value(s, child)
}

// value scans the value of a wanted path. When a name occurs twice the last
// member counts, unless the text was cut inside it.
func (l *Slots) value(s *Scanner, node int) (ValueKind, error) {
	if c, ok := s.Peek(); ok && c == '{' && l.paths.nodes[node].children != nil {
		var before []slot // only when the name occurs twice
		if l.at[node].kind != Absent {
			before = slices.Clone(l.at)
		}

		l.forget(node)
		err := l.object(s, node)
		if err != nil {
			l.forget(node)
			copy(l.at, before)
		}
		return Object, err
	}

	start := s.Offset()
	kind, err := s.Value()
	if err != nil || !s.Complete(kind) {
		return kind, err
	}

	// An earlier value of the same name may have been an object, with paths below it.
	l.forget(node)
	l.at[node] = slot{kind: kind, start: start, end: s.Offset()}
	return kind, nil
}

// forget makes a path and all paths below it absent.
func (l *Slots) forget(node int) {
	l.at[node] = slot{}
	if len(l.paths.nodes[node].children) == 0 {
		return
	}
	for _, child := range l.paths.nodes[node].children {
		l.forget(child)
	}
}

// Parent returns the deepest object on the way to path n that is there: the
// end of its last complete member, how many members it has, and how many
// tokens of the pointer lead to it.
func (l *Slots) Parent(n int) (tail int64, members, depth int) {
	for at := l.paths.nodes[n].parent; at >= 0; at = l.paths.nodes[at].parent {
		// If an object is there, so are the objects around it: forget clears all below.
		if v := l.at[at]; v.kind == Object && v.tail != 0 {
			return v.tail, v.members, len(l.paths.Tokens(at))
		}
	}
	return 0, 0, 0
}

// Leaf reports whether a member of the object itself is in the set, with nothing
// below it.
func (p *Paths) Leaf(name []byte) bool {
	n, ok := p.nodes[0].children[string(name)]
	return ok && len(p.nodes[n].children) == 0
}

// Tokens returns the member names on the way to path n.
func (p *Paths) Tokens(n int) []string {
	if n == 0 {
		return nil
	}
	return append(p.Tokens(p.nodes[n].parent), p.nodes[n].name)
}

// ScanLine scans a line of JSON Lines as one element, which is valid until the
// next call. After an error the element has the members before it.
func (l *Slots) ScanLine(index uint32, offset int64, text []byte, limits *stream.Limits) (*Element, error) {
	s, e := &l.line, &l.element
	s.Reset(text, offset, limits)
	l.Clear()
	s.Space()
	*e = Element{Index: index, Start: s.Offset(), Scanner: s, Slots: l}

	kind, err := l.Scan(s)
	e.Kind, e.End, e.Partial = kind, s.Offset(), err != nil
	if err != nil {
		return e, err
	}
	if _, more := s.Space(); more {
		return e, s.fail()
	}
	return e, nil
}

package registration

import (
	"cmp"
	"slices"
	"time"

	"cdrmend/internal/intern"
	"cdrmend/internal/record"
)

// Relation is how a subject relates to outages. An outage is evidence, never
// proof.
type Relation uint8

// The relations.
const (
	Unrelated Relation = iota // the subject is neither an entry nor a leg
	Inside                    // it starts in the outage
	Edge                      // it starts before the outage
	Possible                  // the outage was on a line of its trunk, or was never seen to end
	Uncertain                 // there may have been one
	NoOutage
	NumRelations // how many there are
)

var relationNames = [NumRelations]string{"", "inside", "edge", "possible", "unknown", "none"}

// String returns the relation's name in the tables.
func (r Relation) String() string { return relationNames[r] }

// RelationByName returns the relation with a name from the tables, Unrelated
// when there is none.
func RelationByName(name string) Relation {
	// Index returns -1 for a name that is not known, and Unrelated is 0.
	return Relation(max(0, slices.Index(relationNames[:], name)))
}

// Subject is what may coincide with an outage: a leg or an entry.
type Subject struct {
	Org, Trunk, Line intern.Text
	Span             record.Span // only Start counts when the subject is an instant
	Instant          bool
	Timed            bool // false: Span and Instant mean nothing
	Incomplete       bool // registrations are incomplete for the subject
}

// Coincidence is the outage that a subject coincides with.
type Coincidence struct {
	OverlapMS int64 // whole milliseconds, 0 for an instant, -1 without an outage
	Outage    int32 // index into the outages, -1 for none
	Relation  Relation
}

// Index finds the outage that a subject coincides with. It is safe for
// concurrent use.
type Index struct {
	outages   []Outage
	groups    map[groupKey]*group
	lineless  bool // an outage names no line,
	trunkless bool // or no trunk
}

// groupKey names outages of one organisation that have something in common.
type groupKey struct {
	kind groupKind
	key
}

type groupKind uint8

const (
	sameKey   groupKind = iota // trunk and line, where a missing one equals a missing one
	sameLine                   // on any trunk
	sameTrunk                  // on any line or none
	noLine
	noTrunk
)

// NewIndex returns an index of the outages. The index keeps the slice.
func NewIndex(outages []Outage) *Index {
	// Every outage is a member of all groups that a subject could look it up by,
	// so that a lookup reads a fixed number of groups.
	members := map[groupKey][]int32{}
	for i := range outages {
		o := &outages[i]
		add := func(kind groupKind, trunk, line intern.Text) {
			k := groupKey{kind, key{o.Org, trunk, line}}
			members[k] = append(members[k], int32(i))
		}

		add(sameKey, o.Trunk, o.Line)

		if o.Line != intern.None {
			add(sameLine, intern.None, o.Line)
		} else {
			add(noLine, intern.None, intern.None)
		}

		if o.Trunk != intern.None {
			add(sameTrunk, o.Trunk, intern.None)
		} else {
			add(noTrunk, intern.None, intern.None)
		}
	}

	x := &Index{outages: outages, groups: make(map[groupKey]*group, len(members))}
	for i := range outages {
		x.lineless = x.lineless || outages[i].Line == intern.None
		x.trunkless = x.trunkless || outages[i].Trunk == intern.None
	}

	// A group sorts its members, so all of them must be known by now.
	for k, m := range members {
		x.groups[k] = newGroup(outages, m)
	}

	return x
}

// Coinciding returns the outage that s coincides with, and how.
func (x *Index) Coinciding(s Subject) Coincidence {
	if s.Instant {
		s.Span.End = s.Span.Start + 1 // overlaps what contains the instant
	}

	if s.Timed {
		if hit, possible := x.best(s); hit.outage >= 0 {
			return x.coincidence(s, hit, possible)
		}
	}

	// "No outage" is a statement: it takes a complete log, and a subject that
	// can be compared with every outage.
	relation := NoOutage
	if s.Incomplete || x.incomparable(s) {
		relation = Uncertain
	}
	return Coincidence{Outage: -1, Relation: relation, OverlapMS: -1}
}

func (x *Index) coincidence(s Subject, hit overlap, possible bool) Coincidence {
	o := &x.outages[hit.outage]
	c := Coincidence{Outage: hit.outage, Relation: Edge}
	switch {
	// A key that never registered may never have carried calls, so that it was
	// exposed proves little.
	case possible || o.EndedBy == EndedByAssumed:
		c.Relation = Possible
	case o.Span.Contains(s.Span.Start):
		c.Relation = Inside
	}

	if !s.Instant {
		c.OverlapMS = int64(hit.length) / time.Millisecond.Microseconds()
	}

	return c
}

// best returns the outage with the greatest overlap, from the most specific
// group of outages that has one. It reports possible when the group is that of
// all lines of the subject's trunk.
func (x *Index) best(s Subject) (hit overlap, possible bool) {
	switch {
	case s.Line == intern.None && s.Trunk == intern.None:
		return noOverlap, false
	case s.Line == intern.None:
		// An outage of the trunk itself concerns all its lines. One of a single line
		// may have spared the line that the subject does not name.
		if hit = x.find(s, sameKey, s.Trunk, intern.None); hit.outage >= 0 {
			return hit, false
		}
		return x.find(s, sameTrunk, s.Trunk, intern.None), true
	case s.Trunk == intern.None:
		return x.find(s, sameLine, intern.None, s.Line), false
	}

	// The subject names both. Outages that name only one of them are looked up
	// only if there are any: most logs name both.
	hit = x.find(s, sameKey, s.Trunk, s.Line)
	if x.trunkless {
		hit = x.better(hit, x.find(s, sameKey, intern.None, s.Line))
	}

	// An outage of the trunk counts only when the line's own log shows none.
	if hit.outage < 0 && x.lineless {
		hit = x.find(s, sameKey, s.Trunk, intern.None)
	}

	return hit, false
}

func (x *Index) find(s Subject, kind groupKind, trunk, line intern.Text) overlap {
	g := x.groups[groupKey{kind, key{s.Org, trunk, line}}]
	if g == nil {
		return noOverlap
	}

	return g.best(s.Span)
}

// better returns the greater of two overlaps. Between equal ones it prefers the
// outage that began first, then the smaller id, as a group does.
func (x *Index) better(a, b overlap) overlap {
	if a.outage < 0 || b.outage < 0 {
		// noOverlap has -1 in both fields, so the larger fields are those of the other.
		return overlap{max(a.outage, b.outage), max(a.length, b.length)}
	}

	p, q := &x.outages[a.outage], &x.outages[b.outage]
	if cmp.Or(cmp.Compare(b.length, a.length), cmp.Compare(p.Span.Start, q.Span.Start), cmp.Compare(p.ID, q.ID)) > 0 {
		return b
	}

	return a
}

// incomparable reports whether an outage may concern the subject although
// nothing shows it: the subject names neither trunk nor line, or it names only
// one of them and overlaps an outage that does not name that one.
func (x *Index) incomparable(s Subject) bool {
	switch {
	case s.Trunk == intern.None && s.Line == intern.None:
		return true
	// An untimed subject overlaps nothing. When the subject names both, best has
	// already looked up every outage that could concern it.
	case !s.Timed || s.Trunk != intern.None && s.Line != intern.None:
		return false
	case s.Trunk == intern.None:
		return x.find(s, noLine, intern.None, intern.None).outage >= 0
	default:
		return x.find(s, noTrunk, intern.None, intern.None).outage >= 0
	}
}

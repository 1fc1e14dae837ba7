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
	Unrelated    Relation = iota // of what is neither entry nor leg
	Inside                       // it starts in the outage
	Edge                         // it starts before the outage
	Possible                     // whether the outage concerned it is not certain
	Uncertain                    // there may have been one
	NoOutage                     // the log shows that it was registered
	NumRelations                 // how many there are
)

var relationNames = [NumRelations]string{"", "inside", "edge", "possible", "unknown", "none"}

// String returns the relation's name in the tables.
func (r Relation) String() string { return relationNames[r] }

// RelationByName returns the relation that tables call name, Unrelated for no
// such name.
func RelationByName(name string) Relation {
	return Relation(max(0, slices.Index(relationNames[:], name)))
}

// Subject is what may coincide with an outage: a leg or an entry.
type Subject struct {
	Org, Trunk, Line intern.Text
	Span             record.Span // of an instant only Start counts
	Instant          bool
	Timed            bool // false: neither Span nor Instant means anything
	Incomplete       bool // registrations are incomplete for the subject
}

// Coincidence is the outage that a subject coincides with.
type Coincidence struct {
	OverlapMS int64 // whole milliseconds, 0 for an instant, -1 without an outage
	Outage    int32 // index into the outages, -1 for none
	Relation  Relation
}

// Index finds the outage that a subject coincides with, and whether its
// registration was seen when there is none. It is safe for concurrent use.
type Index struct {
	outages []Outage
	groups  map[spot]*group        // outages that are not harmless
	vouched map[spot][]record.Span // when a subject there was registered
	keys    map[spot]bool          // spots with a key of the log
	doubts  *disputed
}

// spot is what keys and subjects of one organisation have in common.
type spot struct {
	kind             spotKind
	org, trunk, line intern.Text
}

type spotKind uint8

const (
	lineOnTrunk spotKind = iota // also of a line without a trunk
	lineAnywhere
	trunkItself     // its registrations without a line and without a user name
	trunkAccounts   // its registrations with a user name
	trunkAnything   // all of them
	trunkFailures   // outages of those, with a failure
	accountFailures // outages of accounts of the trunk, with a failure
	withoutTrunk
	withoutLine
)

// spots returns where a key is.
func (k key) spots() []spot {
	var list []spot
	if k.trunk != intern.None {
		list = append(list, spot{trunkAnything, k.org, k.trunk, intern.None})
	}
	switch {
	case k.line != intern.None:
		list = append(list, spot{lineOnTrunk, k.org, k.trunk, k.line}, spot{lineAnywhere, k.org, intern.None, k.line})
	case k.user != intern.None:
		list = append(list, spot{trunkAccounts, k.org, k.trunk, intern.None})
	default:
		list = append(list, spot{trunkItself, k.org, k.trunk, intern.None})
	}
	return list
}

// spots returns where an outage is looked up.
func (o *Outage) spots() []spot {
	k := key{o.Org, o.Trunk, o.Line, o.User}
	list := slices.DeleteFunc(k.spots(), func(s spot) bool { return s.kind == trunkAnything || s.kind == trunkAccounts })
	if k.line == intern.None {
		list = append(list, spot{withoutLine, k.org, intern.None, intern.None})
	}
	if k.trunk == intern.None {
		return append(list, spot{withoutTrunk, k.org, intern.None, intern.None})
	}

	// What was seen of one line of a trunk says something of the trunk only when
	// somebody was refused.
	if o.Failures == 0 {
		return list
	}

	list = append(list, spot{trunkFailures, k.org, k.trunk, intern.None})
	if k.user != intern.None {
		list = append(list, spot{accountFailures, k.org, k.trunk, intern.None})
	}
	return list
}

// NewIndex returns an index of states, whose outages it keeps.
func NewIndex(s *States) *Index {
	x := &Index{outages: s.Outages, groups: map[spot]*group{}, keys: map[spot]bool{}, doubts: &s.disputed}
	members := map[spot][]int32{}
	for i := range s.Outages {
		if s.Outages[i].Harmless {
			continue
		}
		for _, at := range s.Outages[i].spots() {
			members[at] = append(members[at], int32(i))
		}
	}

	for at, m := range members {
		x.groups[at] = newGroup(s.Outages, m)
	}

	for _, k := range s.keys {
		for _, at := range k.spots() {
			x.keys[at] = true
		}
	}
	x.vouched = s.vouchedAt()
	return x
}

// vouchedAt returns for each spot when the keys there vouch for a subject. One
// key is enough, but of the accounts of a trunk, of which any may have carried
// the call, all have to.
func (s *States) vouchedAt() map[spot][]record.Span {
	type share struct {
		spans  []record.Span
		shared bool // of several keys, so that it is a list of its own
	}
	shares := map[spot]share{}
	for _, v := range s.vouchers {
		spans := record.SectionOf(v.times, s.vouched)
		for _, at := range v.key.spots() {
			before, several := shares[at]

			// Most spots have one key, whose spans are shared, not copied.
			switch {
			case !several:
				shares[at] = share{spans: spans}
			case at.kind == trunkAccounts:
				shares[at] = share{intersection(before.spans, spans), true}
			case before.shared:
				shares[at] = share{append(before.spans, spans...), true}
			default:
				shares[at] = share{slices.Concat(before.spans, spans), true}
			}
		}
	}

	vouched := make(map[spot][]record.Span, len(shares))
	for at, x := range shares {
		if x.shared && at.kind != trunkAccounts {
			x.spans = slices.Clip(union(x.spans))
		}
		vouched[at] = x.spans
	}
	return vouched
}

// Fits reports whether a key of the log stands for a subject.
func (x *Index) Fits(org, trunk, line intern.Text) bool {
	switch {
	case line == intern.None:
		return trunk != intern.None && x.keys[spot{trunkAnything, org, trunk, intern.None}]
	case trunk == intern.None:
		return x.keys[spot{lineAnywhere, org, intern.None, line}]
	}
	return x.keys[spot{lineOnTrunk, org, trunk, line}] || x.keys[spot{lineOnTrunk, org, intern.None, line}] ||
		x.keys[spot{trunkItself, org, trunk, intern.None}] || x.keys[spot{trunkAccounts, org, trunk, intern.None}]
}

// Coinciding returns the outage that s coincides with, and how.
func (x *Index) Coinciding(s Subject) Coincidence {
	if s.Instant {
		s.Span.End = s.Span.Start + 1 // overlaps what contains the instant
	}
	if s.Timed {
		if hit, sure := x.best(s); hit.outage >= 0 {
			return x.coincidence(s, hit, sure)
		}
	}

	c := Coincidence{Outage: -1, Relation: Uncertain, OverlapMS: -1}
	if s.Timed && !s.Incomplete && !x.incomparable(s) && !x.doubts.concerns(s) && x.vouchedFor(s) {
		c.Relation = NoOutage
	}
	return c
}

func (x *Index) coincidence(s Subject, hit overlap, sure bool) Coincidence {
	o := &x.outages[hit.outage]
	c := Coincidence{Outage: hit.outage, Relation: Edge}
	switch {
	case !sure || !hit.unregistered || o.doubtful() || o.EndedBy == EndedByHorizon && s.Span.Start > o.LastWord:
		c.Relation = Possible
	case x.doubts.holds(o, max(s.Span.Start, o.UnregisteredFrom)): // where subject and outage meet
		c.Relation = Possible
	case s.Span.Start >= o.UnregisteredFrom:
		c.Relation = Inside
	}
	if !s.Instant {
		length := min(s.Span.End, o.Span.End) - max(s.Span.Start, o.Span.Start)
		c.OverlapMS = int64(length) / time.Millisecond.Microseconds()
	}
	return c
}

// doubtful reports whether it is not certain that the key was unregistered: its
// log keeps too little, or shows nothing but silence or a wish.
func (o *Outage) doubtful() bool {
	return o.EndedBy == EndedByAssumed || o.Sparse ||
		o.Cause == Lapsed || o.Cause == TokenRequestFailed || o.Cause == Deregistered
}

// best returns the overlapping outage of the first tier that has one: of the
// line, of the trunk itself, or of something else on the trunk. Only the first
// two surely concern the subject.
func (x *Index) best(s Subject) (hit overlap, sure bool) {
	switch {
	case s.Line == intern.None && s.Trunk == intern.None:
		return noOverlap, false
	case s.Trunk == intern.None:
		return x.find(s, lineAnywhere, intern.None, s.Line), true
	}

	others := trunkFailures
	if s.Line != intern.None {
		others = accountFailures
		hit = x.better(x.find(s, lineOnTrunk, s.Trunk, s.Line), x.find(s, lineOnTrunk, intern.None, s.Line))
		if hit.outage >= 0 {
			return hit, true
		}
	}
	if hit = x.find(s, trunkItself, s.Trunk, intern.None); hit.outage >= 0 {
		return hit, true
	}
	return x.find(s, others, s.Trunk, intern.None), false
}

func (x *Index) find(s Subject, kind spotKind, trunk, line intern.Text) overlap {
	g := x.groups[spot{kind, s.Org, trunk, line}]
	if g == nil {
		return noOverlap
	}
	return g.best(s.Span)
}

// better returns the overlap that counts first of two of one tier.
func (x *Index) better(a, b overlap) overlap {
	switch {
	case a.outage < 0:
		return b
	case b.outage < 0:
		return a
	case a.unregistered != b.unregistered:
		if a.unregistered {
			return a
		}
		return b
	}
	order := cmp.Compare(b.length, a.length)
	if cmp.Or(order, compareOutages(&x.outages[a.outage], &x.outages[b.outage])) > 0 {
		return b
	}
	return a
}

// incomparable reports whether nothing can be said about the subject: it names
// neither trunk nor line, or overlaps an outage with which it shares no part
// that both name.
func (x *Index) incomparable(s Subject) bool {
	switch {
	case s.Trunk == intern.None && s.Line == intern.None:
		return true
	case s.Trunk != intern.None && s.Line != intern.None:
		return false
	case s.Trunk == intern.None:
		return x.find(s, withoutLine, intern.None, intern.None).outage >= 0
	}
	return x.find(s, withoutTrunk, intern.None, intern.None).outage >= 0
}

// vouchedFor reports whether the log shows that the subject was registered when
// it started. Where its line has a registration of its own, that of the trunk
// shows nothing.
func (x *Index) vouchedFor(s Subject) bool {
	at := s.Span.Start
	vouched := func(kind spotKind, trunk, line intern.Text) (vouches, fits bool) {
		spans, fits := x.vouched[spot{kind, s.Org, trunk, line}]
		return fits && contains(spans, at), fits
	}

	switch {
	case s.Trunk == intern.None:
		vouches, _ := vouched(lineAnywhere, intern.None, s.Line)
		return vouches
	case s.Line == intern.None:
		vouches, _ := vouched(trunkAnything, s.Trunk, intern.None)
		return vouches
	}
	named, fits := vouched(lineOnTrunk, s.Trunk, s.Line)
	unnamed, also := vouched(lineOnTrunk, intern.None, s.Line)
	if fits || also {
		return named || unnamed
	}
	itself, _ := vouched(trunkItself, s.Trunk, intern.None)
	accounts, _ := vouched(trunkAccounts, s.Trunk, intern.None)
	return itself || accounts
}

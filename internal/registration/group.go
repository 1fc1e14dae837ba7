package registration

import (
	"cmp"
	"slices"
	"sort"

	"cdrmend/internal/record"
)

// overlap is an outage and how long it and a subject overlap.
type overlap struct {
	outage int32
	length record.Time // microseconds, 0 when the subject has no length
}

var noOverlap = overlap{outage: -1, length: -1}

// group finds the greatest overlap among outages, any number of which may last
// at the same time: when a provider fails, all its lines fail. The time that a
// search takes does not grow with the number of outages that overlap.
type group struct {
	members []int32 // indexes of outages, sorted by start, then id
	starts  []record.Time
	ends    maxTree
	lengths maxTree
}

func newGroup(outages []Outage, members []int32) *group {
	slices.SortFunc(members, func(a, b int32) int {
		p, q := &outages[a], &outages[b]
		return cmp.Or(cmp.Compare(p.Span.Start, q.Span.Start), cmp.Compare(p.ID, q.ID))
	})

	g := &group{members: members, starts: make([]record.Time, len(members))}
	ends, lengths := make([]record.Time, len(members)), make([]record.Time, len(members))

	for i, m := range members {
		span := outages[m].Span
		g.starts[i], ends[i], lengths[i] = span.Start, span.End, span.End-span.Start
	}

	g.ends, g.lengths = newMaxTree(ends), newMaxTree(lengths)
	return g
}

// before returns the number of outages that start before t.
func (g *group) before(t record.Time) int {
	return sort.Search(len(g.starts), func(i int) bool { return g.starts[i] >= t })
}

// best returns the outage with the greatest overlap. Between equal ones it
// returns the first, so every later candidate must overlap by more.
func (g *group) best(s record.Span) overlap {
	begun, all := g.before(s.Start+1), g.before(s.End)

	// A subject without a length overlaps all its outages equally: the first
	// counts.
	if s.End <= s.Start {
		return g.at(g.ends.first(0, all, s.Start+1), 0)
	}

	// An outage that covers the whole subject cannot be surpassed.
	if i := g.ends.first(0, begun, s.End); i >= 0 {
		return g.at(i, s.End-s.Start)
	}

	// Among the outages that began before the subject, the one that ends last
	// overlaps most.
	best := noOverlap
	if end := g.ends.max(0, begun); end > s.Start {
		best = g.at(g.ends.first(0, begun, end), end-s.Start)
	}

	// Among those that begin within the subject, look at the first that outlasts
	// it and at the longest before that one. All that begin later overlap less.
	outlasting := g.ends.first(begun, all, s.End)
	within := outlasting
	if outlasting < 0 {
		within = all
	}

	if length := g.lengths.max(begun, within); length > best.length {
		best = g.at(g.lengths.first(begun, within, length), length)
	}

	if outlasting >= 0 && s.End-g.starts[outlasting] > best.length {
		best = g.at(outlasting, s.End-g.starts[outlasting])
	}

	return best
}

func (g *group) at(i int, length record.Time) overlap {
	if i < 0 {
		return noOverlap
	}
	return overlap{g.members[i], length}
}

// maxTree finds the greatest time of a range. It is a segment tree in an array:
// node n holds the greater of nodes 2n and 2n+1, and the second half holds the
// times themselves.
type maxTree []record.Time

func newMaxTree(times []record.Time) maxTree {
	half := 1
	for half < len(times) {
		half *= 2
	}

	// Unused leaves hold NoTime, which is less than every time.
	t := make(maxTree, 2*half)
	for i := range t {
		t[i] = record.NoTime
	}
	copy(t[half:], times)

	for n := half - 1; n > 0; n-- {
		t[n] = max(t[2*n], t[2*n+1])
	}
	return t
}

// max returns the greatest time of [lo, hi), NoTime when the range is empty.
func (t maxTree) max(lo, hi int) record.Time {
	greatest := record.NoTime
	// Climb from the leaves. Where only one child of a parent lies in the range,
	// that child is taken before climbing on.
	for lo, hi = lo+len(t)/2, hi+len(t)/2; lo < hi; lo, hi = lo/2, hi/2 {
		if lo%2 == 1 {
			greatest = max(greatest, t[lo])
			lo++
		}
		if hi%2 == 1 {
			hi--
			greatest = max(greatest, t[hi])
		}
	}

	return greatest
}

// first returns the first index of [lo, hi) with a time of at least x, -1
// when there is none.
func (t maxTree) first(lo, hi int, x record.Time) int {
	return t.firstBelow(1, 0, len(t)/2, lo, hi, x)
}

// firstBelow searches the subtree of node n, which covers [from, to).
func (t maxTree) firstBelow(n, from, to, lo, hi int, x record.Time) int {
	// Subtrees outside of the range, or without a time that is large enough, are
	// skipped. That keeps the search logarithmic.
	if to <= lo || hi <= from || t[n] < x {
		return -1
	}
	if to-from == 1 {
		return from
	}

	middle := (from + to) / 2
	if i := t.firstBelow(2*n, from, middle, lo, hi, x); i >= 0 {
		return i
	}
	return t.firstBelow(2*n+1, middle, to, lo, hi, x)
}

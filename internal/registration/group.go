package registration

import (
	"cmp"
	"slices"

	"cdrmend/internal/record"
)

// overlap is an outage and how long it overlaps a subject.
type overlap struct {
	outage       int32
	length       record.Time // microseconds
	unregistered bool        // the length is that of the overlap with [UnregisteredFrom, end)
}

var noOverlap = overlap{outage: -1}

// group finds the greatest overlap among outages of which any number may last
// at one time: when a provider fails, all its lines do.
type group struct {
	unregistered spanTree
	whole        spanTree
}

// newGroup takes over the list of its members.
func newGroup(outages []Outage, members []int32) *group {
	slices.SortFunc(members, func(a, b int32) int { return compareOutages(&outages[a], &outages[b]) })
	g := &group{}
	for _, m := range members {
		o := &outages[m]
		g.whole.add(m, o.Span)
		if span, ok := o.Unregistered(); ok {
			g.unregistered.add(m, span)
		}
	}
	g.whole.build()
	g.unregistered.build()
	return g
}

// compareOutages orders outages by start, then id.
func compareOutages(a, b *Outage) int {
	return cmp.Or(cmp.Compare(a.Span.Start, b.Span.Start), cmp.Compare(a.ID, b.ID))
}

// best returns the outage whose unregistered time has the greatest overlap with
// s, which has a length; without one, the outage with the greatest overlap. Of
// equal ones it is the first.
func (g *group) best(s record.Span) overlap {
	if outage, length := g.unregistered.best(s); outage >= 0 {
		return overlap{outage, length, true}
	}
	outage, length := g.whole.best(s)
	return overlap{outage: outage, length: length}
}

// spanTree finds the span with the greatest overlap. The spans stand in blocks,
// and a heap-shaped tree over the blocks bounds the overlap of the spans below
// each of its nodes, so that a search leaves out what cannot be the best. Most
// trees are one block.
type spanTree struct {
	outages []int32
	spans   []record.Span
	bounds  []spanBound // node n is above nodes 2n and 2n+1; the second half is of blocks
}

const spanBlock = 8

// spanBound bounds the overlap of some spans.
type spanBound struct {
	start, end record.Time // the earliest and the latest
	length     record.Time // of the longest
}

var noSpans = spanBound{start: record.Forever.End, end: record.NoTime}

func (b spanBound) or(c spanBound) spanBound {
	return spanBound{min(b.start, c.start), max(b.end, c.end), max(b.length, c.length)}
}

// overlap is no less than the overlap of any of the spans with s.
func (b spanBound) overlap(s record.Span) record.Time {
	if b.end <= s.Start || b.start >= s.End {
		return 0
	}
	return min(b.length, overlapOf(record.Span{Start: b.start, End: b.end}, s))
}

func overlapOf(a, b record.Span) record.Time { return min(a.End, b.End) - max(a.Start, b.Start) }

func (t *spanTree) add(outage int32, s record.Span) {
	t.outages, t.spans = append(t.outages, outage), append(t.spans, s)
}

// build makes the tree when all spans were added.
func (t *spanTree) build() {
	blocks := (len(t.spans) + spanBlock - 1) / spanBlock
	if blocks <= 1 {
		return
	}
	half := 1
	for half < blocks {
		half *= 2
	}
	t.bounds = make([]spanBound, 2*half)
	for i := range t.bounds {
		t.bounds[i] = noSpans
	}
	for i, s := range t.spans {
		at := &t.bounds[half+i/spanBlock]
		*at = at.or(spanBound{s.Start, s.End, s.End - s.Start})
	}
	for n := half - 1; n > 0; n-- {
		t.bounds[n] = t.bounds[2*n].or(t.bounds[2*n+1])
	}
}

// best returns the first of the outages whose spans overlap s longest, and for
// how long; -1 when none does.
func (t *spanTree) best(s record.Span) (outage int32, length record.Time) {
	if t.bounds == nil {
		at, length := t.bestOf(0, s)
		if at < 0 {
			return -1, 0
		}
		return t.outages[at], length
	}
	length = t.longest(1, s, 0)
	if length == 0 {
		return -1, 0
	}
	return t.outages[t.first(1, s, length)], length
}

// bestOf returns the first of the spans of a block that overlap s longest.
func (t *spanTree) bestOf(block int, s record.Span) (at int, length record.Time) {
	at = -1
	for i := block * spanBlock; i < min((block+1)*spanBlock, len(t.spans)); i++ {
		if l := overlapOf(t.spans[i], s); l > length {
			at, length = i, l
		}
	}
	return at, length
}

// longest returns the longest overlap below a node if it is more than known.
func (t *spanTree) longest(node int, s record.Span, known record.Time) record.Time {
	if t.bounds[node].overlap(s) <= known {
		return known
	}
	half := len(t.bounds) / 2
	if node >= half {
		_, length := t.bestOf(node-half, s)
		return max(known, length)
	}
	near, far := 2*node, 2*node+1
	if t.bounds[far].overlap(s) > t.bounds[near].overlap(s) {
		near, far = far, near
	}
	return t.longest(far, s, t.longest(near, s, known))
}

// first returns the first span below a node that overlaps s for a length, which
// is that of the longest overlap; -1 when there is none.
func (t *spanTree) first(node int, s record.Span, length record.Time) int {
	if t.bounds[node].overlap(s) < length {
		return -1
	}
	half := len(t.bounds) / 2
	if node >= half {
		if at, l := t.bestOf(node-half, s); l == length {
			return at
		}
		return -1
	}
	if at := t.first(2*node, s, length); at >= 0 {
		return at
	}
	return t.first(2*node+1, s, length)
}

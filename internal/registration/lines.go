package registration

import (
	"cmp"
	"slices"
	"sort"
	"sync"

	"cdrmend/internal/intern"
	"cdrmend/internal/record"
)

// Lines tells which trunk a line was registered on, by the events that name
// both. It is safe for concurrent use.
type Lines struct {
	events []Event
	order  []uint32 // of those events, by line, time and Ref
	runs   map[lineKey]run
	texts  *intern.Table

	mu    sync.Mutex
	whole map[lineKey]named // lines asked for without a time, so far
}

// named are the trunks that all events of some lines name, in order of their texts,
// and the events when it is one trunk.
type named struct {
	trunks []intern.Text
	refs   []record.Ref
}

// run is a range of Lines.order.
type run struct{ from, to int }

// NewLines indexes events whose trunks have been filled in, and keeps them.
func NewLines(events []Event, texts *intern.Table) *Lines {
	l := &Lines{events: events, runs: map[lineKey]run{}, texts: texts, whole: map[lineKey]named{}}
	for i := range events {
		if e := &events[i]; e.Line != intern.None && e.Trunk != intern.None {
			l.order = append(l.order, uint32(i))
		}
	}
	slices.SortFunc(l.order, func(a, b uint32) int {
		x, y := &events[a], &events[b]
		return cmp.Or(cmp.Compare(x.Org, y.Org), cmp.Compare(x.Line, y.Line), compareEvents(x, y))
	})
	for i, n := range l.order {
		key := lineKey{events[n].Org, events[n].Line}
		r, seen := l.runs[key]
		if !seen {
			r.from = i
		}
		r.to = i + 1
		l.runs[key] = r
	}
	return l
}

func compareEvents(a, b *Event) int {
	return cmp.Or(cmp.Compare(a.Time, b.Time), compareRefs(a.Ref, b.Ref))
}

// Trunk returns the trunk that the last event of the lines at or before a
// time names, else the first after it, and that event. Without a time it
// returns every trunk that the lines' events name, in order of their texts,
// and, when that is only one, the events that name it. No trunk means that
// no event names one. For one line without a time the lists are always the same ones,
// and the caller must not change them.
func (l *Lines) Trunk(org intern.Text, lines []intern.Text, at record.Time) (trunks []intern.Text, refs []record.Ref) {
	if !at.Known() {
		return l.only(org, lines)
	}
	var before, after *Event
	for _, line := range lines {
		last, next := l.around(lineKey{org, line}, at)
		if last != nil && (before == nil || compareEvents(last, before) > 0) {
			before = last
		}
		if next != nil && (after == nil || compareEvents(next, after) < 0) {
			after = next
		}
	}
	decides := cmp.Or(before, after)
	if decides == nil {
		return nil, nil
	}
	return []intern.Text{decides.Trunk}, []record.Ref{decides.Ref}
}

// around returns the last event at or before a time and the first after it.
func (l *Lines) around(key lineKey, at record.Time) (last, next *Event) {
	r := l.runs[key]
	n := r.from + sort.Search(r.to-r.from, func(i int) bool { return l.events[l.order[r.from+i]].Time > at })
	if n > r.from {
		last = &l.events[l.order[n-1]]
	}
	if n < r.to {
		next = &l.events[l.order[n]]
	}
	return last, next
}

// only answers for a missing time. Thousands of entries may lack one and have one
// line, so what is found for a line is kept.
func (l *Lines) only(org intern.Text, lines []intern.Text) (trunks []intern.Text, refs []record.Ref) {
	if len(lines) != 1 {
		found := l.all(org, lines)
		return found.trunks, found.refs
	}

	l.mu.Lock()
	defer l.mu.Unlock()
	key := lineKey{org, lines[0]}
	found, known := l.whole[key]
	if !known {
		found = l.all(org, lines)
		l.whole[key] = found
	}
	return found.trunks, found.refs
}

// all collects what the events of lines name.
func (l *Lines) all(org intern.Text, lines []intern.Text) (found named) {
	seen := map[intern.Text]bool{}
	for i, line := range lines {
		if slices.Contains(lines[:i], line) {
			continue
		}
		r := l.runs[lineKey{org, line}]
		for _, n := range l.order[r.from:r.to] {
			e := &l.events[n]
			if !seen[e.Trunk] {
				seen[e.Trunk] = true
				found.trunks = append(found.trunks, e.Trunk)
			}
			found.refs = append(found.refs, e.Ref)
		}
	}
	if len(found.trunks) > 1 {
		slices.SortFunc(found.trunks, l.texts.Compare)
		return named{trunks: found.trunks}
	}
	slices.SortFunc(found.refs, compareRefs)
	return found
}

package registration

import (
	"cmp"
	"encoding/binary"
	"slices"

	"cdrmend/internal/intern"
	"cdrmend/internal/policy"
	"cdrmend/internal/record"
	"cdrmend/internal/token"
)

// Log is what all objects of all sources hold.
type Log struct {
	Events   []Event
	Requests []Request
	Objects  []uint32    // the source of each object that a Ref names
	Sources  []Source    // by number; those of other kinds mean nothing
	End      record.Time // of the interval that is computed
}

func (l *Log) sourceOf(e *Event) uint32 { return l.Objects[e.Ref.Object] }

// Complete makes a log of what was read: it gives events the last answer of the
// token endpoint, drops events that were delivered more than once, and fills in
// the trunks that lines imply. Events and requests may come
// in any order.
func (l *Log) Complete(texts *intern.Table, lines []policy.Line, org string) {
	l.dateTokens()
	l.dropRepeated()
	l.fillTrunks(texts, lines, org)
}

// dateTokens tells events when their token was issued, and which scopes were
// granted, by the last request for a token before them. What the row itself says
// counts first.
func (l *Log) dateTokens() {
	if len(l.Requests) == 0 {
		return
	}
	r := newRequests(l)
	for i := range l.Events {
		e := &l.Events[i]
		if e.Facts.is(OwnIssue | OwnScope) {
			continue
		}
		last := lastAt(r.answered, l.sourceOf(e), e.Org, e.Client, e.Time)
		if last == nil {
			continue
		}

		if !e.Facts.is(OwnIssue) {
			e.Rest ^= digestOfIssue(last.Time)
			if !e.Issued.Known() {
				e.Issued = last.Time
			}
		}
		if !e.Facts.is(OwnScope) {
			e.Rest ^= last.scopes
			if last.Granted == token.Lacking {
				e.Facts |= GrantLacks
			}
		}
	}
}

// digestOfIssue is the part of an event's digest that stands for token_issued_at.
// Parts are combined by exclusive or, so that it does not matter whether a row or
// a request says it.
func digestOfIssue(t record.Time) uint64 {
	var b [9]byte
	b[0] = 'i'
	binary.BigEndian.PutUint64(b[1:], uint64(t))
	return digest(b[:])
}

// dropRepeated keeps the first of events that are equal in every canonical field.
func (l *Log) dropRepeated() {
	// Equal events have equal times and digests, so that few others are compared.
	type content struct {
		at   record.Time
		rest uint64
		n    uint32
	}
	order := make([]content, len(l.Events))
	for i := range l.Events {
		order[i] = content{l.Events[i].Time, l.Events[i].Rest, uint32(i)}
	}
	slices.SortFunc(order, func(a, b content) int {
		if c := cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.rest, b.rest)); c != 0 {
			return c
		}
		x, y := &l.Events[a.n], &l.Events[b.n]
		return cmp.Or(compareContent(x, y), compareRefs(x.Ref, y.Ref))
	})

	repeated := make([]bool, len(l.Events))
	for i := 1; i < len(order); i++ {
		repeated[order[i].n] = compareContent(&l.Events[order[i-1].n], &l.Events[order[i].n]) == 0
	}
	kept := l.Events[:0]
	for i, e := range l.Events {
		if !repeated[i] {
			kept = append(kept, e)
		}
	}
	l.Events = kept
}

// compareContent is 0 for events that are equal in every canonical field.
func compareContent(a, b *Event) int {
	return cmp.Or(
		cmp.Compare(a.Time, b.Time), cmp.Compare(a.Rest, b.Rest),
		cmp.Compare(a.Org, b.Org), cmp.Compare(a.Trunk, b.Trunk), cmp.Compare(a.Line, b.Line),
		cmp.Compare(a.Status, b.Status), cmp.Compare(a.Expiry, b.Expiry),
	)
}

package registration

import (
	"cmp"
	"slices"

	"cdrmend/internal/policy"
	"cdrmend/internal/record"
)

// voucher says when one two-sided key was registered, or about to be: a call
// that starts then was not lost by this key.
type voucher struct {
	key   key
	times record.Section // of States.vouched: disjoint spans in order
}

// vouch adds what a key vouches for.
func (s *States) vouch(x *story, p *policy.Policy) {
	at := len(s.vouched)
	s.vouched = x.appendBound(s.vouched, p)
	s.vouched = x.appendUnchanged(s.vouched)

	// The section is made smaller in place: nothing else was appended after it.
	spans := union(s.vouched[at:])
	s.vouched = s.vouched[:at+len(spans)]
	s.vouchers = append(s.vouchers, voucher{x.key, record.Section{At: uint32(at), N: uint32(len(spans))}})
}

// appendBound appends the times at which the key was bound, or had a success soon
// after.
func (s *story) appendBound(spans []record.Span, p *policy.Policy) []record.Span {
	bound, since := unbound, record.NoTime
	add := func(to record.Time) {
		if end := min(bound.until, to); bound.until.Known() && end > since {
			spans = append(spans, record.Span{Start: since, End: end})
		}
		since = to
	}

	for i, e := range s.events {
		switch s.kinds[i] {
		case success:
			add(e.Time)
			bound = bound.after(e, p.DefaultExpiry)
			spans = append(spans, record.Span{Start: e.Time.Add(-unanswered), End: e.Time})
		case removal:
			add(e.Time)
			bound = unbound
		}
	}
	add(record.Forever.End)
	return spans
}

// appendUnchanged appends, of a log that tells of changes only, the times since a
// success that nothing revoked. A log that says how long registrations last, or
// that ended, tells nothing by its silence.
func (s *story) appendUnchanged(spans []record.Span) []record.Span {
	if !s.changes {
		return spans
	}

	since := record.NoTime // of the first success after the last removal
	add := func(to record.Time) {
		if since.Known() && to > since {
			spans = append(spans, record.Span{Start: since, End: to})
		}
		since = record.NoTime
	}

	for i, e := range s.events {
		switch k := s.kinds[i]; {
		case k == success && e.Expiry >= 0:
			add(min(e.Time, s.lastWord+1))
			return spans
		case k == success && !since.Known():
			since = e.Time
		case k == removal:
			add(min(e.Time, s.lastWord+1))
		}
	}

	// After the last word of its log nothing is known.
	add(s.lastWord + 1)
	return spans
}

// union returns spans that cover the same time, disjoint and in order. It changes
// the list.
func union(spans []record.Span) []record.Span {
	slices.SortFunc(spans, func(a, b record.Span) int { return cmp.Compare(a.Start, b.Start) })
	merged := spans[:0]
	for _, s := range spans {
		if n := len(merged); n > 0 && s.Start <= merged[n-1].End {
			merged[n-1].End = max(merged[n-1].End, s.End)
		} else if s.End > s.Start {
			merged = append(merged, s)
		}
	}
	return merged
}

// intersection returns the times that are in both lists.
func intersection(a, b []record.Span) []record.Span {
	var common []record.Span
	for len(a) > 0 && len(b) > 0 {
		s := record.Span{Start: max(a[0].Start, b[0].Start), End: min(a[0].End, b[0].End)}
		if s.Start < s.End {
			common = append(common, s)
		}
		if a[0].End < b[0].End {
			a = a[1:]
		} else {
			b = b[1:]
		}
	}
	return common
}

// contains reports whether t lies in one of some disjoint spans in order.
func contains(spans []record.Span, t record.Time) bool {
	n, _ := slices.BinarySearchFunc(spans, t, func(s record.Span, t record.Time) int {
		if s.Start <= t {
			return -1
		}
		return 1
	})
	return n > 0 && t < spans[n-1].End
}

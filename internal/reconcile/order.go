package reconcile

import (
	"cmp"
	"slices"

	"cdrmend/internal/evidence"
	"cdrmend/internal/intern"
	"cdrmend/internal/match"
	"cdrmend/internal/profile"
	"cdrmend/internal/record"
	"cdrmend/internal/registration"
)

// sort sorts the lists of the decision in the order of their tables.
func (d *Decision) sort(objects evidence.ObjectOrder, spread evidence.Spread) {
	sortRecordings(d.Evidence, d.Recordings)
	d.order = findingOrder{d}.sorted(spread)
	sortRepairs(d.Repairs, objects)
	spread.Pause()

	d.Calls = sortedCalls(d.Calls, objects, spread)
	d.Shown = shownOutages(d) // needs all findings and calls
}

// sortRecordings sorts by (source, object key, index), in which the evidence
// usually has them.
func sortRecordings(ev *evidence.Evidence, recordings []Recording) {
	slices.SortFunc(recordings, func(a, b Recording) int { return compareEntries(ev, a.Entry, b.Entry) })
}

// compareEntries compares entries by (source, object key, index).
func compareEntries(ev *evidence.Evidence, a, b uint32) int {
	x, y := &ev.Entries[a], &ev.Entries[b]
	return cmp.Or(cmp.Compare(ev.Documents[x.Doc].Object, ev.Documents[y.Doc].Object), cmp.Compare(x.Index, y.Index))
}

// findingOrder orders findings by class, then by their places.
type findingOrder struct{ *Decision }

// findingPlace is what findings of one class are sorted by.
type findingPlace struct {
	org, conversation, leg intern.Text
	key, source            string
	row                    int64
	start                  record.Time // of what is no row
}

func (o findingOrder) place(f *Finding) findingPlace {
	switch f.About {
	case AboutEntry:
		e := &o.Entries[f.Subject]
		return o.withObject(o.Documents[e.Doc].Object, findingPlace{org: e.Org, conversation: e.Conversation, leg: e.Leg, row: int64(e.Index)})
	case AboutLeg:
		l := &o.Legs[f.Subject]
		return o.withObject(l.Ref.Object, findingPlace{org: l.Org, conversation: l.Conversation, leg: l.ID, row: int64(l.Ref.Row)})
	case AboutDocument:
		return o.withObject(o.Documents[f.Subject].Object, findingPlace{org: o.documentOrg(f.Subject), row: profile.NoInt})
	}
	source, url, span := o.input(f)
	return findingPlace{org: o.Sources[source].Org, key: url, source: o.Sources[source].Name, row: profile.NoInt, start: bounded(span.Start)}
}

func (o findingOrder) withObject(object uint32, p findingPlace) findingPlace {
	p.key, p.source = o.Objects[object].Key, o.SourceOf(object).Name
	return p
}

// findingKey is enough to order most pairs of findings without looking up a text.
type findingKey struct {
	prefix uint64 // of the conversation
	org    intern.Text
	ref    findingRef
	class  Class
}

// sorted returns the findings in the order of their table. They are not moved: a
// night has millions.
func (o findingOrder) sorted(spread evidence.Spread) []findingRef {
	firsts, total := make([]int, len(o.found)), 0
	for i := range o.found {
		firsts[i], total = total, total+len(o.found[i])
	}

	keys := make([]findingKey, total)
	spread.Each(len(o.found), func(i int) {
		for n := range o.found[i] {
			f := &o.found[i][n]
			p := o.place(f)
			keys[firsts[i]+n] = findingKey{o.Texts.Prefix(p.conversation), p.org, findingRef{uint32(i), uint32(n)}, f.Class}
		}
	})
	sortSpread(spread, keys, o.compareKeys)

	order := make([]findingRef, total)
	for i := range keys {
		order[i] = keys[i].ref
	}
	return order
}

// compareKeys is a total order: equal findings stay in the order in which they
// were made.
func (o findingOrder) compareKeys(a, b findingKey) int {
	switch { // the cheap comparisons first; the prefix is of the bytes of the conversation
	case a.class != b.class:
		return cmp.Compare(a.class, b.class)
	case a.org != b.org:
		return o.Texts.Compare(a.org, b.org)
	case a.prefix != b.prefix:
		return cmp.Compare(a.prefix, b.prefix)
	}

	x, y := a.ref, b.ref
	return cmp.Or(o.compare(&o.found[x.list][x.n], &o.found[y.list][y.n]), cmp.Compare(x.list, y.list), cmp.Compare(x.n, y.n))
}

func (o findingOrder) compare(a, b *Finding) int {
	x, y := o.place(a), o.place(b)
	if c := compareTexts(o.Texts, x.org, y.org, x.conversation, y.conversation, a.Recording, b.Recording, x.leg, y.leg); c != 0 {
		return c
	}

	return cmp.Or(
		cmp.Compare(x.key, y.key), cmp.Compare(x.source, y.source), cmp.Compare(x.row, y.row),
		cmp.Compare(fieldName(a.Field), fieldName(b.Field)), cmp.Compare(x.start, y.start),
	)
}

// compareTexts compares pairs of texts until one differs.
func compareTexts(texts *intern.Table, pairs ...intern.Text) int {
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i] != pairs[i+1] {
			return texts.Compare(pairs[i], pairs[i+1])
		}
	}
	return 0
}

func sortRepairs(repairs []match.Repair, objects evidence.ObjectOrder) {
	slices.SortFunc(repairs, func(a, b match.Repair) int {
		if a.Entry != b.Entry {
			return objects.CompareEntries(a.Entry, b.Entry)
		}
		return cmp.Compare(a.Field.String(), b.Field.String())
	})
}

// sortedCalls sorts by the start, which is part of the key, and looks at the legs
// only when two are equal.
func sortedCalls(calls []Call, objects evidence.ObjectOrder, spread evidence.Spread) []Call {
	type key struct {
		start record.Time
		n     uint32
	}
	keys := make([]key, len(calls))
	for i := range calls {
		keys[i] = key{objects.Legs[calls[i].Leg].Start, uint32(i)}
	}
	order := func(a, b key) int {
		if a.start != b.start {
			return cmp.Compare(a.start, b.start)
		}

		x, y := &objects.Legs[calls[a.n].Leg], &objects.Legs[calls[b.n].Leg]
		if c := compareTexts(objects.Texts, x.Org, y.Org, x.Conversation, y.Conversation, x.ID, y.ID); c != 0 {
			return c
		}
		return objects.CompareRefs(x.Ref, y.Ref)
	}
	if slices.IsSortedFunc(keys, order) {
		return calls // without the second list
	}

	sortSpread(spread, keys, order)
	sorted := make([]Call, len(calls))
	for i, k := range keys {
		sorted[i] = calls[k.n]
	}
	return sorted
}

// shownOutages picks the outages that the table shows: those with a failure that
// overlap the interval, and those that a finding or a call refers to. Nobody wants
// a row for each phone that signs off in the evening.
func shownOutages(d *Decision) (numbers []uint32) {
	shown := make([]bool, len(d.Outages))

	for i := range d.Outages {
		o := &d.Outages[i]
		shown[i] = o.Failures > 0 && o.Span.Overlaps(d.Interval)
	}
	show := func(c registration.Coincidence) {
		if c.Outage >= 0 {
			shown[c.Outage] = true
		}
	}
	for f := range d.Findings {
		show(f.Outage)
	}
	for i := range d.Calls {
		show(d.Calls[i].Outage)
	}

	for i := range shown {
		if shown[i] {
			numbers = append(numbers, uint32(i))
		}
	}
	return numbers
}

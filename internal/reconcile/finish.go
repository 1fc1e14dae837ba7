package reconcile

import (
	"cmp"
	"slices"

	"cdrmend/internal/policy"
	"cdrmend/internal/record"
)

// finish sorts what was found and draws the balance.
func (d *decider) finish() *Decision {
	if !d.traced() {
		d.legsOf, d.claims, d.entriesOf, d.withID = nil, nil, nil, nil
		d.Particulars, d.Recordings, d.Talk = nil, nil, nil
	}
	d.spread.Pause()
	d.listRecordings()
	d.balance()
	if !d.traced() {
		d.state = nil
	}
	d.sortRecordings()
	d.sortFindings()
	d.sortRepairs()
	d.spread.Pause()
	d.sortCalls()
	d.chooseOutages()
	d.decision.Lost += len(d.lost)
	return d.decision
}

// listRecordings lists the owned entries.
func (d *decider) listRecordings() {
	owned := 0
	for i := range d.state {
		if d.state[i].owned {
			owned++
		}
	}
	d.decision.Recordings = make([]Recording, 0, owned)
	for i := range d.state {
		if st := &d.state[i]; st.owned {
			d.decision.Recordings = append(d.decision.Recordings, Recording{uint32(i), st.status()})
		}
	}
}

func (st *entryState) status() RecordingStatus {
	switch {
	case st.serious:
		return RecordingOpen
	case st.repaired != 0:
		return RecordingRepaired
	}
	return RecordingIntact
}

func (d *decider) sortRecordings() {
	order := func(a, b Recording) int {
		x, y := &d.Entries[a.Entry], &d.Entries[b.Entry]
		return cmp.Or(
			cmp.Compare(d.Documents[x.Doc].Object, d.Documents[y.Doc].Object),
			cmp.Compare(x.Index, y.Index),
		)
	}
	if !slices.IsSortedFunc(d.decision.Recordings, order) {
		slices.SortFunc(d.decision.Recordings, order)
	}
}

// place is what a finding is sorted by beside its class.
type findingPlace struct {
	org, conversation, leg record.Text
	object                 uint32 // rank in (key, source) order
	key, source            string // of findings without an object
	row                    int64
}

func (d *decider) placeOf(f *Finding) findingPlace {
	switch f.About {
	case AboutEntry:
		e := &d.Entries[f.Subject]
		return d.objectPlace(d.Documents[e.Doc].Object, findingPlace{org: e.Org, conversation: e.Conversation, row: int64(e.Index)})
	case AboutLeg:
		l := &d.Legs[f.Subject]
		return d.objectPlace(l.Ref.Object, findingPlace{org: l.Org, conversation: l.Conversation, leg: l.ID, row: int64(l.Ref.Row)})
	case AboutDocument:
		return d.objectPlace(d.Documents[f.Subject].Object, findingPlace{org: d.decision.documentOrg(f.Subject), row: record.NoInt})
	}
	source, url, _ := d.decision.input(f)
	return findingPlace{org: d.Sources[source].Org, key: url, source: d.Sources[source].Name, row: record.NoInt}
}

func (d *decider) objectPlace(object uint32, p findingPlace) findingPlace {
	p.object, p.key, p.source = d.byKey[object], d.Objects[object].Key, d.sourceOf(object).Name
	return p
}

// findingKey is what most pairs of findings are told apart by, without looking
// up a text.
type findingKey struct {
	prefix uint64 // of the conversation
	org    record.Text
	ref    findingRef
	class  Class
}

// sortFindings brings the findings into the order of their table.
func (d *decider) sortFindings() {
	found := d.decision.found
	firsts, total := make([]int, len(found)), 0
	for i := range found {
		firsts[i], total = total, total+len(found[i])
	}
	keys := make([]findingKey, total)
	d.spread.Each(len(found), func(i int) {
		for n := range found[i] {
			f := &found[i][n]
			p := d.placeOf(f)
			keys[firsts[i]+n] = findingKey{d.Texts.Prefix(p.conversation), p.org, findingRef{uint32(i), uint32(n)}, f.Class}
		}
	})
	sortSpread(d.spread, keys, func(a, b findingKey) int {
		switch {
		case a.class != b.class:
			return cmp.Compare(a.class, b.class)
		case a.org != b.org:
			return d.Texts.Compare(a.org, b.org)
		case a.prefix != b.prefix:
			return cmp.Compare(a.prefix, b.prefix)
		}
		x, y := a.ref, b.ref
		return cmp.Or(d.compareFindings(&found[x.list][x.n], &found[y.list][y.n]), cmp.Compare(x.list, y.list), cmp.Compare(x.n, y.n))
	})
	d.decision.order = make([]findingRef, total)
	for i := range keys {
		d.decision.order[i] = keys[i].ref
	}
}

func (d *decider) compareFindings(a, b *Finding) int {
	x, y := d.placeOf(a), d.placeOf(b)
	if c := d.compareTexts(x.org, y.org, x.conversation, y.conversation, a.Recording, b.Recording, x.leg, y.leg); c != 0 {
		return c
	}
	return cmp.Or(
		cmp.Compare(x.key, y.key), cmp.Compare(x.source, y.source), cmp.Compare(x.row, y.row),
		cmp.Compare(fieldName(a.Field), fieldName(b.Field)),
	)
}

// compareTexts compares pairs of texts until one differs.
func (d *decider) compareTexts(pairs ...record.Text) int {
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i] != pairs[i+1] {
			return d.Texts.Compare(pairs[i], pairs[i+1])
		}
	}
	return 0
}

func fieldName(f record.Field) string {
	if f == NoField {
		return ""
	}
	return f.String()
}

func (d *decider) sortRepairs() {
	order := func(a, b Repair) int {
		if a.Entry != b.Entry {
			return d.entryOrder(a.Entry, b.Entry)
		}
		return cmp.Compare(a.Field.String(), b.Field.String())
	}
	if !slices.IsSortedFunc(d.decision.Repairs, order) {
		slices.SortFunc(d.decision.Repairs, order)
	}
}

// sortCalls sorts by the start, which is at hand, and looks further only when
// two are equal.
func (d *decider) sortCalls() {
	type key struct {
		start record.Time
		n     uint32
	}
	calls := d.decision.Calls
	keys := make([]key, len(calls))
	for i := range calls {
		keys[i] = key{d.Legs[calls[i].Leg].Start, uint32(i)}
	}
	order := func(a, b key) int {
		if a.start != b.start {
			return cmp.Compare(a.start, b.start)
		}
		x, y := &d.Legs[calls[a.n].Leg], &d.Legs[calls[b.n].Leg]
		if c := d.compareTexts(x.Org, y.Org, x.Conversation, y.Conversation, x.ID, y.ID); c != 0 {
			return c
		}
		return d.before(x.Ref, y.Ref)
	}
	if slices.IsSortedFunc(keys, order) {
		return
	}
	sortSpread(d.spread, keys, order)
	d.decision.Calls = make([]Call, len(calls))
	for i, k := range keys {
		d.decision.Calls[i] = calls[k.n]
	}
}

// chooseOutages picks the outages that the table shows: those that overlap the
// interval, and those that something refers to.
func (d *decider) chooseOutages() {
	shown := make([]bool, len(d.Outages))
	for i := range d.Outages {
		shown[i] = d.Outages[i].Span.Overlaps(d.Interval)
	}
	for _, found := range d.decision.found {
		for i := range found {
			if n := found[i].Outage.Outage; n >= 0 {
				shown[n] = true
			}
		}
	}
	for i := range d.decision.Calls {
		if n := d.decision.Calls[i].Outage.Outage; n >= 0 {
			shown[n] = true
		}
	}
	for i, show := range shown {
		if show {
			d.decision.Shown = append(d.decision.Shown, uint32(i))
		}
	}
}

// balance counts every entry and leg once. What was rejected, skipped or
// superseded was counted where it happened.
func (d *decider) balance() {
	entries := &d.decision.Balance[policy.Manifests]
	for i := range d.state {
		switch st := &d.state[i]; {
		case !st.owned:
			entries.Margin++
		case st.open:
			entries.WithFindings++
		case st.repaired != 0:
			entries.Repaired++
		default:
			entries.Untouched++
		}
	}
	legs := &d.decision.Balance[policy.CDRs]
	for i := range d.Legs {
		switch {
		case !d.ownedLeg[i]:
			legs.Margin++
		case d.openLeg[i]:
			legs.WithFindings++
		default:
			legs.Untouched++
		}
	}
}

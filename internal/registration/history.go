package registration

import (
	"cmp"
	"slices"

	"cdrmend/internal/intern"
	"cdrmend/internal/record"
)

// key is what registers: a line, a trunk, a line on a trunk, or an account of a
// trunk.
type key struct{ org, trunk, line, user intern.Text }

func (e *Event) key() key { return key{e.Org, e.Trunk, e.Line, e.User} }

func compareKeys(texts *intern.Table, a, b key) int {
	return cmp.Or(
		texts.Compare(a.org, b.org), texts.Compare(a.trunk, b.trunk),
		texts.Compare(a.line, b.line), texts.Compare(a.user, b.user),
	)
}

// history is what the log shows of one key before its horizon: a range of
// histories.places, which is never empty.
type history struct {
	key      key
	from, to uint32
	heldBy   setNumber   // the sources that hold its events, also later ones
	shownBy  setNumber   // the sources that hold the events of the range
	horizon  record.Time // what happens from here on is no evidence
	lastWord record.Time // of its sources, before the horizon
}

// place is an event's place in the order of all. It is compact, as there may be
// millions; the event itself is only looked at between equals.
type place struct {
	at    record.Time
	key   uint32
	event uint32
}

// histories are the events of all keys, keys in the order of their texts.
// Events of one key are in order of time, at equal times those that are no
// successes first, then in order of Ref.
type histories struct {
	log    *Log
	texts  *intern.Table
	sets   *sourceSets
	list   []history
	places []place
}

func newHistories(log *Log, texts *intern.Table) *histories {
	h := &histories{log: log, texts: texts, sets: newSourceSets()}
	keys := h.order()
	h.split(keys)
	h.cut()
	return h
}

// at returns an event by its place.
func (h *histories) at(i uint32) *Event { return &h.log.Events[h.places[i].event] }

// order fills in the places and returns the keys in order.
func (h *histories) order() []key {
	// Keys are numbered as they come, and renumbered in order below: comparing
	// numbers is cheaper than comparing texts for each event.
	events := h.log.Events
	h.places = make([]place, len(events))
	numbers := map[key]uint32{}
	var keys []key
	for i := range events {
		k := events[i].key()
		n, ok := numbers[k]
		if !ok {
			n = uint32(len(keys))
			numbers[k] = n
			keys = append(keys, k)
		}
		h.places[i] = place{events[i].Time, n, uint32(i)}
	}

	order := make([]uint32, len(keys))
	for i := range order {
		order[i] = uint32(i)
	}
	slices.SortFunc(order, func(a, b uint32) int { return compareKeys(h.texts, keys[a], keys[b]) })

	ranks, sorted := make([]uint32, len(keys)), make([]key, len(keys))
	for rank, i := range order {
		ranks[i], sorted[rank] = uint32(rank), keys[i]
	}

	for i := range h.places {
		h.places[i].key = ranks[h.places[i].key]
	}
	slices.SortFunc(h.places, func(a, b place) int {
		if c := cmp.Or(cmp.Compare(a.key, b.key), cmp.Compare(a.at, b.at)); c != 0 {
			return c
		}
		return compareAtOnce(&events[a.event], &events[b.event])
	})
	return sorted
}

// compareAtOnce orders two events of one key and time.
func compareAtOnce(a, b *Event) int {
	switch x, y := a.succeeded(), b.succeeded(); {
	case x && !y:
		return 1
	case y && !x:
		return -1
	}
	return compareRefs(a.Ref, b.Ref)
}

func compareRefs(a, b record.Ref) int {
	return cmp.Or(cmp.Compare(a.Object, b.Object), cmp.Compare(a.Row, b.Row))
}

// split makes the histories, with the sources that hold their events.
func (h *histories) split(keys []key) {
	h.list = make([]history, 0, len(keys))
	for from := 0; from < len(h.places); {
		n := h.places[from].key
		to := from + 1
		for to < len(h.places) && h.places[to].key == n {
			to++
		}

		x := history{key: keys[n], from: uint32(from), to: uint32(to)}
		x.heldBy = h.sourcesOf(&x)
		h.list = append(h.list, x)
		from = to
	}
}

// sourcesOf returns the sources that hold the events of a history.
func (h *histories) sourcesOf(x *history) setNumber {
	h.sets.begin()
	for i := x.from; i < x.to; i++ {
		h.sets.add(h.log.sourceOf(h.at(i)))
	}
	return h.sets.end()
}

// cut drops the events from the horizon of their key on, and the keys of which
// nothing remains.
func (h *histories) cut() {
	horizons := make([]record.Time, len(h.sets.list))
	for i, set := range h.sets.list {
		for _, source := range set {
			horizons[i] = max(horizons[i], h.log.End.Add(h.log.Sources[source].Lookahead))
		}
	}
	words := h.lastWords(horizons)

	kept := h.list[:0]
	for _, x := range h.list {
		x.horizon, x.lastWord = horizons[x.heldBy], words[x.heldBy]
		for x.to > x.from && h.places[x.to-1].at >= x.horizon {
			x.to--
		}

		// The sources of what remains may be fewer.
		if x.from < x.to {
			x.shownBy = h.sourcesOf(&x)
			kept = append(kept, x)
		}
	}
	h.list = kept
}

// lastWords returns for each set of sources the time of their last event before
// its horizon.
func (h *histories) lastWords(horizons []record.Time) []record.Time {
	words := make([]record.Time, len(horizons))
	for i := range words {
		words[i] = record.NoTime
	}

	with := h.sets.withSource(len(h.log.Sources))
	for i := range h.log.Events {
		e := &h.log.Events[i]
		for _, n := range with[h.log.sourceOf(e)] {
			if e.Time < horizons[n] {
				words[n] = max(words[n], e.Time)
			}
		}
	}
	return words
}

// setNumber is the number of a set of sources.
type setNumber uint32

// sourceSets numbers the sets of sources that hold the events of one key. There
// are few, as nearly all keys are logged by one source.
type sourceSets struct {
	list    [][]uint32 // sorted
	numbers map[string]setNumber
	current []uint32
}

func newSourceSets() *sourceSets { return &sourceSets{numbers: map[string]setNumber{}} }

// begin begins a set, add adds a source to it, and end returns its number.
func (s *sourceSets) begin() { s.current = s.current[:0] }

func (s *sourceSets) add(source uint32) {
	if !slices.Contains(s.current, source) {
		s.current = append(s.current, source)
	}
}

func (s *sourceSets) end() setNumber {
	slices.Sort(s.current)

	// The key is built on the stack: a map lookup by string(text) allocates nothing.
	var b [64]byte
	text := b[:0]
	for _, source := range s.current {
		text = append(text, byte(source), byte(source>>8), byte(source>>16), byte(source>>24))
	}

	n, ok := s.numbers[string(text)]
	if !ok {
		n = setNumber(len(s.list))
		s.list = append(s.list, slices.Clone(s.current))
		s.numbers[string(text)] = n
	}
	return n
}

// withSource returns for each source the sets that it is in.
func (s *sourceSets) withSource(sources int) [][]setNumber {
	with := make([][]setNumber, sources)
	for n, set := range s.list {
		for _, source := range set {
			with[source] = append(with[source], setNumber(n))
		}
	}
	return with
}

// meet reports whether two sets have a source in common.
func (s *sourceSets) meet(a, b setNumber) bool {
	return a == b || slices.ContainsFunc(s.list[a], func(x uint32) bool { return slices.Contains(s.list[b], x) })
}

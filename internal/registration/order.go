package registration

import (
	"cmp"
	"iter"
	"slices"

	"cdrmend/internal/intern"
	"cdrmend/internal/record"
)

// key identifies what registers: a line, a trunk, or a line on a trunk.
type key struct{ org, trunk, line intern.Text }

func (e *Event) key() key { return key{e.Org, e.Trunk, e.Line} }

// succeeded reports whether the attempt registered its key.
func (e *Event) succeeded() bool { return e.Status >= 200 && e.Status <= 299 && e.Expiry != 0 }

// failed reports whether the attempt should have registered its key and did
// not. A challenge counts as a failure here; sweep.fail excuses one that was
// answered in time.
func (e *Event) failed() bool {
	// An expiry of 0 unregisters. Provisional answers (1xx) decide nothing, and
	// status 0 stands for an answer that never came.
	return e.Expiry != 0 && (e.Status < 100 || e.Status > 299)
}

// place is what an event is sorted by. It is compact because there may be
// millions; the event itself is read only to compare equal places.
type place struct {
	at    record.Time
	rank  uint32 // of the event's key
	event uint32
}

// byKey yields the events of each key, with keys in the order of their texts.
// The events of a key are sorted by time; at equal times failures come before
// successes, and then Ref decides. The slice is reused for the next key.
func byKey(events []Event, texts *intern.Table) iter.Seq[[]*Event] {
	return func(yield func([]*Event) bool) {
		places := ordered(events, texts)

		var run []*Event
		for i, p := range places {
			run = append(run, &events[p.event])
			if i+1 < len(places) && places[i+1].rank == p.rank {
				continue
			}

			if !yield(run) {
				return
			}
			run = run[:0]
		}
	}
}

// ordered returns the places of all events, sorted as byKey yields them.
func ordered(events []Event, texts *intern.Table) []place {
	places := make([]place, len(events))
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
		places[i] = place{events[i].Time, n, uint32(i)}
	}

	// Comparing texts is slow, so keys are ranked once and events compare ranks.
	// The numbers of texts would not do: they differ from run to run.
	ranks := ranks(keys, texts)
	for i := range places {
		places[i].rank = ranks[places[i].rank]
	}

	// The comparisons are nested so that events are read only for equal places.
	slices.SortFunc(places, func(a, b place) int {
		if c := cmp.Compare(a.rank, b.rank); c != 0 {
			return c
		}
		if c := cmp.Compare(a.at, b.at); c != 0 {
			return c
		}
		return compareAtOnce(&events[a.event], &events[b.event])
	})
	return places
}

// ranks returns the rank of each key in the order of the texts.
func ranks(keys []key, texts *intern.Table) []uint32 {
	order := make([]uint32, len(keys))
	for i := range order {
		order[i] = uint32(i)
	}
	slices.SortFunc(order, func(a, b uint32) int {
		x, y := keys[a], keys[b]
		return cmp.Or(texts.Compare(x.org, y.org), texts.Compare(x.trunk, y.trunk), texts.Compare(x.line, y.line))
	})

	ranks := make([]uint32, len(keys))
	for rank, i := range order {
		ranks[i] = uint32(rank)
	}
	return ranks
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

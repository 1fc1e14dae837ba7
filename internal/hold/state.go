package hold

import (
	"context"
	"slices"

	"cdrmend/internal/ledger"
)

// held is what the records of a matter say of one object.
type held struct {
	holds      bool
	ours       bool     // a matter set the hold
	recordings []string // for which the matter holds it, sorted
	last       Result   // of the newest line about it
	tried      bool     // the newest line failed, and left a hold that the matter set
	line       *Line    // the newest that did not fail
}

// others is what other matters say of one object.
type others struct {
	matters   []string // that hold it or intend to, in the order of their folders
	ours      bool     // one of them set the hold
	releasing bool     // one of them has begun to release it
}

// read folds the records of a matter into what it says of each object. Lines that fail
// change nothing but the last result. Of an intention that no record completes the call
// counts that it makes likely: objects that it sets are held, and those that it releases
// are still.
func (o *Output) read(ctx context.Context, m *ledger.Matter, wanted func(place) bool) (map[place]*held, error) {
	state := map[place]*held{}
	for i := range m.Heads {
		h := m.Heads[i].Record
		open := m.Open() == &m.Heads[i]
		if h.Step != ledger.HoldDone && !open || open && h.Action == ledger.HoldRelease {
			continue
		}
		err := o.readList(ctx, h, func(l *Line) error {
			at := l.place()
			if !wanted(at) {
				return nil
			}
			s := state[at]
			if s == nil {
				s = &held{}
				state[at] = s
			}
			s.add(h.Action, l)
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return state, nil
}

// add adds what a line of a record says. A release leaves a foreign hold, and ends what
// the matter has to do with it.
func (s *held) add(action string, l *Line) {
	s.tried = l.Result == Busy && l.Before == Off && l.After == On
	if s.last = l.Result; l.Result.Failed() {
		if s.tried && !s.holds {
			s.line, s.recordings = l, l.Recordings
		}
		return
	}
	s.line = l
	switch {
	case l.Result == Needed:
		s.recordings = l.Recordings
	case action == ledger.HoldRelease:
		s.holds, s.ours, s.recordings = false, false, nil
	default:
		s.holds, s.ours = l.Result.holds()
		s.recordings = slices.Concat(s.recordings, l.Recordings)
		slices.Sort(s.recordings)
		s.recordings = slices.Compact(s.recordings)
	}
}

// without returns the recordings of a sorted list that another does not have.
func without(list, other []string) []string {
	return slices.DeleteFunc(slices.Clone(list), func(id string) bool {
		_, found := slices.BinarySearch(other, id)
		return found
	})
}

// readOthers returns what all other matters say of objects.
func (o *Output) readOthers(ctx context.Context, matter string, wanted func(place) bool) (map[place]*others, error) {
	names, err := o.Matters(ctx)
	if err != nil {
		return nil, err
	}
	all := map[place]*others{}
	at := func(p place) *others {
		if all[p] == nil {
			all[p] = &others{}
		}
		return all[p]
	}
	for _, name := range names {
		if name == matter {
			continue
		}
		m, err := o.Matter(ctx, name, o.ID)
		if err != nil {
			return nil, err
		}
		state, err := o.read(ctx, m, wanted)
		if err != nil {
			return nil, err
		}
		for p, s := range state {
			if s.holds {
				other := at(p)
				other.matters = append(other.matters, name)
				other.ours = other.ours || s.ours
			}
		}

		// What is being released may be lifted at any moment.
		if open := m.Open(); open != nil && open.Record.Action == ledger.HoldRelease {
			if err := o.readList(ctx, open.Record, func(l *Line) error {
				if wanted(l.place()) && (l.Result == Released || l.Result == Kept) {
					at(l.place()).releasing = true
				}
				return nil
			}); err != nil {
				return nil, err
			}
		}
	}
	return all, nil
}

// placesOf returns a test for the objects of a list.
func placesOf(lines []Line) func(place) bool {
	set := map[place]bool{}
	for i := range lines {
		set[lines[i].place()] = true
	}
	return func(p place) bool { return set[p] }
}

func (x *others) names() []string {
	if x == nil {
		return []string{}
	}
	return slices.Clone(x.matters)
}

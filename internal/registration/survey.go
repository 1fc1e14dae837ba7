package registration

import "cdrmend/internal/policy"

// fewest is how many successes, or pairs of successes, show how a key or a log
// behaves. Fewer may be chance.
const fewest = 3

// tally is what the history of one key comes to.
type tally struct {
	shownBy   setNumber // the sources of its events
	succeeded setNumber // the sources of its successes
	successes int
	pairs     int  // successive successes of which the first says how long it lasts
	inTime    int  // pairs of which the second comes before the first has lapsed
	row       bool // some successes, fewest or more, stand in a row
}

// behaviour is how a key shows in its log.
type behaviour struct {
	twoSided bool // its log shows successes, so that silence means something
	renews   bool // it registers again before its registration ends
	sparse   bool // its log keeps a part of the successes
	changes  bool // its log tells of changes only, not of renewals
}

// survey is what the whole log says about the behaviour of its keys.
type survey struct {
	tallies []tally // by history
	sources []sourceSurvey
	sets    []setSurvey // by set of sources
	log     *Log
	all     *sourceSets
}

// sourceSurvey counts the keys of one source.
type sourceSurvey struct {
	keys      int // that have events in it
	succeeded int // that have a success in it
}

// showsSuccesses reports whether a source tells of successes.
func (s *survey) showsSuccesses(source uint32) bool {
	n := &s.sources[source]
	return s.log.Sources[source].Successes || n.keys > 0 && 2*n.succeeded >= n.keys
}

// setSurvey is about the keys that have something in one of a set of sources.
type setSurvey struct {
	shows     bool // one of the sources shows successes
	known     bool // of one it is configured
	pairs     int  // of keys with events in the sources
	inTime    int
	succeeded int // keys with a success in the sources
	rows      int // those of them with successes in a row
}

// newSurvey needs the kinds of all events.
func newSurvey(h *histories, kinds []kind, p *policy.Policy) *survey {
	s := &survey{
		tallies: make([]tally, len(h.list)), sources: make([]sourceSurvey, len(h.log.Sources)),
		log: h.log, all: h.sets,
	}
	for i := range h.list {
		t := h.tally(&h.list[i], kinds, p)
		for _, source := range h.sets.list[t.shownBy] {
			s.sources[source].keys++
		}
		for _, source := range h.sets.list[t.succeeded] {
			s.sources[source].succeeded++
		}
		s.tallies[i] = t
	}
	s.surveySets()
	return s
}

// tally counts the successes of one key.
func (h *histories) tally(x *history, kinds []kind, p *policy.Policy) tally {
	t := tally{shownBy: x.shownBy}
	h.sets.begin()
	inRow := 0
	var before *Event // the success just before, if it was one
	for i := x.from; i < x.to; i++ {
		switch kinds[i] {
		case ignored, challenge:
			continue
		case failure, removal:
			inRow, before = 0, nil
			continue
		}

		// A success. Only successive ones make a pair: what came between them would
		// have ended the registration that the first one gave.
		e := h.at(i)
		h.sets.add(h.log.sourceOf(e))
		t.successes++
		inRow++
		t.row = t.row || inRow >= fewest

		// A renewal may come a little late: its request may not have been answered.
		if before != nil && before.Expiry >= 0 {
			t.pairs++
			if e.Time <= endOf(before, p.DefaultExpiry).Add(unanswered) {
				t.inTime++
			}
		}
		before = e
	}

	t.succeeded = h.sets.end()
	return t
}

// surveySets adds up the tallies of keys by their sources. Keys of equal sources
// are added first, as there are many keys and few sets.
func (s *survey) surveySets() {
	n := len(s.all.list)
	shown, succeeded := make([]setSurvey, n), make([]setSurvey, n)
	for _, t := range s.tallies {
		shown[t.shownBy].pairs += t.pairs
		shown[t.shownBy].inTime += t.inTime
		if t.successes > 0 {
			succeeded[t.succeeded].succeeded++
		}
		if t.row {
			succeeded[t.succeeded].rows++
		}
	}

	// A key counts for a set when one of its sources is in it.
	s.sets = make([]setSurvey, n)
	for i := range s.sets {
		sum := &s.sets[i]
		for _, source := range s.all.list[i] {
			sum.shows = sum.shows || s.showsSuccesses(source)
			sum.known = sum.known || s.log.Sources[source].Successes
		}

		for j := range n {
			if !s.all.meet(setNumber(i), setNumber(j)) {
				continue
			}
			sum.pairs += shown[j].pairs
			sum.inTime += shown[j].inTime
			sum.succeeded += succeeded[j].succeeded
			sum.rows += succeeded[j].rows
		}
	}
}

// behaviour says how the key of a history shows in its log.
func (s *survey) behaviour(history int) behaviour {
	t := &s.tallies[history]
	sources := &s.sets[t.shownBy]
	b := behaviour{twoSided: sources.shows || t.successes >= fewest}

	// The key's own pairs tell more than those of its log.
	if t.pairs >= fewest {
		b.renews = sources.known || nineInTen(t.inTime, t.pairs)
		b.sparse = !b.renews
	} else {
		b.sparse = !sources.known && sources.pairs >= fewest && !nineInTen(sources.inTime, sources.pairs)
	}

	// A log of changes shows one success, and says nothing while it holds.
	b.changes = !sources.known && 2*sources.rows < sources.succeeded && !b.renews && !b.sparse
	return b
}

func nineInTen(part, of int) bool { return 10*part >= 9*of }

// silent returns the sources that hold events of keys and show no successes.
func (s *survey) silent() []uint32 {
	var list []uint32
	for i := range s.sources {
		if s.sources[i].keys > 0 && !s.showsSuccesses(uint32(i)) {
			list = append(list, uint32(i))
		}
	}
	return list
}

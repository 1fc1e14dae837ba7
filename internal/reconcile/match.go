package reconcile

import (
	"cmp"
	"slices"

	"cdrmend/internal/cdr"
	"cdrmend/internal/intern"
	"cdrmend/internal/record"
)

// matchedBy is how an entry and a leg belong together.
type matchedBy uint8

// The ways, the surest first.
const (
	notMatched     matchedBy = iota
	byID                     // the leg lists the recording
	byLeg                    // the entry bears the id of the leg
	byConversation           // both have the same conversation
)

// legMatch is how the entries of one leg were found.
type legMatch struct {
	by        matchedBy
	contested bool // it is left without an entry, as others of its conversation could be meant
	elsewhere bool // a leg of another conversation lists one of its recordings and overlaps it
}

// matches are the entries of every leg, those of margins included.
type matches struct {
	legs    []legMatch       // by leg
	of      []record.Section // by leg, of entries
	entries []uint32
	uses    []uses // by entry
}

// uses says of how many legs an entry is one.
type uses struct {
	competing uint8 // legs that are to be recorded or must not be; 2 stands for more
	any       bool
}

// by returns how the entries of a leg were found.
func (m *matches) by(leg uint32) matchedBy { return m.legs[leg].by }

// contested reports whether a leg is left without an entry, as others of its
// conversation could be meant.
func (m *matches) contested(leg uint32) bool { return m.legs[leg].contested }

// elsewhere reports whether a leg of another conversation lists a recording of a
// leg and overlaps it.
func (m *matches) elsewhere(leg uint32) bool { return m.legs[leg].elsewhere }

// used reports whether an entry is one of some leg.
func (m *matches) used(entry uint32) bool { return m.uses[entry].any }

// entriesOf returns the entries of a leg.
func (m *matches) entriesOf(leg uint32) []uint32 { return record.SectionOf(m.of[leg], m.entries) }

// matchLegs finds the entries of every leg. Ids are final here.
func matchLegs(legs *legGroups, entries *entryGroups, duties *duties, objects objectOrder, spread Spread) *matches {
	n := len(legs.Legs)
	m := &matches{legs: make([]legMatch, n), of: make([]record.Section, n), uses: make([]uses, len(entries.states))}

	// Legs of one conversation compete for its entries, so no two parts share a
	// conversation. Legs without one compete with nobody.
	ids := legs.byConversation.slots()
	parts := make([]matcher, spread.parts(ids)+spread.parts(n))
	spread.eachPart(ids, func(i, from, to int) {
		p := newMatcher(m, legs, entries, duties, objects)
		for group := range legs.byConversation.groupsBetween(from, to) {
			p.conversation(group)
		}
		parts[i] = *p
	})

	rest := parts[spread.parts(ids):]
	spread.eachPart(n, func(i, from, to int) {
		p := newMatcher(m, legs, entries, duties, objects)
		for leg := uint32(from); leg < uint32(to); leg++ {
			if legs.Legs[leg].Conversation == intern.None {
				p.byID(leg)
			}
		}
		rest[i] = *p
	})

	// Sections refer to the list of their part until all parts are known.
	for i := range parts {
		base := uint32(len(m.entries))
		for _, leg := range parts[i].done {
			m.of[leg].At += base
		}
		m.entries = append(m.entries, parts[i].found...)
		parts[i] = matcher{} // frees the part's lists
	}
	m.countUses(legs, duties)
	return m
}

// countUses counts the legs of every entry, once all legs have theirs.
func (m *matches) countUses(legs *legGroups, duties *duties) {
	for leg := range uint32(len(m.of)) {
		competes := m.of[leg].N > 0 && duties.competes(legs.Evidence, leg)
		for _, e := range m.entriesOf(leg) {
			u := &m.uses[e]
			u.any = true
			if competes {
				u.competing = min(u.competing+1, 2)
			}
		}
	}
}

// matcher matches the legs of some conversations, while others may be matched at
// the same time. Of what it shares it only changes what belongs to those legs.
type matcher struct {
	*legGroups
	*matches
	entries *entryGroups
	duties  *duties
	objects objectOrder
	found   []uint32 // entries of the legs so far
	done    []uint32 // these legs

	// Of the conversation at hand.
	voices []candidate
}

// candidate is an entry that legs of a conversation may have.
type candidate struct {
	entry    uint32
	span     record.Span
	timed    bool // span is valid
	misnamed bool // its leg id and its line do not count
	owned    bool // it has a leg by its recording id or by its leg id
	foreign  bool // it has a leg id that no leg of the conversation has
}

func newMatcher(m *matches, legs *legGroups, entries *entryGroups, duties *duties, objects objectOrder) *matcher {
	return &matcher{legGroups: legs, matches: m, entries: entries, duties: duties, objects: objects}
}

// byID finds the entries of a leg by the recordings that it lists.
func (m *matcher) byID(leg uint32) {
	l, at := &m.Legs[leg], len(m.found)
	for _, id := range m.listed(leg) {
		for _, e := range m.entries.byRecording.find(l.Org, id) {
			if m.entries.states[e].hears() {
				m.found = append(m.found, e)
				m.legs[leg].elsewhere = m.legs[leg].elsewhere || m.listedElsewhere(l, e)
			}
		}
	}
	m.take(leg, byID, at)
}

// take makes the entries found since at those of a leg.
func (m *matcher) take(leg uint32, by matchedBy, at int) {
	m.legs[leg].by = by
	m.of[leg] = record.Section{At: uint32(at), N: uint32(len(m.found) - at)}
	m.done = append(m.done, leg)
}

// listedElsewhere reports whether a leg of another conversation lists an entry's
// recording and overlaps the entry.
func (m *matcher) listedElsewhere(l *cdr.Shown, entry uint32) bool {
	e := &m.Entries[entry]
	span, valid := validSpan(e)
	if !valid {
		return false
	}
	for _, other := range m.byRecording.find(e.Org, e.Recording) {
		o := &m.Legs[other]
		legSpan, timed := spanOfLeg(o)
		if o.Conversation != intern.None && o.Conversation != l.Conversation && timed && legSpan.Overlaps(span) {
			return true
		}
	}
	return false
}

// conversation matches the legs of one conversation.
func (m *matcher) conversation(group []uint32) {
	m.collect(group)

	// A leg that lists ids has those recordings or none: its list is complete.
	for _, leg := range group {
		switch {
		case len(m.listed(leg)) > 0:
			m.byID(leg)
		case !m.byLeg(leg):
			m.byConversation(leg, group)
		}
	}

	// The only leg of a conversation has nobody to share with.
	if len(group) < 2 {
		return
	}
	m.oneForEach(group)
	m.leaveOutUntimed(group)
}

// collect finds the entries of a conversation that its legs may have.
func (m *matcher) collect(group []uint32) {
	m.voices = m.voices[:0]
	l := &m.Legs[group[0]]
	for _, n := range m.entries.byConversation.find(l.Org, l.Conversation) {
		if !m.entries.states[n].hears() {
			continue
		}
		e := &m.Entries[n]
		c := candidate{entry: n, misnamed: m.misnamed(e, group)}
		c.span, c.timed = validSpan(e)

		named := !c.misnamed && e.Leg != intern.None
		borne := slices.ContainsFunc(group, func(leg uint32) bool { return m.Legs[leg].ID == e.Leg })
		c.foreign = named && !borne
		c.owned = named && borne || len(m.byRecording.find(e.Org, e.Recording)) > 0
		m.voices = append(m.voices, c)
	}
}

// byLeg finds the entries that bear the leg's id.
func (m *matcher) byLeg(leg uint32) bool {
	id, at := m.Legs[leg].ID, len(m.found)
	if id == intern.None {
		return false
	}

	for i := range m.voices {
		if c := &m.voices[i]; !c.misnamed && m.Entries[c.entry].Leg == id {
			m.found = append(m.found, c.entry)
		}
	}
	if len(m.found) == at {
		return false
	}
	m.take(leg, byLeg, at)
	return true
}

// byConversation finds the entries that overlap the leg, or have no valid span.
// The only leg of its conversation also has those that are close to it.
func (m *matcher) byConversation(leg uint32, group []uint32) {
	l, at := &m.Legs[leg], len(m.found)
	span, timed := spanOfLeg(l)
	near := m.Policy.CoverageTolerance.Microseconds()
	perLeg := m.perLeg(leg)

	for i := range m.voices {
		c := &m.voices[i]
		switch {
		case perLeg && (c.owned || !m.fitsLine(c, l, group)):
		case !timed || !c.timed || c.span.Overlaps(span) || len(group) == 1 && distance(c.span, span) <= near:
			m.found = append(m.found, c.entry)
		}
	}
	m.take(leg, byConversation, at)
}

// fitsLine reports whether an entry's line allows that it is one of the leg.
func (m *matcher) fitsLine(c *candidate, l *cdr.Shown, group []uint32) bool {
	line := m.Entries[c.entry].Line
	return c.misnamed || line == intern.None || line == l.Line ||
		!slices.ContainsFunc(group, func(leg uint32) bool { return m.Legs[leg].Line == line })
}

// perLeg reports whether the leg's source records each leg on its own.
func (m *matcher) perLeg(leg uint32) bool { return m.Sources[m.sourceOfLeg(leg)].OneForEachLeg }

// mostCompeting is how many legs may overlap each other before nobody can say
// which of them a recording is of.
const mostCompeting = 64

// oneForEach gives each recording to one leg only, where each leg should have one
// of its own and there are fewer recordings than legs.
func (m *matcher) oneForEach(group []uint32) {
	var competing []uint32
	for _, leg := range group {
		if m.perLeg(leg) && len(m.listed(leg)) == 0 && m.legs[leg].by == byConversation &&
			m.Legs[leg].Start.Known() && m.duties.competes(m.Evidence, leg) {
			competing = append(competing, leg)
		}
	}
	if len(competing) < 2 {
		return
	}
	slices.SortFunc(competing, m.compareLegs) // the groups are runs of legs in this order

	// A leg that starts before the group's greatest end belongs to it.
	for len(competing) > 0 {
		n, end := 1, m.endOf(competing[0])
		for n < len(competing) && m.Legs[competing[n]].Start < end {
			end = max(end, m.endOf(competing[n]))
			n++
		}
		m.assign(competing[:n])
		competing = competing[n:]
	}
}

// endOf returns the end of a leg that has a start.
func (m *matcher) endOf(leg uint32) record.Time {
	span, _ := spanOfLeg(&m.Legs[leg])
	return span.End
}

// compareLegs orders legs by (start, object key, source, row).
func (m *matcher) compareLegs(a, b uint32) int {
	x, y := &m.Legs[a], &m.Legs[b]
	return cmp.Or(cmp.Compare(x.Start, y.Start), m.objects.compareRefs(x.Ref, y.Ref))
}

// pairing is an entry that may be the recording of a leg, and how far their times
// are apart.
type pairing struct {
	apart      int64 // microseconds
	leg, entry uint32
	order      int // of the leg
}

// assign pairs the legs of a group with recordings, the nearest first. A leg
// without one keeps nothing.
func (m *matcher) assign(group []uint32) {
	// With as many recordings as legs nobody competes. An entry with the id of an
	// unknown leg shows that not all legs are here, so distances decide nothing.
	timed := m.timedEntries(group)
	if len(timed) == 0 || len(timed) >= len(group) || slices.ContainsFunc(timed, func(c *candidate) bool { return c.foreign }) {
		return
	}

	paired := map[uint32]uint32{} // leg by entry
	winner := map[uint32]bool{}   // by leg
	if len(group) <= mostCompeting {
		for _, p := range m.pairings(group) {
			if _, taken := paired[p.entry]; !taken && !winner[p.leg] {
				paired[p.entry], winner[p.leg] = p.leg, true
			}
		}
	}

	for _, leg := range group {
		if !winner[leg] {
			m.contest(leg)
			continue
		}
		m.keep(leg, func(entry uint32) bool {
			other, taken := paired[entry]
			return !taken || other == leg
		})
	}
}

// timedEntries returns the entries of a group of legs that have a valid span.
func (m *matcher) timedEntries(group []uint32) (timed []*candidate) {
	found := map[uint32]bool{}
	for _, leg := range group {
		for _, entry := range m.foundFor(leg) {
			found[entry] = true
		}
	}
	for i := range m.voices {
		if c := &m.voices[i]; c.timed && found[c.entry] {
			timed = append(timed, c)
		}
	}
	return timed
}

// pairings returns what may be paired, in the order in which it is.
func (m *matcher) pairings(group []uint32) (list []pairing) {
	for order, leg := range group {
		l := &m.Legs[leg]
		for _, entry := range m.foundFor(leg) {
			span, valid := validSpan(&m.Entries[entry])
			if !valid {
				continue
			}

			// A leg without an end is far from every entry, so that others come first.
			apart := record.Apart(span.Start, l.Start)
			if l.End.Known() {
				apart += record.Apart(span.End, l.End)
			} else {
				apart += maxLegDuration.Microseconds()
			}
			list = append(list, pairing{apart, leg, entry, order})
		}
	}
	slices.SortFunc(list, func(a, b pairing) int {
		return cmp.Or(cmp.Compare(a.apart, b.apart), cmp.Compare(a.order, b.order), m.objects.compareEntries(a.entry, b.entry))
	})
	return list
}

// foundFor returns the entries of a leg so far.
func (m *matcher) foundFor(leg uint32) []uint32 { return record.SectionOf(m.of[leg], m.found) }

// keep leaves a leg only some of its entries. Its section of found only gets shorter,
// so that the sections of other legs stay where they are.
func (m *matcher) keep(leg uint32, keeps func(entry uint32) bool) {
	kept := slices.DeleteFunc(m.foundFor(leg), func(entry uint32) bool { return !keeps(entry) })
	m.of[leg].N = uint32(len(kept))
}

// contest leaves a leg no entry.
func (m *matcher) contest(leg uint32) {
	m.of[leg].N, m.legs[leg].contested = 0, true
}

// leaveOutUntimed takes recordings without times from the legs of a conversation
// when they cannot be of all of these legs.
func (m *matcher) leaveOutUntimed(group []uint32) {
	var due []uint32
	single := false
	for _, leg := range group {
		if m.duties.toRecord(leg) {
			due = append(due, leg)
			single = single || m.perLeg(leg)
		}
	}
	// Where legs are not recorded each on its own, one recording may be of all legs
	// that overlap.
	if len(due) < 2 || !single && m.allOverlap(due) {
		return
	}

	for _, leg := range due {
		had := m.of[leg].N
		if m.legs[leg].by != byConversation || had == 0 {
			continue
		}
		m.keep(leg, func(entry uint32) bool { _, valid := validSpan(&m.Entries[entry]); return valid })
		if m.of[leg].N == 0 {
			m.contest(leg)
		}
	}
}

// allOverlap reports whether every two of some legs overlap. A leg without a start
// may overlap any.
func (m *matcher) allOverlap(legs []uint32) bool {
	// The legs overlap if none ends before the latest start of the others. Two starts
	// are enough to know that for every leg.
	latest, second := record.NoTime, record.NoTime
	for _, leg := range legs {
		switch start := m.Legs[leg].Start; {
		case start > latest:
			latest, second = start, latest
		case start > second:
			second = start
		}
	}

	for _, leg := range legs {
		span, timed := spanOfLeg(&m.Legs[leg])
		if !timed {
			continue
		}
		other := latest
		if span.Start == latest {
			other = second // equal to latest when two legs start then
		}
		if other.Known() && span.End <= other {
			return false
		}
	}
	return true
}

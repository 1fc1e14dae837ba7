// Package match joins the entries of manifests with the legs of CDRs.
//
// It takes evidence of which only what counts is left, with the facts of the night.
// First it gives entries their final values: a value that a manifest lacks may be in
// a name, in the CDRs or in the registration log. Then it says which entries are the
// recordings of which leg, how well that is proved, and whether a leg is to be
// recorded at all. It says nothing about what is wrong: that is for
// [cdrmend/internal/reconcile].
//
// Its values are made in this order, each from those before it:
//
//   - [Duties]: whether each leg is to be recorded (duty.go, exclusion.go).
//   - [LegGroups]: legs by conversation and by the recordings that they list, and
//     which of them may be hidden (leg.go).
//   - [EntryState] of each entry: how its values were found, and whether it is a
//     recording that a leg may have (state.go, names.go, arithmetic.go, media.go).
//   - [Ownership]: what belongs to the interval (owned.go).
//   - [Claims] and [Repairs]: the values that were filled in (claim.go, repair.go).
//   - [EntryGroups]: entries by recording and conversation (entry.go).
//   - [Pairs]: the entries of each leg, and their [Proof] (match.go, proof.go).
//   - [LookAlikes]: entries that may be the recording of a leg without one
//     (lookalike.go).
//
// Its rules on times are asked by others, too: which span an entry or a leg has, when
// somebody could be heard in a leg, and whether its times are sound (coverage.go).
//
// # One interval
//
// Say that conversation c1 has two legs. Leg 1 was answered, lists r1 and r2 and
// names trunk T1. Leg 2 rang and nobody answered. Entry 0 has recording id r1, a start
// and a duration, and lacks its end and its trunk. Entry 1 has no recording id.
//
//   - Leg 1 is to be recorded, leg 2 is not: the policy expects answered calls only.
//   - Entry 0 ends where its start and its duration say.
//   - Entry 1 claims r2: it is the one id that legs of c1 list and no entry has, and
//     entry 1 is the only entry of c1 that lacks its id. No input is incomplete, so
//     nobody else can have it.
//   - Entry 0 gets trunk T1 from the leg that lists r1. Each value filled in is a
//     [Repair] if the source requires the field.
//   - Leg 1 has entries 0 and 1 by the ids that it lists: the proof is "id". Leg 2
//     lists nothing and has the entries of c1 that overlap it.
//
// A [ValueTrace] applies the rules for a value again and says what each answered, for
// who explains a decision (attempt.go).
//
// # Where the rules are tested
//
// Each rule is tested in the file of its name; duties in exclusion_test.go, values
// by arithmetic and by names beside their repairs. The tests write a night down by
// hand, have it decided as a whole and compare the tables.
package match

import (
	"cmp"
	"slices"

	"cdrmend/internal/cdr"
	"cdrmend/internal/evidence"
	"cdrmend/internal/intern"
	"cdrmend/internal/manifest"
	"cdrmend/internal/record"
)

// By is how an entry and a leg belong together.
type By uint8

// The ways, the surest first.
const (
	notMatched     By = iota
	ByID              // the leg lists the recording
	ByLeg             // the entry bears the id of the leg
	ByConversation    // both have the same conversation
)

// legMatch is how the entries of one leg were found.
type legMatch struct {
	by        By
	contested bool // it is left without an entry, as others of its conversation could be meant
	elsewhere bool // a leg of another conversation lists one of its recordings and overlaps it
}

// Pairs are the entries of every leg, those of margins included.
type Pairs struct {
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

// By returns how the entries of a leg were found.
func (m *Pairs) By(leg uint32) By { return m.legs[leg].by }

// Contested reports whether a leg is left without an entry, as others of its
// conversation could be meant.
func (m *Pairs) Contested(leg uint32) bool { return m.legs[leg].contested }

// ListedElsewhere reports whether a leg of another conversation lists a recording of a
// leg and overlaps it.
func (m *Pairs) ListedElsewhere(leg uint32) bool { return m.legs[leg].elsewhere }

// Used reports whether an entry is one of some leg.
func (m *Pairs) Used(entry uint32) bool { return m.uses[entry].any }

// EntriesOf returns the entries of a leg.
func (m *Pairs) EntriesOf(leg uint32) []uint32 { return record.SectionOf(m.of[leg], m.entries) }

// Pair finds the entries of every leg. Ids are final here.
func Pair(legs *LegGroups, entries *EntryGroups, duties *Duties, objects evidence.ObjectOrder, spread evidence.Spread) *Pairs {
	n := len(legs.Legs)
	m := &Pairs{legs: make([]legMatch, n), of: make([]record.Section, n), uses: make([]uses, len(entries.States))}

	// Legs of one conversation compete for its entries, so no two parts share a
	// conversation. Legs without one compete with nobody.
	ids := legs.ByConversation.Slots()
	parts := make([]matcher, spread.Parts(ids)+spread.Parts(n))
	spread.EachPart(ids, func(i, from, to int) {
		p := newMatcher(m, legs, entries, duties, objects)
		for group := range legs.ByConversation.GroupsBetween(from, to) {
			p.conversation(group)
		}
		parts[i] = *p
	})

	rest := parts[spread.Parts(ids):]
	spread.EachPart(n, func(i, from, to int) {
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
func (m *Pairs) countUses(legs *LegGroups, duties *Duties) {
	for leg := range uint32(len(m.of)) {
		competes := m.of[leg].N > 0 && duties.Competes(legs.Evidence, leg)
		for _, e := range m.EntriesOf(leg) {
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
	*LegGroups
	*Pairs
	entries *EntryGroups
	duties  *Duties
	objects evidence.ObjectOrder
	found   []uint32       // entries of the legs so far
	last    record.Section // of found: the entries of the leg before
	done    []uint32       // these legs

	elsewhere map[uint32]overlapping // by entry, of recordings that many legs list

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
	lined    bool // its line is one of a leg of the conversation
}

func newMatcher(m *Pairs, legs *LegGroups, entries *EntryGroups, duties *Duties, objects evidence.ObjectOrder) *matcher {
	return &matcher{LegGroups: legs, Pairs: m, entries: entries, duties: duties, objects: objects}
}

// byID finds the entries of a leg by the recordings that it lists.
func (m *matcher) byID(leg uint32) {
	l, at := &m.Legs[leg], len(m.found)
	for _, id := range m.Listed(leg) {
		for _, e := range m.entries.ByRecording.Find(l.Org, id) {
			if m.entries.States[e].Hears() {
				m.found = append(m.found, e)
				m.legs[leg].elsewhere = m.legs[leg].elsewhere || m.listedElsewhere(l, e)
			}
		}
	}
	m.take(leg, ByID, at)
}

// take makes the entries found since at those of a leg.
func (m *matcher) take(leg uint32, by By, at int) {
	s := record.Section{At: uint32(at), N: uint32(len(m.found) - at)}

	// Many legs of a conversation may have the same entries, which are kept once.
	if s.N > 0 && s.N == m.last.N && slices.Equal(record.SectionOf(s, m.found), record.SectionOf(m.last, m.found)) {
		m.found, s = m.found[:at], m.last
	}
	m.last = s
	m.legs[leg].by, m.of[leg] = by, s
	m.done = append(m.done, leg)
}

// listedElsewhere reports whether a leg of another conversation lists an entry's
// recording and overlaps the entry.
func (m *matcher) listedElsewhere(l *cdr.Shown, entry uint32) bool {
	const few = 8 // legs, as nearly all recordings have
	e := &m.Entries[entry]
	listing := m.ByRecording.Find(e.Org, e.Recording)
	if len(listing) <= few {
		return m.overlapping(e, listing).beside(l.Conversation)
	}

	// Each of these legs asks for each entry of the recording.
	found, known := m.elsewhere[entry]
	if !known {
		if m.elsewhere == nil {
			m.elsewhere = map[uint32]overlapping{}
		}
		found = m.overlapping(e, listing)
		m.elsewhere[entry] = found
	}
	return found.beside(l.Conversation)
}

// overlapping are conversations with a leg that lists the recording of an entry and
// overlaps it: two of them, if there are more.
type overlapping struct{ first, second intern.Text }

// beside reports whether one of them is not the given conversation.
func (o overlapping) beside(conversation intern.Text) bool {
	return o.first != intern.None && o.first != conversation || o.second != intern.None
}

func (m *matcher) overlapping(e *manifest.Entry, listing []uint32) (found overlapping) {
	span, valid := SpanOfEntry(e)
	if !valid {
		return found
	}
	for _, leg := range listing {
		l := &m.Legs[leg]
		legSpan, timed := SpanOfLeg(l)
		switch {
		case l.Conversation == intern.None || l.Conversation == found.first || !timed || !legSpan.Overlaps(span):
		case found.first == intern.None:
			found.first = l.Conversation
		default:
			found.second = l.Conversation
			return found
		}
	}
	return found
}

// conversation matches the legs of one conversation.
func (m *matcher) conversation(group []uint32) {
	m.collect(group)

	// A leg that lists ids has those recordings or none: its list is complete.
	for _, leg := range group {
		switch {
		case len(m.Listed(leg)) > 0:
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
	for _, n := range m.entries.ByConversation.Find(l.Org, l.Conversation) {
		if !m.entries.States[n].Hears() {
			continue
		}
		e := &m.Entries[n]
		c := candidate{entry: n, misnamed: m.Misnamed(e, group)}
		c.span, c.timed = SpanOfEntry(e)

		named := !c.misnamed && e.Leg != intern.None
		borne := slices.ContainsFunc(group, func(leg uint32) bool { return m.Legs[leg].ID == e.Leg })
		c.foreign = named && !borne
		c.lined = e.Line != intern.None && slices.ContainsFunc(group, func(leg uint32) bool { return m.Legs[leg].Line == e.Line })
		c.owned = named && borne || len(m.ByRecording.Find(e.Org, e.Recording)) > 0
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
	m.take(leg, ByLeg, at)
	return true
}

// byConversation finds the entries that overlap the leg, or have no valid span.
// The only leg of its conversation also has those that are close to it.
func (m *matcher) byConversation(leg uint32, group []uint32) {
	l, at := &m.Legs[leg], len(m.found)
	span, timed := SpanOfLeg(l)
	near := m.Policy.CoverageTolerance.Microseconds()
	perLeg := m.perLeg(leg)

	for i := range m.voices {
		c := &m.voices[i]
		switch {
		case perLeg && (c.owned || !m.fitsLine(c, l)):
		case !timed || !c.timed || c.span.Overlaps(span) || len(group) == 1 && distance(c.span, span) <= near:
			m.found = append(m.found, c.entry)
		}
	}
	m.take(leg, ByConversation, at)
}

// fitsLine reports whether an entry's line allows that it is one of the leg.
func (m *matcher) fitsLine(c *candidate, l *cdr.Shown) bool {
	line := m.Entries[c.entry].Line
	return c.misnamed || line == intern.None || line == l.Line || !c.lined
}

// perLeg reports whether the leg's source records each leg on its own.
func (m *matcher) perLeg(leg uint32) bool { return m.Sources[m.SourceOfLeg(leg)].OneForEachLeg }

// mostCompeting is how many legs may overlap each other before nobody can say
// which of them a recording is of.
const mostCompeting = 64

// oneForEach gives each recording to one leg only, where each leg should have one
// of its own and there are fewer recordings than legs.
func (m *matcher) oneForEach(group []uint32) {
	var competing []uint32
	for _, leg := range group {
		if m.perLeg(leg) && len(m.Listed(leg)) == 0 && m.legs[leg].by == ByConversation &&
			m.Legs[leg].Start.Known() && m.duties.Competes(m.Evidence, leg) {
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
	span, _ := SpanOfLeg(&m.Legs[leg])
	return span.End
}

// compareLegs orders legs by (start, object key, source, row).
func (m *matcher) compareLegs(a, b uint32) int {
	x, y := &m.Legs[a], &m.Legs[b]
	return cmp.Or(cmp.Compare(x.Start, y.Start), m.objects.CompareRefs(x.Ref, y.Ref))
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
			span, valid := SpanOfEntry(&m.Entries[entry])
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
		return cmp.Or(cmp.Compare(a.apart, b.apart), cmp.Compare(a.order, b.order), m.objects.CompareEntries(a.entry, b.entry))
	})
	return list
}

// foundFor returns the entries of a leg so far.
func (m *matcher) foundFor(leg uint32) []uint32 { return record.SectionOf(m.of[leg], m.found) }

// keep leaves a leg only some of its entries. They become a new section of found, as
// other legs may share the old one.
func (m *matcher) keep(leg uint32, keeps func(entry uint32) bool) {
	found := m.foundFor(leg)
	if !slices.ContainsFunc(found, func(entry uint32) bool { return !keeps(entry) }) {
		return
	}
	at := len(m.found)
	for _, entry := range found {
		if keeps(entry) {
			m.found = append(m.found, entry)
		}
	}
	m.of[leg] = record.Section{At: uint32(at), N: uint32(len(m.found) - at)}
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
		if m.duties.ToRecord(leg) {
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
		if m.legs[leg].by != ByConversation || had == 0 {
			continue
		}
		m.keep(leg, func(entry uint32) bool { _, valid := SpanOfEntry(&m.Entries[entry]); return valid })
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
		span, timed := SpanOfLeg(&m.Legs[leg])
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

package reconcile

import (
	"slices"
	"strings"

	"cdrmend/internal/cdr"
	"cdrmend/internal/intern"
	"cdrmend/internal/manifest"
	"cdrmend/internal/policy"
	"cdrmend/internal/profile"
	"cdrmend/internal/record"
)

// Trace is a decision with the intermediate results of its stages. It applies the
// rules that made the decision again, and changes nothing.
type Trace struct {
	*Decision
	legs     *legGroups
	states   []entryState
	outcomes []entryOutcome
	assessor *assessor
	contests map[uint64]contest // by conversation
}

// Explain makes the same decision as Decide and keeps the intermediate results.
func Explain(ev *Evidence, spread Spread) *Trace {
	t := &Trace{contests: map[uint64]contest{}}
	t.Decision = decide(ev, spread, t)
	return t
}

// keepContest keeps a contest in the conversation of an entry. Like the other
// methods that keep something it does nothing without a trace.
func (t *Trace) keepContest(e *manifest.Entry, c contest, legs *legGroups) {
	if t != nil {
		c.hidden = legs.hidesMatchesOf(e.Org, legs.ofConversation(e))
		t.contests[keyOf(e.Org, e.Conversation)] = c
	}
}

func (t *Trace) keep(legs *legGroups, states []entryState, outcomes []entryOutcome) {
	if t != nil {
		t.legs, t.states, t.outcomes = legs, states, outcomes
	}
}

func (t *Trace) keepAssessor(a *assessor) {
	if t != nil {
		t.assessor = a
	}
}

// Silence is the reason why a rule names no value.
type Silence uint8

// The silences.
const (
	Spoke              Silence = iota // the rule was applied; it may still name no value
	NoLegListsIt                      // no leg lists the recording
	CDRsIncomplete                    // legs may be hidden
	LegsNameTrunks                    // registrations count only when no leg of the conversation names a trunk
	InputsIncomplete                  // another unclaimed recording, or another entry, may be hidden
	SeveralEntries                    // several entries of the conversation lack their id
	NothingToComputeOf                // the other two values are not both known
)

// Attempt is the answer of one rule for a field that an entry lacked.
type Attempt struct {
	Field  record.Field
	Rule   Rule
	Values []string     // that it names, in byte order; one value is a repair, several are ambiguous
	Refs   []record.Ref // of the rows that name them; none if the object itself does
	Silent Silence
}

// Lacked returns the required fields that an entry lacked as it was read, in
// the order of repairs.
func (t *Trace) Lacked(n uint32) []record.Field {
	e, st := &t.Entries[n], &t.states[n]
	var lacked []record.Field
	for _, f := range manifest.Repairable {
		if t.requires(e, st.voice, f) && !e.Has(f) {
			lacked = append(lacked, f)
		}
	}
	return lacked
}

// Attempts returns the answers of the rules for a field, in the order in which they
// are applied. The decision took the first one that names a value.
func (t *Trace) Attempts(n uint32, f record.Field) []Attempt {
	e, voice := &t.Entries[n], t.states[n].voice
	key := keyIDs(t.Evidence, e, t.legs.facts.overused)

	switch f {
	case record.RecordingID:
		norm := &profile.Normalizer{Profile: t.sourceOfEntry(e).Profile, Texts: t.Texts}
		inMediaKey := idInMediaKey(t.Evidence, n, t.legs.facts.overused, norm)
		list := []Attempt{t.attempt(f, ruling{rule: ObjectKey, values: one(key.Recording)})}
		list = append(list, t.attempt(f, ruling{rule: MediaKey, values: one(inMediaKey)}))
		if voice {
			list = append(list, t.attempt(f, t.soleUnclaimed(e)))
		}
		return list

	case record.ConversationID:
		list := []Attempt{t.attempt(f, ruling{rule: ObjectKey, values: one(key.Conversation)})}
		second := ruling{rule: CDRRecording, values: conversationsOf(t.legs, e, voice)}
		if len(t.legs.byRecording.find(e.Org, e.Recording)) == 0 {
			second.silent = NoLegListsIt
		}
		return append(list, t.attempt(f, second))

	case record.TrunkID:
		var list []Attempt
		for r := range trunkRules(t.legs, e, voice) {
			list = append(list, t.attempt(f, r))
		}
		return list
	}

	// Only times and durations are left, which arithmetic alone fills. Computing again
	// from the filled entry would prove nothing, so the state says whether it did.
	a := Attempt{Field: f, Rule: Arithmetic, Silent: NothingToComputeOf}
	if t.states[n].rule(repairBit(f)) == Arithmetic {
		shown, _ := t.Value(Repair{Entry: n, Field: f})
		a.Values, a.Silent = []string{shown}, Spoke
	}
	return []Attempt{a}
}

func one(id intern.Text) values {
	if id == intern.None {
		return values{}
	}
	return values{ids: []intern.Text{id}}
}

// soleUnclaimed returns the ruling on the contest in the entry's conversation.
func (t *Trace) soleUnclaimed(e *manifest.Entry) ruling {
	r := ruling{rule: SoleUnclaimed}
	c := t.contests[keyOf(e.Org, e.Conversation)]
	legs := t.legs.ofConversation(e)
	for _, id := range c.unclaimed {
		r.values.ids = append(r.values.ids, id)
		r.values.refs = append(r.values.refs, t.legs.listing(legs, id)...)
	}
	r.values.refs = distinct(r.values.refs)

	switch {
	case len(c.unclaimed) != 1:
	case c.entries > 1:
		r.silent = SeveralEntries
	case c.hidden:
		r.silent = InputsIncomplete
	}

	return r
}

// distinct drops repeated rows: a leg that lists several candidates comes once for
// each.
func distinct(refs []record.Ref) []record.Ref {
	var out []record.Ref
	for _, ref := range refs {
		if !slices.Contains(out, ref) {
			out = append(out, ref)
		}
	}
	return out
}

func (t *Trace) attempt(f record.Field, r ruling) Attempt {
	a := Attempt{Field: f, Rule: r.rule, Refs: r.values.refs, Silent: r.silent}
	for _, id := range r.values.ids {
		a.Values = append(a.Values, t.Texts.String(id))
	}

	slices.Sort(a.Values)
	return a
}

// Entry returns the number of the entry at a place.
func (t *Trace) Entry(source, key string, index int64) (uint32, bool) {
	object, ok := t.object(source, key)
	if !ok {
		return 0, false
	}

	i, found := slices.BinarySearchFunc(t.Documents, object, func(d manifest.Document, n uint32) int { return int(d.Object) - int(n) })
	if !found {
		return 0, false
	}

	doc := &t.Documents[i]
	for n := doc.First; n < doc.First+doc.N; n++ {
		if int64(t.Entries[n].Index) == index {
			return n, true
		}
	}

	return 0, false
}

// Leg returns the number of the leg at a place; false if there is none or if
// another row superseded it.
func (t *Trace) Leg(source, key string, row int64) (uint32, bool) {
	object, ok := t.object(source, key)
	if !ok {
		return 0, false
	}
	return t.LegAt(record.Ref{Object: object, Row: uint32(row)})
}

// LegAt is Leg for a row that is cited.
func (t *Trace) LegAt(ref record.Ref) (uint32, bool) {
	i, found := slices.BinarySearchFunc(t.Legs, ref, func(l cdr.Shown, ref record.Ref) int { return compareRefs(l.Ref, ref) })
	return uint32(i), found
}

func (t *Trace) object(source, key string) (uint32, bool) {
	i, found := slices.BinarySearchFunc(t.Objects, key, func(o Object, key string) int {
		if c := strings.Compare(t.Sources[o.Source].Name, source); c != 0 {
			return c
		}
		return strings.Compare(o.Key, key)
	})
	return uint32(i), found
}

// LegsOf returns the legs of an entry, and what shows that they are.
func (t *Trace) LegsOf(n uint32) (legs []uint32, by Proof) {
	legs, matched := t.legs.ofEntry(&t.Entries[n], t.states[n].voice)
	switch {
	case len(legs) == 0:
		return nil, NoProof
	case matched == byID:
		return legs, ProofByID
	case matched == byLeg:
		return legs, ProofByLeg
	}
	return legs, ProofByConversation
}

// Held is an entry with the legs that it is an entry of, but for one that asks.
type Held struct {
	Entry uint32
	Legs  []uint32
}

// sharedBy returns the entries of a leg that other legs have, too, which are to be
// recorded or must not be.
func (a *assessor) sharedBy(n uint32, entries []uint32) (list []Held) {
	for _, e := range entries {
		h := Held{Entry: e}
		for _, other := range a.legsAround(n, e) {
			if other != n && a.duties.competes(a.Evidence, other) && slices.Contains(a.matches.entriesOf(other), e) {
				h.Legs = append(h.Legs, other)
			}
		}
		if len(h.Legs) > 0 {
			list = append(list, h)
		}
	}
	return list
}

// legsAround returns the legs that may have an entry of a leg: those of both
// conversations.
func (a *assessor) legsAround(n, entry uint32) []uint32 {
	l, e := &a.Legs[n], &a.Entries[entry]
	legs := slices.Clone(a.legs.byConversation.find(l.Org, l.Conversation))
	if e.Conversation != l.Conversation {
		legs = append(legs, a.legs.byConversation.find(e.Org, e.Conversation)...)
	}
	return legs
}

// rivals returns the legs of its conversation that are left without an entry as a
// contested leg is, and the entries in its time with the legs that have them.
func (a *assessor) rivals(n uint32) (legs []uint32, held []Held) {
	l := &a.Legs[n]
	span, timed := spanOfLeg(l)
	group := a.legs.byConversation.find(l.Org, l.Conversation)
	for _, other := range group {
		if other != n && a.matches.legs[other].contested {
			legs = append(legs, other)
		}
	}

	for _, e := range a.entries.byConversation.find(l.Org, l.Conversation) {
		entrySpan, valid := validSpan(&a.Entries[e])
		if !a.entries.states[e].hears() || valid && timed && !entrySpan.Overlaps(span) {
			continue
		}
		h := Held{Entry: e}
		for _, other := range group {
			if slices.Contains(a.matches.entriesOf(other), e) {
				h.Legs = append(h.Legs, other)
			}
		}
		held = append(held, h)
	}
	return legs, held
}

// Weighing holds the facts for the verdict on a leg.
type Weighing struct {
	Call         Call // with its verdict
	Entries      []uint32
	ToRecord     bool
	Forbidden    bool
	InError      bool     // it is recorded and should not be
	Lost         []string // recordings it lists that no entry has; an empty one when it lists none and has no entry
	Possible     []string // those of Lost that an entry without an id may have
	Short        bool
	Nothing      bool     // its recordings cover nothing of it
	Contested    bool     // fewer recordings than legs
	Rivals       []uint32 // legs that are contested, too
	Held         []Held   // of a contested leg: the recordings in its time, with the legs that have them
	Shared       []Held   // its recordings that other legs have, too
	Like         string   // the recording that looks like its own
	Doubt        Doubt    // why the verdict is indeterminate
	Incomplete   bool     // manifests are, for this leg
	Flawed       []uint32
	Repaired     []uint32
	First, Last  record.Time // manifests of this time could hold its recordings
	BeginsBefore bool        // and it begins before anything that was read
}

// Weigh collects the facts for the verdict on a leg.
func (t *Trace) Weigh(n uint32) Weighing {
	s, l := new(assessment), &t.Legs[n]
	a := t.assessor
	a.assess(s, n)
	a.judge(s, t.outcomes)
	w := Weighing{
		Call: s.call, Entries: s.entries, ToRecord: a.duties.toRecord(n), Forbidden: a.duties.forbidden(t.Evidence, n),
		InError: s.inError != Accepted, Short: s.short, Doubt: s.doubt, Nothing: s.nothing, Incomplete: s.hidden,
		Contested: a.matches.legs[n].contested, Shared: a.sharedBy(n, s.entries),
	}
	if w.Contested {
		w.Rivals, w.Held = a.rivals(n)
	}
	if like, ok := a.likes[n]; ok {
		w.Like = a.nameOf(like)
	}

	for _, id := range s.lost {
		w.Lost = append(w.Lost, t.Texts.String(id))
		if t.assessor.isPossible(n, id) {
			w.Possible = append(w.Possible, t.Texts.String(id))
		}
	}

	for _, e := range s.entries {
		if t.outcomes[e].incomplete {
			w.Flawed = append(w.Flawed, e)
		}
		if t.states[e].repaired != 0 {
			w.Repaired = append(w.Repaired, e)
		}
	}

	w.First, w.Last = t.legs.window(n)
	w.BeginsBefore = w.First.Known() && t.legs.facts.beforeEarliest(l.Org, w.First)
	return w
}

// Hiding returns the incomplete inputs of a kind that may hide records of an
// organisation between two times, both included. If the times are unknown, it
// returns them for all times.
func (t *Trace) Hiding(kind policy.Kind, org intern.Text, from, to record.Time) []IncompleteInput {
	var list []IncompleteInput
	for _, in := range t.Incomplete {
		s := &t.Sources[in.Source]
		if s.Kind != kind || !s.concerns(org) {
			continue
		}

		if in.Partition < 0 || !from.Known() || during(from, to)(t.Partitions[in.Partition].Span) {
			list = append(list, in)
		}
	}
	return list
}

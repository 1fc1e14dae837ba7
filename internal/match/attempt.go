package match

import (
	"slices"

	"cdrmend/internal/evidence"
	"cdrmend/internal/intern"
	"cdrmend/internal/manifest"
	"cdrmend/internal/profile"
	"cdrmend/internal/record"
)

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

// ValueTrace says which rules were tried for the values of entries, and what each
// answered. It applies the rules again, and changes nothing.
type ValueTrace struct {
	legs     *LegGroups
	states   []EntryState
	contests Contests
}

// NewValueTrace returns the trace of a decision that kept its contests.
func NewValueTrace(legs *LegGroups, states []EntryState, contests Contests) *ValueTrace {
	return &ValueTrace{legs, states, contests}
}

// Lacked returns the required fields that an entry lacked as it was read, in
// the order of repairs. Of a source without documents, it also returns others that were
// filled in.
func (t *ValueTrace) Lacked(n uint32) []record.Field {
	e, st := &t.legs.Entries[n], &t.states[n]
	var lacked []record.Field
	for _, f := range manifest.Repairable {
		filled := t.legs.SourceOfEntry(e).Profile.NoDocuments && st.RuleOf(f) != NoRule
		if (t.legs.Requires(e, st.Voice, f) || filled) && !e.Has(f) {
			lacked = append(lacked, f)
		}
	}
	return lacked
}

// Attempts returns the answers of the rules for a field, in the order in which they
// are applied. The decision took the first one that names a value.
func (t *ValueTrace) Attempts(n uint32, f record.Field) []Attempt {
	e, voice := &t.legs.Entries[n], t.states[n].Voice
	key := t.legs.KeyIDs(e, t.legs.Facts.Overused)

	switch f {
	case record.RecordingID:
		norm := &profile.Normalizer{Profile: t.legs.SourceOfEntry(e).Profile, Texts: t.legs.Texts}
		inMediaKey := idInMediaKey(t.legs.Evidence, n, t.legs.Facts.Overused, norm)
		list := []Attempt{t.attempt(f, ruling{rule: RuleObjectKey, values: one(key.Recording)})}
		list = append(list, t.attempt(f, ruling{rule: RuleMediaKey, values: one(inMediaKey)}))
		if voice {
			list = append(list, t.attempt(f, t.soleUnclaimed(e)))
		}
		return list

	case record.ConversationID:
		list := []Attempt{t.attempt(f, ruling{rule: RuleObjectKey, values: one(key.Conversation)})}
		second := ruling{rule: RuleCDRRecording, values: conversationsOf(t.legs, e, voice)}
		if len(t.legs.ByRecording.Find(e.Org, e.Recording)) == 0 {
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
	a := Attempt{Field: f, Rule: RuleArithmetic, Silent: NothingToComputeOf}
	if t.states[n].RuleOf(f) == RuleArithmetic {
		shown, _ := Repair{Entry: n, Field: f}.Value(t.legs.Evidence)
		a.Values, a.Silent = []string{shown}, Spoke
	}
	return []Attempt{a}
}

// LegsOf returns the legs of an entry, and what shows that they are.
func (t *ValueTrace) LegsOf(n uint32) (legs []uint32, by Proof) {
	legs, matched := t.legs.OfEntry(&t.legs.Entries[n], t.states[n].Voice)
	switch {
	case len(legs) == 0:
		return nil, NoProof
	case matched == ByID:
		return legs, ProofByID
	case matched == ByLeg:
		return legs, ProofByLeg
	}
	return legs, ProofByConversation
}

func one(id intern.Text) values {
	if id == intern.None {
		return values{}
	}
	return values{ids: []intern.Text{id}}
}

// soleUnclaimed returns the ruling on the contest in the entry's conversation.
func (t *ValueTrace) soleUnclaimed(e *manifest.Entry) ruling {
	r := ruling{rule: RuleSoleUnclaimed}
	c := t.contests[evidence.KeyOf(e.Org, e.Conversation)]
	legs := t.legs.OfConversation(e)
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

func (t *ValueTrace) attempt(f record.Field, r ruling) Attempt {
	a := Attempt{Field: f, Rule: r.rule, Refs: r.values.refs, Silent: r.silent}
	for _, id := range r.values.ids {
		a.Values = append(a.Values, t.legs.Texts.String(id))
	}

	slices.Sort(a.Values)
	return a
}

package reconcile

import (
	"slices"
	"strings"

	"cdrmend/internal/cdr"
	"cdrmend/internal/manifest"
	"cdrmend/internal/policy"
	"cdrmend/internal/record"
)

// Trace is a decision that can be asked why it is as it is. It asks the rules
// that made the decision again, and changes nothing.
type Trace struct {
	*Decision
	d *decider
}

// Explain makes the decision that Decide makes, and keeps what it rests on.
func Explain(ev *Evidence, spread Spread) *Trace {
	d := newDecider(ev, spread)
	d.contests = map[uint64]contest{}
	return &Trace{d.decide(), d}
}

// traced reports whether somebody is going to ask why.
func (d *decider) traced() bool { return d.contests != nil }

// contest is a conversation in which entries lack their recording id.
type contest struct {
	entries   int
	unclaimed []record.Text // ids that legs list and no entry has
	lack      lack
}

// Silence is why a rule names no value.
type Silence uint8

// The silences.
const (
	Spoke              Silence = iota // it was asked; it names no value when it has none
	NoLegListsIt                      // no leg lists the recording
	CDRsIncomplete                    // legs may be hidden
	LegsNameTrunks                    // registrations are asked only when no leg of the conversation names a trunk
	InputsIncomplete                  // another unclaimed recording, or another entry, may be hidden
	SeveralEntries                    // several entries of the conversation lack their id
	NothingToComputeOf                // the two other values are not both there
)

// Attempt is what one rule said of a field that an entry lacked.
type Attempt struct {
	Field  record.Field
	Rule   Rule
	Values []string     // that it names, in byte order; one value is a repair, several are ambiguous
	Refs   []record.Ref // of the rows that name them; none for what the object itself says
	Silent Silence
}

// Lacked returns the required fields that an entry lacked as it was read, in
// the order of repairs.
func (t *Trace) Lacked(n uint32) []record.Field {
	e, st := &t.Entries[n], &t.d.state[n]
	var lacked []record.Field
	for _, f := range manifest.Repairable {
		if t.d.requires(e, st, f) && !e.Has(f) {
			lacked = append(lacked, f)
		}
	}
	return lacked
}

// Attempts returns what the rules for a field said, in their order. The first
// that names a value ended the search.
func (t *Trace) Attempts(n uint32, f record.Field) []Attempt {
	d, e := t.d, &t.Entries[n]
	key := d.keyIDs(e)
	switch f {
	case record.RecordingID:
		norm := &record.Normalizer{Profile: d.sourceOfEntry(e).Profile, Texts: d.Texts}
		list := []Attempt{t.attempt(f, ruling{rule: ObjectKey, values: one(key.Recording)})}
		list = append(list, t.attempt(f, ruling{rule: MediaKey, values: one(d.mediaID(e, norm))}))
		if d.state[n].voice {
			list = append(list, t.attempt(f, d.soleUnclaimed(e)))
		}
		return list
	case record.ConversationID:
		list := []Attempt{t.attempt(f, ruling{rule: ObjectKey, values: one(key.Conversation)})}
		second := ruling{rule: CDRRecording, values: d.conversations(n)}
		if len(d.claims.find(e.Org, e.Recording)) == 0 {
			second.silent = NoLegListsIt
		}
		return append(list, t.attempt(f, second))
	case record.TrunkID:
		var list []Attempt
		for r := range d.trunkRules(n) {
			list = append(list, t.attempt(f, r))
		}
		return list
	}
	a := Attempt{Field: f, Rule: Arithmetic, Silent: NothingToComputeOf}
	if d.state[n].rule(place(f)) == Arithmetic {
		shown, _ := t.Value(Repair{Entry: n, Field: f})
		a.Values, a.Silent = []string{shown}, Spoke
	}
	return []Attempt{a}
}

func one(id record.Text) values {
	if id == record.None {
		return values{}
	}
	return values{ids: []record.Text{id}}
}

// soleUnclaimed says what became of the contest in the entry's conversation.
func (d *decider) soleUnclaimed(e *manifest.Entry) ruling {
	r := ruling{rule: SoleUnclaimed}
	c := d.contests[keyOf(e.Org, e.Conversation)]
	legs := d.legsOf.find(e.Org, e.Conversation)
	for _, id := range c.unclaimed {
		r.values.ids = append(r.values.ids, id)
		r.values.refs = append(r.values.refs, d.listing(legs, id)...)
	}
	r.values.refs = distinct(r.values.refs)
	switch {
	case len(c.unclaimed) != 1:
	case c.entries > 1:
		r.silent = SeveralEntries
	case c.lack != complete:
		r.silent = InputsIncomplete
	}
	return r
}

// distinct drops repeated rows; a leg may list several candidates.
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

// Leg returns the number of the leg at a place, which counts unless another
// row superseded it.
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

// LegsOf returns the legs of an entry, and whether they list its recording.
func (t *Trace) LegsOf(n uint32) (legs []uint32, byID bool) {
	return t.d.legsOfEntry(n)
}

// Weighing is what the verdict on a leg rests on.
type Weighing struct {
	Call         Call // with its verdict
	Entries      []uint32
	ToRecord     bool
	Forbidden    bool
	InError      bool     // it is recorded and should not be
	Lost         []string // recordings it lists that no entry has; an empty one when it lists none and has no entry
	Possible     []string // those of Lost that an entry without an id may have
	Short        bool
	NotParsed    bool // a value that the verdict needs did not parse
	Incomplete   bool // manifests are, for this leg
	Flawed       []uint32
	Repaired     []uint32
	First, Last  record.Time // manifests of this time could hold its recordings
	BeginsBefore bool        // and it begins before anything that was read
}

// Weigh finds out what the verdict on a leg rests on.
func (t *Trace) Weigh(n uint32) Weighing {
	d := t.d
	j, l := new(legJudgement), &d.Legs[n]
	d.weigh(j, n)
	j.call.Verdict = d.verdict(j)
	w := Weighing{
		Call: j.call, Entries: j.entries, ToRecord: j.toRecord, Forbidden: j.forbidden, InError: j.inError, Short: j.short,
		NotParsed:  d.Particulars[n].DidNotParse(record.StartTime, record.AnswerTime, record.EndTime, record.Talk, record.Recorded),
		Incomplete: j.incomplete != complete,
	}
	for _, id := range j.lost {
		w.Lost = append(w.Lost, d.Texts.String(id))
		if d.possible[keyOf(l.Org, id)] {
			w.Possible = append(w.Possible, d.Texts.String(id))
		}
	}
	for _, e := range j.entries {
		if d.state[e].flawed {
			w.Flawed = append(w.Flawed, e)
		}
		if d.state[e].repaired != 0 {
			w.Repaired = append(w.Repaired, e)
		}
	}
	w.First, w.Last = d.window(n)
	w.BeginsBefore = w.First.Known() && d.beforeAll(l.Org, w.First) != complete
	return w
}

// Hiding returns the incomplete inputs of a kind that may hide something of an
// organisation in a time, both ends included; without a time, at all.
func (t *Trace) Hiding(kind policy.Kind, org record.Text, from, to record.Time) []IncompleteInput {
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

package match

import (
	"iter"
	"maps"
	"math/bits"
	"slices"
	"strconv"

	"cdrmend/internal/evidence"
	"cdrmend/internal/intern"
	"cdrmend/internal/manifest"
	"cdrmend/internal/record"
)

// Rule is the rule by which a value was found.
type Rule uint8

// The rules, in no particular order.
const (
	NoRule Rule = iota
	RuleObjectKey
	RuleMediaKey
	RuleSoleUnclaimed
	RuleCDRRecording
	RuleCDRConversation
	RuleRegistrationLine
	RuleArithmetic
	NumRules
)

var ruleNames = [NumRules]string{
	"", "object-key", "media-key", "sole-unclaimed", "cdr-recording", "cdr-conversation", "registration-line", "arithmetic",
}

// String returns the rule's name in the tables.
func (r Rule) String() string { return ruleNames[r] }

// Repair is one value that was filled in.
type Repair struct {
	Entry    uint32
	Old      intern.Text // the value that is replaced; set by Complete
	Field    record.Field
	Rule     Rule
	Evidence record.Section // of Decision.Refs; empty if the object itself has the value
}

// Value returns the final text of a repaired field as tables show it, and as it
// is written into the document. They differ for times, which the document has in
// the layout of its profile.
func (r Repair) Value(ev *evidence.Evidence) (shown, written string) {
	e := &ev.Entries[r.Entry]
	switch r.Field {
	case record.RecordingID:
		shown = ev.Texts.String(e.Recording)
	case record.ConversationID:
		shown = ev.Texts.String(e.Conversation)
	case record.TrunkID:
		shown = ev.Texts.String(e.Trunk)
	case record.StartTime, record.EndTime:
		t := e.Start
		if r.Field == record.EndTime {
			t = e.End
		}

		written, _ = ev.SourceOfEntry(e).Profile.FormatTime(t)
		return t.String(), written
	case record.DurationMS:
		shown = strconv.FormatInt(e.Duration, 10)
	}
	return shown, shown
}

// Repairs holds all repairs, in the order of the entries and, for one entry, of
// manifest.Repairable.
type Repairs struct {
	List       []Repair
	Refs       []record.Ref // rows that they cite, those of claims first
	Candidates Candidates
}

var repairable = record.Of(manifest.Repairable[:]...)

// RepairEntries fills in required fields that owned entries still lack. It lists a
// repair for each required field that is filled, including those that earlier
// stages filled. It takes over the refs and candidates of the claims.
func RepairEntries(legs *LegGroups, states []EntryState, owned Marks, claims Claims, spread evidence.Spread) Repairs {
	n := len(legs.Entries)
	parts := make([]repairPart, spread.Parts(n))

	// All parts append to one list, each to its own section of the capacity, so that
	// a million repairs are not held twice.
	most := mostRepairs(legs.Evidence, owned, spread)
	all := make([]Repair, most[len(parts)])
	spread.EachPart(n, func(i, from, to int) {
		p := &parts[i]
		p.legs, p.states, p.claimed = legs, states, claims.cited
		p.repairs = all[most[i]:most[i]:most[i+1]]
		for n := uint32(from); n < uint32(to); n++ {
			if !owned[n] || !legs.Requires(&legs.Entries[n], states[n].Voice, record.ConversationID) {
				p.join(n)
			}
			if owned[n] && most[i] < most[i+1] { // else no entry of the part lacks anything
				p.repair(n)
			}
			if owned[n] && legs.SourceOfEntry(&legs.Entries[n]).Profile.NoDocuments {
				p.fillTrunk(n)
			}
		}
	})

	refs := 0
	for i := range parts {
		refs += len(parts[i].refs)
	}

	repairs := Repairs{List: all[:0], Refs: slices.Grow(claims.refs, refs), Candidates: claims.candidates}
	for i := range parts {
		repairs.add(&parts[i])
	}

	return repairs
}

// mostRepairs returns an upper bound of the repairs before each part of the entries,
// and as its last element of all repairs.
func mostRepairs(ev *evidence.Evidence, owned Marks, spread evidence.Spread) []int {
	most := make([]int, spread.Parts(len(ev.Entries))+1)
	spread.EachPart(len(ev.Entries), func(i, from, to int) {
		for n := from; n < to; n++ {
			if owned[n] {
				e := &ev.Entries[n]
				most[i+1] += bits.OnesCount64(uint64(ev.SourceOfEntry(e).Required & repairable &^ record.Fields(e.Present)))
			}
		}
	})

	for i := range len(most) - 1 {
		most[i+1] += most[i]
	}
	return most
}

// add appends the repairs of the next part, whose memory may be that of the list:
// parts come in order, so the list never overtakes the part that is read.
func (s *Repairs) add(p *repairPart) {
	for _, r := range p.repairs {
		if r.Rule != RuleSoleUnclaimed { // the refs of claims are in place already
			r.Evidence.At += uint32(len(s.Refs))
		}
		s.List = append(s.List, r)
	}

	s.Refs = append(s.Refs, p.refs...)
	maps.Copy(s.Candidates, p.candidates)
	*p = repairPart{}
}

// repairPart repairs one part of the entries. Parts run in parallel, and each
// changes only its own entries and their states.
type repairPart struct {
	legs       *LegGroups
	states     []EntryState
	claimed    map[uint32]record.Section
	repairs    []Repair
	refs       []record.Ref
	candidates Candidates

	// What was written of lists that many entries share, by their first elements.
	cited map[*record.Ref]record.Section
	named map[*intern.Text]intern.Text
}

// join gives an entry, in memory only, the conversation that the legs name which
// list its recording: legs that list nothing may have it by its conversation.
func (p *repairPart) join(n uint32) {
	e, st := &p.legs.Entries[n], &p.states[n]
	if e.Conversation != intern.None {
		return
	}
	if v := conversationsOf(p.legs, e, st.Voice); len(v.ids) == 1 {
		e.Conversation = v.ids[0]
		st.fill(record.ConversationID, RuleCDRRecording, true)
	}
}

// repair fills in and lists the fields of one entry.
func (p *repairPart) repair(n uint32) {
	e, st := &p.legs.Entries[n], &p.states[n]
	if repairable&^record.Fields(e.Present) == 0 {
		return
	}

	// The order counts: the conversation that is found here leads to the trunk.
	for i, f := range manifest.Repairable {
		if !p.legs.Requires(e, st.Voice, f) || e.Has(f) {
			continue
		}

		var refs record.Section
		switch {
		case st.rule(i) == RuleSoleUnclaimed:
			refs = p.claimed[n]
		case st.rule(i) != NoRule || st.ambiguous&(1<<i) != 0:
			// An earlier stage filled the field, or named candidates for it.
		case f == record.ConversationID:
			refs, _ = p.apply(n, f, RuleCDRRecording, conversationsOf(p.legs, e, st.Voice), &e.Conversation)
		case f == record.TrunkID:
			refs = p.repairTrunk(n)
		}

		if st.rule(i) != NoRule {
			st.repaired |= 1 << i
			p.repairs = append(p.repairs, Repair{Entry: n, Field: f, Rule: st.rule(i), Evidence: refs})
		}
	}
}

// repairTrunk applies the first rule that names a trunk. Several trunks are
// ambiguous; no later rule may then choose.
func (p *repairPart) repairTrunk(n uint32) record.Section {
	e := &p.legs.Entries[n]
	for r := range trunkRules(p.legs, e, p.states[n].Voice) {
		if r.silent != Spoke {
			continue
		}

		if refs, done := p.apply(n, record.TrunkID, r.rule, r.values, &e.Trunk); done {
			return refs
		}
	}
	return record.Section{}
}

// fillTrunk gives an entry of a source without documents the trunk that the rules
// name, also where nobody requires one. The document that is made for the entry shows
// it; it is no repair, as nothing was there that could have lacked it.
func (p *repairPart) fillTrunk(n uint32) {
	e, st := &p.legs.Entries[n], &p.states[n]
	if e.Trunk != intern.None || !st.Voice || p.legs.Requires(e, st.Voice, record.TrunkID) {
		return
	}

	for r := range trunkRules(p.legs, e, st.Voice) {
		if r.silent != Spoke || len(r.values.ids) == 0 {
			continue
		}
		if len(r.values.ids) == 1 {
			e.Trunk = r.values.ids[0]
			st.fill(record.TrunkID, r.rule, true)
		}
		return
	}
}

// apply fills a field if a rule named one value, and stores the candidates if it
// named several. It returns the section of the rows cited, and false if the rule
// named no value, so that the next rule is tried.
func (p *repairPart) apply(n uint32, f record.Field, rule Rule, v values, field *intern.Text) (record.Section, bool) {
	switch len(v.ids) {
	case 0:
		return record.Section{}, false
	case 1:
		*field = v.ids[0]
		p.states[n].fill(f, rule, true)
		return p.cite(v), true
	}

	p.states[n].ambiguous |= 1 << repairBit(f)
	if p.candidates == nil {
		p.candidates = Candidates{}
	}
	p.candidates[candidacy{n, f}] = p.name(v)

	return record.Section{}, true
}

// cite returns the rows of values as a section. Rows that many entries share are
// looked through once.
func (p *repairPart) cite(v values) record.Section {
	if !v.shared || len(v.refs) == 0 {
		return cite(p.legs.Evidence, &p.refs, v.refs)
	}
	section, known := p.cited[&v.refs[0]]
	if !known {
		section = cite(p.legs.Evidence, &p.refs, v.refs)
		if p.cited == nil {
			p.cited = map[*record.Ref]record.Section{}
		}
		p.cited[&v.refs[0]] = section
	}
	return section
}

// name names some of several values, likewise.
func (p *repairPart) name(v values) intern.Text {
	if !v.shared {
		return nameSome(p.legs.Texts, v.ids)
	}
	text, known := p.named[&v.ids[0]]
	if !known {
		text = nameSome(p.legs.Texts, v.ids)
		if p.named == nil {
			p.named = map[*intern.Text]intern.Text{}
		}
		p.named[&v.ids[0]] = text
	}
	return text
}

// values are the distinct values that rows name, with the rows.
type values struct {
	ids  []intern.Text
	refs []record.Ref
	seen map[intern.Text]bool // the ids when there are many

	shared bool // the lists are in one memory for all entries that have them
}

// fewValues is how many values are searched one by one.
const fewValues = 16

func (v *values) add(id intern.Text, ref record.Ref) {
	if id == intern.None {
		return
	}

	v.refs = append(v.refs, ref)
	if len(v.ids) < fewValues {
		if !slices.Contains(v.ids, id) {
			v.ids = append(v.ids, id)
		}
		return
	}

	if v.seen == nil {
		v.seen = make(map[intern.Text]bool, cap(v.refs))
		for _, known := range v.ids {
			v.seen[known] = true
		}
	}
	if !v.seen[id] {
		v.seen[id] = true
		v.ids = append(v.ids, id)
	}
}

// conversationsOf returns the conversations of the legs that list the entry's
// recording.
func conversationsOf(legs *LegGroups, e *manifest.Entry, voice bool) (found values) {
	if voice {
		for _, leg := range legs.ByRecording.Find(e.Org, e.Recording) {
			found.add(legs.Legs[leg].Conversation, legs.Legs[leg].Ref)
		}
	}
	return found
}

func trunksOf(ev *evidence.Evidence, legs []uint32) values {
	found := values{refs: make([]record.Ref, 0, len(legs))}
	for _, leg := range legs {
		found.add(ev.Legs[leg].Trunk, ev.Legs[leg].Ref)
	}
	return found
}

// ruling is the answer of one rule: the values that it names, or why it was not
// asked.
type ruling struct {
	rule   Rule
	values values
	silent Silence
}

// trunkRules yields the rulings on an entry's trunk in the order in which they
// count: of the legs that list its recording, of the legs of its conversation, and
// of the registrations of its line.
func trunkRules(legs *LegGroups, e *manifest.Entry, voice bool) iter.Seq[ruling] {
	return func(yield func(ruling) bool) {
		group, by := legs.OfEntry(e, voice)
		found := trunksOf(legs.Evidence, group)
		first := ruling{RuleCDRRecording, found, Spoke}
		if by != ByID {
			first = ruling{rule: RuleCDRRecording, silent: NoLegListsIt}
		}
		if !yield(first) {
			return
		}

		// Legs that overlap the entry come before others of its conversation.
		// A hidden leg could name another trunk.
		all := legs.OfConversation(e)
		if len(found.ids) == 0 {
			found = trunksOf(legs.Evidence, all)
		}

		second := ruling{RuleCDRConversation, found, Spoke}
		if legs.HidesLegsOf(e) {
			second = ruling{rule: RuleCDRConversation, silent: CDRsIncomplete}
		}
		if !yield(second) {
			return
		}

		// Registrations must not contradict legs, nor choose among their trunks.
		if slices.ContainsFunc(all, func(leg uint32) bool { return legs.Legs[leg].Trunk != intern.None }) {
			yield(ruling{rule: RuleRegistrationLine, silent: LegsNameTrunks})
			return
		}
		yield(ruling{RuleRegistrationLine, registeredTrunks(legs.Evidence, e, group), Spoke})
	}
}

// registeredTrunks returns the trunks that the entry's line registered, or, when
// its line is unknown or registered none, the lines of its legs.
func registeredTrunks(ev *evidence.Evidence, e *manifest.Entry, legs []uint32) values {
	if e.Line != intern.None {
		if ids, refs := ev.Lines.Trunk(e.Org, []intern.Text{e.Line}, e.Start); len(ids) > 0 {
			return values{ids: ids, refs: refs, shared: !e.Start.Known()}
		}
	}

	var lines []intern.Text
	for _, leg := range legs {
		if line := ev.Legs[leg].Line; line != intern.None {
			lines = append(lines, line)
		}
	}
	slices.Sort(lines)
	lines = slices.Compact(lines)

	if len(lines) == 0 {
		return values{}
	}

	ids, refs := ev.Lines.Trunk(e.Org, lines, e.Start)
	return values{ids: ids, refs: refs, shared: !e.Start.Known() && len(lines) == 1}
}

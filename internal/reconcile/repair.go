package reconcile

import (
	"iter"
	"maps"
	"math/bits"
	"slices"

	"cdrmend/internal/cdr"
	"cdrmend/internal/manifest"
	"cdrmend/internal/record"
)

var repairable = record.Of(manifest.Repairable[:]...)

// repairEntries fills in the required fields that owned entries lack.
func (d *decider) repairEntries() {
	menders := make([]mender, d.parts(len(d.Entries)))
	lacking := d.lacking()
	repairs := make([]Repair, lacking[len(menders)])
	d.eachPart(len(d.Entries), func(i, from, to int) {
		m := &menders[i]
		m.decider, m.repairs = d, repairs[lacking[i]:lacking[i]:lacking[i+1]]
		for n := from; n < to; n++ {
			if (n-from)%together == 0 && lacking[i] < lacking[i+1] {
				m.touched += d.touchEntries(uint32(n), uint32(min(n+together, to)))
			}
			if d.state[n].owned {
				m.repair(uint32(n))
			}
		}
	})
	d.decision.Repairs = repairs[:0] // each mender's room begins at or after where its repairs go
	refs := 0
	for i := range menders {
		refs += len(menders[i].refs)
	}
	d.decision.Refs = slices.Grow(d.decision.Refs, refs)
	for i := range menders {
		d.takeRepairs(&menders[i])
	}
}

// lacking returns, for each part of the entries, how many repairs there may be in
// the parts before it, and at last how many in all.
func (d *decider) lacking() []int {
	most := make([]int, d.parts(len(d.Entries))+1)
	d.eachPart(len(d.Entries), func(i, from, to int) {
		for n := from; n < to; n++ {
			if d.state[n].owned {
				e := &d.Entries[n]
				most[i+1] += bits.OnesCount64(uint64(d.sourceOfEntry(e).Required & repairable &^ record.Fields(e.Given)))
			}
		}
	})
	for i := range len(most) - 1 {
		most[i+1] += most[i]
	}
	return most
}

// takeRepairs takes over what a mender did.
func (d *decider) takeRepairs(m *mender) {
	for _, r := range m.repairs {
		if r.Rule != SoleUnclaimed {
			r.Evidence.At += uint32(len(d.decision.Refs))
		}
		d.decision.Repairs = append(d.decision.Repairs, r)
	}
	d.decision.Refs = append(d.decision.Refs, m.refs...)
	maps.Copy(d.candidate, m.candidate)
	*m = mender{}
}

// mender repairs a part of the entries, perhaps beside others. It changes
// nothing of the decider but those entries and their states.
type mender struct {
	*decider
	repairs   []Repair
	refs      []record.Ref // that they name
	candidate map[candidacy]record.Text
	touched   uint64 // what touch returned, for it to be wanted
}

func (m *mender) repair(n uint32) {
	e, st := &m.Entries[n], &m.state[n]
	if repairable&^record.Fields(e.Given) == 0 {
		return
	}
	for i, f := range manifest.Repairable {
		if !m.requires(e, st, f) || e.Has(f) {
			continue
		}
		var refs record.Run
		switch {
		case st.rule(i) == SoleUnclaimed:
			refs = m.claimed[n]
		case st.rule(i) != NoRule || st.ambiguous&(1<<i) != 0:
		case f == record.ConversationID:
			refs = m.repairConversation(n)
		case f == record.TrunkID:
			refs = m.repairTrunk(n)
		}
		if st.rule(i) != NoRule {
			st.repaired |= 1 << i
			m.repairs = append(m.repairs, Repair{Entry: n, Field: f, Rule: st.rule(i), Evidence: refs})
		}
	}
}

// legsOfEntry returns the legs that list the entry's recording (byID), or
// those of its conversation, narrowed to the ones that overlap it.
func (d *decider) legsOfEntry(n uint32) (legs []uint32, byID bool) {
	e := &d.Entries[n]
	if !d.state[n].voice {
		return nil, false
	}
	if legs = d.claims.find(e.Org, e.Recording); len(legs) > 0 {
		return legs, true
	}
	legs = d.legsOf.find(e.Org, e.Conversation)
	span, valid := validSpan(e)
	if !valid {
		return legs, false
	}
	var overlapping []uint32
	for _, leg := range legs {
		if legSpan, ok := d.legSpan(leg); ok && legSpan.Overlaps(span) {
			overlapping = append(overlapping, leg)
		}
	}
	if len(overlapping) > 0 {
		return overlapping, false
	}
	return legs, false
}

// legSpan returns the span of a leg; one without an end lasts for a day.
func (d *decider) legSpan(n uint32) (record.Span, bool) {
	l := &d.Legs[n]
	if !l.Start.Known() {
		return record.Span{}, false
	}
	if !l.End.Known() {
		return record.Span{Start: l.Start, End: l.Start.Add(legDuration)}, true
	}
	return record.Span{Start: l.Start, End: l.End}, true
}

// values are the distinct values that rows name, with the rows.
type values struct {
	ids  []record.Text
	refs []record.Ref
}

func (v *values) add(id record.Text, ref record.Ref) {
	if id == record.None {
		return
	}
	if !slices.Contains(v.ids, id) {
		v.ids = append(v.ids, id)
	}
	v.refs = append(v.refs, ref)
}

// apply fills a field with the one value, or notes that there are several.
// It reports whether the search ends here.
func (m *mender) apply(n uint32, f record.Field, rule Rule, v values, set *record.Text) (record.Run, bool) {
	switch len(v.ids) {
	case 0:
		return record.Run{}, false
	case 1:
		*set = v.ids[0]
		m.state[n].fill(f, rule, true)
		return cite(&m.refs, v.refs), true
	}
	m.state[n].ambiguous |= 1 << place(f)
	if m.candidate == nil {
		m.candidate = map[candidacy]record.Text{}
	}
	m.candidate[candidacy{n, f}] = m.Texts.OfString(m.joined(v.ids))
	return record.Run{}, true
}

func (m *mender) repairConversation(n uint32) record.Run {
	refs, _ := m.apply(n, record.ConversationID, CDRRecording, m.conversations(n), &m.Entries[n].Conversation)
	return refs
}

// conversations returns those of the legs that list the entry's recording.
func (d *decider) conversations(n uint32) values {
	e := &d.Entries[n]
	var found values
	if d.state[n].voice {
		for _, leg := range d.claims.find(e.Org, e.Recording) {
			found.add(d.Legs[leg].Conversation, d.Legs[leg].Ref)
		}
	}
	return found
}

func (d *decider) trunks(legs []uint32) values {
	var found values
	for _, leg := range legs {
		found.add(d.Legs[leg].Trunk, d.Legs[leg].Ref)
	}
	return found
}

func (m *mender) repairTrunk(n uint32) record.Run {
	for r := range m.trunkRules(n) {
		if r.silent != Spoke {
			continue
		}
		if refs, done := m.apply(n, record.TrunkID, r.rule, r.values, &m.Entries[n].Trunk); done {
			return refs
		}
	}
	return record.Run{}
}

// ruling is what one rule says, or why it says nothing.
type ruling struct {
	rule   Rule
	values values
	silent Silence
}

// trunkRules yields what each rule says of an entry's trunk: the legs of the
// recording, those of its conversation, and only then the registrations of its
// line.
func (d *decider) trunkRules(n uint32) iter.Seq[ruling] {
	return func(yield func(ruling) bool) {
		e := &d.Entries[n]
		legs, byID := d.legsOfEntry(n)
		found := d.trunks(legs)
		first := ruling{CDRRecording, found, Spoke}
		if !byID {
			first = ruling{rule: CDRRecording, silent: NoLegListsIt}
		}
		if !yield(first) {
			return
		}
		ofConversation := d.trunks(d.legsOf.find(e.Org, e.Conversation))
		if len(found.ids) == 0 {
			found = ofConversation
		}
		second := ruling{CDRConversation, found, Spoke}
		if d.cdrsIncomplete(e) != complete {
			second = ruling{rule: CDRConversation, silent: CDRsIncomplete}
		}
		if !yield(second) {
			return
		}
		if len(ofConversation.ids) > 0 {
			yield(ruling{rule: RegistrationLine, silent: LegsNameTrunks})
			return
		}
		yield(ruling{RegistrationLine, d.registered(e, legs), Spoke})
	}
}

// registered returns the trunks that the entry's line registered, or, when
// its line is unknown or registered none, the lines of its legs.
func (d *decider) registered(e *manifest.Entry, legs []uint32) values {
	if e.Line != record.None {
		if ids, refs := d.Lines.Trunk(e.Org, []record.Text{e.Line}, e.Start); len(ids) > 0 {
			return values{ids, refs}
		}
	}
	var lines []record.Text
	for _, leg := range legs {
		if line := d.Legs[leg].Line; line != record.None && !slices.Contains(lines, line) {
			lines = append(lines, line)
		}
	}
	if len(lines) == 0 {
		return values{}
	}
	ids, refs := d.Lines.Trunk(e.Org, lines, e.Start)
	return values{ids, refs}
}

// settleIDs indexes the entries by their final recording ids. No id changes any
// more, and none that a record has is looked for by its text.
func (d *decider) settleIDs() {
	d.withID = newIndex(d.Texts, len(d.Entries), d.orgOfEntry, func(n uint32, add func(record.Text)) { add(d.Entries[n].Recording) })
	if !d.traced() {
		d.Texts.Freeze()
	}
}

// indexConversations indexes the entries by their final conversations, which
// only legs that list no recordings ask for.
func (d *decider) indexConversations() {
	d.entriesOf = &index{}
	if !slices.ContainsFunc(d.Particulars, func(p cdr.Particulars) bool { return p.Recordings.N == 0 }) {
		return
	}
	d.entriesOf = newIndex(d.Texts, len(d.Entries), d.orgOfEntry, func(n uint32, add func(record.Text)) {
		if d.state[n].voice {
			add(d.Entries[n].Conversation)
		}
	})
}

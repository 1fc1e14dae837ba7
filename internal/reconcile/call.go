package reconcile

import (
	"cmp"
	"maps"
	"slices"

	"cdrmend/internal/intern"
	"cdrmend/internal/policy"
	"cdrmend/internal/record"
)

// callSet is what was decided about the legs.
type callSet struct {
	list    []Call // of the owned legs, in their order
	open    []bool // by leg: it has an open or indeterminate finding
	lost    int    // distinct recordings that are missing
	reports []report
}

// callPart decides about some of the legs, while others may be decided about at
// the same time. Of what it shares it only changes what belongs to those legs.
type callPart struct {
	report
	assessor *assessor
	outcomes []entryOutcome
	open     []bool
	calls    []Call // memory for the calls that remain
	lost     map[uint64]bool
	nameless int        // missing recordings of legs that list none
	current  assessment // reused for each leg
}

// decideCalls makes the call and the findings of every owned leg.
func decideCalls(a *assessor, outcomes []entryOutcome, owned []bool, spread Spread) callSet {
	n := len(a.Legs)
	calls := callSet{list: make([]Call, count(owned)), open: make([]bool, n)}
	parts := make([]callPart, spread.parts(n))
	remaining := calls.list
	for i := range parts {
		own := count(owned[i*spread.Part : min((i+1)*spread.Part, n)])
		parts[i] = callPart{
			report: report{Evidence: a.Evidence}, assessor: a, outcomes: outcomes,
			open: calls.open, calls: remaining[:own], lost: map[uint64]bool{},
		}
		remaining = remaining[own:]
	}
	spread.eachPart(n, func(i, from, to int) { parts[i].part(from, to, owned) })

	lost := map[uint64]bool{}
	for i := range parts {
		calls.reports = append(calls.reports, parts[i].report)
		calls.lost += parts[i].nameless
		maps.Copy(lost, parts[i].lost)
		parts[i] = callPart{}
	}
	calls.lost += len(lost)
	return calls
}

// part decides about the legs of one part, each with its values that did not
// parse. Both are in the order of their rows.
func (p *callPart) part(from, to int, owned []bool) {
	at, _ := slices.BinarySearchFunc(p.LegInvalid, p.Legs[from].Ref, func(v LegInvalid, ref record.Ref) int { return compareRefs(v.Ref, ref) })
	invalid := p.LegInvalid[at:]
	for n := uint32(from); n < uint32(to); n++ {
		ref := p.Legs[n].Ref
		own := firstOf(&invalid, func(v *LegInvalid) int { return compareRefs(v.Ref, ref) })
		if owned[n] {
			p.call(n, own)
		}
	}
}

func compareRefs(a, b record.Ref) int {
	return cmp.Or(cmp.Compare(a.Object, b.Object), cmp.Compare(a.Row, b.Row))
}

// call makes the call and the findings of one leg.
func (p *callPart) call(n uint32, invalid []LegInvalid) {
	s := &p.current
	p.assessor.assess(s, n)
	if s.toRecord {
		p.need(p.assessor.legs.facts.emptyAt(policy.Manifests, p.Legs[n].Org, p.Legs[n].Start))
		p.missingRecordings(s)
	}
	if s.inError {
		p.found(s, RecordedInError, NoField, intern.None, intern.None, Open)
	}
	p.invalidFields(s, invalid)
	s.call.Verdict = p.assessor.verdict(s, p.outcomes)
	p.calls[0], p.calls = s.call, p.calls[1:]
}

// found adds a finding of a leg, about one of the recordings it lists.
func (p *callPart) found(s *assessment, class Class, f record.Field, recording, detail intern.Text, status Status) {
	l := &p.Legs[s.leg]
	subject := func(b []byte) []byte {
		if l.Identified() {
			b = append(b, "leg"...)
			for _, t := range []intern.Text{l.Org, l.Conversation, l.ID} {
				b = p.Texts.AppendTo(append(b, '|'), t)
			}
		} else {
			b = p.appendLocation(b, l.Ref.Object, l.Ref.Row)
		}
		return p.Texts.AppendTo(append(b, '|'), recording)
	}
	found := p.add(Finding{
		Class: class, Field: f, About: AboutLeg, Subject: s.leg, Status: status,
		Recording: recording, Detail: detail, Outage: s.call.Outage,
	}, subject)
	if found.Status.Counts() {
		p.open[s.leg] = true
	}
}

// missingRecordings reports recordings that are missing and too short.
func (p *callPart) missingRecordings(s *assessment) {
	for _, id := range s.lost {
		status := s.manifests.status()
		if status == Open && p.assessor.isPossible(s.leg, id) {
			status = Indeterminate
		}
		p.found(s, MissingRecording, NoField, id, intern.None, status)
		if id == intern.None {
			p.nameless++
		} else {
			p.lost[keyOf(p.Legs[s.leg].Org, id)] = true
		}
	}
	if s.short {
		uncovered := p.Texts.OfString(decimal(floorMS(s.call.Uncovered)))
		p.found(s, ShortRecording, NoField, intern.None, uncovered, s.manifests.status())
	}
}

// invalidFields reports the first value of each field that did not parse.
func (p *callPart) invalidFields(s *assessment, invalid []LegInvalid) {
	var seen record.Fields
	add := func(f record.Field, raw string) {
		p.found(s, InvalidField, f, intern.None, p.Texts.OfString(raw), Open)
	}
	for _, v := range invalid {
		if !seen.Has(v.Field) {
			seen.Add(v.Field)
			add(v.Field, v.Raw)
		}
	}
	if l := &p.Legs[s.leg]; l.Start.Known() && l.End.Known() && l.End < l.Start && !seen.Has(record.EndTime) {
		add(record.EndTime, "end-before-start")
	}
}

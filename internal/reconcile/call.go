package reconcile

import (
	"cmp"
	"maps"
	"slices"

	"cdrmend/internal/intern"
	"cdrmend/internal/policy"
	"cdrmend/internal/record"
)

// callSet holds the results of decideCalls.
type callSet struct {
	list    []Call // one for each owned leg, in the order of the legs
	open    []bool // by leg: it has an open or indeterminate finding
	lost    int    // distinct recordings that are missing
	reports []report
}

// callPart decides one part of the legs. Parts run in parallel. They share open,
// and each part writes only the elements of its own legs.
type callPart struct {
	report
	assessor *assessor
	outcomes []entryOutcome
	open     []bool
	calls    []Call          // the elements of callSet.list for the legs still to come
	lost     map[uint64]bool // by keyOf: ids of missing recordings
	nameless int             // missing recordings of legs that list none
	current  assessment      // reused for each leg
}

// decideCalls makes the call and the findings of every owned leg.
func decideCalls(a *assessor, outcomes []entryOutcome, owned []bool, spread Spread) callSet {
	n := len(a.Legs)
	calls := callSet{list: make([]Call, count(owned)), open: make([]bool, n)}
	parts := make([]callPart, spread.parts(n))

	// Each part gets its section of the list, so no call is copied afterwards.
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

	// Legs of several parts may list the same recording: it counts once.
	lost := map[uint64]bool{}
	for i := range parts {
		calls.reports = append(calls.reports, parts[i].report)
		calls.lost += parts[i].nameless
		maps.Copy(lost, parts[i].lost)
		parts[i] = callPart{} // frees the part's maps and lists
	}
	calls.lost += len(lost)
	return calls
}

// part decides the legs from one number up to another. It passes each leg the
// leg's invalid values. Legs and invalid values are in the order of their rows,
// so one pass over both is enough.
func (p *callPart) part(from, to int, owned []bool) {
	at, _ := slices.BinarySearchFunc(p.LegInvalid, p.Legs[from].Ref, func(v LegInvalid, ref record.Ref) int { return compareRefs(v.Ref, ref) })
	invalid := p.LegInvalid[at:]

	for n := uint32(from); n < uint32(to); n++ {
		ref := p.Legs[n].Ref
		// Legs of the margin advance the list too.
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
		// An empty partition is a finding only if a recording should be in it.
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
	// The id of a finding must stay the same when the leg is delivered again in
	// another object. Only a leg without ids is known by its place.
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

// missingRecordings reports the leg's missing recordings, and talk time that its
// recordings do not cover.
func (p *callPart) missingRecordings(s *assessment) {
	for _, id := range s.lost {
		status := s.manifests.status()
		if status == Open && p.assessor.isPossible(s.leg, id) {
			status = Indeterminate // an entry without an id may be this recording
		}
		p.found(s, MissingRecording, NoField, id, intern.None, status)

		if id == intern.None {
			p.nameless++ // other legs cannot mean the same recording
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

	// If the end did not parse either, one finding for the field is enough.
	if l := &p.Legs[s.leg]; l.Start.Known() && l.End.Known() && l.End < l.Start && !seen.Has(record.EndTime) {
		add(record.EndTime, "end-before-start")
	}
}

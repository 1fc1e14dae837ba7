package reconcile

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"

	"cdrmend/internal/evidence"
	"cdrmend/internal/intern"
	"cdrmend/internal/match"
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
	lost     map[uint64]bool // by evidence.KeyOf: ids of missing recordings
	nameless int             // missing recordings of legs that list none
	current  assessment      // reused for each leg
}

// decideCalls makes the call and the findings of every owned leg.
func decideCalls(blank report, a *assessor, outcomes []entryOutcome, owned match.Marks, spread evidence.Spread) callSet {
	n := len(a.Legs)
	calls := callSet{list: make([]Call, owned.Count()), open: make([]bool, n)}
	parts := make([]callPart, spread.Parts(n))

	// Each part gets its section of the list, so no call is copied afterwards.
	remaining := calls.list
	for i := range parts {
		own := owned[i*spread.Part : min((i+1)*spread.Part, n)].Count()
		parts[i] = callPart{
			report: blank, assessor: a, outcomes: outcomes,
			open: calls.open, calls: remaining[:own], lost: map[uint64]bool{},
		}
		remaining = remaining[own:]
	}
	spread.EachPart(n, func(i, from, to int) { parts[i].part(from, to, owned) })

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
func (p *callPart) part(from, to int, owned match.Marks) {
	at, _ := slices.BinarySearchFunc(p.LegInvalid, p.Legs[from].Ref, func(v evidence.LegInvalid, ref record.Ref) int { return compareRefs(v.Ref, ref) })
	invalid := p.LegInvalid[at:]
	for n := uint32(from); n < uint32(to); n++ {
		ref := p.Legs[n].Ref
		// Legs of the margin advance the list too.
		own := firstOf(&invalid, func(v *evidence.LegInvalid) int { return compareRefs(v.Ref, ref) })
		if owned[n] {
			p.call(n, own)
		}
	}
}

// compareRefs orders rows by (object, row).
func compareRefs(a, b record.Ref) int {
	return cmp.Or(cmp.Compare(a.Object, b.Object), cmp.Compare(a.Row, b.Row))
}

// call makes the call and the findings of one leg.
func (p *callPart) call(n uint32, invalid []evidence.LegInvalid) {
	s := &p.current
	p.assessor.assess(s, n)
	p.assessor.judge(s, p.outcomes)

	if p.assessor.duties.ToRecord(n) {
		if len(s.entries) == 0 {
			p.need(p.assessor.legs.Facts.EmptyAt(policy.Manifests, p.Legs[n].Org, p.Legs[n].Start))
		}
		p.missingRecordings(s)
	}
	if s.inError != Accepted {
		p.found(s, RecordedInError, NoField, intern.None, intern.None, s.inError)
	}
	p.invalidFields(s, invalid)
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
				b = p.appendText(b, t)
			}
			b = l.Start.AppendTo(append(b, '|'))
			if p.assessor.hasTwin(s.leg) {
				b = l.End.AppendTo(append(b, '/'))
			}
		} else {
			b = p.appendLocation(b, l.Ref.Object, l.Ref.Row)
		}
		return p.appendText(b, recording)
	}

	found := p.add(Finding{
		Class: class, Severity: classes[class].severity, Field: f, About: AboutLeg, Subject: s.leg, Status: status,
		Recording: recording, Detail: detail, Outage: s.call.Outage,
	}, subject)
	if found.Status.Counts() {
		p.open[s.leg] = true
	}
}

// hasTwin reports whether another owned leg has the ids and the start of a leg.
func (a *assessor) hasTwin(n uint32) bool {
	l := &a.Legs[n]
	return slices.ContainsFunc(a.legs.ByConversation.Find(l.Org, l.Conversation), func(other uint32) bool {
		o := &a.Legs[other]
		return other != n && o.ID == l.ID && o.Start == l.Start && a.OwnsLeg(other)
	})
}

// missingRecordings reports recordings that are missing and too short.
func (p *callPart) missingRecordings(s *assessment) {
	undecided := s.call.Verdict == VerdictIndeterminate && s.doubt != NoEnd
	for _, id := range s.lost {
		status := statusUnless(undecided || id != intern.None && p.assessor.isPossible(s.leg, id))
		p.found(s, MissingRecording, NoField, id, p.assessor.trail(s, id), status)
		key := evidence.KeyOf(p.Legs[s.leg].Org, id)

		// Legs may list the same recording, which is missing only once.
		switch {
		case id == intern.None:
			p.nameless++
		case p.lost == nil:
			p.lost = map[uint64]bool{key: true}
		default:
			p.lost[key] = true
		}
	}

	if s.short {
		uncovered := p.Texts.OfString(decimal(floorMS(s.gap)))
		p.found(s, ShortRecording, NoField, intern.None, uncovered, statusUnless(undecided))
	}
}

// trail says what there is instead of a recording that is missing: the first of
// media that is gone or promised, a recording that other legs have, one that looks
// like it, and recordings of its conversation that are of no leg.
func (a *assessor) trail(s *assessment, id intern.Text) intern.Text {
	l := &a.Legs[s.leg]
	group := a.entries.ByConversation.Find(l.Org, l.Conversation)
	about := group
	if id != intern.None {
		about = a.entries.ByRecording.Find(l.Org, id)
	}

	pending, gone, apart := false, []string(nil), 0
	for _, n := range about {
		switch st := &a.entries.States[n]; {
		case st.Void:
			gone = append(gone, a.whyGone(n))
		case st.Pending:
			pending = true
		}
	}
	for _, n := range group {
		if a.entries.States[n].Hears() && !a.pairs.Used(n) {
			apart++
		}
	}

	like, looksLike := a.likes[s.leg]
	switch {
	case gone != nil:
		slices.Sort(gone)
		return a.Texts.OfString("void=" + strings.Join(slices.Compact(gone), ";"))
	case pending:
		return a.Texts.OfString("pending")
	case a.pairs.Contested(s.leg):
		return a.words.doubts[Contested]
	case looksLike:
		return a.Texts.OfString("like=" + a.nameOf(like))
	case apart > 0:
		return a.Texts.OfString("apart=" + strconv.Itoa(apart))
	}
	return intern.None
}

// whyGone says why nobody can hear the media of a void entry.
func (a *assessor) whyGone(n uint32) string {
	e, heard := &a.Entries[n], match.HeardOf(a.Evidence, n)
	switch {
	case heard != nil && heard.Code != intern.None:
		return MediaUnreadable.String()
	case heard != nil && heard.NotAudio():
		return MediaNotAudio.String()
	case a.media.IsAbsent(e):
		return strings.ToLower(a.Texts.String(e.State))
	}
	return MediaMissing.String()
}

// nameOf names an entry by its recording, else by its place.
func (a *assessor) nameOf(entry uint32) string {
	e := &a.Entries[entry]
	if e.Recording != intern.None {
		return a.Texts.String(e.Recording)
	}
	object := a.Documents[e.Doc].Object
	return a.SourceOf(object).Name + ":" + a.Objects[object].Key + "#" + strconv.FormatUint(uint64(e.Index), 10)
}

// invalidFields reports the first value of each field that did not parse.
func (p *callPart) invalidFields(s *assessment, invalid []evidence.LegInvalid) {
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

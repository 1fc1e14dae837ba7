package reconcile

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"cdrmend/internal/cdr"
	"cdrmend/internal/doubt"
	"cdrmend/internal/evidence"
	"cdrmend/internal/intern"
	"cdrmend/internal/manifest"
	"cdrmend/internal/match"
	"cdrmend/internal/policy"
	"cdrmend/internal/profile"
	"cdrmend/internal/record"
)

// entryReporter makes the findings of one part of the entries. Parts run in
// parallel. They share outcomes, and each part writes only the elements of its own
// entries.
type entryReporter struct {
	report
	legs       *match.LegGroups
	entries    *match.EntryGroups
	objects    evidence.ObjectOrder
	candidates match.Candidates
	words      *words
	media      *match.MediaWords
	doubts     *doubt.Sources
	channels   []uint16 // that recordings of a source usually have; 0: nothing is usual
	outcomes   []entryOutcome
}

// reportEntries makes the findings of every owned entry, in the order of the
// entries.
func reportEntries(blank report, entries *match.EntryGroups, legs *match.LegGroups, objects evidence.ObjectOrder, candidates match.Candidates, doubts *doubt.Sources, channels []uint16, words *words, spread evidence.Spread) ([]entryOutcome, []report) {
	media := match.MediaWordsOf(entries.Evidence)
	outcomes := make([]entryOutcome, len(entries.States))
	reports := make([]report, spread.Parts(len(entries.States)))
	spread.EachPart(len(entries.States), func(i, from, to int) {
		r := entryReporter{
			report: blank, legs: legs, entries: entries, objects: objects, candidates: candidates,
			words: words, media: media, doubts: doubts, channels: channels, outcomes: outcomes,
		}
		r.findings = make([]Finding, 0, repairedFields(entries.States[from:to])+64) // most findings are of repaired fields
		r.part(from, to)
		reports[i] = r.report
	})
	return outcomes, reports
}

func repairedFields(states []match.EntryState) (n int) {
	for i := range states {
		n += states[i].NumRepaired()
	}
	return n
}

// part reports the entries from one number up to another. It passes each entry
// the entry's invalid values. Both are in the same order, so one pass is enough.
func (r *entryReporter) part(from, to int) {
	doc, invalid := uint32(math.MaxUint32), []record.Invalid(nil)
	for n := uint32(from); n < uint32(to); n++ {
		e := &r.Entries[n]
		if e.Doc != doc {
			doc, invalid = e.Doc, r.invalidFrom(e)
		}

		// Entries of the margin advance the list too.
		own := firstOf(&invalid, func(v *record.Invalid) int { return cmp.Compare(v.Row, e.Index) })
		if r.entries.Owned[n] {
			r.entry(n, own)
		}
	}
}

// invalidFrom returns the invalid values of an entry and of the later entries of
// its document.
func (r *entryReporter) invalidFrom(e *manifest.Entry) []record.Invalid {
	rare := r.Documents[e.Doc].Extra
	if rare == nil {
		return nil
	}

	at, _ := slices.BinarySearchFunc(rare.Invalid, e.Index, func(v record.Invalid, index uint32) int { return cmp.Compare(v.Row, index) })
	return rare.Invalid[at:]
}

// entry makes the findings of one entry.
func (r *entryReporter) entry(n uint32, invalid []record.Invalid) {
	e, st := &r.Entries[n], &r.entries.States[n]
	legs, by := r.legs.OfEntry(e, st.Voice)
	switch {
	case !st.Voice:
	case len(legs) == 0:
		r.need(r.legs.Facts.EmptyAt(policy.CDRs, e.Org, e.Start))
		r.noCDR(n, intern.None)
	case by == match.ByConversation && r.apart(e):
		r.noCDR(n, r.words.apart)
	}

	r.fields(n)
	r.conflicts(n, legs, by)
	r.invalidFields(n, invalid)
	r.duplicate(n)
	r.reportMedia(n, legs)
}

// found adds a finding of an entry and updates the outcome of the entry, which
// its own status and the verdicts on its legs depend on.
func (r *entryReporter) found(n uint32, class Class, f record.Field, detail intern.Text, status Status) {
	r.foundAs(classes[class].severity, n, class, f, detail, status)
}

func (r *entryReporter) foundAs(severity policy.Severity, n uint32, class Class, f record.Field, detail intern.Text, status Status) {
	e, outcome := &r.Entries[n], &r.outcomes[n]
	found := r.add(Finding{
		Class: class, Severity: severity, Field: f, About: AboutEntry, Subject: n, Status: status,
		Recording: e.Recording, Detail: detail, Outage: r.legs.OutageOfEntry(e, r.entries.States[n].Voice),
	}, func(b []byte) []byte { return r.appendLocation(b, r.Documents[e.Doc].Object, e.Index) })

	// An accepted finding does not count for the entry's status, but the entry is
	// still incomplete.
	switch class {
	case MissingField, AmbiguousField, Conflict, MetadataMissing, MediaMismatch:
		outcome.incomplete = true
	}

	if found.Status.Counts() {
		outcome.open = true
		outcome.severe = outcome.severe || found.Severity >= policy.Major
	}
}

// noCDR reports an entry without a leg, or one that is apart from all legs of its
// conversation.
func (r *entryReporter) noCDR(n uint32, detail intern.Text) {
	r.outcomes[n].withoutCDR = true
	r.found(n, NoCDR, NoField, detail, statusUnless(r.legs.HidesLegsOf(&r.Entries[n])))
}

// mostApart is how much of an entry may lie outside all legs of its conversation,
// in microseconds, however short the entry is.
const mostApart = 60_000_000

// apart reports whether most of an entry lies outside all legs of its
// conversation, and clocks that differ are no reason for it.
func (r *entryReporter) apart(e *manifest.Entry) bool {
	span, valid := match.SpanOfEntry(e)
	if !valid {
		return false
	}
	var legs []record.Span
	for _, leg := range r.legs.OfConversation(e) {
		legSpan, timed := match.SpanOfLeg(&r.Legs[leg])
		if !timed || r.doubts.ClocksDiffer(r.SourceOfLeg(leg), r.Objects[r.Documents[e.Doc].Object].Source) {
			return false
		}
		legs = append(legs, legSpan)
	}
	all := int64(span.End - span.Start)
	outside := all - record.Common([]record.Span{span}, record.Union(legs))
	return 2*outside > all && outside > mostApart
}

// fields reports required fields that were repaired, are ambiguous or are still
// missing.
func (r *entryReporter) fields(n uint32) {
	e, st := &r.Entries[n], &r.entries.States[n]
	for f := range record.Field(record.NumEntryFields) {
		if !r.Requires(e, st.Voice, f) {
			continue
		}

		switch {
		case st.IsRepaired(f):
			r.found(n, RepairedField, f, r.words.rules[st.RuleOf(f)], Repaired)
			continue
		case st.IsAmbiguous(f):
			r.found(n, AmbiguousField, f, r.candidates.Of(n, f), r.ambiguityStatus(e, f))
			continue
		}
		if !isMissing(e, f) || st.Void || st.Pending {
			continue
		}

		// A hidden leg could name an id, but no leg gives an entry its times.
		status := Open
		switch f {
		case record.TrunkID, record.ConversationID, record.RecordingID:
			status = statusUnless(r.legs.HidesLegsOf(e))
		}
		r.found(n, MissingField, f, intern.None, status)
	}
}

// ambiguityStatus returns the status of an ambiguous field. For a recording id it
// depends on hidden input: if hidden entries have all candidates but one, the id
// is known.
func (r *entryReporter) ambiguityStatus(e *manifest.Entry, f record.Field) Status {
	if f != record.RecordingID {
		return Open
	}
	return statusUnless(r.legs.HidesMatchesOf(e.Org, r.legs.OfConversation(e)))
}

// isMissing reports whether the final value of a field is missing.
func isMissing(e *manifest.Entry, f record.Field) bool {
	switch f {
	case record.OrgID:
		return e.Org == intern.None
	case record.RecordingID:
		return e.Recording == intern.None
	case record.ConversationID:
		return e.Conversation == intern.None
	case record.TrunkID:
		return e.Trunk == intern.None
	case record.StartTime:
		return !e.Start.Known()
	case record.EndTime:
		return !e.End.Known()
	case record.DurationMS:
		return e.Duration == profile.NoInt
	case record.MediaKey: // e.MediaKey is that of the body only if the reader keeps it
		return !e.Has(f) && e.MediaKey == intern.None
	}
	return !e.Has(f)
}

// conflicts reports, for each field, the first other input that contradicts the
// entry.
func (r *entryReporter) conflicts(n uint32, legs []uint32, by match.By) {
	e := &r.Entries[n]
	key := r.KeyIDs(e, r.legs.Facts.Overused)
	r.conflictWithKey(n, record.RecordingID, e.Recording, key.Recording)
	r.conflictWithKey(n, record.OrgID, e.Org, key.Org)
	if !r.conflictWithKey(n, record.ConversationID, e.Conversation, key.Conversation) && by == match.ByID {
		r.conflictWithLegs(n, record.ConversationID, e.Conversation, legs, func(l *cdr.Shown) intern.Text { return l.Conversation })
	}
	if conversation := r.legs.OfConversation(e); r.entries.States[n].Voice && by != match.ByID && r.legs.Misnamed(e, conversation) {
		detail := fmt.Sprintf("entry=%s;source=cdr", profile.Cut(r.Texts.String(e.Leg)))
		r.found(n, Conflict, record.LegID, r.Texts.OfString(detail), Open)
	}
	if r.entries.States[n].Voice {
		r.conflictWithLegs(n, record.TrunkID, e.Trunk, r.legs.OfConversation(e), func(l *cdr.Shown) intern.Text { return l.Trunk })
	}
	r.conflictOfDuration(n)
}

func (r *entryReporter) conflictWithKey(n uint32, f record.Field, value, inKey intern.Text) bool {
	if !r.Entries[n].Has(f) || inKey == intern.None || value == inKey {
		return false
	}

	r.conflict(n, f, r.Texts.String(value), r.Texts.String(inKey), "object-key")
	return true
}

// conflictWithLegs reports a value if no leg names it and legs name other values.
// The finding shows the first of the other values in byte order.
func (r *entryReporter) conflictWithLegs(n uint32, f record.Field, value intern.Text, legs []uint32, named func(*cdr.Shown) intern.Text) {
	other := intern.None
	for _, leg := range legs {
		v := named(&r.Legs[leg])
		if v == value {
			return // one leg that agrees is enough
		}

		if v != intern.None && (other == intern.None || r.Texts.Compare(v, other) < 0) {
			other = v
		}
	}

	if value != intern.None && other != intern.None {
		r.conflict(n, f, r.Texts.String(value), r.Texts.String(other), "cdr")
	}
}

func (r *entryReporter) conflictOfDuration(n uint32) {
	e := &r.Entries[n]
	tolerance := r.Policy.DurationTolerance
	if tolerance < 0 || e.Duration == profile.NoInt || r.entries.States[n].Unmeasured || !e.Start.Known() || !e.End.Known() {
		return
	}

	// A duration above the maximum overflows when it is converted to microseconds.
	actual := int64(e.End - e.Start)
	off := e.Duration*1000 - actual
	if e.Duration <= match.MaxDuration && max(off, -off) <= tolerance.Microseconds() {
		return
	}

	r.conflict(n, record.DurationMS, decimal(e.Duration), decimal(floorMS(actual)), "arithmetic")
}

func (r *entryReporter) conflict(n uint32, f record.Field, value, other, source string) {
	r.found(n, Conflict, f, r.Texts.OfString(fmt.Sprintf("entry=%s;other=%s;source=%s", profile.Cut(value), profile.Cut(other), source)), Open)
}

// invalidFields reports the first value of each field that did not parse.
func (r *entryReporter) invalidFields(n uint32, invalid []record.Invalid) {
	var seen record.Fields
	for _, v := range invalid {
		if !seen.Has(v.Field) {
			seen.Add(v.Field)
			r.found(n, InvalidField, v.Field, r.Texts.OfString(v.Raw), Open)
		}
	}

	// If the end did not parse either, one finding for the field is enough.
	e := &r.Entries[n]
	switch {
	case seen.Has(record.EndTime) || !e.Start.Known() || !e.End.Known():
	case e.End < e.Start:
		r.found(n, InvalidField, record.EndTime, r.words.endBeforeStart, Open)
	case e.End > e.Start.Add(match.LongestRecording):
		r.found(n, InvalidField, record.EndTime, r.words.over24h, Open)
	}
}

// duplicate reports an entry if an earlier entry has the same recording. Earlier
// is in (object key, source, index) order, so the first one of a recording is never
// reported.
func (r *entryReporter) duplicate(n uint32) {
	e := &r.Entries[n]
	same := r.entries.ByRecording.Find(e.Org, e.Recording)
	if len(same) < 2 {
		return
	}

	first := slices.MinFunc(same, r.objects.CompareEntries)
	if first == n {
		return
	}

	detail := "differing"
	if r.OfEntries[first] == r.OfEntries[n] && asRead(r.Entries[first]) == asRead(r.Entries[n]) {
		detail = "same"
	}
	r.found(n, Duplicate, NoField, r.Texts.OfString(detail), Open)
}

// asRead returns an entry as it was read: without filled-in values, and without
// its place, so that two entries can be compared.
func asRead(e manifest.Entry) manifest.Entry {
	e.Doc, e.Index = 0, 0
	e.Present &= 1<<record.NumEntryFields - 1 // how a value was written does not count
	unlessGiven(&e, record.OrgID, &e.Org, intern.None)
	unlessGiven(&e, record.RecordingID, &e.Recording, intern.None)
	unlessGiven(&e, record.ConversationID, &e.Conversation, intern.None)
	unlessGiven(&e, record.TrunkID, &e.Trunk, intern.None)
	unlessGiven(&e, record.StartTime, &e.Start, record.NoTime)
	unlessGiven(&e, record.EndTime, &e.End, record.NoTime)
	unlessGiven(&e, record.DurationMS, &e.Duration, profile.NoInt)
	e.MediaKey = intern.None // as it was read, the hash of the details covers it
	return e
}

// unlessGiven sets a value to missing if the entry as it was read lacked it.
func unlessGiven[T any](e *manifest.Entry, f record.Field, value *T, missing T) {
	if !e.Has(f) {
		*value = missing
	}
}

package reconcile

import (
	"cmp"
	"fmt"
	"slices"

	"cdrmend/internal/manifest"
	"cdrmend/internal/policy"
	"cdrmend/internal/record"
)

// judgeEntries makes the findings of every owned entry.
func (d *decider) judgeEntries() {
	// Nearly all findings of a night in which much was lost are repairs.
	repairs := len(d.decision.Repairs)
	d.decision.Findings = make([]Finding, 0, repairs+repairs/16+1024)
	for i := range d.Documents {
		doc := &d.Documents[i]
		var invalid []record.Invalid
		if doc.Rare != nil {
			invalid = doc.Rare.Invalid
		}
		for n := doc.First; n < doc.First+doc.N; n++ {
			index := d.Entries[n].Index
			mine := 0
			for mine < len(invalid) && invalid[mine].Row == index {
				mine++
			}
			if d.state[n].owned {
				d.judgeEntry(n, invalid[:mine])
			}
			invalid = invalid[mine:]
		}
	}
}

func (d *decider) judgeEntry(n uint32, invalid []record.Invalid) {
	e, st := &d.Entries[n], &d.state[n]
	if st.voice {
		d.entryStarts(e)
	}
	legs, byID := d.legsOfEntry(n)
	if st.voice && len(legs) == 0 {
		d.reportEntry(n, NoCDR, NoField, "", d.cdrsIncomplete(e).status())
	}
	d.judgeFields(n)
	d.judgeConflicts(n, legs, byID)
	d.judgeInvalid(n, invalid)
	d.judgeDuplicate(n)
	d.judgeMedia(n)
}

// judgeFields reports what was repaired, what stays ambiguous and what stays
// missing.
func (d *decider) judgeFields(n uint32) {
	e, st := &d.Entries[n], &d.state[n]
	for f := range record.Field(record.NumEntryFields) {
		if !d.requires(e, st, f) {
			continue
		}
		if i := place(f); i >= 0 {
			switch {
			case st.repaired&(1<<i) != 0:
				d.reportEntry(n, RepairedField, f, st.rule[i].String(), Repaired)
				continue
			case st.ambiguous&(1<<i) != 0:
				d.reportEntry(n, AmbiguousField, f, d.Texts.String(d.candidate[n][i]), d.ambiguityStatus(e, f))
				continue
			}
		}
		if !d.missing(e, f) {
			continue
		}
		status := Open
		switch f {
		case record.TrunkID, record.ConversationID, record.RecordingID:
			status = d.cdrsIncomplete(e).status()
		}
		d.reportEntry(n, MissingField, f, "", status)
	}
}

func (d *decider) ambiguityStatus(e *manifest.Entry, f record.Field) Status {
	if f != record.RecordingID {
		return Open
	}
	return d.hidden(e.Org, d.legsOf.find(e.Org, e.Conversation)).status()
}

// missing reports whether the final value of a field is missing.
func (d *decider) missing(e *manifest.Entry, f record.Field) bool {
	switch f {
	case record.OrgID:
		return e.Org == record.None
	case record.RecordingID:
		return e.Recording == record.None
	case record.ConversationID:
		return e.Conversation == record.None
	case record.TrunkID:
		return e.Trunk == record.None
	case record.StartTime:
		return !e.Start.Known()
	case record.EndTime:
		return !e.End.Known()
	case record.DurationMS:
		return e.Duration == record.NoInt
	case record.MediaKey:
		return !e.Has(f) && e.MediaKey == record.None
	}
	return !e.Has(f)
}

// judgeConflicts reports, for each field, the first way in which what the
// entry says contradicts something else.
func (d *decider) judgeConflicts(n uint32, legs []uint32, byID bool) {
	e := &d.Entries[n]
	key := d.keyIDs(e)
	d.conflictWithKey(n, record.RecordingID, e.Recording, key.Recording)
	d.conflictWithKey(n, record.OrgID, e.Org, key.Org)
	if !d.conflictWithKey(n, record.ConversationID, e.Conversation, key.Conversation) && byID {
		var named values
		for _, leg := range legs {
			named.add(d.Legs[leg].Conversation, d.Legs[leg].Ref)
		}
		d.conflictWithLegs(n, record.ConversationID, e.Conversation, named.ids)
	}
	if d.state[n].voice {
		d.conflictWithLegs(n, record.TrunkID, e.Trunk, d.trunks(d.legsOf.find(e.Org, e.Conversation)).ids)
	}
	d.conflictOfDuration(n)
}

func (d *decider) conflictWithKey(n uint32, f record.Field, value, inKey record.Text) bool {
	if !d.Entries[n].Has(f) || inKey == record.None || value == inKey {
		return false
	}
	d.conflict(n, f, d.Texts.String(value), d.Texts.String(inKey), "object-key")
	return true
}

func (d *decider) conflictWithLegs(n uint32, f record.Field, value record.Text, named []record.Text) {
	if value == record.None || len(named) == 0 || slices.Contains(named, value) {
		return
	}
	first := slices.MinFunc(named, d.Texts.Compare)
	d.conflict(n, f, d.Texts.String(value), d.Texts.String(first), "cdr")
}

func (d *decider) conflictOfDuration(n uint32) {
	e := &d.Entries[n]
	tolerance := d.Policy.DurationTolerance
	if tolerance < 0 || e.Duration == record.NoInt || !e.Start.Known() || !e.End.Known() {
		return
	}
	actual := int64(e.End - e.Start)
	if e.Duration <= maxDuration && abs(e.Duration*1000-actual) <= tolerance.Microseconds() {
		return
	}
	d.conflict(n, record.DurationMS, decimal(e.Duration), decimal(floorMS(actual)), "arithmetic")
}

func abs(n int64) int64 { return max(n, -n) }

// floorMS returns whole milliseconds, rounded down also below zero.
func floorMS(micros int64) int64 {
	if micros < 0 {
		return -((-micros + 999) / 1000)
	}
	return micros / 1000
}

func (d *decider) conflict(n uint32, f record.Field, value, other, source string) {
	d.reportEntry(n, Conflict, f, fmt.Sprintf("entry=%s;other=%s;source=%s", value, other, source), Open)
}

// judgeInvalid reports the first problem of each field.
func (d *decider) judgeInvalid(n uint32, invalid []record.Invalid) {
	var seen record.Fields
	for _, v := range invalid {
		if !seen.Has(v.Field) {
			seen.Add(v.Field)
			d.reportEntry(n, InvalidField, v.Field, v.Raw, Open)
		}
	}
	e := &d.Entries[n]
	if e.Start.Known() && e.End.Known() && e.End < e.Start && !seen.Has(record.EndTime) {
		d.reportEntry(n, InvalidField, record.EndTime, "end-before-start", Open)
	}
}

// judgeDuplicate reports an entry whose recording an earlier one has.
func (d *decider) judgeDuplicate(n uint32) {
	e := &d.Entries[n]
	same := d.withID.find(e.Org, e.Recording)
	if len(same) < 2 {
		return
	}
	first := slices.MinFunc(same, d.entryOrder)
	if first == n {
		return
	}
	detail := "differing"
	if d.sameAsRead(first, n) {
		detail = "same"
	}
	d.reportEntry(n, Duplicate, NoField, detail, Open)
}

// entryOrder orders entries by (object key, source, index).
func (d *decider) entryOrder(a, b uint32) int {
	x, y := &d.Entries[a], &d.Entries[b]
	return cmp.Or(
		cmp.Compare(d.byKey[d.Documents[x.Doc].Object], d.byKey[d.Documents[y.Doc].Object]),
		cmp.Compare(x.Index, y.Index),
	)
}

// sameAsRead reports whether two entries said the same in every field.
func (d *decider) sameAsRead(a, b uint32) bool { return d.asRead(a) == d.asRead(b) }

// asRead returns an entry without its place and without what was filled in.
func (d *decider) asRead(n uint32) manifest.Entry {
	e := d.Entries[n]
	e.Doc, e.Index = 0, 0
	clear := func(f record.Field, id *record.Text) {
		if !e.Has(f) {
			*id = record.None
		}
	}
	clear(record.OrgID, &e.Org)
	clear(record.RecordingID, &e.Recording)
	clear(record.ConversationID, &e.Conversation)
	clear(record.TrunkID, &e.Trunk)
	e.MediaKey = record.None // as read it is part of the rest
	if !e.Has(record.StartTime) {
		e.Start = record.NoTime
	}
	if !e.Has(record.EndTime) {
		e.End = record.NoTime
	}
	if !e.Has(record.DurationMS) {
		e.Duration = record.NoInt
	}
	return e
}

// judgeMedia reports what is wrong with the audio itself.
func (d *decider) judgeMedia(n uint32) {
	e := &d.Entries[n]
	doc := &d.Documents[e.Doc]
	key := d.Texts.String(e.MediaKey)
	if doc.Virtual {
		d.reportEntry(n, MetadataMissing, NoField, key, Open)
	}
	if d.Media == nil || e.MediaKey == record.None {
		return
	}
	size, found := d.Media.Size(d.Objects[doc.Object].Source, e.MediaKey)
	switch {
	case !found:
		d.reportEntry(n, MediaMissing, NoField, key, Open)
	case d.Media.CheckSize && e.MediaBytes != record.NoInt && e.MediaBytes != size:
		d.reportEntry(n, MediaMismatch, NoField, fmt.Sprintf("expected=%d;actual=%d", e.MediaBytes, size), Open)
	}
}

// entryStarts notes that the cdrs of the entry's start are needed.
func (d *decider) entryStarts(e *manifest.Entry) { d.need(policy.CDRs, e.Org, e.Start) }

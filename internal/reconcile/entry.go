package reconcile

import (
	"cmp"
	"fmt"
	"math"
	"math/bits"
	"slices"

	"cdrmend/internal/manifest"
	"cdrmend/internal/policy"
	"cdrmend/internal/record"
)

// judgeEntries makes the findings of every owned entry.
func (d *decider) judgeEntries() {
	d.inParts(len(d.Entries), func(j *judge, from, to int) {
		j.findings = make([]Finding, 0, d.repairedFields(from, to)+64) // hardly anything else is reported as often
		doc, invalid := uint32(math.MaxUint32), []record.Invalid(nil)
		for n := uint32(from); n < uint32(to); n++ {
			if (n-uint32(from))%together == 0 {
				j.touched += d.touchEntries(n, min(n+together, uint32(to)))
			}
			e := &d.Entries[n]
			if e.Doc != doc {
				doc, invalid = e.Doc, d.invalidFrom(e)
			}
			for len(invalid) > 0 && invalid[0].Row < e.Index {
				invalid = invalid[1:]
			}
			mine := 0
			for mine < len(invalid) && invalid[mine].Row == e.Index {
				mine++
			}
			if d.state[n].owned {
				j.judgeEntry(n, invalid[:mine])
			}
			invalid = invalid[mine:]
		}
	})
	if !d.traced() {
		d.claims = nil // are of entries only
	}
}

// touchEntries looks at what is going to be asked about some entries.
func (d *decider) touchEntries(from, to uint32) uint64 {
	var recordings, conversations [together]record.Text
	for n := from; n < to; n++ {
		recordings[n-from], conversations[n-from] = d.Entries[n].Recording, d.Entries[n].Conversation
	}
	leg := func(n uint32) uint64 { return uint64(d.Legs[n].Trunk) }
	return d.claims.touch(recordings[:to-from], leg) + d.legsOf.touch(conversations[:to-from], leg) +
		d.withID.touch(recordings[:to-from], func(n uint32) uint64 { return uint64(n) })
}

func (d *decider) repairedFields(from, to int) (n int) {
	for i := from; i < to; i++ {
		n += bits.OnesCount8(d.state[i].repaired)
	}
	return n
}

// invalidFrom returns what did not parse in an entry and in those of its
// document after it.
func (d *decider) invalidFrom(e *manifest.Entry) []record.Invalid {
	rare := d.Documents[e.Doc].Rare
	if rare == nil {
		return nil
	}
	at, _ := slices.BinarySearchFunc(rare.Invalid, e.Index, func(v record.Invalid, index uint32) int { return cmp.Compare(v.Row, index) })
	return rare.Invalid[at:]
}

func (j *judge) judgeEntry(n uint32, invalid []record.Invalid) {
	e, st := &j.Entries[n], &j.state[n]
	if st.voice {
		j.need(policy.CDRs, e.Org, e.Start)
	}
	legs, byID := j.legsOfEntry(n)
	if st.voice && len(legs) == 0 {
		j.reportEntry(n, NoCDR, NoField, record.None, j.cdrsIncomplete(e).status())
	}
	j.judgeFields(n)
	j.judgeConflicts(n, legs, byID)
	j.judgeInvalid(n, invalid)
	j.judgeDuplicate(n)
	j.judgeMedia(n)
}

// judgeFields reports what was repaired, what stays ambiguous and what stays
// missing.
func (j *judge) judgeFields(n uint32) {
	e, st := &j.Entries[n], &j.state[n]
	for f := range record.Field(record.NumEntryFields) {
		if !j.requires(e, st, f) {
			continue
		}
		if i := place(f); i >= 0 {
			switch {
			case st.repaired&(1<<i) != 0:
				j.reportEntry(n, RepairedField, f, j.decision.words.rules[st.rule(i)], Repaired)
				continue
			case st.ambiguous&(1<<i) != 0:
				j.reportEntry(n, AmbiguousField, f, j.candidate[candidacy{n, f}], j.ambiguityStatus(e, f))
				continue
			}
		}
		if !j.missing(e, f) {
			continue
		}
		status := Open
		switch f {
		case record.TrunkID, record.ConversationID, record.RecordingID:
			status = j.cdrsIncomplete(e).status()
		}
		j.reportEntry(n, MissingField, f, record.None, status)
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
func (j *judge) judgeConflicts(n uint32, legs []uint32, byID bool) {
	e := &j.Entries[n]
	key := j.keyIDs(e)
	j.conflictWithKey(n, record.RecordingID, e.Recording, key.Recording)
	j.conflictWithKey(n, record.OrgID, e.Org, key.Org)
	if !j.conflictWithKey(n, record.ConversationID, e.Conversation, key.Conversation) && byID {
		j.named = j.named[:0]
		for _, leg := range legs {
			j.name(j.Legs[leg].Conversation)
		}
		j.conflictWithLegs(n, record.ConversationID, e.Conversation)
	}
	if j.state[n].voice {
		j.named = j.named[:0]
		for _, leg := range j.legsOf.find(e.Org, e.Conversation) {
			j.name(j.Legs[leg].Trunk)
		}
		j.conflictWithLegs(n, record.TrunkID, e.Trunk)
	}
	j.conflictOfDuration(n)
}

func (j *judge) conflictWithKey(n uint32, f record.Field, value, inKey record.Text) bool {
	if !j.Entries[n].Has(f) || inKey == record.None || value == inKey {
		return false
	}
	j.conflict(n, f, j.Texts.String(value), j.Texts.String(inKey), "object-key")
	return true
}

// name notes a value that a leg names.
func (j *judge) name(id record.Text) {
	if id != record.None {
		j.named = append(j.named, id)
	}
}

// conflictWithLegs reports a value that is none of those that legs name.
func (j *judge) conflictWithLegs(n uint32, f record.Field, value record.Text) {
	if value == record.None || len(j.named) == 0 || slices.Contains(j.named, value) {
		return
	}
	first := slices.MinFunc(j.named, j.Texts.Compare)
	j.conflict(n, f, j.Texts.String(value), j.Texts.String(first), "cdr")
}

func (j *judge) conflictOfDuration(n uint32) {
	e := &j.Entries[n]
	tolerance := j.Policy.DurationTolerance
	if tolerance < 0 || e.Duration == record.NoInt || !e.Start.Known() || !e.End.Known() {
		return
	}
	actual := int64(e.End - e.Start)
	if e.Duration <= maxDuration && abs(e.Duration*1000-actual) <= tolerance.Microseconds() {
		return
	}
	j.conflict(n, record.DurationMS, decimal(e.Duration), decimal(floorMS(actual)), "arithmetic")
}

func abs(n int64) int64 { return max(n, -n) }

// floorMS returns whole milliseconds, rounded down also below zero.
func floorMS(micros int64) int64 {
	if micros < 0 {
		return -((-micros + 999) / 1000)
	}
	return micros / 1000
}

func (j *judge) conflict(n uint32, f record.Field, value, other, source string) {
	j.reportEntry(n, Conflict, f, j.Texts.OfString(fmt.Sprintf("entry=%s;other=%s;source=%s", value, other, source)), Open)
}

// judgeInvalid reports the first problem of each field.
func (j *judge) judgeInvalid(n uint32, invalid []record.Invalid) {
	var seen record.Fields
	for _, v := range invalid {
		if !seen.Has(v.Field) {
			seen.Add(v.Field)
			j.reportEntry(n, InvalidField, v.Field, j.Texts.OfString(v.Raw), Open)
		}
	}
	e := &j.Entries[n]
	if e.Start.Known() && e.End.Known() && e.End < e.Start && !seen.Has(record.EndTime) {
		j.reportEntry(n, InvalidField, record.EndTime, j.Texts.OfString("end-before-start"), Open)
	}
}

// judgeDuplicate reports an entry whose recording an earlier one has.
func (j *judge) judgeDuplicate(n uint32) {
	e := &j.Entries[n]
	same := j.withID.find(e.Org, e.Recording)
	if len(same) < 2 {
		return
	}
	first := slices.MinFunc(same, j.entryOrder)
	if first == n {
		return
	}
	detail := "differing"
	if j.sameAsRead(first, n) {
		detail = "same"
	}
	j.reportEntry(n, Duplicate, NoField, j.Texts.OfString(detail), Open)
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
func (j *judge) judgeMedia(n uint32) {
	e := &j.Entries[n]
	doc := &j.Documents[e.Doc]
	if doc.Virtual {
		j.reportEntry(n, MetadataMissing, NoField, e.MediaKey, Open)
	}
	if j.Media == nil || e.MediaKey == record.None {
		return
	}
	size, found := j.Media.Size(j.Objects[doc.Object].Source, e.MediaKey)
	switch {
	case !found:
		j.reportEntry(n, MediaMissing, NoField, e.MediaKey, Open)
	case j.Media.CheckSize && e.MediaBytes != record.NoInt && e.MediaBytes != size:
		j.reportEntry(n, MediaMismatch, NoField, j.Texts.OfString(fmt.Sprintf("expected=%d;actual=%d", e.MediaBytes, size)), Open)
	}
}

package reconcile

import (
	"slices"
	"strings"
	"time"

	"cdrmend/internal/manifest"
	"cdrmend/internal/record"
)

// legDuration is how long a leg without an end is taken to last.
const legDuration = 24 * time.Hour

// maxDuration keeps arithmetic on times within what can be written.
const maxDuration = int64(1000) * 365 * 24 * 3600 * 1000

func place(f record.Field) int { return slices.Index(manifest.Repairable[:], f) }

// keyIDs returns what the entry's object key says about it. With several
// entries a key cannot name one recording, and an id that too many records
// carry is none in a key either.
func (d *decider) keyIDs(e *manifest.Entry) manifest.KeyIDs {
	doc := &d.Documents[e.Doc]
	key := doc.Key
	if doc.N > 1 {
		key.Recording, key.Media = record.None, record.None
	}
	if d.badConversations[keyOf(e.Org, key.Conversation)] {
		key.Conversation = record.None
	}
	if d.badRecordings[keyOf(e.Org, key.Recording)] {
		key.Recording = record.None
	}
	return key
}

// takeFromNames fills in, for every entry, the ids that names tell and the
// one time that the other two tell.
func (d *decider) takeFromNames() {
	d.nameMedia()
	normalizers := make([]*record.Normalizer, len(d.Sources))
	for i := range d.Entries {
		e, st := &d.Entries[i], &d.state[i]
		source := d.Objects[d.Documents[e.Doc].Object].Source
		if normalizers[source] == nil {
			normalizers[source] = &record.Normalizer{Profile: d.Sources[source].Profile, Texts: d.Texts}
		}
		key := d.keyIDs(e)
		if !e.Has(record.MediaKey) {
			e.MediaKey = key.Media
		}
		if e.Conversation == record.None {
			e.Conversation = key.Conversation
			st.fill(record.ConversationID, ObjectKey, e.Conversation != record.None)
		}
		if e.Recording == record.None {
			e.Recording = key.Recording
			st.fill(record.RecordingID, ObjectKey, e.Recording != record.None)
		}
		if e.Recording == record.None {
			e.Recording = d.mediaID(e, normalizers[source])
			st.fill(record.RecordingID, MediaKey, e.Recording != record.None)
		}
		st.voice = d.isVoice(e)
		d.arithmetic(e, st)
	}
}

// mediaID returns the recording that the entry's media key names.
func (d *decider) mediaID(e *manifest.Entry, n *record.Normalizer) record.Text {
	id := e.Named
	if !e.Has(record.MediaKey) && e.MediaKey != record.None {
		id = manifest.FromMediaKey(n.Profile, d.Texts.AppendTo(nil, e.MediaKey), n)
	}
	if d.badRecordings[keyOf(e.Org, id)] {
		return record.None
	}
	return id
}

// ruleBits is how many bits of an entry's state tell the rule that filled a
// field.
const ruleBits = 3

var _ [1<<ruleBits - NumRules]struct{} // there are no more rules than that

func (st *entryState) fill(f record.Field, rule Rule, filled bool) {
	if filled {
		at := ruleBits * place(f)
		st.rules = st.rules&^((1<<ruleBits-1)<<at) | uint32(rule)<<at
	}
}

// rule returns the rule that filled a field, by its place.
func (st *entryState) rule(i int) Rule { return Rule(st.rules >> (ruleBits * i) & (1<<ruleBits - 1)) }

// nameMedia finds the media types that are voice and the subtypes that are
// screens, in any case.
func (d *decider) nameMedia() {
	d.voices, d.screens = map[record.Text]bool{record.None: true}, map[record.Text]bool{}
	for i := range d.Entries {
		e := &d.Entries[i]
		if _, known := d.voices[e.MediaType]; !known {
			d.voices[e.MediaType] = slices.Contains(d.Policy.VoiceMedia, strings.ToLower(d.Texts.String(e.MediaType)))
		}
		if _, known := d.screens[e.MediaSubtype]; !known {
			d.screens[e.MediaSubtype] = strings.EqualFold(d.Texts.String(e.MediaSubtype), "screen")
		}
	}
}

func (d *decider) isVoice(e *manifest.Entry) bool {
	return d.voices[e.MediaType] && !d.screens[e.MediaSubtype]
}

// requires reports whether the entry's source requires a field of it.
func (d *decider) requires(e *manifest.Entry, st *entryState, f record.Field) bool {
	if f == record.TrunkID && !st.voice {
		return false
	}
	return d.sourceOfEntry(e).Required.Has(f)
}

// arithmetic computes the one of start, end and duration that is missing.
func (d *decider) arithmetic(e *manifest.Entry, st *entryState) {
	known := e.Duration != record.NoInt && e.Duration <= maxDuration
	switch {
	case e.Start.Known() && e.End.Known():
		if e.Duration == record.NoInt && e.End >= e.Start {
			e.Duration = int64(e.End-e.Start) / 1000
			st.fill(record.DurationMS, Arithmetic, true)
		}
	case e.End.Known() && known:
		if t := e.End - record.Time(e.Duration*1000); t.Valid() {
			e.Start = d.written(e, t)
			st.fill(record.StartTime, Arithmetic, true)
		}
	case e.Start.Known() && known:
		if t := e.Start + record.Time(e.Duration*1000); t.Valid() {
			e.End = d.written(e, t)
			st.fill(record.EndTime, Arithmetic, true)
		}
	}
}

// written cuts a time to the precision of the source's layout: what could not
// be written is not known either.
func (d *decider) written(e *manifest.Entry, t record.Time) record.Time {
	_, t = d.sourceOfEntry(e).Profile.FormatTime(t)
	return t
}

// validSpan returns the entry's span when both times are known and in order.
func validSpan(e *manifest.Entry) (record.Span, bool) {
	return record.Span{Start: e.Start, End: e.End}, e.Start.Known() && e.End.Known() && e.End >= e.Start
}

// own finds the entries, documents and legs that this interval answers for.
func (d *decider) own() {
	d.ownedDoc = make([]bool, len(d.Documents))
	for i := range d.Documents {
		doc := &d.Documents[i]
		flat := d.Partitions[doc.Partition].Span == record.Forever
		own := !flat && d.ownPartition(doc.Partition)
		modified := d.Objects[doc.Object].Modified
		if flat && doc.N == 0 {
			own = d.Interval.Contains(modified)
		}
		for n := doc.First; n < doc.First+doc.N; n++ {
			mine := own
			if flat {
				mine = d.Interval.Contains(d.startOf(&d.Entries[n], modified))
				own = own || mine
			}
			d.state[n].owned = mine
		}
		d.ownedDoc[i] = own
	}
	d.ownedLeg, d.openLeg = make([]bool, len(d.Legs)), make([]bool, len(d.Legs))
	for i := range d.Legs {
		l := &d.Legs[i]
		if l.Start.Known() {
			d.ownedLeg[i] = d.Interval.Contains(l.Start)
		} else {
			d.ownedLeg[i] = d.Interval.Overlaps(d.Partitions[d.Objects[l.Ref.Object].Partition].Span)
		}
	}
	d.decision.ownedDoc = d.ownedDoc
}

func (d *decider) ownPartition(n uint32) bool { return d.Interval.Overlaps(d.Partitions[n].Span) }

// startOf says when an entry of a flat source began: by itself, by the legs
// that list it, by its object.
func (d *decider) startOf(e *manifest.Entry, modified record.Time) record.Time {
	if e.Has(record.StartTime) {
		return e.Start
	}
	first := record.NoTime
	for _, claim := range d.claims.find(e.Org, e.Recording) {
		if t := d.Legs[claim].Start; t.Known() && (!first.Known() || t < first) {
			first = t
		}
	}
	if first.Known() {
		return first
	}
	return modified
}

// indexLegs indexes the legs by their conversations and by the recordings that
// they list.
func (d *decider) indexLegs() {
	d.sideBySide(func() {
		d.legsOf = newIndex(d.Texts, len(d.Legs), d.orgOfLeg, func(n uint32, add func(record.Text)) { add(d.Legs[n].Conversation) })
	}, func() {
		d.claims = newIndex(d.Texts, len(d.Legs), d.orgOfLeg, func(n uint32, add func(record.Text)) {
			for _, id := range record.RunOf(d.Particulars[n].Recordings, d.Recordings) {
				add(id)
			}
		})
	})
}

func (d *decider) orgOfLeg(n uint32) record.Text { return d.Legs[n].Org }

func (d *decider) orgOfEntry(n uint32) record.Text { return d.Entries[n].Org }

// claimUnclaimed gives an entry without a recording id the one id that its
// conversation's legs list and no entry has, when there is one such id and
// one such entry and nothing can be hidden.
func (d *decider) claimUnclaimed() {
	lacks := func(n uint32) bool { return d.Entries[n].Recording == record.None && d.state[n].voice }
	if !slices.ContainsFunc(d.Entries, func(e manifest.Entry) bool { return e.Recording == record.None }) {
		return
	}
	lacking := newIndex(d.Texts, len(d.Entries), d.orgOfEntry, func(n uint32, add func(record.Text)) {
		if lacks(n) {
			add(d.Entries[n].Conversation)
		}
	})
	having := newIndex(d.Texts, len(d.Entries), d.orgOfEntry, func(n uint32, add func(record.Text)) { add(d.Entries[n].Recording) })
	for group := range lacking.groups {
		e := &d.Entries[group[0]]
		legs := d.legsOf.find(e.Org, e.Conversation)
		unclaimed := d.unclaimed(e.Org, legs, having)
		if d.traced() {
			d.contests[keyOf(e.Org, e.Conversation)] = contest{len(group), unclaimed, d.hidden(e.Org, legs)}
		}
		switch {
		case len(unclaimed) == 0:
		case len(unclaimed) == 1 && len(group) == 1 && d.hidden(e.Org, legs) == complete:
			d.claim(group[0], unclaimed[0], legs)
		default:
			d.suspect(group, unclaimed)
		}
	}
}

// unclaimed returns the ids that legs list and no entry has, in byte order.
func (d *decider) unclaimed(org record.Text, legs []uint32, having *index) []record.Text {
	var ids []record.Text
	for _, leg := range legs {
		for _, id := range record.RunOf(d.Particulars[leg].Recordings, d.Recordings) {
			if !slices.Contains(ids, id) && len(having.find(org, id)) == 0 {
				ids = append(ids, id)
			}
		}
	}
	slices.SortFunc(ids, d.Texts.Compare)
	return ids
}

func (d *decider) claim(n uint32, id record.Text, legs []uint32) {
	d.Entries[n].Recording = id
	d.state[n].fill(record.RecordingID, SoleUnclaimed, true)
	d.claimed[n] = cite(&d.decision.Refs, d.listing(legs, id))
}

// listing returns the rows of those legs that list a recording.
func (d *decider) listing(legs []uint32, id record.Text) []record.Ref {
	var refs []record.Ref
	for _, leg := range legs {
		if slices.Contains(record.RunOf(d.Particulars[leg].Recordings, d.Recordings), id) {
			refs = append(refs, d.Legs[leg].Ref)
		}
	}
	return refs
}

func (d *decider) suspect(group []uint32, ids []record.Text) {
	for _, id := range ids {
		d.possible[keyOf(d.Entries[group[0]].Org, id)] = true
	}
	for _, entry := range group {
		d.state[entry].ambiguous |= 1 << place(record.RecordingID)
		d.candidate[candidacy{entry, record.RecordingID}] = d.Texts.OfString(d.joined(ids))
	}
}

// candidacy is a field of an entry for which a rule yielded several values.
type candidacy struct {
	entry uint32
	field record.Field
}

// joined returns texts in byte order, joined by semicolons.
func (d *decider) joined(values []record.Text) string {
	names := make([]string, len(values))
	for i, v := range values {
		names[i] = d.Texts.String(v)
	}
	slices.Sort(names)
	return strings.Join(names, ";")
}

// cite keeps rows that a repair names as evidence.
func cite(all *[]record.Ref, refs []record.Ref) record.Run {
	run := record.Run{At: uint32(len(*all)), N: uint32(len(refs))}
	*all = append(*all, refs...)
	return run
}

// Package cdr turns call detail records into legs: one trunk-side or
// agent-side part of a conversation each, in normal form.
package cdr

import (
	"bufio"
	"io"

	"cdrmend/internal/intern"
	"cdrmend/internal/jsonscan"
	"cdrmend/internal/parquetfile"
	"cdrmend/internal/profile"
	"cdrmend/internal/record"
	"cdrmend/internal/rows"
	"cdrmend/internal/stream"
)

// Leg is one leg of a conversation. A night has more than a million, so it is
// compact and free of pointers, and what tables do not show is a type of its own.
type Leg struct {
	Shown
	Particulars
}

// Shown is what tables show of a leg.
type Shown struct {
	Org, Conversation, ID, Trunk, Line intern.Text
	Direction                          intern.Text
	Users, Queues                      intern.Text // lists, see intern.ListSeparator
	ANI, DNIS                          intern.Number
	Start, Answer, End                 record.Time
	Ref                                record.Ref
}

// Particulars are the other fields that a decision about a leg depends on.
type Particulars struct {
	SaidANI, SaidDNIS intern.Text    // as delivered, trimmed and without prefix; None unless an exclusion asks for words
	Recordings        record.Section // of Texts
	Talk              record.Section // of Spans
	Updated           record.Time
	Same              uint64 // hash of all values: equal for rows that are equal in every field
	Pauses            uint32 // how many of the Spans after Talk are pauses
	TalkMS            int32  // milliseconds, at most 1<<31-1; -1 when missing
	Invalid           uint32 // fields that did not parse
	SIPStatus         int16  // -1 when missing
	Recorded          profile.Tri
	Flags             LegFlags
}

// LegFlags are what a row says about a leg apart from values.
type LegFlags uint8

// The flags.
const (
	DoubtfulTime LegFlags = 1 << iota // a local time that occurs twice
	WordedANI                         // a letter stands before the first @ or ; of the number: it is no number for exclusions
	WordedDNIS
	HasStart    // of JSON: a member stands in one of the places of start_time, of whatever value
	HasEnd      // likewise end_time or duration_ms
	HasIdentity // likewise conversation_id or recording_ids
	HasAnswer   // likewise answer_time, talk, talk_ms or recorded
	SaysAnswer  // one of these has a value, or one that did not parse
)

// Has reports whether all of some flags are set.
func (f LegFlags) Has(all LegFlags) bool { return f&all == all }

// invalidBit returns the bit of a field in Particulars.Invalid.
func invalidBit(f record.Field) uint32 {
	for i, field := range record.LegFields {
		if field == f {
			return 1 << i
		}
	}
	return 0
}

// DidNotParse reports whether the value of one of the fields did not parse.
func (l *Particulars) DidNotParse(fields ...record.Field) bool {
	for _, f := range fields {
		if l.Invalid&invalidBit(f) != 0 {
			return true
		}
	}
	return false
}

// Batch is what one object holds, or a chunk of one.
type Batch struct {
	rows.Reading
	Legs       []Leg
	Recordings []intern.Text // of which each leg has a section, like Talk
	Talk       []record.Span
	Invalid    []record.Invalid
	Skipped    int64 // sessions that are no legs
	Filtered   intern.Filtered

	chunks []*Batch // that were added
	legs   uint32   // how many legs they had, dropped ones included
}

// Parts returns batches that have the legs of b, in order. The sections of their
// legs refer to the lists of the same batch.
func (b *Batch) Parts() []*Batch {
	if b.chunks == nil {
		return []*Batch{b}
	}
	return b.chunks
}

// Reader reads the CDRs of one source. It is not safe for concurrent use.
type Reader struct {
	// Forget is called when the rejects so far do not count, because the list of
	// rows is spelled twice; it may be nil.
	Forget func()
	// Filter drops legs that are only counted; nil keeps all. The reader's texts are
	// those of the filter.
	Filter *intern.Filter
	// Org is the organisation of legs that carry none; only the filter needs it.
	Org intern.Text

	norm     profile.Normalizer
	mapping  *rows.Mapping
	batch    *Batch          // that is being read
	spare    Batch           // the memory in which its lists grow
	cursor   jsonscan.Cursor // of the current conversation
	details  details         // likewise
	identity []byte          // of the current leg
	links    []intern.Link   // likewise
}

// NewReader returns a reader for a profile and for objects within the limits.
func NewReader(p *profile.Profile, texts *intern.Table, limits *stream.Limits) *Reader {
	return &Reader{norm: profile.NewNormalizer(p, texts), mapping: rows.NewMapping(p, record.LegFields, limits)}
}

// Read reads one object that is not Parquet. Damage is part of the batch; the
// error is a failure to read.
func (r *Reader) Read(in *bufio.Reader, f profile.Format, reject func(rows.Reject) error) (*Batch, error) {
	r.begin()
	restart := func() {
		r.begin()
		r.norm.Forget() // waiting ids would be filled into legs that are gone
		if r.Forget != nil {
			r.Forget()
		}
	}

	reading, err := r.mapping.Read(in, f, r.norm.Profile.List, rows.Visitor{Row: r.Row, Reject: reject, Restart: restart})
	return r.finish(reading), err
}

// ReadRows reads a chunk of an object. Damage is part of the batch; the error is
// a failure to read.
func (r *Reader) ReadRows(c *rows.Chunk, reject func(rows.Reject) error) (*Batch, error) {
	r.begin()
	reading, err := r.mapping.ReadRows(c, rows.Visitor{Row: r.Row, Reject: reject})
	return r.finish(reading), err
}

// Add appends the next chunk of an object. Legs of conversations are numbered as
// they are read, so that those of the chunk get higher numbers.
func (r *Reader) Add(b, next *Batch) {
	b.Reading.Add(next.Reading)
	b.Skipped += next.Skipped

	// In any other shape the number of a leg is that of its row, which a chunk knows.
	if r.norm.Profile.Shape == profile.ConversationDetail {
		for i := range next.Legs {
			next.Legs[i].Ref.Row += b.legs
		}
		for i := range next.Invalid {
			next.Invalid[i].Row += b.legs
		}
		b.legs += uint32(next.Found()) // before Filtered.Add empties next.Filtered
	}

	b.Filtered.Add(&next.Filtered)
	b.chunks = append(b.chunks, next)
}

func (r *Reader) begin() {
	r.batch = &Batch{Legs: r.spare.Legs, Recordings: r.spare.Recordings, Talk: r.spare.Talk}
}

// finish completes the batch and copies its lists out of the spare memory.
func (r *Reader) finish(reading rows.Reading) *Batch {
	r.settle()
	b := r.batch // not the one that was begun, if the list of rows was spelled twice
	b.Reading = reading
	b.Legs, r.spare.Legs = record.Detach(b.Legs)
	b.Recordings, r.spare.Recordings = record.Detach(b.Recordings)
	b.Talk, r.spare.Talk = record.Detach(b.Talk)
	return b
}

// ReadParquet reads one object whose content is the first size bytes of file.
// Damage is part of the batch; the error is a failure to read.
func (r *Reader) ReadParquet(file io.ReaderAt, size int64, reject func(rows.Reject) error) (*Batch, error) {
	r.begin()
	reading, err := parquetfile.Read(r.mapping, file, size, rows.Visitor{Row: r.Row, Reject: reject})
	return r.finish(reading), err
}

// Row adds the legs of one row to the batch.
func (r *Reader) Row(row *rows.Row) error {
	if r.norm.Profile.Shape == profile.ConversationDetail {
		r.conversation(row.Whole())
	} else {
		r.leg(row)
	}

	if r.norm.Waits() {
		r.settle()
	}
	if r.Filter.Full() { // the texts of the legs so far are in the final table
		r.Filter.Forget(r.norm.Recent)
	}
	return nil
}

// The slot of an id that is interned later says where it goes: the lowest bits
// are its kind, the others the number of the leg or of the recording.
const (
	laterConversation = iota
	laterID
	laterRecording
	laterBits = 2
)

// settle fills in the ids that wait.
func (r *Reader) settle() {
	b := r.batch
	r.norm.Settle(func(slot uint32, id intern.Text) {
		switch n := slot >> laterBits; slot & (1<<laterBits - 1) {
		case laterConversation:
			b.Legs[n].Conversation = id
		case laterID:
			b.Legs[n].ID = id
		case laterRecording:
			b.Recordings[n] = id
		}
	})
}

// leg adds a row that is one leg.
func (r *Reader) leg(row *rows.Row) {
	// Most rows of a margin are dropped here, before their other fields are parsed.
	asked, kept := r.preview(row)
	if !kept {
		return
	}

	b := r.batch
	l := Leg{Shown: Shown{Ref: record.Ref{Row: row.Index}}}
	note := func(f record.Field, v jsonscan.Value, ok bool) {
		if !ok {
			r.invalid(&l, f, v)
		}
	}
	text := func(f record.Field, read func(jsonscan.Value) (intern.Text, bool)) intern.Text {
		return r.text(&l, f, row.Value(f), read)
	}
	later := func(f record.Field, kind uint32) intern.Text { return r.later(&l, f, row.Value(f), kind) }
	instant := func(f record.Field) record.Time {
		v := row.Value(f)
		t, ok := r.norm.Time(v)
		note(f, v, ok)
		l.read(f, t.Known())
		return t
	}

	l.Org = text(record.OrgID, r.norm.ID)
	l.Conversation = later(record.ConversationID, laterConversation)
	l.ID = later(record.LegID, laterID)
	l.Trunk = text(record.TrunkID, r.norm.ID)
	l.Line = text(record.LineID, r.norm.ID)
	l.Direction = text(record.Direction, r.norm.Plain)
	r.phones(&l, row.Value(record.ANI), row.Value(record.DNIS))
	l.Start = instant(record.StartTime)
	l.Answer = instant(record.AnswerTime)
	l.End = instant(record.EndTime)
	l.Updated = instant(record.UpdatedAt)

	recorded := row.Value(record.Recorded)
	var ok bool
	l.Recorded, ok = r.norm.Bool(recorded)
	note(record.Recorded, recorded, ok)

	sip := row.Value(record.SIPStatus)
	status, ok := r.norm.Int(sip)
	note(record.SIPStatus, sip, ok)
	l.SIPStatus = int16(min(status, 1<<15-1)) // a huge number must not wrap around

	ids := row.Value(record.RecordingIDs)
	l.Recordings, ok = r.recordings(ids)
	note(record.RecordingIDs, ids, ok)

	talk := row.Value(record.Talk)
	from := len(b.Talk)
	b.Talk, ok = r.norm.Spans(b.Talk, talk)
	l.Talk = sectionFrom(from, b.Talk)
	note(record.Talk, talk, ok)
	l.read(record.Talk, l.Talk.N > 0)

	r.add(l, asked)
}

// sectionFrom returns the section of a list from an index to its end.
func sectionFrom[T any](from int, list []T) record.Section {
	return record.Section{At: uint32(from), N: uint32(len(list) - from)}
}

// text reads a text of a leg.
func (r *Reader) text(l *Leg, f record.Field, v jsonscan.Value, read func(jsonscan.Value) (intern.Text, bool)) intern.Text {
	t, ok := read(v)
	if !ok {
		r.invalid(l, f, v)
	}
	return t
}

// later reads an id of the next leg that is interned later.
func (r *Reader) later(l *Leg, f record.Field, v jsonscan.Value, kind uint32) intern.Text {
	t, _, ok := r.norm.Later(v, uint32(len(r.batch.Legs))<<laterBits|kind)
	if !ok {
		r.invalid(l, f, v)
	}
	return t
}

// recordings reads the recordings that a leg lists.
func (r *Reader) recordings(ids jsonscan.Value) (s record.Section, ok bool) {
	b := r.batch
	from := len(b.Recordings)
	sole, one := r.norm.Sole(ids)
	if !one {
		b.Recordings, ok = r.norm.IDs(b.Recordings, ids)
		return sectionFrom(from, b.Recordings), ok
	}

	// Nearly every leg with recordings has only one, whose id is mostly new.
	id, present, ok := r.norm.Later(sole, uint32(len(b.Recordings))<<laterBits|laterRecording)
	if present {
		b.Recordings = append(b.Recordings, id)
	}
	return sectionFrom(from, b.Recordings), ok
}

// phones reads the phone numbers of a leg.
func (r *Reader) phones(l *Leg, ani, dnis jsonscan.Value) {
	number := func(f record.Field, v jsonscan.Value) intern.Number {
		b, ok := r.norm.PhoneBytes(v)
		if !ok {
			r.invalid(l, f, v)
		}
		return r.norm.Texts.NumberOf(b)
	}

	l.ANI, l.DNIS = number(record.ANI, ani), number(record.DNIS, dnis)
}

// read removes the mark that a field did not parse if it has a value: a local
// time that occurs twice is reported, but read all the same.
func (l *Leg) read(f record.Field, known bool) {
	if known {
		l.Invalid &^= invalidBit(f)
	}
}

// invalid notes a value that did not parse, the first one of each field.
func (r *Reader) invalid(l *Leg, f record.Field, v jsonscan.Value) {
	if l.Invalid&invalidBit(f) == 0 {
		r.batch.Invalid = append(r.batch.Invalid, record.Invalid{Row: l.Ref.Row, Field: f, Raw: string(v.Raw)})
	}
	l.Invalid |= invalidBit(f)
}

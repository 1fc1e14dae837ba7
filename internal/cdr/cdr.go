// Package cdr turns call detail records into legs: one trunk-side or
// agent-side part of a conversation each, in normal form.
package cdr

import (
	"bufio"
	"cmp"
	"io"
	"math"

	"cdrmend/internal/intern"
	"cdrmend/internal/jsonscan"
	"cdrmend/internal/parquetfile"
	"cdrmend/internal/profile"
	"cdrmend/internal/record"
	"cdrmend/internal/rows"
	"cdrmend/internal/steps"
	"cdrmend/internal/stream"
)

// Leg is one leg of a conversation. A night has more than a million, so it is
// compact and free of pointers, and what tables do not show is a type of its own.
type Leg struct {
	Shown
	Particulars
	Updated record.Time // says which of several versions of a leg counts
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
	Recordings record.Section // of Texts
	Talk       record.Section // of Spans
	Extra      uint32         // number of its Extra plus 1; 0 without one
	TalkMS     int32          // milliseconds, at most 1<<31-1; -1 when missing
	Invalid    uint32         // fields that did not parse
	SIPStatus  int16          // -1 when missing
	Recorded   profile.Tri
	Flags      LegFlags
}

// Extra holds what most legs do not have.
type Extra struct {
	Same              uint64         // of rows that lack an id: hash of all values, equal for equal rows
	SaidANI, SaidDNIS intern.Text    // as delivered, trimmed and without prefix, when an exclusion asks for words
	Pauses            record.Section // of Spans: declared pauses
}

// ExtraOf returns the extra of a leg among all, an empty one when it has none.
func ExtraOf(p *Particulars, all []Extra) Extra {
	if p.Extra == 0 {
		return Extra{}
	}
	return all[p.Extra-1]
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
	Recordings []intern.Text // of all legs; each leg has a section of them, as of Talk
	Talk       []record.Span // talk of a leg, then its pauses
	Extras     []Extra
	Invalid    []record.Invalid
	Skipped    int64 // rows without a value, and sessions that are no legs
	Blank      int64 // of those: rows without a value
	Filtered   intern.Filtered
	Details    Details // of conversation details

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
	// Words says that numbers are kept as they were delivered, too.
	Words bool
	// Filter drops legs that are only counted; nil keeps all. The reader's texts are
	// those of the filter.
	Filter *intern.Filter
	// Org is the organisation of legs that carry none; only the filter needs it.
	Org intern.Text

	values
	mapping       *rows.Mapping
	conversations conversationReader
	spare         Batch         // the memory in which the lists of the batch grow
	links         []intern.Link // of the leg that the filter is asked about
}

// NewReader returns a reader for a profile and for objects within the limits.
func NewReader(p *profile.Profile, texts *intern.Table, limits *stream.Limits) *Reader {
	r := &Reader{
		values:  values{norm: profile.NewNormalizer(p, texts)},
		mapping: rows.NewMapping(p, record.LegFields, limits),
	}
	r.conversations = conversationReader{values: &r.values, add: r.add, limits: limits}
	return r
}

// About says what the object that is read next says about the times in it.
func (r *Reader) About(c steps.Context) { r.mapping.Context = c }

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
	b.Blank += next.Blank

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

	b.Details.add(&next.Details)
	b.Filtered.Add(&next.Filtered)
	b.chunks = append(b.chunks, next)
}

func (r *Reader) begin() {
	r.words = r.Words
	r.batch = &Batch{
		Legs: r.spare.Legs, Recordings: r.spare.Recordings, Talk: r.spare.Talk, Extras: r.spare.Extras,
	}
}

// finish completes the batch and copies its lists out of the spare memory.
func (r *Reader) finish(reading rows.Reading) *Batch {
	r.settle()
	b := r.batch // not the one that was begun, if the list of rows was spelled twice
	b.Reading = reading
	b.Skipped += reading.Skipped()
	b.Details.Elements = reading.Rows - reading.Rejected - reading.Skipped()
	b.Legs, r.spare.Legs = record.Detach(b.Legs)
	b.Recordings, r.spare.Recordings = record.Detach(b.Recordings)
	b.Talk, r.spare.Talk = record.Detach(b.Talk)
	b.Extras, r.spare.Extras = record.Detach(b.Extras)
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
func (r *Reader) Row(row *rows.Row) (err error) {
	if r.norm.Profile.Shape == profile.ConversationDetail {
		err = r.conversations.addLegs(row.Whole())
	} else {
		err = r.leg(row)
	}

	if r.norm.Waits() {
		r.settle()
	}
	if r.Filter.Full() { // the texts of the legs so far are in the final table
		r.Filter.Forget(r.norm.Recent)
	}
	return err
}

// leg adds a row that is one leg. A row without any value is skipped.
func (r *Reader) leg(row *rows.Row) error {
	// Most rows of a margin are dropped here, before their other fields are parsed.
	asked, kept := r.preview(row)
	if !kept {
		return nil
	}

	l := newLeg(row.Index)
	conversation, id := r.ids(&l, row)
	r.names(&l, row)
	durations := r.times(&l, row)
	r.spans(&l, row)
	r.answer(&l, row)
	if !conversation && !id && !l.says(durations) {
		if other, err := row.HasOther(); other || err != nil {
			return cmp.Or(err, rows.ErrNoField)
		}
		r.batch.Skipped++
		r.batch.Blank++
		return nil
	}

	if !conversation || !id {
		r.extra(&l).Same = r.same(&l, durations, named{row.Value(record.ConversationID), row.Value(record.LegID), row.Value(record.RecordingIDs)})
	}
	l.complete(durations)
	r.add(l, asked)
	return nil
}

// newLeg returns a leg that says nothing.
func newLeg(row uint32) Leg {
	return Leg{
		Shown:       Shown{Ref: record.Ref{Row: row}, Start: record.NoTime, Answer: record.NoTime, End: record.NoTime},
		Particulars: Particulars{TalkMS: profile.NoInt, SIPStatus: profile.NoInt},
		Updated:     record.NoTime,
	}
}

// durations are lengths in milliseconds, NoInt when missing.
type durations struct{ call, talk int64 }

// ids reads the ids of a row, and reports whether it has those of a conversation and
// of a leg: some are interned later, so that the leg does not tell.
func (r *Reader) ids(l *Leg, row *rows.Row) (conversation, leg bool) {
	v, list := row.Value(record.ConversationID), row.Value(record.RecordingIDs)
	l.note(HasIdentity, isMember(v) || isMember(list))
	l.Conversation, conversation = r.later(l, record.ConversationID, v, laterConversation)
	l.ID, leg = r.later(l, record.LegID, row.Value(record.LegID), laterID)

	var ok bool
	if l.Recordings, ok = r.recordings(list); !ok {
		r.invalid(l, record.RecordingIDs, list)
	}
	return conversation, leg
}

// names reads the other fields of a row that name something.
func (r *Reader) names(l *Leg, row *rows.Row) {
	text := func(f record.Field, read func(jsonscan.Value) (intern.Text, bool)) intern.Text {
		return r.textOf(l, f, row.Value(f), read)
	}
	l.Org = text(record.OrgID, r.norm.ID)
	l.Trunk = text(record.TrunkID, r.norm.ID)
	l.Line = text(record.LineID, r.norm.ID)
	l.Direction = text(record.Direction, r.norm.Plain)
	l.Users = text(record.UserIDs, r.joined)
	l.Queues = text(record.QueueIDs, r.joined)
	r.parties(l, row.Value(record.ANI), row.Value(record.DNIS))
}

// times reads the times and durations of a row.
func (r *Reader) times(l *Leg, row *rows.Row) (d durations) {
	instant := func(f record.Field, has LegFlags) record.Time {
		v := row.Value(f)
		l.note(has, isMember(v))
		t, ok := r.norm.Time(v)
		r.read(l, f, v, ok, t.Known())
		return t
	}
	number := func(f record.Field, has LegFlags) int64 {
		v := row.Value(f)
		l.note(has, isMember(v))
		n, ok := r.norm.Int(v)
		r.read(l, f, v, ok, false)
		return n
	}

	l.Start = instant(record.StartTime, HasStart)
	l.Answer = instant(record.AnswerTime, HasAnswer)
	l.End = instant(record.EndTime, HasEnd)
	l.Updated = instant(record.UpdatedAt, 0)
	l.SIPStatus = int16(min(number(record.SIPStatus, 0), math.MaxInt16)) // a huge number must not wrap around
	d = durations{call: number(record.DurationMS, HasEnd), talk: number(record.TalkMS, HasAnswer)}
	l.TalkMS = int32(min(d.talk, math.MaxInt32))
	return d
}

// spans reads talk and pauses, which follow each other in the list.
func (r *Reader) spans(l *Leg, row *rows.Row) {
	read := func(f record.Field) record.Section {
		v := row.Value(f)
		from := len(r.batch.Talk)
		var ok bool
		r.batch.Talk, ok = r.norm.Spans(r.batch.Talk, v)
		spans := sectionFrom(from, r.batch.Talk)
		r.read(l, f, v, ok, spans.N > 0)
		return spans
	}

	l.note(HasAnswer, isMember(row.Value(record.Talk)))
	l.Talk = read(record.Talk)
	if pauses := read(record.Pauses); pauses.N > 0 {
		r.extra(l).Pauses = pauses
	}
}

// answer reads whether the call was to be recorded, and notes whether the row says
// something of an answer.
func (r *Reader) answer(l *Leg, row *rows.Row) {
	recorded := row.Value(record.Recorded)
	l.note(HasAnswer, isMember(recorded))
	var ok bool
	l.Recorded, ok = r.norm.Bool(recorded)
	r.read(l, record.Recorded, recorded, ok, false)

	says := l.Answer.Known() || l.Talk.N > 0 || l.TalkMS != profile.NoInt || l.Recorded != profile.Unknown
	l.note(SaysAnswer, says || l.DidNotParse(record.AnswerTime, record.Talk, record.TalkMS, record.Recorded))
}

// says reports whether a leg has a value apart from its ids, or one that did not
// parse.
func (l *Leg) says(d durations) bool {
	return l.Start.Known() || l.Invalid != 0 || l.End.Known() || l.Answer.Known() || l.Updated.Known() ||
		l.Talk.N+l.Recordings.N+l.Extra > 0 || l.Recorded != profile.Unknown || l.SIPStatus != profile.NoInt ||
		d.call != profile.NoInt || d.talk != profile.NoInt ||
		cmp.Or(l.Org, l.Trunk, l.Line, l.Direction, l.Users, l.Queues) != intern.None ||
		cmp.Or(l.ANI, l.DNIS) != intern.NoNumber
}

// complete fills in a missing end and answer from the durations.
func (l *Leg) complete(d durations) {
	const longest = int64(record.MaxTime-record.MinTime) / 1000 // so that no sum overflows
	if !l.End.Known() && l.Start.Known() && d.call >= 0 && d.call <= longest {
		if end := l.Start + record.Time(1000*d.call); end.Valid() {
			l.End = end
		}
	}
	if !l.Answer.Known() && l.End.Known() && d.talk > 0 {
		l.Answer = max(l.Start, l.End-record.Time(1000*min(d.talk, longest)))
	}
}

// isMember reports whether a value is a member of JSON. Every row of a table has all
// of its cells, so they tell nothing.
func isMember(v jsonscan.Value) bool { return v.Kind != jsonscan.Absent && v.Kind != jsonscan.Cell }

// note sets a flag if it is true.
func (l *Leg) note(flag LegFlags, is bool) {
	if is {
		l.Flags |= flag
	}
}

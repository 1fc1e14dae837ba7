package cdr

import (
	"encoding/binary"

	"cdrmend/internal/intern"
	"cdrmend/internal/jsonscan"
	"cdrmend/internal/record"
)

// Identified reports whether other rows with the same conversation and leg id
// are the same leg. Without both, only rows that are equal in everything are.
func (l *Shown) Identified() bool { return l.Conversation != intern.None && l.ID != intern.None }

// named are the raw ids of a leg. Some are interned only later, so that the leg
// itself does not have them yet.
type named struct{ conversation, leg, recordings jsonscan.Value }

// same returns a hash of all values of a leg as they were read, apart from its
// organisation, which may not be known yet. It depends on nothing but the values.
func (r *values) same(l *Leg, d durations, ids named) uint64 {
	k := r.text[:0]
	for _, id := range []jsonscan.Value{ids.conversation, ids.leg} {
		k = r.appendID(k, id)
	}
	for _, t := range []intern.Text{l.Trunk, l.Line, l.Direction, l.Users, l.Queues} {
		from := len(k)
		k = endText(r.norm.Texts.AppendTo(k, t), from)
	}
	for _, n := range []intern.Number{l.ANI, l.DNIS} {
		from := len(k)
		k = endText(r.norm.Texts.AppendNumber(k, n), from)
	}
	pauses := ExtraOf(&l.Particulars, r.batch.Extras).Pauses
	for _, n := range []int64{
		int64(l.Start), int64(l.Answer), int64(l.End), int64(l.Updated), d.call, d.talk,
		int64(l.SIPStatus), int64(l.Recorded), int64(l.Recordings.N), int64(l.Talk.N), int64(pauses.N),
	} {
		k = binary.LittleEndian.AppendUint64(k, uint64(n))
	}

	if sole, one := r.norm.Sole(ids.recordings); one && l.Recordings.N > 0 {
		k = r.appendID(k, sole)
	} else {
		for _, id := range record.SectionOf(l.Recordings, r.batch.Recordings) {
			from := len(k)
			k = endText(r.norm.Texts.AppendTo(k, id), from)
		}
	}
	for _, section := range []record.Section{l.Talk, pauses} {
		for _, s := range record.SectionOf(section, r.batch.Talk) {
			k = binary.LittleEndian.AppendUint64(k, uint64(s.Start))
			k = binary.LittleEndian.AppendUint64(k, uint64(s.End))
		}
	}

	r.text = k
	return r.norm.Texts.Hash(k)
}

// appendID appends an id in normal form, nothing when it is missing or does not
// parse.
func (r *values) appendID(k []byte, id jsonscan.Value) []byte {
	from := len(k)
	k, _ = r.norm.AppendID(k, id)
	return endText(k, from)
}

// endText appends the length of the text that begins at from, so that two texts are
// not taken for two others that are equal when joined.
func endText(k []byte, from int) []byte {
	return binary.LittleEndian.AppendUint32(k, uint32(len(k)-from))
}

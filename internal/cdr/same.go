package cdr

import (
	"encoding/binary"

	"cdrmend/internal/intern"
	"cdrmend/internal/record"
)

// Identified reports whether other rows with the same conversation and leg id
// are the same leg. Without both, only rows that are equal in everything are.
func (l *Shown) Identified() bool { return l.Conversation != intern.None && l.ID != intern.None }

// AppendIdentity appends a key that is equal for all rows of one leg, and only for
// them. Text appends a key of a text; the lists are those that the sections of the
// leg refer to.
func (l *Leg) AppendIdentity(k []byte, recordings []intern.Text, talk []record.Span, text func([]byte, intern.Text) []byte) []byte {
	if l.Identified() {
		k = append(k, 1) // no key of one form may equal a key of the other
		return text(text(text(k, l.Org), l.Conversation), l.ID)
	}

	k = append(k, 2)
	for _, t := range []intern.Text{l.Org, l.Conversation, l.ID, l.Trunk, l.Line, l.Direction} {
		k = text(k, t)
	}
	for _, t := range []record.Time{l.Start, l.Answer, l.End, l.Updated} {
		k = binary.LittleEndian.AppendUint64(k, uint64(t))
	}
	k = binary.LittleEndian.AppendUint64(k, uint64(l.ANI))
	k = binary.LittleEndian.AppendUint64(k, uint64(l.DNIS))
	k = binary.LittleEndian.AppendUint16(k, uint16(l.SIPStatus))
	k = append(k, byte(l.Recorded))

	// The length separates the two lists.
	k = binary.LittleEndian.AppendUint32(k, l.Recordings.N)
	for _, t := range record.SectionOf(l.Recordings, recordings) {
		k = text(k, t)
	}
	for _, s := range record.SectionOf(l.Talk, talk) {
		k = binary.LittleEndian.AppendUint64(k, uint64(s.Start))
		k = binary.LittleEndian.AppendUint64(k, uint64(s.End))
	}

	return k
}

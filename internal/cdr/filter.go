package cdr

import (
	"cmp"
	"encoding/binary"

	"cdrmend/internal/intern"
	"cdrmend/internal/record"
	"cdrmend/internal/rows"
)

// Found is how many legs the object has.
func (b *Batch) Found() int {
	n := int(b.Filtered.Dropped)
	for _, part := range b.Parts() {
		n += len(part.Legs)
	}
	return n
}

// add adds a leg to the batch, unless the filter drops it. Known says that
// it was asked and keeps it.
func (r *Reader) add(l Leg, known bool) {
	b, s := r.batch, r.Filter
	if s != nil {
		if l.Org = cmp.Or(l.Org, s.Local(r.Org)); known || r.keeps(&l) {
			r.adopt(&l)
		} else {
			r.drop(&l)
			return
		}
	}
	b.Legs = append(b.Legs, l)
}

// glance asks the filter about a row before all of it is decoded. It cannot tell
// which leg a row is of that does not identify it.
func (r *Reader) glance(row *rows.Row) (asked, kept bool) {
	s, b := r.Filter, r.batch
	if s == nil {
		return false, true
	}
	var l Leg
	l.Conversation, _, _ = r.norm.Later(row.Value(record.ConversationID), 0) // a local table interns at once
	l.ID, _, _ = r.norm.Later(row.Value(record.LegID), 0)
	if !l.Identified() {
		return false, true
	}
	l.Org, _ = r.norm.ID(row.Value(record.OrgID))
	l.Org = cmp.Or(l.Org, s.Local(r.Org))
	l.Start, _ = r.norm.Time(row.Value(record.StartTime))
	from := len(b.Recordings)
	r.recordings(row.Value(record.RecordingIDs))
	l.Recordings = record.Section{At: uint32(from), N: uint32(len(b.Recordings) - from)}
	kept = r.keeps(&l)
	b.Recordings = b.Recordings[:from]
	return true, kept
}

// keeps asks the filter about a leg. One without ids is kept: rows that are equal
// to it may be among the interval's own, and no id links them.
func (r *Reader) keeps(l *Leg) bool {
	s, b := r.Filter, r.batch
	r.links = r.links[:0]
	if l.Conversation != intern.None {
		r.links = append(r.links, s.Link(l.Conversation))
	}
	for _, id := range record.SectionOf(l.Recordings, b.Recordings) {
		r.links = append(r.links, s.Link(id))
	}
	hash := r.hash(b, l)
	needed := s.Interval.Contains(l.Start) || len(r.links) == 0 || s.KeepLeg(hash)
	if s.Keep(&b.Filtered, needed, r.links) {
		return true
	}
	b.Filtered.Legs = append(b.Filtered.Legs, hash)
	return false
}

// hash is equal for rows of one leg. It is odd for those without organisation.
func (r *Reader) hash(b *Batch, l *Leg) uint64 {
	r.identity = l.AppendIdentity(r.identity[:0], b.Recordings, b.Talk, func(k []byte, t intern.Text) []byte {
		return binary.LittleEndian.AppendUint64(k, r.Filter.Hash(t))
	})
	hash := r.norm.Texts.Hash(r.identity) &^ 1
	if l.Org == intern.None {
		hash |= 1
	}
	return hash
}

// adopt interns the texts of a leg that is kept for good.
func (r *Reader) adopt(l *Leg) {
	r.Filter.Adopt(l.texts()...)
	r.Filter.AdoptNumber(&l.ANI)
	r.Filter.AdoptNumber(&l.DNIS)
	for i := range record.SectionOf(l.Recordings, r.batch.Recordings) {
		r.Filter.Adopt(&r.batch.Recordings[int(l.Recordings.At)+i])
	}
}

// texts are those of a leg that outlive the reading of its object.
func (l *Leg) texts() []*intern.Text {
	return []*intern.Text{&l.Org, &l.Conversation, &l.ID, &l.Trunk, &l.Line, &l.Direction, &l.Users, &l.Queues, &l.SaidANI, &l.SaidDNIS}
}

// drop gives up what the last leg left in the lists.
func (r *Reader) drop(l *Leg) {
	b := r.batch
	b.Recordings, b.Talk = b.Recordings[:len(b.Recordings)-int(l.Recordings.N)], b.Talk[:len(b.Talk)-int(l.Talk.N)]
	for len(b.Invalid) > 0 && b.Invalid[len(b.Invalid)-1].Row == l.Ref.Row {
		b.Invalid = b.Invalid[:len(b.Invalid)-1]
	}
}

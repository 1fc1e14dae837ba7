package cdr

import (
	"cmp"

	"cdrmend/internal/intern"
	"cdrmend/internal/profile"
	"cdrmend/internal/record"
	"cdrmend/internal/rows"
)

// Found returns how many legs the object has, dropped ones included.
func (b *Batch) Found() int {
	n := int(b.Filtered.Dropped)
	for _, part := range b.Parts() {
		n += len(part.Legs)
	}
	return n
}

// add adds a leg to the batch, unless the filter drops it. Asked says that the
// filter was asked before and keeps it.
func (r *Reader) add(l Leg, asked bool) bool {
	if s := r.Filter; s != nil {
		l.Org = cmp.Or(l.Org, s.Local(r.Org))
		if !asked && !r.keeps(&l) {
			r.drop(&l)
			return false
		}
		r.adopt(&l)
	}
	r.batch.Legs = append(r.batch.Legs, l)
	return true
}

// preview asks the filter about a row before all of it is decoded.
func (r *Reader) preview(row *rows.Row) (asked, kept bool) {
	s, b := r.Filter, r.batch
	if s == nil {
		return false, true
	}

	l := newLeg(row.Index)
	l.Conversation, _, _ = r.norm.Later(row.Value(record.ConversationID), 0) // a local table interns at once
	l.Org, _ = r.norm.ID(row.Value(record.OrgID))
	l.Org = cmp.Or(l.Org, s.Local(r.Org))
	l.Start, _ = r.norm.Time(row.Value(record.StartTime))
	l.End, _ = r.norm.Time(row.Value(record.EndTime))
	if !l.End.Known() {
		call, _ := r.norm.Int(row.Value(record.DurationMS))
		l.complete(durations{call: call, talk: profile.NoInt})
	}
	l.Recordings, _ = r.recordings(row.Value(record.RecordingIDs))
	kept = r.keeps(&l)
	b.Recordings = b.Recordings[:l.Recordings.At] // a row that is kept is read again as a whole
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

	// A leg without a start belongs to the interval of its end.
	at := l.Start
	if !at.Known() {
		at = l.End
	}
	needed := s.Interval.Contains(at) || s.Near(l.End) || len(r.links) == 0
	if s.Keep(&b.Filtered, needed, r.links) {
		return true
	}
	if l.Org == intern.None {
		b.Filtered.Orgless++
	}
	return false
}

// adopt moves the texts of a leg to the final table.
func (r *Reader) adopt(l *Leg) {
	r.Filter.Adopt(l.texts()...)
	r.Filter.AdoptNumber(&l.ANI)
	r.Filter.AdoptNumber(&l.DNIS)
	if l.Extra > 0 {
		e := &r.batch.Extras[l.Extra-1]
		r.Filter.Adopt(&e.SaidANI, &e.SaidDNIS)
	}
	for i := range record.SectionOf(l.Recordings, r.batch.Recordings) {
		r.Filter.Adopt(&r.batch.Recordings[int(l.Recordings.At)+i])
	}
}

// texts returns all texts of a leg, apart from its recordings and its extra.
func (l *Leg) texts() []*intern.Text {
	return []*intern.Text{&l.Org, &l.Conversation, &l.ID, &l.Trunk, &l.Line, &l.Direction, &l.Users, &l.Queues}
}

// drop removes from the lists what a leg that was just read added to them.
func (r *Reader) drop(l *Leg) {
	b := r.batch
	spans := l.Talk.N + ExtraOf(&l.Particulars, b.Extras).Pauses.N
	b.Recordings, b.Talk = b.Recordings[:len(b.Recordings)-int(l.Recordings.N)], b.Talk[:len(b.Talk)-int(spans)]
	if l.Extra > 0 {
		b.Extras = b.Extras[:l.Extra-1]
	}
	for len(b.Invalid) > 0 && b.Invalid[len(b.Invalid)-1].Row == l.Ref.Row {
		b.Invalid = b.Invalid[:len(b.Invalid)-1]
	}
}

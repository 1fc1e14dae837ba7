package cdr

import (
	"cmp"
	"encoding/binary"

	"cdrmend/internal/record"
)

// sifting is how much of the lists of a batch passed the sieve.
type sifting struct{ legs, recordings, talk, invalid int }

// Found is how many legs the object has.
func (b *Batch) Found() int {
	n := int(b.Sifted.Gone)
	for _, part := range b.Parts() {
		n += len(part.Legs)
	}
	return n
}

// sift passes the legs since the last time through the sieve, if there is one.
func (r *Reader) sift(b *Batch) {
	s := r.Sieve
	if s == nil {
		return
	}
	org := s.Local(r.Org)
	legs, recordings, talk := b.Legs[:b.sifting.legs], b.Recordings[:b.sifting.recordings], b.Talk[:b.sifting.talk]
	invalid, unread := b.Invalid[:b.sifting.invalid], b.Invalid[b.sifting.invalid:]
	fresh := b.Legs[len(legs):]
	for _, l := range fresh {
		l.Org = cmp.Or(l.Org, org)
		keep := r.keeps(b, &l)
		for ; len(unread) > 0 && unread[0].Row <= l.Ref.Row; unread = unread[1:] {
			if keep {
				invalid = append(invalid, unread[0])
			}
		}
		if !keep {
			continue
		}
		s.Adopt(l.texts()...)
		l.Talk, talk = moved(l.Talk, b.Talk, talk)
		if l.Recordings, recordings = moved(l.Recordings, b.Recordings, recordings); l.Recordings.N > 0 {
			for i := range record.RunOf(l.Recordings, recordings) {
				s.Adopt(&recordings[int(l.Recordings.At)+i])
			}
		}
		legs = append(legs, l)
	}
	b.Legs, b.Recordings, b.Talk, b.Invalid = legs, recordings, talk, invalid
	b.sifting = sifting{len(legs), len(recordings), len(talk), len(invalid)}
	s.Forget(&r.norm, len(fresh))
}

// keeps decides about a leg. One without ids is kept: rows that are equal to it
// may be among the interval's own, and no id links them.
func (r *Reader) keeps(b *Batch, l *Leg) bool {
	s := r.Sieve
	r.links = r.links[:0]
	if l.Conversation != record.None {
		r.links = append(r.links, s.Link(l.Conversation))
	}
	for _, id := range record.RunOf(l.Recordings, b.Recordings) {
		r.links = append(r.links, s.Link(id))
	}
	needed := s.Interval.Contains(l.Start) || len(r.links) == 0
	hash := r.hash(b, l)
	if s.Keep(&b.Sifted, needed || s.KeepLeg(hash), r.links) {
		return true
	}
	b.Sifted.Legs = append(b.Sifted.Legs, hash)
	return false
}

// hash is equal for rows of one leg. It is odd for those without organisation.
func (r *Reader) hash(b *Batch, l *Leg) uint64 {
	r.identity = l.AppendIdentity(r.identity[:0], b.Recordings, b.Talk, func(k []byte, t record.Text) []byte {
		return binary.LittleEndian.AppendUint64(k, r.Sieve.Hash(t))
	})
	hash := r.norm.Texts.Hash(r.identity) &^ 1
	if l.Org == record.None {
		hash |= 1
	}
	return hash
}

// moved appends a run of one list to another.
func moved[T any](run record.Run, from, to []T) (record.Run, []T) {
	at := uint32(len(to))
	return record.Run{At: at, N: run.N}, append(to, record.RunOf(run, from)...)
}

// texts are those of a leg that outlive the reading of its object.
func (l *Leg) texts() []*record.Text {
	return []*record.Text{&l.Org, &l.Conversation, &l.ID, &l.Trunk, &l.Line, &l.Direction, &l.ANI, &l.DNIS}
}

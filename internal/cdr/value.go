package cdr

import (
	"cdrmend/internal/intern"
	"cdrmend/internal/jsonscan"
	"cdrmend/internal/profile"
	"cdrmend/internal/record"
)

// values reads the values of legs in normal form into the lists of a batch. Rows of
// every shape use it.
type values struct {
	norm  profile.Normalizer
	words bool             // see Reader.Words
	batch *Batch           // that is being read
	list  []intern.Text    // of the current leg, before it is one text
	text  []byte           // likewise
	shown map[*byte]string // of the current conversation: long values that did not parse, by their first byte
}

// textOf reads a text of a leg.
func (r *values) textOf(l *Leg, f record.Field, v jsonscan.Value, read func(jsonscan.Value) (intern.Text, bool)) intern.Text {
	t, ok := read(v)
	if !ok {
		r.invalid(l, f, v)
	}
	return t
}

// joined reads a list of ids as one text.
func (r *values) joined(v jsonscan.Value) (intern.Text, bool) {
	// Most lists are missing or have one element.
	if sole, one := r.norm.Sole(v); one {
		return r.norm.ID(sole)
	}
	var ok bool
	r.list, ok = r.norm.IDs(r.list[:0], v)
	return r.join(r.list), ok
}

// join interns a list of ids as one text.
func (r *values) join(ids []intern.Text) intern.Text {
	r.text = r.text[:0]
	for i, id := range ids {
		if i > 0 {
			r.text = append(r.text, intern.ListSeparator)
		}
		r.text = r.norm.Texts.AppendTo(r.text, id)
	}
	return r.norm.Recent.Of(r.norm.Texts, r.text)
}

// The slot of an id that is interned later says where it goes: the lowest bits
// are its kind, the others the number of the leg or of the recording.
const (
	laterConversation = iota
	laterID
	laterRecording
	laterBits = 2
)

// later reads an id of the next leg that is interned later, and reports whether it
// is present.
func (r *values) later(l *Leg, f record.Field, v jsonscan.Value, kind uint32) (intern.Text, bool) {
	t, present, ok := r.norm.Later(v, uint32(len(r.batch.Legs))<<laterBits|kind)
	if !ok {
		r.invalid(l, f, v)
	}
	return t, present
}

// settle fills in the ids that wait.
func (r *values) settle() {
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

// recordings reads the recordings that a leg lists.
func (r *values) recordings(ids jsonscan.Value) (s record.Section, ok bool) {
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

// sectionFrom returns the section of a list from an index to its end.
func sectionFrom[T any](from int, list []T) record.Section {
	return record.Section{At: uint32(from), N: uint32(len(list) - from)}
}

// parties reads the phone numbers of a leg.
func (r *values) parties(l *Leg, ani, dnis jsonscan.Value) {
	party := func(f record.Field, v jsonscan.Value, worded LegFlags) (number intern.Number, said intern.Text) {
		p, ok := r.norm.Party(v)
		if !ok {
			r.invalid(l, f, v)
		}
		l.note(worded, p.Worded)
		if r.words {
			said = r.norm.Recent.Of(r.norm.Texts, p.Said)
		}
		return r.norm.Texts.NumberOf(p.Number), said
	}

	var saidANI, saidDNIS intern.Text
	l.ANI, saidANI = party(record.ANI, ani, WordedANI)
	l.DNIS, saidDNIS = party(record.DNIS, dnis, WordedDNIS)
	if saidANI != intern.None || saidDNIS != intern.None {
		e := r.extra(l)
		e.SaidANI, e.SaidDNIS = saidANI, saidDNIS
	}
}

// extra returns the extra of the current leg. The first call creates it.
func (r *values) extra(l *Leg) *Extra {
	b := r.batch
	if l.Extra == 0 {
		b.Extras = append(b.Extras, Extra{})
		l.Extra = uint32(len(b.Extras))
	}
	return &b.Extras[l.Extra-1]
}

// read notes a value that did not parse. One that is known all the same is a local
// time that occurs twice: it is reported, and counts.
func (r *values) read(l *Leg, f record.Field, v jsonscan.Value, ok, known bool) {
	if ok {
		return
	}
	r.invalid(l, f, v)
	if known {
		l.Invalid &^= invalidBit(f)
		l.Flags |= DoubtfulTime
	}
}

// invalid notes a value that did not parse, the first one of each field.
func (r *values) invalid(l *Leg, f record.Field, v jsonscan.Value) {
	if l.Invalid&invalidBit(f) == 0 {
		r.batch.Invalid = append(r.batch.Invalid, record.Invalid{Row: l.Ref.Row, Field: f, Raw: r.shownOf(v)})
	}
	l.Invalid |= invalidBit(f)
}

// manyBytes is the length from which on a value is looked at only once for all legs of
// a conversation.
const manyBytes = 1 << 10

// beginShown begins a conversation, whose legs may share values.
func (r *values) beginShown() {
	if r.shown == nil {
		r.shown = map[*byte]string{}
	}
	clear(r.shown)
}

// shownOf returns a value that did not parse as findings show it.
func (r *values) shownOf(v jsonscan.Value) string {
	if r.shown == nil || len(v.Raw) < manyBytes {
		return profile.Shown(v)
	}
	text, known := r.shown[&v.Raw[0]]
	if !known {
		text = profile.Shown(v)
		r.shown[&v.Raw[0]] = text
	}
	return text
}

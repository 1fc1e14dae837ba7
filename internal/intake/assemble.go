package intake

import (
	"cdrmend/internal/cdr"
	"cdrmend/internal/evidence"
	"cdrmend/internal/intern"
	"cdrmend/internal/manifest"
	"cdrmend/internal/record"
	"cdrmend/internal/registration"
)

// assembly brings the batches, which were read in any order, into the order of
// their objects. It drops each batch as soon as it has copied it.
type assembly struct {
	*collector
	counts
	release func() // returns memory to the system
	every   int    // rows between releases
	taken   int    // rows since the last one
}

// While batches become lists, memory holds both. Releasing often keeps that
// small; a release costs more the more memory there is, and gains little for few
// rows.
const (
	assemblyReleases = 32
	fewestRows       = 1 << 16
)

// assemble moves all batches into the evidence and the account.
func (c *collector) assemble(release func()) {
	n := c.count()
	a := assembly{collector: c, counts: n, release: release, every: max(fewestRows, (n.entries+n.legs)/assemblyReleases)}
	release()
	a.entriesInOrder()
	a.legsInOrder()
	a.eventsInOrder()
	release()
}

// counts are the lengths that the lists of the evidence will have. They are known
// before the lists are made: a list that grows is in memory twice.
type counts struct{ documents, entries, legs, recordings, talk int }

// count counts what is in batches.
func (c *collector) count() (n counts) {
	for _, b := range c.manifests {
		if b != nil {
			n.documents++
			n.entries += int(b.Doc.N)
		}
	}

	for _, b := range c.cdrs {
		if b == nil {
			continue
		}
		for _, part := range b.Parts() {
			n.legs += len(part.Legs)
			n.recordings += len(part.Recordings)
			n.talk += len(part.Talk)
		}
	}

	return n
}

// took counts rows whose batches were copied and dropped.
func (a *assembly) took(rows int) {
	if a.taken += rows; a.taken >= a.every {
		a.release()
		a.taken = 0
	}
}

func (a *assembly) entriesInOrder() {
	ev := a.ev
	ev.Documents = make([]manifest.Document, 0, a.documents)
	ev.Entries, ev.OfEntries = make([]manifest.Entry, 0, a.entries), make([]manifest.Particulars, 0, a.entries)
	for i, b := range a.manifests {
		if b == nil {
			continue
		}

		b.Doc.First = uint32(len(ev.Entries)) // entries are in the order of objects
		for _, block := range b.Blocks() {
			for n := range block {
				e := &block[n]
				e.Doc = uint32(len(ev.Documents))
				ev.Entries, ev.OfEntries = append(ev.Entries, e.Entry), append(ev.OfEntries, e.Particulars)
			}
		}

		ev.Documents = append(ev.Documents, b.Doc)
		a.manifests[i] = nil
		a.took(int(b.Doc.N))
	}

	a.manifests = nil
}

func (a *assembly) legsInOrder() {
	ev := a.ev
	ev.Legs, ev.Particulars = make([]cdr.Shown, 0, a.legs), make([]cdr.Particulars, 0, a.legs)
	ev.Updated = make([]record.Time, 0, a.legs)
	ev.Recordings, ev.Talk = make([]intern.Text, 0, a.recordings), make([]record.Span, 0, a.talk)
	ev.Begun = map[evidence.ConversationKey]record.Time{}
	for i, b := range a.cdrs {
		if b == nil {
			continue
		}

		a.cdrs[i] = nil
		for _, part := range b.Parts() {
			rows := len(part.Legs) // takeLegs empties the part
			a.takeLegs(part, uint32(i))
			a.took(rows)
		}
	}

	a.cdrs = nil
}

func (a *assembly) takeLegs(b *cdr.Batch, object uint32) {
	ev := a.ev
	for _, begun := range b.Details.Begun {
		l := &b.Legs[begun.Leg]
		key := evidence.ConversationKey{Org: l.Org, Conversation: l.Conversation}
		if first, known := ev.Begun[key]; l.Conversation != intern.None && (!known || begun.Start < first) {
			ev.Begun[key] = begun.Start
		}
	}
	for _, l := range b.Legs {
		// The batch knows neither its object nor how long the lists are already.
		l.Ref.Object = object
		l.Recordings.At += uint32(len(ev.Recordings))
		l.Talk.At += uint32(len(ev.Talk))
		if l.Extra > 0 {
			l.Extra += uint32(len(ev.Extras))
		}
		ev.Legs, ev.Particulars = append(ev.Legs, l.Shown), append(ev.Particulars, l.Particulars)
		ev.Updated = append(ev.Updated, l.Updated)
	}

	ev.Recordings = append(ev.Recordings, b.Recordings...)
	for _, e := range b.Extras {
		e.Pauses.At += uint32(len(ev.Talk))
		ev.Extras = append(ev.Extras, e)
	}
	ev.Talk = append(ev.Talk, b.Talk...)
	for _, v := range b.Invalid {
		ev.LegInvalid = append(ev.LegInvalid, evidence.LegInvalid{Ref: record.Ref{Object: object, Row: v.Row}, Field: v.Field, Raw: v.Raw})
	}

	// The batch itself is in use until its last part is copied.
	b.Legs, b.Recordings, b.Talk, b.Extras = nil, nil, nil, nil
}

func (a *assembly) eventsInOrder() {
	n := 0
	for _, b := range a.registrations {
		if b != nil {
			n += len(b.Events)
		}
	}

	log := &a.account.Log
	log.Events = make([]registration.Event, 0, n)
	for i, b := range a.registrations {
		if b == nil {
			continue
		}

		for n := range b.Events {
			b.Events[n].Ref.Object = uint32(i)
		}
		for n := range b.Requests {
			b.Requests[n].Ref.Object = uint32(i)
		}
		log.Events = append(log.Events, b.Events...)
		log.Requests = append(log.Requests, b.Requests...)
		a.registrations[i] = nil
	}

	a.registrations = nil
}

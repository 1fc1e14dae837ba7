package job

import (
	"cdrmend/internal/cdr"
	"cdrmend/internal/manifest"
	"cdrmend/internal/reconcile"
	"cdrmend/internal/record"
	"cdrmend/internal/registration"
)

// assembly brings what the objects held, which were read in any order, into the
// order of the objects. A batch is given up as soon as it is taken over.
type assembly struct {
	*scan
	pause func() // gives memory back
	every int    // rows between pauses
	taken int    // rows since the last one
}

// What is in the batches and in order at once should not be twice what there is.
// A pause costs more the more memory there is, and little for few rows.
const (
	assemblyPauses = 16
	fewestRows     = 1 << 18
)

func (s *scan) assemble(pause func()) {
	a := assembly{scan: s, pause: pause, every: max(fewestRows, s.count()/assemblyPauses)}
	pause()
	a.entriesInOrder()
	a.legsInOrder()
	a.eventsInOrder()
	pause()
}

// count returns how many entries and legs are in batches.
func (s *scan) count() (n int) {
	for _, b := range s.manifests {
		if b != nil {
			n += int(b.Doc.N)
		}
	}
	for _, b := range s.cdrs {
		if b == nil {
			continue
		}
		for _, part := range b.Parts() {
			n += len(part.Legs)
		}
	}
	return n
}

// took counts rows that were taken over, whose batches are given up.
func (a *assembly) took(rows int) {
	if a.taken += rows; a.taken >= a.every {
		a.pause()
		a.taken = 0
	}
}

func (a *assembly) entriesInOrder() {
	documents, entries := 0, 0
	for _, b := range a.manifests {
		if b != nil {
			documents, entries = documents+1, entries+int(b.Doc.N)
		}
	}
	a.documents, a.entries = make([]manifest.Document, 0, documents), make([]manifest.Entry, 0, entries)
	for i, b := range a.manifests {
		if b == nil {
			continue
		}
		b.Doc.First = uint32(len(a.entries))
		for _, block := range b.Blocks() {
			for n := range block {
				block[n].Doc = uint32(len(a.documents))
			}
			a.entries = append(a.entries, block...)
		}
		a.documents = append(a.documents, b.Doc)
		a.manifests[i] = nil
		a.took(int(b.Doc.N))
	}
	a.manifests = nil
}

func (a *assembly) legsInOrder() {
	legs, recordings, talk := 0, 0, 0
	for _, b := range a.cdrs {
		if b == nil {
			continue
		}
		for _, part := range b.Parts() {
			legs, recordings, talk = legs+len(part.Legs), recordings+len(part.Recordings), talk+len(part.Talk)
		}
	}
	a.legs, a.beside = make([]cdr.Shown, 0, legs), make([]cdr.Particulars, 0, legs)
	a.recordings, a.talk = make([]record.Text, 0, recordings), make([]record.Span, 0, talk)
	for i, b := range a.cdrs {
		if b == nil {
			continue
		}
		a.cdrs[i] = nil
		for _, part := range b.Parts() {
			a.takeLegs(part, uint32(i))
			a.took(len(part.Legs))
		}
	}
	a.cdrs = nil
}

func (a *assembly) takeLegs(b *cdr.Batch, object uint32) {
	for _, l := range b.Legs {
		l.Ref.Object = object
		l.Recordings.At += uint32(len(a.recordings))
		l.Talk.At += uint32(len(a.talk))
		a.legs, a.beside = append(a.legs, l.Shown), append(a.beside, l.Particulars)
	}
	a.recordings = append(a.recordings, b.Recordings...)
	a.talk = append(a.talk, b.Talk...)
	for _, v := range b.Invalid {
		a.invalid = append(a.invalid, reconcile.LegInvalid{Ref: record.Ref{Object: object, Row: v.Row}, Field: v.Field, Raw: v.Raw})
	}
	b.Legs, b.Recordings, b.Talk = nil, nil, nil
}

func (a *assembly) eventsInOrder() {
	events := 0
	for _, b := range a.registrations {
		if b != nil {
			events += len(b.Events)
		}
	}
	a.events = make([]registration.Event, 0, events)
	for i, b := range a.registrations {
		if b == nil {
			continue
		}
		for n := range b.Events {
			b.Events[n].Ref.Object = uint32(i)
		}
		a.events = append(a.events, b.Events...)
		a.registrations[i] = nil
	}
	a.registrations = nil
}

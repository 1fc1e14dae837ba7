package job

import (
	"cdrmend/internal/cdr"
	"cdrmend/internal/manifest"
	"cdrmend/internal/reconcile"
	"cdrmend/internal/record"
	"cdrmend/internal/registration"
)

// assembleEntries brings what the manifests held, which were read in any order,
// into the order of the objects. A batch is given up as soon as it is taken over.
func (s *scan) assembleEntries() {
	documents, entries := 0, 0
	for _, b := range s.manifests {
		if b != nil {
			documents, entries = documents+1, entries+int(b.Doc.N)
		}
	}
	s.documents, s.entries = make([]manifest.Document, 0, documents), make([]manifest.Entry, 0, entries)
	for i, b := range s.manifests {
		if b == nil {
			continue
		}
		b.Doc.First = uint32(len(s.entries))
		for _, block := range b.Blocks() {
			for n := range block {
				block[n].Doc = uint32(len(s.documents))
			}
			s.entries = append(s.entries, block...)
		}
		s.documents = append(s.documents, b.Doc)
		s.manifests[i] = nil
	}
	s.manifests = nil
}

// assembleLegs does the same for cdrs,
func (s *scan) assembleLegs() {
	legs, recordings, talk := 0, 0, 0
	for _, b := range s.cdrs {
		if b == nil {
			continue
		}
		for _, part := range b.Parts() {
			legs, recordings, talk = legs+len(part.Legs), recordings+len(part.Recordings), talk+len(part.Talk)
		}
	}
	s.legs = make([]cdr.Leg, 0, legs)
	s.recordings, s.talk = make([]record.Text, 0, recordings), make([]record.Span, 0, talk)
	for i, b := range s.cdrs {
		if b == nil {
			continue
		}
		for _, part := range b.Parts() {
			s.assembleLegsOf(part, uint32(i))
		}
		s.cdrs[i] = nil
	}
	s.cdrs = nil
}

func (s *scan) assembleLegsOf(b *cdr.Batch, object uint32) {
	for n := range b.Legs {
		l := &b.Legs[n]
		l.Ref.Object = object
		l.Recordings.At += uint32(len(s.recordings))
		l.Talk.At += uint32(len(s.talk))
	}
	s.legs = append(s.legs, b.Legs...)
	s.recordings = append(s.recordings, b.Recordings...)
	s.talk = append(s.talk, b.Talk...)
	for _, v := range b.Invalid {
		s.invalid = append(s.invalid, reconcile.LegInvalid{Ref: record.Ref{Object: object, Row: v.Row}, Field: v.Field, Raw: v.Raw})
	}
}

// and assembleEvents for registrations.
func (s *scan) assembleEvents() {
	events := 0
	for _, b := range s.registrations {
		if b != nil {
			events += len(b.Events)
		}
	}
	s.events = make([]registration.Event, 0, events)
	for i, b := range s.registrations {
		if b == nil {
			continue
		}
		for n := range b.Events {
			b.Events[n].Ref.Object = uint32(i)
		}
		s.events = append(s.events, b.Events...)
		s.registrations[i] = nil
	}
	s.registrations = nil
}

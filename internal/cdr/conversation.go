package cdr

import (
	"bytes"
	"net/url"
	"strings"
	"unicode"

	"cdrmend/internal/record"
)

// conversationDetail is the shape of Genesys conversation details:
// conversations of participants of sessions of segments.
const conversationDetail = "conversation-detail"

type session struct {
	purpose                                      string
	id, direction, ani, dnis, recording          record.Value
	sessionDNIS, addressTo, addressFrom, segment record.Value
}

type segment struct {
	kind       string
	start, end record.Time
	rawStart   record.Value // when it did not parse
	rawEnd     record.Value
}

// conversation adds one leg for each voice session of the customer, or of
// every participant when there is no customer.
func (r *Reader) conversation(v record.Value) {
	var id, end, participants record.Value
	for name, member := range v.Members {
		switch string(name) {
		case "conversationId":
			id = member
		case "conversationEnd":
			end = member
		case "participants":
			participants = member
		}
	}
	sessions, customers := r.sessions(participants)
	interact := r.interactions(sessions)
	ended, ok := r.norm.Time(end)
	for _, s := range sessions {
		if customers && s.purpose != "customer" && s.purpose != "external" {
			r.batch.Skipped++
			continue
		}
		l := Leg{Shown: Shown{Ref: record.Ref{Row: uint32(len(r.batch.Legs)) + r.batch.Sifted.Gone}}, Particulars: Particulars{Updated: record.NoTime, SIPStatus: record.NoInt}}
		l.Conversation = r.text(&l, record.ConversationID, id, r.norm.ID)
		if !ok {
			r.invalid(&l, record.EndTime, end)
		}
		r.session(&l, s, ended.Known(), interact)
		r.add(l, false)
	}
}

// sessions returns the voice sessions in reading order, and whether any
// participant is a customer. Other sessions are counted as skipped.
func (r *Reader) sessions(participants record.Value) (voice []session, customers bool) {
	if participants.Kind != record.List {
		return nil, false
	}
	for participant := range participants.Elements {
		if participant.Kind != record.Object {
			continue
		}
		purpose := lower(participant.Member("purpose"))
		customers = customers || purpose == "customer" || purpose == "external"
		list := participant.Member("sessions")
		if list.Kind != record.List {
			continue
		}
		for v := range list.Elements {
			if v.Kind != record.Object {
				continue
			}
			if s, ok := sessionOf(v, purpose); ok {
				voice = append(voice, s)
			} else {
				r.batch.Skipped++
			}
		}
	}
	return voice, customers
}

func sessionOf(v record.Value, purpose string) (session, bool) {
	s := session{purpose: purpose}
	media := ""
	for name, member := range v.Members {
		switch string(name) {
		case "sessionId":
			s.id = member
		case "mediaType":
			media = lower(member)
		case "direction":
			s.direction = member
		case "ani":
			s.ani = member
		case "dnis":
			s.dnis = member
		case "recording":
			s.recording = member
		case "sessionDnis":
			s.sessionDNIS = member
		case "addressTo":
			s.addressTo = member
		case "addressFrom":
			s.addressFrom = member
		case "segments":
			s.segment = member
		}
	}
	return s, media == "" || media == "voice"
}

// lower returns a text in lower case, empty for any other value.
func lower(v record.Value) string {
	if v.Kind != record.String {
		return ""
	}
	return strings.ToLower(string(bytes.TrimSpace(v.Text())))
}

// segments returns the segments of a session.
func (r *Reader) segments(v record.Value) []segment {
	if v.Kind != record.List {
		return nil
	}
	var list []segment
	for element := range v.Elements {
		if element.Kind != record.Object {
			continue
		}
		g := segment{start: record.NoTime, end: record.NoTime}
		for name, member := range element.Members {
			var ok bool
			switch string(name) {
			case "segmentType":
				g.kind = lower(member)
			case "segmentStart":
				g.rawStart = record.Value{}
				if g.start, ok = r.norm.Time(member); !ok {
					g.rawStart = member
				}
			case "segmentEnd":
				g.rawEnd = record.Value{}
				if g.end, ok = r.norm.Time(member); !ok {
					g.rawEnd = member
				}
			}
		}
		list = append(list, g)
	}
	return list
}

// interactions returns the segments in which somebody of the contact centre
// talked.
func (r *Reader) interactions(sessions []session) []segment {
	var list []segment
	for _, s := range sessions {
		if s.purpose != "agent" && s.purpose != "user" {
			continue
		}
		for _, g := range r.segments(s.segment) {
			if g.kind == "interact" {
				list = append(list, g)
			}
		}
	}
	return list
}

func (r *Reader) text(l *Leg, f record.Field, v record.Value, read func(record.Value) (record.Text, bool)) record.Text {
	t, ok := read(v)
	if !ok {
		r.invalid(l, f, v)
	}
	return t
}

func (r *Reader) session(l *Leg, s session, ended bool, interact []segment) {
	l.ID = r.text(l, record.LegID, s.id, r.norm.ID)
	l.Direction = r.text(l, record.Direction, s.direction, r.norm.Plain)
	r.phones(l, s.ani, s.dnis)
	var ok bool
	if l.Recorded, ok = r.norm.Bool(s.recording); !ok {
		r.invalid(l, record.Recorded, s.recording)
	}
	for _, address := range []record.Value{s.sessionDNIS, s.addressTo, s.addressFrom} {
		if l.Trunk = r.trunkGroup(address); l.Trunk != record.None {
			break
		}
	}
	r.times(l, r.segments(s.segment), ended)
	r.talk(l, interact)
}

// times sets start and end. A conversation that has not ended leaves its legs
// without an end.
func (r *Reader) times(l *Leg, segments []segment, ended bool) {
	l.Start, l.End = record.NoTime, record.NoTime
	for _, g := range segments {
		if g.rawStart.Kind != record.Absent {
			r.invalid(l, record.StartTime, g.rawStart)
		}
		if g.start.Known() && (!l.Start.Known() || g.start < l.Start) {
			l.Start = g.start
		}
		if g.kind == "wrapup" {
			continue
		}
		if g.rawEnd.Kind != record.Absent {
			r.invalid(l, record.EndTime, g.rawEnd)
		}
		if ended {
			l.End = max(l.End, g.end)
		}
	}
}

// talk sets the spans in which somebody could be heard, clipped to the leg,
// and the first start of them as the time of answer.
func (r *Reader) talk(l *Leg, interact []segment) {
	b := r.batch
	from := len(b.Talk)
	l.Answer = record.NoTime
	for _, g := range interact {
		switch {
		case g.rawStart.Kind != record.Absent:
			r.invalid(l, record.Talk, g.rawStart)
			continue
		case !g.start.Known():
			continue
		case g.rawEnd.Kind != record.Absent:
			r.invalid(l, record.Talk, g.rawEnd)
		}
		span := record.Span{Start: max(g.start, l.Start), End: g.end}
		if !span.End.Known() {
			span.End = l.End
		}
		if l.End.Known() {
			span.End = min(span.End, l.End)
		}
		open := !span.End.Known()
		if !open && span.End <= span.Start {
			continue
		}
		if !l.Answer.Known() || span.Start < l.Answer {
			l.Answer = span.Start
		}
		if !open {
			b.Talk = append(b.Talk, span)
		}
	}
	l.Talk = record.Run{At: uint32(from), N: uint32(len(b.Talk) - from)}
}

// trunkGroup returns the trunk that an address names (RFC 4904).
func (r *Reader) trunkGroup(v record.Value) record.Text {
	if v.Kind != record.String {
		return record.None
	}
	_, group, found := cutFold(string(v.Text()), "tgrp=")
	if !found {
		return record.None
	}
	if end := strings.IndexFunc(group, endsParameter); end >= 0 {
		group = group[:end]
	}
	if decoded, err := url.PathUnescape(group); err == nil {
		group = decoded
	}
	id, _ := r.norm.ID(record.Value{Kind: record.Cell, Raw: []byte(group)})
	return id
}

func endsParameter(c rune) bool { return strings.ContainsRune(";@>?&", c) || unicode.IsSpace(c) }

// cutFold cuts s around the first mark in any case.
func cutFold(s, mark string) (before, after string, found bool) {
	for i := 0; i+len(mark) <= len(s); i++ {
		if strings.EqualFold(s[i:i+len(mark)], mark) {
			return s[:i], s[i+len(mark):], true
		}
	}
	return s, "", false
}

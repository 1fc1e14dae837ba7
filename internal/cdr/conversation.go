package cdr

import (
	"bytes"
	"net/url"
	"strings"
	"unicode"

	"cdrmend/internal/intern"
	"cdrmend/internal/jsonscan"
	"cdrmend/internal/profile"
	"cdrmend/internal/record"
)

// details are the voice sessions of one conversation. Their memory is used for the
// next one.
type details struct {
	voice     []session // in reading order
	segments  []segment // of these
	customers bool      // whether any participant is a customer
	others    int64     // number of sessions that are not voice
	interact  []segment // in which somebody of the contact centre talked
}

type session struct {
	purpose                             string
	id, direction, ani, dnis, recording jsonscan.Value
	sessionDNIS, addressTo, addressFrom jsonscan.Value
	segments                            record.Section
}

type segment struct {
	kind       string
	start, end record.Time
	rawStart   jsonscan.Value // when it did not parse
	rawEnd     jsonscan.Value
}

// conversation adds one leg for each voice session of the customer, or of
// every participant when there is no customer. Of members spelled twice the last
// counts.
func (r *Reader) conversation(v jsonscan.Value) {
	c, d := &r.cursor, &r.details
	c.Reset(v)
	d.truncate(0, 0, 0)
	var id, end jsonscan.Value
	for name := range c.Members {
		switch string(name) {
		case "conversationId":
			id = c.Value()
		case "conversationEnd":
			end = c.Value()
		case "participants":
			d.participants(c, &r.norm)
		}
	}

	r.batch.Skipped += d.others
	d.findInteractions()
	ended, ok := r.norm.Time(end)
	for i := range d.voice {
		s := &d.voice[i]
		if d.customers && !isCustomer(s.purpose) {
			r.batch.Skipped++
			continue
		}

		// Dropped legs count, so that a leg has the same number with a filter and without.
		l := Leg{Shown: Shown{Ref: record.Ref{Row: uint32(len(r.batch.Legs)) + r.batch.Filtered.Dropped}}, Particulars: Particulars{Updated: record.NoTime, TalkMS: -1, SIPStatus: -1}}
		l.Conversation = r.later(&l, record.ConversationID, id, laterConversation)
		if !ok {
			r.invalid(&l, record.EndTime, end)
		}
		r.session(&l, s, ended.Known())
		r.add(l, false)
	}
}

// truncate shortens the lists to so many sessions and segments, and sets the
// number of others back.
func (d *details) truncate(voice, segments int, others int64) {
	d.voice, d.segments, d.others = d.voice[:voice], d.segments[:segments], others
}

func (d *details) participants(c *jsonscan.Cursor, n *profile.Normalizer) {
	d.truncate(0, 0, 0) // a second list of participants replaces the first
	d.customers = false
	for range c.Objects {
		d.participant(c, n)
	}
}

func (d *details) participant(c *jsonscan.Cursor, n *profile.Normalizer) {
	voice, segments, others := len(d.voice), len(d.segments), d.others
	purpose := ""

	for name := range c.Members {
		switch string(name) {
		case "purpose":
			purpose = lower(c.Value())
		case "sessions":
			d.truncate(voice, segments, others) // a second list replaces the first
			for range c.Objects {
				d.session(c, n)
			}
		}
	}

	// The purpose may follow the sessions.
	d.customers = d.customers || isCustomer(purpose)
	for i := range d.voice[voice:] {
		d.voice[voice+i].purpose = purpose
	}
}

func isCustomer(purpose string) bool { return purpose == "customer" || purpose == "external" }

func (d *details) session(c *jsonscan.Cursor, n *profile.Normalizer) {
	from := len(d.segments)
	var s session
	media := ""

	for name := range c.Members {
		switch string(name) {
		case "sessionId":
			s.id = c.Value()
		case "mediaType":
			media = lower(c.Value())
		case "direction":
			s.direction = c.Value()
		case "ani":
			s.ani = c.Value()
		case "dnis":
			s.dnis = c.Value()
		case "recording":
			s.recording = c.Value()
		case "sessionDnis":
			s.sessionDNIS = c.Value()
		case "addressTo":
			s.addressTo = c.Value()
		case "addressFrom":
			s.addressFrom = c.Value()
		case "segments":
			d.segments = d.segments[:from]
			for range c.Objects {
				d.segments = append(d.segments, segmentOf(c, n))
			}
		}
	}

	// A session without a media type is taken for voice.
	if media != "" && media != "voice" {
		d.others++
		return
	}
	s.segments = sectionFrom(from, d.segments)
	d.voice = append(d.voice, s)
}

func segmentOf(c *jsonscan.Cursor, n *profile.Normalizer) segment {
	g := segment{start: record.NoTime, end: record.NoTime}
	for name := range c.Members {
		switch string(name) {
		case "segmentType":
			g.kind = lower(c.Value())
		case "segmentStart":
			g.start, g.rawStart = instant(c.Value(), n)
		case "segmentEnd":
			g.end, g.rawEnd = instant(c.Value(), n)
		}
	}
	return g
}

// instant returns a time, and the value if it did not parse.
func instant(v jsonscan.Value, n *profile.Normalizer) (record.Time, jsonscan.Value) {
	t, ok := n.Time(v)
	if ok {
		v = jsonscan.Value{}
	}
	return t, v
}

// words are nearly all values that [lower] is called with. A lookup does not
// allocate.
var words = func() map[string]string {
	known := map[string]string{}
	for _, word := range strings.Fields("customer external agent user acd ivr voice interact wrapup system alert dialing hold") {
		known[word] = word
	}
	return known
}()

// lower returns a text in lower case, empty for any other value.
func lower(v jsonscan.Value) string {
	if v.Kind != jsonscan.String {
		return ""
	}

	text := bytes.TrimSpace(v.Text())
	if word, known := words[string(text)]; known {
		return word
	}
	return strings.ToLower(string(text))
}

// findInteractions notes the segments in which somebody of the contact centre
// talked.
func (d *details) findInteractions() {
	d.interact = d.interact[:0]
	for i := range d.voice {
		s := &d.voice[i]
		if s.purpose != "agent" && s.purpose != "user" {
			continue
		}

		for _, g := range record.SectionOf(s.segments, d.segments) {
			if g.kind == "interact" {
				d.interact = append(d.interact, g)
			}
		}
	}
}

// session fills a leg with the fields of its session.
func (r *Reader) session(l *Leg, s *session, ended bool) {
	l.ID = r.later(l, record.LegID, s.id, laterID)
	l.Direction = r.text(l, record.Direction, s.direction, r.norm.Plain)
	r.phones(l, s.ani, s.dnis)

	var ok bool
	if l.Recorded, ok = r.norm.Bool(s.recording); !ok {
		r.invalid(l, record.Recorded, s.recording)
	}

	// The first address that names a trunk counts.
	for _, address := range []jsonscan.Value{s.sessionDNIS, s.addressTo, s.addressFrom} {
		if l.Trunk = r.trunkGroup(address); l.Trunk != intern.None {
			break
		}
	}

	r.times(l, record.SectionOf(s.segments, r.details.segments), ended)
	r.talk(l, r.details.interact)
}

// times sets start and end. A conversation that has not ended leaves its legs
// without an end.
func (r *Reader) times(l *Leg, segments []segment, ended bool) {
	l.Start, l.End = record.NoTime, record.NoTime
	for _, g := range segments {
		if g.rawStart.Kind != jsonscan.Absent {
			r.invalid(l, record.StartTime, g.rawStart)
		}
		if g.start.Known() && (!l.Start.Known() || g.start < l.Start) {
			l.Start = g.start
		}

		if g.kind == "wrapup" { // work after the call
			continue
		}
		if g.rawEnd.Kind != jsonscan.Absent {
			r.invalid(l, record.EndTime, g.rawEnd)
		}
		if ended {
			l.End = max(l.End, g.end)
		}
	}
}

// talk sets the spans in which somebody of the contact centre could be heard,
// clipped to the leg, and their first start as the time of answer.
func (r *Reader) talk(l *Leg, interact []segment) {
	b := r.batch
	from := len(b.Talk)
	l.Answer = record.NoTime

	for _, g := range interact {
		switch {
		case g.rawStart.Kind != jsonscan.Absent:
			r.invalid(l, record.Talk, g.rawStart)
			continue
		case !g.start.Known():
			continue
		case g.rawEnd.Kind != jsonscan.Absent:
			r.invalid(l, record.Talk, g.rawEnd)
		}

		// A segment without an end lasts as long as the leg. Where that has no end either,
		// the segment is still an answer, but not a span.
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
	l.Talk = sectionFrom(from, b.Talk)
}

// trunkGroup returns the trunk that an address names (RFC 4904).
func (r *Reader) trunkGroup(v jsonscan.Value) intern.Text {
	if v.Kind != jsonscan.String {
		return intern.None
	}

	_, group, found := cutFold(string(v.Text()), "tgrp=")
	if !found {
		return intern.None
	}
	if end := strings.IndexFunc(group, endsParameter); end >= 0 {
		group = group[:end]
	}

	// A name that is not escaped properly is used as it is.
	if decoded, err := url.PathUnescape(group); err == nil {
		group = decoded
	}

	id, _ := r.norm.ID(jsonscan.Value{Kind: jsonscan.Cell, Raw: []byte(group)})
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

package cdr

import (
	"net/url"
	"slices"
	"strings"
	"unicode"

	"cdrmend/internal/intern"
	"cdrmend/internal/jsonscan"
	"cdrmend/internal/profile"
	"cdrmend/internal/record"
	"cdrmend/internal/rows"
	"cdrmend/internal/stream"
)

// Details is what objects with conversation details say in addition to their legs.
type Details struct {
	Elements int64 // conversations
	Speaking int64 // those with a participant who has a session

	Begun []Begun
}

// Begun is the start of a conversation that began before its legs.
type Begun struct {
	Leg   uint32 // the number of one of them in the batch
	Start record.Time
}

// conversationReader reads conversation details. Each conversation becomes several
// legs.
type conversationReader struct {
	*values
	add     func(l Leg, asked bool) bool // see Reader.add
	limits  *stream.Limits
	cursor  jsonscan.Cursor // of the current conversation
	details details         // likewise
}

// add adds what the next chunk says.
func (d *Details) add(next *Details) {
	d.Elements, d.Speaking = d.Elements+next.Elements, d.Speaking+next.Speaking
}

// frame is what a conversation says of all its sessions.
type frame struct {
	id       jsonscan.Value
	badID    bool // it does not parse
	start    record.Time
	end      record.Time // the latest, when the conversation has ended
	rawStart jsonscan.Value
	rawEnd   jsonscan.Value
}

// addLegs adds one leg for each voice session of a customer, or of every agent
// when there is no customer. Of members spelled twice the last counts.
func (r *conversationReader) addLegs(v jsonscan.Value) error {
	f, kind := r.frame(v)
	switch kind {
	case emptyPage:
		return rows.ErrNoRow
	case emptyRow:
		r.batch.Skipped++
		r.batch.Blank++
		return nil
	}

	d, b := &r.details, r.batch
	legs := d.legs()
	if most := r.limits.SessionPairs; most > 0 && (d.over || legs*int64(len(d.voice)+len(d.segments)) > most) {
		return &stream.LimitError{Limit: "session_pairs", Max: most}
	}
	if legs > 0 {
		r.readNames()
	}
	r.beginShown()
	if d.sessions {
		b.Details.Speaking++
	}
	b.Skipped += d.others
	d.findAttended()

	first, any, earliest := len(b.Legs), false, record.NoTime
	for i := range d.voice {
		s := &d.voice[i]
		if !d.isLeg(s) {
			b.Skipped++
			continue
		}

		// Dropped legs count, so that a leg has the same number with a filter and without.
		l := newLeg(uint32(len(b.Legs)) + b.Filtered.Dropped)
		r.session(&l, s, &f)
		if l.Start.Known() && (!any || l.Start < earliest) {
			any, earliest = true, l.Start
		}
		r.add(l, false)
	}
	if f.start.Known() && any && f.start < earliest && len(b.Legs) > first {
		b.Details.Begun = append(b.Details.Begun, Begun{uint32(first), f.start})
	}
	return nil
}

// isLeg reports whether a session is a leg: one of a customer, or one of an agent
// when there is no customer.
func (d *details) isLeg(s *session) bool {
	return d.customers == isCustomer(s.purpose) && (d.customers || isAgent(s.purpose))
}

// legs returns how many sessions are legs.
func (d *details) legs() (n int64) {
	for i := range d.voice {
		if d.isLeg(&d.voice[i]) {
			n++
		}
	}
	return n
}

// readNames reads the ids that many legs may have: of users and queues.
func (r *conversationReader) readNames() {
	read := func(n *name) {
		var ok bool
		n.id, ok = r.norm.ID(n.raw)
		n.bad = !ok
	}
	d := &r.details
	for i := range d.voice {
		s := &d.voice[i]
		if !isAgent(s.purpose) {
			continue
		}
		// Sessions of one participant have one user.
		if i > 0 && d.voice[i-1].participant == s.participant {
			s.user = d.voice[i-1].user
		} else {
			read(&s.user)
		}
		for k := range record.SectionOf(s.segments, d.segments) {
			read(&d.segments[int(s.segments.At)+k].queue)
		}
	}
}

// longID is the length from which on an id as spelled is brought into a shorter form
// before all legs read it.
const longID = 4 << 10

// shorten replaces an id that is long as it is spelled, unless it does not parse.
func (f *frame) shorten(n *profile.Normalizer) {
	if len(f.id.Raw) <= longID {
		return
	}
	text, ok := n.AppendID(nil, f.id)
	if f.badID = !ok; ok {
		f.id = jsonscan.Value{Kind: jsonscan.Cell, Raw: text}
	}
}

// elementKind says what an element of a list of conversations is.
type elementKind uint8

const (
	realConversation elementKind = iota
	emptyRow                     // it has no value
	emptyPage                    // a page that lists no conversations
)

// frame reads a conversation: its sessions into the details, and the rest.
func (r *conversationReader) frame(v jsonscan.Value) (f frame, kind elementKind) {
	c, d := &r.cursor, &r.details
	c.Reset(v)
	d.truncate(0, 0, 0)
	d.customers, d.sessions, d.participants = false, false, 0
	d.most, d.over = int(r.limits.SessionPairs), false

	kind = emptyRow
	var start, end jsonscan.Value
	for name := range c.Members {
		switch string(name) {
		case "conversationId":
			f.id = c.Value()
		case "conversationStart":
			start = c.Value()
		case "conversationEnd":
			end = c.Value()
		case "participants":
			d.readParticipants(c, &r.norm)
		case "totalHits":
			c.Value()
			return f, emptyPage
		default:
			if !r.norm.Profile.IsMissing(c.Value()) {
				kind = realConversation
			}
		}
	}
	f.shorten(&r.norm)
	f.start, f.rawStart = instant(start, &r.norm)
	f.end, f.rawEnd = instant(end, &r.norm)
	missing := r.norm.Profile.IsMissing
	if d.participants > 0 || !missing(f.id) || !missing(start) || !missing(end) {
		kind = realConversation
	}
	return f, kind
}

// session fills a leg with the fields of its session.
func (r *conversationReader) session(l *Leg, s *session, f *frame) {
	conversation := false
	names := named{conversation: f.id, leg: s.id}
	if f.badID {
		r.invalid(l, record.ConversationID, f.id)
		names.conversation = jsonscan.Value{} // as for any that does not parse
	} else {
		l.Conversation, conversation = r.later(l, record.ConversationID, f.id, laterConversation)
	}
	id := false
	l.ID, id = r.later(l, record.LegID, s.id, laterID)
	if isCustomer(s.purpose) {
		l.Direction = r.textOf(l, record.Direction, s.direction, r.norm.Plain)
	} else {
		l.Direction = r.norm.Recent.Of(r.norm.Texts, []byte("internal"))
	}
	r.parties(l, s.ani, s.dnis)

	var ok bool
	if l.Recorded, ok = r.norm.Bool(s.recording); !ok {
		r.invalid(l, record.Recorded, s.recording)
	}
	// That the recorder did not start is no reason not to record.
	if isCustomer(s.purpose) && l.Recorded == profile.False {
		l.Recorded = profile.Unknown
	}

	// The first address that names a trunk counts.
	for _, address := range []jsonscan.Value{s.sessionDNIS, s.addressTo, s.addressFrom} {
		if l.Trunk = r.trunkGroup(address); l.Trunk != intern.None {
			break
		}
	}

	r.sessionTimes(l, s, f)
	r.talk(l, s)
	r.agents(l)
	if !conversation || !id {
		r.extra(l).Same = r.same(l, durations{profile.NoInt, profile.NoInt}, names)
	}
}

// sessionTimes sets start and end. A conversation that has not ended leaves its legs
// without an end.
func (r *conversationReader) sessionTimes(l *Leg, s *session, f *frame) {
	ended := f.end.Known()
	r.report(l, record.EndTime, f.rawEnd, ended)
	for _, g := range record.SectionOf(s.segments, r.details.segments) {
		r.report(l, record.StartTime, g.rawStart, g.start.Known())
		if g.start.Known() && (!l.Start.Known() || g.start < l.Start) {
			l.Start = g.start
		}

		if g.kind == wrapup {
			continue
		}
		r.report(l, record.EndTime, g.rawEnd, g.end.Known())
		if ended {
			l.End = max(l.End, g.end)
		}
	}

	if !l.Start.Known() {
		r.report(l, record.StartTime, f.rawStart, f.start.Known())
		l.Start = f.start
	}
	if s.segments.N == 0 {
		l.End = f.end
	}
}

// report notes a time that is to be reported: it did not parse, or occurs twice.
func (r *conversationReader) report(l *Leg, f record.Field, raw jsonscan.Value, known bool) {
	r.read(l, f, raw, raw.Kind == jsonscan.Absent, known)
}

// talk sets the spans in which somebody else could be heard, clipped to the leg,
// and their first start as the time of answer: an agent, or a customer while no
// agent took part.
func (r *conversationReader) talk(l *Leg, own *session) {
	b, d := r.batch, &r.details
	from := len(b.Talk)
	d.talking = d.talking[:0]
	for i := range d.voice {
		s := &d.voice[i]
		customer := isCustomer(s.purpose)
		if s.participant == own.participant || !customer && !isAgent(s.purpose) {
			continue
		}
		for _, g := range record.SectionOf(s.segments, d.segments) {
			if g.kind == "interact" {
				r.interact(l, &g, customer)
			}
		}
	}
	if len(d.talking) > 0 {
		b.Talk = d.unattended(b.Talk, record.Union(d.talking))
	}

	l.Talk = sectionFrom(from, b.Talk)
	for _, span := range record.SectionOf(l.Talk, b.Talk) {
		if !l.Answer.Known() || span.Start < l.Answer {
			l.Answer = span.Start
		}
	}
	r.shareTalk(l)
}

// shareTalk makes a leg refer to the talk of the leg before it if that is the same:
// of a conversation with many legs most have the same.
func (r *conversationReader) shareTalk(l *Leg) {
	b := r.batch
	before := record.Section{At: l.Talk.At - l.Talk.N, N: l.Talk.N}
	if l.Talk.N == 0 || l.Talk.At < l.Talk.N || !slices.Equal(record.SectionOf(before, b.Talk), record.SectionOf(l.Talk, b.Talk)) {
		return
	}
	b.Talk, l.Talk = b.Talk[:l.Talk.At], before
}

// interact notes the span of a segment in which somebody talked: of an agent in the
// talk of the batch, of a customer in that of the details.
func (r *conversationReader) interact(l *Leg, g *segment, customer bool) {
	r.report(l, record.Talk, g.rawStart, g.start.Known())
	if !g.start.Known() {
		return
	}
	r.report(l, record.Talk, g.rawEnd, g.end.Known())

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
	if open {
		span.End = span.Start + 1
	}
	if span.End <= span.Start {
		return
	}

	switch {
	case !open && customer:
		r.details.talking = append(r.details.talking, span)
	case !open:
		r.batch.Talk = append(r.batch.Talk, span)
	case (!customer || !r.details.isAttended(span.Start)) && (!l.Answer.Known() || span.Start < l.Answer):
		l.Answer = span.Start
	}
}

// agents sets the users who took part in a leg, and the queues that they were in.
func (r *conversationReader) agents(l *Leg) {
	span := record.Span{Start: l.Start, End: l.End}
	if !span.End.Known() {
		span.End = record.Forever.End
	}
	l.Users = r.sorted(l, record.UserIDs, span, func(s *session, add func(*name)) { add(&s.user) })
	l.Queues = r.sorted(l, record.QueueIDs, span, func(s *session, add func(*name)) {
		segments := record.SectionOf(s.segments, r.details.segments)
		for i := range segments {
			add(&segments[i].queue)
		}
	})
}

// sorted returns the ids that the sessions of agents have which overlap a span.
func (r *conversationReader) sorted(l *Leg, f record.Field, span record.Span, ids func(s *session, add func(*name))) intern.Text {
	r.list = r.list[:0]
	for i := range r.details.voice {
		s := &r.details.voice[i]
		if !isAgent(s.purpose) {
			continue
		}
		if at, ok := r.details.extent(s); !ok || !at.Overlaps(span) {
			continue
		}
		ids(s, func(n *name) {
			if n.bad {
				r.invalid(l, f, n.raw)
			}
			if n.id != intern.None {
				r.list = append(r.list, n.id)
			}
		})
	}
	slices.Sort(r.list) // equal ones together, which is faster than to compare texts
	r.list = slices.Compact(r.list)
	slices.SortFunc(r.list, r.norm.Texts.Compare)
	return r.join(r.list)
}

// trunkGroup returns the trunk that an address names (RFC 4904).
func (r *conversationReader) trunkGroup(v jsonscan.Value) intern.Text {
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

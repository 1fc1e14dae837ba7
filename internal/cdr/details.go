package cdr

import (
	"bytes"
	"cmp"
	"slices"
	"strings"

	"cdrmend/internal/intern"
	"cdrmend/internal/jsonscan"
	"cdrmend/internal/profile"
	"cdrmend/internal/record"
)

// details are the voice sessions of one conversation, without those of listeners.
// Their memory is used for the next one.
type details struct {
	voice        []session // in reading order
	segments     []segment // of these
	participants int
	customers    bool          // whether any participant is a customer
	sessions     bool          // whether any participant has a session
	others       int64         // number of sessions that are not voice, or of listeners
	most         int           // sessions and segments together, 0 without a limit
	over         bool          // there are more: the lists lack some
	attended     []record.Span // in which an agent took part, in order and apart
	talking      []record.Span // in which customers talked, of the current leg
}

type session struct {
	purpose                             string
	participant                         int
	id, direction, ani, dnis, recording jsonscan.Value
	sessionDNIS, addressTo, addressFrom jsonscan.Value
	user                                name // of the participant
	segments                            record.Section
}

// name is an id that several legs may have. It is read once.
type name struct {
	raw jsonscan.Value
	id  intern.Text
	bad bool // it does not parse
}

type segment struct {
	kind       string
	queue      name
	start, end record.Time
	rawStart   jsonscan.Value // when it is to be reported
	rawEnd     jsonscan.Value
}

// truncate shortens the lists to so many sessions and segments, and sets the
// number of others back.
func (d *details) truncate(voice, segments int, others int64) {
	d.voice, d.segments, d.others = d.voice[:voice], d.segments[:segments], others
}

func (d *details) readParticipants(c *jsonscan.Cursor, n *profile.Normalizer) {
	d.truncate(0, 0, 0) // a second list of participants replaces the first
	d.customers, d.sessions, d.participants, d.over = false, false, 0, false
	for range c.Objects {
		d.participants++
		d.participant(c, n)
	}
}

func (d *details) participant(c *jsonscan.Cursor, n *profile.Normalizer) {
	voice, segments, others := len(d.voice), len(d.segments), d.others
	purpose, any := "", false
	var user jsonscan.Value

	for name := range c.Members {
		switch string(name) {
		case "purpose":
			purpose = lower(c.Value())
		case "userId":
			user = c.Value()
		case "sessions":
			d.truncate(voice, segments, others) // a second list replaces the first
			any = false
			for range c.Objects {
				any = true
				d.session(c, n)
			}
		}
	}

	// The purpose and the user may follow the sessions.
	d.customers, d.sessions = d.customers || isCustomer(purpose), d.sessions || any
	for i := range d.voice[voice:] {
		s := &d.voice[voice+i]
		s.purpose, s.user, s.participant = purpose, name{raw: user}, d.participants
	}
}

func isCustomer(purpose string) bool { return purpose == "customer" || purpose == "external" }

func isAgent(purpose string) bool { return purpose == "agent" || purpose == "user" }

// fits reports whether one more session or segment is within the limit.
func (d *details) fits() bool {
	if d.most > 0 && len(d.voice)+len(d.segments) >= d.most {
		d.over = true
	}
	return !d.over
}

func segmentOf(c *jsonscan.Cursor, n *profile.Normalizer) segment {
	g := segment{start: record.NoTime, end: record.NoTime}
	for name := range c.Members {
		switch string(name) {
		case "segmentType":
			g.kind = lower(c.Value())
		case "queueId":
			g.queue.raw = c.Value()
		case "segmentStart":
			g.start, g.rawStart = instant(c.Value(), n)
		case "segmentEnd":
			g.end, g.rawEnd = instant(c.Value(), n)
		}
	}
	return g
}

// instant returns a time, and the value if it is to be reported.
func instant(v jsonscan.Value, n *profile.Normalizer) (record.Time, jsonscan.Value) {
	t, ok := n.Time(v)
	if ok {
		v = jsonscan.Value{}
	}
	return t, v
}

// wrapup is the segment of work after the call.
const wrapup = "wrapup"

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

func (d *details) session(c *jsonscan.Cursor, n *profile.Normalizer) {
	from := len(d.segments)
	var s session
	var monitored, coached jsonscan.Value
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
		case "monitoredParticipantId":
			monitored = c.Value()
		case "coachedParticipantId":
			coached = c.Value()
		case "segments":
			d.segments = d.segments[:from]
			for range c.Objects {
				if d.fits() {
					d.segments = append(d.segments, segmentOf(c, n))
				}
			}
		}
	}

	// A session without a media type is taken for voice. Who only listens takes no
	// part in the conversation.
	listens := !n.Profile.IsMissing(monitored) || !n.Profile.IsMissing(coached)
	if listens || media != "" && media != "voice" {
		d.segments = d.segments[:from]
		d.others++
		return
	}
	s.segments = sectionFrom(from, d.segments)
	if d.fits() {
		d.voice = append(d.voice, s)
	}
}

// extent returns the time of a session: from its first to its last segment, apart
// from work after the call. Without any end it lasts on.
func (d *details) extent(s *session) (span record.Span, ok bool) {
	span = record.Span{Start: record.NoTime, End: record.NoTime}
	for _, g := range record.SectionOf(s.segments, d.segments) {
		if g.kind == wrapup {
			continue
		}
		if g.start.Known() && (!span.Start.Known() || g.start < span.Start) {
			span.Start = g.start
		}
		span.End = max(span.End, g.end)
	}
	if !span.End.Known() {
		span.End = record.Forever.End
	}
	return span, span.Start.Known()
}

// findAttended notes when agents took part in the conversation.
func (d *details) findAttended() {
	d.attended = d.attended[:0]
	for i := range d.voice {
		if s := &d.voice[i]; isAgent(s.purpose) {
			if span, ok := d.extent(s); ok && span.End > span.Start {
				d.attended = append(d.attended, span)
			}
		}
	}
	d.attended = record.Union(d.attended)
}

// unattended adds the parts of spans in which no agent took part to a list. The spans
// are in order and apart.
func (d *details) unattended(list, spans []record.Span) []record.Span {
	from := 0
	for _, s := range spans {
		for from < len(d.attended) && d.attended[from].End <= s.Start {
			from++
		}
		for _, a := range d.attended[from:] {
			if a.Start >= s.End {
				break
			}
			if a.Start > s.Start {
				list = append(list, record.Span{Start: s.Start, End: a.Start})
			}
			s.Start = a.End
		}
		if s.Start < s.End {
			list = append(list, s)
		}
	}
	return list
}

// isAttended reports whether an agent took part at a time.
func (d *details) isAttended(t record.Time) bool {
	n, found := slices.BinarySearchFunc(d.attended, t, func(s record.Span, t record.Time) int { return cmp.Compare(s.Start, t) })
	return found || n > 0 && t < d.attended[n-1].End
}

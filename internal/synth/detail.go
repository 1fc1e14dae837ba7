package synth

import "io"

// writeDetails writes conversations in the form of the analytics API. A
// conversation that is reported twice is first reported without its end.
func (p part) writeDetails(w io.Writer) error {
	o := newOut(w)
	o.b = append(o.b, `{"conversations":[`...)

	any := false
	report := func(c *call, final bool) {
		if any {
			o.b = append(o.b, ',')
		}
		any = true
		o.b = p.appendConversation(append(o.b, '\n'), c, final)
	}

	err := p.calls(func(c *call) error {
		if c.fate == NoCDR {
			return nil
		}
		if c.twice {
			report(c, false)
		}
		report(c, true)

		return o.flush(false)
	})
	if err != nil {
		return err
	}

	o.b = append(o.b, "\n]}\n"...)
	return o.flush(true)
}

// appendConversation appends a conversation with its end, or without it as it is
// reported while it lasts.
func (d day) appendConversation(b []byte, c *call, final bool) []byte {
	b = append(append(b, `{"conversationId":"`...), c.id[:]...)
	b = d.appendMillis(append(b, `","conversationStart":"`...), c.legs[0].start)
	if final {
		b = d.appendMillis(append(b, `","conversationEnd":"`...), c.legs[c.count-1].end)
	}

	b = append(append(b, `","originatingDirection":"`...), c.direction()...)
	b = append(b, `","participants":[`...)
	for i := range c.count {
		if i > 0 {
			b = append(b, ',')
		}
		b = d.appendParticipant(b, c, &c.legs[i], customerOf(c))
		if c.fate != Internal {
			b = d.appendParticipant(append(b, ','), c, &c.legs[i], "agent")
		}
	}

	return append(b, `]}`...)
}

// customerOf returns the purpose of the participants whose sessions are the legs.
// An internal call has no other participants.
func customerOf(c *call) string {
	switch {
	case c.fate == Internal:
		return "user"
	case c.inbound:
		return "customer"
	}
	return "external"
}

// appendParticipant appends a participant with one session. Only the session of
// the customer, which is the leg, names a trunk and says whether it is recorded.
func (d day) appendParticipant(b []byte, c *call, l *leg, purpose string) []byte {
	r, agent := l.digest, purpose == "agent"
	// The agent's ids must differ from the customer's.

	if agent {
		r ^= 1
	}

	participant, session := r.uuid(), l.id
	b = append(append(b, `{"participantId":"`...), participant[:]...)
	b = append(append(b, `","purpose":"`...), purpose...)
	if agent {
		session = r.uuid()
		b = append(append(b, `","userId":"`...), l.agent[:]...)
	}

	b = append(append(b, `","sessions":[{"sessionId":"`...), session[:]...)
	b = append(append(b, `","mediaType":"voice","direction":"`...), c.direction()...)
	b = append(c.numbers(b, `","ani":"tel:`, `","dnis":"tel:`), '"')
	if !agent {
		b = append(append(b, `,"sessionDnis":"sip:edge.example;tgrp=`...), d.trunk(c.line)...)
		b = append(b, `;trunk-context=edge.example","recording":`...)
		if c.fate == Unrecorded {
			b = append(b, "false"...)
		} else {
			b = append(b, "true"...)
		}
	}

	b = append(b, `,"segments":[`...)
	if agent {
		b = append(d.appendAgentSegments(b, c, l), `]}]}`...)
		return b
	}

	b = append(d.appendSegment(b, l.start, l.answered, "system"), "},"...)
	return append(d.appendSegment(b, l.answered, l.end, "interact"), `}]}]}`...)
}

// appendAgentSegments appends what the agent did. Some legs have a hold.
func (d day) appendAgentSegments(b []byte, c *call, l *leg) []byte {
	segment := func(from, until clock, kind, after string) {
		b = d.appendSegment(b, from, until, kind)
		if c.queued() {
			b = append(append(append(b, `,"queueId":"`...), d.queues[c.queue][:]...), '"')
		}
		b = append(append(b, '}'), after...)
	}

	segment(l.answered-4000, l.answered, "alert", ",")
	if l.saysWhen() {
		segment(l.answered, l.middle(), "interact", ",")
		segment(l.middle(), l.middle()+hold, "hold", ",")
		segment(l.middle()+hold, l.end, "interact", "")
	} else {
		segment(l.answered, l.end, "interact", "")
	}
	return b
}

// appendSegment appends a segment without its closing brace.
func (d day) appendSegment(b []byte, from, until clock, kind string) []byte {
	b = d.appendMillis(append(b, `{"segmentStart":"`...), from)
	b = d.appendMillis(append(b, `","segmentEnd":"`...), until)
	return append(append(append(b, `","segmentType":"`...), kind...), '"')
}

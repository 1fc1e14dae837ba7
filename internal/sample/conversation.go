package sample

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"fmt"
	"iter"
	"math/rand/v2"
	"time"
)

// The conversation details, with the members that matter and a few others that
// real ones have.
type (
	conversation struct {
		ID           string        `json:"conversationId"`
		Start        string        `json:"conversationStart"`
		End          string        `json:"conversationEnd,omitempty"`
		Direction    string        `json:"originatingDirection"`
		Participants []participant `json:"participants"`
	}
	participant struct {
		ID       string    `json:"participantId"`
		Purpose  string    `json:"purpose"`
		UserID   string    `json:"userId,omitempty"`
		Sessions []session `json:"sessions"`
	}
	session struct {
		ID        string    `json:"sessionId"`
		Media     string    `json:"mediaType"`
		Direction string    `json:"direction"`
		ANI       string    `json:"ani"`
		DNIS      string    `json:"dnis"`
		Trunk     string    `json:"sessionDnis,omitempty"`
		Recording *bool     `json:"recording,omitempty"`
		Segments  []segment `json:"segments"`
	}
	segment struct {
		Start string `json:"segmentStart"`
		End   string `json:"segmentEnd,omitempty"`
		Type  string `json:"segmentType"`
		Queue string `json:"queueId,omitempty"`
	}
)

const detailStamp = "2006-01-02T15:04:05.000Z"

// details yields the hourly files of conversation details. A conversation is
// in the file of the hour in which it ended.
func (n *Night) details() iter.Seq[Object] {
	return func(yield func(Object) bool) {
		// The last calls end in the hour after the last one in which calls start.
		for h := firstHour; h <= lastHour+1; h++ {
			var list []conversation
			for i := range n.calls {
				list = append(list, n.calls[i].reportedIn(n.hour(h))...)
			}
			if h == lateHour {
				for i := range n.late {
					list = append(list, n.late[i].conversation(n.hour(h)))
				}
			}
			if len(list) > 0 && !yield(Object{Key: detailKey(n.hour(h)), Body: hourly(list)}) {
				return
			}
		}
	}
}

// lateHour is the hour of the night in which details of earlier days come.
const lateHour = 6

func detailKey(hour time.Time) string {
	return hour.Format("cdr/date=2006-01-02/conversations-15.json.gz")
}

// hourly returns a compressed file of conversations.
func hourly(list []conversation) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	document := encode(struct {
		Conversations []conversation `json:"conversations"`
	}{list})

	_, err := w.Write(document)
	if err = cmp.Or(err, w.Close()); err != nil {
		panic(err) // a buffer takes everything
	}

	return b.Bytes()
}

// reportedIn returns what the file of an hour says about a call.
func (c *call) reportedIn(hour time.Time) []conversation {
	var list []conversation
	if c.ofGateway() {
		return nil
	}

	// The first report shows the call as known at the end of the hour in which it
	// began, the complete one as known an hour after its end, when nothing lasts.
	if c.records.feed == twice && c.start.Truncate(time.Hour).Equal(hour) {
		list = append(list, c.conversation(hour.Add(time.Hour)))
	}
	if c.records.feed != withheld && c.end.Truncate(time.Hour).Equal(hour) {
		list = append(list, c.conversation(c.end.Add(time.Hour)))
	}

	return list
}

// reporter describes a call as it was known at a time.
type reporter struct {
	*call
	asOf time.Time
	ids  *rand.Rand
}

// conversation returns the details of the call that were known at a time.
func (c *call) conversation(asOf time.Time) conversation {
	// Both reports of a call draw from equal generators, so that their ids agree.
	r := reporter{c, asOf, random(detailStream, c.number)}
	d := conversation{ID: c.id, Start: c.start.Format(detailStamp), Direction: c.direction()}
	if !c.end.After(asOf) {
		d.End = c.end.Format(detailStamp)
	}

	if c.kind == internal {
		d.Participants = []participant{
			r.agent("user", c.agents[1], c.start, c.answered, c.end),
			r.agent("agent", c.agents[0], c.queued, c.answered, c.end),
		}
		return d
	}

	d.Participants = append(d.Participants, r.customer())
	if c.kind != outbound {
		d.Participants = append(d.Participants, r.queue())
	}

	return r.answering(d)
}

// answering adds the participants who spoke with the customer.
func (r *reporter) answering(d conversation) conversation {
	c := r.call
	if c.answered.IsZero() {
		return d
	}

	until := c.end
	if !c.handover.IsZero() {
		until = c.handover
	}

	alert := c.answered.Add(-4 * time.Second)
	d.Participants = append(d.Participants, r.agent("agent", c.agents[0], alert, c.answered, until))
	if !c.handover.IsZero() {
		d.Participants = append(d.Participants, r.agent("agent", c.agents[1], c.handover.Add(-6*time.Second), c.handover, c.end))
	}

	if !c.expert.joined.IsZero() {
		d.Participants = append(d.Participants, r.outsider())
	}
	return d
}

// customer returns the customer, whose session is the leg that findings name.
func (r *reporter) customer() participant {
	c := r.call
	purpose, ani, dnis := "customer", c.customer, c.service
	if c.kind == outbound {
		purpose, ani, dnis = "external", c.service, c.customer
	}

	s := r.onTrunk(c.leg, ani, dnis)
	switch c.kind {
	case declined:
		s.Recording = new(false)
	case inbound, outbound:
		s.Recording = new(!c.records.recorderOff)
	}

	if c.kind == outbound {
		s.Segments = r.segments(c.start, step{"system", c.answered}, step{"interact", c.end})
	} else {
		s.Segments = r.segments(c.start, step{"system", c.start.Add(1200 * time.Millisecond)}, step{"ivr", c.queued}, step{"interact", c.end})
	}

	return participant{ID: newUUID(r.ids), Purpose: purpose, Sessions: []session{s}}
}

// expertNumber is the number of every outside expert.
const expertNumber = "+443069990123"

// outsider returns an expert whom the agent asked to join, on a second leg.
func (r *reporter) outsider() participant {
	s := r.onTrunk(r.expert.leg, r.service, expertNumber)
	s.Direction, s.Recording = "outbound", new(true)
	s.Segments = r.segments(r.expert.joined, step{"interact", r.end})
	return participant{ID: newUUID(r.ids), Purpose: "external", Sessions: []session{s}}
}

// onTrunk returns a session that names the call's trunk, as only those with
// outsiders do.
func (r *reporter) onTrunk(id, ani, dnis string) session {
	at := trunks[r.trunk]
	return session{
		ID: id, Media: "voice", Direction: r.direction(), ANI: "tel:" + ani, DNIS: "tel:" + dnis,
		Trunk: fmt.Sprintf("sip:%s@%s.sip.example;tgrp=%s;trunk-context=edge.example", dnis, at.name, at.id),
	}
}

// queue returns the queue in which the customer waited.
func (r *reporter) queue() participant {
	until := r.answered
	if until.IsZero() {
		until = r.end
	}

	s := session{ID: newUUID(r.ids), Media: "voice", Direction: "inbound", ANI: "tel:" + r.call.customer, DNIS: "tel:" + r.service}
	s.Segments = r.segments(r.queued, step{"interact", until})
	return participant{ID: newUUID(r.ids), Purpose: "acd", Sessions: []session{s}}
}

// spoken returns when an agent and the customer spoke with each other. Some
// agents put the customer on hold for a while.
func (c *call) spoken(from, until time.Time) []span {
	hold := from.Add(until.Sub(from) / 3).Truncate(time.Millisecond)
	if c.number%9 != 4 || until.Sub(from) <= 90*time.Second {
		return []span{{from, until}}
	}

	return []span{{from, hold}, {hold.Add(20 * time.Second), until}}
}

// agent returns an agent.
func (r *reporter) agent(purpose, user string, alert, from, until time.Time) participant {
	s := session{ID: newUUID(r.ids), Media: "voice", Direction: r.direction(), ANI: "tel:" + r.call.customer, DNIS: "tel:" + r.service}

	// Wrap-up begins when the agent has hung up.
	wrapped := until.Add(time.Duration(5+r.ids.IntN(40)) * time.Second)
	steps := []step{{"alert", from}}
	spoken := r.spoken(from, until)
	for i, s := range spoken {
		if i > 0 {
			steps = append(steps, step{"hold", s.from})
		}
		steps = append(steps, step{"interact", s.until})
	}

	s.Segments = r.segments(alert, append(steps, step{"wrapup", wrapped})...)
	if r.kind == inbound || r.kind == declined {
		for i := range s.Segments {
			s.Segments[i].Queue = queues[r.call.queue]
		}
	}
	return participant{ID: newUUID(r.ids), Purpose: purpose, UserID: user, Sessions: []session{s}}
}

// step is a segment that begins when the one before it ends.
type step struct {
	kind  string
	until time.Time
}

// segments returns consecutive steps. Steps that began later than the reporter
// knows are left out, and the one that still lasted has no end yet.
func (r *reporter) segments(start time.Time, steps ...step) []segment {
	list := []segment{}
	for _, s := range steps {
		if !start.Before(r.asOf) {
			break
		}

		g := segment{Start: start.Format(detailStamp), Type: s.kind}
		if !s.until.After(r.asOf) {
			g.End = s.until.Format(detailStamp)
		}

		list = append(list, g)
		start = s.until
	}

	return list
}

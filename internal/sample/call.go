package sample

import (
	"fmt"
	"time"
)

// kind is the kind of a call.
type kind uint8

const (
	inbound kind = iota
	outbound
	abandoned // the caller hung up before anybody answered
	declined  // the caller did not want to be recorded, and was put into the queue for that
	internal  // between two agents, over no trunk
)

// feed says how the call detail records of a call are delivered.
type feed uint8

const (
	delivered feed = iota
	twice          // once while the call lasted, once complete
	withheld
)

// call is one conversation as it really took place, and what is delivered of it.
type call struct {
	number   int // seeds the random generators of the call
	kind     kind
	id       string
	leg      string // session id of the customer
	start    time.Time
	queued   time.Time // inbound: when the IVR handed it over
	answered time.Time // zero when nobody answered
	end      time.Time

	route
	parties
	handover time.Time // when a second agent took over, else zero
	expert   expert
	pause    span // in which nothing was to be recorded

	recordings []recording
	records    records
	placed     bool // the story uses the call
}

// route is the trunk that carried a call, and its line.
type route struct{ trunk, line int }

// parties are who took part in a call.
type parties struct {
	agents            [2]string
	customer, service string
	queue             int // of queues, for an inbound call
}

// expert is an outsider who joined on a leg of its own. The zero value is no
// expert.
type expert struct {
	leg    string
	joined time.Time
}

// span is a span of time, from the first up to the second. The zero value is
// no span.
type span struct{ from, until time.Time }

// records is what the call detail records say of a call.
type records struct {
	feed        feed
	recording   string // that they list, if any
	recorderOff bool   // they say that the recorder did not start
}

// recording is one media file and its metadata, as delivered.
type recording struct {
	id         string
	start, end time.Time
	subtype    string
	session    string    // the leg that it is of
	hour       time.Time // the hour whose folder it is in
	ext        string
	defect     defect
	other      string // what a conflict names instead of the true value
	media      mediaDefect
}

// plain reports whether the call is an ordinary one, which the story may change.
func (c *call) plain() bool {
	return c.kind <= outbound && !c.placed && len(c.recordings) == 1 && c.records.feed == delivered
}

func (c *call) talk() time.Duration { return c.end.Sub(c.answered) }

// draw makes call number n, which starts at the given time. Values must be
// drawn in this order: another order makes another night.
func draw(n int, k kind, start time.Time) call {
	r := random(callStream, n)
	seconds := func(least, spread int) time.Duration {
		return time.Duration(least*1000+r.IntN(spread*1000)) * time.Millisecond
	}

	c := call{
		number: n, kind: k, start: start, route: route{trunk: trunkFor(r.IntN(100))},
		id: newUUID(r), leg: newUUID(r),
	}
	c.customer = fmt.Sprintf("+4930%07d", r.IntN(10_000_000))
	c.service = fmt.Sprintf("+49695550%02d", r.IntN(100))

	// Agents are drawn from a pool, so that user ids recur as real ones do.
	for i := range c.agents {
		c.agents[i] = newUUID(random(agentStream, r.IntN(120)))
	}

	if k == inbound && r.IntN(3) == 0 {
		c.kind = outbound
	}

	c.queued = start.Add(seconds(8, 30))
	c.answered = c.queued.Add(seconds(5, 60))
	length := seconds(40, 260)

	if r.IntN(8) == 0 {
		length += seconds(60, 840)
	}
	c.end = c.answered.Add(length)

	switch c.kind {
	case abandoned:
		c.end, c.answered = c.answered, time.Time{}
	// A recording begins up to a quarter of a second after the answer.
	case inbound, outbound:
		c.recordings = []recording{c.record(newUUID(r), c.answered.Add(seconds(0, 1)/4), c.end)}
	}

	c.line, c.queue = r.IntN(len(trunks[c.trunk].lines)), r.IntN(declinedQueue)
	if c.kind == declined {
		c.queue = declinedQueue
	}

	return c
}

// record returns a healthy recording of the call.
func (c *call) record(id string, start, end time.Time) recording {
	return recording{
		id: id, start: start.Truncate(time.Millisecond), end: end.Truncate(time.Millisecond),
		subtype: "Trunk", session: c.leg, hour: c.start.Truncate(time.Hour), ext: "opus",
	}
}

// extraID returns the id of one more recording of the call, number i.
func (c *call) extraID(i int) string { return newUUID(random(mediaStream, c.number<<4|i)) }

// handOver lets a second agent take over half-way. That ends the first recording
// and makes a second one.
func (c *call) handOver() {
	first := &c.recordings[0]
	c.handover = c.answered.Add(c.talk() / 2).Truncate(time.Millisecond)

	second := c.record(c.extraID(1), c.handover, first.end)
	first.end = c.handover
	c.recordings = append(c.recordings, second)
}

// join lets an outside expert join on a leg of its own.
func (c *call) join(at time.Time) {
	c.expert = expert{newUUID(random(expertStream, c.number)), at.Truncate(time.Millisecond)}
}

// filmScreen adds a recording of the agent's screen.
func (c *call) filmScreen() {
	screen := c.record(c.extraID(2), c.recordings[0].start, c.end)
	screen.subtype, screen.ext = "Screen", "mp4"
	c.recordings = append(c.recordings, screen)
}

// move shifts the whole call to another start.
func (c *call) move(start time.Time) {
	by := start.Sub(c.start)

	times := []*time.Time{&c.start, &c.queued, &c.answered, &c.end}
	for i := range c.recordings {
		times = append(times, &c.recordings[i].start, &c.recordings[i].end)
		c.recordings[i].hour = start.Truncate(time.Hour)
	}

	for _, t := range times {
		*t = t.Add(by)
	}
}

package synth

// block is a number of legs whose last two share a conversation, as when a call
// is passed on. The others have one each.
const block = 8

// latest returns when the last conversations of a day start. In a single night no
// conversation lasts past midnight, so that its own partitions hold all of it. Of
// several nights the calls of the last minutes do.
func (n *Night) latest() clock {
	if n.nights() == 1 {
		return clock(23*60*60+15*60) * oneSecond
	}
	return oneDay - oneSecond
}

// longest is more than any conversation lasts: [day.drawLeg] makes two legs of at
// most 645 seconds.
const longest = clock(1300) * oneSecond

// call is one conversation as it really took place, and the defects that its
// records are to have.
type call struct {
	id       uuid
	fate     Defect
	twice    bool // reported in two versions
	inbound  bool
	line     int
	customer int // the digits in which customers' numbers differ
	service  int // the digits in which the numbers of the contact centre differ
	queue    int // of the queues, for a call that came in
	number   int // of the conversation in its day
	legs     [2]leg
	count    int // the number of legs
}

// leg is one leg of a call, with its recording.
type leg struct {
	id, recording        uuid
	agent                uuid
	start, answered, end clock
	from, until          clock // the times of the recording
	trunkless            bool  // the entry lacks its trunk
	rejected             bool  // a broken CDR row comes before
	way                  int   // which of its forms a defect takes
	detail               int   // from 0 to 31: which legs say how long was talked, and when
	mediaBytes           int
	digest               draws // the seed of the media's digest
}

// conversation returns the number of the conversation that starts at a leg.
func conversation(first int) int { return first - first/block }

// second reports whether a leg is the second of its conversation.
func second(n int) bool { return n%block == block-1 }

// calls calls f for each conversation that starts in the part. The call is
// reused for the next one.
func (p part) calls(f func(*call) error) error {
	var c call
	for n := p.from; n < p.to; n++ {
		if second(n) {
			continue
		}

		p.draw(&c, n)
		if err := f(&c); err != nil {
			return err
		}
	}
	return nil
}

// draw makes the conversation that starts at a leg. The order in which values
// are drawn is part of the night: another order makes another night from the
// same seed.
func (d day) draw(c *call, first int) {
	r := d.drawing(ofCall, d.number, first)
	*c = call{
		id: r.uuid(), fate: d.Rates.fate(r.unit()), twice: r.unit() < d.Rates[Superseded], inbound: r.below(3) > 0,
		line: r.below(d.Lines), customer: r.below(10_000_000), service: r.below(100), number: conversation(first), count: 1,
	}

	// The day may end before the second leg.
	if second(first+1) && first+1 < d.Legs {
		c.count = 2
	}

	// Each conversation has its share of the day to start in. A second leg starts
	// when the first one ends, or half-way when somebody is consulted.
	latest := d.latest()
	next := clock(first)*latest/clock(d.Legs) + clock(r.below(int(latest)/d.Legs+1))
	for i := range c.count {
		l := &c.legs[i]
		d.drawLeg(l, &r, next)
		if c.fate == Short {
			l.until = l.from + (l.end-l.from)/3
		}
		next = l.end
	}

	c.queue = 1 + r.below(queues-1)
	if c.fate == Unrecorded {
		c.queue = unrecordedQueue
	}
	if c.count == 2 && c.fate == sound && r.below(4) == 0 {
		c.consult()
	}
	if v := vendorOf(d.Profile); v != nil {
		c.inSeconds()
		v.lay(c)
	}
}

// consult moves the second leg into the first one. It is answered at once, so
// that what the first agent says is talk of both legs from its beginning.
func (c *call) consult() {
	first, second := &c.legs[0], &c.legs[1]
	by := second.answered - (first.answered + (first.end-first.answered)/2)

	for _, t := range []*clock{&second.answered, &second.end, &second.from, &second.until} {
		*t -= by
	}
	second.start = second.answered
}

// names reports whether the metadata of the call's recordings name the session
// that they are of. Those of overlapping legs always do.
func (c *call) names() bool {
	return c.number%2 == 0 || c.count == 2 && c.legs[1].start < c.legs[0].end
}

// drawLeg makes a leg that starts at a time.
func (d day) drawLeg(l *leg, r *draws, start clock) {
	l.id, l.recording = r.uuid(), r.uuid()

	// There are as many agents as lines, so their ids return as real ones do.
	agent := d.drawing(ofAgent, 0, r.below(d.Lines))
	l.agent = agent.uuid()

	l.start = start
	l.answered = start + clock(5000+r.below(40_000))
	l.end = l.answered + clock(40_000+r.below(560_000))
	l.from, l.until = l.answered+clock(r.below(250)), l.end

	l.trunkless = r.unit() < d.Rates[MissingTrunk]
	l.rejected = r.unit() < d.Rates[Rejected]
	l.way = r.below(6)
	l.mediaBytes = int(l.until-l.from) * 4
	l.digest = draws(r.next())
	l.detail = r.below(32)
}

// recorded reports whether any recording of the call was delivered.
func (c *call) recorded() bool { return c.fate != Internal && c.fate != Unrecorded && c.fate != Lost }

// queued reports whether the caller waited in a queue.
func (c *call) queued() bool { return c.fate == Unrecorded || c.inbound && c.fate != Internal }

func (c *call) direction() string {
	switch {
	case c.fate == Internal:
		return "internal"
	case c.inbound:
		return "inbound"
	}
	return "outbound"
}

// numbers appends the numbers of caller and callee, each after a text.
func (c *call) numbers(b []byte, before, between string) []byte {
	customer := func(b []byte) []byte { return appendPadded(append(b, "+4930"...), c.customer, 7) }
	service := func(b []byte) []byte { return appendPadded(append(b, "+49695550"...), c.service, 2) }

	from, to := service, customer
	if c.inbound {
		from, to = customer, service
	}

	b = from(append(b, before...))
	return to(append(b, between...))
}

// hold is how long the customers wait in the middle of the legs that say so, and
// pause how long nothing was to be recorded in those that had a pause.
const (
	hold  = clock(10_000)
	pause = clock(5_000)
)

// A leg says nothing of its talk, or when somebody talked, or only for how long.
func (l *leg) saysWhen() bool    { return l.detail < 4 }
func (l *leg) saysHowLong() bool { return l.detail >= 24 }
func (l *leg) paused() bool      { return l.detail == 4 }

// middle is when a hold or a pause begins.
func (l *leg) middle() clock { return l.answered + (l.end-l.answered)/2 }

// site holds the ids that stay the same all night.
type site struct {
	org           uuid
	lines, trunks []uuid
	queues        [queues]uuid
}

// queues is how many queues there are. Calls of the first one are not to be
// recorded.
const (
	queues          = 40
	unrecordedQueue = 0
)

// perTrunk is how many lines one trunk has.
const perTrunk = 40

func (n *Night) site() *site {
	r := n.drawing(ofOrg, 0, 0)
	s := &site{org: r.uuid(), lines: make([]uuid, n.Lines), trunks: make([]uuid, (n.Lines+perTrunk-1)/perTrunk)}

	for i := range s.lines {
		r := n.drawing(ofLine, 0, i)
		s.lines[i] = r.uuid()
	}

	for i := range s.trunks {
		r := n.drawing(ofTrunk, 0, i)
		s.trunks[i] = r.uuid()
	}

	for i := range s.queues {
		r := n.drawing(ofQueue, 0, i)
		s.queues[i] = r.uuid()
	}

	return s
}

func (s *site) trunk(line int) []byte { return s.trunks[line/perTrunk][:] }

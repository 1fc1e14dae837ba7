package synth

// A block of legs is told in one conversation less: its last two legs share
// one, as when a call is passed on.
const block = 8

// latest is when the last conversations of a day start. None lasts over
// midnight, so that what is planted in the night is found in the night.
const latest = clock(23*60*60+15*60) * 1000

// call is one conversation as it really was.
type call struct {
	id       uuid
	fate     Defect
	twice    bool // told in two versions
	inbound  bool
	line     int
	customer int // the digits of their numbers that differ
	service  int
	number   int // of the conversation in its day
	legs     [2]leg
	count    int // of its legs
}

// leg is one leg of a call, with its recording.
type leg struct {
	id, recording        uuid
	agent                uuid
	start, answered, end clock
	from, until          clock // of the recording
	trunkless            bool  // the entry lacks its trunk
	rejected             bool  // a broken CDR row comes before
	way                  int   // which of several forms a defect takes
	mediaBytes           int
	digest               draws // of its media
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

// draw makes the conversation that starts at a leg.
func (d day) draw(c *call, first int) {
	r := d.drawing(ofCall, d.number, first)
	*c = call{
		id: r.uuid(), fate: d.Rates.fate(r.unit()), twice: r.unit() < d.Rates[Superseded], inbound: r.below(3) > 0,
		line: r.below(d.Lines), customer: r.below(10_000_000), service: r.below(100), number: conversation(first), count: 1,
	}
	if second(first+1) && first+1 < d.Legs {
		c.count = 2
	}
	next := clock(first)*latest/clock(d.Legs) + clock(r.below(int(latest)/d.Legs+1))
	for i := range c.count {
		l := &c.legs[i]
		d.drawLeg(l, &r, next)
		if c.fate == Short {
			l.until = l.from + (l.end-l.from)/3
		}
		next = l.end
	}
}

func (d day) drawLeg(l *leg, r *draws, start clock) {
	l.id, l.recording = r.uuid(), r.uuid()
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
}

// recorded reports whether there is a recording of the call at all.
func (c *call) recorded() bool { return c.fate != Internal && c.fate != Unrecorded && c.fate != Lost }

func (c *call) direction() string {
	switch {
	case c.fate == Internal:
		return "internal"
	case c.inbound:
		return "inbound"
	}
	return "outbound"
}

// numbers appends the two numbers of a call, each after a text.
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

// site holds the ids that stay the same all night.
type site struct {
	org           uuid
	lines, trunks []uuid
}

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
	return s
}

func (s *site) trunk(line int) []byte { return s.trunks[line/perTrunk][:] }

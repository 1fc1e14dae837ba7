package sample

import "time"

// shape is how many of 1,925 calls start in each hour: a quiet night, the
// rush of the morning, a dip at noon.
var shape = [24]int{4, 3, 2, 2, 3, 6, 18, 60, 140, 190, 200, 180, 150, 160, 175, 170, 150, 110, 70, 45, 35, 25, 18, 9}

// inMargin is how many calls start in each hour around the night, and
// marginNumber the number of the first of them.
const (
	inMargin     = 2
	marginNumber = 1 << 26
)

// plan draws the night of the given number of calls, and its margins.
func (n *Night) plan(size int) {
	total, before, number := 0, 0, 0
	for _, weight := range shape {
		total += weight
	}
	for h := firstHour; h <= lastHour; h++ {
		if h < 0 || h >= len(shape) {
			n.drawHour(h, inMargin, func(i int) (int, kind) { return marginNumber + h*inMargin + i, inbound })
			continue
		}
		after := before + shape[h]
		n.drawHour(h, size*after/total-size*before/total, func(i int) (int, kind) { return number + i, kindOf(number + i) })
		number = size * after / total
		before = after
	}
	for i := range n.calls {
		n.vary(&n.calls[i])
	}
}

// drawHour spreads calls over an hour, in order of their starts.
func (n *Night) drawHour(h, count int, next func(i int) (int, kind)) {
	for i := range count {
		number, k := next(i)
		slot := time.Hour / time.Duration(count)
		jitter := time.Duration(random(spreadStream, number).Int64N(int64(slot)))
		n.calls = append(n.calls, draw(number, k, n.hour(h).Add(slot*time.Duration(i)+jitter).Truncate(time.Millisecond)))
	}
}

// kindOf and vary spread what is ordinary in a night, yet not a plain call,
// evenly over its calls. The moduli never meet in one call.
func kindOf(number int) kind {
	switch {
	case number%64 == 11:
		return abandoned
	case number%96 == 50:
		return internal
	case number%128 == 77:
		return declined
	}
	return inbound
}

func (n *Night) vary(c *call) {
	switch {
	case c.number >= marginNumber+firstHour*inMargin:
	case c.number%32 == 5:
		c.handOver()
	case c.number%320 == 40:
		c.filmScreen()
	}
}

// pick returns the first plain call that starts at or after a time of the
// night and suits.
func (n *Night) pick(clock string, suits func(*call) bool) *call {
	from := n.at(clock)
	for i := range n.calls {
		if c := &n.calls[i]; !c.start.Before(from) && c.plain() && suits(c) {
			c.placed = true
			return c
		}
	}
	panic("the night has no plain call for its story after " + clock)
}

func anyCall(*call) bool { return true }

func on(trunk int) func(*call) bool {
	return func(c *call) bool { return c.trunk == trunk }
}

// long calls can lose most of their recording.
func long(c *call) bool { return c.talk() > 3*time.Minute }

// overHour calls end in another hour than they start in.
func overHour(c *call) bool { return c.end.Truncate(time.Hour).After(c.start) }

// lastOf returns the last call that starts in an hour.
func (n *Night) lastOf(h int) *call {
	var last *call
	for i := range n.calls {
		if n.calls[i].start.Before(n.hour(h + 1)) {
			last = &n.calls[i]
		}
	}
	return last
}

package sample

import "time"

// shape is how many of 1,925 calls start in each hour: few at night, most in the
// morning, fewer at noon.
var shape = [24]int{4, 3, 2, 2, 3, 6, 18, 60, 140, 190, 200, 180, 150, 160, 175, 170, 150, 110, 70, 45, 35, 25, 18, 9}

// inMargin is how many calls start in each hour around the night, and
// marginNumber the number of the first of them.
const (
	inMargin     = 2
	marginNumber = 1 << 26
)

// plan draws the calls of the night, of which there are size, and of its margins.
func (d date) plan(size int) []call {
	var list []call
	total, begun, number := 0, 0, 0
	for _, weight := range shape {
		total += weight
	}

	for h := firstHour; h <= lastHour; h++ {
		if h < 0 || h >= len(shape) {
			list = d.drawHour(list, h, inMargin, marginNumber+h*inMargin)
			continue
		}

		// Each hour ends at its share of the calls so far, so that rounding
		// never loses a call.
		begun += shape[h]
		next := size * begun / total
		list = d.drawHour(list, h, next-number, number)
		number = next
	}

	for i := range list {
		list[i].vary()
	}
	return list
}

// drawHour appends calls spread over an hour, in order of their starts. They
// are numbered from first on.
func (d date) drawHour(list []call, h, count, first int) []call {
	for number := first; number < first+count; number++ {
		slot := time.Hour / time.Duration(count)
		jitter := time.Duration(random(spreadStream, number).Int64N(int64(slot)))
		start := d.hour(h).Add(slot*time.Duration(number-first) + jitter)
		list = append(list, draw(number, kindOf(number), start.Truncate(time.Millisecond)))
	}
	return list
}

// inMargins reports whether a call number is one of the margins.
func inMargins(number int) bool { return number >= marginNumber+firstHour*inMargin }

// kindOf and vary spread the usual kinds of special call evenly over the night.
// The remainders are chosen so that no call gets two of them.
func kindOf(number int) kind {
	switch {
	case inMargins(number):
		return inbound
	case number%64 == 11:
		return abandoned
	case number%96 == 50:
		return internal
	case number%128 == 77:
		return declined
	}
	return inbound
}

// vary gives some calls a second recording. Those of the margins stay plain.
func (c *call) vary() {
	switch {
	case inMargins(c.number):
	case c.number%32 == 5:
		c.handOver()
	case c.number%320 == 40:
		c.filmScreen()
	}
}

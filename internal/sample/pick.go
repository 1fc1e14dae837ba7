package sample

import "time"

// pick returns the first plain call that starts at or after a time of the
// night and suits.
func (a *author) pick(clock string, suits func(*call) bool) *call {
	from := a.at(clock)
	for i := range a.calls {
		if c := &a.calls[i]; !c.start.Before(from) && c.plain() && suits(c) {
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

// long reports whether a call is long enough to lose most of its recording.
func long(c *call) bool { return c.talk() > 3*time.Minute }

// overHour reports whether a call ends in another hour than it starts in.
func overHour(c *call) bool { return c.end.Truncate(time.Hour).After(c.start) }

// lastOf returns the last call that starts in an hour.
func (a *author) lastOf(h int) *call {
	var last *call
	for i := range a.calls {
		if a.calls[i].start.Before(a.hour(h + 1)) {
			last = &a.calls[i]
		}
	}
	return last
}

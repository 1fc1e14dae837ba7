package synth

import (
	"iter"
	"time"
)

// Objects arrive a few minutes after the end of what they tell of. Late ones arrive an
// hour to two days after that, as exports of recordings that take long to become ready.
//
// Every object of a night arrives within settled of its end: longest, transfer and mostLate
// are less in all.
const (
	transfer  = 5 * time.Minute
	leastLate = time.Hour
	mostLate  = 47 * time.Hour
	settled   = 48 * time.Hour
)

// sent returns when an object arrives that was finished at a time of the day.
func (d day) sent(end clock) time.Time {
	return d.midnight().Add(time.Duration(end)*time.Millisecond + transfer)
}

// sentWhole returns when the object that holds the part arrives. All that it tells of has
// ended by then.
func (p part) sentWhole() time.Time {
	switch {
	case p.Hourly:
		return p.sent(p.ends.to)
	case p.ends == overnight:
		return p.sent(oneDay + longest)
	}

	// The last conversation starts at the end of its share of the day at the latest.
	return p.sent(clock(p.to)*p.latest()/clock(p.Legs) + longest)
}

// late makes some of the day's manifests, sidecars and media late. Each object is late or
// not on its own: media may be there long before their metadata, and the other way round.
func (d day) late(objects iter.Seq[Object]) iter.Seq[Object] {
	if d.Late == 0 {
		return objects
	}
	return func(yield func(Object) bool) {
		i := 0
		for o := range objects {
			r := d.drawing(ofArrival, d.number, i)
			i++
			if r.unit() < d.Late {
				after := leastLate + time.Duration(r.unit()*float64(mostLate-leastLate))
				o.Arrives = o.Arrives.Add(after.Truncate(time.Second))
			}

			if !yield(o) {
				return
			}
		}
	}
}

// Settles returns when all objects of the nights, without their margins, have arrived.
// A run as of then counts what is missing.
func (n *Night) Settles() time.Time {
	end := n.Day.AddDate(0, 0, n.nights())
	if n.Late > 0 {
		return end.Add(settled)
	}
	return end.Add(24 * time.Hour)
}

// settle returns the setting of a manifests source. Without late objects it is the usual
// one: a duration, or empty for that of the profile.
func (n *Night) settle(usual string) string {
	if n.Late > 0 {
		usual = "48h"
	}
	if usual == "" {
		return ""
	}
	return ", settle: " + usual
}

// settles says in the configuration whether sources settle later.
func (n *Night) settles() string {
	if n.Late > 0 {
		return "Recordings settle after two days."
	}
	return "No source settles later."
}

// Package sample makes the night of the demo: recordings, call detail records
// and registrations whose defects are known beforehand. People look at it, and
// tests count what a run finds in it.
//
// Everything follows from the date and a fixed seed. Each call has a random
// generator of its own, so a change to one call does not change the others.
package sample

import (
	"iter"
	"math/rand/v2"
	"time"
)

// Object is one object of the night. The key is below the night's base.
type Object struct {
	Key  string
	Body []byte
}

// Night is one UTC day of a contact centre and the hours around it.
type Night struct {
	Story Story

	date
	calls   []call // in order of their starts
	late    []call // of an earlier day, whose call detail records come in the night
	standby []standbyEntry
}

const (
	seed  = 1120
	calls = 1925 // that start in the night
)

// The hours around the night in which calls are placed, and in which lines
// register, counted from its midnight.
const (
	firstHour = -4
	lastHour  = 25
	logUntil  = 28
)

// New returns the night of the UTC day that holds t.
func New(t time.Time) *Night {
	d := date{t.UTC().Truncate(24 * time.Hour)}
	a := author{date: d, calls: d.plan(calls)}

	a.write()
	return &Night{a.story, d, a.calls, a.late, a.standby}
}

// Objects yields every object of the night in byte order of the keys. Each
// range makes them anew; their bytes belong to the caller.
func (n *Night) Objects() iter.Seq[Object] {
	return func(yield func(Object) bool) {
		for _, part := range []iter.Seq[Object]{n.details(), n.gatewayRecords(), n.deliveries(), n.registrations(), n.standbyManifest()} {
			for o := range part {
				if !yield(o) {
					return
				}
			}
		}
	}
}

// date is the UTC day of the night.
type date struct{ midnight time.Time }

// hour returns the start of an hour counted from midnight. Hours before 0 and
// after 23 are those of the days around the night.
func (d date) hour(h int) time.Time { return d.midnight.Add(time.Duration(h) * time.Hour) }

// at returns a time of the day, given as "15:04".
func (d date) at(clock string) time.Time {
	t, err := time.Parse("15:04", clock)
	if err != nil {
		panic(err) // clocks are constants
	}
	return d.hour(t.Hour()).Add(time.Duration(t.Minute()) * time.Minute)
}

// The streams of random numbers. Each purpose has its own, so that drawing more
// numbers for one does not change another.
const (
	callStream = iota + 1
	spreadStream
	agentStream
	detailStream
	mediaStream
	registrarStream
	expertStream
	standbyStream
)

func random(stream, number int) *rand.Rand {
	return rand.New(rand.NewPCG(seed+uint64(stream), uint64(number)))
}

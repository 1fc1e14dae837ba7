package registration

import (
	"time"

	"cdrmend/internal/record"
)

// kind is what an event means for the state of its key.
type kind uint8

const (
	ignored   kind = iota // provisional, or a removal that failed
	challenge             // a refusal that was answered: the answer counts
	failure
	removal
	success
)

// Times that SIP sets.
const (
	// unanswered is 64 × T1 (RFC 3261): after it a client knows that nobody
	// answers. So a renewal may come that much late.
	unanswered = 32 * time.Second

	// patience is how long a challenge waits for an answer that tells of silence,
	// which needs the time above.
	patience = 35 * time.Second

	// changeover is how soon a registration follows a removal when a client
	// renews by removing the old one first.
	changeover = 5 * time.Second
)

// succeeded reports whether the attempt registered its key.
func (e *Event) succeeded() bool { return e.Status >= 200 && e.Status <= 299 && e.Expiry != 0 }

// challenging reports whether the status is one that a client answers at once.
func challenging(status int16) bool {
	return status >= 300 && status <= 399 || status == 401 || status == 407 || status == 423
}

// classify returns the kinds of the events of one key, which are in order; the
// list is dst with its content replaced. A refusal with a challenging status is a
// challenge when the client tries again at once, and its answer counts by its own
// status; it is one, too, when a success follows at once.
func classify(dst []kind, events []*Event, window time.Duration) []kind {
	kinds := dst[:0]
	for _, e := range events {
		kinds = append(kinds, kindOf(e))
	}

	// Both searches go on where the last one stopped, so that all of them together
	// pass each event once.
	answer := -1 // the event that answers the last challenge
	next, succeeds := 0, 0
	for i, e := range events {
		if kinds[i] != failure || !challenging(e.Status) {
			continue
		}

		for next = max(next, i+1); next < len(events) && kinds[next] == ignored; {
			next++
		}
		for succeeds = max(succeeds, i+1); succeeds < len(events) && kinds[succeeds] != success; {
			succeeds++
		}

		// An answer is no challenge itself, unless a success follows at once.
		switch {
		case answer != i && next < len(events) && inTime(events[next], e, window):
			kinds[i], answer = challenge, next
		case succeeds < len(events) && events[succeeds].Time <= e.Time.Add(window):
			kinds[i] = challenge
		}
	}
	return kinds
}

// kindOf returns the kind of an event by itself.
func kindOf(e *Event) kind {
	switch answered := e.Status >= 200 && e.Status <= 299; {
	case e.Status >= 100 && e.Status <= 199, !answered && e.Expiry == 0:
		return ignored
	case answered && e.Expiry == 0:
		return removal
	case answered:
		return success
	}
	return failure
}

// inTime reports whether the event after a challenge comes soon enough to be its
// answer.
func inTime(next, challenge *Event, window time.Duration) bool {
	if next.Status == 408 || next.Status == 0 {
		window = max(window, patience)
	}
	return next.Time <= challenge.Time.Add(window)
}

// binding is until when a key is registered by the successes so far.
type binding struct {
	until  record.Time // NoTime without a success since the last removal
	logged bool        // every success that it rests on says how long it lasts
	last   *Event      // the last of these successes
}

var unbound = binding{until: record.NoTime}

// after returns the binding after a success.
func (b binding) after(e *Event, defaultExpiry time.Duration) binding {
	until, logged := endOf(e, defaultExpiry), e.Expiry >= 0
	switch {
	case until < b.until:
		return b
	case until == b.until:
		return binding{until, logged && b.logged, e}
	}
	return binding{until, logged, e}
}

// endOf returns the time at which what an event asks for, or was granted, ends.
func endOf(e *Event, defaultExpiry time.Duration) record.Time {
	if e.Expiry < 0 {
		return e.Time.Add(defaultExpiry)
	}
	const second = 1_000_000
	if e.Expiry > int64(record.MaxTime-e.Time)/second {
		return record.MaxTime
	}
	return e.Time + record.Time(e.Expiry)*second
}

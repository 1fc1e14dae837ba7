package registration

import (
	"sort"

	"cdrmend/internal/intern"
	"cdrmend/internal/policy"
	"cdrmend/internal/record"
)

// story is the history of one key with all that decides its outages.
type story struct {
	*history
	behaviour
	events   []*Event
	kinds    []kind
	requests *requests
	sources  []uint32    // that hold the events
	seen     record.Time // the first event that tells of its state
	named    bool        // some event names its OAuth client
}

// clientAt returns the OAuth client that the last event at or before t names.
func (s *story) clientAt(t record.Time) intern.Text {
	if !s.named {
		return intern.None
	}
	n := sort.Search(len(s.events), func(i int) bool { return s.events[i].Time > t })
	for n--; n >= 0; n-- {
		if c := s.events[n].Client; c != intern.None {
			return c
		}
	}
	return intern.None
}

// opening is what an outage began with.
type opening uint8

const (
	openedByFailure opening = iota
	openedByRemoval
	openedByLapse
)

// episode is one outage as a walk along the events of its key finds it.
type episode struct {
	span        record.Span
	opening     opening
	endedBy     string
	failures    []*Event    // in order
	binding     record.Time // until when the key was bound by what happened before
	removed     record.Time // when its registration was first removed, NoTime if it was not
	lastAttempt record.Time // its last failure or removal
	first, last record.Ref  // its first and last failure or removal, of a lapse the success that expired
}

// walk goes along the events of a two-sided key in order of time.
type walk struct {
	*story
	policy *policy.Policy
	emit   func(*episode)

	current  episode
	open     bool
	bound    binding     // by the events so far
	expired  bool        // the end of the bound time was looked at
	at       record.Time // of the events at work
	before   record.Time // until when the key was bound by the events before that time
	removal  record.Time // the last removal
	succeeds int         // the next success, or the number of events
}

// episodes finds the outages of a key and passes each to emit, which must copy
// what it keeps.
func (s *story) episodes(p *policy.Policy, emit func(*episode)) {
	if !s.twoSided {
		s.exposures(p, emit)
		return
	}

	// Challenges and what is ignored change no state. Whatever else happens, the
	// registration may have lapsed before it.
	w := walk{story: s, policy: p, emit: emit, bound: unbound, at: record.NoTime, before: record.NoTime, removal: record.NoTime}
	for i, e := range s.events {
		k := s.kinds[i]
		if k == ignored || k == challenge {
			continue
		}
		w.lapse(i, e.Time)

		// What bound the key before an outage is what happened strictly before it, not
		// at the same time.
		if e.Time != w.at {
			w.at, w.before = e.Time, w.bound.until
		}

		switch k {
		case failure:
			w.fail(e)
		case removal:
			w.remove(i, e)
		case success:
			w.succeed(e)
		}
	}

	w.lapse(len(s.events), s.horizon)
	w.close(s.horizon, EndedByHorizon)
}

// lapse opens an outage where the bound time ends, if that is no later than t
// and no success renews it in time. The events before i were walked along.
func (w *walk) lapse(i int, t record.Time) {
	end := w.bound.until
	if !end.Known() || w.expired || end > t {
		return
	}
	w.expired = true

	// The search goes on where the last one stopped, so that all of them together
	// pass each event once.
	for w.succeeds = max(w.succeeds, i); w.succeeds < len(w.events) && w.kinds[w.succeeds] != success; {
		w.succeeds++
	}
	renewed := w.succeeds < len(w.events) && w.events[w.succeeds].Time <= end.Add(unanswered)

	// An expiry that was not logged is a guess, and after the last word of the log
	// its silence means nothing.
	if w.open || renewed || !w.bound.logged || end > w.lastWord || !w.silenceTells(i, end) {
		return
	}

	rests := w.bound.last.Ref
	w.begin(episode{
		span: record.Span{Start: end}, opening: openedByLapse, binding: end,
		removed: record.NoTime, lastAttempt: record.NoTime, first: rests, last: rests,
	})
}

// silenceTells reports whether a key that is silent after the end of its bound
// time is not registered: because it is known to renew, or because its client
// failed to get a token.
func (w *walk) silenceTells(i int, end record.Time) bool {
	if w.renews || w.sparse {
		return w.renews
	}

	until := w.horizon
	for ; i < len(w.events); i++ {
		if k := w.kinds[i]; k == success || k == failure {
			until = w.events[i].Time
			break
		}
	}
	return w.requests.failedIn(w.sources, w.key.org, w.clientAt(end), record.Span{Start: end, End: until})
}

func (w *walk) fail(e *Event) {
	if w.open && w.current.opening != openedByFailure {
		w.close(e.Time, EndedByFailure)
	}

	if !w.open {
		w.begin(episode{span: record.Span{Start: e.Time}, opening: openedByFailure, binding: w.before, removed: record.NoTime, first: e.Ref})
		// A removal at the same time came first, as failures come after removals.
		if w.removal == e.Time {
			w.current.removed = e.Time
		}
	}

	w.current.failures = append(w.current.failures, e)
	w.attempt(e)
}

func (w *walk) remove(i int, e *Event) {
	w.bound, w.removal = unbound, e.Time
	if !w.open && w.renewedAfter(i) {
		return
	}

	if !w.open {
		w.begin(episode{span: record.Span{Start: e.Time}, opening: openedByRemoval, binding: w.before, removed: record.NoTime, first: e.Ref})
	}

	// Only the first removal ends what bound the key. A lapse had no attempt of its
	// own yet, so this one is its first.
	if !w.current.removed.Known() {
		w.current.removed = e.Time
	}
	if !w.current.lastAttempt.Known() {
		w.current.first = e.Ref
	}
	w.attempt(e)
}

// renewedAfter reports whether the next event after a removal is a success that
// comes at once: some clients renew like that.
func (w *walk) renewedAfter(i int) bool {
	for n := i + 1; n < len(w.events); n++ {
		switch w.kinds[n] {
		case ignored, challenge:
			continue
		case success:
			return w.events[n].Time <= w.events[i].Time.Add(changeover)
		}
		return false
	}
	return false
}

func (w *walk) succeed(e *Event) {
	w.close(e.Time, EndedBySuccess)
	w.bound, w.expired = w.bound.after(e, w.policy.DefaultExpiry), false
}

// attempt notes a failure or a removal of the open outage.
func (w *walk) attempt(e *Event) { w.current.lastAttempt, w.current.last = e.Time, e.Ref }

func (w *walk) begin(e episode) {
	e.failures = w.current.failures[:0]
	w.current, w.open = e, true
}

// close ends the open outage, if there is one.
func (w *walk) close(t record.Time, endedBy string) {
	if !w.open {
		return
	}
	w.open = false
	if w.current.span.End, w.current.endedBy = t, endedBy; t > w.current.span.Start {
		w.emit(&w.current)
	}
}

// longestExposure is how long one failure is taken to last in a log that shows
// failures only, whatever the client asked for.
const longestExposure = 24 * 60 * 60 * 1_000_000

// exposures finds the outages of a key whose log shows failures only. Each
// failure exposes the key for the time that the client asked for; what overlaps
// or touches is one outage.
func (s *story) exposures(p *policy.Policy, emit func(*episode)) {
	var current episode
	open := false
	begun := 0 // the first event at its start
	bound, walked := unbound, 0

	// The binding at the start of an outage is that of the events before it. They
	// are walked along once, as outages come in order.
	end := func() {
		if open && current.span.End > current.span.Start {
			for ; walked < begun; walked++ {
				switch s.kinds[walked] {
				case success:
					bound = bound.after(s.events[walked], p.DefaultExpiry)
				case removal:
					bound = unbound
				}
			}
			current.binding = bound.until
			s.complete(&current, begun)
			emit(&current)
		}
		open = false
	}

	instant := 0 // the first event at the time of the current one
	for i, e := range s.events {
		if e.Time > s.events[instant].Time {
			instant = i
		}
		if s.kinds[i] != failure {
			continue
		}

		// Exposures that only touch are one outage.
		if open && e.Time > current.span.End {
			end()
		}
		exposed := min(endOf(e, p.DefaultExpiry), e.Time+longestExposure)
		if !open {
			current = episode{
				span: record.Span{Start: e.Time, End: exposed}, endedBy: EndedByAssumed,
				removed: record.NoTime, lastAttempt: record.NoTime, failures: current.failures[:0],
			}
			begun, open = instant, true
		}

		current.span.End = max(current.span.End, exposed)
		current.failures = append(current.failures, e)
	}
	end()
}

// complete fills in what the failures and removals in an outage say of it. The
// first event at its start is number begun.
func (s *story) complete(x *episode, begun int) {
	for i, e := range s.events[begun:] {
		k := s.kinds[begun+i]
		if e.Time >= x.span.End {
			break
		}
		if k != failure && k != removal {
			continue
		}

		if k == removal && !x.removed.Known() {
			x.removed = e.Time
		}
		if !x.lastAttempt.Known() {
			x.first = e.Ref
		}
		x.lastAttempt, x.last = e.Time, e.Ref
	}
}

package registration

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strconv"
	"strings"
	"time"

	"cdrmend/internal/intern"
	"cdrmend/internal/policy"
	"cdrmend/internal/record"
	"cdrmend/internal/token"
)

// How an outage ended.
const (
	EndedBySuccess = "success" // the key registered
	EndedByExpiry  = "expiry"  // no attempt came before the last failed one would have expired
	EndedByAssumed = "assumed" // the key never registered: the outage may still last, or the key never carried calls
)

// Outages returns the outages that the events show, sorted by organisation,
// trunk, line and start. The events may be in any order. Their trunks must
// have been filled in.
func Outages(events []Event, texts *intern.Table, p *policy.Policy) []Outage {
	sweep := newSweep(texts, p)
	for run := range byKey(events, texts) {
		sweep.key(run)
	}
	return sweep.outages
}

// Failure is one failed attempt that is part of an outage.
type Failure struct {
	*Event
	Cause Cause
}

// Failures returns the failed attempts that make up an outage, in order.
func Failures(events []Event, texts *intern.Table, p *policy.Policy, o *Outage) []Failure {
	var found []Failure
	sweep := newSweep(texts, p)
	// A key can have several outages. They do not overlap, so the span tells
	// which of its failures belong to this one.
	sweep.note = func(e *Event, c Cause) {
		if o.Span.Contains(e.Time) {
			found = append(found, Failure{e, c})
		}
	}

	for run := range byKey(events, texts) {
		if run[0].key() == (key{o.Org, o.Trunk, o.Line}) {
			sweep.key(run)
		}
	}

	return found
}

func newSweep(texts *intern.Table, p *policy.Policy) sweep {
	return sweep{texts: texts, policy: p, token: token.Rules{Leeway: p.Leeway, Race: p.RefreshRace}}
}

// sweep walks through the events of each key. It holds the outage that has
// begun and not ended.
type sweep struct {
	texts   *intern.Table
	policy  *policy.Policy
	token   token.Rules
	outages []Outage
	note    func(*Event, Cause) // called for each failure that exposed its key; may be nil

	current Outage // Failures is 0 when no outage has begun
	counts  [NumCauses]int
	binding record.Time // when the binding of the last success expires
	assumed bool        // the key has no success at all
}

// key walks through the events of one key, which are in order.
func (s *sweep) key(run []*Event) {
	// Keys share nothing: what the last success of another key granted is void.
	s.binding = record.NoTime
	success := nextSuccess(run, 0)
	s.assumed = success == len(run)

	for i, e := range run {
		switch {
		case e.succeeded():
			s.succeed(e)
			success = nextSuccess(run, i+1)
		case e.failed() && success < len(run):
			s.fail(e, run[success])
		case e.failed():
			s.fail(e, nil)
		}
	}

	// The log ends here. An outage that nothing ended yet ends with its expiry.
	s.finish(s.endedByItself())
}

// nextSuccess returns the first success from i on, len(run) when there is none.
func nextSuccess(run []*Event, i int) int {
	for i < len(run) && !run[i].succeeded() {
		i++
	}
	return i
}

func (s *sweep) succeed(e *Event) {
	// fail has already cut the span at this success if the outage lasted so long.
	// An earlier end means that the outage had expired before.
	if s.current.Span.End == e.Time {
		s.finish(EndedBySuccess)
	}

	s.binding = e.Time.Add(s.expiry(e))
}

// fail adds the span that a failure exposes: until the registration that was
// asked for would have expired, or until the key's next success, if any.
func (s *sweep) fail(e, success *Event) {
	end := e.Time.Add(s.expiry(e))
	if success != nil {
		// A client that answers a challenge at once was never without service.
		if challenge(e) && success.Time <= e.Time.Add(s.policy.ChallengeWindow) {
			return
		}
		end = min(end, success.Time)
	}

	// A success at the same moment leaves nothing exposed.
	if end <= e.Time {
		return
	}

	// A failure at the very end continues the outage: no moment lay between.
	if e.Time > s.current.Span.End {
		s.finish(s.endedByItself())
	}

	cause := CauseOf(e, &s.token)
	if s.note != nil {
		s.note(e, cause)
	}

	if s.current.Failures == 0 {
		s.current = Outage{
			Org: e.Org, Trunk: e.Trunk, Line: e.Line, Span: record.Span{Start: e.Time, End: end},
			Cause: cause, BindingUntil: s.binding, First: e.Ref,
		}
	}

	s.current.Span.End = max(s.current.Span.End, end)
	s.current.Last = e.Ref
	s.current.Failures++
	s.counts[cause]++
}

// challenge reports whether SIP clients answer such a refusal at once.
func challenge(e *Event) bool { return e.Status == 401 || e.Status == 407 || e.Status == 423 }

// expiry returns the time that the event asks for or was granted.
func (s *sweep) expiry(e *Event) time.Duration {
	if e.Expiry < 0 {
		return s.policy.DefaultExpiry
	}
	return time.Duration(e.Expiry) * time.Second
}

// endedByItself says how an outage ended that no success ended.
func (s *sweep) endedByItself() string {
	if s.assumed {
		return EndedByAssumed
	}
	return EndedByExpiry
}

// finish ends the outage that has begun, if any.
func (s *sweep) finish(endedBy string) {
	if s.current.Failures > 0 {
		s.current.EndedBy = endedBy
		s.current.Causes = formatCauses(&s.counts)
		s.current.ID = s.id(&s.current)
		s.outages = append(s.outages, s.current)
	}

	// NoTime is before every event, so the next failure begins a new outage and no
	// success takes this one for its own.
	s.current = Outage{Span: record.Span{End: record.NoTime}}
	s.counts = [NumCauses]int{}
}

// id derives the outage's id from its key and start, so that every run that
// sees the outage gives it the same one.
func (s *sweep) id(o *Outage) string {
	var b []byte
	for _, part := range []intern.Text{o.Org, o.Trunk, o.Line} {
		// The separator keeps ids of different lengths from running into each other.
		b = append(s.texts.AppendTo(b, part), '|')
	}

	sum := sha256.Sum256(o.Span.Start.AppendTo(b))
	return "out-" + hex.EncodeToString(sum[:8])
}

// causesByName are all causes in the order of their names.
var causesByName = func() []Cause {
	var all []Cause
	for c := range NumCauses {
		all = append(all, c)
	}

	slices.SortFunc(all, func(a, b Cause) int { return strings.Compare(a.String(), b.String()) })

	return all
}()

// formatCauses writes name=n for each cause that occurred.
func formatCauses(counts *[NumCauses]int) string {
	var b []byte
	for _, c := range causesByName {
		if counts[c] == 0 {
			continue
		}
		if len(b) > 0 {
			b = append(b, ';')
		}

		b = append(append(b, c.String()...), '=')
		b = strconv.AppendInt(b, int64(counts[c]), 10)
	}

	return string(b)
}

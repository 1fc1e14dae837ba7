package registration

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strconv"
	"strings"

	"cdrmend/internal/intern"
	"cdrmend/internal/policy"
	"cdrmend/internal/record"
	"cdrmend/internal/token"
)

// States is what a log shows of its keys over time.
type States struct {
	Outages []Outage // in the order of their organisation, trunk, line, start and user name
	Silent  []uint32 // sources with events that show no successes

	vouchers []voucher // of two-sided keys
	vouched  []record.Span
	keys     []key    // of all keys
	disputed disputed // when they are in doubt
}

// StatesOf derives the states of all keys of a log, which must be complete. The
// order of its events does not matter.
func StatesOf(log *Log, texts *intern.Table, p *policy.Policy) *States {
	s := &States{}
	d := newDerivation(log, texts, p)
	s.Silent = d.survey.silent()

	for i := range d.histories.list {
		story := d.story(i)
		s.keys = append(s.keys, story.key)
		if story.twoSided {
			s.vouch(&story, p)
		}
		s.disputed.add(story.key, story.doubtful(log, p))
		story.episodes(p, func(e *episode) { s.Outages = append(s.Outages, d.outage(&story, e)) })
	}
	sortAccounts(s.Outages, texts)
	return s
}

// sortAccounts sorts outages that are in the order of their keys: those of the
// accounts of one trunk stand together, and are put in the order of their start.
func sortAccounts(outages []Outage, texts *intern.Table) {
	same := func(a, b *Outage) bool { return a.Org == b.Org && a.Trunk == b.Trunk && a.Line == b.Line }
	for from := 0; from < len(outages); {
		to := from + 1
		for to < len(outages) && same(&outages[from], &outages[to]) {
			to++
		}

		// Keys without a user name come first, so the last one tells whether there is
		// an account among them.
		if outages[to-1].User != intern.None {
			slices.SortStableFunc(outages[from:to], func(a, b Outage) int {
				return cmp.Or(cmp.Compare(a.Span.Start, b.Span.Start), texts.Compare(a.User, b.User))
			})
		}
		from = to
	}
}

// Failure is one failed attempt that is part of an outage.
type Failure struct {
	*Event
	Cause Cause
}

// Failures returns the failed attempts that an outage of a log consists of, in
// order.
func Failures(log *Log, texts *intern.Table, p *policy.Policy, o *Outage) []Failure {
	d := newDerivation(log, texts, p)
	var found []Failure
	for i := range d.histories.list {
		if d.histories.list[i].key != (key{o.Org, o.Trunk, o.Line, o.User}) {
			continue
		}

		// A key has one outage at a time, so its start names it.
		story := d.story(i)
		story.episodes(p, func(e *episode) {
			if e.span.Start != o.Span.Start {
				return
			}
			causes := d.causesOf(e.failures)
			for n, failure := range e.failures {
				found = append(found, Failure{failure, causes[n]})
			}
		})
	}
	return found
}

// derivation holds what the outages of all keys are derived from.
type derivation struct {
	histories *histories
	kinds     []kind // of all events
	survey    *survey
	requests  *requests
	token     token.Rules
	texts     *intern.Table
	policy    *policy.Policy

	events []*Event // of the current key
	causes []Cause  // of the current outage
	counts [NumCauses]int
}

func newDerivation(log *Log, texts *intern.Table, p *policy.Policy) *derivation {
	d := &derivation{
		histories: newHistories(log, texts), requests: newRequests(log), texts: texts, policy: p,
		token: token.Rules{Leeway: p.Leeway, Race: p.RefreshRace},
	}

	// A survey of the whole log needs the kinds of all events.
	d.kinds = make([]kind, len(log.Events))
	for i := range d.histories.list {
		x := &d.histories.list[i]
		classify(d.kinds[x.from:x.from:x.to], d.eventsOf(x), p.ChallengeWindow)
	}
	d.survey = newSurvey(d.histories, d.kinds, p)
	return d
}

// eventsOf returns the events of a history. They are valid until the next call.
func (d *derivation) eventsOf(x *history) []*Event {
	d.events = d.events[:0]
	for i := x.from; i < x.to; i++ {
		d.events = append(d.events, d.histories.at(i))
	}
	return d.events
}

// story returns the story of one key. It is valid until the next call.
func (d *derivation) story(n int) story {
	x := &d.histories.list[n]
	s := story{
		history: x, behaviour: d.survey.behaviour(n), events: d.eventsOf(x), kinds: d.kinds[x.from:x.to],
		requests: d.requests, sources: d.histories.sets.list[x.shownBy], seen: record.Forever.End,
	}

	for i, e := range s.events {
		if s.kinds[i] != ignored && s.kinds[i] != challenge {
			s.seen = min(s.seen, e.Time)
		}
		s.named = s.named || e.Client != intern.None
	}
	return s
}

// outage writes down one outage.
func (d *derivation) outage(s *story, e *episode) Outage {
	o := Outage{
		Org: s.key.org, Trunk: s.key.trunk, Line: s.key.line, User: s.key.user,
		Span: e.span, EndedBy: e.endedBy, Failures: len(e.failures),
		BindingUntil: e.binding, UnregisteredFrom: record.NoTime,
		LastAttempt: e.lastAttempt, Began: BeganBefore, First: e.first, Last: e.last,
		Sparse: s.sparse, LastWord: s.lastWord,
	}
	o.ID = d.id(&o)

	o.Cause, o.Causes = d.cause(s, e)
	if s.seen < e.span.Start {
		o.Began = BeganSeen
	}

	// A removal ends what bound the key before.
	if o.BindingUntil.Known() && e.removed.Known() && e.removed < e.span.End {
		o.BindingUntil = min(o.BindingUntil, e.removed)
	}

	// A renewal that failed harms nobody when the next one came while the old
	// registration still carried calls.
	o.Harmless = e.opening == openedByFailure && e.endedBy == EndedBySuccess &&
		o.BindingUntil.Known() && e.span.End <= o.BindingUntil.Add(unanswered)
	if from := max(e.span.Start, o.BindingUntil); !o.Harmless && from <= e.span.End {
		o.UnregisteredFrom = from
	}
	return o
}

// cause returns the cause of an outage and the counts of the causes of its
// failures.
func (d *derivation) cause(s *story, e *episode) (Cause, string) {
	if len(e.failures) > 0 {
		causes := d.causesOf(e.failures)
		d.counts = [NumCauses]int{}
		for _, c := range causes {
			d.counts[c]++
		}
		return causes[0], formatCauses(&d.counts)
	}

	if e.opening == openedByRemoval {
		return Deregistered, ""
	}

	// A client that could not get a token does not register: nobody sees a failure
	// of the registration itself.
	org, client := s.key.org, s.clientAt(e.span.Start)
	if d.requests.failedIn(s.sources, org, client, e.span) || d.requests.failedLast(s.sources, org, client, e.span.Start) {
		return TokenRequestFailed, ""
	}
	return Lapsed, ""
}

// id returns the id of an outage: it depends on its key and its start.
func (d *derivation) id(o *Outage) string {
	var b []byte
	for _, part := range []intern.Text{o.Org, o.Trunk, o.Line} {
		b = append(appendEscaped(b, d.texts, part), '|')
	}
	b = o.Span.Start.AppendTo(b)
	if o.User != intern.None {
		b = appendEscaped(append(b, '|'), d.texts, o.User)
	}
	sum := sha256.Sum256(b)
	return "out-" + hex.EncodeToString(sum[:8])
}

// appendEscaped appends a text so that no other texts give the same id.
func appendEscaped(b []byte, texts *intern.Table, t intern.Text) []byte {
	for _, c := range []byte(texts.String(t)) {
		if c == '\\' || c == '|' {
			b = append(b, '\\')
		}
		b = append(b, c)
	}
	return b
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

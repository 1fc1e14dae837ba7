package registration

import (
	"cdrmend/internal/record"
	"cdrmend/internal/token"
)

// Cause is why an attempt to register failed.
type Cause uint8

// The causes. The first ones are those of package token, for answers 401 and
// 403, and have its numbers.
const (
	Unknown            = Cause(token.Unknown)
	TokenUntrusted     = Cause(token.Untrusted)
	TokenInactive      = Cause(token.Inactive)
	TokenExpired       = Cause(token.Expired)
	TokenNotYetValid   = Cause(token.NotYetValid)
	WrongOrg           = Cause(token.WrongOrg)
	ScopeMissing       = Cause(token.ScopeMissing)
	RefreshRace        = Cause(token.RefreshRace)
	CredentialRejected = Cause(token.CredentialRejected)
	NotPermitted       = Cause(token.NotPermitted)
)

// The causes of all other answers, and those of outages without a failure.
const (
	Unauthenticated Cause = Cause(token.NumCauses) + iota
	UnknownLine
	Timeout
	IntervalTooBrief
	Throttled
	ClientGaveUp
	ServerError
	Rejected
	Lapsed
	Deregistered
	TokenRequestFailed
	NumCauses // how many there are
)

// What each cause means, and what to do, says package wording.
var answers = [NumCauses]string{
	Unauthenticated:    "unauthenticated",
	UnknownLine:        "unknown_line",
	Timeout:            "timeout",
	IntervalTooBrief:   "interval_too_brief",
	Throttled:          "throttled",
	ClientGaveUp:       "client_gave_up",
	ServerError:        "server_error",
	Rejected:           "rejected",
	Lapsed:             "lapsed",
	Deregistered:       "deregistered",
	TokenRequestFailed: "token_request_failed",
}

// String returns the name that tables use.
func (c Cause) String() string {
	if c < Unauthenticated {
		return token.Cause(c).String()
	}
	return answers[c]
}

// CauseOf returns the cause of a failed attempt as far as it shows it itself.
func CauseOf(e *Event, rules *token.Rules) Cause {
	switch {
	case e.Status == 401 || e.Status == 403:
		return causeOfRefusal(e, rules)
	case e.Status == 404 || e.Status == 410:
		return UnknownLine
	case e.Status == 407:
		return Unauthenticated
	case e.Status == 408 || e.Status == 0:
		return Timeout
	case e.Status == 423:
		return IntervalTooBrief
	case e.Status == 429:
		return Throttled
	case e.Status == 460 || e.Status == 499:
		return ClientGaveUp
	case e.Status >= 500 && e.Status <= 599:
		return ServerError
	}
	return Rejected
}

// causeOfRefusal returns the cause of an answer 401 or 403.
func causeOfRefusal(e *Event, rules *token.Rules) Cause {
	refusal := token.Refusal{
		Hint: token.Hint{Cause: e.Token, Issued: e.Issued, Evidence: e.Facts.is(HasEvidence), Scoped: e.Facts.is(ListsScopes)},
		At:   e.Time,
	}
	if e.Facts.is(GrantLacks) {
		refusal.Granted = token.Lacking
	}

	switch {
	case e.Facts.is(InvalidToken):
		refusal.Error = token.InvalidToken
	case e.Facts.is(InsufficientScope):
		refusal.Error = token.InsufficientScope
	}

	// A 401 without any evidence says at least that the credentials were not enough.
	cause := Cause(rules.Conclude(refusal))
	if cause == Unknown && e.Status == 401 {
		return Unauthenticated
	}
	return cause
}

// causesOf returns the causes of the failures of one outage, which are in order.
// The list is valid until the next call.
//
// A refresh race heals: once the token is known everywhere, it is accepted. When
// the client is still refused after that time, there was no race.
func (d *derivation) causesOf(failures []*Event) []Cause {
	d.causes = d.causes[:0]
	firstRace, lastRefusal := record.NoTime, record.NoTime
	for _, e := range failures {
		cause := CauseOf(e, &d.token)
		if cause == RefreshRace && !firstRace.Known() {
			firstRace = e.Time
		}
		if e.Status == 401 || e.Status == 403 {
			lastRefusal = e.Time
		}
		d.causes = append(d.causes, cause)
	}

	// No race, or nobody was refused after it should have healed.
	if !firstRace.Known() || lastRefusal <= firstRace.Add(d.policy.RefreshRace) {
		return d.causes
	}

	for i, e := range failures {
		if d.causes[i] == RefreshRace {
			d.causes[i] = withoutRace(e)
		}
	}
	return d.causes
}

// withoutRace returns the cause of a refusal that looked like a refresh race and
// was none: the token was fresh and known.
func withoutRace(e *Event) Cause {
	if e.Status == 403 && !e.Facts.is(InvalidToken) {
		return NotPermitted
	}
	return CredentialRejected
}

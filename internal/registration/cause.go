package registration

import "cdrmend/internal/token"

// Cause is why an attempt to register failed.
type Cause uint8

// The causes of answers 401 and 403. Package token concludes them, and they
// keep its numbers.
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
)

// The causes of all other answers.
const (
	Unauthenticated Cause = Cause(token.NumCauses) + iota
	Timeout
	IntervalTooBrief
	Throttled
	ServerError
	Rejected
	NumCauses // how many there are
)

var answers = [NumCauses]struct{ name, sentence, remedy string }{
	Unauthenticated: {
		"unauthenticated", "the SIP password challenge was not answered",
		"check the line's SIP user name and password",
	},
	Timeout: {
		"timeout", "the registrar did not answer in time",
		"check the network, the firewall and the SIP transport between the line and the registrar",
	},
	IntervalTooBrief: {
		"interval_too_brief", "the registration was asked for too short a time",
		"ask for at least the time that the registrar names in Min-Expires",
	},
	Throttled: {
		"throttled", "the registrar refused because of too many requests",
		"spread registrations out, and wait as long as the answer says",
	},
	ServerError: {
		"server_error", "the registrar failed",
		"ask the provider what happened at that time",
	},
	Rejected: {
		"rejected", "the registrar refused the registration",
		"look up the status and the reason of the answer in the log",
	},
}

// String returns the name that tables use.
func (c Cause) String() string {
	if c < Unauthenticated {
		return token.Cause(c).String()
	}
	return answers[c].name
}

// CauseByName returns the cause with a name from the tables.
func CauseByName(name string) (Cause, bool) {
	for c := range NumCauses {
		if c.String() == name {
			return c, true
		}
	}

	// A name that is not known must not pass for the cause "unknown".
	return Unknown, false
}

// Sentence says in plain words what happened, without capital and full stop.
func (c Cause) Sentence() string {
	if c < Unauthenticated {
		return token.Cause(c).Sentence()
	}
	return answers[c].sentence
}

// Remedy says in plain words what can be done about it.
func (c Cause) Remedy() string {
	if c < Unauthenticated {
		return token.Cause(c).Remedy()
	}
	return answers[c].remedy
}

// CauseOf returns the cause of a failed attempt.
func CauseOf(e *Event, rules *token.Rules) Cause {
	switch {
	case e.Status == 401 || e.Status == 403:
		hint := token.Hint{Cause: token.Cause(e.Token), Issued: e.Issued, Evidence: e.Evidence}
		return Cause(rules.Conclude(hint, e.Status == 403, e.Time))
	case e.Status == 407:
		return Unauthenticated
	case e.Status == 408 || e.Status == 0: // 0 is logged when no answer came
		return Timeout
	case e.Status == 423:
		return IntervalTooBrief
	case e.Status == 429:
		return Throttled
	case e.Status >= 500 && e.Status <= 699:
		return ServerError
	default:
		return Rejected
	}
}

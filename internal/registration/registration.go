// Package registration turns the log of SIP registrations into the state of
// each registration key over time: a key is registered from a success until its
// expiry, and it has an outage while it fails, after it was removed, and when it
// lapses.
//
// What the log shows passes through named values. A [Reader] decodes the rows of
// one object into a [Batch]. A [Log] holds the events of all objects, each once.
// Then the events of a key become a history in order of time (history.go), each
// event gets its kind (classify.go), the whole log says what a key's silence
// means (survey.go), and a walk along the history gives the outages (walk.go).
// [Index] says which outage a leg or an entry coincides with. What rests on a local
// time that occurs twice is doubtful, and proves nothing (doubt.go).
package registration

import (
	"time"

	"cdrmend/internal/intern"
	"cdrmend/internal/profile"
	"cdrmend/internal/record"
	"cdrmend/internal/token"
)

// Event is one usable attempt to register a line or a trunk, or to remove its
// registration. Events are decoded in parallel, so what concerns the token is
// already reduced to what it proves; raw tokens never leave the decoder.
type Event struct {
	Time   record.Time
	Issued record.Time // iat of the token, else the time of the last answer of the token endpoint; NoTime when unknown
	Expiry int64       // seconds granted or asked for, -1 when missing
	Rest   uint64      // digest of the canonical fields that stand nowhere else here
	Org    intern.Text
	Trunk  intern.Text // as logged, else from the line, see [Log.Complete]
	Line   intern.Text
	User   intern.Text // the user name of an event without a line
	Client intern.Text // of OAuth
	Ref    record.Ref
	Status int16       // 0: nobody answered
	Token  token.Cause // what the token alone proves, Unknown when nothing
	Facts  Facts
}

// Facts are yes-or-no facts about one event.
type Facts uint8

// The facts.
const (
	HasEvidence       Facts = 1 << iota // it carries token evidence
	ListsScopes                         // its token lists scopes
	OwnIssue                            // the row itself says when the token was issued: token_issued_at
	OwnScope                            // the row itself says which scopes were granted: token_scope
	GrantLacks                          // a required scope is not among those granted
	InvalidToken                        // WWW-Authenticate names the error invalid_token
	InsufficientScope                   // or insufficient_scope
	DoubtfulTime                        // its local time occurs twice, and was read as the earlier one
)

// is reports whether all of some facts hold.
func (f Facts) is(all Facts) bool { return f&all == all }

// Source is what is configured of a source of registrations.
type Source struct {
	Lookahead time.Duration
	Successes bool // the log is known to contain successes
	Profile   *profile.Profile
}

// What an outage ended by.
const (
	EndedBySuccess = "success" // its key registered
	EndedByFailure = "failure" // it was a lapse or a removal, and the next attempt failed
	EndedByHorizon = "open"    // nothing ended it in what was read
	EndedByAssumed = "assumed" // its log shows failures only: it may still last, or never have been one
)

// When an outage began.
const (
	BeganSeen   = "seen"   // the log shows the key before
	BeganBefore = "before" // it may have begun earlier than its start
)

// Outage is a span in which one registration key was failing, lapsed or removed.
type Outage struct {
	ID      string
	Org     intern.Text
	Trunk   intern.Text
	Line    intern.Text
	User    intern.Text
	Span    record.Span
	EndedBy string

	Cause    Cause  // of the first failure, else why there was none
	Causes   string // of the failures: name=n, sorted by name, joined by ;
	Failures int

	BindingUntil     record.Time // until when an earlier registration still carried calls; NoTime without one
	UnregisteredFrom record.Time // NoTime when nobody was unregistered
	Harmless         bool        // a renewal failed, and the next one came in time
	LastAttempt      record.Time // its last failure or removal
	Began            string
	First, Last      record.Ref // its first and last failure or removal, of a lapse the success that expired

	Sparse   bool        // its log keeps a part of the successes only
	LastWord record.Time // of the sources of its key: later nothing is known
}

// Unregistered returns the part of the outage in which no registration carried
// calls; ok is false when there is none.
func (o *Outage) Unregistered() (span record.Span, ok bool) {
	span = record.Span{Start: o.UnregisteredFrom, End: o.Span.End}
	return span, o.UnregisteredFrom.Known() && span.Start < span.End
}

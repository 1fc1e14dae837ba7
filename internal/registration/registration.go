// Package registration turns the log of SIP registrations into outages: the
// spans in which a line or trunk was exposed because it could not register,
// each with the cause of its failures.
package registration

import (
	"cdrmend/internal/intern"
	"cdrmend/internal/record"
)

// Event is one usable attempt to register a line or trunk. The decoder reduces
// its token to a hint; raw tokens never leave the decoder.
type Event struct {
	Time     record.Time
	Org      intern.Text
	Trunk    intern.Text // as logged, else from the line (see FillTrunks)
	Line     intern.Text
	Status   int32
	Expiry   int32       // seconds granted or asked for, -1 when missing
	Issued   record.Time // when the token was issued (iat), else the last refresh seen; NoTime when unknown
	Token    Cause       // what the token alone proves, Unknown when nothing
	Evidence bool        // the event shows something of its token
	Ref      record.Ref
}

// Outage is a maximal span in which one registration key was exposed.
type Outage struct {
	ID           string
	Org          intern.Text
	Trunk        intern.Text
	Line         intern.Text
	Span         record.Span
	EndedBy      string // success, expiry or assumed
	Cause        Cause  // of the first failure
	Causes       string // name=n, sorted by name, joined by ;
	Failures     int
	BindingUntil record.Time
	First, Last  record.Ref // its first and its last failure
}

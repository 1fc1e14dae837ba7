// Package token reads what a bearer token says of itself: its claims, its
// scopes and whether its signature verifies. From that it concludes why a
// registration was answered 401 or 403.
//
// Nothing here prints, logs or wraps the bytes of a token; messages refer to
// it by its [Fingerprint].
package token

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"time"

	"cdrmend/internal/intern"
	"cdrmend/internal/jsonscan"
	"cdrmend/internal/profile"
	"cdrmend/internal/record"
	"cdrmend/internal/stream"
)

// Rules are the rules that a token is judged by.
type Rules struct {
	Keys     *Keys         // nil: signatures are not checked, a JWT is a hint only
	Required []string      // the scopes that registering takes
	Leeway   time.Duration // how much clocks may differ
	Race     time.Duration // how long a new token may not be known everywhere
	Limits   stream.Limits // for the JSON of claims and tokens
}

// Source is what one event shows of its token. The values are as read. A value
// that is neither an object nor a text that holds one counts as absent.
type Source struct {
	Claims jsonscan.Value // decoded claims
	Info   jsonscan.Value // the answer to an introspection (RFC 7662)
	Access []byte         // the token itself
}

// Hint is the judgement of one event's token before other events are known.
type Hint struct {
	Cause    Cause       // what the token alone proves; Unknown when nothing
	Issued   record.Time // the token's iat; NoTime when it has none
	Evidence bool        // there was a token to judge
}

// Hint judges the token of an event of organisation org at time at, which was
// answered 401 or 403; for other answers the token means nothing.
func (r *Rules) Hint(n *profile.Normalizer, src Source, org intern.Text, at record.Time) Hint {
	asserted, info := r.object(src.Claims), r.object(src.Info)

	// A token is parsed only when its signature has to be checked, or when nothing
	// else shows its claims: there may be a token in each of millions of rows.
	var jwt compact
	var isJWT bool
	if r.Keys != nil || asserted.Kind != jsonscan.Object && info.Kind != jsonscan.Object {
		jwt, isJWT = parseCompact(bytes.TrimSpace(src.Access), &r.Limits)
	}

	// Claims that were logged come before the introspection, and that before the
	// token's payload.
	evidence, found := jwt.payload, isJWT
	switch {
	case asserted.Kind == jsonscan.Object:
		evidence, found = asserted, true
	case info.Kind == jsonscan.Object:
		evidence, found = info, true
	}

	c := readClaims(n, evidence)
	h := Hint{Issued: c.issued, Evidence: found}
	active, _ := n.Bool(info.Member("active"))

	// The claims of a token that does not verify prove nothing, and those of a
	// revoked one no longer count: both come before the claims.
	switch {
	case isJWT && r.Keys != nil && r.Keys.check(jwt) != Verified:
		h.Cause = Untrusted
	case active == profile.False:
		h.Cause = Inactive
	default:
		h.Cause = r.judge(c, org, at)
	}

	return h
}

// object returns v if it is a JSON object, or a cell that holds one.
func (r *Rules) object(v jsonscan.Value) jsonscan.Value {
	if v.Kind == jsonscan.Cell {
		v, _ = jsonscan.Parse(bytes.TrimSpace(v.Raw), &r.Limits) // absent when it does not parse
	}
	if v.Kind != jsonscan.Object {
		return jsonscan.Value{}
	}
	return v
}

// judge applies the tests of the claims, in the order of the causes.
func (r *Rules) judge(c claims, org intern.Text, at record.Time) Cause {
	switch {
	case c.expires.Known() && c.expires < at.Add(-r.Leeway):
		return Expired
	case c.notBefore.Known() && c.notBefore > at.Add(r.Leeway):
		return NotYetValid
	case org != intern.None && c.org != intern.None && c.org != org:
		return WrongOrg
	case c.scoped && len(r.lacking(c)) > 0:
		return ScopeMissing
	}
	return Unknown
}

// lacking returns the required scopes that the claims do not list. A scope
// matches only as a whole: sip:manage:readonly is not sip:manage.
func (r *Rules) lacking(c claims) []string {
	var missing []string
	for _, scope := range r.Required {
		if !c.lists(scope) {
			missing = append(missing, scope)
		}
	}
	return missing
}

// Conclude turns a hint into the cause of an answer 401, or 403 when
// forbidden. Only a 403 can come from a refresh that has not spread yet: a
// token that the registrar does not know at all is answered 401.
func (r *Rules) Conclude(h Hint, forbidden bool, at record.Time) Cause {
	switch {
	case h.Cause != Unknown:
		return h.Cause
	case forbidden && h.Issued.Known() && at >= h.Issued.Add(-r.Leeway) && at <= h.Issued.Add(r.Race):
		return RefreshRace
	case h.Evidence:
		return CredentialRejected
	}
	return Unknown
}

// Fingerprint returns the first 16 hex digits of the SHA-256 of a token. It is
// the only form in which a token may be shown.
func Fingerprint(token []byte) string {
	sum := sha256.Sum256(token)
	return hex.EncodeToString(sum[:8])
}

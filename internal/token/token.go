// Package token reads what a bearer token says of itself: its claims, its
// scopes and whether its signature verifies. From that it concludes why a
// registration was answered 401 or 403.
//
// Bytes go in and conclusions come out. Nothing here prints, logs or wraps
// the bytes of a token; it is referred to by its [Fingerprint].
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

// Rules are what a token is held against.
type Rules struct {
	Keys     *Keys         // nil: signatures are not checked, a JWT is a hint only
	Required []string      // scopes that registering takes
	Leeway   time.Duration // by which clocks may differ
	Race     time.Duration // after its issue in which a token may not be known everywhere
	Limits   stream.Limits // of what claims and tokens hold
}

// Source is what one event shows of its token. The values are as read; what
// is no object, or no text that holds one, counts as absent.
type Source struct {
	Claims jsonscan.Value // decoded claims
	Info   jsonscan.Value // the answer to an introspection (RFC 7662)
	Access []byte         // the token itself
}

// Hint is what can be said of one event before the other events are known.
type Hint struct {
	Cause    Cause       // what the token alone proves; Unknown when nothing
	Issued   record.Time // its iat; NoTime when it has none
	Evidence bool        // there was a token to judge
}

// Hint judges the token of an event of organisation org at time at, which was
// answered 401 or 403; for other answers the token means nothing.
func (r *Rules) Hint(n *profile.Normalizer, src Source, org intern.Text, at record.Time) Hint {
	asserted, info := r.object(src.Claims), r.object(src.Info)
	var jwt compact
	var isJWT bool
	if r.Keys != nil || asserted.Kind != jsonscan.Object && info.Kind != jsonscan.Object {
		jwt, isJWT = parseCompact(bytes.TrimSpace(src.Access), &r.Limits)
	}
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
		parsed, err := jsonscan.Parse(bytes.TrimSpace(v.Raw), &r.Limits)
		if err != nil {
			return jsonscan.Value{}
		}
		v = parsed
	}
	if v.Kind != jsonscan.Object {
		return jsonscan.Value{}
	}
	return v
}

// judge applies the tests that claims can fail, in their order.
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
// forbidden. Only a 403 can come from a refresh that has not spread yet:
// a token that is simply not known is answered 401.
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

// Fingerprint returns the first 16 hex digits of the SHA-256 of a token, the
// only form in which one may be spoken of.
func Fingerprint(token []byte) string {
	sum := sha256.Sum256(token)
	return hex.EncodeToString(sum[:8])
}

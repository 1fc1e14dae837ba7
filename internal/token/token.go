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
	"slices"
	"time"

	"cdrmend/internal/intern"
	"cdrmend/internal/jsonscan"
	"cdrmend/internal/profile"
	"cdrmend/internal/record"
	"cdrmend/internal/stream"
)

// Rules are what a token is held against.
type Rules struct {
	Keys        *Keys         // nil: signatures are not checked, a JWT is a hint only
	Required    []string      // scopes that registering takes
	ScopeClaims []string      // claims that list scopes: names, or JSON pointers
	Leeway      time.Duration // by which clocks may differ
	Race        time.Duration // after its issue in which a token may not be known everywhere
	Limits      stream.Limits // of what claims and tokens hold
}

// Source is what one event shows of its token. The values are as read; what
// is neither an object nor a text that holds one counts as absent.
type Source struct {
	Claims jsonscan.Value // decoded claims
	Info   jsonscan.Value // the answer to an introspection (RFC 7662)
	Access []byte         // the token itself, see [Bare]
}

// Hint is what the token of one event proves before other events are known.
type Hint struct {
	Cause    Cause       // what the token alone proves; Unknown when nothing
	Issued   record.Time // its iat; NoTime when it has none
	Evidence bool        // there was a token to judge
	Scoped   bool        // the token lists scopes, perhaps none
}

// Hint judges the token of an event of organisation org at time at, which was
// answered 401 or 403; for other answers the token means nothing.
func (r *Rules) Hint(n *profile.Normalizer, src Source, org intern.Text, at record.Time) Hint {
	asserted, info := r.Object(src.Claims), r.Object(src.Info)
	var jwt compact
	var isJWT bool
	if r.Keys != nil || asserted.Kind != jsonscan.Object && info.Kind != jsonscan.Object {
		jwt, isJWT = parseCompact(bytes.TrimSpace(src.Access), &r.Limits)
	}
	if isJWT && r.Keys != nil && r.Keys.check(jwt) != Verified {
		return Hint{Cause: Untrusted, Issued: r.readClaims(n, jwt.payload).issued, Evidence: true}
	}

	// What verifies counts before what the log claims.
	var evidence jsonscan.Value
	switch {
	case isJWT:
		evidence = jwt.payload
	case asserted.Kind == jsonscan.Object:
		evidence = asserted
	default:
		evidence = info
	}

	c := r.readClaims(n, evidence)
	h := Hint{Issued: c.issued, Evidence: evidence.Kind == jsonscan.Object, Scoped: c.scoped}
	if active, _ := n.Bool(info.Member("active")); active == profile.False {
		h.Cause = Inactive
	} else {
		h.Cause = r.judge(n.Texts, &c, org, at)
	}
	return h
}

// Object returns v if it is a JSON object, or a text that holds one.
func (r *Rules) Object(v jsonscan.Value) jsonscan.Value {
	if v.Kind == jsonscan.Cell || v.Kind == jsonscan.String {
		text := bytes.TrimSpace(v.Text())
		if len(text) > maxToken {
			return jsonscan.Value{}
		}
		parsed, err := jsonscan.Parse(text, &r.Limits)
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
func (r *Rules) judge(texts *intern.Table, c *claims, org intern.Text, at record.Time) Cause {
	from := c.validFrom()
	switch {
	case c.expires.Known() && c.expires < at.Add(-r.Leeway):
		return Expired
	case from.Known() && from > at.Add(r.Leeway):
		return NotYetValid
	case otherOrg(texts, c.org, org):
		return WrongOrg
	case c.scoped && r.Lacks(c.scopes):
		return ScopeMissing
	}
	return Unknown
}

// otherOrg reports whether two organisations are known to differ. A UUID and a
// name may well stand for the same one.
func otherOrg(texts *intern.Table, a, b intern.Text) bool {
	if a == intern.None || b == intern.None || a == b {
		return false
	}
	isUUID := func(t intern.Text) bool { return profile.SpellsUUID([]byte(texts.String(t))) }
	return isUUID(a) == isUUID(b)
}

// Lacks reports whether a required scope is not among some scopes.
func (r *Rules) Lacks(scopes [][]byte) bool { return len(r.lacking(scopes)) > 0 }

// lacking returns the required scopes that are not among some scopes. A scope
// matches only as a whole: sip:manage:readonly is not sip:manage.
func (r *Rules) lacking(scopes [][]byte) []string {
	var missing []string
	for _, required := range r.Required {
		if !slices.ContainsFunc(scopes, func(s []byte) bool { return string(s) == required }) {
			missing = append(missing, required)
		}
	}
	return missing
}

// Grant is what is known of the scopes that a token endpoint granted.
type Grant uint8

// The grants.
const (
	Unlisted   Grant = iota // nothing lists them
	Sufficient              // every required scope is among them
	Lacking                 // a required scope is not
)

// Granted judges a list of scopes that a token endpoint granted: a text that
// spaces separate, or a list of texts.
func (r *Rules) Granted(v jsonscan.Value) Grant {
	scopes, listed := Scopes(v)
	switch {
	case !listed:
		return Unlisted
	case r.Lacks(scopes):
		return Lacking
	}
	return Sufficient
}

// Scopes returns the scopes of a text or of a list of texts; listed is false for
// any other value, and for an empty text, which is a missing one.
func Scopes(v jsonscan.Value) (scopes [][]byte, listed bool) {
	scopes, listed = scopesOf(v)
	return scopes, listed && (v.Kind == jsonscan.List || len(scopes) > 0)
}

// AuthError is the error that a WWW-Authenticate header names (RFC 6750).
type AuthError uint8

// The errors.
const (
	OtherError AuthError = iota // another one, or none
	InvalidToken
	InsufficientScope
)

// AuthErrorOf returns the error with a name.
func AuthErrorOf(name string) AuthError {
	switch name {
	case "invalid_token":
		return InvalidToken
	case "insufficient_scope":
		return InsufficientScope
	}
	return OtherError
}

// Refusal is what is known of one answer 401 or 403.
type Refusal struct {
	Hint          // of its token; Issued may also be the time of the last answer of the token endpoint
	Granted Grant // by the last answer of the token endpoint
	Error   AuthError
	At      record.Time
}

// Conclude returns the cause of a refusal as far as the refusal itself shows it.
// A refresh race may turn out later to be none.
func (r *Rules) Conclude(x Refusal) Cause {
	switch {
	case x.Cause != Unknown:
		return x.Cause
	case !x.Scoped && x.Granted == Lacking, x.Error == InsufficientScope:
		return ScopeMissing
	case x.Issued.Known() && x.At >= x.Issued.Add(-r.Leeway) && x.At <= x.Issued.Add(r.Race):
		return RefreshRace
	case x.Evidence || x.Error == InvalidToken:
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

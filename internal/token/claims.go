package token

import (
	"bytes"
	"strconv"
	"strings"

	"cdrmend/internal/intern"
	"cdrmend/internal/jsonscan"
	"cdrmend/internal/profile"
	"cdrmend/internal/record"
)

// claims is what the claims of a token say, whoever vouches for them.
type claims struct {
	expires   record.Time
	notBefore record.Time
	issued    record.Time
	org       intern.Text
	scopes    [][]byte
	scoped    bool // some claim lists scopes, perhaps none
}

// ScopeClaims are the claims in which issuers usually list scopes.
var ScopeClaims = []string{"scope", "scp", "scopes", "permissions", "authorizedScope"}

// validFrom is the time before which the token is not valid: its nbf, else its
// iat.
func (c *claims) validFrom() record.Time {
	if c.notBefore.Known() {
		return c.notBefore
	}
	return c.issued
}

// The claims that are read by name.
const (
	claimExpires = iota
	claimNotBefore
	claimIssued
	claimOrg  // the first of five, in the order in which they count
	numClaims = claimOrg + 5
)

// orgClaims are the claims that name an organisation, in the order in which they
// count.
var orgClaims = []string{"org_id", "organization_id", "organizationId", "org", "organization"}

var claimNumbers = func() map[string]int {
	numbers := map[string]int{"exp": claimExpires, "nbf": claimNotBefore, "iat": claimIssued}
	for i, name := range orgClaims {
		numbers[name] = claimOrg + i
	}
	return numbers
}()

// readClaims reads an object of claims; any other value has none.
func (r *Rules) readClaims(n *profile.Normalizer, v jsonscan.Value) claims {
	var found [numClaims]jsonscan.Value // of members spelled twice the last
	if v.Kind == jsonscan.Object {
		for name, member := range v.Members {
			if i, ok := claimNumbers[string(name)]; ok {
				found[i] = member
			}
		}
	}
	c := claims{
		expires:   numericDate(found[claimExpires]),
		notBefore: numericDate(found[claimNotBefore]),
		issued:    numericDate(found[claimIssued]),
		org:       organisation(n, found[claimOrg:]),
	}
	for _, place := range r.ScopeClaims {
		if scopes, listed := scopesOf(valueAt(v, place)); listed {
			c.scopes, c.scoped = append(c.scopes, scopes...), true
		}
	}
	return c
}

// malformed names the claims whose values are of a kind that does not count.
func (r *Rules) malformed(payload jsonscan.Value) []string {
	var names []string
	check := func(name string, counts func(jsonscan.Value) bool) {
		v := valueAt(payload, name)
		if v.Kind != jsonscan.Absent && v.Kind != jsonscan.Null && !counts(v) {
			names = append(names, name)
		}
	}

	for _, name := range []string{"exp", "nbf", "iat"} {
		check(name, func(v jsonscan.Value) bool { return v.Kind == jsonscan.Number })
	}
	listed := func(v jsonscan.Value) bool { _, ok := scopesOf(v); return ok }
	for _, name := range append([]string{"aud"}, r.ScopeClaims...) {
		check(name, listed)
	}
	for _, name := range orgClaims {
		check(name, func(v jsonscan.Value) bool {
			if v.Kind == jsonscan.Object {
				v = v.Member("id")
			}
			return v.Kind == jsonscan.String || v.Kind == jsonscan.Number
		})
	}
	check("iss", func(v jsonscan.Value) bool { return v.Kind == jsonscan.String })
	return names
}

// valueAt returns the value at a place in a JSON object: a JSON pointer such as
// /realm_access/roles, or the name of a member.
func valueAt(v jsonscan.Value, place string) jsonscan.Value {
	if !strings.HasPrefix(place, "/") {
		return v.Member(place)
	}

	unescape := strings.NewReplacer("~1", "/", "~0", "~")
	for step := range strings.SplitSeq(place[1:], "/") {
		switch v.Kind {
		case jsonscan.Object:
			v = v.Member(unescape.Replace(step))
		case jsonscan.List:
			v = element(v, step)
		default:
			return jsonscan.Value{}
		}
	}
	return v
}

// element returns the element of a list with a number, Absent without one.
func element(list jsonscan.Value, number string) jsonscan.Value {
	i, err := strconv.Atoi(number)
	if err != nil {
		return jsonscan.Value{}
	}
	for v := range list.Elements {
		if i == 0 {
			return v
		}
		i--
	}
	return jsonscan.Value{}
}

// organisation reads the first claim that names one, as a text or as an
// object with an id.
func organisation(n *profile.Normalizer, candidates []jsonscan.Value) intern.Text {
	for _, v := range candidates {
		if v.Kind == jsonscan.Object {
			v = v.Member("id")
		}
		if id, _ := n.ID(v); id != intern.None {
			return id
		}
	}
	return intern.None
}

// scopesOf returns the scopes of a text, which spaces separate, or of a list of
// texts. Any other value says nothing about scopes, as it is not known what it
// means; an empty text or list says that there are none.
func scopesOf(v jsonscan.Value) (scopes [][]byte, listed bool) {
	add := func(text []byte) {
		if text = bytes.TrimSpace(text); len(text) > 0 {
			scopes = append(scopes, text)
		}
	}
	switch v.Kind {
	case jsonscan.String, jsonscan.Cell:
		for word := range bytes.SplitSeq(v.Text(), []byte(" ")) {
			add(word)
		}
		return scopes, true
	case jsonscan.List:
		for element := range v.Elements {
			if element.Kind != jsonscan.String {
				return nil, false
			}
			add(element.Text())
		}
		return scopes, true
	}
	return nil, false
}

package token

import (
	"bytes"

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
	scoped    bool // some claim lists scopes, be it none
}

func (c claims) lists(scope string) bool {
	for _, s := range c.scopes {
		if string(s) == scope {
			return true
		}
	}
	return false
}

const (
	claimExpires = iota
	claimNotBefore
	claimIssued
	claimOrg   // the first of five, in the order in which they count
	claimScope = claimOrg + 5
	numClaims  = claimScope + 5
)

var claimNumbers = map[string]int{
	"exp": claimExpires, "nbf": claimNotBefore, "iat": claimIssued,
	"org_id": claimOrg, "organization_id": claimOrg + 1, "organizationId": claimOrg + 2, "org": claimOrg + 3, "organization": claimOrg + 4,
	"scope": claimScope, "scp": claimScope + 1, "scopes": claimScope + 2, "permissions": claimScope + 3, "authorizedScope": claimScope + 4,
}

// readClaims reads an object of claims; anything else has none.
func readClaims(n *profile.Normalizer, v jsonscan.Value) claims {
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
		org:       organisation(n, found[claimOrg:claimScope]),
	}
	for _, v := range found[claimScope:] {
		c.addScopes(v)
	}
	return c
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

// addScopes adds the scopes of a text or of a list of texts. A value of
// another kind, or a list that holds one, says nothing about scopes.
func (c *claims) addScopes(v jsonscan.Value) {
	switch v.Kind {
	case jsonscan.String, jsonscan.Number:
		c.scoped = true
		for word := range bytes.SplitSeq(v.Text(), []byte(" ")) {
			c.addScope(word)
		}
	case jsonscan.List:
		before := c.scopes
		for element := range v.Elements {
			switch element.Kind {
			case jsonscan.Null:
			case jsonscan.String, jsonscan.Number:
				c.addScope(element.Text())
			default:
				c.scopes = before
				return
			}
		}
		c.scoped = true
	}
}

func (c *claims) addScope(text []byte) {
	if text = bytes.TrimSpace(text); len(text) > 0 {
		c.scopes = append(c.scopes, text)
	}
}

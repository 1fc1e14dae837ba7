package token

import (
	"bytes"

	"cdrmend/internal/intern"
	"cdrmend/internal/jsonscan"
	"cdrmend/internal/profile"
	"cdrmend/internal/record"
)

// claims holds the claims of a token, verified or not.
type claims struct {
	expires   record.Time
	notBefore record.Time
	issued    record.Time
	org       intern.Text
	scopes    [][]byte
	scoped    bool // a claim lists the scopes, even if the list is empty
}

// lists reports whether the scopes contain one, as a whole word.
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
	claimOrg   // the first of five names, in order of precedence
	claimScope = claimOrg + 5
	numClaims  = claimScope + 5
)

var claimNumbers = map[string]int{
	"exp": claimExpires, "nbf": claimNotBefore, "iat": claimIssued,
	"org_id": claimOrg, "organization_id": claimOrg + 1, "organizationId": claimOrg + 2, "org": claimOrg + 3, "organization": claimOrg + 4,
	"scope": claimScope, "scp": claimScope + 1, "scopes": claimScope + 2, "permissions": claimScope + 3, "authorizedScope": claimScope + 4,
}

// readClaims reads an object of claims. Any other value has none.
func readClaims(n *profile.Normalizer, v jsonscan.Value) claims {
	var found [numClaims]jsonscan.Value
	if v.Kind == jsonscan.Object {
		for name, member := range v.Members {
			if i, ok := claimNumbers[string(name)]; ok {
				// The last of repeated members counts, as JSON decoders commonly have it.
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

	// Issuers spell the claim differently, and some send two of them: all scopes
	// count, since the registrar could read any.
	for _, v := range found[claimScope:] {
		c.addScopes(v)
	}

	return c
}

// organisation returns the organisation of the first claim that names one, as
// a text or as an object with an id.
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
	// RFC 8693: scopes in one text are separated by spaces.
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
				// An unknown kind may stand for scopes, too, so the list proves no lack.
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

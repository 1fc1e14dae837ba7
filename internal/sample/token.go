package sample

import (
	"encoding/base64"
	"time"
)

// claims are the claims of a token.
type claims struct {
	Issuer  string `json:"iss"`
	Subject string `json:"sub"`
	OrgID   string `json:"org_id"`
	Scope   string `json:"scope"`
	Issued  int64  `json:"iat"`
	Expires int64  `json:"exp"`
}

// The scopes of a token that may register lines, and of one that may not: it has
// a scope that only begins like the required one.
const (
	fullScope     = "recordings:readonly sip:manage telephony:readonly"
	readonlyScope = "recordings:readonly sip:manage:readonly telephony:readonly"
)

// newToken returns the claims of a sound token.
func newToken(issued time.Time) claims {
	return claims{
		Issuer: "https://login.example", Subject: "svc-line-registrar", OrgID: Org, Scope: fullScope,
		Issued: issued.Unix(), Expires: issued.Add(tokenLife).Unix(),
	}
}

// compact returns the claims as the JWT that a careless client would log. Its
// signature is a text, so no server accepts it.
func (c claims) compact() string {
	part := base64.RawURLEncoding.EncodeToString
	header := `{"alg":"RS256","typ":"JWT","kid":"sample"}`
	return part([]byte(header)) + "." + part(encode(c)) + "." + part([]byte("a sample's signature, made of words and not of any key"))
}

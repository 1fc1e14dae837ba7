package token

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"

	"github.com/golang-jwt/jwt/v5"

	"cdrmend/internal/jsonscan"
)

// Signature is what became of the check of a signature.
type Signature uint8

// The outcomes of a check. Every one but NotChecked and Verified means that
// the token is not to be trusted.
const (
	NotChecked   Signature = iota // no keys are configured
	Verified                      // by one of the keys
	BadAlgorithm                  // none, a MAC, or one that is not known
	BadExtension                  // the header demands an extension (crit)
	NoKey                         // the header's kid, or its type of key, is not in the set
	Mismatch                      // no key that could have signed it did
	BadType                       // the header says that something else was signed (typ)
	HighS                         // it verifies, in the form of which everybody can make a second one
	Ended                         // it verifies, and was made after the key's end
)

var signatureSentences = [...]string{
	NotChecked:   "its signature was not checked, as no keys are configured: what follows is only what the token says of itself",
	Verified:     "its signature verifies",
	BadAlgorithm: "its signature does not verify: the algorithm in its header is not one that proves who issued it",
	BadExtension: "its signature does not verify: its header demands an extension that is not known",
	NoKey:        "its signature does not verify: the key that its header names is not among the configured ones",
	Mismatch:     "its signature does not verify: it was made by another key, or what it signs was changed",
	BadType:      "its signature does not count: the header says that it signs something else",
	HighS:        "its signature does not count: it is in the second form (high S) that anybody can make of an ECDSA signature",
	Ended:        "its signature does not count: it came after the end of the key",
}

// Sentence says the outcome in plain words.
func (s Signature) Sentence() string { return signatureSentences[s] }

// algorithm is a way to sign and the curve that it is bound to.
type algorithm struct {
	jwt.SigningMethod
	curve elliptic.Curve
}

// algorithms are those that prove who signed. None of them shares a secret
// with the verifier.
var algorithms = map[string]algorithm{
	"RS256": {jwt.SigningMethodRS256, nil},
	"RS384": {jwt.SigningMethodRS384, nil},
	"RS512": {jwt.SigningMethodRS512, nil},
	"PS256": {jwt.SigningMethodPS256, nil},
	"PS384": {jwt.SigningMethodPS384, nil},
	"PS512": {jwt.SigningMethodPS512, nil},
	"ES256": {jwt.SigningMethodES256, elliptic.P256()},
	"ES384": {jwt.SigningMethodES384, elliptic.P384()},
	"ES512": {jwt.SigningMethodES512, elliptic.P521()},
	"EdDSA": {jwt.SigningMethodEdDSA, nil},
}

// takes reports whether the key is of the algorithm's type. The curve is part
// of the type, which the library does not check.
func (a algorithm) takes(public crypto.PublicKey) bool {
	switch key := public.(type) {
	case *rsa.PublicKey:
		return a.curve == nil && a.Alg() != "EdDSA"
	case *ecdsa.PublicKey:
		return a.curve == key.Curve
	case ed25519.PublicKey:
		return a.Alg() == "EdDSA"
	}
	return false
}

// check verifies the signature and nothing else: claims are judged by the
// time of the event, not by the clock.
func (k *Keys) check(t compact) Signature {
	result, _ := k.find(t)
	return result
}

// find verifies the signature, and returns the key that made it, nil when none did.
func (k *Keys) find(t compact) (Signature, *verifier) {
	alg, ok := algorithms[string(headerText(t, "alg"))]
	if !ok {
		return BadAlgorithm, nil
	}
	if t.header.Member("crit").Kind != jsonscan.Absent {
		return BadExtension, nil
	}
	kid := t.header.Member("kid")
	if kid.Kind != jsonscan.Absent && kid.Kind != jsonscan.Null && kid.Kind != jsonscan.String {
		return NoKey, nil
	}
	id := string(headerText(t, "kid"))
	result := NoKey
	for i := range k.keys {
		key := &k.keys[i]
		if id != "" && key.id != id || key.alg != "" && key.alg != alg.Alg() || !alg.takes(key.public) {
			continue
		}
		if alg.Verify(string(t.signed), t.signature, key.public) == nil {
			return Verified, key
		}
		result = Mismatch
	}
	return result, nil
}

// headerText returns a header's text, nil when it is missing or no text.
func headerText(t compact, name string) []byte {
	v := t.header.Member(name)
	if v.Kind != jsonscan.String {
		return nil
	}
	return v.Text()
}

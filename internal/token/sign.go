package token

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"strings"

	"github.com/MicahParks/jwkset"

	"cdrmend/internal/jsonscan"
	"cdrmend/internal/stream"
)

// JWS is something signed, in the flattened JSON serialization of RFC 7515,
// section 7.2.2. Its members are base64url.
type JWS struct {
	Payload   string `json:"payload"`
	Protected string `json:"protected"`
	Signature string `json:"signature"`
}

// Signer signs with one private key.
type Signer struct {
	key crypto.Signer
	alg algorithm
	jwk jwkset.JWKMarshal // of the public half
}

// ParseSigner reads a private key: PKCS #8 in PEM, Ed25519, ECDSA on P-256 or
// P-384, or RSA. Without an id the key is named by its thumbprint (RFC 7638).
// No error quotes the key.
func ParseSigner(text []byte, id string) (*Signer, error) {
	block, rest := pem.Decode(text)
	switch {
	case block == nil:
		return nil, errors.New("is no PEM; make a key with cdrmend keygen")
	case block.Type != "PRIVATE KEY":
		return nil, fmt.Errorf("holds %q, want an unencrypted PRIVATE KEY (PKCS #8); make one with cdrmend keygen, or convert it with openssl pkcs8 -topk8 -nocrypt", block.Type)
	case len(bytes.TrimSpace(rest)) > 0:
		return nil, errors.New("holds more than one key")
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, errors.New("is no private key in PKCS #8; make one with cdrmend keygen")
	}
	return newSigner(parsed, id)
}

func newSigner(parsed any, id string) (*Signer, error) {
	key, _ := parsed.(crypto.Signer)
	name := ""
	switch k := parsed.(type) {
	case ed25519.PrivateKey:
		name = "EdDSA"
	case *rsa.PrivateKey:
		name = "PS256"
		if bits := k.N.BitLen(); bits < minModulus {
			return nil, fmt.Errorf("has %d bits; RSA keys need at least %d", bits, minModulus)
		}
	case *ecdsa.PrivateKey:
		name = map[elliptic.Curve]string{elliptic.P256(): "ES256", elliptic.P384(): "ES384"}[k.Curve]
	}
	if name == "" {
		return nil, errors.New("is of a type that signs no records; use Ed25519, P-256, P-384 or RSA")
	}
	public, err := jwkset.NewJWKFromKey(key.Public(), jwkset.JWKOptions{Metadata: jwkset.JWKMetadataOptions{
		ALG: jwkset.ALG(name), KID: id, USE: jwkset.UseSig,
	}})
	if err != nil {
		return nil, fmt.Errorf("has no public half that can be written: %w", err)
	}
	s := &Signer{key: key, alg: algorithms[name], jwk: public.Marshal()}
	if id == "" {
		s.jwk.KID = thumbprint(s.jwk)
	}
	return s, nil
}

// thumbprint is the SHA-256 of a public key's required members (RFC 7638).
func thumbprint(k jwkset.JWKMarshal) string {
	members := struct {
		CRV string `json:"crv,omitempty"`
		E   string `json:"e,omitempty"`
		KTY string `json:"kty"`
		N   string `json:"n,omitempty"`
		X   string `json:"x,omitempty"`
		Y   string `json:"y,omitempty"`
	}{string(k.CRV), k.E, string(k.KTY), k.N, k.X, k.Y}
	text, err := json.Marshal(members)
	if err != nil {
		panic(err) // texts always can be encoded
	}
	sum := sha256.Sum256(text)
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// KeyID returns the name of the key.
func (s *Signer) KeyID() string { return s.jwk.KID }

// Thumbprint returns the thumbprint of the key, which nobody can choose.
func (s *Signer) Thumbprint() string { return thumbprint(s.jwk) }

// Public returns the public half as a set of one key.
func (s *Signer) Public() *Keys {
	return &Keys{keys: []verifier{{id: s.jwk.KID, alg: s.alg.Alg(), public: s.key.Public(), thumbprint: thumbprint(s.jwk)}}}
}

// PublicSet returns the public half as a JSON Web Key Set.
func (s *Signer) PublicSet() ([]byte, error) {
	text, err := json.MarshalIndent(jwkset.JWKSMarshal{Keys: []jwkset.JWKMarshal{s.jwk}}, "", "  ")
	return append(text, '\n'), err
}

// Sign signs a payload as something of the media type typ.
func (s *Signer) Sign(typ string, payload []byte) (*JWS, error) {
	header, err := json.Marshal(struct {
		Alg string `json:"alg"`
		KID string `json:"kid"`
		Typ string `json:"typ"`
	}{s.alg.Alg(), s.jwk.KID, typ})
	if err != nil {
		return nil, err
	}
	encode := base64.RawURLEncoding.EncodeToString
	j := &JWS{Payload: encode(payload), Protected: encode(header)}
	signature, err := s.alg.Sign(j.Protected+"."+j.Payload, s.key)
	if err != nil {
		return nil, fmt.Errorf("signing with key %q: %w", s.jwk.KID, err)
	}
	j.Signature = encode(lowS(s.key.Public(), signature))
	return j, nil
}

// And returns the keys of both sets; either may be nil.
func (k *Keys) And(other *Keys) *Keys {
	switch {
	case k == nil:
		return other
	case other == nil:
		return k
	}
	return &Keys{keys: append(k.keys[:len(k.keys):len(k.keys)], other.keys...)}
}

// Open returns the payload and the name of the key that is said to have
// signed it. It checks no signature.
func (j *JWS) Open() (payload []byte, keyID string, err error) {
	t, ok := j.parts()
	if !ok {
		return nil, "", errors.New("it is no JSON Web Signature of a JSON object")
	}
	payload, _ = decodeBase64([]byte(j.Payload))
	return payload, string(headerText(t, "kid")), nil
}

// parts takes only the one spelling of each part that Sign writes, so that no
// bit of it can be changed without being noticed.
func (j *JWS) parts() (compact, bool) {
	for _, part := range []string{j.Payload, j.Protected, j.Signature} {
		if _, err := base64.RawURLEncoding.Strict().DecodeString(part); err != nil || strings.ContainsAny(part, "\r\n") {
			return compact{}, false
		}
	}
	limits := stream.DefaultLimits() // whatever is configured, a record is far within them
	return parseCompact([]byte(j.Protected+"."+j.Payload+"."+j.Signature), &limits)
}

// Check verifies the signature of something of the media type typ. Of an ECDSA
// signature only the form that Sign writes counts. It also returns the thumbprint of
// the key that made the signature, of a signature in the other form, too.
func (k *Keys) Check(j *JWS, typ string) (Signature, string) {
	t, ok := j.parts()
	if !ok {
		return Mismatch, ""
	}
	if v := t.header.Member("typ"); v.Kind != jsonscan.String || string(v.Text()) != typ {
		return BadType, ""
	}
	result, key := k.find(t)
	if result != Verified {
		return result, ""
	}

	// The curve is that of the algorithm, so the key says what is low.
	if isHighS(key.public, t.signature) {
		result = HighS
	}
	return result, key.thumbprint
}

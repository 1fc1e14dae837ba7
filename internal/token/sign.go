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

// JWS is a signed payload in the flattened JSON serialization (RFC 7515,
// section 7.2.2). Its members are base64url.
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
// P-384, or RSA. Without an id, the key's id is its thumbprint (RFC 7638).
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

	// The error of the parser is left out, as it could quote the key.
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, errors.New("is no private key in PKCS #8; make one with cdrmend keygen")
	}

	return newSigner(parsed, id)
}

// newSigner returns the signer of a parsed private key. The type of the key
// decides the algorithm.
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

	// Without a name the key has no usable type, and key may be nil.
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
	// RFC 7638 takes exactly these members, in this order.
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

// KeyID returns the id of the key.
func (s *Signer) KeyID() string { return s.jwk.KID }

// Public returns the public half as a set of one key.
func (s *Signer) Public() *Keys {
	return &Keys{keys: []verifier{{s.jwk.KID, s.alg.Alg(), s.key.Public()}}}
}

// PublicSet returns the public half as a JSON Web Key Set.
func (s *Signer) PublicSet() ([]byte, error) {
	text, err := json.MarshalIndent(jwkset.JWKSMarshal{Keys: []jwkset.JWKMarshal{s.jwk}}, "", "  ")
	return append(text, '\n'), err
}

// Sign signs a payload of the media type typ.
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

	j.Signature = encode(signature)
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
	// The capacity is cut so that append copies and k's own list stays as it is.
	return &Keys{keys: append(k.keys[:len(k.keys):len(k.keys)], other.keys...)}
}

// Open returns the payload and the id of the key that the header names. It does
// not check the signature.
func (j *JWS) Open() (payload []byte, keyID string, err error) {
	t, ok := j.parts()
	if !ok {
		return nil, "", errors.New("it is no JSON Web Signature of a JSON object")
	}

	// parts has decoded the payload already, so this cannot fail.
	payload, _ = decodeBase64([]byte(j.Payload))
	return payload, string(headerText(t, "kid")), nil
}

// parts parses the JWS. It accepts only the spelling of each part that Sign
// writes, so that no bit of it can change without being noticed.
func (j *JWS) parts() (compact, bool) {
	for _, part := range []string{j.Payload, j.Protected, j.Signature} {
		if _, err := base64.RawURLEncoding.Strict().DecodeString(part); err != nil || strings.ContainsAny(part, "\r\n") {
			return compact{}, false
		}
	}

	// The configured limits are for inputs. A record is far within the default.
	limits := stream.DefaultLimits()
	return parseCompact([]byte(j.Protected+"."+j.Payload+"."+j.Signature), &limits)
}

// Check verifies the signature of a payload of the media type typ.
func (k *Keys) Check(j *JWS, typ string) Signature {
	t, ok := j.parts()
	if !ok {
		return Mismatch
	}

	// Records of all types are signed with the same key. Without this check one
	// could be passed off as another.
	if v := t.header.Member("typ"); v.Kind != jsonscan.String || string(v.Text()) != typ {
		return BadType
	}

	return k.check(t)
}

package token

import (
	"crypto"
	"crypto/ecdh"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/MicahParks/jwkset"
)

// minModulus is the least size of an RSA key, in bits, that proves anything.
const minModulus = 2048

// Keys is a set of public keys that tokens are verified with. It is safe for
// concurrent use.
type Keys struct{ keys []verifier }

type verifier struct {
	id         string
	alg        string // the only algorithm the key is for; empty: any of its type
	public     crypto.PublicKey
	thumbprint string
	until      []Until // where the key ends, an entry for each output
}

// ParseKeys reads a JSON Web Key Set. It refuses a set that holds a secret,
// since whoever can read the file could then sign tokens, and keys too weak
// or too unusual to verify with. Keys for encryption are passed over.
func ParseKeys(jwks []byte) (*Keys, error) {
	var set struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if err := json.Unmarshal(jwks, &set); err != nil || set.Keys == nil {
		return nil, errors.New(`is no JSON Web Key Set; write an object with the list "keys"`)
	}
	k := &Keys{}
	for i, raw := range set.Keys {
		var jwk jwkset.JWKMarshal
		if json.Unmarshal(raw, &jwk) != nil { // the error could quote the key
			return nil, fmt.Errorf("key %d is no JSON Web Key", i)
		}
		public, err := publicKey(jwk)
		if err != nil {
			return nil, fmt.Errorf("key %d (kid %q) %w", i, jwk.KID, err)
		}
		if public != nil {
			until, err := parseUntil(raw)
			if err != nil {
				return nil, fmt.Errorf("key %d (kid %q) %w", i, jwk.KID, err)
			}
			k.keys = append(k.keys, verifier{jwk.KID, string(jwk.ALG), public, thumbprint(jwk), until})
		}
	}
	if len(k.keys) == 0 {
		return nil, errors.New("holds no key that verifies signatures")
	}
	return k, nil
}

// publicKey returns nil for a key that is not meant to verify signatures.
func publicKey(jwk jwkset.JWKMarshal) (crypto.PublicKey, error) {
	switch {
	case jwk.KTY == jwkset.KtyOct || jwk.K != "":
		return nil, errors.New("is symmetric; only public keys can be used")
	case jwk.D != "" || jwk.P != "" || jwk.Q != "" || jwk.DP != "" || jwk.DQ != "" || jwk.QI != "" || len(jwk.OTH) > 0:
		return nil, errors.New("is private; keep only its public members")
	case jwk.USE != "" && jwk.USE != jwkset.UseSig:
		return nil, nil
	case len(jwk.KEYOPS) > 0 && !slices.Contains(jwk.KEYOPS, jwkset.KeyOpsVerify):
		return nil, nil
	}
	// Only the key itself is handed on: certificates and URLs of certificates
	// are not looked at, let alone fetched.
	bare := jwkset.JWKMarshal{KTY: jwk.KTY, CRV: jwk.CRV, X: jwk.X, Y: jwk.Y, N: jwk.N, E: jwk.E}
	parsed, err := jwkset.NewJWKFromMarshal(bare, jwkset.JWKMarshalOptions{}, jwkset.JWKValidateOptions{})
	if err != nil {
		return nil, fmt.Errorf("cannot be used (type %q, curve %q); use RSA, P-256, P-384, P-521 or Ed25519", jwk.KTY, jwk.CRV)
	}
	switch key := parsed.Key().(type) {
	case *rsa.PublicKey:
		if key.N.BitLen() < minModulus {
			return nil, fmt.Errorf("has %d bits; RSA keys need at least %d", key.N.BitLen(), minModulus)
		}
	case *ecdh.PublicKey:
		return nil, fmt.Errorf("has the curve %q, which signs nothing", jwk.CRV)
	}
	return parsed.Key(), nil
}

package token

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"strings"
)

// KeyTypes are the types of key that Generate makes, the usual one first.
var KeyTypes = []string{"ed25519", "p256", "p384", "rsa"}

// modulus is the size of new RSA keys, in bits.
const modulus = 3072

// Generate makes a private key, as PKCS #8 in PEM.
func Generate(keyType string) ([]byte, error) {
	key, err := generateNamed(keyType)
	if err != nil {
		return nil, err
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, err
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), nil
}

// generateNamed generates a key whose id can be an argument of a command: it does not
// begin as a flag does.
func generateNamed(keyType string) (any, error) {
	for {
		key, err := generate(keyType)
		if err != nil {
			return nil, err
		}
		s, err := newSigner(key, "")
		if err != nil || !strings.HasPrefix(s.KeyID(), "-") {
			return key, err
		}
	}
}

func generate(keyType string) (any, error) {
	switch keyType {
	case "ed25519":
		_, key, err := ed25519.GenerateKey(rand.Reader)
		return key, err
	case "p256":
		return ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case "p384":
		return ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	case "rsa":
		return rsa.GenerateKey(rand.Reader, modulus)
	}
	return nil, fmt.Errorf("there is no type of key %q; use one of %s", keyType, strings.Join(KeyTypes, ", "))
}

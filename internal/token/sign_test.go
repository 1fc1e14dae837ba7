package token

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"slices"
	"strings"
	"testing"

	"github.com/MicahParks/jwkset"
)

func newKey(t *testing.T, keyType, id string) *Signer {
	t.Helper()
	text, err := Generate(keyType)
	if err != nil {
		t.Fatal(err)
	}
	s, err := ParseSigner(text, id)
	if err != nil {
		t.Fatalf("reading a new key of type %s: %v", keyType, err)
	}
	return s
}

func mustSign(t *testing.T, s *Signer, payload string) *JWS {
	t.Helper()
	j, err := s.Sign("record", []byte(payload))
	if err != nil {
		t.Fatal(err)
	}
	return j
}

func TestWhatEveryTypeOfKeySignsVerifiesByItsPublicSetAlone(t *testing.T) {
	for keyType, header := range map[string]string{
		"ed25519": `{"alg":"EdDSA","kid":"2026","typ":"record"}`,
		"p256":    `{"alg":"ES256","kid":"2026","typ":"record"}`,
		"p384":    `{"alg":"ES384","kid":"2026","typ":"record"}`,
		"rsa":     `{"alg":"PS256","kid":"2026","typ":"record"}`,
	} {
		s := newKey(t, keyType, "2026")
		set, err := s.PublicSet()
		if err != nil {
			t.Fatal(err)
		}
		keys, err := ParseKeys(set)
		if err != nil {
			t.Fatalf("%s: the public set is refused: %v\n%s", keyType, err, set)
		}
		j := mustSign(t, s, `{"a":1}`)
		if got, _ := decodeBase64([]byte(j.Protected)); string(got) != header {
			t.Errorf("%s: the header is %s, want %s", keyType, got, header)
		}
		if payload, id, err := j.Open(); err != nil || string(payload) != `{"a":1}` || id != "2026" {
			t.Errorf("%s: opened to %s, %q, %v", keyType, payload, id, err)
		}
		if got, _ := keys.Check(j, "record"); got != Verified {
			t.Errorf("%s: %v", keyType, got)
		}
		if got, _ := keys.Check(j, "token"); got != BadType {
			t.Errorf("%s: taken for something else: %v", keyType, got)
		}
		if got, _ := newKey(t, keyType, "2026").Public().Check(j, "record"); got != Mismatch {
			t.Errorf("%s: another key of the same name: %v", keyType, got)
		}
		if got, _ := newKey(t, keyType, "2027").Public().Check(j, "record"); got != NoKey {
			t.Errorf("%s: another key: %v", keyType, got)
		}
		if got, _ := newKey(t, keyType, "2027").Public().And(keys).Check(j, "record"); got != Verified {
			t.Errorf("%s: both keys: %v", keyType, got)
		}
	}
}

// TestNoBitOfAJWSCanBeChanged changes every character of every part by every
// bit, so also those bits of base64 that decoders usually pass over.
func TestNoBitOfAJWSCanBeChanged(t *testing.T) {
	for _, keyType := range []string{"ed25519", "p256"} {
		s := newKey(t, keyType, "k")
		j := mustSign(t, s, `{"a":12}`)
		for name, part := range map[string]*string{"payload": &j.Payload, "protected": &j.Protected, "signature": &j.Signature} {
			whole := *part
			for i := range whole {
				for bit := range 7 {
					changed := []byte(whole)
					changed[i] ^= 1 << bit
					*part = string(changed)
					if got, _ := s.Public().Check(j, "record"); got == Verified {
						t.Fatalf("%s: %s verifies with character %d changed:\n%s\n%s", keyType, name, i, whole, changed)
					}
				}
			}
			*part = whole
		}
		if got, _ := s.Public().Check(j, "record"); got != Verified {
			t.Fatalf("%s: unchanged: %v", keyType, got)
		}
	}
}

func TestAKeyWithoutANameIsNamedByItsThumbprint(t *testing.T) {
	jwk := jwkset.JWKMarshal{ // the example of RFC 8037, appendix A.3
		KTY: "OKP", CRV: "Ed25519", X: "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo", KID: "not part of it",
	}
	if got, want := thumbprint(jwk), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"; got != want {
		t.Errorf("thumbprint %s, want %s", got, want)
	}
	s := newKey(t, "p384", "")
	if s.KeyID() == "" || s.KeyID() != thumbprint(s.jwk) {
		t.Errorf("the key is named %q, want %q", s.KeyID(), thumbprint(s.jwk))
	}
}

func TestOnlyPrivateKeysOfKnownTypesSign(t *testing.T) {
	pkcs8 := func(key crypto.Signer) []byte {
		der, err := x509.MarshalPKCS8PrivateKey(key)
		if err != nil {
			t.Fatal(err)
		}
		return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
	}
	good, err := Generate("ed25519")
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("GODEBUG", "rsa1024min=0")
	weak, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		text []byte
		want string
	}{
		"nothing":          {nil, "no PEM"},
		"text":             {[]byte("c2VjcmV0"), "no PEM"},
		"two keys":         {append(bytes.Clone(good), good...), "more than one"},
		"a certificate":    {pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: []byte("c2VjcmV0")}), `"CERTIFICATE"`},
		"encrypted":        {pem.EncodeToMemory(&pem.Block{Type: "ENCRYPTED PRIVATE KEY", Bytes: []byte("c2VjcmV0")}), "unencrypted"},
		"bytes":            {pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: []byte("c2VjcmV0")}), "PKCS #8"},
		"a curve too many": {pkcs8(signers()["p521"]), "P-384"},
		"weak":             {pkcs8(weak), "1024 bits"},
	} {
		s, err := ParseSigner(test.text, "k")
		if err == nil || s != nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: got %v, want an error with %q", name, err, test.want)
		}
		if err != nil && strings.Contains(err.Error(), "c2VjcmV0") {
			t.Errorf("%s: the error quotes the key: %v", name, err)
		}
	}
}

// TestOfAnECDSASignatureOnlyOneFormCounts and that is the one that is written: the
// other can be made by anybody, and would give a record a second hash.
func TestOfAnECDSASignatureOnlyOneFormCounts(t *testing.T) {
	for _, keyType := range []string{"p256", "p384"} {
		s := newKey(t, keyType, "")
		for range 20 { // half of all signatures are made in each form
			j := mustSign(t, s, `{"a":1}`)
			if got, _ := s.Public().Check(j, "record"); got != Verified {
				t.Fatalf("%s: what was signed is %v", keyType, got)
			}

			raw, _ := decodeBase64([]byte(j.Signature))
			r, low, order, _ := halves(s.key.Public(), raw)
			high := *j
			high.Signature = base64.RawURLEncoding.EncodeToString(slices.Concat(r, low.Sub(order, low).FillBytes(make([]byte, len(r)))))
			if got, _ := s.Public().Check(&high, "record"); got != HighS {
				t.Fatalf("%s: the other form is %v", keyType, got)
			}
			if parsed, ok := high.parts(); !ok || s.Public().check(parsed) != Verified {
				t.Fatalf("%s: the other form is no signature, so the test shows nothing", keyType)
			}
		}
	}
}

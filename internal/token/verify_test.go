package token

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/MicahParks/jwkset"
	"github.com/golang-jwt/jwt/v5"

	"cdrmend/internal/intern"
)

// signers are the keys of these tests, by kid.
var signers = sync.OnceValue(func() map[string]crypto.Signer {
	must := func(key crypto.Signer, err error) crypto.Signer {
		if err != nil {
			panic(err)
		}
		return key
	}
	curve := func(c elliptic.Curve) crypto.Signer {
		key, err := ecdsa.GenerateKey(c, rand.Reader)
		return must(key, err)
	}
	_, ed, err := ed25519.GenerateKey(rand.Reader)
	key, rsaErr := rsa.GenerateKey(rand.Reader, 2048)
	return map[string]crypto.Signer{
		"rsa": must(key, rsaErr), "p256": curve(elliptic.P256()), "p384": curve(elliptic.P384()), "p521": curve(elliptic.P521()), "ed": must(ed, err),
	}
})

func encode(part []byte) string { return base64.RawURLEncoding.EncodeToString(part) }

func unsigned(header, payload string) string {
	return encode([]byte(header)) + "." + encode([]byte(payload)) + "."
}

// signed signs a header and a payload with a key by what the header's alg,
// or another way of signing, says.
func signed(t testing.TB, header, payload, kid, alg string) string {
	t.Helper()
	text := strings.TrimSuffix(unsigned(header, payload), ".")
	signature, err := jwt.GetSigningMethod(alg).Sign(text, signers()[kid])
	if err != nil {
		t.Fatalf("signing %s with %q by %s: %v", header, kid, alg, err)
	}
	return text + "." + encode(signature)
}

// jwk returns the public key as a JSON object, some members replaced.
func jwk(t testing.TB, kid string, replace map[string]any) map[string]any {
	t.Helper()
	key, err := jwkset.NewJWKFromKey(signers()[kid].Public(), jwkset.JWKOptions{Metadata: jwkset.JWKMetadataOptions{KID: kid}})
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(key.Marshal())
	if err != nil {
		t.Fatal(err)
	}
	members := map[string]any{}
	if err := json.Unmarshal(text, &members); err != nil {
		t.Fatal(err)
	}
	for name, value := range replace {
		members[name] = value
	}
	return members
}

func jwks(t testing.TB, keys ...map[string]any) []byte {
	t.Helper()
	text, err := json.Marshal(map[string]any{"keys": keys})
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func mustKeys(t testing.TB, keys ...map[string]any) *Keys {
	t.Helper()
	k, err := ParseKeys(jwks(t, keys...))
	if err != nil {
		t.Fatalf("ParseKeys: %v", err)
	}
	return k
}

func allKeys(t testing.TB) *Keys {
	t.Helper()
	var keys []map[string]any
	for _, kid := range []string{"rsa", "p256", "p384", "p521", "ed"} {
		keys = append(keys, jwk(t, kid, nil))
	}
	return mustKeys(t, keys...)
}

func hs256(text string, secret []byte) string {
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte(text))
	return text + "." + encode(mac.Sum(nil))
}

var signedBy = map[string]string{
	"RS256": "rsa", "RS384": "rsa", "RS512": "rsa", "PS256": "rsa", "PS384": "rsa", "PS512": "rsa",
	"ES256": "p256", "ES384": "p384", "ES512": "p521", "EdDSA": "ed",
}

func TestEveryAllowedAlgorithmVerifies(t *testing.T) {
	keys := allKeys(t)
	for alg, kid := range signedBy {
		for _, header := range []string{`{"alg":"` + alg + `","kid":"` + kid + `"}`, `{"alg":"` + alg + `"}`} {
			whole := signed(t, header, `{"sub":"x"}`, kid, alg)
			if got := check(t, keys, whole); got != Verified {
				t.Errorf("header %s: got %v, want it verified", header, got)
			}
			changed := strings.Replace(whole, encode([]byte(`{"sub":"x"}`)), encode([]byte(`{"sub":"y"}`)), 1)
			if got := check(t, keys, changed); got != Mismatch {
				t.Errorf("header %s, changed payload: got %v, want %v", header, got, Mismatch)
			}
		}
	}
}

func check(t testing.TB, keys *Keys, token string) Signature {
	t.Helper()
	parsed, ok := parseCompact([]byte(token), &limits)
	if !ok {
		t.Fatalf("no JWT: %s", token)
	}
	return keys.check(parsed)
}

func TestHostileForgeriesDoNotVerify(t *testing.T) {
	keys := allKeys(t)
	der, err := x509.MarshalPKIXPublicKey(signers()["rsa"].Public())
	if err != nil {
		t.Fatal(err)
	}
	payload := `{"sub":"x"}`
	text := func(header string) string { return strings.TrimSuffix(unsigned(header, payload), ".") }
	good := signed(t, `{"alg":"RS256","kid":"rsa"}`, payload, "rsa", "RS256")

	tests := []struct {
		name, token string
		want        Signature
	}{
		{"alg none", unsigned(`{"alg":"none"}`, payload), BadAlgorithm},
		{"alg None", unsigned(`{"alg":"None","kid":"rsa"}`, payload), BadAlgorithm},
		{"alg missing", unsigned(`{"kid":"rsa"}`, payload), BadAlgorithm},
		{"alg of another kind", unsigned(`{"alg":["RS256"]}`, payload), BadAlgorithm},
		{"a MAC keyed with the public key", hs256(text(`{"alg":"HS256","kid":"rsa"}`), der), BadAlgorithm},
		{"a MAC that claims to be RSA", hs256(text(`{"alg":"RS256","kid":"rsa"}`), der), Mismatch},
		{"no signature", text(`{"alg":"RS256","kid":"rsa"}`) + ".", Mismatch},
		{"a signature that does not decode", text(`{"alg":"RS256","kid":"rsa"}`) + ".*", Mismatch},
		{"a padded signature", good + "==", Mismatch},
		{"unknown kid", signed(t, `{"alg":"RS256","kid":"other"}`, payload, "rsa", "RS256"), NoKey},
		{"kid of another kind", signed(t, `{"alg":"RS256","kid":1}`, payload, "rsa", "RS256"), NoKey},
		{"kid of a key of another type", signed(t, `{"alg":"RS256","kid":"p256"}`, payload, "rsa", "RS256"), NoKey},
		{"the last kid counts", signed(t, `{"alg":"RS256","kid":"rsa","kid":"other"}`, payload, "rsa", "RS256"), NoKey},
		{"PS256 in the place of RS256", signed(t, `{"alg":"RS256"}`, payload, "rsa", "PS256"), Mismatch},
		{"an extension that must be understood", signed(t, `{"alg":"RS256","crit":["b64"],"b64":false}`, payload, "rsa", "RS256"), BadExtension},
		{"another curve", signed(t, `{"alg":"ES256","kid":"p384"}`, payload, "p256", "ES256"), NoKey},
	}
	for _, tt := range tests {
		if got := check(t, keys, tt.token); got != tt.want {
			t.Errorf("%s: got %v, want %v", tt.name, got, tt.want)
		}
	}
}

func TestAKeyVerifiesOnlyWhatItIsFor(t *testing.T) {
	token := signed(t, `{"alg":"PS256"}`, `{}`, "rsa", "PS256")
	other := jwk(t, "p256", nil) // so that the set is never empty
	tests := []struct {
		name    string
		replace map[string]any
		want    Signature
	}{
		{"for anything", nil, Verified},
		{"for this algorithm", map[string]any{"alg": "PS256", "use": "sig", "key_ops": []string{"verify"}}, Verified},
		{"for another algorithm", map[string]any{"alg": "RS256"}, NoKey},
		{"for encryption", map[string]any{"use": "enc"}, NoKey},
		{"for wrapping keys", map[string]any{"key_ops": []string{"wrapKey"}}, NoKey},
		{"with a certificate elsewhere", map[string]any{"x5u": "http://127.0.0.1:1/never-fetched"}, Verified},
	}
	for _, tt := range tests {
		if got := check(t, mustKeys(t, other, jwk(t, "rsa", tt.replace)), token); got != tt.want {
			t.Errorf("a key %s: got %v, want %v", tt.name, got, tt.want)
		}
	}
}

func TestUntrustedComesFirstWhateverElseIsEvidence(t *testing.T) {
	r := testRules()
	r.Keys = mustKeys(t, jwk(t, "rsa", nil))
	bad := unsigned(`{"alg":"none"}`, `{}`)
	good := signed(t, `{"alg":"RS256"}`, `{"scope":""}`, "rsa", "RS256")
	tests := []struct {
		name string
		src  Source
		want Cause
	}{
		{"claims are the evidence", Source{Claims: cell(`{"scope":""}`), Access: []byte(bad)}, Untrusted},
		{"the issuer says inactive", Source{Info: cell(`{"active":false}`), Access: []byte(bad)}, Untrusted},
		{"the token is the evidence", Source{Access: []byte(bad)}, Untrusted},
		{"the token is opaque", Source{Access: []byte("opaque")}, Unknown},
		{"the token is in two parts", Source{Access: []byte(bad[:len(bad)-1])}, Unknown},
		{"the token verifies", Source{Access: []byte(good)}, ScopeMissing},
		{"the token verifies and counts before the claims", Source{Claims: cell(`{}`), Access: []byte(good)}, ScopeMissing},
	}
	for _, tt := range tests {
		if got := r.Hint(testNormalizer(), tt.src, intern.None, now); got.Cause != tt.want {
			t.Errorf("%s: got %v, want %v", tt.name, got.Cause, tt.want)
		}
	}
}

func TestKeySetsWithSecretsOrWeakKeysAreRefused(t *testing.T) {
	tests := []struct {
		name string
		set  string
		want []string
	}{
		{"no JSON", `{`, []string{"JSON Web Key Set"}},
		{"a single key", `{"kty":"RSA"}`, []string{"JSON Web Key Set"}},
		{"no keys", `{"keys":[]}`, []string{"no key that verifies"}},
		{"only encryption", string(jwks(t, jwk(t, "rsa", map[string]any{"use": "enc"}))), []string{"no key that verifies"}},
		{"symmetric", `{"keys":[{"kty":"oct","kid":"mac","k":"c2VjcmV0"}]}`, []string{"key 0", `"mac"`, "symmetric"}},
		{"private", string(jwks(t, jwk(t, "p256", nil), jwk(t, "rsa", map[string]any{"d": "c2VjcmV0"}))), []string{"key 1", `"rsa"`, "private"}},
		{"private for encryption", string(jwks(t, jwk(t, "rsa", map[string]any{"d": "c2VjcmV0", "use": "enc"}))), []string{"key 0", "private"}},
		{"weak", string(jwks(t, jwk(t, "rsa", map[string]any{"n": encode(append([]byte{0x80}, make([]byte, 127)...))}))), []string{"key 0", "1024 bits", "2048"}},
		{"unknown curve", string(jwks(t, jwk(t, "p256", map[string]any{"crv": "secp256k1"}))), []string{"key 0", "secp256k1"}},
		{"a curve that does not sign", string(jwks(t, jwk(t, "ed", map[string]any{"crv": "X25519", "alg": ""}))), []string{"key 0", "X25519"}},
		{"not on the curve", string(jwks(t, jwk(t, "p256", map[string]any{"x": encode([]byte("1"))}))), []string{"key 0", "cannot be used"}},
		{"unknown type", `{"keys":[{"kty":"PQC","kid":"new"}]}`, []string{"key 0", `"new"`, "PQC"}},
		{"no object", `{"keys":["c2VjcmV0"]}`, []string{"key 0", "no JSON Web Key"}},
	}
	for _, tt := range tests {
		keys, err := ParseKeys([]byte(tt.set))
		if err == nil || keys != nil {
			t.Errorf("%s: accepted", tt.name)
			continue
		}
		for _, want := range tt.want {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%s: error %q lacks %q", tt.name, err, want)
			}
		}
		if strings.Contains(err.Error(), "c2VjcmV0") {
			t.Errorf("%s: error %q holds the secret", tt.name, err)
		}
	}
}

// What a header says of keys is said by whoever made the token: no key, no URL
// and no path of it is looked at, and it grants no more than a known kid does.
func TestHostileHeadersBringNoKeysOfTheirOwn(t *testing.T) {
	const payload = `{"sub":"x"}`
	// The set has not the key that signed.
	keys := mustKeys(t, jwk(t, "p256", nil), jwk(t, "ed", nil), jwk(t, "rsa", map[string]any{"n": encode(otherModulus(t))}))
	own, err := json.Marshal(jwk(t, "rsa", nil))
	if err != nil {
		t.Fatal(err)
	}
	var asked atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		w.Write(jwks(t, jwk(t, "rsa", nil)))
	}))
	defer server.Close()
	for header, want := range map[string]Signature{
		`{"alg":"RS256","jwk":` + string(own) + `}`:                    Mismatch,
		`{"alg":"RS256","kid":"rsa","jwk":` + string(own) + `}`:        Mismatch,
		`{"alg":"RS256","jku":"` + server.URL + `"}`:                   Mismatch,
		`{"alg":"RS256","x5u":"` + server.URL + `","x5c":["MIIB"]}`:    Mismatch,
		`{"alg":"RS256","kid":"../../../dev/null"}`:                    NoKey,
		`{"alg":"RS256","kid":"' UNION SELECT 'rsa"}`:                  NoKey,
		`{"alg":"RS256","kid":"` + server.URL + `"}`:                   NoKey,
		`{"alg":"RS256","kid":"rsa\u0000"}`:                            NoKey,
		`{"alg":"RS256","kid":"` + strings.Repeat("rsa", 1<<18) + `"}`: NoKey,
		`{"alg":"RS256","x":"` + strings.Repeat("y", 1<<20) + `"}`:     Mismatch,
		"{\"alg\":\"RS256\",\"kid\":\"\xff\"}":                         NoKey,
		`{"alg":"none"}`:                                               BadAlgorithm, `{"alg":"NONE"}`: BadAlgorithm, `{"alg":"nOnE"}`: BadAlgorithm, `{"alg":""}`: BadAlgorithm,
		`{"alg":"rs256"}`: BadAlgorithm, `{"alg":"RS256 "}`: BadAlgorithm, `{"alg":null}`: BadAlgorithm, `{"alg":"RS1"}`: BadAlgorithm,
		`{"alg":"dir"}`: BadAlgorithm, `{"alg":"RSA-OAEP"}`: BadAlgorithm, `{"ALG":"RS256"}`: BadAlgorithm,
		`{"alg":"none","alg":"RS256"}`:                        Mismatch, // of two the last counts, here as elsewhere
		`{"alg":"RS256","alg":"none"}`:                        BadAlgorithm,
		`{"alg":"RS256","crit":["exp"]}`:                      BadExtension,
		`{"alg":"RS256","crit":null}`:                         BadExtension,
		`{"alg":"RS256","typ":"JWT","cty":"JWT","zip":"DEF"}`: Mismatch,
	} {
		for _, kind := range []string{"RS256", "PS256"} {
			if got := check(t, keys, signed(t, header, payload, "rsa", kind)); got != want {
				t.Errorf("header %.200q, signed by %s: got %v, want %v", header, kind, got, want)
			}
		}
	}
	if n := asked.Load(); n != 0 {
		t.Errorf("%d keys were fetched from where the token said", n)
	}
}

// otherModulus is that of another key than those of the tests.
func otherModulus(t *testing.T) []byte {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, minModulus)
	if err != nil {
		t.Fatal(err)
	}
	return key.N.Bytes()
}

// A token may hold another one. Only the outer one counts, as evidence and for
// its signature.
func TestHostileTokensAreJudgedByTheOuterOneAlone(t *testing.T) {
	r := testRules()
	r.Keys = mustKeys(t, jwk(t, "rsa", nil))
	inner := signed(t, `{"alg":"RS256"}`, `{"scope":""}`, "rsa", "RS256")
	for name, tt := range map[string]struct {
		token string
		want  Cause
	}{
		"a claim holds a good one":    {unsigned(`{"alg":"none","cty":"JWT"}`, `{"jwt":"`+inner+`"}`), Untrusted},
		"the payload is a good one":   {encode([]byte(`{"alg":"none","cty":"JWT"}`)) + "." + encode([]byte(inner)) + ".", Unknown},
		"a good one holds another":    {signed(t, `{"alg":"RS256"}`, `{"scope":"sip:manage","jwt":"`+inner+`"}`, "rsa", "RS256"), CredentialRejected},
		"two in a row":                {inner + inner, Unknown},
		"claims nested deep":          {signed(t, `{"alg":"RS256"}`, `{"scope":`+strings.Repeat("[", 998)+strings.Repeat("]", 998)+`}`, "rsa", "RS256"), CredentialRejected},
		"claims that are not UTF-8":   {signed(t, `{"alg":"RS256"}`, "{\"scope\":\"sip:manage\xff\"}", "rsa", "RS256"), ScopeMissing},
		"a scope spelled twice":       {signed(t, `{"alg":"RS256"}`, `{"scope":"sip:manage","scope":""}`, "rsa", "RS256"), ScopeMissing},
		"a scope with a zero byte":    {signed(t, `{"alg":"RS256"}`, `{"scope":"sip:manage\u0000"}`, "rsa", "RS256"), ScopeMissing},
		"a scope in another alphabet": {signed(t, `{"alg":"RS256"}`, `{"scope":"sip:m\u0430nage"}`, "rsa", "RS256"), ScopeMissing},
	} {
		hint := r.Hint(testNormalizer(), Source{Access: []byte(tt.token)}, intern.None, now)
		if got := r.Conclude(Refusal{Hint: hint, At: now}); got != tt.want {
			t.Errorf("%s: got %v, want %v", name, got, tt.want)
		}
	}
}

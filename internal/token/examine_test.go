package token

import (
	"strings"
	"testing"

	"cdrmend/internal/intern"
)

func TestAnExaminationSaysWhyInPlainWords(t *testing.T) {
	keys := mustKeys(t, jwk(t, "rsa", nil))
	good := func(payload string) string { return signed(t, `{"alg":"RS256"}`, at(payload), "rsa", "RS256") }
	tests := []struct {
		name, token string
		keys        *Keys
		want        Cause
		refused     bool
		words       []string
	}{
		{"lacks a scope", good(`{"scope":"calls sip:manage:readonly"}`), keys, ScopeMissing, true, []string{"verifies", `"sip:manage:readonly"`, `lacks ["sip:manage"]`, "scope_missing"}},
		{"expired", good(`{"exp":T-61}`), keys, Expired, true, []string{"expires at 2025-11-20T09:58:59.000000Z", "token_expired"}},
		{"another organisation", good(`{"org":"` + orgB + `"}`), keys, WrongOrg, true, []string{orgA, orgB, "wrong_org"}},
		{"just issued", good(`{"iat":T}`), keys, RefreshRace, false, []string{"refusal is possible", "refresh_race"}},
		{"fine", good(`{"org":"` + orgA + `","scope":"sip:manage"}`), keys, CredentialRejected, false, []string{"the one that registers", "Nothing in the token explains a 403"}},
		{"forged", unsigned(`{"alg":"none"}`, `{}`), keys, Untrusted, true, []string{"does not verify", "token_untrusted"}},
		{"not signed", unsigned(`{"alg":"none"}`, `{}`), nil, CredentialRejected, false, []string{"alg: none", "nobody checked it", "no issuer and no audience", "does not say which scopes"}},
		{"not checked", signed(t, `{"alg":"RS256","typ":"at+jwt"}`, `{"iss":"https://login.example.com","aud":["a","b"]}`, "rsa", "RS256"), nil, CredentialRejected, false, []string{"was not checked", `type "at+jwt"`, `issuer "https://login.example.com"`, `audience "a", "b"`}},
		{"malformed", good(`{"exp":"T-61","iat":null,"nbf":[],"scope":["sip:manage",5],"org":{"name":"x"},"aud":{},"iss":5}`), keys, CredentialRejected, false, []string{"does not count: exp, nbf, aud, scope, org, iss."}},
		{"out of a JSON answer", `{"access_token":"` + good(`{"scope":"calls"}`) + `"}`, keys, ScopeMissing, true, []string{"lacks"}},
		{"with its scheme and in quotes", `"Bearer ` + good(`{"scope":"calls"}`) + `"`, keys, ScopeMissing, true, []string{"lacks"}},
		{"opaque", "opaque-token", keys, Unknown, false, []string{"not a JWT", "cannot be told"}},
		{"hostile", unsigned(`{}`, `{"scope":"\u001b[2Jx"}`), nil, ScopeMissing, true, []string{`\x1b[2Jx`}},
	}
	for _, tt := range tests {
		r := testRules()
		r.Keys = tt.keys
		x := r.Examine([]byte(" "+tt.token+"\n"), strings.ToUpper(orgA), now)
		text := strings.Join(x.Sentences(), "\n")
		if x.Cause != tt.want || x.Refused() != tt.refused {
			t.Errorf("%s: got %v (refused %v), want %v (refused %v)\n%s", tt.name, x.Cause, x.Refused(), tt.want, tt.refused, text)
		}
		for _, words := range append(tt.words, Fingerprint(Bare(cell(tt.token), &r.Limits))) {
			if !strings.Contains(text, words) {
				t.Errorf("%s: the words %q are missing in\n%s", tt.name, words, text)
			}
		}
	}
}

// A claim may repeat a part of the token, which is then left out.
func TestSentencesHoldNoPieceOfTheToken(t *testing.T) {
	header := `{"alg":"none","typ":"JWT"}`
	token := unsigned(header, `{"scope":"`+encode([]byte(header))+` sip:manage","org":"x`+encode([]byte(header))+`"}`)
	x := testRules().Examine([]byte(token), "", now)
	text := strings.Join(x.Sentences(), "\n")
	if sharesPiece([]byte(token), text) {
		t.Errorf("a piece of the token is shown:\n%s", text)
	}
	if !strings.Contains(text, "(not shown), \"sip:manage\"") {
		t.Errorf("want the harmless scope shown and the other not:\n%s", text)
	}
}

// Whatever the token: nothing panics, a signature that none of the keys made
// is never taken for one, and no piece of the token is spoken.
func FuzzEvidence(f *testing.F) {
	rules := testRules()
	rules.Keys = allKeys(f)
	for _, payload := range []string{`{}`, `{"exp":1e9,"nbf":-1.5,"iat":0}`, `{"scope":["a"],"org":{"id":{}}}`, `{"scope":"\ud800","org":"\u0000"}`, `[`} {
		f.Add([]byte(`{"alg":"RS256","kid":"rsa"}`), []byte(payload), []byte("sig"))
		f.Add([]byte(`{"alg":"none"}`), []byte(payload), []byte(nil))
	}
	f.Fuzz(func(t *testing.T, header, payload, signature []byte) {
		jwt := []byte(encode(header) + "." + encode(payload) + "." + encode(signature))
		for _, token := range [][]byte{jwt, payload} {
			hint := rules.Hint(testNormalizer(), Source{Access: token}, intern.None, now)
			if hint.Evidence != (hint.Cause == Untrusted) {
				t.Errorf("token %q: got %v (evidence %v), want it untrusted or no evidence", token, hint.Cause, hint.Evidence)
			}
			x := testRules().Examine(token, "", now)
			text := strings.Join(x.Sentences(), "\n")
			if x.JWT && sharesPiece(token, text) {
				t.Errorf("a piece of the token %q is shown:\n%s", token, text)
			}
			if !x.JWT && strings.ReplaceAll(text, x.Fingerprint, "") != opaqueText() {
				t.Errorf("token %q: more than its fingerprint is shown:\n%s", token, text)
			}
		}
	})
}

func opaqueText() string {
	x := testRules().Examine([]byte("opaque"), "", now)
	return strings.ReplaceAll(strings.Join(x.Sentences(), "\n"), x.Fingerprint, "")
}

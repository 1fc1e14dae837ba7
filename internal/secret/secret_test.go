package secret_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"cdrmend/internal/secret"
)

// jwt has the header {"alg":"none"}.
const (
	jwt    = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0.c2ln"
	opaque = "KIPMF7YbZq3nXw8sVt0a"
)

func TestSecretsAreFoundInTexts(t *testing.T) {
	for text, want := range map[string]string{
		jwt:                                "(not shown)",
		jwt + ".wav":                       "(not shown)",
		"in/rec-" + jwt + "/a.json":        "in/rec-(not shown)/a.json",
		"a%3D" + jwt + "&b":                "a%3D(not shown)&b",
		"refused: " + jwt + ", " + jwt:     "refused: (not shown), (not shown)",
		"eyJhbGciOiJub25lIn0=.eyJ9.":       "(not shown)",
		"eyJhbGciOiJkaXIifQ..aXY.Y3Q.dGFn": "(not shown)", // encrypted, without a key
		"ewogImFsZyI6Im5vbmUifQ.e30.":      "(not shown)", // the header begins with a line break

		"Bearer abc":                           "Bearer (not shown)",
		" bearer  abc ":                        " bearer  (not shown) ",
		"BEARER " + opaque + " was refused":    "BEARER (not shown) was refused",
		"Authorization: Bearer " + opaque:      "Authorization: Bearer (not shown)",
		"Basic dXNlcjpodW50ZXIy":               "Basic (not shown)",
		"x basic dXNlcjpodW50ZXIyMQ== refused": "x basic (not shown) refused",

		"rec.wav?access_token=" + opaque:                                "rec.wav?access_token=(not shown)",
		"https://h/p?a=b&X-Amz-Signature=" + opaque + "&c=d":            "https://h/p?a=b&X-Amz-Signature=(not shown)&c=d",
		"/cb#id_token=" + opaque + "#":                                  "/cb#id_token=(not shown)#",
		"a&client_secret=hunter22&PASSWORD=hunter22;x":                  "a&client_secret=(not shown)&PASSWORD=(not shown);x",
		"https://h/p?sig=" + opaque + "%3D&token=" + opaque + " and so": "https://h/p?sig=(not shown)&token=(not shown) and so",

		"grant_type=refresh_token&refresh_token=" + opaque:              "grant_type=refresh_token&refresh_token=(not shown)",
		"client_secret=hunter22&grant_type=client_credentials":          "client_secret=(not shown)&grant_type=client_credentials",
		"login failed: password=hunter22":                               "login failed: password=(not shown)",
		`{"access_token":"` + opaque + `","expires_in":3600}`:           `{"access_token":"(not shown)","expires_in":3600}`,
		`{"body":"{\"id_token\" : \"` + opaque + `\"}"}`:                `{"body":"{\"id_token\" : \"(not shown)\"}"}`,
		"x?api_key=hunter22":                                            "x?api_key=(not shown)",
		`'x-api-key': 'hunter22'`:                                       `'x-api-key': '(not shown)'`,
		"GET / Cookie: session=hunter22; theme=dark\nHost: example.com": "GET / Cookie: (not shown)\nHost: example.com",
		"Set-Cookie: session=hunter22; Path=/":                          "Set-Cookie: (not shown)",
	} {
		if got := secret.Masked(text); got != want {
			t.Errorf("%q is shown as %q, want %q", text, got, want)
		}
		if !secret.In([]byte(text)) {
			t.Errorf("no secret was found in %q", text)
		}
		if again := secret.Masked(secret.Masked(text)); again != want {
			t.Errorf("%q is shown as %q when it is masked twice", text, again)
		}
	}
}

func TestOrdinaryTextsHoldNoSecret(t *testing.T) {
	for _, text := range []string{
		"", ".", "..", "=", " ", "a.b.c", "e", "eyJ", "eyJ.", "eyJhbGciOiJub25lIn0", "rec-01.wav",
		"550e8400-e29b-41d4-a716-446655440000.opus", strings.Repeat("deadbeef", 8) + ".wav", "ZXlKaGJHY2lPaUp1YjI1bElu.bmFtZQ.YQ",
		"eyJhIjoxfQ.eyJiIjoyfQ.c2ln", // no header names no algorithm
		"eyJhbGciOiJub25lIn.eyJ9.x",  // the header is cut
		"Basic training", "Basic training2026callcentre", "basic dGVzdA==", "BasicdXNlcjpodW50ZXIy",
		"Bearer", "Bearer ", "Bearer of bad news", "The bearer channelinternationalization failed", "bearer capability 64k", "overbearer " + opaque,
		"token=" + opaque, "access token " + opaque, "rec?token=1234", "rec?password=expired", "a?mytoken=" + opaque, "x?signature=&b",
		"password: incorrect", "the password=", "access_token: expired or revoked", `"access_token": null`, `{"access_token":"short"}`, "cookie=chocolate",
		"Cookie: yes", "password policy: twelve characters", "SessionID=0x7f2c:password", "sip:alice@example.com;token=" + opaque,
		"s3://b/year=2026/month=11/conversation_id=550e8400-e29b-41d4-a716-446655440000/a.json?versionId=3HL4kqtJlcpXroDTDmJ.rmSpXd3dIbrHY",
	} {
		if got := secret.Masked(text); got != text || secret.In([]byte(text)) {
			t.Errorf("%q is shown as %q", text, got)
		}
	}
}

func TestMaskedJSONIsJSON(t *testing.T) {
	for _, text := range []string{"a?token=" + opaque, "Bearer " + opaque, jwt + "\n", "a?token=" + opaque + `\"`} {
		encoded, err := json.Marshal(map[string]string{text: text})
		if err != nil {
			t.Fatal(err)
		}
		if got := secret.Masked(string(encoded)); !json.Valid([]byte(got)) || got == string(encoded) {
			t.Errorf("%s is shown as %s", encoded, got)
		}
	}
}

// A text of nothing but beginnings costs no more than its length.
func TestHostileTextsTakeNoLonger(t *testing.T) {
	for _, part := range []string{"eyJ", "eyJ-", "eyJ.", "eyJhbGciOiJub25lIn.", "ey", ".", "=", "Bearer ", "Basic ", "&token=", "password=", `"id_token":"`, "Cookie:", ": \"", "a="} {
		text := strings.Repeat(part, 1<<20/len(part))
		done := make(chan struct{})
		go func() {
			secret.Masked(text)
			close(done)
		}()
		select {
		case <-done:
		case <-time.After(time.Minute):
			t.Fatalf("a megabyte of %q takes more than a minute", part)
		}
	}
}

func BenchmarkIn(b *testing.B) {
	key := []byte("year=2026/month=11/day=20/hour=10/conversation_id=550e8400-e29b-41d4-a716-446655440000/rec-000001.opus")
	b.SetBytes(int64(len(key)))
	for b.Loop() {
		secret.In(key)
	}
}

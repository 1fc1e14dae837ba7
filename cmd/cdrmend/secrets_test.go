package main

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"cdrmend/internal/object/objecttest"
)

// spellings are the forms in which a secret could stand in a text.
func spellings(secret string) []string {
	escaped, _ := json.Marshal(secret)
	all := []string{
		secret, strings.Trim(string(escaped), `"`), fmt.Sprintf("%q", secret), url.QueryEscape(secret), url.PathEscape(secret),
		hex.EncodeToString([]byte(secret)), strings.ToUpper(hex.EncodeToString([]byte(secret))),
	}
	for before := range 3 { // base64 depends on what stands before and after
		text := append(make([]byte, before), secret...)
		for _, coding := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
			coded := coding.EncodeToString(text[:len(text)/3*3])
			all = append(all, coded[[]int{0, 2, 3}[before]:])
		}
	}
	return all
}

// holdsNone fails when a text holds one of the secrets in any form.
func holdsNone(t *testing.T, name, text string, secrets map[string]string) {
	t.Helper()
	for what, secret := range secrets {
		for _, spelled := range spellings(secret) {
			if i := strings.Index(text, spelled); i >= 0 {
				t.Errorf("%s holds the %s as %q: %.300q", name, what, spelled, text[max(0, i-100):])
				break
			}
		}
	}
}

// everyFile returns what lies below a directory, by path.
func everyFile(t *testing.T, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		all[path] = string(b)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

const secretConfig = `name: night
fail_on: none
sources:
  manifests: [{name: m, url: "m/date={date}/", profile: cdrmend, s3: {external_id: "%[1]s"}}]
  cdrs: [{name: c, url: "c/date={date}/", profile: cdrmend}]
  registrations:
    - {name: r, url: "r/date={date}/", profile: cdrmend}
    - {name: h, url: "h/date={date}/", profile: http-client-log}
    - {name: t, url: "t/date={date}/", profile: text.yaml}
output: {url: out/, tables: [csv]}
signing: {key: signing.pem}
report: {redact: public, pseudonym_key: pseudonym.key}
notify: {url: "http://user:%[1]s@127.0.0.1:1/%[1]s", key: notify.key}
metrics: {pushgateway: "http://user:%[1]s@127.0.0.1:1/"}
s3: {endpoint: "http://AKIA:%[1]s@127.0.0.1:1"}
`

// A log holds secrets in every place and format, also in its broken rows, and
// the configuration has its own. They reach nothing that is written or said.
func TestSecretsReachNothingThatIsWrittenOrSaid(t *testing.T) {
	t.Chdir(t.TempDir())
	secrets := map[string]string{
		"token":         "eyJhbGciOiJub25lIn0.eyJzY29wZSI6InNlY3JldC1zZXNhbWUifQ.c2lnbmF0dXJlLXNlc2FtZQ",
		"token's claim": "secret-sesame-claim", "password": `hunter2/ses"ame+open`, "key of AWS": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
		"session": "FwoGZXIvYXdzEXAMPLE-session", "configured password": "pass-word-of-the-config", "shared key": strings.Repeat("k3y-of-32", 4), "other shared key": strings.Repeat("y3k-of-32", 4),
	}
	for name, what := range map[string]string{"AWS_SECRET_ACCESS_KEY": "key of AWS", "AWS_SESSION_TOKEN": "session", "CDRMEND_TOKEN": "token"} {
		t.Setenv(name, secrets[what])
	}
	t.Setenv("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE")
	write(t, "cdrmend.yaml", fmt.Appendf(nil, secretConfig, secrets["configured password"]))
	write(t, "notify.key", []byte(secrets["shared key"]))
	write(t, "pseudonym.key", []byte(secrets["other shared key"]))
	write(t, "text.yaml", []byte("registrations:\n  formats: [text]\n  line: '^(?P<time>\\S+) (?P<line_id>\\S+) (?P<status>\\S+) (?P<token>\\S+) (?P<reason>.*)$'\n  fields: {time: [time], line_id: [line_id], status: [status], reason: [reason], access_token: [token]}\n"))
	if _, errs, code := said(t, false, "keygen"); code != exitDone {
		t.Fatal(errs)
	}
	pem, err := os.ReadFile("signing.pem")
	if err != nil {
		t.Fatal(err)
	}
	secrets["signing key"] = strings.Split(string(pem), "\n")[1]

	const day = "/date=2026-11-20/"
	write(t, "m"+day+"a.json", []byte(`[{"recording_id":"r","conversation_id":"c","trunk_id":"t","start_time":"2026-11-20T09:00:00Z","end_time":"2026-11-20T09:01:00Z"},{"conversation_id":"c"`))
	write(t, "c"+day+"a.csv", []byte("leg_id,conversation_id,trunk_id,start_time,answer_time,end_time\n1,c,t,2026-11-20T09:00:00Z,2026-11-20T09:00:00Z,2026-11-20T09:01:00Z\n2,d,t,2026-11-20T09:00:00Z,2026-11-20T09:00:00Z,2026-11-20T09:01:00Z\n"))
	for path, text := range secretLogs(t, secrets) {
		write(t, path, []byte(text))
	}

	spoken := map[string]string{}
	say := func(want int, args ...string) {
		t.Helper()
		out, errs, code := said(t, false, args...)
		if code != want {
			t.Errorf("%v exits with %d, want %d: %s", args, code, want, errs)
		}
		spoken[strings.Join(args, " ")] = out + errs
	}
	chosen := []string{"--config", "cdrmend.yaml", "--interval", "2026-11-20"}
	say(exitDone, "config", "check", "--config", "cdrmend.yaml")
	say(exitDone, append([]string{"run"}, chosen...)...)
	say(exitDone, append([]string{"run", "--json", "--output", "other"}, chosen...)...)
	say(exitDone, append([]string{"explain", "c"}, chosen...)...)
	say(exitDone, append([]string{"explain", "c", "--json"}, chosen...)...)
	say(exitDone, append([]string{"history"}, chosen...)...)
	say(exitDone, "verify", "--config", "cdrmend.yaml", "--recompute", "--inputs", "--json")
	t.Setenv("TMPDIR", t.TempDir())
	for _, args := range [][]string{
		append([]string{"config", "check", "--sources"}, chosen...), append([]string{"config", "check", "--sources", "--json"}, chosen...),
		append([]string{"run", "--dry-run", "--output", "third"}, chosen...), append([]string{"run", "--dry-run", "--json", "--output", "third"}, chosen...),
		append([]string{"run", "--trial"}, chosen...), append([]string{"run", "--trial", "--json"}, chosen...),
	} {
		out, errs, code := said(t, false, args...) // some logs have nothing but rejects, which is to be said
		if out == "" || code == exitFailed {
			t.Errorf("%v exits with %d and says %q", args, code, errs)
		}
		spoken[strings.Join(args, " ")] = out + errs
	}
	for path := range secretLogs(t, secrets) {
		profile := map[byte]string{'r': "cdrmend", 'h': "http-client-log", 't': "text.yaml"}[path[0]]
		say(exitDone, "profiles", "test", profile, path, "--kind", "registrations", "--records")
		// A log whose rows are all rejected lacks what judging needs.
		want := exitDone
		if strings.HasSuffix(path, "/e.json") || strings.HasSuffix(path, "/f.csv") {
			want = exitFindings
		}
		say(want, "profiles", "test", profile, path, "--kind", "registrations")
		say(want, "profiles", "test", profile, path, "--kind", "registrations", "--json")
	}
	wrong := url.QueryEscape(secrets["configured password"])
	say(exitUsage, "ls", "s3://AKIA:"+wrong+"@bucket/", "--table", "calls")
	say(exitUsage, "verify", "--config", "cdrmend.yaml", "--source", "m=s3://AKIA:"+wrong+"@bucket/")
	say(exitUsage, "demo", "--dir", "demo", "--s3", "s3://AKIA:"+wrong+"@bucket/")

	written := everyFile(t, "out")
	rejects := 0
	for path := range written {
		if strings.Contains(path, "/rejects/r/") || strings.Contains(path, "/rejects/h/") || strings.Contains(path, "/rejects/t/") {
			rejects++
		}
	}
	if rejects < 5 {
		t.Errorf("only %d logs have rejects: the secrets are not where this test wants them", rejects)
	}
	for path, text := range written {
		holdsNone(t, path, text, secrets)
	}
	for command, text := range spoken {
		holdsNone(t, "what "+command+" says", text, secrets)
	}
}

// secretLogs are registration logs in every format, by path, with rows that
// are used, rows that are not and rows that are broken.
func secretLogs(t *testing.T, secrets map[string]string) map[string]string {
	t.Helper()
	token, password := secrets["token"], secrets["password"]
	text := func(v any) string {
		b, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	row := func(line string, status any) string {
		return text(map[string]any{
			"time": "2026-11-20T09:00:00Z", "trunk_id": "t", "line_id": line, "status": status, "reason": "Authorization: Bearer " + token, "access_token": token,
			"username": "u:" + password, "password": password, "correlation_id": password, "token_info": map[string]any{"active": true, "client_secret": password},
			"token_claims": map[string]any{"scope": secrets["token's claim"], "exp": secrets["token's claim"]},
		})
	}
	call := func(path string, status any) string {
		return text(map[string]any{
			"time": "2026-11-20T09:00:00Z", "method": "POST", "path": path, "status": status, "access_token": token, "trunk_id": "t",
			"request":  map[string]any{"username": password, "headers": map[string]any{"Authorization": "Bearer " + token}},
			"response": map[string]any{"code": "x" + password, "message": "Authorization: Bearer " + token, "expiry_seconds": token},
		})
	}
	const register = "/api/v2/telephony/sip/lines/l7/registrations"
	good, bad := row("l1", 403), row("l2", nil)
	cells := `2026-11-20T09:00:00Z,t,l3,403,"Authorization: Bearer ` + token + `",` + token + `,"` + strings.ReplaceAll(password, `"`, `""`) + `"`
	line := "2026-11-20T09:00:00Z l4 403 " + token + " Authorization: Bearer " + token + " " + password
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	_, err := w.Write([]byte(strings.Repeat(good+"\n"+bad+"\n", 100)))
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	const day = "/date=2026-11-20/"
	return map[string]string{
		"r" + day + "a.jsonl":    good + "\n" + bad + "\n" + good[:len(good)-9] + "\n" + token + "\n" + text(password) + "\n" + good[:len(good)/2],
		"r" + day + "b.json":     "[" + good + "," + bad + "," + text(token) + "," + good[:len(good)-3],
		"r" + day + "c.csv":      "time,trunk_id,line_id,status,reason,access_token,username\n" + cells + "\n" + cells + ",more\n" + strings.Replace(cells, "403", token, 1) + "\n\"" + cells,
		"r" + day + "d.jsonl.gz": packed.String()[:packed.Len()-20],
		"r" + day + "e.json":     "\xff\xfe" + token,
		"r" + day + "f.csv":      token + "," + token + "\n" + cells + "\n",
		"h" + day + "a.jsonl": call("https://user:"+url.QueryEscape(password)+"@api.example.com"+register+"?access_token="+token, 403) + "\n" +
			call(register+"?password="+url.QueryEscape(password), nil) + "\n" + call("/oauth/token?client_secret="+url.QueryEscape(password), 200) + "\n" +
			call("/other?access_token="+token, 200) + "\n" + call(register+"#"+token, "not "+password) + "\n" + call(register, 401)[1:] + "\n",
		"t" + day + "a.log": line + "\n" + strings.Replace(line, "403", password, 1) + "\n" + token + "\n" + "Authorization: Bearer " + token + "\n",
	}
}

// leaky is a night with secrets in its values or in the names of its objects.
func leaky(t *testing.T, token, opaque, basic string, inKeys bool) {
	t.Helper()
	write(t, "cdrmend.yaml", []byte(`{name: night, fail_on: none, sources: {manifests: [{name: m, url: "m/date={date}/", profile: cdrmend}], cdrs: [{name: c, url: "c/date={date}/", profile: cdrmend}], registrations: [{name: r, url: "r/date={date}/", profile: cdrmend}]}, output: {url: out/, tables: [csv]}}`))
	entry := map[string]any{"recording_id": "r", "conversation_id": "c", "trunk_id": "t", "start_time": "2026-11-20T09:00:00Z", "end_time": "2026-11-20T09:01:00Z"}
	name := "a"
	if inKeys {
		name = "rec-" + token + "?access_token=" + opaque
	}
	var list []any
	add := func(field, value string) {
		e := maps.Clone(entry)
		if e[field] = value; inKeys {
			e[field] = "plain" // so that the entry has findings, and no secret
		}
		list = append(list, e)
	}
	for _, field := range []string{"recording_id", "conversation_id", "leg_id", "trunk_id", "line_id", "start_time", "duration_ms", "direction", "ani", "media_type", "media_subtype", "media_key", "media_sha256", "state", "user_ids"} {
		for _, value := range []string{token, token + ".wav", "rec.wav?a=b&access_token=" + opaque, "https://h/?X-Amz-Signature=" + opaque, "Bearer " + opaque, "refused, Authorization: Bearer " + opaque, "Basic " + basic} {
			add(field, value)
		}
	}
	document, err := json.Marshal(list)
	if err != nil {
		t.Fatal(err)
	}
	const day = "/date=2026-11-20/"
	write(t, "m"+day+name+".json", document)
	write(t, "m"+day+name+"-cut.json", document[:len(document)-5])
	leg := "1,c,t,2026-11-20T09:00:00Z,2026-11-20T09:00:00Z,2026-11-20T09:01:00Z,"
	rows := "leg_id,conversation_id,trunk_id,start_time,answer_time,end_time,queue_ids\n" + leg + "q\n"
	if !inKeys {
		rows += leg + "q;" + token + "\n" + leg + "Bearer " + opaque + "\n2,Basic " + basic + "," + token + ".x,x?password=" + opaque + ",,,\n"
	}
	write(t, "c"+day+name+".csv", []byte(rows))
	write(t, "c"+day+name+"-cut.csv", []byte(rows+"3,c"))
	event := `{"time":"2026-11-20T08:59:00Z","trunk_id":"t","line_id":"l","status":403}`
	if !inKeys {
		event = `{"time":"2026-11-20T08:59:00Z","trunk_id":"t","status":403,"username":"u?token=` + opaque + `","reason":"` + token + ` was refused","sip_domain":"` + token + `"}`
	}
	write(t, "r"+day+name+".jsonl", []byte(event+"\n{"))
}

// A secret in a value of a record reaches nothing, but for what keeps the bytes of
// the record. One in the name of an object stands where it names the object.
func TestSecretsInRecordsAndKeysAreShownToNobody(t *testing.T) {
	const user = "someone:hunter2-sesame"
	basic := base64.StdEncoding.EncodeToString([]byte(user))
	secrets := map[string]string{"token": "eyJhbGciOiJub25lIn0.eyJzY29wZSI6InNlY3JldC1zZXNhbWUifQ.c2lnbmF0dXJlLXNlc2FtZQ", "opaque token": "KIPMF7YbZq3nXw8sVt0a", "password": user}
	for name, test := range map[string]struct {
		inKeys bool
		keep   []string // what may hold them
	}{
		"values": {false, []string{"/manifests/m/", "/rejects/m/", "/rejects/c/", "/evidence/"}},
		"keys":   {true, []string{"/manifests/m/", "/rejects/", "/evidence/", "/inputs.jsonl", "/run.json", ".csv"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Chdir(t.TempDir())
			leaky(t, secrets["token"], secrets["opaque token"], basic, test.inKeys)
			chosen := []string{"--config", "cdrmend.yaml", "--interval", "2026-11-20"}
			for _, args := range [][]string{
				append([]string{"run"}, chosen...), append([]string{"run", "--json", "--output", "other"}, chosen...),
				append([]string{"explain", "c"}, chosen...), append([]string{"explain", "c", "--json"}, chosen...), append([]string{"history"}, chosen...), append([]string{"history", "--json"}, chosen...),
				{"verify", "--config", "cdrmend.yaml", "--recompute", "--inputs"},
				{"verify", "--config", "cdrmend.yaml", "--recompute", "--inputs", "--json"},
			} {
				out, errs, code := said(t, false, args...)
				if code != exitDone {
					t.Errorf("%v exits with %d: %s", args, code, errs)
				}
				holdsNone(t, "what "+strings.Join(args, " ")+" says", out+errs, secrets)
			}

			t.Setenv("TMPDIR", t.TempDir())
			for _, args := range [][]string{{"config", "check", "--sources"}, {"config", "check", "--sources", "--json"}, {"run", "--dry-run"}, {"run", "--dry-run", "--json"}, {"run", "--trial"}, {"run", "--trial", "--json"}} {
				args = append(args, chosen...)
				out, errs, _ := said(t, false, args...)
				holdsNone(t, "what "+strings.Join(args, " ")+" says", out+errs, secrets)
				if out == "" {
					t.Errorf("%v says nothing: %s", args, errs)
				}
			}

			kept := 0
			for path, text := range everyFile(t, "out") {
				if slices.ContainsFunc(test.keep, func(part string) bool { return strings.Contains(path, part) }) {
					kept += strings.Count(text, "eyJhbGciOiJub25lIn0")
					continue
				}
				holdsNone(t, path, text, secrets)
				if test.inKeys && strings.HasSuffix(path, "summary.json") && !strings.Contains(text, "objects of source m with a token or password in their name: 2") {
					t.Errorf("the summary does not warn of the keys: %s", text)
				}
			}
			if kept == 0 {
				t.Error("nothing holds the token: it is not where this test wants it")
			}
		})
	}
}

// Keys that are written where the path of their file belongs, or that must not
// be where they are, are refused with exit code 2 and never repeated.
func TestSecretsInTheWrongPlaceOfTheConfigurationAreRefusedAndNotRepeated(t *testing.T) {
	t.Chdir(t.TempDir())
	const config = "name: night\nsources: {manifests: [{name: m, url: m/, profile: cdrmend}], cdrs: [{name: c, url: c/, profile: cdrmend}]}\noutput: {url: out/}\n"
	private := `{"keys":[{"kty":"OKP","crv":"Ed25519","kid":"k","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo","d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"}]}`
	secrets := map[string]string{
		"private member": "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A", "symmetric key": "c3ltbWV0cmljLXNlY3JldC1zZXNhbWU", "PEM": "MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06",
		"shared key": "0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0", "other shared key": "wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEYwJalr=", "password": "hunter2-sesame",
	}
	weak := strings.Repeat("A", 170) + "Q"
	write(t, "private.json", []byte(private))
	write(t, "symmetric.json", []byte(`{"keys":[{"kty":"oct","k":"`+secrets["symmetric key"]+`"}]}`))
	write(t, "weak.json", []byte(`{"keys":[{"kty":"RSA","kid":"w","n":"_`+weak+`","e":"AQAB"}]}`))
	write(t, "curve.json", []byte(`{"keys":[{"kty":"EC","kid":"w","crv":"secp256k1","x":"AA","y":"AA"}]}`))
	write(t, "pem.json", []byte("-----BEGIN PRIVATE KEY-----\n"+secrets["PEM"]+"\n-----END PRIVATE KEY-----\n"))
	for name, test := range map[string]struct{ text, want string }{
		"private token keys":        {"policy: {token_keys: private.json}", "is private"},
		"symmetric token keys":      {"policy: {token_keys: symmetric.json}", "is symmetric"},
		"weak token keys":           {"policy: {token_keys: weak.json}", "bits; RSA keys need at least 2048"},
		"token keys of a curve":     {"policy: {token_keys: curve.json}", `curve "secp256k1"`},
		"token keys in PEM":         {"policy: {token_keys: pem.json}", "is no JSON"},
		"token keys themselves":     {"policy: {token_keys: '" + private + "'}", "policy.token_keys"},
		"token keys as YAML":        {"policy: {token_keys: " + private + "}", "policy.token_keys"},
		"private verification keys": {"signing: {key: pem.json, keys: private.json}", "signing.key"},
		"signing key itself":        {"signing:\n  key: |\n    -----BEGIN PRIVATE KEY-----\n    " + secrets["PEM"] + "\n    -----END PRIVATE KEY-----", "signing.key"},
		"shared key itself":         {"report: {redact: public, pseudonym_key: " + secrets["shared key"] + "}", "report.pseudonym_key"},
		"webhook's key itself":      {"notify: {url: 'https://example.com/', key: '" + secrets["other shared key"] + "'}", "notify.key"},
		"webhook":                   {"notify: {url: 'ftp://user:" + secrets["password"] + "@host/', key: k}", "notify.url"},
		"endpoint":                  {"s3: {endpoint: 'user:" + secrets["password"] + "@host'}", "s3.endpoint"},
		"endpoint with a port":      {"s3: {endpoint: 'http://user:" + secrets["password"] + "@host:port'}", "s3.endpoint"},
		"pushgateway":               {"metrics: {pushgateway: 'user:" + secrets["password"] + "@host'}", "metrics.pushgateway"},
		"media":                     {"media: {url: 's3://user:" + secrets["password"] + "@bucket/'}", "media.url"},
		"credentials":               {"s3: {secret_access_key: " + secrets["password"] + "}", "secret_access_key"},
		"credentials as list":       {"s3: {endpoint: [" + secrets["password"] + "]}", "s3.endpoint"},
		"external id":               {"s3: {external_id: {id: " + secrets["password"] + "}}", "s3.external_id"},
	} {
		write(t, "cdrmend.yaml", []byte(config+test.text+"\n"))
		out, errs, code := said(t, false, "config", "check", "--config", "cdrmend.yaml")
		if code != exitUsage || !strings.Contains(errs, test.want) {
			t.Errorf("%s: exit %d with %q, want %d and %q", name, code, errs, exitUsage, test.want)
		}
		holdsNone(t, "what is said of "+name, out+errs, secrets)
	}
}

// A server that refuses is quoted, what it was sent is not.
func TestSecretsStandInNoErrorOfAServer(t *testing.T) {
	server := objecttest.Gateway(t, objecttest.GatewayOptions{})
	server.Setenv(t)
	server.Bucket(t, "bucket", objecttest.Plain)
	t.Chdir(t.TempDir())
	secrets := map[string]string{"key of AWS": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "session": "FwoGZXIvYXdzEXAMPLE-session", "configured password": "pass-word-of-the-config"}
	endpoint := strings.Replace(server.Endpoint, "http://", "http://user:"+secrets["configured password"]+"@", 1)
	write(t, "cdrmend.yaml", []byte("name: night\nsources: {manifests: [{name: m, url: 's3://bucket/m/', profile: cdrmend}], cdrs: [{name: c, url: 's3://bucket/c/', profile: cdrmend}]}\noutput: {url: 's3://bucket/out/'}\ns3: {endpoint: '"+endpoint+"', path_style: true}\n"))
	for _, wrong := range []map[string]string{
		{"AWS_SECRET_ACCESS_KEY": secrets["key of AWS"]},
		{"AWS_ACCESS_KEY_ID": "AKIAEXAMPLE", "AWS_SECRET_ACCESS_KEY": secrets["key of AWS"], "AWS_SESSION_TOKEN": secrets["session"]},
	} {
		for name, value := range wrong {
			t.Setenv(name, value)
		}
		for _, command := range [][]string{{"run", "--interval", "2026-11-20"}, {"verify"}, {"ls", "--table", "calls"}} {
			out, errs, code := said(t, false, append(command, "--config", "cdrmend.yaml")...)
			if code != exitFailed || !strings.Contains(errs, "credentials are refused") {
				t.Errorf("%v exits with %d and says %q, want %d and that the credentials are refused", command, code, errs, exitFailed)
			}
			holdsNone(t, strings.Join(command, " "), out+errs, secrets)
		}
	}
}

// A token is understood as editors, shells and tools write it.
func TestATokenIsUnderstoodAsToolsWriteIt(t *testing.T) {
	t.Chdir(t.TempDir())
	const token = "eyJhbGciOiJSUzI1NiJ9.eyJzY29wZSI6InNpcDptYW5hZ2U6cmVhZG9ubHkiLCJleHAiOjE5OTk5OTk5OTksIm9yZ19pZCI6Im8xIn0.c2ln"
	wide := func(order binary.AppendByteOrder, text string) (b []byte) {
		for _, unit := range utf16.Encode([]rune("\ufeff" + text)) {
			b = order.AppendUint16(b, unit)
		}
		return b
	}
	for name, text := range map[string][]byte{
		"alone":                       []byte(token),
		"byte order mark":             []byte("\ufeff" + token + "\r\n"),
		"UTF-16, little endian":       wide(binary.LittleEndian, token+"\r\n"),
		"UTF-16, big endian":          wide(binary.BigEndian, "Bearer "+token),
		"header":                      []byte("Authorization: Bearer " + token + "\r\n"),
		"header in lower case":        []byte("\n authorization :bearer   " + token),
		"header in quotes":            []byte(`"AUTHORIZATION: Bearer ` + token + `"`),
		"header with a quoted token":  []byte(`Authorization: "Bearer ` + token + `"`),
		"header and byte order mark":  []byte("\ufeff'Authorization: Bearer " + token + "'\n"),
		"quotes and lines around it":  []byte("\n\n\"" + token + "\"\n\n"),
		"answer and byte order mark":  []byte("\ufeff{\"access_token\": \"" + token + "\"}"),
		"header without a scheme":     []byte("Authorization: " + token),
		"quotes, scheme, other quote": []byte("'Bearer \"" + token + "\"'"),
	} {
		write(t, "token.txt", text)
		out, errs, code := said(t, false, "token", "--file", "token.txt", "--as-of", "2026-11-20T10:00:00Z")
		if code != exitFindings || !strings.Contains(out, `lacks ["sip:manage"]`) || strings.Contains(out+errs, "eyJ") {
			t.Errorf("%s: exit %d: %s%s", name, code, out, errs)
		}
	}

	for name, text := range map[string]string{"nothing": "\ufeff\n", "a header without a value": "Authorization: \n", "half a character": "\xff\xfe\x20"} {
		write(t, "token.txt", []byte(text))
		if out, errs, code := said(t, false, "token", "--file", "token.txt"); code != exitUsage || !strings.Contains(errs, "no token") {
			t.Errorf("%s: exit %d: %s%s", name, code, out, errs)
		}
	}
}

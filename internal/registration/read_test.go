package registration

import (
	"bufio"
	"fmt"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"cdrmend/internal/intern"
	"cdrmend/internal/jsonscan"
	"cdrmend/internal/profile"
	"cdrmend/internal/rows"
	"cdrmend/internal/stream"
	"cdrmend/internal/token"
	"cdrmend/manifests"
)

// readLog reads a log with a built-in profile, rows without an organisation
// being of "home".
func readLog(t *testing.T, name string, texts *intern.Table, f profile.Format, text string) (*Batch, []string) {
	t.Helper()
	prof, _ := manifests.Profile(name)
	p, err := profile.Load(name, prof, "registrations")
	if err != nil {
		t.Fatal(err)
	}
	rules := &token.Rules{
		Required: []string{"sip:manage"}, ScopeClaims: []string{"scope"}, Leeway: time.Minute, Race: time.Minute, Limits: stream.DefaultLimits(),
	}
	var rejects []string
	reject := func(r rows.Reject) error {
		rejects = append(rejects, fmt.Sprint(r.Row, " ", r.Reason))
		return nil
	}
	b, err := NewReader(p, texts, rules).Read(bufio.NewReader(strings.NewReader(text)), f, texts.OfString("home"), reject)
	if err != nil {
		t.Fatal(err)
	}
	if b.Rows != int64(len(b.Events))+b.Skipped+b.Unusable+b.Rejected || int64(len(rejects)) != b.Unusable+b.Rejected {
		t.Errorf("%d rows are %d events, %d skipped, %d unusable and %d rejected", b.Rows, len(b.Events), b.Skipped, b.Unusable, b.Rejected)
	}
	return b, rejects
}

// briefEvent writes an event in one line.
func briefEvent(texts *intern.Table, e Event) string {
	line := fmt.Sprintf("%d %s %s/%s/%s %d expires %d", e.Ref.Row, e.Time, texts.String(e.Org), texts.String(e.Trunk), texts.String(e.Line), e.Status, e.Expiry)
	if e.Issued.Known() {
		line += " issued " + e.Issued.String()
	}
	if e.User != intern.None {
		line += " user " + texts.String(e.User)
	}
	if e.Client != intern.None {
		line += " client " + texts.String(e.Client)
	}
	if e.Token != 0 {
		line += " " + e.Token.String()
	}
	for _, fact := range []struct {
		facts Facts
		name  string
	}{{HasEvidence, "evidence"}, {ListsScopes, "lists"}, {GrantLacks, "lacks"}, {InvalidToken, "invalid"}, {InsufficientScope, "insufficient"}} {
		if e.Facts.is(fact.facts) {
			line += " " + fact.name
		}
	}
	return line
}

func briefEvents(texts *intern.Table, events []Event) []string {
	var all []string
	for _, e := range events {
		all = append(all, briefEvent(texts, e))
	}
	return all
}

const noon = "2026-11-20T12:00:00.000000Z"

// request writes a row of an HTTP log.
func request(method, path, rest string) string {
	return fmt.Sprintf(`{"time":"2026-11-20T12:00:00Z","method":%q,"path":%q,%s}`, method, path, rest) + "\n"
}

func TestOnlyPostsToTheRegistrationsOfALineAreAttempts(t *testing.T) {
	const lines = "/api/v2/telephony/sip/lines/"
	for path, want := range map[string]string{
		lines + "L1/registrations": "L1", lines + "L1/registrations?trace=1": "L1", "https://api.example.com" + lines + "L1/registrations": "L1", "http://u:p@[::1]:80" + lines + "L1/registrations?a=/b/": "L1",
		lines + "2ABE7C04-63D1-AB47-4182-6E2653F37546/registrations": "2abe7c04-63d1-ab47-4182-6e2653f37546", lines + "a%2Fb/registrations": "a%2Fb",
		lines + "L1/registrations/": "L1", lines + "L1/registrations/?x#y": "L1", lines + "L1/registrations#y": "L1",
		lines + "L1/registrations//": "", lines + "L1/registrations/5": "", lines + "registrations": "", lines + "/registrations": "", lines + "a/b/registrations": "", "/x" + lines + "L1/registrations": "", lines[1:] + "L1/registrations": "",
		"/API/v2/telephony/sip/lines/L1/registrations": "", "/api/v2/telephony/sip/trunks/L1/registrations": "", "https://api.example.com": "", "": "", "/": "",
	} {
		texts := intern.NewTable()
		b, _ := readLog(t, "http-client-log", texts, profile.JSONLines, request("POST", path, `"status":200`))
		got := ""
		if len(b.Events) == 1 {
			got = texts.String(b.Events[0].Line)
		}
		if got != want || b.Skipped != int64(1-len(b.Events)) {
			t.Errorf("%s: got line %q, want %q; skipped %d", path, got, want, b.Skipped)
		}
	}
	for _, row := range []string{
		request("GET", lines+"L1/registrations", `"status":200`), request("PUT", lines+"L1/registrations", `"x":1`),
		`{"method":["POST"],"path":"` + lines + `L1/registrations"}`, `{"method":"POST","path":5}`, `{}`,
	} {
		if b, _ := readLog(t, "http-client-log", intern.NewTable(), profile.JSONLines, row); len(b.Events) != 0 || b.Skipped != 1 || b.Unusable != 0 {
			t.Errorf("%s: %d events, %d skipped", row, len(b.Events), b.Skipped)
		}
	}
}

func TestTheStatusAndExpiryOfAnAttempt(t *testing.T) {
	tests := []struct{ method, rest, want string }{
		{"POST", `"status":200,"response":{"code":500,"expiry_seconds":60},"request":{"expiry_seconds":90}`, "home//L 200 expires 60"},
		{"POST", `"status":200,"response":{"code":500},"request":{"expiry_seconds":90}`, "home//L 200 expires 90"},
		{"POST", `"status":200,"response":{"expiry_seconds":"x"}`, "home//L 200 expires -1"},
		{"post", `"response":{"code":503,"expiry_seconds":60},"request":{"expiry_seconds":"90"}`, "home//L 503 expires 90"},
		{"POST", `"response":{"code":503,"expiry_seconds":60}`, "home//L 503 expires -1"}, // of something else
		{"POST", `"status":null,"response":{"code":"204","expiry_seconds":null},"request":{"expiry_seconds":0}`, "home//L 204 expires 0"},
		{"POST", `"status":"-","response":{"code":"503 Service Unavailable"}`, "home//L 503 expires -1"},
		{"POST", `"status":"","response":{"code":"-"}`, "home//L 0 expires -1"},
		{"POST", `"x":1`, "home//L 0 expires -1"},
		{"POST", `"status":0,"response":{"code":503}`, "home//L 0 expires -1"},
		{"DELETE", `"status":204,"response":{"expiry_seconds":60}`, "home//L 204 expires 0"},
		{"delete", `"status":503,"request":{"expiry_seconds":60}`, "home//L 503 expires 0"},
		{"POST", `"status":403,"org_id":"o","trunk_id":"T","client_id":"A","request":{"client_id":"B"}`, "o/T/L 403 expires -1 client A"},
		{"POST", `"status":403,"client_id":" ","request":{"client_id":" B "}`, "home//L 403 expires -1 client B"},
		{"POST", `"status":403,"response":{"headers":{"Www-Authenticate":"Bearer realm=\"error=x\", error=\"invalid_token\""}}`, "home//L 403 expires -1 invalid"},
		{"POST", `"status":403,"response":{"headers":{"WWW-AUTHENTICATE":["Basic","Bearer error=insufficient_scope, x=y"]}}`, "home//L 403 expires -1 insufficient"},
		{"POST", `"status":403,"response":{"headers":{"www-authenticate":"Bearer error_description=\"invalid_token\""}}`, "home//L 403 expires -1"},
		{"POST", `"status":403,"access_token":{"access_token":"Bearer ` + expiredToken + `"}`, "home//L 403 expires -1 token_expired evidence"},
	}
	for _, tt := range tests {
		texts := intern.NewTable()
		b, _ := readLog(t, "http-client-log", texts, profile.JSONLines, request(tt.method, "/api/v2/telephony/sip/lines/L/registrations", tt.rest))
		if diff := gocmp.Diff([]string{"0 " + noon + " " + tt.want}, briefEvents(texts, b.Events)); diff != "" {
			t.Errorf("%s %s (-want +got):\n%s", tt.method, tt.rest, diff)
		}
	}
}

// expiredToken is {"alg":"none"} . {"exp":1} without a signature.
const expiredToken = "eyJhbGciOiJub25lIn0.eyJleHAiOjF9."

func TestStatusesAreNumbersOrBeginWithThreeDigits(t *testing.T) {
	for written, want := range map[string]int64{
		`200`: 200, `"200"`: 200, `" 503 "`: 503, `"503 Service Unavailable"`: 503, `"503\t"`: 503, `0`: 0, `"0"`: 0, `100`: 100, `699`: 699, `2e2`: 200,
		`700`: noStatus, `99`: noStatus, `-1`: noStatus, `99999999999`: noStatus, `"503Service"`: noStatus, `"50 x"`: noStatus, `"5030 x"`: noStatus, `"+20 x"`: noStatus,
		`"-"`: noStatus, `""`: noStatus, `null`: noStatus, `{}`: noStatus, `true`: noStatus,
	} {
		limits := stream.DefaultLimits()
		v, err := jsonscan.Parse([]byte(written), &limits)
		if err != nil {
			t.Fatal(err)
		}
		n := profile.NewNormalizer(&profile.Profile{}, intern.NewTable())
		if got := StatusOf(&n, v); got != want {
			t.Errorf("%s: got %d, want %d", written, got, want)
		}
	}
}

func TestRequestsForTokens(t *testing.T) {
	texts := intern.NewTable()
	var log strings.Builder
	for i, c := range []struct{ method, path, rest string }{
		{"POST", "https://login.example.com/oauth/token?grant=x", `"status":200`},
		{"post", "/oauth/token/", `"response":{"code":299,"scope":"calls"},"org_id":"o","client_id":"A"`},
		{"POST", "/oauth/token", `"status":300,"response":{"scope":"calls"}`},
		{"POST", "/oauth/token", `"x":1,"request":{"client_id":"B"}`},
		{"POST", "/oauth/token", `"status":"soon"`},
		{"POST", "/oauth/token", `"status":200,"response":{"scope":["sip:manage"]}`},
		{"POST", "/oauth/token", `"status":200,"response":{"scope":""}`},
		{"POST", "/oauth/token", `"status":200,"response":{"scope":[]}`},
		{"GET", "/oauth/token", `"status":200`},
		{"DELETE", "/oauth/token", `"status":200`},
		{"POST", "/oauth/tokens", `"status":200`},
	} {
		log.WriteString(strings.Replace(request(c.method, c.path, c.rest), "12:00:00", fmt.Sprintf("12:00:%02d", i), 1))
	}
	log.WriteString(`{"method":"POST","path":"/oauth/token","status":200}` + "\n")
	b, rejects := readLog(t, "http-client-log", texts, profile.JSONLines, log.String())

	var got []string
	for _, r := range b.Requests {
		got = append(got, fmt.Sprintf("%d %s %s %d %d", r.Ref.Row, texts.String(r.Org), texts.String(r.Client), r.Outcome, r.Granted))
	}
	want := []string{
		fmt.Sprintf("0 home  %d %d", Answered, token.Unlisted), fmt.Sprintf("1 o A %d %d", Answered, token.Lacking),
		fmt.Sprintf("2 home  %d %d", Unanswered, token.Unlisted), fmt.Sprintf("3 home B %d %d", Unanswered, token.Unlisted), fmt.Sprintf("4 home  %d %d", Unclear, token.Unlisted),
		fmt.Sprintf("5 home  %d %d", Answered, token.Sufficient), fmt.Sprintf("6 home  %d %d", Answered, token.Unlisted), fmt.Sprintf("7 home  %d %d", Answered, token.Lacking),
	}
	if diff := gocmp.Diff(want, got); diff != "" || b.Skipped != 12 || len(b.Events) != 0 || len(rejects) != 0 {
		t.Errorf("%d skipped, %d events, rejects %q (-want +got):\n%s", b.Skipped, len(b.Events), rejects, diff)
	}
}

func TestAttemptsThatCannotBeUsedAreRejected(t *testing.T) {
	b, rejects := readLog(t, "cdrmend", intern.NewTable(), profile.JSONLines, strings.Join([]string{
		`{"time":"2026-11-20T12:00:00Z","status":200,"line_id":"L"}`, `{"status":200,"line_id":"L"}`, `{"time":"soon","status":200,"line_id":"L"}`, `{"time":0,"status":200,"line_id":"L"}`,
		`{"time":"2026-11-20T12:00:00Z","line_id":"L"}`, `{"time":"2026-11-20T12:00:00Z","status":700,"line_id":"L"}`, `{"time":"2026-11-20T12:00:00Z","status":200}`, `{"time":"2026-11-20T12:00:00Z","status":200,"line_id":{},"trunk_id":""}`,
		`{"time":"2026-11-20T12:00:00Z","status":200,"trunk_id":"T"}`, `no JSON`, `[]`,
	}, "\n"))
	want := []string{"1 no time", "2 the time does not parse: it is in none of the layouts of the profile", "3 no time", "4 no status", "5 no status", "6 neither trunk nor line", "7 neither trunk nor line", "9 syntax error", "10 not an object"}
	if diff := gocmp.Diff(want, rejects); diff != "" || b.Unusable != 7 || b.Rejected != 2 || len(b.Events) != 2 {
		t.Errorf("%d unusable, %d rejected, %d events (-want +got):\n%s", b.Unusable, b.Rejected, len(b.Events), diff)
	}
}

func TestLinesOfATextLogAboutSomethingElseAreSkipped(t *testing.T) {
	p, err := profile.Load("own.yaml", []byte("registrations: {formats: [text], line: '^(?P<time>[^ ]+) (?P<trunk_id>[a-z]+) (?P<status>.+)$'}"), "registrations")
	if err != nil {
		t.Fatal(err)
	}

	texts := intern.NewTable()
	const log = "2026-11-20T12:00:00Z t 403\nchatter\n2026-11-20T12:00:01Z t 200\n2026-11-20T12:00:02Z t soon\nmore chatter\n"
	r := NewReader(p, texts, &token.Rules{})
	var rejects []string
	b, err := r.Read(bufio.NewReader(strings.NewReader(log)), profile.TextLines, texts.Of([]byte("home")), func(x rows.Reject) error {
		rejects = append(rejects, x.Reason)
		return nil
	})
	if err != nil || len(b.Events) != 2 || b.Skipped != 2 || b.Unusable != 1 || b.Rows != 5 || b.Rejected != 0 {
		t.Errorf("%v, %+v", err, b)
	}
	if diff := gocmp.Diff([]string{"no status"}, rejects); diff != "" {
		t.Errorf("an attempt that cannot be used is a reject (-want +got):\n%s", diff)
	}
}

func TestEveryFormatGivesTheSameEvents(t *testing.T) {
	texts := intern.NewTable()
	const (
		lines = `{"time":"2026-11-20T12:00:00Z","org_id":"o","trunk_id":"T","line_id":"L","status":403,"expiry_seconds":60,"token_claims":{"exp":1795176500,"iat":1795175990,"scope":"sip:manage"},"correlation_id":"x"}
{"time":1795176000,"line_id":"L","status":"401","token_info":{"active":false}}
{"time":1795176000,"line_id":"L","status":401,"token_issued_at":"2026-11-20T11:59:59Z"}
{"time":1795176000,"trunk_id":"T","status":403,"token_claims":{},"username":"u"}
{"time":1795176000,"trunk_id":"T","status":200,"token_claims":{"iat":1}}
{"time":1795176000,"trunk_id":"T","status":"403 Forbidden","token_scope":"calls other","auth_error":"insufficient_scope"}
{"trunk_id":"T","status":200}
`
		cells = `time,org_id,trunk_id,line_id,status,expiry_seconds,token_claims,token_info,token_issued_at,username,token_scope,auth_error,correlation_id
2026-11-20T12:00:00Z,o,T,L,403,60,"{""exp"":1795176500,""iat"":1795175990,""scope"":""sip:manage""}",,,,,,x
1795176000,,,L,401,,,"{""active"":false}",,,,,
1795176000,,,L,401,,,,2026-11-20T11:59:59Z,,,,
1795176000,,T,,403,,{},,,u,,,
1795176000,,T,,200,,"{""iat"":1}",,,,,,
1795176000,,T,,403 Forbidden,,,,,,calls other,insufficient_scope,
,,T,,200,,,,,,,,
`
	)
	want, wantRejects := readLog(t, "cdrmend", texts, profile.JSONLines, lines)
	got, rejects := readLog(t, "cdrmend", texts, profile.CSV, cells)
	if diff := gocmp.Diff(want.Events, got.Events); diff != "" || !gocmp.Equal(rejects, wantRejects) {
		t.Errorf("rejects %q, want %q (-lines +csv):\n%s", rejects, wantRejects, diff)
	}
	array, _ := readLog(t, "cdrmend", texts, profile.JSON, "["+strings.ReplaceAll(strings.TrimSpace(lines), "\n", ",")+"]")
	if diff := gocmp.Diff(want.Events, array.Events); diff != "" {
		t.Errorf("(-lines +json):\n%s", diff)
	}
	told := []string{
		"0 " + noon + " o/T/L 403 expires 60 issued 2026-11-20T11:59:50.000000Z evidence lists",
		"1 " + noon + " home//L 401 expires -1 token_inactive evidence",
		"2 " + noon + " home//L 401 expires -1 issued 2026-11-20T11:59:59.000000Z",
		"3 " + noon + " home/T/ 403 expires -1 user u evidence",
		"4 " + noon + " home/T/ 200 expires -1",
		"5 " + noon + " home/T/ 403 expires -1 lacks insufficient",
	}
	if diff := gocmp.Diff(told, briefEvents(texts, want.Events)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

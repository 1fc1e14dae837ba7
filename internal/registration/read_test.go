package registration

import (
	"bufio"
	"fmt"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"cdrmend/internal/intern"
	"cdrmend/internal/profile"
	"cdrmend/internal/record"
	"cdrmend/internal/rows"
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
	rules := &token.Rules{Required: []string{"sip:manage"}, Leeway: time.Minute, Race: time.Minute}
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
	if e.Evidence || e.Token != 0 {
		line += fmt.Sprint(" ", e.Token, " ", e.Evidence)
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
		lines + "L1/registrations/": "", lines + "L1/registrations/5": "", lines + "registrations": "", lines + "/registrations": "", lines + "a/b/registrations": "", "/x" + lines + "L1/registrations": "", lines[1:] + "L1/registrations": "",
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
		request("GET", lines+"L1/registrations", `"status":200`), request("post", lines+"L1/registrations", `"status":200`), request("PUT", lines+"L1/registrations", `"x":1`),
		`{"method":["POST"],"path":"` + lines + `L1/registrations"}`, `{"method":"POST","path":5}`, `{}`,
	} {
		if b, _ := readLog(t, "http-client-log", intern.NewTable(), profile.JSONLines, row); len(b.Events) != 0 || b.Skipped != 1 || b.Unusable != 0 {
			t.Errorf("%s: %d events, %d skipped", row, len(b.Events), b.Skipped)
		}
	}
}

func TestTheStatusAndExpiryOfAnAttempt(t *testing.T) {
	for rest, want := range map[string]string{
		`"status":200,"response":{"code":500,"expiry_seconds":60},"request":{"expiry_seconds":90}`:     "200 expires 60",
		`"response":{"code":503},"request":{"expiry_seconds":"90"}`:                                    "503 expires 90",
		`"status":null,"response":{"code":"204","expiry_seconds":null},"request":{"expiry_seconds":0}`: "204 expires 0",
		`"status":0`: "0 expires -1",
		`"status":200,"response":{"expiry_seconds":"x"}`:   "200 expires -1",
		`"status":99999999999,"org_id":"o","trunk_id":"T"`: "2147483647 expires -1",
	} {
		texts := intern.NewTable()
		b, _ := readLog(t, "http-client-log", texts, profile.JSONLines, request("POST", "/api/v2/telephony/sip/lines/L/registrations", rest))
		got := briefEvents(texts, b.Events)
		key := "home//L"
		if strings.Contains(rest, "trunk_id") {
			key = "o/T/L"
		}
		if diff := gocmp.Diff([]string{"0 " + noon + " " + key + " " + want}, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", rest, diff)
		}
	}
}

func TestSuccessfulTokenRequestsAreRefreshes(t *testing.T) {
	texts := intern.NewTable()
	var log strings.Builder
	for i, c := range []struct{ method, path, rest string }{
		{"POST", "https://login.example.com/oauth/token?grant=x", `"status":200`},
		{"POST", "/oauth/token", `"response":{"code":299},"org_id":"o"`},
		{"POST", "/oauth/token", `"status":300`},
		{"POST", "/oauth/token", `"status":401`},
		{"POST", "/oauth/token", `"x":1`},
		{"GET", "/oauth/token", `"status":200`},
		{"POST", "/oauth/token/", `"status":200`},
		{"POST", "/oauth/tokens", `"status":200`},
	} {
		log.WriteString(strings.Replace(request(c.method, c.path, c.rest), "12:00:00", fmt.Sprintf("12:00:%02d", i), 1))
	}
	log.WriteString(`{"method":"POST","path":"/oauth/token","status":200}` + "\n")
	b, rejects := readLog(t, "http-client-log", texts, profile.JSONLines, log.String())
	want := []Refresh{{record.Time(1795176000_000000), texts.OfString("home")}, {record.Time(1795176001_000000), texts.OfString("o")}}
	if diff := gocmp.Diff(want, b.Refreshes); diff != "" || b.Skipped != 9 || len(b.Events) != 0 || len(rejects) != 0 {
		t.Errorf("%d skipped, %d events, rejects %q (-want +got):\n%s", b.Skipped, len(b.Events), rejects, diff)
	}
}

func TestAttemptsThatCannotBeUsedAreRejected(t *testing.T) {
	b, rejects := readLog(t, "cdrmend", intern.NewTable(), profile.JSONLines, strings.Join([]string{
		`{"time":"2026-11-20T12:00:00Z","status":200,"line_id":"L"}`, `{"status":200,"line_id":"L"}`, `{"time":"soon","status":200,"line_id":"L"}`, `{"time":0,"status":200,"line_id":"L"}`,
		`{"time":"2026-11-20T12:00:00Z","line_id":"L"}`, `{"time":"2026-11-20T12:00:00Z","status":-1,"line_id":"L"}`, `{"time":"2026-11-20T12:00:00Z","status":200}`, `{"time":"2026-11-20T12:00:00Z","status":200,"line_id":{},"trunk_id":""}`,
		`{"time":"2026-11-20T12:00:00Z","status":200,"trunk_id":"T"}`, `no JSON`, `[]`,
	}, "\n"))
	want := []string{"1 no time", "2 no time", "3 no time", "4 no status", "5 no status", "6 neither trunk nor line", "7 neither trunk nor line", "9 syntax error", "10 not an object"}
	if diff := gocmp.Diff(want, rejects); diff != "" || b.Unusable != 7 || b.Rejected != 2 || len(b.Events) != 2 {
		t.Errorf("%d unusable, %d rejected, %d events (-want +got):\n%s", b.Unusable, b.Rejected, len(b.Events), diff)
	}
}

func TestEveryFormatGivesTheSameEvents(t *testing.T) {
	texts := intern.NewTable()
	const (
		lines = `{"time":"2026-11-20T12:00:00Z","org_id":"o","trunk_id":"T","line_id":"L","status":403,"expiry_seconds":60,"token_claims":{"exp":1795176500,"iat":1795175990,"scope":"sip:manage"},"correlation_id":"x"}
{"time":1795176000,"line_id":"L","status":"401","token_info":{"active":false}}
{"time":1795176000,"line_id":"L","status":401,"token_issued_at":"2026-11-20T11:59:59Z"}
{"time":1795176000,"trunk_id":"T","status":403,"token_claims":{}}
{"time":1795176000,"trunk_id":"T","status":200,"token_claims":{"iat":1},"token_issued_at":5}
{"trunk_id":"T","status":200}
`
		cells = `time,org_id,trunk_id,line_id,status,expiry_seconds,token_claims,token_info,token_issued_at
2026-11-20T12:00:00Z,o,T,L,403,60,"{""exp"":1795176500,""iat"":1795175990,""scope"":""sip:manage""}",,
1795176000,,,L,401,,,"{""active"":false}",
1795176000,,,L,401,,,,2026-11-20T11:59:59Z
1795176000,,T,,403,,{},,
1795176000,,T,,200,,"{""iat"":1}",,5
,,T,,200,,,,
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
		"0 " + noon + " o/T/L 403 expires 60 issued 2026-11-20T11:59:50.000000Z", "1 " + noon + " home//L 401 expires -1",
		"2 " + noon + " home//L 401 expires -1 issued 2026-11-20T11:59:59.000000Z", "3 " + noon + " home/T/ 403 expires -1", "4 " + noon + " home/T/ 200 expires -1",
	}
	for i, line := range briefEvents(texts, want.Events) {
		if !strings.HasPrefix(line, told[i]) || strings.Contains(line, "issued") != strings.Contains(told[i], "issued") {
			t.Errorf("got  %s\nwant %s", line, told[i])
		}
	}
	for i, evidence := range []bool{true, true, false, true, false} {
		if want.Events[i].Evidence != evidence {
			t.Errorf("event %d: evidence %v, want %v", i, want.Events[i].Evidence, evidence)
		}
	}
}

package registration

import (
	"fmt"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"cdrmend/internal/intern"
	"cdrmend/internal/profile"
	"cdrmend/internal/record"
	"cdrmend/internal/token"
)

func TestEventsThatWereDeliveredTwiceCountOnce(t *testing.T) {
	const row = `{"time":"2026-11-20T12:00:00Z","org_id":"o","trunk_id":"T","line_id":"L","status":403,"expiry_seconds":60,"token_claims":{"a":1,"b":[2,{}]},"token_scope":"x y","reason":"no"}` + "\n"
	tests := []struct {
		name, other string
		want        int
	}{
		{"equal", row, 1},
		{"spelled differently", `{"reason":" no ","time":1795176000,"org_id":"o","trunk_id":"T","line_id":"L","status":"403","expiry_seconds":"60","token_claims":{"\u0062": [2, {}], "a":2, "a":1},"token_scope":["x","y"],"unknown":5}`, 1},
		{"another reason", `{"time":"2026-11-20T12:00:00Z","org_id":"o","trunk_id":"T","line_id":"L","status":403,"expiry_seconds":60,"token_claims":{"a":1,"b":[2,{}]},"token_scope":"x y","reason":"nope"}`, 2},
		{"other claims", `{"time":"2026-11-20T12:00:00Z","org_id":"o","trunk_id":"T","line_id":"L","status":403,"expiry_seconds":60,"token_claims":{"a":1,"b":[{},2]},"token_scope":"x y","reason":"no"}`, 2},
		{"other scopes", `{"time":"2026-11-20T12:00:00Z","org_id":"o","trunk_id":"T","line_id":"L","status":403,"expiry_seconds":60,"token_claims":{"a":1,"b":[2,{}]},"token_scope":"xy","reason":"no"}`, 2},
		{"another time", `{"time":"2026-11-20T12:00:01Z","org_id":"o","trunk_id":"T","line_id":"L","status":403,"expiry_seconds":60,"token_claims":{"a":1,"b":[2,{}]},"token_scope":"x y","reason":"no"}`, 2},
	}
	for _, tt := range tests {
		texts := intern.NewTable()
		first, _ := readLog(t, "cdrmend", texts, profile.JSONLines, tt.other)
		second, _ := readLog(t, "cdrmend", texts, profile.JSONLines, row)
		first.Events[0].Ref = record.Ref{Object: 1}
		log := Log{Events: append(first.Events, second.Events...), Objects: []uint32{0, 1}, Sources: []Source{{}, {}}}
		log.Complete(texts, nil, "")
		if len(log.Events) != tt.want {
			t.Errorf("%s: got %d events, want %d", tt.name, len(log.Events), tt.want)
		}
		if tt.want == 1 && log.Events[0].Ref.Object != 0 {
			t.Errorf("%s: the event of object %d counts, want the first", tt.name, log.Events[0].Ref.Object)
		}
	}
}

func TestEventsKnowTheLastAnswerOfTheTokenEndpoint(t *testing.T) {
	post := func(second int, path, rest string) string {
		return fmt.Sprintf(`{"time":"2026-11-20T12:00:%02dZ","method":"POST","path":%q,%s}`, second, path, rest) + "\n"
	}
	const line = "/api/v2/telephony/sip/lines/L/registrations"
	texts := intern.NewTable()
	b, _ := readLog(t, "http-client-log", texts, profile.JSONLines,
		post(0, line, `"status":403`)+
			post(1, "/oauth/token", `"status":200,"client_id":"A","response":{"scope":"calls"}`)+
			post(2, "/oauth/token", `"status":200,"client_id":"B","response":{"scope":"sip:manage"}`)+
			post(3, line, `"status":403`)+
			post(4, line, `"status":403,"client_id":"A"`)+
			post(5, line, `"status":403,"client_id":"C"`)+
			post(6, "/oauth/token", `"status":500`)+
			post(7, "/oauth/token", `"status":200,"org_id":"o"`)+
			post(8, "/oauth/token", `"status":200`)+
			post(8, line, `"status":403,"client_id":"A"`)+
			post(9, line, `"status":403,"token_claims":{"iat":1}`)+
			post(10, "/oauth/token", `"status":200,"client_id":"A"`)+
			post(11, line, `"status":403,"client_id":"A"`))
	log := Log{Events: b.Events, Requests: b.Requests, Objects: []uint32{0}, Sources: []Source{{}}}
	log.Complete(texts, nil, "")

	var got []string
	for _, e := range briefEvents(texts, log.Events) {
		_, rest, _ := strings.Cut(e, "T")
		got = append(got, rest)
	}
	want := []string{
		"12:00:00.000000Z home//L 403 expires -1",
		"12:00:03.000000Z home//L 403 expires -1 issued 2026-11-20T12:00:02.000000Z",
		"12:00:04.000000Z home//L 403 expires -1 issued 2026-11-20T12:00:01.000000Z client A lacks",
		"12:00:05.000000Z home//L 403 expires -1 client C",
		"12:00:08.000000Z home//L 403 expires -1 issued 2026-11-20T12:00:08.000000Z client A",
		"12:00:09.000000Z home//L 403 expires -1 issued 1970-01-01T00:00:01.000000Z evidence",
		"12:00:11.000000Z home//L 403 expires -1 issued 2026-11-20T12:00:10.000000Z client A",
	}
	if diff := gocmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestWhatTheRowSaysCountsBeforeTheTokenEndpoint(t *testing.T) {
	texts := intern.NewTable()
	log := logOf(t, texts, "T/L 0:token 1:403")
	log.Requests[0].Granted = token.Lacking
	log.Events[0].Facts, log.Events[0].Issued = OwnScope|OwnIssue, start-second
	log.Complete(texts, nil, "")
	if e := log.Events[0]; e.Facts.is(GrantLacks) || e.Issued != start-second {
		t.Errorf("got %+v", e)
	}

	log.Events[0].Facts, log.Events[0].Issued = OwnScope, record.NoTime
	log.Complete(texts, nil, "")
	if e := log.Events[0]; e.Facts.is(GrantLacks) || e.Issued != start {
		t.Errorf("only the scopes: got %+v", e)
	}
}

func TestEventsWithOtherAnswersOfTheTokenEndpointAreOthers(t *testing.T) {
	for scopes, want := range map[uint64]int{7: 1, 8: 2} {
		texts := intern.NewTable()
		log := logOf(t, texts, "T/L 0:token 0:token 1:403 1:403")
		log.Objects, log.Sources = []uint32{0, 1}, []Source{{}, {}}
		log.Requests[0].scopes, log.Requests[1].scopes = 7, scopes
		log.Requests[1].Ref.Object, log.Events[1].Ref.Object = 1, 1
		log.Complete(texts, nil, "")
		if len(log.Events) != want {
			t.Errorf("scopes 7 and %d: got %d events, want %d", scopes, len(log.Events), want)
		}
	}
}

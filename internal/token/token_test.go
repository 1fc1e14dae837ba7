package token

import (
	"strings"
	"testing"
	"time"

	"cdrmend/internal/intern"
	"cdrmend/internal/jsonscan"
	"cdrmend/internal/profile"
	"cdrmend/internal/record"
	"cdrmend/internal/stream"
)

// now is the time of the events in these tests.
const now = record.Time(1763632800_000000)

func testRules() *Rules {
	return &Rules{
		Required: []string{"sip:manage"}, ScopeClaims: append([]string{"/realm_access/roles"}, ScopeClaims...),
		Leeway: time.Minute, Race: time.Minute,
	}
}

func testNormalizer() *profile.Normalizer {
	return &profile.Normalizer{Profile: &profile.Profile{}, Texts: intern.NewTable()}
}

func cell(text string) jsonscan.Value { return jsonscan.Value{Kind: jsonscan.Cell, Raw: []byte(text)} }

// at writes T, T-60 and so on as seconds since 1970, T being now.
func at(text string) string {
	return strings.NewReplacer("T-90", "1763632710", "T-60", "1763632740", "T-61", "1763632739",
		"T+60", "1763632860", "T+61", "1763632861", "T", "1763632800").Replace(text)
}

const (
	orgA = "541a9225-ee06-55c5-63f8-ad1ab809c4b1"
	orgB = "9fb897d6-d500-9c63-2b07-b26e8cf0c9ae"
)

func TestClaimsProveTheFirstCauseThatHolds(t *testing.T) {
	tests := []struct {
		claims string
		want   Cause
	}{
		{`{}`, Unknown},
		{`{"exp":T-61}`, Expired},
		{`{"exp":T-60}`, Unknown},
		{`{"exp":1763632739.999999}`, Expired},
		{`{"exp":1763632739.9999999}`, Expired}, // cut, not rounded
		{`{"exp":1763632740.0000001}`, Unknown},
		{`{"exp":1.763632739e9}`, Expired},
		{`{"exp":"1763632739"}`, Unknown},
		{`{"exp":0}`, Expired},
		{`{"exp":1e400}`, Unknown},
		{`{"exp":-1e400}`, Expired},
		{`{"nbf":1e400}`, NotYetValid},
		{`{"nbf":T+61}`, NotYetValid},
		{`{"nbf":T+60}`, Unknown},
		{`{"iat":T+61}`, NotYetValid},
		{`{"iat":T+60}`, Unknown},
		{`{"iat":T+61,"nbf":T}`, Unknown}, // nbf counts first
		{`{"iat":T+61,"nbf":"T"}`, NotYetValid},
		{`{"exp":T-61,"nbf":T+61}`, Expired},
		{`{"exp":T,"exp":T-61}`, Expired}, // the last counts
		{`{"exp":T-61,"exp":T}`, Unknown},
		{`{"\u0065xp":T-61}`, Expired},

		{`{"org_id":"` + orgB + `"}`, WrongOrg},
		{`{"org_id":" {` + strings.ToUpper(orgA) + `} "}`, Unknown},
		{`{"organization":{"id":"` + orgB + `"}}`, WrongOrg},
		{`{"organizationId":12}`, Unknown}, // it may be another name of the same one
		{`{"org_id":null,"org":"` + orgB + `"}`, WrongOrg},
		{`{"org_id":"","org":"` + orgB + `"}`, WrongOrg}, // an empty one names none
		{`{"org_id":"00000000-0000-0000-0000-000000000000"}`, Unknown},
		{`{"org":["` + orgB + `"]}`, Unknown},
		{`{"organization":"` + orgB + `","org_id":"` + orgA + `"}`, Unknown},
		{`{"org_id":"` + orgB + `","scope":""}`, WrongOrg},

		{`{"scope":""}`, ScopeMissing},
		{`{"permissions":[]}`, ScopeMissing},
		{`{"scope":"sip:manage:readonly calls"}`, ScopeMissing},
		{`{"scope":"calls sip:manage"}`, Unknown},
		{`{"scope":"SIP:MANAGE"}`, ScopeMissing},
		{`{"scp":["calls"],"authorizedScope":["sip:manage"]}`, Unknown},
		{`{"scopes":["calls sip:manage"]}`, ScopeMissing}, // an element is one scope
		{`{"scope":null}`, Unknown},
		{`{"scope":{"sip:manage":true}}`, Unknown},
		{`{"scope":["calls",{}]}`, Unknown},
		{`{"scope":["calls",null]}`, Unknown},
		{`{"scope":["calls",7]}`, Unknown},
		{`{"scope":7}`, Unknown},
		{`{"scope":["calls",7],"scp":"calls"}`, ScopeMissing},
		{`{"realm_access":{"roles":["calls"]}}`, ScopeMissing},
		{`{"realm_access":{"roles":["sip:manage"]}}`, Unknown},
		{`{"realm_access":{"roles":[]}}`, ScopeMissing},
		{`{"realm_access":{}}`, Unknown}, // the pointer leads nowhere
		{`{"realm_access":[]}`, Unknown},
	}
	for _, tt := range tests {
		n, r := testNormalizer(), testRules()
		got := r.Hint(n, Source{Claims: cell(at(tt.claims))}, n.Texts.OfString(orgA), now)
		if got.Cause != tt.want || !got.Evidence {
			t.Errorf("claims %s: got %v (evidence %v), want %v", tt.claims, got.Cause, got.Evidence, tt.want)
		}
	}
}

func TestAnEventWithoutOrgIsNeverOfTheWrongOrg(t *testing.T) {
	got := testRules().Hint(testNormalizer(), Source{Claims: cell(`{"org":"` + orgB + `"}`)}, intern.None, now)
	if got.Cause != Unknown {
		t.Errorf("got %v, want %v", got.Cause, Unknown)
	}
}

func TestTheFirstEvidencePresentCounts(t *testing.T) {
	expired, fine := at(`{"exp":T-61,"iat":T-90}`), `{"scope":"sip:manage"}`
	jwt := unsigned(`{"alg":"none"}`, expired)
	tests := []struct {
		name         string
		claims, info string
		access       string
		want         Cause
		evidence     bool
	}{
		{"claims before info", fine, expired, "", Unknown, true},
		{"empty claims before info", `{}`, expired, "", Unknown, true},
		{"info before the token", "", fine, jwt, Unknown, true},
		{"the token", "", "", jwt, Expired, true},
		{"the token with white space around it", "", "", " " + jwt + "\n", Expired, true},
		{"claims that are a text", `"{}"`, expired, "", Expired, true},
		{"claims that are no object", `[1]`, expired, "", Expired, true},
		{"claims that are no JSON", `{"exp":`, "", jwt, Expired, true},
		{"inactive although the claims are fine", fine, `{"active":false}`, "", Inactive, true},
		{"inactive before expired", expired, `{"active":false}`, "", Inactive, true},
		{"active", "", `{"active":true}`, "", Unknown, true},
		{"active of another kind", "", `{"active":0}`, "", Unknown, true},
		{"inactive in claims means nothing", `{"active":false}`, "", "", Unknown, true},
		{"opaque", "", "", "opaque-token", Unknown, false},
		{"nothing", "", "", "", Unknown, false},
	}
	for _, tt := range tests {
		src := Source{Claims: cell(tt.claims), Info: cell(tt.info), Access: []byte(tt.access)}
		got := testRules().Hint(testNormalizer(), src, intern.None, now)
		if got.Cause != tt.want || got.Evidence != tt.evidence {
			t.Errorf("%s: got %v (evidence %v), want %v (evidence %v)", tt.name, got.Cause, got.Evidence, tt.want, tt.evidence)
		}
	}
}

func TestOrganisationsOfTwoKindsAreNotCompared(t *testing.T) {
	for _, tt := range []struct {
		token, event string
		want         Cause
	}{{orgA, orgB, WrongOrg}, {orgA, orgA, Unknown}, {orgA, "acme", Unknown}, {"acme", orgA, Unknown}, {"acme", "other", WrongOrg}} {
		n := testNormalizer()
		got := testRules().Hint(n, Source{Claims: cell(`{"org":"` + tt.token + `"}`)}, n.Texts.OfString(tt.event), now)
		if got.Cause != tt.want {
			t.Errorf("a token of %s for %s: got %v, want %v", tt.token, tt.event, got.Cause, tt.want)
		}
	}
}

func TestWhatVerifiesCountsBeforeWhatTheLogClaims(t *testing.T) {
	n, r := testNormalizer(), testRules()
	r.Keys = mustKeys(t, jwk(t, "rsa", nil))
	src := Source{Claims: cell(`{"scope":"sip:manage"}`), Access: []byte(signed(t, `{"alg":"RS256"}`, `{"scope":"calls"}`, "rsa", "RS256"))}
	if got := r.Hint(n, src, intern.None, now); got.Cause != ScopeMissing {
		t.Errorf("got %v, want %v", got.Cause, ScopeMissing)
	}
}

func TestARefusalHasTheFirstCauseThatHolds(t *testing.T) {
	const second = record.Time(1_000_000)
	tests := []struct {
		refusal Refusal
		want    Cause
	}{
		{Refusal{Hint: Hint{Issued: now}}, RefreshRace},
		{Refusal{Hint: Hint{Issued: now - 60*second}}, RefreshRace},
		{Refusal{Hint: Hint{Issued: now - 60*second - 1}}, Unknown},
		{Refusal{Hint: Hint{Issued: now + 60*second}}, RefreshRace},
		{Refusal{Hint: Hint{Issued: now + 60*second + 1}}, Unknown},
		{Refusal{Hint: Hint{Issued: now, Cause: Expired}}, Expired},
		{Refusal{Hint: Hint{Issued: now}, Granted: Lacking}, ScopeMissing},
		{Refusal{Hint: Hint{Issued: now, Scoped: true}, Granted: Lacking}, RefreshRace},
		{Refusal{Hint: Hint{Issued: now}, Granted: Sufficient}, RefreshRace},
		{Refusal{Hint: Hint{Issued: now, Scoped: true}, Error: InsufficientScope}, ScopeMissing},
		{Refusal{Hint: Hint{Issued: now}, Error: InvalidToken}, RefreshRace},
		{Refusal{Hint: Hint{Issued: record.NoTime}, Error: InvalidToken}, CredentialRejected},
		{Refusal{Hint: Hint{Issued: record.NoTime, Evidence: true}}, CredentialRejected},
		{Refusal{Hint: Hint{Issued: record.NoTime}}, Unknown},
		{Refusal{Hint: Hint{Issued: firstDate}}, Unknown},
		{Refusal{Hint: Hint{Issued: lastDate}}, Unknown},
	}
	for _, tt := range tests {
		tt.refusal.At = now
		if got := testRules().Conclude(tt.refusal); got != tt.want {
			t.Errorf("%+v: got %v, want %v", tt.refusal, got, tt.want)
		}
	}
}

func TestGrantedScopes(t *testing.T) {
	limits := stream.DefaultLimits()
	for written, want := range map[string]Grant{
		`"calls sip:manage"`: Sufficient, `["sip:manage"]`: Sufficient, `"calls"`: Lacking, `[]`: Lacking, `["calls sip:manage"]`: Lacking,
		`""`: Unlisted, `" "`: Unlisted, `null`: Unlisted, `5`: Unlisted, `{"sip:manage":1}`: Unlisted, `["sip:manage",5]`: Unlisted,
	} {
		v, err := jsonscan.Parse([]byte(written), &limits)
		if err != nil {
			t.Fatal(err)
		}
		if got := testRules().Granted(v); got != want {
			t.Errorf("%s: got %d, want %d", written, got, want)
		}
	}
}

func TestABareToken(t *testing.T) {
	limits := stream.DefaultLimits()
	for written, want := range map[string]string{
		`"abc"`: "abc", `" abc "`: "abc", `"Bearer abc"`: "abc", `"bEARER   abc"`: "abc", `"Bearer"`: "Bearer", `"Bearerabc"`: "Bearerabc",
		`"\"abc\""`: "abc", `"'abc'"`: "abc", `"\"Bearer abc\""`: "abc", `"Bearer \"abc\""`: "abc", `"\"abc"`: `"abc`,
		`{"access_token":"abc","expires_in":5}`: "abc", `"{\"access_token\":\"Bearer abc\"}"`: "abc", `{"access_token":{"access_token":"abc"}}`: "",
		`{"token":"abc"}`: "", `"{\"token\":1}"`: `{"token":1}`, `5`: "", `null`: "", `["abc"]`: "",
		`"` + strings.Repeat("x", maxToken) + `"`: strings.Repeat("x", maxToken), `"` + strings.Repeat("x", maxToken+1) + `"`: "",
	} {
		v, err := jsonscan.Parse([]byte(written), &limits)
		if err != nil {
			t.Fatal(err)
		}
		if got := string(Bare(v, &limits)); got != want {
			t.Errorf("%.60s: got %.60s, want %.60s", written, got, want)
		}
	}
}

func TestEveryCauseHasANameOfItsOwn(t *testing.T) {
	seen := map[string]bool{}
	for c := range NumCauses {
		if c.String() == "" || seen[c.String()] {
			t.Errorf("cause %d: name %q (seen before: %v)", c, c, seen[c.String()])
		}
		seen[c.String()] = true
	}
}

// Dates beyond these years are as good as these years.
const (
	firstDate record.Time = -62135596800_000000 // 0001-01-01T00:00:00Z
	lastDate  record.Time = 253402300799_999999 // 9999-12-31T23:59:59.999999Z
)

func TestDatesAreExactAndBounded(t *testing.T) {
	tests := []struct {
		literal string
		want    record.Time
	}{
		{"1", 1_000_000},
		{"1.5", 1_500_000},
		{"0.0000019", 1},
		{"-1.9999999", -1_999_999},
		{"1763632739.9999999999999999999999", 1763632739_999999},
		{"17636327399e-1", 1763632739_900000},
		{"0.0017636327e12", 1763632700_000000},
		{"1E3", 1_000_000_000},
		{"0", 0},
		{"-0.00e7", 0},
		{"1e99999999999999999999999", lastDate},
		{"-1e99999999999999999999999", firstDate},
		{"1e-99999999999999999999999", 0},
		{"253402300800", lastDate},
		{"1" + strings.Repeat("0", 5000), lastDate},
	}
	for _, tt := range tests {
		got := numericDate(jsonscan.Value{Kind: jsonscan.Number, Raw: []byte(tt.literal)})
		if got != tt.want {
			t.Errorf("%s: got %d, want %d", tt.literal, got, tt.want)
		}
	}
}

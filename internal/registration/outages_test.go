package registration

import (
	"fmt"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"cdrmend/internal/intern"
	"cdrmend/internal/policy"
	"cdrmend/internal/record"
	"cdrmend/internal/token"
)

const second = record.Time(1_000_000)

// start is the time 0 of the events in these tests.
var start = record.TimeOf(time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC))

func testPolicy() *policy.Policy {
	return &policy.Policy{Leeway: time.Minute, RefreshRace: time.Minute, ChallengeWindow: 5 * time.Second, DefaultExpiry: time.Hour}
}

// attempt is an event at a second after start; its row is its place in the list.
func attempt(at int, status, expiry int32) Event {
	return Event{Time: start + record.Time(at)*second, Status: status, Expiry: expiry, Issued: record.NoTime}
}

// story returns the events as those of one trunk.
func story(texts *intern.Table, attempts ...Event) []Event {
	for i := range attempts {
		attempts[i].Trunk = texts.OfString("T1")
		attempts[i].Ref.Row = uint32(i)
	}
	return attempts
}

// seconds returns the seconds from start to t.
func seconds(t record.Time) float64 { return float64(t-start) / float64(second) }

// brief writes an outage as seconds after start, e.g. "0-60 expiry timeout=1".
func brief(o Outage) string {
	b := fmt.Sprintf("%v-%v %s %s", seconds(o.Span.Start), seconds(o.Span.End), o.EndedBy, o.Causes)
	if o.BindingUntil.Known() {
		b += fmt.Sprintf(" bound until %v", seconds(o.BindingUntil))
	}
	return b
}

func TestOutagesOfOneKey(t *testing.T) {
	tests := []struct {
		name     string
		attempts []Event
		want     []string
	}{
		{"nothing", nil, nil},
		{"a failure exposes for its expiry", []Event{attempt(0, 503, 60)}, []string{"0-60 assumed server_error=1"}},
		{"a failure without expiry exposes for the default", []Event{attempt(0, 503, -1)}, []string{"0-3600 assumed server_error=1"}},
		{"a success ends it", []Event{attempt(0, 503, 60), attempt(30, 200, 60)}, []string{"0-30 success server_error=1"}},
		{"a success without expiry ends it", []Event{attempt(0, 503, 60), attempt(30, 299, -1)}, []string{"0-30 success server_error=1"}},
		{"a success at its very end", []Event{attempt(0, 503, 60), attempt(60, 200, 60)}, []string{"0-60 success server_error=1"}},
		{"a success after its end", []Event{attempt(0, 503, 60), attempt(61, 200, 60)}, []string{"0-60 expiry server_error=1"}},
		{"a success before it", []Event{attempt(-90, 200, 60), attempt(0, 503, 60)}, []string{"0-60 expiry server_error=1 bound until -30"}},
		{"a success before it without expiry", []Event{attempt(-90, 200, -1), attempt(0, 0, 60)}, []string{"0-60 expiry timeout=1 bound until 3510"}},
		{"a success at the same time leaves no exposure", []Event{attempt(0, 200, 60), attempt(0, 503, 60)}, nil},
		{"a success at the same time ends what lasts", []Event{attempt(0, 503, 60), attempt(30, 408, 60), attempt(30, 200, 60)}, []string{"0-30 success server_error=1"}},
		{"touching exposures are one", []Event{attempt(0, 503, 60), attempt(60, 429, 60)}, []string{"0-120 assumed server_error=1;throttled=1"}},
		{"a gap makes two", []Event{attempt(0, 503, 60), attempt(61, 429, 60)}, []string{"0-60 assumed server_error=1", "61-121 assumed throttled=1"}},
		{"a short exposure inside a long one", []Event{attempt(0, 503, 600), attempt(60, 503, 60)}, []string{"0-600 assumed server_error=2"}},
		{"a success between makes two", []Event{attempt(0, 503, 600), attempt(60, 200, 60), attempt(90, 503, 60)}, []string{"0-60 success server_error=1", "90-150 expiry server_error=1 bound until 120"}},
		{"a deregistration is ignored", []Event{attempt(0, 503, 60), attempt(30, 200, 0)}, []string{"0-60 assumed server_error=1"}},
		{"a failed deregistration is ignored", []Event{attempt(0, 503, 0)}, nil},
		{"a provisional answer is ignored", []Event{attempt(0, 100, 60), attempt(1, 199, 60)}, nil},
		{"a challenge answered in 5 s is ignored", []Event{attempt(0, 401, 60), attempt(5, 200, 60)}, nil},
		{"a challenge answered at once is ignored", []Event{attempt(0, 407, 60), attempt(0, 200, 60)}, nil},
		{"a challenge answered after others is ignored", []Event{attempt(0, 423, 60), attempt(1, 407, 60), attempt(5, 200, 60)}, nil},
		{"a challenge answered late is none", []Event{attempt(0, 401, 60), attempt(6, 200, 60)}, []string{"0-6 success unknown=1"}},
		{"a 403 is no challenge", []Event{attempt(0, 403, 60), attempt(5, 200, 60)}, []string{"0-5 success unknown=1"}},
		{"a failure between challenge and success", []Event{attempt(0, 401, 60), attempt(1, 500, 60), attempt(5, 200, 60)}, []string{"1-5 success server_error=1"}},
		{"a deregistration answers no challenge", []Event{attempt(0, 407, 60), attempt(1, 200, 0)}, []string{"0-60 assumed unauthenticated=1"}},
		{"before 1970", []Event{{Time: -100 * second, Status: 503, Expiry: 10, Issued: record.NoTime}}, []string{fmt.Sprintf("%v-%v assumed server_error=1", seconds(-100*second), seconds(-90*second))}},
	}
	for _, tt := range tests {
		texts := intern.NewTable()
		var got []string
		for _, o := range Outages(story(texts, tt.attempts...), texts, testPolicy()) {
			got = append(got, brief(o))
		}
		if diff := gocmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", tt.name, diff)
		}
	}
}

func TestAnOutageNamesItsKeyCauseAndRows(t *testing.T) {
	texts := intern.NewTable()
	events := story(texts, attempt(60, 403, 60), attempt(0, 503, 60), attempt(0, 500, -1), attempt(90, 200, 60))
	for i := range events {
		events[i].Org, events[i].Line = texts.OfString("o"), texts.OfString("L1")
	}
	events[0].Token, events[0].Evidence = ScopeMissing, true
	want := []Outage{{
		ID:  "out-282c6ca5e77320dd", // of o|T1|L1|2026-11-20T10:00:00.000000Z
		Org: texts.OfString("o"), Trunk: texts.OfString("T1"), Line: texts.OfString("L1"),
		Span: record.Span{Start: start, End: start + 90*second}, EndedBy: EndedBySuccess,
		Cause: ServerError, Causes: "scope_missing=1;server_error=2", Failures: 3, BindingUntil: record.NoTime,
		First: record.Ref{Row: 1}, Last: record.Ref{Row: 0},
	}}
	if diff := gocmp.Diff(want, Outages(events, texts, testPolicy())); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestCauses(t *testing.T) {
	tests := []struct {
		event Event
		want  Cause
	}{
		{Event{Status: 401, Token: TokenExpired, Evidence: true}, TokenExpired},
		{Event{Status: 407, Token: TokenExpired, Evidence: true}, Unauthenticated},
		{Event{Status: 403, Issued: start}, RefreshRace},
		{Event{Status: 401, Issued: start}, Unknown},
		{Event{Status: 401, Evidence: true}, CredentialRejected},
		{Event{Status: 403}, Unknown},
		{Event{Status: 0}, Timeout},
		{Event{Status: 408}, Timeout},
		{Event{Status: 423}, IntervalTooBrief},
		{Event{Status: 429}, Throttled},
		{Event{Status: 499}, Rejected},
		{Event{Status: 500}, ServerError},
		{Event{Status: 699}, ServerError},
		{Event{Status: 700}, Rejected},
		{Event{Status: 302}, Rejected},
		{Event{Status: 99}, Rejected},
	}
	for _, tt := range tests {
		tt.event.Time = start
		if tt.event.Issued == 0 {
			tt.event.Issued = record.NoTime
		}
		if got := CauseOf(&tt.event, &token.Rules{Leeway: time.Minute, Race: time.Minute}); got != tt.want {
			t.Errorf("%+v: got %v, want %v", tt.event, got, tt.want)
		}
	}
}

func TestEveryCauseHasNameSentenceAndRemedy(t *testing.T) {
	seen := map[string]bool{}
	for c := range NumCauses {
		if c.Sentence() == "" || c.Remedy() == "" || c.String() == "" || seen[c.String()] {
			t.Errorf("cause %d: name %q (seen before: %v), sentence %q, remedy %q", c, c, seen[c.String()], c.Sentence(), c.Remedy())
		}
		seen[c.String()] = true
	}
}

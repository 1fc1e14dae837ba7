package registration

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"cdrmend/internal/intern"
	"cdrmend/internal/policy"
	"cdrmend/internal/record"
)

const second = record.Time(1_000_000)

// start is the time 0 of the events in these tests.
var start = record.TimeOf(time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC))

// ending is the horizon of the logs in these tests.
const ending = 20_000

func testPolicy() *policy.Policy {
	return &policy.Policy{Leeway: time.Minute, RefreshRace: time.Minute, ChallengeWindow: 5 * time.Second, DefaultExpiry: time.Hour}
}

// logOf reads a log of one source from words: trunk/line or trunk/line/username
// begin a key, second:status/expiry is one of its events, and second:token or
// second:token! a request for a token that was answered or refused. An OAuth
// client follows after @, and facts of the event after each comma.
func logOf(t testing.TB, texts *intern.Table, words string) *Log {
	t.Helper()
	l := &Log{Objects: []uint32{0}, Sources: []Source{{}}, End: start + ending*second}
	var k key
	for i, word := range strings.Fields(words) {
		at, rest, isEvent := strings.Cut(word, ":")
		if !isEvent {
			parts := append(strings.Split(word, "/"), "", "")
			k = key{trunk: texts.OfString(parts[0]), line: texts.OfString(parts[1]), user: texts.OfString(parts[2])}
			continue
		}

		rest, facts, _ := strings.Cut(rest, ",")
		rest, client, _ := strings.Cut(rest, "@")
		seconds, err := strconv.ParseFloat(at, 64)
		if err != nil {
			t.Fatal(err)
		}
		when := start + record.Time(seconds*float64(second))
		ref := record.Ref{Row: uint32(i)}
		if strings.HasPrefix(rest, "token") {
			r := Request{Time: when, Client: texts.OfString(client), Ref: ref, Outcome: Answered}
			if rest == "token!" {
				r.Outcome = Unanswered
			}
			l.Requests = append(l.Requests, r)
			continue
		}
		l.Events = append(l.Events, eventOf(t, texts, k, when, rest, facts))
		e := &l.Events[len(l.Events)-1]
		e.Ref, e.Client = ref, texts.OfString(client)
	}
	return l
}

var factNames = map[string]Facts{
	"evidence": HasEvidence, "lists": ListsScopes, "lacks": GrantLacks, "invalid": InvalidToken, "insufficient": InsufficientScope,
}

func eventOf(t testing.TB, texts *intern.Table, k key, at record.Time, status, facts string) Event {
	t.Helper()
	e := Event{Time: at, Trunk: k.trunk, Line: k.line, User: k.user, Expiry: -1, Issued: record.NoTime}
	status, expiry, ok := strings.Cut(status, "/")
	code, err := strconv.Atoi(status)
	if err != nil {
		t.Fatal(err)
	}
	e.Status = int16(code)
	if ok {
		if e.Expiry, err = strconv.ParseInt(expiry, 10, 64); err != nil {
			t.Fatal(err)
		}
	}
	for fact := range strings.SplitSeq(facts, ",") {
		if fact == "fresh" { // the token was issued just now
			e.Issued = at
		}
		e.Facts |= factNames[fact]
	}
	return e
}

// seconds returns the seconds from start to t.
func seconds(t record.Time) string {
	if !t.Known() {
		return "-"
	}
	return strconv.FormatFloat(float64(t-start)/float64(second), 'f', -1, 64)
}

// brief writes an outage as seconds after start, e.g. "L1 0-60 success timeout=1
// bound 30 off 30".
func brief(texts *intern.Table, o *Outage) string {
	b := fmt.Sprintf("%s %s-%s %s %s", texts.String(o.Line)+texts.String(o.User), seconds(o.Span.Start), seconds(o.Span.End), o.EndedBy, o.Causes)
	if o.Failures == 0 {
		b += o.Cause.String()
	}
	if o.BindingUntil.Known() {
		b += " bound " + seconds(o.BindingUntil)
	}
	if o.Harmless {
		return b + " harmless"
	}
	return b + " off " + seconds(o.UnregisteredFrom)
}

func briefAll(texts *intern.Table, s *States) []string {
	var all []string
	for i := range s.Outages {
		all = append(all, brief(texts, &s.Outages[i]))
	}
	return all
}

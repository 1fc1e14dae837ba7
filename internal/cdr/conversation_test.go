package cdr_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"cdrmend/internal/cdr"
	"cdrmend/internal/intern"
	"cdrmend/internal/jsonscan"
	"cdrmend/internal/profile"
	"cdrmend/internal/record"
)

// at writes seconds after 08:00:00 as a time.
func at(second int) string { return fmt.Sprintf("2026-11-20T08:%02d:%02dZ", second/60, second%60) }

// seg writes a segment; a negative second leaves the time out.
func seg(kind string, from, to int) string {
	s := fmt.Sprintf(`{"segmentType":%q`, kind)
	if from >= 0 {
		s += fmt.Sprintf(`,"segmentStart":%q`, at(from))
	}
	if to >= 0 {
		s += fmt.Sprintf(`,"segmentEnd":%q`, at(to))
	}
	return s + "}"
}

func session(id, members string, segments ...string) string {
	if members != "" {
		members = "," + members
	}
	return fmt.Sprintf(`{"sessionId":%q%s,"segments":[%s]}`, id, members, strings.Join(segments, ","))
}

func participant(purpose string, sessions ...string) string {
	return fmt.Sprintf(`{"purpose":%q,"sessions":[%s]}`, purpose, strings.Join(sessions, ","))
}

// ended writes a conversation with an end.
func ended(participants ...string) string {
	return fmt.Sprintf(`{"conversationId":"C","conversationEnd":%q,"participants":[%s]}`, at(600), strings.Join(participants, ","))
}

func open(participants ...string) string {
	return fmt.Sprintf(`{"conversationId":"C","participants":[%s]}`, strings.Join(participants, ","))
}

// tell writes a leg in one line: id, start-end in seconds, answer, talk.
func tell(b *cdr.Batch, l *cdr.Leg, texts *intern.Table) string {
	seconds := func(t record.Time) string {
		if !t.Known() {
			return ""
		}
		return fmt.Sprint((int64(t) - 1795161600_000000) / 1e6)
	}
	line := fmt.Sprintf("%s %s-%s answer=%s", texts.String(l.ID), seconds(l.Start), seconds(l.End), seconds(l.Answer))
	for _, s := range record.SectionOf(l.Talk, b.Talk) {
		line += fmt.Sprintf(" %s-%s", seconds(s.Start), seconds(s.End))
	}
	return line
}

func TestLegsOfConversations(t *testing.T) {
	customer := participant("customer", session("s1", "", seg("ivr", 0, 10), seg("interact", 10, 100)))
	for name, c := range map[string]struct {
		text    string
		want    []string
		skipped int64
	}{
		"one leg for each voice session of a customer": {
			ended(participant("Customer", session("s1", `"mediaType":"VOICE"`, seg("x", 0, 9)), session("s2", "", seg("x", 1, 5)), session("s3", `"mediaType":null`, seg("x", 2, 6)), session("chat", `"mediaType":"chat"`, seg("x", 0, 9)))),
			[]string{"s1 0-9 answer=", "s2 1-5 answer=", "s3 2-6 answer="},
			1,
		},
		"external counts like customer": {
			ended(participant("agent", session("a", "", seg("interact", 5, 9))), participant("EXTERNAL", session("s1", "", seg("x", 0, 20)))),
			[]string{"s1 0-20 answer=5 5-9"},
			1,
		},
		"without a customer agents and users hear each other": {
			ended(participant("agent", session("a", "", seg("interact", 5, 9))), participant("user", session("u", "", seg("interact", 7, 20))), participant("acd", session("q", `"mediaType":"voice"`, seg("interact", 1, 8)), session("e", `"mediaType":"email"`))),
			[]string{"a 5-9 answer=7 7-9", "u 7-20 answer=7 7-9"},
			2,
		},
		"who only listens is not there": {
			ended(customer, participant("agent", session("a", `"bargedParticipantId":"p"`, seg("interact", 20, 30)), session("m", `"monitoredParticipantId":"p"`, seg("interact", 40, 50)), session("c", `"coachedParticipantId":"p"`, seg("interact", 60, 70)), session("n", `"monitoredParticipantId":" ","coachedParticipantId":null`, seg("interact", 80, 90)))),
			[]string{"s1 0-100 answer=20 20-30 80-90"},
			4,
		},
		"customers hear each other while no agent takes part": {
			ended(customer, participant("agent", session("a", "", seg("interact", 10, 30), seg("hold", 30, 50), seg("wrapup", 50, 90))), participant("external", session("e", "", seg("interact", 20, 80)))),
			[]string{"s1 0-100 answer=10 10-30 50-80", "e 20-80 answer=20 20-30 50-80"},
			1,
		},
		"an agent whose session goes on takes part": {
			ended(customer, participant("agent", session("a", "", seg("hold", 30, -1))), participant("external", session("e", "", seg("interact", 20, 80)))),
			[]string{"s1 0-100 answer=20 20-30", "e 20-80 answer=20 20-30"},
			1,
		},
		"start and end are the earliest and latest, an end of wrapup aside": {
			ended(participant("customer", session("s1", "", seg("b", 20, 30), seg("a", 10, 50), seg("WrapUp", 5, 300), seg("c", 40, -1)))),
			[]string{"s1 5-50 answer="},
			0,
		},
		"a conversation that goes on leaves its legs without an end": {
			open(customer, participant("agent", session("a", "", seg("interact", 20, 30), seg("interact", 40, -1)))),
			[]string{"s1 0- answer=20 20-30"},
			1,
		},
		"without either end only the start counts": {
			open(customer, participant("agent", session("a", "", seg("interact", 40, -1)))), []string{"s1 0- answer=40"}, 1,
		},
		"talk is clipped to the leg": {
			ended(customer, participant("user", session("a", "", seg("interact", 0, 200), seg("Interact", 99, 300), seg("interact", 100, 300), seg("hold", 50, 60)))),
			[]string{"s1 0-100 answer=0 0-100 99-100"},
			1,
		},
		"an interact segment without end lasts to the end of the leg": {
			ended(customer, participant("agent", session("a", "", seg("interact", 30, -1), seg("interact", 20, 20)))), []string{"s1 0-100 answer=30 30-100"}, 1,
		},
		"only agents and users talk": {
			ended(customer, participant("acd", session("q", "", seg("interact", 5, 10))), participant("agent", session("chat", `"mediaType":"chat"`, seg("interact", 5, 10)))), []string{"s1 0-100 answer="}, 2,
		},
		"talk of all agents in reading order": {
			ended(participant("agent", session("a", "", seg("interact", 50, 60))), customer, participant("agent", session("b", "", seg("interact", 30, 40)))),
			[]string{"s1 0-100 answer=30 50-60 30-40"},
			2,
		},
		"a session without segments lasts as long as the conversation": {
			strings.Replace(ended(participant("customer", `{"sessionId":"s1"}`, session("s2", "", seg("x", -1, 5)))), "{", `{"conversationStart":"`+at(1)+`",`, 1),
			[]string{"s1 1-600 answer=", "s2 1-5 answer="},
			0,
		},
		"without a start of the conversation it has none": {ended(participant("customer", `{"sessionId":"s1"}`)), []string{"s1 -600 answer="}, 0},
		"what is no object or list is nothing":            {`{"conversationId":"C","participants":[5,{"purpose":"customer","sessions":{}},{"sessions":[1,null]}]}`, nil, 0},
		"a purpose behind the sessions": {
			ended(`{"sessions":[`+session("a", "", seg("interact", 5, 9))+`],"purpose":"agent"}`, `{"sessions":[`+session("s1", "", seg("x", 0, 20))+`],"purpose":"customer"}`),
			[]string{"s1 0-20 answer=5 5-9"},
			1,
		},
		"of members spelled twice the last counts": {
			`{"participants":[` + participant("customer", session("no", ""), session("chat", `"mediaType":"chat"`)) + `],"conversationId":"no","participants":[{"purpose":"acd","sessions":[` +
				session("no", "", seg("x", 1, 2)) + `,` + session("chat", `"mediaType":"chat"`) + `],"sessions":[{"mediaType":"chat","segments":[` + seg("x", 3, 4) + `],"sessionId":"no","sessionId":"s1","mediaType":"voice","segments":[` +
				`{"segmentStart":"no","segmentStart":"` + at(7) + `","segmentEnd":"` + at(9) + `"}]},` + session("chat", `"mediaType":"voice","mediaType":"chat"`, seg("x", 0, 99)) + `],"purpose":"agent"}],"conversationId":"C","conversationEnd":"` + at(600) + `"}`,
			[]string{"s1 7-9 answer="},
			1,
		},
		"no participants": {`{"conversationId":"C","participants":null}`, nil, 0},
	} {
		for shape, text := range map[string]string{"object": c.text, "array": "[" + c.text + "]", "conversations": `{"conversations":[` + c.text + `],"totalHits":1}`, "lines": c.text + "\n"} {
			f := profile.JSON
			if shape == "lines" {
				f = profile.JSONLines
			}
			b, texts := read(t, "genesys-conversation-detail", f, text)
			var got []string
			for i := range b.Legs {
				l := &b.Legs[i]
				got = append(got, tell(b, l, texts))
				if l.Ref.Row != uint32(i) || texts.String(l.Conversation) != "C" || l.SIPStatus != profile.NoInt || l.Updated.Known() {
					t.Errorf("%s: leg %d: %+v", name, i, l)
				}
			}
			if diff := cmp.Diff(c.want, got); diff != "" || b.Skipped != c.skipped || len(b.Invalid) > 0 {
				t.Errorf("%s as %s: skipped %d, want %d; invalid %v; legs (-want +got):\n%s", name, shape, b.Skipped, c.skipped, b.Invalid, diff)
			}
		}
	}
}

func TestConversationsKnowNothingOfTheOnesBefore(t *testing.T) {
	first := ended(participant("customer", session("s1", "", seg("x", 0, 100))), participant("agent", session("a", "", seg("interact", 20, 30)), session("chat", `"mediaType":"chat"`)))
	second := ended(participant("user", session("s2", "", seg("x", 0, 90))))
	b, texts := read(t, "genesys-conversation-detail", profile.JSON, `{"conversations":[`+first+`,{"conversationId":"C"},`+second+`]}`)
	var got []string
	for i := range b.Legs {
		got = append(got, tell(b, &b.Legs[i], texts))
	}
	if diff := cmp.Diff([]string{"s1 0-100 answer=20 20-30", "s2 0-90 answer="}, got); diff != "" || b.Skipped != 2 {
		t.Errorf("skipped %d, want 2; legs (-want +got):\n%s", b.Skipped, diff)
	}
}

func TestTheTrunkOfASession(t *testing.T) {
	for members, want := range map[string]string{
		`"sessionDnis":"sip:+49@x;tgrp=T1;trunk-context=y"`: "T1", `"sessionDnis":"sip:1;TGRP=T1@host"`: "T1", `"addressTo":"<sip:1;tgrp=a%2Fb%20c>"`: "a/b c", `"addressTo":"sip:1?tgrp=x&tgrp=y"`: "x",
		`"addressTo":"tgrp=x?y"`: "x", `"addressFrom":"sip:1;tgrp=from me"`: "from", `"addressFrom":"tgrp=end"`: "end", `"addressFrom":"x;Tgrp=%zz"`: "%zz",
		`"sessionDnis":"sip:1","addressTo":"tgrp=to","addressFrom":"tgrp=from"`: "to", `"sessionDnis":"tgrp=;","addressTo":"tgrp=to"`: "to", `"sessionDnis":"tgrp=s","addressTo":"tgrp=to"`: "s",
		`"sessionDnis":"sip:\u0130\u0130\u0130@x;tgrp=2ABE7C04-63D1-AB47-4182-6E2653F37546"`: "2abe7c04-63d1-ab47-4182-6e2653f37546", `"sessionDnis":"ȺȺȺtgrp=T1"`: "T1", `"sessionDnis":"tgrp=T1\u00a0x"`: "T1",
		`"sessionDnis":5,"addressTo":null`: "", `"sessionDnis":"trgp=x"`: "", `"ani":"tgrp=x"`: "",
	} {
		b, texts := read(t, "genesys-conversation-detail", profile.JSON, ended(participant("customer", session("s", members))))
		if got := texts.String(b.Legs[0].Trunk); got != want {
			t.Errorf("%s: got %q, want %q", members, got, want)
		}
	}
}

func TestWhatASessionSaysOfItself(t *testing.T) {
	b, texts := read(t, "genesys-conversation-detail", profile.JSON, ended(participant("customer",
		session("{2ABE7C04-63D1-AB47-4182-6E2653F37546}", `"ani":"tel:+49 30 1","dnis":"sip:+49302@x;y","direction":"inbound","recording":true`),
		session("b", `"recording":false`), session("c", ``), session("d", `"recording":"maybe"`),
	)))
	l := b.Legs[0]
	got := []string{texts.String(l.ID), string(texts.AppendNumber(nil, l.ANI)), string(texts.AppendNumber(nil, l.DNIS)), texts.String(l.Direction)}
	if diff := cmp.Diff([]string{"2abe7c04-63d1-ab47-4182-6e2653f37546", "+49301", "+49302", "inbound"}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for i, want := range []profile.Tri{profile.True, profile.Unknown, profile.Unknown, profile.Unknown} {
		if l := b.Legs[i]; l.Recorded != want || l.DidNotParse(record.Recorded) != (i == 3) {
			t.Errorf("leg %d: recorded %v, want %v", i, l.Recorded, want)
		}
	}
	if diff := cmp.Diff([]record.Invalid{{Row: 3, Field: record.Recorded, Raw: `"maybe"`}}, b.Invalid); diff != "" {
		t.Errorf("invalid (-want +got):\n%s", diff)
	}
}

func TestTimesOfSegmentsThatDoNotParseAreReportedOnce(t *testing.T) {
	const bad = `{"segmentType":"interact","segmentStart":"soon","segmentEnd":"later"},{"segmentStart":"x","segmentEnd":{}}`
	b, texts := read(t, "genesys-conversation-detail", profile.JSON, ended(
		participant("customer", session("s", "", bad, seg("x", 5, 9))), participant("agent", session("a", "", bad, seg("interact", 6, 8))),
	))
	l := &b.Legs[0]
	if got := tell(b, l, texts); got != "s 5-9 answer=6 6-8" || !l.DidNotParse(record.StartTime) || !l.DidNotParse(record.EndTime) || !l.DidNotParse(record.Talk) {
		t.Errorf("got %s, %b", got, l.Invalid)
	}
	want := []record.Invalid{{Field: record.StartTime, Raw: `"soon"`}, {Field: record.EndTime, Raw: `"later"`}, {Field: record.Talk, Raw: `"soon"`}}
	if diff := cmp.Diff(want, b.Invalid); diff != "" {
		t.Errorf("invalid (-want +got):\n%s", diff)
	}
	b, _ = read(t, "genesys-conversation-detail", profile.JSON, strings.Replace(open(participant("customer", session("s", "", seg("x", 1, 2)))), "{", `{"conversationEnd":"never",`, 1))
	if diff := cmp.Diff([]record.Invalid{{Field: record.EndTime, Raw: `"never"`}}, b.Invalid); diff != "" || b.Legs[0].End.Known() {
		t.Errorf("invalid (-want +got):\n%s", diff)
	}
}

func TestBadConversationsAreRejectsAndTheLastListCounts(t *testing.T) {
	one := ended(participant("customer", session("s", "")))
	b, _ := read(t, "genesys-conversation-detail", profile.JSON, `{"conversations":[`+one+`],"conversations":[5,`+one+`,`+one+`]}`)
	if len(b.Legs) != 2 || b.Rows != 3 || b.Rejected != 1 || b.Damage != nil {
		t.Errorf("%d legs, %+v", len(b.Legs), b.Reading)
	}
	b, _ = read(t, "genesys-conversation-detail", profile.JSON, `{"conversations":[`+one+`,`+one[:len(one)-5])
	if len(b.Legs) != 1 || b.Rows != 2 || b.Rejected != 1 || !jsonscan.IsTruncated(b.Damage) {
		t.Errorf("%d legs, %+v", len(b.Legs), b.Reading)
	}
}

func TestLegsHaveTheUsersAndQueuesOfSessionsThatOverlap(t *testing.T) {
	segment := func(queue string, from, to int) string {
		return strings.Replace(seg("hold", from, to), "{", `{"queueId":"`+queue+`",`, 1)
	}
	agent := func(user string, segments ...string) string {
		return strings.Replace(participant("agent", session("a"+user, "", segments...)), "{", `{"userId":"`+user+`",`, 1)
	}
	b, texts := read(t, "genesys-conversation-detail", profile.JSON, ended(
		participant("customer", session("s", "", seg("x", 10, 50))), agent("z", segment("q2", 20, 30), segment("q1", 60, 70)),
		agent("late", segment("q9", 50, 60)), agent("b", segment("q2", 5, 11), segment("", 11, -1)), participant("agent", session("n", "", seg("x", 20, 30))),
		participant("acd", session("q", "", segment("q7", 20, 30))),
	))
	l := b.Legs[0]
	if got := strings.ReplaceAll(texts.String(l.Users)+" "+texts.String(l.Queues), "\x00", "+"); got != "b+z q1+q2" {
		t.Errorf("users and queues are %q", got)
	}
}

func TestWhatAgentsRecordIsDecidedByTheirRecorder(t *testing.T) {
	b, texts := read(t, "genesys-conversation-detail", profile.JSON, ended(participant("agent", session("a", `"recording":false,"direction":"outbound"`, seg("x", 0, 9)))))
	if l := b.Legs[0]; l.Recorded != profile.False || texts.String(l.Direction) != "internal" {
		t.Errorf("recorded %v, direction %q", l.Recorded, texts.String(l.Direction))
	}
}

func TestPagesOfConversations(t *testing.T) {
	one := ended(participant("customer", session("s", "")))
	type reading struct {
		page   profile.Page
		counts cdr.Details
		listed int64
		lists  bool
	}
	for text, want := range map[string]reading{
		`{"conversations":[` + one + `,{"conversationId":"x"},5],"totalHits":7,"cursor":"c","dataAvailabilityDate":"` + at(5) + `"}`: {profile.Page{Total: 7, More: true, Until: 1795161605_000000}, cdr.Details{Elements: 2, Speaking: 1}, 2, true},
		`{"cursor":null,"conversations":[]}`:  {lists: true},
		`{"cursor":false,"conversations":[]}`: {page: profile.Page{More: true}, lists: true},
		`{"totalHits":0}`:                     {},
		`[]`:                                  {lists: true},
		one:                                   {counts: cdr.Details{Elements: 1, Speaking: 1}, listed: 1, lists: true},
		`{"conversationId":"c","participants":[{"sessions":[{"monitoredParticipantId":"p"}]}]}`: {counts: cdr.Details{Elements: 1, Speaking: 1}, listed: 1, lists: true},
	} {
		b, _ := read(t, "genesys-conversation-detail", profile.JSON, text)
		got := reading{b.Page, b.Details, b.Listed, b.Lists()}
		if diff := cmp.Diff(want, got, cmp.AllowUnexported(reading{})); diff != "" || b.Incomplete() != nil {
			t.Errorf("%s: %v (-want +got):\n%s", text, b.Incomplete(), diff)
		}
	}
}

func TestConversationsThatBeganBeforeTheirLegs(t *testing.T) {
	begins := func(second int) string {
		return strings.Replace(ended(participant("customer", session("s", "", seg("x", 20, 30)), session("r", "", seg("x", 10, 30)))), "{", `{"conversationStart":"`+at(second)+`",`, 1)
	}
	b, _ := read(t, "genesys-conversation-detail", profile.JSON, "["+begins(10)+","+begins(9)+"]")
	if diff := cmp.Diff([]cdr.Begun{{Leg: 2, Start: 1795161609_000000}}, b.Details.Begun); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

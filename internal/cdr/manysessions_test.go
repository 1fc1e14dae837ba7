package cdr_test

import (
	"bufio"
	"fmt"
	"strings"
	"testing"

	"cdrmend/internal/cdr"
	"cdrmend/internal/intern"
	"cdrmend/internal/profile"
	"cdrmend/internal/record"
	"cdrmend/internal/rows"
	"cdrmend/internal/stream"
)

// conversationOf returns a conversation with so many sessions of one customer and so
// many segments of one agent, all from 10:00:00 on.
func conversationOf(customers, segments int) string {
	var b strings.Builder
	b.WriteString(`{"conversationId":"c","conversationEnd":"2026-11-20T11:00:00Z","participants":[{"purpose":"customer","sessions":[`)
	for i := range customers {
		if i > 0 {
			b.WriteString(",")
		}
		fmt.Fprintf(&b, `{"sessionId":"s%d","segments":[{"segmentStart":"2026-11-20T10:00:00Z","segmentEnd":"2026-11-20T11:00:00Z"}]}`, i)
	}
	b.WriteString(`]},{"purpose":"agent","userId":"u","sessions":[{"sessionId":"a","segments":[`)
	for i := range segments {
		if i > 0 {
			b.WriteString(",")
		}
		fmt.Fprintf(&b, `{"segmentType":"interact","segmentStart":"2026-11-20T10:%02d:00Z","segmentEnd":"2026-11-20T10:%02d:30Z"}`, i%60, i%60)
	}
	b.WriteString(`]}]}]}`)
	return b.String()
}

func readDetails(t *testing.T, limits stream.Limits, text string) (b *cdr.Batch, rejects []rows.Reject) {
	t.Helper()
	r := cdr.NewReader(builtIn(t, "genesys-conversation-detail"), intern.NewTable(), &limits)
	b, err := r.Read(bufio.NewReader(strings.NewReader(text)), profile.JSON, func(r rows.Reject) error {
		rejects = append(rejects, r)
		return nil
	})
	if err != nil || b.Damage != nil {
		t.Fatalf("error %v, damage %v", err, b.Damage)
	}
	return b, rejects
}

func TestAConversationWithTooManyPairsOfSessionsIsAReject(t *testing.T) {
	// 4 legs, 5 sessions, 4 + 6 segments.
	text := conversationOf(4, 6)
	for limit, wanted := range map[int64]int{59: 0, 60: 4, 0: 4} {
		b, rejects := readDetails(t, stream.Limits{SessionPairs: limit}, "["+text+`,{"conversationId":"d"}]`)
		if len(b.Legs) != wanted {
			t.Errorf("with a limit of %d there are %d legs, want %d", limit, len(b.Legs), wanted)
		}
		if wanted > 0 {
			if len(rejects) > 0 {
				t.Errorf("with a limit of %d, a reject: %s", limit, rejects[0].Reason)
			}
			continue
		}
		if len(rejects) != 1 || !strings.Contains(rejects[0].Reason, "limits.session_pairs (59)") || string(rejects[0].Bytes) != text || rejects[0].Row != 0 {
			t.Errorf("rejects %+v", rejects)
		}
		if b.Rows != 2 || b.Rejected != 1 || b.Details.Elements != 1 {
			t.Errorf("%d rows, %d rejected, %d elements, want 2, 1 and 1", b.Rows, b.Rejected, b.Details.Elements)
		}
	}
}

// Sessions and segments beyond the limit are not even kept until the conversation was
// read. Without a leg they count nothing, and too many are too many all the same.
func TestSessionsBeyondTheLimitAreNotKept(t *testing.T) {
	text := `[{"conversationId":"c","participants":[{"purpose":"acd","sessions":[{"sessionId":"s","segments":[` + strings.Repeat("{},", 100) + `{}]}]}]}]`
	if _, rejects := readDetails(t, stream.Limits{SessionPairs: 100}, text); len(rejects) != 1 {
		t.Errorf("%d rejects, want 1", len(rejects))
	}
	if b, rejects := readDetails(t, stream.Limits{SessionPairs: 102}, text); len(rejects) != 0 || b.Skipped != 1 {
		t.Errorf("%d rejects and %d skipped sessions, want 0 and 1", len(rejects), b.Skipped)
	}
	// A second list of participants replaces the first, with what was too much in it.
	again := strings.Replace(text, `]}]}]`, `]}]}],"participants":[{"purpose":"customer","sessions":[{}]}]`, 1)
	if b, rejects := readDetails(t, stream.Limits{SessionPairs: 100}, again); len(rejects) != 0 || len(b.Legs) != 1 {
		t.Errorf("%d rejects and %d legs, want 0 and 1", len(rejects), len(b.Legs))
	}
}

func TestLegsWithEqualTalkShareIt(t *testing.T) {
	b, _ := readDetails(t, stream.DefaultLimits(), conversationOf(50, 60))
	if len(b.Legs) != 50 || len(b.Talk) != 60 {
		t.Fatalf("%d legs with %d spans of talk, want 50 with 60 together", len(b.Legs), len(b.Talk))
	}
	for i := range b.Legs {
		if got := record.SectionOf(b.Legs[i].Talk, b.Talk); len(got) != 60 {
			t.Errorf("leg %d has %d spans", i, len(got))
		}
	}
}

func TestALongTextOfAConversationIsReportedForEachLegAndKeptOnce(t *testing.T) {
	long := strings.Repeat("x", 300_000)
	sessions := strings.Repeat(`{"sessionId":"s"},`, 200)
	text := fmt.Sprintf(`[{"conversationId":"%s","conversationStart":"%s","participants":[{"purpose":"customer","sessions":[%s{}]}]}]`, long, long, sessions)
	b, rejects := readDetails(t, stream.DefaultLimits(), text)
	if len(b.Legs) != 201 || len(b.Invalid) != 2*201 || len(rejects) != 0 {
		t.Fatalf("%d legs, %d invalid values, %d rejects", len(b.Legs), len(b.Invalid), len(rejects))
	}
	for _, v := range b.Invalid {
		if want := `"` + long[:199] + "…+299802"; v.Raw[:203] != want[:203] || len(v.Raw) > 220 {
			t.Fatalf("%s is shown as %q", v.Field, v.Raw)
		}
	}

	// An id that only its spelling makes long is the id.
	spelled := strings.Replace(text, long, `c`+strings.Repeat(" ", 300_000), 1)
	b, _ = readDetails(t, stream.DefaultLimits(), spelled)
	if len(b.Legs) != 201 || len(b.Invalid) != 201 || b.Legs[7].Conversation == intern.None || b.Legs[7].Conversation != b.Legs[8].Conversation {
		t.Errorf("%d legs with %d invalid values", len(b.Legs), len(b.Invalid))
	}
}

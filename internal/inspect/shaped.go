package inspect

import (
	"strconv"
	"strings"

	"cdrmend/internal/cdr"
	"cdrmend/internal/intern"
	"cdrmend/internal/profile"
	"cdrmend/internal/record"
	"cdrmend/internal/registration"
)

// A shape finds fields without places, so that only its records show which of them
// are filled.

// fill counts one value of a record.
func (t *tester) fill(f record.Field, text string) {
	count := t.values.counts[f]
	if count == nil {
		count = &Field{Name: f.String()}
		t.values.counts[f] = count
	}
	if text == "" {
		return
	}
	if count.Rows++; count.Example == "" {
		count.Example = shown(text, longestExample)
	}
}

func (t *tester) fillText(f record.Field, text intern.Text) {
	t.fill(f, strings.ReplaceAll(t.texts.String(text), string(intern.ListSeparator), ";"))
}

// number returns the digits of a number, empty when it is missing.
func number(n int64) string {
	if n == profile.NoInt {
		return ""
	}
	return strconv.FormatInt(n, 10)
}

// shapedLegs counts the values of legs that a shape found.
func (t *tester) shapedLegs(b *cdr.Batch) {
	for i := range b.Legs {
		l := &b.Legs[i]
		t.fillText(record.OrgID, l.Org)
		t.fillText(record.ConversationID, l.Conversation)
		t.fillText(record.LegID, l.ID)
		t.fillText(record.TrunkID, l.Trunk)
		t.fillText(record.Direction, l.Direction)
		t.fill(record.ANI, string(t.texts.AppendNumber(nil, l.ANI)))
		t.fill(record.DNIS, string(t.texts.AppendNumber(nil, l.DNIS)))
		t.fillText(record.UserIDs, l.Users)
		t.fillText(record.QueueIDs, l.Queues)
		t.fill(record.StartTime, l.Start.String())
		t.fill(record.AnswerTime, l.Answer.String())
		t.fill(record.EndTime, l.End.String())
		for _, span := range record.SectionOf(l.Talk, b.Talk)[:min(1, l.Talk.N)] {
			t.fill(record.Talk, span.Start.String()+"/"+span.End.String())
		}
		t.fill(record.Recorded, [...]string{"", "false", "true"}[l.Recorded])
	}
	for _, v := range b.Invalid {
		t.fill(v.Field, "")
		count := t.values.counts[v.Field]
		if count.Invalid++; count.Invalid == 1 {
			count.InvalidExample, count.Why = shown(v.Raw, longestExample), "is not what the shape has there"
		}
	}
}

// shapedEvents counts the values of events that a shape found.
func (t *tester) shapedEvents(b *registration.Batch) {
	for i := range b.Events {
		e := &b.Events[i]
		t.fill(record.EventTime, e.Time.String())
		t.fillText(record.OrgID, e.Org)
		t.fillText(record.TrunkID, e.Trunk)
		t.fillText(record.LineID, e.Line)
		t.fill(record.Status, number(int64(e.Status)))
		t.fill(record.ExpirySeconds, number(e.Expiry))
		t.fill(record.TokenIssuedAt, e.Issued.String())
	}
}

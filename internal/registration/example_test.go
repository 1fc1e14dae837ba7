package registration_test

import (
	"fmt"
	"time"

	"cdrmend/internal/intern"
	"cdrmend/internal/policy"
	"cdrmend/internal/record"
	"cdrmend/internal/registration"
	"cdrmend/internal/token"
)

// A line registers for an hour, is refused at its next attempt, and registers
// again when its first registration has ended.
func ExampleStatesOf() {
	texts := intern.NewTable()
	line := texts.OfString("line-1")
	at := func(minute int) record.Time {
		return record.TimeOf(time.Date(2026, 11, 20, 10, minute, 0, 0, time.UTC))
	}
	log := registration.Log{
		Events: []registration.Event{
			{Time: at(0), Line: line, Status: 200, Expiry: 3600, Issued: record.NoTime, Ref: record.Ref{Row: 0}},
			{Time: at(30), Line: line, Status: 403, Expiry: 3600, Issued: record.NoTime, Token: token.ScopeMissing, Ref: record.Ref{Row: 1}},
			{Time: at(70), Line: line, Status: 200, Expiry: 3600, Issued: record.NoTime, Ref: record.Ref{Row: 2}},
		},
		Objects: []uint32{0}, Sources: []registration.Source{{Lookahead: time.Hour}}, End: at(14 * 60),
	}
	rules := policy.Policy{DefaultExpiry: time.Hour, RefreshRace: time.Minute, Leeway: time.Minute, ChallengeWindow: 5 * time.Second}

	for _, o := range registration.StatesOf(&log, texts, &rules).Outages {
		fmt.Println(o.Span.Start, "to", o.Span.End)
		fmt.Println("cause:", o.Cause, "ended by:", o.EndedBy, "unregistered from:", o.UnregisteredFrom)
	}
	// Output:
	// 2026-11-20T10:30:00.000000Z to 2026-11-20T11:10:00.000000Z
	// cause: scope_missing ended by: success unregistered from: 2026-11-20T11:00:00.000000Z
}

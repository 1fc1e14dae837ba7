package registration_test

import (
	"fmt"
	"time"

	"cdrmend/internal/intern"
	"cdrmend/internal/policy"
	"cdrmend/internal/record"
	"cdrmend/internal/registration"
)

// A line registers, is refused at its next attempt, and registers again.
func ExampleOutages() {
	texts := intern.NewTable()
	line := texts.OfString("line-1")
	at := func(minute int) record.Time {
		return record.TimeOf(time.Date(2026, 11, 20, 10, minute, 0, 0, time.UTC))
	}
	events := []registration.Event{
		{Time: at(0), Line: line, Status: 200, Expiry: 3600, Issued: record.NoTime, Ref: record.Ref{Row: 0}},
		{Time: at(30), Line: line, Status: 403, Expiry: 3600, Issued: record.NoTime, Token: registration.ScopeMissing, Evidence: true, Ref: record.Ref{Row: 1}},
		{Time: at(40), Line: line, Status: 200, Expiry: 3600, Issued: record.NoTime, Ref: record.Ref{Row: 2}},
	}
	rules := policy.Policy{DefaultExpiry: time.Hour, RefreshRace: time.Minute, Leeway: time.Minute, ChallengeWindow: 5 * time.Second}

	for _, o := range registration.Outages(events, texts, &rules) {
		fmt.Println(o.Span.Start, "to", o.Span.End)
		fmt.Println("cause:", o.Cause, "ended by:", o.EndedBy, "until then bound:", o.BindingUntil)
	}
	// Output:
	// 2026-11-20T10:30:00.000000Z to 2026-11-20T10:40:00.000000Z
	// cause: scope_missing ended by: success until then bound: 2026-11-20T11:00:00.000000Z
}

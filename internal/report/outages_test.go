package report_test

import (
	"testing"
	"time"

	"cdrmend/internal/record"
	"cdrmend/internal/report"

	"github.com/google/go-cmp/cmp"
)

func hours(from, to float64) record.Span {
	return record.Span{Start: record.Time(from * 3600e6), End: record.Time(to * 3600e6)}
}

func TestAnOutageThatCrossesMidnightIsOne(t *testing.T) {
	m := report.Outages{}
	m.Add("o", "T1", "l", report.Outage{Span: hours(23, 24.5), Cause: "throttled"})
	m.Add("o", "T1", "l", report.Outage{Span: hours(24, 26), Cause: "timeout"}) // seen by the next night
	m.Add("o", "T1", "l", report.Outage{Span: hours(30, 31), Cause: "timeout"})
	m.Add("o", "T1", "l", report.Outage{Span: hours(24, 25), Cause: "lapsed"}) // did not fail
	m.Add("o", "T1", "k", report.Outage{Span: hours(24, 25), Cause: "timeout"})

	want := report.Outages{
		{Org: "o", Trunk: "T1", Line: "l"}:             {{Span: hours(23, 26), Cause: "throttled"}, {Span: hours(30, 31), Cause: "timeout"}},
		{Org: "o", Trunk: "T1", Line: "l", Opening: 1}: {{Span: hours(24, 25), Cause: "lapsed"}},
		{Org: "o", Trunk: "T1", Line: "k"}:             {{Span: hours(24, 25), Cause: "timeout"}},
	}
	if diff := cmp.Diff(want, m); diff != "" {
		t.Errorf("outages (-want +got):\n%s", diff)
	}
}

func TestAgesCoverAllTime(t *testing.T) {
	day := record.Time((24 * time.Hour).Microseconds())
	for _, test := range []struct {
		open record.Time
		want string
	}{
		{0, "up to 1 day"}, {day, "up to 1 day"}, {day + 1, "2 to 7 days"}, {7 * day, "2 to 7 days"}, {7*day + 1, "8 to 30 days"},
		{30 * day, "8 to 30 days"}, {30*day + 1, "more than 30 days"}, {1<<63 - 1, "more than 30 days"},
	} {
		if got := report.AgeLabels()[report.AgeOf(test.open)]; got != test.want {
			t.Errorf("open for %d µs: %s, want %s", test.open, got, test.want)
		}
	}
}

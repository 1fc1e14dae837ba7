package report_test

import (
	"math/rand/v2"
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
		{0, "up to 1 day"},
		{day, "up to 1 day"},
		{day + 1, "2 to 7 days"},
		{7 * day, "2 to 7 days"},
		{7*day + 1, "8 to 30 days"},
		{30 * day, "8 to 30 days"},
		{30*day + 1, "more than 30 days"},
		{1<<63 - 1, "more than 30 days"},
	} {
		if got := report.AgeLabels()[report.AgeOf(test.open)]; got != test.want {
			t.Errorf("open for %d µs: %s, want %s", test.open, got, test.want)
		}
	}
}

// Outages of one registrant come out the same in whatever order they are added, and in
// the order of time.
func TestMergedOutagesAreInOrderAndApart(t *testing.T) {
	spans := []record.Span{hours(1, 2), hours(2, 3), hours(5, 6), hours(5.5, 9), hours(8, 8.5), hours(20, 21), hours(0, 0.5), hours(12, 12)}
	want := []record.Span{hours(0, 0.5), hours(1, 3), hours(5, 9), hours(12, 12), hours(20, 21)}
	random := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		random.Shuffle(len(spans), func(i, j int) { spans[i], spans[j] = spans[j], spans[i] })
		m := report.Outages{}
		for _, s := range spans {
			m.Add("o", "t", "l", report.Outage{Span: s, Cause: "timeout"})
		}
		var got []record.Span
		for _, o := range m[report.Registrant{Org: "o", Trunk: "t", Line: "l"}] {
			got = append(got, o.Span)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("added in the order %v (-want +got):\n%s", spans, diff)
		}
	}
}

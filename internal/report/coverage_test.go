package report_test

import (
	"slices"
	"strings"
	"testing"

	"cdrmend/internal/report"

	"github.com/google/go-cmp/cmp"
)

func TestAPercentageOfAnUnknownTotalSaysSo(t *testing.T) {
	c := report.Coverage{Recorded: 9, Of: 1000, Total: report.AtLeast}
	if got, want := c.Percent(ptr("0.90")), "0.90 % of at least 1,000"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got, want := c.Share(9), "9 of at least 1,000"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	c.Total = report.Known
	if got, want := c.Percent(ptr("0.90")), "0.90 %"; got != want {
		t.Errorf("of a known total: got %q, want %q", got, want)
	}
	if got := c.Percent(nil); got != "" {
		t.Errorf("of no calls: %q", got)
	}
}

func TestRemarksNameWhatAPercentageLeavesOut(t *testing.T) {
	for _, test := range []struct {
		coverage report.Coverage
		want     []string
	}{
		{report.Coverage{Total: report.Known, Excluded: map[string]int64{"too short": 0}}, nil},
		{report.Coverage{Excluded: map[string]int64{"too short": 1}}, []string{"1 call was not to be recorded and not counted: 1 too short"}},
		{report.Coverage{Proof: report.Proofs{Shared: 1, ID: 7}}, []string{"1 of the recorded calls has no recording of its own: what it has is also taken for another call, and proves only that one of these calls was recorded"}},
		{report.Coverage{WithoutCDR: 1200}, []string{"1,200 recordings belong to no call detail record, so calls may be missing from the count"}},
	} {
		if diff := cmp.Diff(test.want, test.coverage.Remarks()); diff != "" {
			t.Errorf("%+v (-want +got):\n%s", test.coverage, diff)
		}
	}
}

func TestManyReasonsToExcludeAreCountedNotNamed(t *testing.T) {
	c := report.Coverage{Excluded: map[string]int64{}}
	for _, name := range strings.Split("abcdefghijkl", "") {
		c.Excluded[name] = 1
	}
	if got := c.Remarks()[0]; !strings.HasSuffix(got, ", 1 h, 4 other reasons") {
		t.Errorf("got %q", got)
	}
}

// One interval of which nobody knows the calls makes the sum unknown.
func TestCoverageAddsUpToTheLeastThatIsKnown(t *testing.T) {
	sum := report.Coverage{Total: report.Known}
	sum.Add(&report.Coverage{Recorded: 1, Intact: 1, Of: 2, Total: report.Known, Excluded: map[string]int64{"a": 1}, Proof: report.Proofs{ID: 1}})
	sum.Add(&report.Coverage{Recorded: 2, Of: 3, Total: report.AtLeast, Excluded: map[string]int64{"a": 2, "b": 3}, WithoutCDR: 4, Proof: report.Proofs{Leg: 1, Conversation: 1, Shared: 2}})
	sum.Add(&report.Coverage{Recorded: 1, Of: 1, Total: report.Known})
	want := report.Coverage{
		Recorded: 4, Intact: 1, Of: 6, Total: report.AtLeast, Excluded: map[string]int64{"a": 3, "b": 3}, WithoutCDR: 4,
		Proof: report.Proofs{ID: 1, Leg: 1, Conversation: 1, Shared: 2}, RecordedPercent: ptr("66.66"), IntactPercent: ptr("16.66"),
	}
	if diff := cmp.Diff(want, sum); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestNoticesStandInTheOrderInWhichTheyMatter(t *testing.T) {
	s := report.Summary{
		Findings: []report.FindingCount{
			{Class: "no_cdr", Severity: "minor", Status: "open", Count: 9},
			{Class: "stray_record", Severity: "major", Status: "open", Count: 1},
			{Class: "stray_record", Severity: "minor", Status: "open", Count: 1},
			{Class: "unfit_source", Severity: "major", Status: "accepted", Count: 1},
		},
		Incomplete: []report.Incomplete{{Source: "m", Input: "u", Reason: "damaged", Next: "export u again"}},
		Warnings:   []string{"clocks differ"},
	}
	var got []string
	for _, n := range s.Notices() {
		got = append(got, n.About+" "+strings.Fields(n.Text)[0])
		if n.About != "warning" && n.Next == "" {
			t.Errorf("nothing says what to do about %q", n.Text)
		}
	}
	if want := []string{"elsewhere 2", "warning clocks", "incomplete u"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

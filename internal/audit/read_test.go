package audit_test

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"slices"
	"strings"
	"testing"

	"cdrmend/internal/audit"
	"cdrmend/internal/policy"
	"cdrmend/internal/report"

	"github.com/google/go-cmp/cmp"
)

// span is an output of three nights, of which the second has no commit.
func span(t *testing.T) *out {
	o := newOut(t)
	first := &night{
		calls: []cells{
			call(1, "complete", cells{"user_ids": "u1;u2", "queue_ids": "q1"}), call(2, "missing", cells{"user_ids": "u2;u2", "outage_id": "out-1", "outage_cause": "throttled", "outage_relation": "inside"}),
			call(3, "partial", cells{"uncovered_ms": 61_500, "trunk_id": "T2"}), call(4, "indeterminate", cells{"reason": "contested", "outage_relation": "unknown"}), call(5, "excluded", cells{"reason": "internal"}),
		},
		history: []cells{finding(2, "open", "critical", cells{"detail": "void=deleted", "outage_cause": "throttled"}), finding(3, "closed", "critical", cells{"detail": "pending"}), finding(9, "closed", "minor", cells{"class": "no_cdr", "trunk_id": nil})},
		outages: []cells{{"outage_id": "out-1", "org_id": "o", "trunk_id": "T1", "start_time": at(20, 23), "end_time": at(21, 1), "cause": "throttled"}},
	}
	o.commit("2026-11-20", first, day(21, 3))
	o.commit("2026-11-20", first, day(29, 4))
	o.commit("2026-11-22", &night{
		calls:   []cells{call(1, "complete", nil), call(2, "missing", cells{"outage_relation": "possible", "outage_cause": "throttled"})},
		history: []cells{finding(2, "open", "critical", nil), finding(3, "accepted", "major", nil), finding(4, "repaired", "minor", cells{"class": "repaired_field"})},
		outages: []cells{
			{"outage_id": "out-1", "org_id": "o", "trunk_id": "T1", "start_time": at(20, 24), "end_time": at(21, 2), "cause": "timeout"},
			{"outage_id": "out-2", "org_id": "o", "trunk_id": "T1", "start_time": at(22, 2), "end_time": at(22, 3), "cause": "timeout", "harmless": "true"},
		},
		warnings: []string{"a clock differs"},
	}, day(30, 3))
	return o
}

var spanLabels = []string{"2026-11-20", "2026-11-21", "2026-11-22"}

func TestEveryCallCountsOnceAndOneOfWhichNobodyCanTellIsNeither(t *testing.T) {
	r, _ := span(t).read(audit.Options{}, spanLabels...)
	if diff := cmp.Diff(audit.Calls{Of: 6, Recorded: 2, Missing: 2, Partial: 1, Indeterminate: 1, Excluded: 1}, r.Calls); diff != "" {
		t.Errorf("calls (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(audit.Findings{Open: 2, Critical: 2, Accepted: 1, Repaired: 1, Closed: 2}, r.Findings); diff != "" {
		t.Errorf("findings (-want +got):\n%s", diff)
	}
	if want := []string{"2026-11-21"}; !slices.Equal(r.Absent, want) || r.Committed != 2 || len(r.Days) != 3 || r.Days[1].Committed() {
		t.Errorf("%d committed, absent %q, days %+v; want 2 and %q", r.Committed, r.Absent, r.Days, want)
	}
	if l := r.List; l.NotRecorded != 3 || l.CannotBeTold != 1 || l.Excluded != 1 || len(l.First) != 3 || len(l.FirstUntold) != 1 {
		t.Errorf("the list has %+v", l)
	}
	for _, want := range []string{"nothing is committed for 2026-11-21", "a clock differs", "1 cannot be told", "2 of 6 calls that should be, 33.33 %"} {
		if !strings.Contains(r.Text(), want) {
			t.Errorf("the text does not say %q:\n%s", want, r.Text())
		}
	}
}

func TestACallCountsOnceInEachOfItsUsers(t *testing.T) {
	r, _ := span(t).read(audit.Options{}, spanLabels...)
	got := map[string]audit.Calls{}
	for _, g := range r.Users.Groups {
		got[g.ID] = g.Calls
	}
	want := map[string]audit.Calls{
		"": {Of: 4, Recorded: 1, Missing: 1, Partial: 1, Indeterminate: 1, Excluded: 1}, "u1": {Of: 1, Recorded: 1}, "u2": {Of: 2, Recorded: 1, Missing: 1},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("users (-want +got):\n%s", diff)
	}
	if g := r.Trunks.Groups[0]; g.ID != "T1" || g.Calls.NotRecorded() != 2 || g.Findings.Open != 2 {
		t.Errorf("the trunk that lacks most is %+v, want T1 with 2 calls and 2 findings", g)
	}
}

func TestAnOutageOverMidnightIsOneAndWhatCoincidesAddsUp(t *testing.T) {
	r, _ := span(t).read(audit.Options{}, spanLabels...)
	want := []audit.Cause{{
		Cause: "throttled", Sentence: r.Causes[0].Sentence, Failed: true, Outages: 1, LastingMS: 3 * 3600_000, LongestMS: 3 * 3600_000,
		NotRecorded: audit.Relation{Coincides: 1, Possibly: 1}, Findings: audit.Findings{Open: 1, Critical: 1},
	}}
	if diff := cmp.Diff(want, r.Causes); diff != "" {
		t.Errorf("causes (-want +got):\n%s", diff)
	}
	sum := r.NoOutage.Sum()
	for _, c := range r.Causes {
		sum += c.NotRecorded.Sum()
	}
	if sum != r.Calls.NotRecorded() {
		t.Errorf("%d calls relate to an outage or none, want all %d that are not recorded", sum, r.Calls.NotRecorded())
	}
}

func TestAgesReachFromTheFirstCommitToTheNewest(t *testing.T) {
	r, _ := span(t).read(audit.Options{}, spanLabels...)
	want := []audit.Age{{Label: "up to 1 day", Critical: 1}, {Label: "2 to 7 days"}, {Label: "8 to 30 days", Critical: 1}, {Label: "more than 30 days"}}
	if diff := cmp.Diff(want, r.Ages); diff != "" {
		t.Errorf("ages (-want +got):\n%s", diff)
	}
}

func TestTheListHasEveryCallWithItsReasonAndTheUntoldOnesApart(t *testing.T) {
	o := span(t)
	_, commits := o.read(audit.Options{}, spanLabels...)
	var b bytes.Buffer
	o.must(audit.WriteList(t.Context(), &b, commits, policy.Report{}))
	all, err := csv.NewReader(&b).ReadAll()
	o.must(err)
	at := map[string]int{}
	for i, name := range all[0] {
		at[name] = i
	}
	var got []string
	for _, row := range all[1:] {
		got = append(got, strings.Join([]string{row[at["part"]], row[at["interval"]], row[at["leg_id"]], row[at["verdict"]], row[at["reason"]], row[at["commit"]]}, "|"))
		if want := commits[0].SHA256; row[at["interval"]] == "2026-11-20" && row[at["record_sha256"]] != want {
			t.Errorf("row %q names record %s, want %s", row, row[at["record_sha256"]], want)
		}
	}
	want := []string{
		"not_recorded|2026-11-20|l2|missing|a manifest lists a recording of its conversation, but without audio: the manifest says that it was deleted|2",
		"not_recorded|2026-11-20|l3|partial|1 min 1 s of the talk time is in no recording that was found|2",
		"not_recorded|2026-11-22|l2|missing|no manifest that was read has a recording of it; nothing tells why|1",
		"cannot_be_told|2026-11-20|l4|indeterminate|its conversation has recordings, and nobody can say whether one of them is its own|2",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("list (-want +got):\n%s", diff)
	}
}

func TestPseudonymsStandForAllThatIsNamed(t *testing.T) {
	o := newOut(t)
	secrets := cells{
		"org_id": "secret-org", "conversation_id": "secret-conversation", "leg_id": "secret-leg", "trunk_id": "secret-trunk", "line_id": "secret-line",
		"user_ids": "secret-user;secret-other", "queue_ids": "secret-queue", "ani": "+491711234567", "dnis": "+4930987654", "outage_id": "secret-outage",
	}
	o.commit("2026-11-20", &night{calls: []cells{call(1, "missing", secrets)}, history: []cells{finding(1, "open", "critical", secrets)}}, day(21, 3))
	show := policy.Report{Redact: policy.RedactAll, PseudonymKey: []byte("0123456789abcdef0123456789abcdef")}
	r, commits := o.read(audit.Options{Show: show}, "2026-11-20")
	var b bytes.Buffer
	o.must(audit.WriteList(t.Context(), &b, commits, show))
	for name, text := range map[string]string{"text": r.Text(), "list": b.String(), "report": fmt.Sprintf("%+v", r.Trunks) + fmt.Sprintf("%+v", r.List)} {
		if strings.Contains(text, "secret") || strings.Contains(text, "1234567") {
			t.Errorf("the %s shows what it must not:\n%s", name, text)
		}
	}
	if !strings.Contains(r.Text(), "usr-") || !strings.Contains(b.String(), "con-") {
		t.Errorf("no pseudonyms:\n%s\n%s", r.Text(), b.String())
	}
}

func TestACallsTableThatIsNotThatOfItsSummaryStopsTheAudit(t *testing.T) {
	o := newOut(t)
	o.commit("2026-11-20", &night{calls: []cells{call(1, "complete", nil)}, indeterminate: 1}, day(21, 3))
	_, _, err := audit.Read(t.Context(), &o.Output, []string{"2026-11-20"}, audit.Options{})
	if err == nil || !strings.Contains(err.Error(), "interval 2026-11-20") || !strings.Contains(err.Error(), "1 of 1 calls recorded, and the summary says 1 of 2") {
		t.Errorf("got error %v", err)
	}
}

// However many users calls name, few are listed, and the others are counted.
func TestGroupsThatAreNotListedAreCounted(t *testing.T) {
	o := newOut(t)
	var calls []cells
	for i := range 40_000 {
		calls = append(calls, call(i, "complete", cells{"user_ids": fmt.Sprintf("u%d", i)}))
	}
	calls = append(calls, call(40_000, "missing", cells{"user_ids": "u7"}))
	o.commit("2026-11-20", &night{calls: calls}, day(21, 3))
	r, _ := o.read(audit.Options{}, "2026-11-20")
	u := &r.Users
	if len(u.Groups) != 200 || u.Groups[0].ID != "u7" || u.Rest.Total != report.AtLeast || u.Rest.Groups != 1<<15-200+1 {
		t.Errorf("%d users are listed, the first is %q, and %+v are not", len(u.Groups), u.Groups[0].ID, u.Rest)
	}
	sum := u.Rest.Calls.Of
	for _, g := range u.Groups {
		sum += g.Calls.Of
	}
	if sum != 40_001 {
		t.Errorf("%d calls are in groups and the rest, want 40,001", sum)
	}
}

func TestEqualCommitsGiveEqualText(t *testing.T) {
	o := span(t)
	first, _ := o.read(audit.Options{}, spanLabels...)
	for range 3 {
		again, _ := o.read(audit.Options{}, spanLabels...)
		if diff := cmp.Diff(first.Text(), again.Text()); diff != "" {
			t.Fatalf("read again (-first +again):\n%s", diff)
		}
	}
	for line := range strings.Lines(first.Text()) {
		if len([]rune(line)) > 81 {
			t.Errorf("a line of %d characters: %s", len([]rune(line)), line)
		}
	}
}

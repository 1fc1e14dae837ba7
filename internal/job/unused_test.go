package job_test

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// warningsWith returns the warnings of a run that hold a text.
func warningsWith(warnings []string, text string) (list []string) {
	for _, w := range warnings {
		if strings.Contains(w, text) {
			list = append(list, w)
		}
	}
	return list
}

// A word that nobody knows counts as a recording that is there, which is said.
func TestStatesThatNobodyKnowsAreCounted(t *testing.T) {
	t.Parallel()
	entry := func(state string) string {
		return `{"recording_id":"r` + state + `","conversation_id":"c","trunk_id":"t","start_time":"2026-11-20T10:00:00Z","end_time":"2026-11-20T10:01:00Z","state":"` + state + `"},` + "\n"
	}
	deliver := func(states ...string) (map[string]int64, []string) {
		var list strings.Builder
		for _, state := range states {
			list.WriteString(entry(state))
		}
		sum := newNight(t, files{"in/m/date=2026-11-20/a.json": "[" + strings.TrimSuffix(list.String(), ",\n") + "]"}).run().Summary
		return sum.States, warningsWith(sum.Warnings, "a state that is not known")
	}

	got, warnings := deliver("purged", "Purged", "purged", "lost", "Deleted", "in-progress", "AVAILABLE", "")
	if diff := cmp.Diff(map[string]int64{"purged": 2, "Purged": 1, "lost": 1}, got); diff != "" {
		t.Errorf("unknown states (-want +got):\n%s", diff)
	}
	want := []string{"recordings with a state that is not known: 4 (different states: 3, listed under unknown_states of summary.json); they count as there: if it says that there is no media, have the export say absent, deleted or failed"}
	if diff := cmp.Diff(want, warnings); diff != "" {
		t.Errorf("warnings (-want +got):\n%s", diff)
	}
	if got, warnings = deliver("deleted", "completed"); len(got) > 0 || len(warnings) > 0 {
		t.Errorf("known states count as unknown: %v %v", got, warnings)
	}
}

// A row of the accepted findings that accepts nothing may be misspelled.
func TestAcceptedRowsThatMatchNothingAreNamed(t *testing.T) {
	t.Parallel()
	const legs = "conversation_id,leg_id,recording_ids,trunk_id,start_time,answer_time,end_time\nc1,1,r1,t,2026-11-20T10:00:00Z,2026-11-20T10:00:00Z,2026-11-20T10:01:00Z\n6F0A0C1D-2222-4333-8444-555566667777,1,r2,t,2026-11-20T11:00:00Z,2026-11-20T11:00:00Z,2026-11-20T11:01:00Z\n"
	usual, err := os.ReadFile("../../testdata/cdrmend.yaml")
	if err != nil {
		t.Fatal(err)
	}
	config := string(usual) + "policy: {accepted: accepted.csv}\n"
	for accepted, want := range map[string]string{
		",r,b,,,c1,\n,r,b,,,,r2\n":                                      "",
		",r,b,missing_recording,,6f0a0c1d222243338444555566667777,r2\n": "",
		",r,b,,,c1,\n,,,,,,\n,r,b,,,c2,\n,r,b,no_cdr,,c1,\nfnd-0000000000000000,r,b,,,,\n,r,b,,other,c1,\n,r,b,,,c1,r3\n,r,b,,,c4,\n,r,b,,,c5,\n": "rows of policy.accepted that accept nothing of this interval: 7, the first of them by number: 3 4 5 6 7; where one is meant for it, compare its id or subject with the findings, else leave it",
		",r,b,,,c1,\n,r,b,missing_recording,,c1,r1\n,r,b,missing_recording,,," + strings.Repeat("r", 600) + "\n":                                  "rows of policy.accepted that accept nothing of this interval: 1, the first of them by number: 3; where one is meant for it, compare its id or subject with the findings, else leave it",
	} {
		n := newNight(t, files{"cdrmend.yaml": config, "accepted.csv": "finding_id,reason,by,class,org_id,conversation_id,recording_id\n" + accepted, "in/c/date=2026-11-20/a.csv": legs})
		got := strings.Join(warningsWith(n.run().Summary.Warnings, "policy.accepted"), "; ")
		if got != want {
			t.Errorf("%q: got %q, want %q", accepted, got, want)
		}
	}
}

// A call is missing, and a recording of its conversation has a type that nobody named.
func TestMissingCallsWithAnEntryOfAnotherMediaTypeAreTold(t *testing.T) {
	t.Parallel()
	for media, want := range map[string]int{"telephony": 1, "Chat": 1, "CALL": 0, "": 0} {
		sum := newNight(t, files{
			"in/c/date=2026-11-20/a.csv":  "conversation_id,leg_id,trunk_id,start_time,answer_time,end_time\nc,1,t,2026-11-20T10:00:00Z,2026-11-20T10:00:00Z,2026-11-20T10:01:00Z\nd,1,t,2026-11-20T10:00:00Z,2026-11-20T10:00:00Z,2026-11-20T10:01:00Z\n",
			"in/m/date=2026-11-20/a.json": `[{"recording_id":"r","conversation_id":"c","trunk_id":"t","start_time":"2026-11-20T10:00:00Z","end_time":"2026-11-20T10:01:00Z","media_type":"` + media + `"}]`,
		}).run().Summary
		got := warningsWith(sum.Warnings, "policy.voice_media")
		if len(got) != want || want > 0 && !strings.HasPrefix(got[0], "calls that are missing though their conversation has an entry of a media type that policy.voice_media does not name: 1 ") {
			t.Errorf("media type %q: %d calls are missing, got %q", media, sum.Verdicts["missing"], got)
		}
	}
}

// A recording whose times contradict each other is one, and covers nobody knows what.
func TestRecordedCallsOfUnknownCoverageAreTold(t *testing.T) {
	t.Parallel()
	for end, want := range map[string]int{"2026-11-20T10:01:00Z": 0, "2026-11-20T09:00:00Z": 1, "2026-11-23T10:00:00Z": 1, "": 1} {
		sum := newNight(t, files{
			"in/c/date=2026-11-20/a.csv":  "conversation_id,leg_id,trunk_id,start_time,answer_time,end_time\nc,1,t,2026-11-20T10:00:00Z,2026-11-20T10:00:00Z,2026-11-20T10:01:00Z\n",
			"in/m/date=2026-11-20/a.json": `[{"recording_id":"r","conversation_id":"c","trunk_id":"t","start_time":"2026-11-20T10:00:00Z","end_time":"` + end + `"}]`,
		}).run().Summary
		got := warningsWith(sum.Warnings, "nobody can tell how much")
		if sum.Coverage.Recorded != 1 || len(got) != want {
			t.Errorf("end %q: %d recorded, got %q", end, sum.Coverage.Recorded, got)
		}
	}
}

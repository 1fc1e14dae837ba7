package table

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"cdrmend/internal/record"
)

// found is a finding that is told apart by its id, its conversation and its
// status.
func found(id, conversation, status string) Finding {
	return Finding{
		ID: id, Class: "missing_field", Status: status, Conversation: conversation,
		Entry: -1, Start: record.NoTime, End: record.NoTime, OutageOverlap: -1,
	}
}

// commit merges the findings of one run into a history.
func commit(t *testing.T, history []HistoryRow, number int64, findings ...Finding) []HistoryRow {
	t.Helper()
	slices.SortFunc(findings, func(a, b Finding) int { return a.Compare(&b) })
	var merged []HistoryRow
	for r, err := range Merge(RowsOf(history, fillHistory), RowsOf(findings, (*Finding).Fill), RowsOf(findings, (*Finding).Fill), number) {
		if err != nil {
			t.Fatal(err)
		}
		if err := (&Writer{schema: History}).check(r); err != nil {
			t.Fatal(err)
		}
		merged = append(merged, HistoryOf(r))
	}
	return merged
}

func fillHistory(h *HistoryRow, r *Row) {
	var finding Row
	h.Finding.Fill(&finding)
	r.setHistory(&finding, h.State, h.FirstCommit, h.LastCommit, h.ClosedCommit)
}

// story is a history in short: id, conversation, status as last seen, state
// and commits.
func story(history []HistoryRow) []string {
	var lines []string
	for _, h := range history {
		lines = append(lines, fmt.Sprintf("%s %s %s: %s %d %d %d",
			h.ID, h.Conversation, h.Status, h.State, h.FirstCommit, h.LastCommit, h.ClosedCommit))
	}
	return lines
}

func TestHistoryTellsWhatBecameOfEveryFinding(t *testing.T) {
	var h []HistoryRow
	for i, step := range []struct {
		findings []Finding
		want     []string
	}{
		{
			[]Finding{found("f1", "c1", "open"), found("f2", "c2", "open"), found("f3", "c3", "indeterminate")},
			[]string{"f1 c1 open: open 1 1 -1", "f2 c2 open: open 1 1 -1", "f3 c3 indeterminate: indeterminate 1 1 -1"},
		},
		{ // f1 holds on, f2 is closed, f3 changes its status, f0 is new
			[]Finding{found("f0", "c0", "open"), found("f1", "c1", "open"), found("f3", "c3", "open")},
			[]string{"f0 c0 open: open 2 2 -1", "f1 c1 open: open 1 2 -1", "f2 c2 open: closed 1 1 2", "f3 c3 open: open 1 2 -1"},
		},
		{ // everything is closed, f2 long since
			nil,
			[]string{"f0 c0 open: closed 2 2 3", "f1 c1 open: closed 1 2 3", "f2 c2 open: closed 1 1 2", "f3 c3 open: closed 1 2 3"},
		},
		{ // f2 comes back and has moved to the front
			[]Finding{found("f2", "c", "accepted")},
			[]string{"f2 c accepted: accepted 1 4 -1", "f0 c0 open: closed 2 2 3", "f1 c1 open: closed 1 2 3", "f3 c3 open: closed 1 2 3"},
		},
		{ // f2 is closed again
			[]Finding{},
			[]string{"f2 c accepted: closed 1 4 5", "f0 c0 open: closed 2 2 3", "f1 c1 open: closed 1 2 3", "f3 c3 open: closed 1 2 3"},
		},
	} {
		h = commit(t, h, int64(i+1), step.findings...)
		if diff := cmp.Diff(step.want, story(h)); diff != "" {
			t.Fatalf("after commit %d (-want +got):\n%s", i+1, diff)
		}
	}
}

func TestFindingsWithOneIDAreKeptApart(t *testing.T) {
	h := commit(t, nil, 1, found("f", "a", "open"), found("f", "b", "open"))
	h = commit(t, h, 2, found("f", "a", "open"), found("f", "b", "open"), found("f", "c", "open"))
	want := []string{"f a open: open 1 2 -1", "f b open: open 1 2 -1", "f c open: open 2 2 -1"}
	if diff := cmp.Diff(want, story(h)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	h = commit(t, h, 3, found("f", "b", "open"))
	want = []string{"f b open: closed 1 2 3", "f b open: open 1 3 -1", "f c open: closed 2 2 3"}
	if diff := cmp.Diff(want, story(h)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestAnUnchangedRunOnlyMovesTheLastCommit(t *testing.T) {
	findings := []Finding{found("f1", "c1", "open"), found("f2", "c2", "open")}
	h := commit(t, nil, 1, findings...)
	again := commit(t, h, 2, findings...)
	for i := range again {
		again[i].LastCommit = 1
	}
	if diff := cmp.Diff(h, again); diff != "" {
		t.Errorf("(-first +second):\n%s", diff)
	}
}

func TestHistoryLosesNothingAndStaysInOrder(t *testing.T) {
	rng := rand.New(rand.NewPCG(9, 10))
	var h []HistoryRow
	ever := map[string]bool{}
	for number := range int64(40) {
		var findings []Finding
		held := map[string]bool{}
		for i := range 30 {
			if rng.IntN(3) > 0 {
				continue
			}
			f := found(fmt.Sprintf("f%02d", i), fmt.Sprintf("c%d", rng.IntN(20)), "open")
			findings = append(findings, f)
			held[f.ID], ever[f.ID] = true, true
		}
		h = commit(t, h, number, findings...)
		for i, row := range h {
			if (row.State == Closed) == held[row.ID] {
				t.Fatalf("commit %d: %s is %s", number, row.ID, row.State)
			}
			if i > 0 && compareHistory(&h[i-1], &row) >= 0 {
				t.Fatalf("commit %d: row %d is out of order", number, i)
			}
		}
		if len(h) != len(ever) {
			t.Fatalf("commit %d: %d findings in the history, %d ever held", number, len(h), len(ever))
		}
	}
}

func compareHistory(a, b *HistoryRow) int {
	var x, y Row
	fillHistory(a, &x)
	fillHistory(b, &y)
	return History.Compare(&x, &y)
}

func TestMergeReportsWhatItCannotRead(t *testing.T) {
	good := RowsOf([]Finding{found("f1", "c1", "open")}, (*Finding).Fill)
	broken := func(yield func(*Row, error) bool) { yield(nil, errBroken) }
	before := RowsOf(commit(t, nil, 1, found("f1", "c1", "open")), fillHistory)
	later := 0 // fails when ranged over for the second time
	breaking := func(rows Rows) Rows {
		return func(yield func(*Row, error) bool) {
			if later++; later == 2 {
				yield(nil, errBroken)
				return
			}
			rows(yield)
		}
	}
	for name, merged := range map[string]func() Rows{
		"history":        func() Rows { return Merge(broken, good, good, 1) },
		"findings":       func() Rows { return Merge(Empty, good, broken, 1) },
		"history later":  func() Rows { return Merge(breaking(before), good, good, 1) },
		"ids":            func() Rows { return Merge(before, broken, good, 1) },
		"findings later": func() Rows { return Merge(before, good, broken, 1) },
	} {
		later = 0
		if n, err := failure(merged()); n != 0 || !errors.Is(err, errBroken) {
			t.Errorf("%s: %d rows and error %v, want none and %v", name, n, err, errBroken)
		}
	}
}

func TestHistorySurvivesItsOwnFiles(t *testing.T) {
	h := commit(t, nil, 1, found("f1", "c1", "open"), found("f2", "c2", "open"))
	h = commit(t, h, 2, found("f1", "c1", "open"))
	csv, parquet := written(t, History, RowsOf(h, fillHistory))
	if diff := cmp.Diff(allRows(t, RowsOf(h, fillHistory)), allRows(t, ReadCSV(bytes.NewReader(csv), History))); diff != "" {
		t.Errorf("CSV (-want +got):\n%s", diff)
	}
	var again []HistoryRow
	for r, err := range ReadParquet(bytes.NewReader(parquet), int64(len(parquet)), History) {
		if err != nil {
			t.Fatal(err)
		}
		again = append(again, HistoryOf(r))
	}
	if diff := cmp.Diff(h, again); diff != "" {
		t.Errorf("Parquet (-want +got):\n%s", diff)
	}
}

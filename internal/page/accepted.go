package page

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"cdrmend/internal/policy"
	"cdrmend/internal/report"
	"cdrmend/internal/table"
)

// acceptedRows counts accepted findings by the row of the file that accepts them.
type acceptedRows struct {
	by   *policy.Acceptance
	rows map[int]int64
}

func newAcceptedRows(s *report.Summary) acceptedRows {
	return acceptedRows{s.Config.Policy.Acceptance(), map[int]int64{}}
}

// add counts a finding, given as the table has it, if it is accepted.
func (a *acceptedRows) add(row *table.Row) {
	if string(row.Bytes(statusColumn)) != "accepted" {
		return
	}
	n, _ := acceptedBy(a.by, row)
	a.rows[n]++
}

// acceptedBy returns the row that accepts a finding, given as the table has it.
func acceptedBy(a *policy.Acceptance, row *table.Row) (int, bool) {
	f := table.FindingOf(row)
	return a.Row(f.ID, policy.Subject[string]{Class: f.Class, Org: f.Org, Conversation: f.Conversation, Recording: f.Recording})
}

// mostAcceptedRows is how many rows the page names at most.
const mostAcceptedRows = 12

// text says which rows accept how many findings, those that accept most first; it is
// empty without any.
func (a *acceptedRows) text() string {
	if len(a.rows) == 0 {
		return ""
	}
	order := slices.SortedFunc(maps.Keys(a.rows), func(x, y int) int { return cmp.Or(cmp.Compare(a.rows[y], a.rows[x]), cmp.Compare(x, y)) })
	var all int64
	for _, n := range a.rows {
		all += n
	}

	var words []string
	for _, row := range order[:min(len(order), mostAcceptedRows)] {
		if row == 0 { // written by a version that did not note rows
			words = append(words, report.Grouped(a.rows[row])+" by a row that is not known")
			continue
		}
		words = append(words, fmt.Sprintf("%s by row %d", report.Grouped(a.rows[row]), row))
	}
	if more := len(order) - mostAcceptedRows; more > 0 {
		words = append(words, fmt.Sprintf("the others by %s", counted(int64(more), "more row")))
	}
	return fmt.Sprintf("%s accepted by the file of accepted findings: %s.", are(all, "finding"), listed(words))
}

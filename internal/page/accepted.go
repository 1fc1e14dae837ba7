package page

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"cdrmend/internal/policy"
	"cdrmend/internal/printable"
	"cdrmend/internal/report"
	"cdrmend/internal/table"
	"cdrmend/internal/wording"
)

// acceptedRows counts accepted findings by what the row that accepts them says.
type acceptedRows struct {
	rows map[policy.Grounds]*bySeverity
	all  bySeverity
}

// bySeverity counts findings, the worst first.
type bySeverity [3]int64

var severities = [len(bySeverity{})]string{"critical", "major", "minor"}

func newAcceptedRows() acceptedRows { return acceptedRows{rows: map[policy.Grounds]*bySeverity{}} }

// add counts a finding that is accepted, given as the table has it.
func (a *acceptedRows) add(by *policy.Acceptance, row *table.Row, severity string) {
	at := severityRank(severity)
	if at < 0 {
		return
	}
	f := table.FindingOf(row)
	grounds, _ := by.Grounds(f.ID, policy.Subject[string]{Class: f.Class, Org: f.Org, Conversation: f.Conversation, Recording: f.Recording})
	if a.rows[grounds] == nil {
		a.rows[grounds] = &bySeverity{}
	}
	a.rows[grounds][at]++
	a.all[at]++
}

func (n *bySeverity) sum() int64 { return n[0] + n[1] + n[2] }

// text lists the numbers: 1 critical and 2 minor.
func (n *bySeverity) text() string {
	var words []string
	for i, severity := range severities {
		if n[i] > 0 {
			words = append(words, report.Grouped(n[i])+" "+severity)
		}
	}
	return listed(words)
}

// acceptedView says what somebody accepted: all of it in a sentence, then by the rows of
// the file of accepted findings.
type acceptedView struct {
	Sentence string
	Rows     []string // those that accept the worst first
}

// mostAcceptedRows is how many rows the page names at most.
const mostAcceptedRows = 12

// view is nil when nothing is accepted.
func (a *acceptedRows) view(show *shower) *acceptedView {
	n := a.all.sum()
	if n == 0 {
		return nil
	}

	order := slices.SortedFunc(maps.Keys(a.rows), func(x, y policy.Grounds) int {
		c := 0
		for i := range severities {
			c = cmp.Or(c, cmp.Compare(a.rows[y][i], a.rows[x][i]))
		}
		return cmp.Or(c, cmp.Compare(x.Row, y.Row), cmp.Compare(x.Reason, y.Reason), cmp.Compare(x.By, y.By), cmp.Compare(x.Basis, y.Basis))
	})
	v := &acceptedView{Sentence: fmt.Sprintf("%s accepted and no longer counted as open: %s.", are(n, "finding"), a.all.text())}
	for _, grounds := range order[:min(len(order), mostAcceptedRows)] {
		shown := show.redact.Grounds(grounds)
		v.Rows = append(v.Rows, printable.Text(fmt.Sprintf("%s: %s", a.rows[grounds].text(), wording.Accepted(shown.Row, shown.By, shown.Reason, shown.Basis))))
	}
	if more := len(order) - mostAcceptedRows; more > 0 {
		v.Rows = append(v.Rows, fmt.Sprintf("the others by %s", counted(int64(more), "more row")))
	}
	return v
}

// nothing says that nothing is to be done, and no more than is known: what is accepted is
// still so, and an outage that no log could show may have been.
func nothing(accepted *bySeverity, missing, partial, untold int64, outages string) string {
	text := "Nothing: no finding is open"
	if n := accepted.sum(); n > 0 {
		text += ", as " + are(n, "finding") + " accepted (" + accepted.text() + ")"
	}
	text += "; "
	if untold == 0 {
		text += "no call is in doubt; "
	} else {
		text += are(untold, "call") + " in doubt; "
	}
	if missing+partial > 0 {
		var words []string
		if missing > 0 {
			words = append(words, are(missing, "call")+" missing")
		}
		if partial > 0 {
			words = append(words, are(partial, "call")+" recorded in part")
		}
		text += listed(words) + "; "
	}
	return text + outages + "."
}

// noOutages says that there are no outages, as far as the logs can tell.
func noOutages(logs report.Logs) string {
	if why := logs.Untold(); why != "" {
		return "whether registrations failed cannot be told: " + why
	}
	text := "no registration failed, lapsed or was removed so that it matters here"
	if limit := logs.Limit(); limit != "" {
		text += ", as far as the logs show: " + limit
	}
	return text
}

// together says how much the logs of two spans can tell.
func together(a, b report.Logs) report.Logs {
	switch {
	case a == b:
		return a
	case a.Untold() != "" && b.Untold() != "":
		return report.BlankLogs
	}
	return report.PartialLogs
}

// outageCount writes a number of outages that logs show. It is a dash when they could show
// none.
func outageCount(n int64, logs report.Logs) string {
	switch {
	case n == 0 && logs.Untold() != "":
		return "–"
	case logs.Limit() != "":
		return "at least " + report.Grouped(n)
	}
	return report.Grouped(n)
}

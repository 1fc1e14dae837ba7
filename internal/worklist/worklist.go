// Package worklist writes findings.xlsx. People work through this list in a
// spreadsheet program: they filter and sort it, and fill in who does what until when.
// What they filled in comes back as a part of the configuration, and the next sheet
// shows it again.
//
// It holds only the rows that ask for attention. Findings are grouped by severity, the
// worst first, and accepted ones come last. A finding that only reports a repaired
// field is left out, as Repairs shows it with its values. A recording without a call is
// in Orphans. Complete calls are left out, too. The tables of the run have everything,
// unchanged.
package worklist

import (
	"fmt"
	"io"
	"slices"

	"cdrmend/internal/policy"
	"cdrmend/internal/redact"
	"cdrmend/internal/report"
	"cdrmend/internal/table"
)

// Night is the run that a worklist describes. Its tables are ranged over more
// than once.
type Night struct {
	RunID   string
	Summary *report.Summary
	Report  policy.Report

	Findings         func(Wanted) table.Rows
	Repairs, Outages table.Rows
	Calls            table.Rows // those that lack something or are undecided
}

// Wanted reports whether a list has the findings of a class, severity and status.
type Wanted func(class, severity, status string) bool

// Write writes the worklist as an XLSX workbook, with its rows as reports show them. It
// writes rows as they come, and keeps none but those of legs that may have an orphan.
// Equal nights give equal bytes.
func Write(w io.Writer, n *Night) error {
	b := newBook(w, maxRows)
	if err := b.fill(n, redact.New(n.Report)); err != nil {
		return fmt.Errorf("writing the worklist: %w", err)
	}
	if err := b.close(); err != nil {
		return fmt.Errorf("writing the worklist: %w", err)
	}
	return nil
}

func (b *book) fill(n *Night, show *redact.Redactor) error {
	c := &columns{show: show, zone: n.Report.Zone, work: map[string]policy.Work{}, accepted: n.Summary.Config.Policy.Acceptance()}
	for _, w := range n.Report.Worklist {
		c.work[w.Finding] = w
	}
	b.paper = onPaper(n, show)

	if err := b.summary(n, show); err != nil {
		return err
	}
	findings := slices.Concat(c.call(table.Findings),
		[]column{text("what happened", c.happened), text(todo, ofFinding)}, lead(table.Findings, "severity", "status"), c.forPeople(StateTitle, states),
		[]column{c.named(table.Findings, "queues", "queue_ids", policy.QueueName).offPaper()}, rest(table.Findings, append(known, "severity", "status", "queue_ids")...), []column{c.before()})
	if err := b.table(FindingsSheet, show, findings, bySeverity(n)...); err != nil {
		return err
	}
	if err := b.orphans(n, c); err != nil {
		return err
	}

	for _, list := range []struct {
		title   string
		rows    table.Rows
		columns [][]column
	}{
		{"Calls not complete", n.Calls, [][]column{
			c.call(table.Calls), lead(table.Calls, "verdict", "reason"),
			{text(todo, ofCall), c.named(table.Calls, "queues", "queue_ids", policy.QueueName).offPaper()},
			rest(table.Calls, append(known, "verdict", "reason", "queue_ids")...),
		}},
		{"Repairs", n.Repairs, [][]column{lead(table.Repairs, repaired...), rest(table.Repairs, repaired...)}},
		{"Outages", n.Outages, [][]column{lead(table.Outages, outage...), {text(todo, ofOutage)}, rest(table.Outages, outage...)}},
	} {
		if err := b.table(list.title, show, slices.Concat(list.columns...), list.rows); err != nil {
			return err
		}
	}
	return b.inputs(n.Summary, show)
}

// The columns that come first.
var (
	repaired = []string{"field", "old_value", "new_value", "rule"}
	outage   = []string{"start_time", "end_time", "cause", "causes", "failures"}
)

// Names of the sheets that people fill in. A long one goes on in a sheet whose name
// continues with a number.
const (
	FindingsSheet = "Findings"
	OrphansSheet  = "Orphans"
)

// orphans writes the sheet of recordings without a call.
func (b *book) orphans(n *Night, c *columns) error {
	near, err := gather(n.Findings(func(class, _, _ string) bool { return class == missing }), c.show)
	if err != nil {
		return err
	}
	list := slices.Concat(c.call(table.Findings), lead(table.Findings, "recording_id"), near.columns(), c.forPeople(ConfirmTitle, answers),
		rest(table.Findings, append(known, "recording_id")...), []column{c.before()})
	return b.table(OrphansSheet, c.show, list, n.Findings(func(class, _, _ string) bool { return class == orphan }))
}

// The classes of recordings without a call, and of calls without a recording.
const (
	orphan  = "no_cdr"
	missing = "missing_recording"
)

// severities are the severities of findings, the worst first.
var severities = []string{"critical", "major", "minor"}

// bySeverity returns one list for each severity, and one of accepted findings,
// without those that other sheets have.
func bySeverity(n *Night) []table.Rows {
	const accepted = "accepted"
	here := func(class string) bool { return class != "repaired_field" && class != orphan }

	// The table is ordered by class and can be large. Reading it once for each
	// severity needs no memory for a sort.
	var lists []table.Rows
	for _, wanted := range severities {
		lists = append(lists, n.Findings(func(class, severity, status string) bool {
			return severity == wanted && here(class) && status != accepted
		}))
	}
	return append(lists, n.Findings(func(class, _, status string) bool { return status == accepted && here(class) }))
}

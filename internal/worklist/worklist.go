// Package worklist writes findings.xlsx. People work through this list in a
// spreadsheet program: they filter and sort it and mark rows as done.
//
// It holds only the rows that ask for attention. Findings are grouped by
// severity, the worst first. A finding that only reports a repaired field is
// left out, as Repairs shows it with its values. Complete calls are left out,
// too. The tables of the run have everything, unchanged.
package worklist

import (
	"fmt"
	"io"

	"cdrmend/internal/redact"
	"cdrmend/internal/report"
	"cdrmend/internal/table"
)

// Night is the run that a worklist describes. Its tables are ranged over more
// than once.
type Night struct {
	RunID   string
	Summary *report.Summary

	Findings, Repairs, Outages table.Rows
	Calls                      table.Rows // those that lack something or are undecided
}

// Write writes the worklist as an XLSX workbook, with its rows as the redactor
// shows them. It writes rows as they come, and keeps none. Equal nights give equal
// bytes.
func Write(w io.Writer, n *Night, show *redact.Redactor) error {
	b := newBook(w, maxRows)
	if err := b.fill(n, show); err != nil {
		return fmt.Errorf("writing the worklist: %w", err)
	}
	if err := b.close(); err != nil {
		return fmt.Errorf("writing the worklist: %w", err)
	}
	return nil
}

func (b *book) fill(n *Night, show *redact.Redactor) error {
	if err := b.summary(n, show); err != nil {
		return err
	}

	for _, list := range []struct {
		title string
		rows  []table.Rows
		from  *table.Schema
		lead  []string
		todo  next
	}{
		{"Findings", bySeverity(n.Findings, show), table.Findings, []string{"severity", "status", "class", "field", "detail"}, ofFinding},
		{"Repairs", []table.Rows{show.Rows(n.Repairs)}, table.Repairs, []string{"field", "old_value", "new_value", "rule"}, nil},
		{"Calls not complete", []table.Rows{show.Rows(n.Calls)}, table.Calls, []string{"verdict", "reason"}, ofCall},
		{"Outages", []table.Rows{show.Rows(n.Outages)}, table.Outages, []string{"cause", "causes", "failures"}, ofOutage},
	} {
		if err := b.table(list.title, list.from, list.lead, list.rows, list.todo); err != nil {
			return err
		}
	}

	return b.inputs(n.Summary, show)
}

// severities are the severities of findings, the worst first.
var severities = []string{"critical", "major", "minor"}

// bySeverity returns one list for each severity, without the findings that
// only report a repaired field, as the redactor shows them.
func bySeverity(findings table.Rows, show *redact.Redactor) []table.Rows {
	// The table is ordered by class and can be large. Reading it once for each
	// severity needs no memory for a sort.
	class, severity := table.Findings.Index("class"), table.Findings.Index("severity")
	var lists []table.Rows
	for _, wanted := range severities {
		// Neither of the two columns is redacted, which costs more than to look.
		lists = append(lists, show.Rows(filter(findings, func(r *table.Row) bool {
			return string(r.Bytes(severity)) == wanted && string(r.Bytes(class)) != "repaired_field"
		})))
	}
	return lists
}

func filter(rows table.Rows, keep func(*table.Row) bool) table.Rows {
	return func(yield func(*table.Row, error) bool) {
		for r, err := range rows {
			if (err != nil || keep(r)) && !yield(r, err) {
				return
			}
		}
	}
}

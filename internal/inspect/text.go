package inspect

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"cdrmend/internal/printable"
	"cdrmend/internal/wording"
)

// Text returns a report as people read it.
func (r *Report) Text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s as the profile %s reads them\n\n", r.Kind, printable.Text(r.Profile))
	r.fieldTable(&b)
	r.rowCounts(&b)

	if r.Kind == "registrations" {
		counts(&b, "events by status", r.Statuses)
		counts(&b, "failed events by cause, as far as each shows it itself", r.Causes)
	}
	for _, f := range r.Files {
		if f.Damage != "" {
			fmt.Fprintf(&b, "damaged: %s: %s\n", printable.Text(f.Path), f.Damage)
		}
	}
	for _, lacks := range r.Unfinished {
		fmt.Fprintf(&b, "not all of it: %s\n", printable.Text(lacks))
	}
	if r.Joined != nil {
		fmt.Fprintf(&b, "records of several lines: %d, the longest has %d lines\n", r.Joined.Records, r.Joined.Longest)
	}
	for _, warning := range r.Warnings {
		fmt.Fprintf(&b, "warning: %s\n", printable.Text(warning))
	}
	for _, lack := range r.Lacks {
		fmt.Fprintf(&b, "needed, and filled nowhere: %s\n  next: %s\n", strings.Join(lack.Fields, " or "), lack.Next)
	}
	return b.String()
}

// fieldTable writes a line for each field.
func (r *Report) fieldTable(b *strings.Builder) {
	rows := [][]string{{"field", "rows", "example", "did not parse"}}
	for _, f := range r.Fields {
		failed := ""
		if f.Invalid > 0 {
			failed = fmt.Sprintf("%d, such as %s: %s", f.Invalid, f.InvalidExample, f.Why)
		}
		rows = append(rows, []string{f.Name, fmt.Sprint(f.Rows), f.Example, failed})
	}

	widths := make([]int, len(rows[0]))
	for _, row := range rows {
		for i, cell := range row {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	for _, row := range rows {
		line := ""
		for i, cell := range row {
			line += cell + strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell)+2)
		}
		fmt.Fprintln(b, strings.TrimRight(line, " "))
	}
}

// rowCounts writes what became of the rows.
func (r *Report) rowCounts(b *strings.Builder) {
	fmt.Fprintf(b, "\n%s in %s, %s\n", wording.Count(r.Rows, "row"), wording.Count(len(r.Files), "file"), wording.Count(r.Records, "record"))
	for _, skipped := range r.Skipped {
		fmt.Fprintf(b, "  %d skipped: %s\n", skipped.N, printable.Text(skipped.Name))
	}
	if r.Unmatched.N > 0 {
		fmt.Fprintf(b, "  %d skipped: lines that match no pattern, comments, or elements next to the records", r.Unmatched.N)
		if r.Unmatched.First != "" {
			fmt.Fprintf(b, ", the first: %s", r.Unmatched.First)
		}
		fmt.Fprintln(b)
	}
	for _, reject := range r.Rejects {
		reason := printable.Text(reject.Reason)
		if reject.Detail != "" {
			reason += ": " + reject.Detail
		}
		fmt.Fprintf(b, "  %d rejected: %s (first in row %d of %s)\n", reject.N, reason, reject.Row, printable.Text(reject.Path))
	}
}

// counts writes a list of counts below a title.
func counts(b *strings.Builder, title string, list []Count) {
	if len(list) == 0 {
		return
	}
	var all []string
	for _, c := range list {
		all = append(all, fmt.Sprintf("%s: %d", c.Name, c.N))
	}
	fmt.Fprintf(b, "%s: %s\n", title, strings.Join(all, ", "))
}

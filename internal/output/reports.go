package output

import (
	"context"
	"io"
	"strings"

	"cdrmend/internal/page"
	"cdrmend/internal/reconcile"
	"cdrmend/internal/report"
	"cdrmend/internal/statement"
	"cdrmend/internal/table"
	"cdrmend/internal/worklist"
)

// Page returns the page for people, without its summary. WriteTables fills in its findings.
func (r *Run) Page(ctx context.Context) *page.Run {
	d := r.Decision
	return &page.Run{
		ID: r.Inputs.RunID, Redact: r.Config.Report, Linked: true,
		Repairs: Until(ctx, d.RepairRows(r.Inputs.Interval.Label)), Outages: Until(ctx, d.OutageRows),
		Calls: Until(ctx, d.CallRowsOf(reconcile.VerdictMissing, reconcile.VerdictPartial, reconcile.VerdictIndeterminate)),
	}
}

// WriteReports writes the files for people. The page and the statement name the
// files that were written before them by their hashes.
func (r *Run) WriteReports(ctx context.Context, sum *report.Summary, p *page.Run) error {
	r.Progress("writing reports", 0, 0)
	if err := r.writePage(ctx, p); err != nil {
		return err
	}

	// The statement comes last: it names the other two.
	if r.Config.Report.XLSX {
		if err := r.writeWorklist(ctx, sum); err != nil {
			return err
		}
	}
	if r.Config.Report.PDF {
		return r.writeStatement(ctx, sum)
	}

	return nil
}

func (r *Run) writePage(ctx context.Context, p *page.Run) error {
	for _, f := range r.files.Files() {
		p.Files = append(p.Files, page.File(f))
	}
	return r.files.Create(ctx, report.PageFile, func(w io.Writer) error { return p.Write(w) })
}

func (r *Run) writeWorklist(ctx context.Context, sum *report.Summary) error {
	d := r.Decision
	n := worklist.Night{
		RunID: r.Inputs.RunID, Summary: sum, Report: r.Config.Report,
		Findings: func(wanted worklist.Wanted) table.Rows {
			return Until(ctx, d.FindingRowsOf(func(f *reconcile.Finding) bool {
				return wanted(f.Class.String(), f.Severity.String(), f.Status.String())
			}))
		},
		Repairs: Until(ctx, d.RepairRows(r.Inputs.Interval.Label)), Outages: Until(ctx, d.OutageRows),
		Calls: Until(ctx, d.CallRowsOf(
			reconcile.VerdictMissing, reconcile.VerdictPartial, reconcile.VerdictIndeterminate, reconcile.VerdictIncomplete, reconcile.VerdictRecordedInError,
		)),
	}
	return r.files.Create(ctx, "findings.xlsx", func(w io.Writer) error {
		return worklist.Write(w, &n)
	})
}

func (r *Run) writeStatement(ctx context.Context, sum *report.Summary) error {
	s := statement.Run{ID: r.Inputs.RunID, Summary: sum, Report: r.Config.Report, Findings: Until(ctx, r.Decision.FindingRows)}
	for _, f := range r.files.Files() {
		if !strings.Contains(f.Path, "/") { // neither a document nor rejects
			s.Files = append(s.Files, statement.File{Path: f.Path, SHA256: f.SHA256})
		}
	}
	return r.files.Create(ctx, "report.pdf", func(w io.Writer) error { return statement.Write(w, &s) })
}

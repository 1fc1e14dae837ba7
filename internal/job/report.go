package job

import (
	"context"
	"io"
	"strings"

	"cdrmend/internal/ledger"
	"cdrmend/internal/page"
	"cdrmend/internal/reconcile"
	"cdrmend/internal/redact"
	"cdrmend/internal/report"
	"cdrmend/internal/statement"
	"cdrmend/internal/worklist"
)

// page returns the page for people. Findings pass when their table is written.
func (j *Job) page(snap *snapshot, d *reconcile.Decision, sum *report.Summary) *page.Run {
	return &page.Run{
		ID: snap.runID, Redact: j.Config.Report, Summary: sum, Repairs: d.RepairRows(snap.label), Outages: d.OutageRows,
		Calls: d.CallRowsOf(reconcile.VerdictMissing, reconcile.VerdictPartial, reconcile.VerdictIndeterminate),
	}
}

// renderReports writes the files for people, which name the files before them
// by their hashes.
func (j *Job) renderReports(ctx context.Context, run *ledger.Run, snap *snapshot, d *reconcile.Decision, sum *report.Summary, p *page.Run) error {
	j.Watch("writing reports", 0, 0)
	if err := renderPage(ctx, run, p); err != nil {
		return err
	}
	if j.Config.Report.XLSX {
		if err := j.renderWorklist(ctx, run, snap, d, sum); err != nil {
			return err
		}
	}
	if j.Config.Report.PDF {
		return j.renderStatement(ctx, run, snap, d, sum)
	}
	return nil
}

func renderPage(ctx context.Context, run *ledger.Run, p *page.Run) error {
	for _, f := range run.Files() {
		p.Files = append(p.Files, page.File(f))
	}
	return run.Create(ctx, "report.html", func(w io.Writer) error { return p.Write(w) })
}

func (j *Job) renderWorklist(ctx context.Context, run *ledger.Run, snap *snapshot, d *reconcile.Decision, sum *report.Summary) error {
	n := worklist.Night{
		RunID: snap.runID, Summary: sum,
		Findings: d.FindingRows, Repairs: d.RepairRows(snap.label), Outages: d.OutageRows, Calls: d.CallRowsOf(
			reconcile.VerdictMissing, reconcile.VerdictPartial, reconcile.VerdictIndeterminate, reconcile.VerdictIncomplete, reconcile.VerdictRecordedInError,
		),
	}
	return run.Create(ctx, "findings.xlsx", func(w io.Writer) error {
		return worklist.Write(w, &n, redact.New(j.Config.Report), j.Config.Scratch)
	})
}

func (j *Job) renderStatement(ctx context.Context, run *ledger.Run, snap *snapshot, d *reconcile.Decision, sum *report.Summary) error {
	s := statement.Run{ID: snap.runID, Summary: sum, Findings: d.FindingRows}
	for _, f := range run.Files() {
		if !strings.Contains(f.Path, "/") { // neither a document nor rejects
			s.Files = append(s.Files, statement.File{Path: f.Path, SHA256: f.SHA256})
		}
	}
	return run.Create(ctx, "report.pdf", func(w io.Writer) error { return statement.Write(w, &s, redact.New(j.Config.Report)) })
}

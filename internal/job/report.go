package job

import (
	"context"
	"io"

	"cdrmend/internal/ledger"
	"cdrmend/internal/page"
	"cdrmend/internal/reconcile"
	"cdrmend/internal/report"
)

// page returns the page for people, before anything is gathered for it.
func (j *Job) page(snap *snapshot, d *reconcile.Decision, sum *report.Summary) *page.Run {
	return &page.Run{
		ID: snap.runID, Redact: j.Config.Report, Summary: sum,
		Findings: d.FindingRows, Repairs: d.RepairRows(snap.label), Outages: d.OutageRows,
		Calls: d.CallRowsOf(reconcile.VerdictMissing, reconcile.VerdictPartial, reconcile.VerdictIndeterminate),
	}
}

// renderReport writes the page for people, which names the files before it by
// their hashes.
func (j *Job) renderReport(ctx context.Context, run *ledger.Run, p *page.Run) error {
	j.Watch("writing the report", 0, 0)
	for _, f := range run.Files() {
		p.Files = append(p.Files, page.File(f))
	}
	return run.Create(ctx, "report.html", func(w io.Writer) error { return p.Write(w) })
}

// Package output writes a run: repaired documents, tables, the summary, the list
// of inputs, rejects and reports for people.
//
// It takes a decision that is complete, and changes nothing in it. Nothing that
// it writes counts before a commit record names it.
package output

import (
	"context"

	"cdrmend/internal/intake"
	"cdrmend/internal/ledger"
	"cdrmend/internal/policy"
	"cdrmend/internal/reconcile"
	"cdrmend/internal/report"

	"golang.org/x/sync/errgroup"
)

// Run is a run to be written to an output.
type Run struct {
	Config   *policy.Config
	Inputs   *intake.Inputs
	Account  *intake.Account
	Decision *reconcile.Decision
	Progress func(stage string, done, total int64)

	files *ledger.Run
	names *names
}

// NewRun returns a run whose files go to the ledger.
func NewRun(r Run, to *ledger.Interval) *Run {
	r.files = to.NewRun(r.Inputs.RunID, r.Config.Scratch)
	r.names = nameOutputs(r.Inputs)
	return &r
}

// WriteObjects writes the repaired documents, the list of inputs with the rejects,
// and the summary, which it returns. It writes them at the same time, as documents
// and rejects take long.
func (r *Run) WriteObjects(ctx context.Context) (sum *report.Summary, err error) {
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return r.writeDocuments(ctx) })
	g.Go(func() error { return r.writeInputs(ctx) })
	g.Go(func() (err error) {
		sum, err = r.writeSummary(ctx)
		return err
	})
	err = g.Wait()
	return sum, err
}

// Blocks returns the sums of the blocks of the tables.
func (r *Run) Blocks() []ledger.FileBlocks { return r.files.Blocks() }

// Finish writes the list of all files, and returns its SHA-256.
func (r *Run) Finish(ctx context.Context) (string, error) {
	return r.files.Finish(ctx, r.names.renamed)
}

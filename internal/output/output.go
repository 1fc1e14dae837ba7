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

// WriteObjects writes the repaired documents, and the list of inputs with the rejects. It
// mostly waits for the store, so it runs at the same time as WriteTables, which keeps the
// processors busy.
func (r *Run) WriteObjects(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error {
		err := r.writeDocuments(ctx)
		r.Progress("writing tables", 0, 0)
		return err
	})
	g.Go(func() error { return r.writeInputs(ctx) })
	return g.Wait()
}

// Blocks returns the sums of the blocks of the tables.
func (r *Run) Blocks() []ledger.FileBlocks { return r.files.Blocks() }

// Finish writes the list of all files, and returns its SHA-256.
func (r *Run) Finish(ctx context.Context) (string, error) {
	return r.files.Finish(ctx, r.names.renamed)
}

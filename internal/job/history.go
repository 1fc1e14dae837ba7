package job

import (
	"context"
	"fmt"

	"cdrmend/internal/ledger"
	"cdrmend/internal/output"
	"cdrmend/internal/scratch"
	"cdrmend/internal/table"
)

// history is the history of all findings after a commit.
type history struct {
	after  string // SHA-256 of the record that the commit succeeds, empty for the first
	number int64  // of the commit
	files  []ledger.File
	blocks []ledger.FileBlocks
}

// historyOf returns a function that writes the history of a commit after head
// while the table of findings is written; nil when there will be no commit.
func (j *Job) historyOf(to *ledger.Interval, head *ledger.Head, c *computed) func(context.Context, table.Rows, *output.Table) error {
	if head == nil {
		return nil
	}
	return func(ctx context.Context, findings table.Rows, of *output.Table) (err error) {
		c.history, err = j.writeHistory(ctx, to, *head, c, findings, of)
		return err
	}
}

// writeHistory writes the history of a commit after head. It ranges over the
// findings once. Of is the table that they are written to at the same time, nil
// when they are not. The history has no effect until a record names it.
func (j *Job) writeHistory(ctx context.Context, to *ledger.Interval, head ledger.Head, c *computed, findings table.Rows, of *output.Table) (history, error) {
	h := history{after: head.SHA256, number: head.Next()}
	previous, done, err := j.previousHistory(ctx, to, head)
	if err != nil {
		return h, err
	}
	defer done()

	// Each row of the first history begins with a row of the findings, in the same
	// order. A later history has earlier findings between them: nothing is shared.
	if head.Record != nil {
		of = nil
	}
	t, err := output.NewTable(&j.Config.Output, table.History, func() (*scratch.Spool, error) { return to.NewSpool(j.Config.Scratch) }, of)
	if err != nil {
		return h, err
	}
	defer t.Close()

	if err := table.Drain(t.Passing(table.Merge(output.Until(ctx, previous), output.Until(ctx, c.decision.FindingRows), findings, h.number))); err != nil {
		return h, err
	}

	err = t.Put(func(suffix string, spool *scratch.Spool) error {
		f, err := to.PutLog(ctx, fmt.Sprintf("%08d-%s.history%s", h.number, c.inputs.RunID, suffix), spool)
		h.files = append(h.files, f)
		if sums := spool.Blocks(); sums != nil {
			h.blocks = append(h.blocks, ledger.FileBlocks{File: f, Sums: sums})
		}
		return err
	})

	return h, err
}

// previousHistory opens the history of the newest commit.
func (j *Job) previousHistory(ctx context.Context, to *ledger.Interval, head ledger.Head) (table.Rows, func(), error) {
	if head.Record == nil {
		return table.Empty, func() {}, nil
	}
	if len(head.Record.History) == 0 {
		return nil, nil, fmt.Errorf("commit record %d of interval %s names no history", head.Number(), to.Label)
	}

	f := head.Record.History[0]
	body, err := to.OpenHistory(ctx, head, f)
	if err != nil {
		return nil, nil, err
	}
	defer body.Close()
	return output.CopyRows(body, f.Path, table.History, j.Config.Scratch)
}

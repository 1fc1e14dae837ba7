package job

import (
	"context"
	"fmt"

	"cdrmend/internal/ledger"
	"cdrmend/internal/policy"
	"cdrmend/internal/reconcile"
	"cdrmend/internal/record"
	"cdrmend/internal/scratch"
	"cdrmend/internal/table"
	"cdrmend/internal/token"
)

// SigningKeys returns the key that signs commit records, nil without one, and
// the public keys that may have signed earlier ones.
func SigningKeys(s *policy.Signing) (*token.Signer, *token.Keys, error) {
	if s.Key == nil {
		return nil, nil, nil
	}
	signer, err := token.ParseSigner(s.Key, s.KeyID)
	if err != nil {
		return nil, nil, fmt.Errorf("reading signing.key: %q %w", s.Path, err)
	}
	keys := signer.Public()
	if s.Keys != nil {
		earlier, err := token.ParseKeys(s.Keys)
		if err != nil {
			return nil, nil, fmt.Errorf("reading signing.keys: it %w", err)
		}
		keys = keys.And(earlier)
	}
	return signer, keys, nil
}

// history is the history of all findings after a commit.
type history struct {
	after string // SHA-256 of the record that the commit succeeds, empty for the first
	files []ledger.File
}

// renderHistory writes the history that a commit after head would make of the
// findings, which are ranged over once, and which another writer may write as
// they pass. Until a record names it, it is nothing.
func (j *Job) renderHistory(ctx context.Context, book *ledger.Interval, head ledger.Head, snap *snapshot, d *reconcile.Decision, findings table.Rows, beside *table.Writer) (history, error) {
	h := history{after: head.SHA256}
	number := head.Number() + 1
	previous, done, err := j.previousHistory(ctx, book, head)
	if err != nil {
		return h, err
	}
	defer done()
	if head.Record != nil {
		beside = nil // other findings stand between these
	}
	files, err := j.newTable(table.History, func() (*scratch.Spool, error) { return book.NewSpool(j.Config.Scratch) }, beside)
	if err != nil {
		return h, err
	}
	defer files.close()
	if err := table.Drain(files.Passing(table.Merge(previous, d.FindingRows, findings, number))); err != nil {
		return h, err
	}
	err = files.put(func(suffix string, spool *scratch.Spool) error {
		f, err := book.PutLog(ctx, fmt.Sprintf("%08d-%s.history%s", number, snap.runID, suffix), spool)
		h.files = append(h.files, f)
		return err
	})
	return h, err
}

// commit creates the record that makes the run count. If another one was
// created since the history was made, it is made anew.
func (j *Job) commit(ctx context.Context, book *ledger.Interval, head ledger.Head, neighbours []ledger.Neighbour, c *computed) error {
	if c.history.after != head.SHA256 {
		var err error
		if c.history, err = j.renderHistory(ctx, book, head, c.snap, c.decision, c.decision.FindingRows, nil); err != nil {
			return err
		}
	}
	return book.Commit(ctx, ledger.Record{
		Format: ledger.RecordFormat, Number: head.Number() + 1, Name: j.Config.Name, Interval: book.Label,
		RunID: c.snap.runID, RunSHA256: c.runSum, History: c.history.files, Time: j.Now().UTC(), Tool: j.Tool,
		Previous: head.SHA256, Neighbours: neighbours, Outcome: c.summary.Outcome,
		Retention: j.Retain,
	})
}

// previousHistory opens the history of the newest commit.
func (j *Job) previousHistory(ctx context.Context, book *ledger.Interval, head ledger.Head) (table.Rows, func(), error) {
	if head.Record == nil {
		return table.Empty, func() {}, nil
	}
	if len(head.Record.History) == 0 {
		return nil, nil, fmt.Errorf("commit record %d of interval %s names no history", head.Number(), book.Label)
	}
	f := head.Record.History[0]
	body, err := book.OpenHistory(ctx, head, f)
	if err != nil {
		return nil, nil, err
	}
	defer body.Close()
	return j.rows(body, f.Path, table.History)
}

// neighbours returns the newest records of the intervals that are checked
// again along with this one, so that the ledgers of neighbouring intervals
// vouch for each other. Their histories are their own runs' business.
func (j *Job) neighbours(ctx context.Context, interval record.Span) ([]ledger.Neighbour, error) {
	list := []ledger.Neighbour{}
	for back := 1; back <= j.Config.Recheck; back++ {
		shift := record.Time(int64(back) * j.Config.Interval.Microseconds())
		book := j.ledger(record.Span{Start: interval.Start - shift, End: interval.End - shift})
		head, err := book.Latest(ctx)
		if err != nil {
			return nil, err
		}
		if head.Record != nil {
			list = append(list, ledger.Neighbour{Interval: book.Label, Number: head.Number(), SHA256: head.SHA256})
		}
	}
	return list, nil
}

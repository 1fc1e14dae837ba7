package job

import (
	"context"
	"fmt"
	"time"

	"cdrmend/internal/ledger"
	"cdrmend/internal/policy"
)

// head reads the newest commit. A run without a key may not add to records that
// are signed.
func (a *attempt) head(ctx context.Context) (ledger.Head, error) {
	head, err := a.ledger.Newest(ctx)
	if err != nil {
		return head, err
	}
	if head.Seal.Signed && a.Signer == nil {
		return head, fmt.Errorf("interval %s in %s: %w", a.interval.Label, a.ledger.Store, ledger.ErrSigned)
	}
	if head.Record != nil && !head.Seal.Signed && a.Signer != nil {
		a.Log.Warn("the newest commit record is unsigned: signing begins after it", "interval", a.interval.Label, "record", head.Number())
	}
	return head, nil
}

// neighbours returns the newest records of the intervals that are checked
// again along with this one, so that the ledgers of neighbouring intervals
// vouch for each other. Their own runs check their histories.
func (j *Job) neighbours(ctx context.Context, interval policy.Interval) ([]ledger.Neighbour, error) {
	list := []ledger.Neighbour{}
	for back := 1; back <= j.Config.Recheck; back++ {
		earlier := j.ledger(policy.IntervalAt(interval.Start.Add(-time.Duration(back)*j.Config.Interval), j.Config.Interval))
		head, err := earlier.Latest(ctx)
		if err != nil {
			return nil, err
		}
		if head.Record != nil {
			list = append(list, ledger.Neighbour{Interval: earlier.Label, Number: head.Number(), SHA256: head.SHA256})
		}
	}

	return list, nil
}

// commit creates the record that makes the run count. If another one was
// created since the history was made, it is made anew.
func (a *attempt) commit(ctx context.Context, head ledger.Head, neighbours []ledger.Neighbour) error {
	c := a.done

	// The run itself does not depend on earlier commits, but the history does.
	if c.history.after != head.SHA256 {
		var err error
		if c.history, err = a.writeHistory(ctx, a.ledger, head, c, c.decision.FindingRows, nil); err != nil {
			return err
		}
	}

	return a.ledger.Commit(ctx, ledger.Record{
		Format: ledger.RecordFormat, Number: head.Number() + 1, Name: a.Config.Name, Interval: a.interval.Label,
		RunID: c.inputs.RunID, RunSHA256: c.runSum, History: c.history.files, Time: a.Now().UTC(), Tool: a.Tool,
		Previous: head.SHA256, Neighbours: neighbours, Outcome: c.summary.Outcome,
		Retention: a.Retain,
	})
}

package job

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"cdrmend/internal/ledger"
	"cdrmend/internal/policy"
	"cdrmend/internal/report"
)

// base is what a run builds on: what was committed before it.
type base struct {
	ledger     *ledger.Interval
	known      ledger.Known
	head       ledger.Head   // of the interval
	neighbours []ledger.Head // of the intervals that are checked again along with it
	packed     []ledger.Head // see attempt.packed; nil until it was called
}

// unchanged reports whether the newest commit is that of a run. One that only a
// decision makes count needs a successor that names the decision.
func (b *base) unchanged(runID string) bool {
	h := &b.head
	return h.Record != nil && h.Record.RunID == runID && len(h.Adopted)+len(h.Disowned) == 0
}

// base reads the output's identity, the newest commits, and the end of the journal. It
// enters commits that no entry names. A run without a key may not add to records that
// are signed.
func (a *attempt) base(ctx context.Context) (*base, error) {
	b := &base{ledger: a.out.Interval(a.interval.Label)}
	var undecided decisions
	var err error

	// Everything that a person has to decide about is named at once, so reading goes
	// on. Without an identity records are not compared with it.
	if b.known, err = a.out.Identity(ctx); undecided.isOther(err) {
		return nil, err
	}
	if err == nil {
		b.ledger.Known = &b.known
	}

	if b.head, err = b.ledger.Newest(ctx); undecided.isOther(err) {
		return nil, err
	}
	if b.known.Signed && a.Signer == nil {
		return nil, fmt.Errorf("%s in %s: %w", ledger.IdentityFile, a.out.Store, ledger.ErrSigned)
	}
	if b.head.Seal.Signed && a.Signer == nil {
		return nil, fmt.Errorf("the newest commit record of interval %s in %s: %w", a.interval.Label, a.out.Store, ledger.ErrSigned)
	}
	if err := a.readNeighbours(ctx, b, &undecided); err != nil {
		return nil, err
	}

	if err := a.openJournal(ctx, b); undecided.isOther(err) {
		return nil, err
	}
	if err := undecided.err(); err != nil {
		return nil, err
	}
	return b, a.enterFound(ctx, b)
}

// decisions collects what a person has to decide about.
type decisions struct{ list []error }

// isOther reports whether an error is none about which a person has to decide.
func (d *decisions) isOther(err error) bool {
	if err == nil {
		return false
	}
	if _, ok := errors.AsType[*ledger.UntrustedError](err); !ok {
		return true
	}
	d.list = append(d.list, err)
	return false
}

func (d *decisions) err() error { return errors.Join(d.list...) }

// readNeighbours reads the newest records of the intervals that are checked again
// along with this one, so that the ledgers of neighbouring intervals vouch for each
// other. Their own runs check their histories.
func (a *attempt) readNeighbours(ctx context.Context, b *base, undecided *decisions) error {
	for back := 1; back <= a.Config.Recheck; back++ {
		start := a.interval.Start.Add(-time.Duration(back) * a.Config.Interval)
		earlier := a.out.Interval(policy.IntervalAt(start, a.Config.Interval).Label)
		earlier.Known = b.ledger.Known

		head, err := earlier.Latest(ctx)
		if undecided.isOther(err) {
			return err
		}
		if head.Record != nil {
			b.neighbours = append(b.neighbours, head)
		}
	}
	return nil
}

// openJournal finds the end of the journal. What this process knows of it is kept from
// one interval to the next.
func (a *attempt) openJournal(ctx context.Context, b *base) error {
	if a.journal != nil {
		if err := a.journal.Skim(ctx); err != nil {
			return err
		}
	} else {
		var hints []*ledger.Mark
		for _, head := range append([]ledger.Head{b.head}, b.neighbours...) {
			if head.Record != nil {
				hints = append(hints, head.Record.Journal)
			}
		}

		var err error
		if a.journal, err = a.out.Open(ctx, b.known, hints...); err != nil {
			return err
		}
	}

	_, err := a.journal.Head(ctx)
	return err
}

// enterFound enters the newest commits if no entry names them: their runs were killed
// before they could. An output without an id has no journal yet.
func (a *attempt) enterFound(ctx context.Context, b *base) error {
	if a.Dry != nil || b.known.ID == "" {
		return nil
	}
	for _, head := range append([]ledger.Head{b.head}, b.neighbours...) {
		if err := a.journal.EnterFound(ctx, head); err != nil {
			return err
		}
	}
	return nil
}

// begin gives the output its id before the first file is written.
func (a *attempt) begin(ctx context.Context, b *base) (err error) {
	if a.Dry == nil {
		b.known, err = a.out.Begin(ctx, b.known, a.journal)
	}
	return err
}

// commit creates the record that makes the run count. If another one was
// created since the history was made, it is made anew.
func (a *attempt) commit(ctx context.Context, b *base) (ledger.Head, error) {
	c := a.done

	// The run itself does not depend on earlier commits, but the history does.
	if c.history.after != b.head.SHA256 || c.history.number != b.head.Next() {
		var err error
		if c.history, err = a.writeHistory(ctx, b.ledger, b.head, c, c.decision.FindingRows, nil); err != nil {
			return ledger.Head{}, err
		}
	}

	// The nearer the end that the record saw is to its own entry, the fewer entries
	// are read to find that.
	if err := a.journal.Skim(ctx); err != nil {
		return ledger.Head{}, err
	}
	saw, err := a.journal.Head(ctx)
	if err != nil {
		return ledger.Head{}, err
	}

	r := ledger.Record{
		Format: ledger.RecordFormat, Number: b.head.Next(), Name: a.Config.Name, Interval: a.interval.Label,
		RunID: c.inputs.RunID, RunSHA256: c.runSum, History: c.history.files, Time: a.Now().UTC(), Tool: a.Tool,
		Previous: b.head.SHA256, Neighbours: []ledger.Neighbour{}, Outcome: c.summary.Outcome,
		Retention: a.Retain, Output: b.known.ID, Journal: saw,
	}
	for _, n := range b.neighbours {
		r.Neighbours = append(r.Neighbours, ledger.Neighbour{Interval: n.Record.Interval, Number: n.Number(), SHA256: n.SHA256})
		r.Adopted = append(r.Adopted, n.Adopted...)
	}
	if r.Evidence, err = c.packs.named(ctx); err != nil {
		return ledger.Head{}, err
	}
	if c.packs != nil {
		r.Night = c.packs.night
	}
	r.Media = c.media
	if sums := slices.Concat(c.blocks, c.history.blocks); len(sums) > 0 {
		if r.Blocks, err = b.ledger.PutBlocks(ctx, sums, a.Config.Scratch); err != nil {
			return ledger.Head{}, err
		}
	}
	r.Adopted = sortedTexts(r.Adopted, b.known.Adopted, b.head.Adopted)
	r.Disowned = sortedTexts(b.known.Disowned, b.head.Disowned)
	return b.ledger.Commit(ctx, r)
}

// sortedTexts returns all texts of the lists in order, nil for none.
func sortedTexts(lists ...[]string) []string {
	all := slices.Concat(lists...)
	slices.Sort(all)
	return slices.Compact(all)
}

// enter enters the record into the journal and returns the entry. The run is committed
// by now, so a failure is no failure of it: the next run enters the record.
func (a *attempt) enter(ctx context.Context, committed ledger.Head) *report.Mark {
	m, err := a.journal.Enter(ctx, committed)
	if err != nil {
		a.Log.Warn("the commit is not in the journal yet: the next run of the interval enters it", "error", err)
		return nil
	}
	return &report.Mark{Number: m.Number, SHA256: m.SHA256}
}

// journalHead returns the newest entry of the journal, nil when it has none.
func (a *attempt) journalHead(ctx context.Context) *report.Mark {
	m, err := a.journal.Head(ctx)
	if err != nil || m == nil {
		return nil
	}
	return &report.Mark{Number: m.Number, SHA256: m.SHA256}
}

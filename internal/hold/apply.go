package hold

import (
	"context"
	"errors"
	"fmt"

	"cdrmend/internal/ledger"
	"cdrmend/internal/object"
)

// Done is what a call did.
type Done struct {
	Record *ledger.HoldHead
	Entry  *ledger.Mark // of the journal, that names the record
	Lines  []Line
}

// ErrOvertaken is returned when another call for the matter wrote a record meanwhile.
var ErrOvertaken = errors.New("another call for the matter runs at the same time: run again when it has ended")

// Complete enters the records of a matter that the journal does not name, and carries out
// the intention of a call that was interrupted; nil when there was none.
func (o *Output) Complete(ctx context.Context, journal *ledger.Journal, matter string) (*Done, error) {
	m, err := o.Matter(ctx, matter, o.ID)
	if err != nil {
		return nil, err
	}
	if _, err := journal.EnterHolds(ctx, m); err != nil {
		return nil, err
	}
	open := m.Open()
	if open == nil {
		return nil, nil
	}
	var lines []Line
	if err := o.readList(ctx, open.Record, func(l *Line) error {
		lines = append(lines, *l)
		return nil
	}); err != nil {
		return nil, err
	}
	return o.carryOut(ctx, journal, m, lines)
}

// Apply carries a plan out. An earlier call that was interrupted must be complete.
func (p *Plan) Apply(ctx context.Context, journal *ledger.Journal, why Why) (*Done, error) {
	o := p.out
	m, err := o.Matter(ctx, p.Matter, o.ID)
	if err != nil {
		return nil, err
	}
	if m.Open() != nil {
		return nil, ErrOvertaken
	}
	if err := o.put(ctx, journal, m, p.Lines, ledger.Hold{
		Action: p.Action, Step: ledger.HoldIntended, Reason: why.Reason, By: why.By, Results: []ledger.HoldCount{},
	}); err != nil {
		return nil, err
	}
	if _, err := journal.EnterHolds(ctx, m); err != nil {
		return nil, err
	}
	return o.carryOut(ctx, journal, m, p.Lines)
}

// put writes a list, and the record that names it.
func (o *Output) put(ctx context.Context, journal *ledger.Journal, m *ledger.Matter, lines []Line, h ledger.Hold) error {
	list, err := o.writeList(ctx, m, lines)
	if err != nil {
		return err
	}
	h.List, h.Output, h.Tool, h.Time = list, o.ID, o.Tool, o.Now().UTC()
	if h.Journal, err = journal.Head(ctx); err != nil {
		return err
	}
	if _, err = o.PutHold(ctx, m, h); errors.Is(err, object.ErrTaken) {
		return fmt.Errorf("%w: %w", ErrOvertaken, err)
	}
	return err
}

// carryOut changes the holds of the open intention of a matter, and writes what was done.
func (o *Output) carryOut(ctx context.Context, journal *ledger.Journal, m *ledger.Matter, lines []Line) (*Done, error) {
	intended := m.Open().Record

	// The others' records are read after the intention was written; see the package's
	// comment.
	other, err := o.readOthers(ctx, m.Name, placesOf(lines))
	if err != nil {
		return nil, err
	}
	carry := o.set
	if intended.Action == ledger.HoldRelease {
		carry = o.release
	}
	if err := o.each(ctx, "changing holds", len(lines), func(ctx context.Context, i int) error {
		return carry(ctx, &lines[i], other[lines[i].place()])
	}); err != nil {
		return nil, err
	}

	if err := o.put(ctx, journal, m, lines, ledger.Hold{
		Action: intended.Action, Step: ledger.HoldDone, Reason: intended.Reason, By: intended.By, Results: Counts(lines),
	}); err != nil {
		return nil, err
	}
	done := &Done{Record: m.Newest(), Lines: lines}
	done.Entry, err = journal.EnterHolds(ctx, m)
	return done, err
}

// set sees to it that an object is held. A hold that was to be found may have been lifted
// since it was looked at.
func (o *Output) set(ctx context.Context, l *Line, other *others) error {
	l.Matters = other.names()
	if l.Result.Failed() {
		l.After = l.Before
		return nil
	}
	h, err := o.holder(ctx, l)
	if err != nil {
		return err
	}

	on := false
	if l.Result != Set {
		if on, err = h.LegalHold(ctx, l.info()); err != nil {
			return l.failed(err)
		}
	}
	if !on {
		l.Result = Set
		if err := h.SetLegalHold(ctx, l.info(), true); err != nil {
			return l.failed(err)
		}
		if on, err = h.LegalHold(ctx, l.info()); err != nil {
			return l.failed(err)
		}
	}

	if l.After = stateOf(on); other != nil && other.releasing && l.Result != Held || !on {
		l.Result = Busy
	}
	return nil
}

// release lifts the hold of an object unless another matter needs it.
func (o *Output) release(ctx context.Context, l *Line, other *others) error {
	l.Matters = other.names()
	l.After = l.Before
	switch {
	case l.Result != Released && l.Result != Kept:
		return nil
	case other != nil && other.releasing:
		l.Result = Busy
		return nil
	case len(l.Matters) > 0:
		l.Result = Kept
		return nil
	}

	l.Result = Released // the others may have released it since it was looked at
	h, err := o.holder(ctx, l)
	if err != nil {
		return err
	}
	if err := h.SetLegalHold(ctx, l.info(), false); err != nil {
		return l.failed(err)
	}
	on, err := h.LegalHold(ctx, l.info())
	if err != nil {
		return l.failed(err)
	}
	if l.After = stateOf(on); on {
		l.Result = Busy
	}
	return nil
}

// failed is refused for an object whose hold was to be changed.
func (l *Line) failed(err error) error {
	l.After = Unknown
	return l.refused(err)
}

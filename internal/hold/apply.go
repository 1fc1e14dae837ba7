package hold

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"cdrmend/internal/ledger"
	"cdrmend/internal/object"
)

// Done is what a call did.
type Done struct {
	Record *ledger.HoldHead
	Entry  *ledger.Mark // of the journal, that names the record
	Lines  []Line
}

// ErrOvertaken is returned when another call for the matter wrote a record meanwhile. [Output.Run]
// goes on from there.
var ErrOvertaken = errors.New("another call for the matter runs at the same time: run again when it has ended")

// mostTurns is how often a call begins anew. Each time another call wrote a record, so
// that only a crowd of them keeps one from its end.
const mostTurns = 100

// Outcome is what a call came to.
type Outcome struct {
	Completed bool // an earlier call that was interrupted
	Plan      *Plan
	Done      *Done // nil when the plan changes nothing
}

// Run carries a plan out, after what earlier calls left. Other calls for the matter may run
// at the same time: whoever finds that another one wrote a record begins anew, and first
// brings what it changed itself into the state that the records say. So whatever call is the
// last to end leaves no hold that no record covers, and none lifted that a record has.
func (o *Output) Run(ctx context.Context, journal *ledger.Journal, matter string, why Why, plan func(context.Context) (*Plan, error)) (out Outcome, err error) {
	for range mostTurns {
		if err = o.turn(ctx, journal, matter, why, plan, &out); !errors.Is(err, ErrOvertaken) {
			break
		}
	}
	return out, err
}

func (o *Output) turn(ctx context.Context, journal *ledger.Journal, matter string, why Why, plan func(context.Context) (*Plan, error), out *Outcome) error {
	before, err := o.Complete(ctx, journal, matter)
	if err != nil {
		return err
	}
	out.Completed = out.Completed || before != nil
	if err := o.mend(ctx, journal, matter, why); err != nil {
		return err
	}
	if out.Plan, err = plan(ctx); err != nil || !out.Plan.Changes() {
		return err
	}
	out.Done, err = out.Plan.Apply(ctx, journal, why)
	return err
}

// mend brings the objects that this call changed after it was overtaken into the state that
// the records say: another call may have ended its intention, and released what it set, or
// the other way round.
func (o *Output) mend(ctx context.Context, journal *ledger.Journal, matter string, why Why) error {
	if len(o.loose) == 0 {
		return nil
	}
	m, err := o.Matter(ctx, matter, o.ID)
	if err != nil {
		return err
	}
	lines := slices.SortedFunc(maps.Values(o.loose), compareLines)
	own, err := o.read(ctx, m, placesOf(lines))
	if err != nil {
		return err
	}
	other, err := o.readOthers(ctx, matter, placesOf(lines))
	if err != nil {
		return err
	}

	var set, release []Line
	for _, l := range lines {
		l.Matters, l.After, l.Code = other[l.place()].names(), "", ""
		if err := o.ask(ctx, &l); err != nil {
			return err
		}
		s := own[l.place()]
		held := s != nil && s.holds || len(l.Matters) > 0
		switch {
		case held && l.Before == Off:
			l.Result = Set
			if s != nil && s.holds {
				l.Recordings = s.recordings
			}
			set = append(set, l)
		case !held && l.Before == On:
			l.Result = Released
			release = append(release, l)
		}
	}
	follows := m.Newest()
	for _, step := range []struct {
		action string
		lines  []Line
	}{{ledger.HoldSet, set}, {ledger.HoldRelease, release}} {
		if len(step.lines) == 0 {
			continue
		}
		p := &Plan{Matter: matter, Action: step.action, Lines: step.lines, out: o, follows: follows}
		done, err := p.Apply(ctx, journal, why)
		if err != nil {
			return err
		}
		follows = done.Record
	}
	o.loose = nil
	return nil
}

// loosen notes the lines whose holds were changed, and of which no record of this call says
// what became of them.
func (o *Output) loosen(lines []Line) {
	for i := range lines {
		if l := &lines[i]; l.changed {
			if o.loose == nil {
				o.loose = map[place]Line{}
			}
			o.loose[l.place()] = *l
		}
	}
}

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
	// What a plan says is left, or held for others, holds for the records that it read.
	if m.Open() != nil || sumOf(m.Newest()) != sumOf(p.follows) {
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

func sumOf(h *ledger.HoldHead) string {
	if h == nil {
		return ""
	}
	return h.SHA256
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
	// Whoever was overtaken must not change holds any more. A call that is stopped between
	// this question and its request still may; mend sees to that.
	owns := func(ctx context.Context) error {
		followed, err := o.HoldFollowed(ctx, m)
		if err == nil && followed {
			err = ErrOvertaken
		}
		return err
	}
	err = o.each(ctx, "changing holds", len(lines), func(ctx context.Context, i int) error {
		return carry(ctx, owns, &lines[i], other[lines[i].place()])
	})
	if err == nil {
		err = o.put(ctx, journal, m, lines, ledger.Hold{
			Action: intended.Action, Step: ledger.HoldDone, Reason: intended.Reason, By: intended.By, Results: Counts(lines),
		})
	}
	if err != nil {
		o.loosen(lines)
		return nil, err
	}
	done := &Done{Record: m.Newest(), Lines: lines}
	done.Entry, err = journal.EnterHolds(ctx, m)
	return done, err
}

// set sees to it that an object is held. A hold that was to be found may have been lifted
// since it was looked at.
func (o *Output) set(ctx context.Context, owns func(context.Context) error, l *Line, other *others) error {
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
		l.Result, l.Before = Set, Off
		if err := owns(ctx); err != nil {
			return err
		}
		l.changed = true // perhaps, whatever the request gives
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
func (o *Output) release(ctx context.Context, owns func(context.Context) error, l *Line, other *others) error {
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
	if err := owns(ctx); err != nil {
		return err
	}
	l.changed = true
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

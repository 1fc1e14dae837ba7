package match

import (
	"cdrmend/internal/evidence"
	"cdrmend/internal/intern"
	"cdrmend/internal/policy"
	"cdrmend/internal/profile"
)

// duty says whether a leg is to be recorded.
type duty struct {
	by      int16 // number of the exclusion that applies, or one of the reasons below
	certain bool  // an exclusion applies that does not ask for the length of the call
}

// The reasons that are no exclusions.
const (
	toBeRecorded int16 = -1 - iota
	notRecordedBySource
	notExpected
)

// Duties say what is to be recorded. Legs of margins have a duty too: they
// compete for recordings with those of the interval.
type Duties struct {
	exclusions [][]exclusion // by source
	list       []duty        // by leg

	notRecordedBySource, notExpected intern.Text // reasons
}

// DutiesOf says of every leg whether it is to be recorded. It needs legs whose
// overused ids are forgotten.
func DutiesOf(ev *evidence.Evidence, spread evidence.Spread) *Duties {
	d := &Duties{
		exclusions: compileExclusions(ev), list: make([]duty, len(ev.Legs)),
		notRecordedBySource: ev.Texts.OfString("not recorded by source"), notExpected: ev.Texts.OfString("not expected"),
	}
	spread.EachPart(len(ev.Legs), func(_, from, to int) {
		for n := from; n < to; n++ {
			d.list[n] = d.duty(ev, uint32(n))
		}
	})
	return d
}

// duty says whether a leg is to be recorded: exclusions count first, then what its
// row says, then what the policy expects.
func (d *Duties) duty(ev *evidence.Evidence, n uint32) duty {
	first, certain := firstExclusion(d.exclusions[ev.Objects[ev.Legs[n].Ref.Object].Source], ev, n)
	by := toBeRecorded
	switch recorded := ev.Particulars[n].Recorded; {
	case first >= 0:
		by = int16(first)
	case recorded == profile.True:
	case recorded == profile.False:
		by = notRecordedBySource
	case ev.Policy.Expect == policy.ExpectAll, ev.Policy.Expect == policy.ExpectAnswered && answered(ev, n):
	default:
		by = notExpected
	}
	return duty{by, certain}
}

// answered reports whether a leg says that somebody answered.
func answered(ev *evidence.Evidence, n uint32) bool {
	if ev.Legs[n].Answer.Known() || ev.Particulars[n].TalkMS > 0 {
		return true
	}
	for _, span := range ev.TalkOf(n) {
		if span.End > span.Start {
			return true
		}
	}
	return false
}

// ToRecord reports whether a leg is to be recorded.
func (d *Duties) ToRecord(n uint32) bool { return d.list[n].by == toBeRecorded }

// CertainlyExcluded reports whether an exclusion applies to a leg that does not ask for the
// length of the call.
func (d *Duties) CertainlyExcluded(n uint32) bool { return d.list[n].certain }

// Forbidden reports whether the exclusion that applies to a leg forbids to record
// it.
func (d *Duties) Forbidden(ev *evidence.Evidence, n uint32) bool {
	x := d.exclusion(ev, n)
	return x != nil && x.forbid
}

// Competes reports whether a leg is to be recorded or must not be: both kinds need
// to know whose recording an entry is.
func (d *Duties) Competes(ev *evidence.Evidence, n uint32) bool {
	return d.ToRecord(n) || d.Forbidden(ev, n)
}

// exclusion returns the exclusion that applies to a leg, nil without one.
func (d *Duties) exclusion(ev *evidence.Evidence, n uint32) *exclusion {
	by := d.list[n].by
	if by < 0 {
		return nil
	}
	return &d.exclusions[ev.Objects[ev.Legs[n].Ref.Object].Source][by]
}

// Unexpected reports whether a leg is not to be recorded only because nothing tells that
// it is, such as one without an answer.
func (d *Duties) Unexpected(n uint32) bool { return d.list[n].by == notExpected }

// Reason says why a leg is not to be recorded.
func (d *Duties) Reason(ev *evidence.Evidence, n uint32) intern.Text {
	switch d.list[n].by {
	case toBeRecorded:
		return intern.None
	case notRecordedBySource:
		return d.notRecordedBySource
	case notExpected:
		return d.notExpected
	}
	return d.exclusion(ev, n).reason
}

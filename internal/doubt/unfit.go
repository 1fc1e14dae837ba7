package doubt

import (
	"cdrmend/internal/cdr"
	"cdrmend/internal/evidence"
	"cdrmend/internal/match"
	"cdrmend/internal/policy"
	"cdrmend/internal/record"
)

// How many rows it takes before what none of them has is a lack of the source.
const (
	fewestRows    = 20
	fewestAnswers = 3 // of rows, for a value that tells of the answer
)

// sourceRows counts what the owned rows of one source say.
type sourceRows struct {
	rows     int            // of JSON
	has      evidence.Needs // for which one of those rows has a member
	sharing  bool           // one of those rows shares a recording or a conversation with an entry
	legs     int            // of any format
	answers  bool           // one of the legs says something of the answer
	recorded int            // legs that share a recording or a conversation with an entry that is not void
}

// findUnfit finds the objects and sources that lack what judging needs, and marks
// the partitions of what is unfit as damaged.
func (d *Sources) findUnfit(w *witness) {
	ev := w.legs.Evidence
	rows := make([]sourceRows, len(ev.Sources))
	d.countEntries(w, rows)
	d.countLegs(w, rows)

	for i := range ev.Sources {
		d.judge(ev, uint32(i), &rows[i])
	}
	d.findDisjoint(w)
	d.markDamaged(ev, w.legs.Facts)
}

// markDamaged marks the partitions of what is unfit: an unfit source may hide any
// number of calls, so it counts as damaged.
func (d *Sources) markDamaged(ev *evidence.Evidence, facts *evidence.Facts) {
	for n := range ev.Partitions {
		if d.unfitSources[ev.Partitions[n].Source] && ev.OwnsPartition(uint32(n)) {
			facts.MarkDamaged(uint32(n))
		}
	}
	for object := range d.unfitObjects {
		facts.MarkDamaged(ev.Objects[object].Partition)
	}
}

// unfitIf notes an object that lacks something that is needed of its source.
func (d *Sources) unfitIf(ev *evidence.Evidence, object uint32) {
	o := &ev.Objects[object]
	if lacks := o.Lacks & needsOf(ev, ev.Sources[o.Source].Kind); lacks != 0 {
		d.unfitObjects[object] = true
		d.lacking[o.Source] |= lacks
	}
}

// countEntries counts the owned entries of each source, and notes objects that lack
// something. Only rows of JSON can show what no row has: a table says it itself, by
// its columns.
func (d *Sources) countEntries(w *witness, rows []sourceRows) {
	ev := w.legs.Evidence
	for i := range ev.Objects {
		if ev.Objects[i].Lacks != 0 && ev.Interval.Overlaps(ev.Partitions[ev.Objects[i].Partition].Span) && ev.Partitions[ev.Objects[i].Partition].Span != record.Forever {
			d.unfitIf(ev, uint32(i))
		}
	}
	for n := range ev.Entries {
		if !w.owned.Entries[n] {
			continue
		}

		e := &ev.Entries[n]
		object := ev.Documents[e.Doc].Object
		d.unfitIf(ev, object)
		if !ev.Objects[object].Tabular {
			r := &rows[ev.Objects[object].Source]
			r.rows++
			if e.Identified() {
				r.has |= evidence.NeedConversation
			}
		}
	}
}

// countLegs counts the owned legs of each source likewise.
func (d *Sources) countLegs(w *witness, rows []sourceRows) {
	ev := w.legs.Evidence
	for n := range uint32(len(ev.Legs)) {
		if !w.owned.Legs[n] {
			continue
		}

		object := ev.Legs[n].Ref.Object
		d.unfitIf(ev, object)
		r, flags := &rows[ev.Objects[object].Source], ev.Particulars[n].Flags

		r.legs++
		r.answers = r.answers || flags.Has(cdr.SaysAnswer)
		// What the legs share is only asked for as long as no answer is seen.
		if !r.answers && w.shares(n, func(st *match.EntryState) bool { return !st.Void }) {
			r.recorded++
		}

		if ev.Objects[object].Tabular {
			continue
		}
		r.rows++
		r.has |= membersOf(flags)
		r.sharing = r.sharing || r.has&evidence.NeedAnswer == 0 && w.shares(n, anyVoice)
	}
}

// membersOf returns the needs for which a leg has a member.
func membersOf(flags cdr.LegFlags) (has evidence.Needs) {
	for _, m := range [...]struct {
		flag cdr.LegFlags
		need evidence.Needs
	}{{cdr.HasStart, evidence.NeedStart}, {cdr.HasEnd, evidence.NeedEnd}, {cdr.HasIdentity, evidence.NeedConversation}, {cdr.HasAnswer, evidence.NeedAnswer}} {
		if flags.Has(m.flag) {
			has |= m.need
		}
	}
	return has
}

// judge says whether a source itself is unfit.
func (d *Sources) judge(ev *evidence.Evidence, source uint32, r *sourceRows) {
	s := &ev.Sources[source]
	if s.Kind == policy.Registrations {
		return
	}

	// Legs are made of sessions here, so a source without sessions has no leg that
	// could show a lack.
	if s.HasConversationDetails() {
		var elements, speaking int64
		for n := range ev.Partitions {
			if p := &ev.Partitions[n]; p.Source == source && ev.OwnsPartition(uint32(n)) {
				elements, speaking = elements+p.Elements, speaking+p.Speaking
			}
		}
		d.shapeless[source] = elements >= fewestRows && speaking == 0
		d.unfitSources[source] = d.shapeless[source]
		return
	}

	lacks := evidence.Needs(0)
	if r.rows >= fewestRows {
		lacks = needsOf(ev, s.Kind) &^ r.has
		// Calls that nobody answered have no answer and no recording either.
		if !r.sharing {
			lacks &^= evidence.NeedAnswer
		}
	}
	// If half of the legs have recordings, some were answered, and none says so.
	if s.Kind == policy.CDRs && ev.Policy.Expect == policy.ExpectAnswered && r.legs >= fewestAnswers && !r.answers && 2*r.recorded >= r.legs {
		lacks |= evidence.NeedAnswer
	}
	if lacks != 0 {
		d.unfitSources[source] = true
		d.lacking[source] |= lacks
	}
}

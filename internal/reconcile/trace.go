package reconcile

import (
	"cmp"
	"slices"
	"strings"

	"cdrmend/internal/cdr"
	"cdrmend/internal/evidence"
	"cdrmend/internal/intern"
	"cdrmend/internal/manifest"
	"cdrmend/internal/match"
	"cdrmend/internal/policy"
	"cdrmend/internal/record"
	"cdrmend/internal/table"
)

// Trace is a decision with the intermediate results of its stages. It applies the
// rules that made the decision again, and changes nothing.
type Trace struct {
	*Decision
	*match.ValueTrace
	outcomes []entryOutcome
	assessor *assessor

	// Made when they are first asked for.
	holders   *match.Holders
	bySubject []findingRef // the findings, in the order of what they are about
	writer    *rowWriter
}

// Explain makes the same decision as Decide and keeps the intermediate results.
func Explain(ev *evidence.Evidence, spread evidence.Spread) *Trace {
	t := &Trace{}
	t.Decision = decide(ev, spread, &whole{}, t)
	return t
}

// ExplainPart makes the decision about a part of the rows of a night, of which the rest
// is known. It fails when that is another night.
func ExplainPart(ev *evidence.Evidence, spread evidence.Spread, night *Night) (*Trace, error) {
	if err := night.Facts.Apply(ev); err != nil {
		return nil, err
	}
	if err := night.check(ev); err != nil {
		return nil, err
	}
	t := &Trace{}
	t.Decision = decide(ev, spread, &whole{given: night}, t)
	return t, nil
}

// newContests returns a map for the contests of the claims. Without a trace nobody
// asks for them, and there is none.
func (t *Trace) newContests() match.Contests {
	if t == nil {
		return nil
	}
	return match.Contests{}
}

// unlessKept frees what only the decision needed, unless a trace needs it still.
func (t *Trace) unlessKept(release func()) {
	if t == nil {
		release()
	}
}

// keep keeps what the decision on entries rests on. Like keepAssessor it does
// nothing without a trace.
func (t *Trace) keep(values *match.ValueTrace, outcomes []entryOutcome) {
	if t != nil {
		t.ValueTrace, t.outcomes = values, outcomes
	}
}

func (t *Trace) keepAssessor(a *assessor) {
	if t != nil {
		t.assessor = a
	}
}

// Release frees what the trace has beyond its decision. Only the decision may be used
// from here on.
func (t *Trace) Release() {
	t.ReleaseLookup()
	t.ReleaseOfEntries()
	t.ReleaseParticulars()
	t.ValueTrace, t.outcomes, t.assessor, t.holders, t.bySubject, t.writer = nil, nil, nil, nil, nil, nil
}

// Groups returns what the decision joined: the legs by conversation, the entries by
// recording and conversation, and which legs are to be recorded.
func (t *Trace) Groups() (*match.LegGroups, *match.EntryGroups, *match.Duties) {
	return t.assessor.legs, t.assessor.entries, t.assessor.duties
}

// Entry returns the number of the entry at a place.
func (t *Trace) Entry(source, key string, index int64) (uint32, bool) {
	object, ok := t.object(source, key)
	if !ok {
		return 0, false
	}
	return entryAt(t.Evidence, record.Ref{Object: object, Row: uint32(index)})
}

// entryAt returns the number of the entry at a place.
func entryAt(ev *evidence.Evidence, ref record.Ref) (uint32, bool) {
	i, found := slices.BinarySearchFunc(ev.Documents, ref.Object, func(d manifest.Document, n uint32) int { return cmp.Compare(d.Object, n) })
	if !found {
		return 0, false
	}

	doc := &ev.Documents[i]
	for n := doc.First; n < doc.First+doc.N; n++ {
		if ev.Entries[n].Index == ref.Row {
			return n, true
		}
	}

	return 0, false
}

// Leg returns the number of the leg at a place; false if there is none or if
// another row superseded it.
func (t *Trace) Leg(source, key string, row int64) (uint32, bool) {
	object, ok := t.object(source, key)
	if !ok {
		return 0, false
	}
	return t.LegAt(record.Ref{Object: object, Row: uint32(row)})
}

// LegAt is Leg for a row that is cited.
func (t *Trace) LegAt(ref record.Ref) (uint32, bool) { return legAt(t.Evidence, ref) }

func legAt(ev *evidence.Evidence, ref record.Ref) (uint32, bool) {
	i, found := slices.BinarySearchFunc(ev.Legs, ref, func(l cdr.Shown, ref record.Ref) int { return compareRefs(l.Ref, ref) })
	return uint32(i), found
}

func (t *Trace) object(source, key string) (uint32, bool) {
	i, found := slices.BinarySearchFunc(t.Objects, key, func(o evidence.Object, key string) int {
		if c := strings.Compare(t.Sources[o.Source].Name, source); c != 0 {
			return c
		}
		return strings.Compare(o.Key, key)
	})
	return uint32(i), found
}

// MaxHeld is how many entries, and legs of one of them, are listed at most.
const MaxHeld = 8

// Held is an entry with the legs that it is an entry of, but for one that asks.
type Held struct {
	Entry uint32
	Legs  []uint32
	More  int // legs beyond those listed
}

// held returns an entry with its legs that count.
func (t *Trace) held(entry uint32, counts func(leg uint32) bool) Held {
	if t.holders == nil {
		t.holders = t.assessor.pairs.Holders()
	}
	h := Held{Entry: entry}
	for leg := range t.holders.Of(entry) {
		switch {
		case !counts(leg):
		case len(h.Legs) < MaxHeld:
			h.Legs = append(h.Legs, leg)
		default:
			h.More++
		}
	}
	return h
}

// sharing says with which legs a leg shares recordings, or competes for them.
func (t *Trace) sharing(n uint32, entries []uint32) (s Sharing) {
	a := t.assessor
	competes := func(leg uint32) bool { return a.duties.Competes(a.Evidence, leg) }
	for _, e := range entries {
		switch {
		case !a.pairs.Shared(e, competes(n)):
		case len(s.Shared) < MaxHeld:
			s.Shared = append(s.Shared, t.held(e, func(leg uint32) bool { return leg != n && competes(leg) }))
		default:
			s.MoreShared++
		}
	}

	if s.Contested = a.pairs.Contested(n); s.Contested {
		t.rivals(n, &s)
	}
	return s
}

// rivals notes the legs of its conversation that are left without an entry as a
// contested leg is, and the entries in its time with the legs that have them.
func (t *Trace) rivals(n uint32, s *Sharing) {
	a, l := t.assessor, &t.Legs[n]
	for _, other := range a.legs.ByConversation.Find(l.Org, l.Conversation) {
		if other != n && a.pairs.Contested(other) {
			s.Rivals = append(s.Rivals, other)
		}
	}

	span, timed := match.SpanOfLeg(l)
	own := func(leg uint32) bool { return t.Legs[leg].Org == l.Org && t.Legs[leg].Conversation == l.Conversation }
	for _, e := range a.entries.ByConversation.Find(l.Org, l.Conversation) {
		entrySpan, valid := match.SpanOfEntry(&a.Entries[e])
		switch {
		case !a.entries.States[e].Hears() || valid && timed && !entrySpan.Overlaps(span):
		case len(s.Held) < MaxHeld:
			s.Held = append(s.Held, t.held(e, own))
		default:
			s.MoreHeld++
		}
	}
}

// Weighing holds the facts for the verdict on a leg.
type Weighing struct {
	Call    Call // with its verdict
	Entries []uint32
	Expected
	Lacking
	Sharing
	Doubt    Doubt    // why the verdict is indeterminate
	Flawed   []uint32 // entries with an open defect
	Repaired []uint32 // entries with a repaired value
	Reach
}

// Expected says whether a leg should have a recording.
type Expected struct {
	ToRecord  bool
	Forbidden bool
	InError   bool // it is recorded and should not be
}

// Lacking says what a leg lacks.
type Lacking struct {
	Lost     []string // recordings it lists that no entry has; an empty one when it lists none and has no entry
	Possible []string // those of Lost that an entry without an id may have
	Short    bool     // its recordings cover too little of it
	Nothing  bool     // its recordings cover nothing of it
	Like     string   // the recording that looks like its own
}

// Sharing says with which legs a leg shares recordings, or competes for them.
type Sharing struct {
	Contested bool     // fewer recordings than legs
	Rivals    []uint32 // legs that are contested, too
	Held      []Held   // of a contested leg: the recordings in its time, with the legs that have them
	Shared    []Held   // its recordings that other legs have, too

	MoreHeld, MoreShared int // recordings beyond those listed
}

// Reach says which manifests could hold the recordings of a leg.
type Reach struct {
	First, Last  record.Time // those of this time
	BeginsBefore bool        // it begins before anything that was read
	BeginsUnread bool        // it may: it is a stop whose start was not read
	Incomplete   bool        // some of them are incomplete
}

// Weigh collects the facts for the verdict on a leg.
func (t *Trace) Weigh(n uint32) Weighing {
	a, s, l := t.assessor, t.judged(n), &t.Legs[n]
	w := Weighing{
		Call: s.call, Entries: s.entries, Doubt: s.doubt,
		Expected: Expected{a.duties.ToRecord(n), a.duties.Forbidden(t.Evidence, n), s.inError != Accepted},
		Lacking:  Lacking{Short: s.short, Nothing: s.nothing},
		Sharing:  t.sharing(n, s.entries),
		Reach:    Reach{Incomplete: s.hidden},
	}
	if like, ok := a.likes[n]; ok {
		w.Like = a.nameOf(like)
	}

	for _, id := range s.lost {
		w.Lost = append(w.Lost, t.Texts.String(id))
		if a.isPossible(n, id) {
			w.Possible = append(w.Possible, t.Texts.String(id))
		}
	}

	for _, e := range s.entries {
		if t.outcomes[e].incomplete {
			w.Flawed = append(w.Flawed, e)
		}
		if a.entries.States[e].NumRepaired() > 0 {
			w.Repaired = append(w.Repaired, e)
		}
	}

	w.First, w.Last = a.legs.Window(n)
	w.BeginsUnread = a.legs.BeginsUnread(n)
	w.BeginsBefore = w.First.Known() && a.legs.Facts.BeforeEarliest(l.Org, w.First)
	return w
}

// judged returns the assessment of a leg with its verdict.
func (t *Trace) judged(n uint32) *assessment {
	s := new(assessment)
	t.assessor.assess(s, n)
	t.assessor.judge(s, t.outcomes)
	return s
}

// rows returns what writes rows of tables.
func (t *Trace) rows() *rowWriter {
	if t.writer == nil {
		t.writer = newRowWriter(t.Decision)
	}
	return t.writer
}

// CallCells returns the row of a leg in the table of calls, decided again.
func (t *Trace) CallCells(n uint32) table.Cells {
	w := t.rows()
	w.call(&t.judged(n).call)
	return table.CellsOf(w.row)
}

// RecordingCells returns the row of an entry in the table of recordings, without what
// only that table shows; false if the entry does not belong to the interval.
func (t *Trace) RecordingCells(n uint32) (table.Cells, bool) {
	i, found := slices.BinarySearchFunc(t.Recordings, n, func(r Recording, n uint32) int { return compareEntries(t.Evidence, r.Entry, n) })
	if !found {
		return table.Cells{}, false
	}
	w := t.rows()
	w.recording(t.Recordings[i], &manifest.Details{})
	return table.CellsOf(w.row), true
}

// FindingsOn returns the rows of the findings on an entry or a leg.
func (t *Trace) FindingsOn(about About, n uint32) (rows []table.Cells) {
	subject := func(r findingRef) int {
		f := &t.found[r.list][r.n]
		return cmp.Or(cmp.Compare(f.About, about), cmp.Compare(f.Subject, n))
	}
	if t.bySubject == nil {
		t.bySubject = t.sortedBySubject()
	}

	w := t.rows()
	i, _ := slices.BinarySearchFunc(t.bySubject, 0, func(r findingRef, _ int) int { return subject(r) })
	for ; i < len(t.bySubject) && subject(t.bySubject[i]) == 0; i++ {
		var e *manifest.Entry
		if about == AboutEntry {
			e = &t.Entries[n]
		}
		w.finding(&t.found[t.bySubject[i].list][t.bySubject[i].n], e)
		rows = append(rows, table.CellsOf(w.row))
	}
	return rows
}

// sortedBySubject returns the findings in the order of what they are about.
func (t *Trace) sortedBySubject() []findingRef {
	refs := []findingRef{}
	for list := range t.found {
		for n := range t.found[list] {
			refs = append(refs, findingRef{uint32(list), uint32(n)})
		}
	}
	slices.SortStableFunc(refs, func(x, y findingRef) int {
		a, b := &t.found[x.list][x.n], &t.found[y.list][y.n]
		return cmp.Or(cmp.Compare(a.About, b.About), cmp.Compare(a.Subject, b.Subject))
	})
	return refs
}

// Hiding returns the incomplete inputs of a kind that may hide records of an
// organisation between two times, both included. If the times are unknown, it
// returns them for all times.
func (t *Trace) Hiding(kind policy.Kind, org intern.Text, from, to record.Time) []evidence.IncompleteInput {
	var list []evidence.IncompleteInput
	for _, in := range t.Incomplete {
		s := &t.Sources[in.Source]
		if s.Kind != kind || !s.Concerns(org) {
			continue
		}

		if in.Partition < 0 || !from.Known() || t.Partitions[in.Partition].Span.Meets(from, to) {
			list = append(list, in)
		}
	}
	return list
}

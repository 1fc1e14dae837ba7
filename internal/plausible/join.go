package plausible

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"cdrmend/internal/intern"
)

// ids is a set of texts, with one bit for each text of the night.
type ids []uint64

func (s ids) add(t intern.Text) {
	if t != intern.None {
		s[t.Index()/64] |= 1 << (t.Index() % 64)
	}
}

func (s ids) has(t intern.Text) bool {
	return t != intern.None && s[t.Index()/64]&(1<<(t.Index()%64)) != 0
}

// sides are the ids that occur on one side, of whatever organisation.
type sides struct{ recordings, conversations ids }

func (w *observer) newSides() sides {
	n := w.Texts.Limit()/64 + 1
	return sides{make(ids, n), make(ids, n)}
}

// joins counts the calls and the recordings that share an id.
func (w *observer) joins() {
	ofLegs, ofEntries := w.newSides(), w.newSides()
	for n := range uint32(len(w.Trace.Legs)) {
		ofLegs.conversations.add(w.Trace.Legs[n].Conversation)
		w.EachListed(n, ofLegs.recordings.add)
	}
	for n := range w.Trace.Entries {
		if e := &w.Trace.Entries[n]; w.entries.States[n].Voice {
			ofEntries.conversations.add(e.Conversation)
			ofEntries.recordings.add(e.Recording)
		}
	}

	for n := range uint32(len(w.Trace.Legs)) {
		if !w.OwnsLeg(n) {
			continue
		}
		w.Calls.Of++
		if w.duties.ToRecord(n) {
			w.Calls.N++
			w.joinLeg(n, ofEntries)
		} else if w.duties.Unexpected(n) {
			w.unexpected(n)
		}
	}
	byRecording := w.IndexLegs(w.EachListed)
	for _, r := range w.Recordings {
		if !w.entries.States[r.Entry].Voice {
			continue
		}
		e := &w.Trace.Entries[r.Entry]
		w.Observation.Entries.count(
			len(byRecording.Find(e.Org, e.Recording)) > 0, len(w.legs.ByConversation.Find(e.Org, e.Conversation)) > 0, e.Recording != intern.None,
			ofLegs.recordings.has(e.Recording) || ofLegs.conversations.has(e.Conversation),
		)
	}
}

// joinLeg counts a leg that is to be recorded.
func (w *observer) joinLeg(n uint32, others sides) {
	l := &w.Trace.Legs[n]
	voice := func(entries []uint32) bool {
		return slices.ContainsFunc(entries, func(e uint32) bool { return w.entries.States[e].Voice })
	}
	listed := w.Listed(n)
	byID := slices.ContainsFunc(listed, func(id intern.Text) bool { return voice(w.entries.ByRecording.Find(l.Org, id)) })
	elsewhere := others.conversations.has(l.Conversation) || slices.ContainsFunc(listed, others.recordings.has)
	w.Observation.Legs.count(byID, voice(w.entries.ByConversation.Find(l.Org, l.Conversation)), len(listed) > 0, elsewhere)
}

// unexpected counts a leg that nobody expects to be recorded, such as one without an answer.
// A recording of its conversation may be that of another leg.
func (w *observer) unexpected(n uint32) {
	w.Unexpected.Of++
	if entry, sole := w.soleEntry(n); sole && w.entries.States[entry].Voice {
		w.Unexpected.N++
	}
}

// count adds one record. Elsewhere says that some organisation has one of its ids.
func (j *Join) count(byID, byConversation, naming, elsewhere bool) {
	j.All++
	if byID {
		j.ByID++
	}
	if byConversation {
		j.ByConversation++
	}
	if naming {
		j.Naming++
	}
	switch {
	case byID || byConversation:
		j.Any++
	case elsewhere:
		j.Elsewhere++
	}
}

// clocks compares the ends of calls with those of their one recording.
func (w *observer) clocks() {
	type sources struct{ cdrs, manifests uint32 }
	differ := map[sources][]int64{}
	for n := range uint32(len(w.Trace.Legs)) {
		l := &w.Trace.Legs[n]
		if !w.OwnsLeg(n) || !l.End.Known() {
			continue
		}
		entry, sole := w.soleEntry(n)
		if !sole || !w.entries.States[entry].Voice || !w.Trace.Entries[entry].End.Known() {
			continue
		}
		e := &w.Trace.Entries[entry]
		key := sources{w.SourceOfLeg(n), w.Objects[w.Documents[e.Doc].Object].Source}
		differ[key] = append(differ[key], int64(e.End-l.End))
	}

	for key, ends := range differ {
		w.Clocks = append(w.Clocks, clockOf(ends, Clock{
			CDRs: w.Sources[key.cdrs].Name, Manifests: w.Sources[key.manifests].Name, Tolerance: w.Policy.CoverageTolerance,
		}))
	}
	slices.SortFunc(w.Clocks, func(a, b Clock) int {
		return cmp.Or(strings.Compare(a.CDRs, b.CDRs), strings.Compare(a.Manifests, b.Manifests))
	})
}

// soleEntry returns the one recording of a leg, whatever its times: the one with the
// only id that the leg lists, or the only one of its conversation when it is the only
// leg there.
func (w *observer) soleEntry(n uint32) (uint32, bool) {
	l := &w.Trace.Legs[n]
	if listed := w.Listed(n); len(listed) == 1 {
		found := w.entries.ByRecording.Find(l.Org, listed[0])
		if len(found) == 1 {
			return found[0], true
		}
		return 0, false
	}
	found := w.entries.ByConversation.Find(l.Org, l.Conversation)
	if len(found) == 1 && len(w.legs.ByConversation.Find(l.Org, l.Conversation)) == 1 {
		return found[0], true
	}
	return 0, false
}

// clockSlack is by how much pairs of equal clocks may differ.
const clockSlack = 2 * time.Second

// clockOf fills in what the ends of pairs show, given in microseconds.
func clockOf(ends []int64, c Clock) Clock {
	slices.Sort(ends)
	middle := ends[(len(ends)-1)/2]
	c.Offset = (time.Duration(middle) * time.Microsecond).Truncate(time.Second)
	c.Near.Of = int64(len(ends))
	for _, end := range ends {
		if (time.Duration(end-middle) * time.Microsecond).Abs() <= clockSlack {
			c.Near.N++
		}
	}
	return c
}

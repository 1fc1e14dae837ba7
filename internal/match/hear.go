package match

import (
	"slices"

	"cdrmend/internal/evidence"
	"cdrmend/internal/intern"
	"cdrmend/internal/manifest"
	"cdrmend/internal/record"
)

// ToHear returns the numbers of the media objects to look into, in order: those of the
// voice entries that the interval owns, as far as they were listed and are not empty.
// The decision about them comes later, and rests on what is found in them. So an entry of
// a source without partitions that has no start of its own counts as owned here when it
// may be owned.
func ToHear(ev *evidence.Evidence) []uint32 {
	if ev.Media == nil || !ev.Media.Headers {
		return nil
	}
	words := MediaWordsOf(ev)
	var due dueRecordings
	var list []uint32
	for i := range ev.Documents {
		doc := &ev.Documents[i]
		partition := ev.Partitions[doc.Partition].Span
		flat := partition == record.Forever
		if !flat && !ev.Interval.Overlaps(partition) {
			continue
		}
		for n := doc.First; n < doc.First+doc.N; n++ {
			e := &ev.Entries[n]
			if !words.isVoice(e) {
				continue
			}
			if flat && due == nil {
				due = newDueRecordings(ev)
			}
			if flat && !due.mayOwn(ev, doc, n) {
				continue
			}
			key := e.MediaKey
			if !e.Has(record.MediaKey) && key == intern.None {
				key = ev.KeyIDs(e, evidence.OverusedIDs{}).Media // it is not filled in yet
			}
			if listed, ok := listedMedia(ev, e, key); ok && !isEmpty(e, listed.Size) {
				list = append(list, listed.N)
			}
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// dueRecordings are the recordings that legs list which start in the interval. They say
// which entries without a start may be owned.
type dueRecordings map[intern.Text]bool

func newDueRecordings(ev *evidence.Evidence) dueRecordings {
	due := dueRecordings{}
	for n := range ev.Legs {
		if ev.Interval.Contains(ev.Legs[n].Start) {
			ev.EachListed(uint32(n), func(id intern.Text) { due[id] = true })
		}
	}
	return due
}

// mayOwn reports whether the interval may own an entry of a source without partitions:
// by its start, else by a leg that lists it, else by the time of its object.
func (due dueRecordings) mayOwn(ev *evidence.Evidence, doc *manifest.Document, n uint32) bool {
	e := &ev.Entries[n]
	if e.Has(record.StartTime) {
		return ev.Interval.Contains(e.Start)
	}
	if due[e.Recording] || due[ev.OfEntries[n].IDInMediaKey] || due[ev.KeyIDs(e, evidence.OverusedIDs{}).Recording] {
		return true
	}
	modified := ev.Objects[doc.Object].Modified
	if doc.Modified != nil {
		modified = doc.Modified[n-doc.First]
	}
	return ev.Interval.Contains(modified)
}

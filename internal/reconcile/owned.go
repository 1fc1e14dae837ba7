package reconcile

import (
	"cdrmend/internal/manifest"
	"cdrmend/internal/record"
)

// ownership says which documents, entries and legs belong to the interval. All
// others lie in its margins: they only help to decide about those.
type ownership struct{ documents, entries, legs []bool }

// ownedBy needs entries whose times are final and legs that are grouped.
func ownedBy(ev *Evidence, legs *legGroups) ownership {
	owned := ownership{make([]bool, len(ev.Documents)), make([]bool, len(ev.Entries)), make([]bool, len(ev.Legs))}
	for i := range ev.Documents {
		doc := &ev.Documents[i]
		partition := ev.Partitions[doc.Partition].Span
		if partition == record.Forever {
			owned.documents[i] = ownsFlat(ev, legs, doc, owned.entries[doc.First:doc.First+doc.N])
			continue
		}
		owned.documents[i] = ev.Interval.Overlaps(partition)
		for n := doc.First; n < doc.First+doc.N; n++ {
			owned.entries[n] = owned.documents[i]
		}
	}

	for i := range ev.Legs {
		owned.legs[i] = ownsLeg(ev, uint32(i))
	}
	return owned
}

// ownsFlat marks the owned entries of a document whose source has no partitions.
// It is owned if one of them is, or, without entries, if it was last modified
// within the interval.
func ownsFlat(ev *Evidence, legs *legGroups, doc *manifest.Document, entries []bool) (owned bool) {
	modified := ev.Objects[doc.Object].Modified
	if doc.N == 0 {
		return ev.Interval.Contains(modified)
	}
	for i := range entries {
		entries[i] = ev.Interval.Contains(startOf(legs, &ev.Entries[doc.First+uint32(i)], modified))
		owned = owned || entries[i]
	}
	return owned
}

// startOf says when an entry of a flat source began: by its own start, else by
// the legs that list it, else by its object.
func startOf(legs *legGroups, e *manifest.Entry, modified record.Time) record.Time {
	if e.Has(record.StartTime) {
		return e.Start
	}
	if first := legs.earliestStart(record.NoTime, legs.byRecording.find(e.Org, e.Recording)); first.Known() {
		return first
	}
	return modified
}

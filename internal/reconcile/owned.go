package reconcile

import (
	"cdrmend/internal/manifest"
	"cdrmend/internal/policy"
	"cdrmend/internal/record"
)

// ownership says which documents, entries and legs belong to the interval. The
// others are in its margins and only serve as evidence.
type ownership struct{ documents, entries, legs marks }

// marks says of each document, entry or leg whether something holds.
type marks []bool

// count returns of how many it holds.
func (m marks) count() (n int) {
	for _, mark := range m {
		if mark {
			n++
		}
	}
	return n
}

// expects says of which kinds of sources something should have been read: of
// manifests when an owned leg is to be recorded, of CDRs when an owned entry is one
// of voice.
func (o ownership) expects(duties *duties, states []entryState) (kinds [policy.NumKinds]bool) {
	for n, owned := range o.legs {
		kinds[policy.Manifests] = kinds[policy.Manifests] || owned && duties.toRecord(uint32(n))
	}
	for n, owned := range o.entries {
		kinds[policy.CDRs] = kinds[policy.CDRs] || owned && states[n].voice
	}
	return kinds
}

// ownedBy returns what the interval owns. It needs the ids from names and grouped
// legs: they say when an entry of a flat source began that has no start.
func ownedBy(ev *Evidence, legs *legGroups) ownership {
	owned := ownership{make(marks, len(ev.Documents)), make(marks, len(ev.Entries)), make(marks, len(ev.Legs))}
	for i := range ev.Documents {
		doc := &ev.Documents[i]
		partition := ev.Partitions[doc.Partition].Span
		if partition == record.Forever {
			owned.documents[i] = ownsFlat(ev, legs, doc, owned.entries[doc.First:doc.First+doc.N])
			continue
		}

		// The partition decides about all its entries, whatever their times say.
		owned.documents[i] = ev.Interval.Overlaps(partition)
		for n := doc.First; n < doc.First+doc.N; n++ {
			owned.entries[n] = owned.documents[i]
		}
	}

	for i := range ev.Legs {
		owned.legs[i] = ev.ownsLeg(uint32(i))
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

// startOf returns when an entry of a flat source began: its own start as it was
// read, else the first start of the legs that list it, else the time of its object.
func startOf(legs *legGroups, e *manifest.Entry, modified record.Time) record.Time {
	if e.Has(record.StartTime) {
		return e.Start
	}
	if first := legs.earliestStart(record.NoTime, legs.byRecording.find(e.Org, e.Recording)); first.Known() {
		return first
	}
	return modified
}

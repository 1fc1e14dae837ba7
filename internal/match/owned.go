package match

import (
	"cdrmend/internal/evidence"
	"cdrmend/internal/manifest"
	"cdrmend/internal/policy"
	"cdrmend/internal/record"
)

// Ownership says which documents, entries and legs belong to the interval. The
// others are in its margins and only serve as evidence.
type Ownership struct{ Documents, Entries, Legs Marks }

// Marks says of each document, entry or leg whether something holds.
type Marks []bool

// Count returns of how many it holds.
func (m Marks) Count() (n int) {
	for _, mark := range m {
		if mark {
			n++
		}
	}
	return n
}

// Expects returns the kinds of sources that should have delivered something: manifests
// when an owned leg is to be recorded, CDRs when an owned entry is one of voice.
func (o Ownership) Expects(duties *Duties, states []EntryState) (kinds [policy.NumKinds]bool) {
	for n, owned := range o.Legs {
		kinds[policy.Manifests] = kinds[policy.Manifests] || owned && duties.ToRecord(uint32(n))
	}
	for n, owned := range o.Entries {
		kinds[policy.CDRs] = kinds[policy.CDRs] || owned && states[n].Voice
	}
	return kinds
}

// OwnedBy returns what the interval owns. It needs the ids from names and grouped
// legs: they say when an entry of a flat source began that has no start.
func OwnedBy(ev *evidence.Evidence, legs *LegGroups) Ownership {
	owned := Ownership{make(Marks, len(ev.Documents)), make(Marks, len(ev.Entries)), make(Marks, len(ev.Legs))}
	for i := range ev.Documents {
		doc := &ev.Documents[i]
		partition := ev.Partitions[doc.Partition].Span
		if partition == record.Forever {
			owned.Documents[i] = ownsFlat(ev, legs, doc, owned.Entries[doc.First:doc.First+doc.N])
			continue
		}

		// The partition decides about all its entries, whatever their times say.
		owned.Documents[i] = ev.Interval.Overlaps(partition)
		for n := doc.First; n < doc.First+doc.N; n++ {
			owned.Entries[n] = owned.Documents[i]
		}
	}

	for i := range ev.Legs {
		owned.Legs[i] = ev.OwnsLeg(uint32(i))
	}
	return owned
}

// ownsFlat marks the owned entries of a document whose source has no partitions.
// It is owned if one of them is, or, without entries, if it was last modified
// within the interval.
func ownsFlat(ev *evidence.Evidence, legs *LegGroups, doc *manifest.Document, entries []bool) (owned bool) {
	modified := ev.Objects[doc.Object].Modified
	if doc.N == 0 {
		return ev.Interval.Contains(modified)
	}

	for i := range entries {
		if doc.Modified != nil {
			modified = doc.Modified[i] // of the entry's own media object
		}
		entries[i] = ev.Interval.Contains(startOf(legs, &ev.Entries[doc.First+uint32(i)], modified))
		owned = owned || entries[i]
	}

	return owned
}

// startOf returns when an entry of a flat source began: its own start as it was
// read, else the first start of the legs that list it, else the time of its object.
func startOf(legs *LegGroups, e *manifest.Entry, modified record.Time) record.Time {
	if e.Has(record.StartTime) {
		return e.Start
	}
	if first := legs.earliestStart(record.NoTime, legs.ByRecording.Find(e.Org, e.Recording)); first.Known() {
		return first
	}
	return modified
}

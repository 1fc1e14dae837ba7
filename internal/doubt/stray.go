package doubt

import (
	"cmp"
	"slices"

	"cdrmend/internal/evidence"
	"cdrmend/internal/match"
	"cdrmend/internal/policy"
	"cdrmend/internal/record"
)

// Stray is what one partition of the interval holds of another interval whose run
// never reads it.
type Stray struct {
	Partition uint32
	Interval  policy.Interval // of the rows
	Rows      int64
	Late      bool // every row is a late version of what was delivered before
}

// strayKey tells strays apart.
type strayKey struct {
	partition uint32
	start     record.Time
}

// Strays finds the rows of the interval's own partitions that belong to an
// interval which does not read them: legs by their start, and owned entries of
// voice without a leg by theirs.
func Strays(legs *match.LegGroups, entries *match.EntryGroups) []Stray {
	ev := legs.Evidence
	f := strayFinder{ev, map[strayKey]*Stray{}}

	for n := range uint32(len(ev.Legs)) {
		l := &ev.Legs[n]
		at := ev.Objects[l.Ref.Object].Partition
		if s := f.at(at, l.Start); s != nil {
			// A late version was read in time as an earlier one.
			due := s.Interval.End.Add(ev.Sources[ev.Partitions[at].Source].Lookahead)
			s.Rows++
			s.Late = s.Late && l.Identified() && ev.Updated[n] >= due
		}
	}

	for n := range uint32(len(ev.Entries)) {
		e := &ev.Entries[n]
		if !entries.Owned[n] || !entries.States[n].Voice || f.reaches(ev.Documents[e.Doc].Partition, e.Start) {
			continue
		}
		if of, _ := legs.OfEntry(e, true); len(of) > 0 {
			continue
		}
		if s := f.at(ev.Documents[e.Doc].Partition, e.Start); s != nil {
			s.Rows++
			s.Late = false
		}
	}

	var strays []Stray
	for _, s := range f.found {
		strays = append(strays, *s)
	}
	slices.SortFunc(strays, func(a, b Stray) int {
		return cmp.Or(cmp.Compare(a.Partition, b.Partition), cmp.Compare(a.Interval.Start, b.Interval.Start))
	})
	return strays
}

// strayFinder collects the strays of a night.
type strayFinder struct {
	*evidence.Evidence
	found map[strayKey]*Stray
}

// intervalOf returns the start of the interval that holds a time.
func (f *strayFinder) intervalOf(t record.Time) record.Time {
	length := f.Interval.End - f.Interval.Start
	start := f.Interval.Start + (t-f.Interval.Start)/length*length
	if start > t {
		start -= length // division rounds toward zero
	}
	return start
}

// reaches reports whether the run of a row's own interval reads a partition. It
// does when the partition is none of the interval's own or the row has no time: the
// question does not arise.
func (f *strayFinder) reaches(partition uint32, t record.Time) bool {
	p := &f.Partitions[partition]
	if !t.Known() || p.Span == record.Forever || !f.Interval.Contains(p.Span.Start) || f.Interval.Contains(t) {
		return true
	}
	s := &f.Sources[p.Source]

	start := f.intervalOf(t)
	length := f.Interval.Duration()
	return p.Span.Overlaps(record.Span{Start: start.Add(-s.Lookback), End: start.Add(length + s.Lookahead)})
}

// at returns the stray of a row, nil when the row is none.
func (f *strayFinder) at(partition uint32, t record.Time) *Stray {
	if f.reaches(partition, t) {
		return nil
	}
	key := strayKey{partition, f.intervalOf(t)}
	if f.found[key] == nil {
		f.found[key] = &Stray{Partition: partition, Interval: policy.IntervalAt(key.start, f.Interval.Duration()), Late: true}
	}
	return f.found[key]
}

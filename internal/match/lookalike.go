package match

import (
	"cmp"
	"slices"

	"cdrmend/internal/cdr"
	"cdrmend/internal/intern"
	"cdrmend/internal/manifest"
	"cdrmend/internal/record"
)

// LookAlikes finds, for legs that are to be recorded and have no entry, the
// one entry without a leg that has the leg's times and its line or both parties.
// It may be the recording under another id. An entry that looks like several legs
// tells nothing.
func LookAlikes(legs *LegGroups, entries *EntryGroups, duties *Duties, m *Pairs) map[uint32]uint32 {
	strays := strayEntries(legs, entries, m)
	if len(strays) == 0 {
		return nil
	}

	likes, legsOf := map[uint32]uint32{}, map[uint32]int{}
	for n := range uint32(len(legs.Legs)) {
		l := &legs.Legs[n]
		if m.of[n].N > 0 || !l.Start.Known() || !l.End.Known() || !duties.ToRecord(n) {
			continue
		}
		if e, sole := lookAlike(legs, strays, l); sole {
			likes[n] = e
			legsOf[e]++
		}
	}

	for leg, e := range likes {
		if legsOf[e] > 1 {
			delete(likes, leg)
		}
	}
	return likes
}

// strayEntries returns the entries with a valid span that have no leg, by
// organisation and end.
func strayEntries(legs *LegGroups, entries *EntryGroups, m *Pairs) (strays []uint32) {
	for n := range uint32(len(legs.Entries)) {
		e := &legs.Entries[n]
		if _, valid := SpanOfEntry(e); !valid || m.uses[n].any || !entries.States[n].Hears() {
			continue
		}
		if of, _ := legs.OfEntry(e, true); len(of) == 0 {
			strays = append(strays, n)
		}
	}
	slices.SortFunc(strays, func(a, b uint32) int {
		x, y := &legs.Entries[a], &legs.Entries[b]
		return cmp.Or(cmp.Compare(x.Org, y.Org), cmp.Compare(x.End, y.End), cmp.Compare(a, b))
	})
	return strays
}

// lookAlike returns the entry that looks like a leg's recording, if it is the only
// one.
func lookAlike(legs *LegGroups, strays []uint32, l *cdr.Shown) (found uint32, sole bool) {
	tolerance := legs.Policy.CoverageTolerance
	first, _ := slices.BinarySearchFunc(strays, l.End.Add(-tolerance), func(n uint32, end record.Time) int {
		e := &legs.Entries[n]
		return cmp.Or(cmp.Compare(e.Org, l.Org), cmp.Compare(e.End, end))
	})

	for _, n := range strays[first:] {
		e := &legs.Entries[n]
		if e.Org != l.Org || e.End > l.End.Add(tolerance) {
			break
		}
		if !looksLike(e, l, tolerance.Microseconds()) {
			continue
		}
		if sole {
			return 0, false
		}
		found, sole = n, true
	}
	return found, sole
}

// looksLike reports whether an entry that ends with a leg also begins with it, and
// has its line or both parties.
func looksLike(e *manifest.Entry, l *cdr.Shown, tolerance int64) bool {
	begins := func(t record.Time) bool { return t.Known() && record.Apart(e.Start, t) <= tolerance }
	if !begins(l.Start) && !begins(l.Answer) {
		return false
	}
	return e.Line != intern.None && e.Line == l.Line ||
		e.ANI != intern.NoNumber && e.ANI == l.ANI && e.DNIS != intern.NoNumber && e.DNIS == l.DNIS
}

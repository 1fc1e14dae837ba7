package match

import (
	"fmt"

	"cdrmend/internal/evidence"
	"cdrmend/internal/manifest"
	"cdrmend/internal/policy"
	"cdrmend/internal/profile"
	"cdrmend/internal/record"
)

// OddUnit is a source of manifests whose durations are in seconds although its profile
// reads them as milliseconds. Times computed from them would be wrong.
type OddUnit struct {
	Source   uint32
	Agreeing int // entries whose length is a thousand times the duration
	Of       int // entries whose length is known in another way
}

// Warning says what was found, and what to do.
func (u OddUnit) Warning(ev *evidence.Evidence) string {
	return fmt.Sprintf("the durations of source %s are in seconds, and its profile reads them as milliseconds: a thousand times the duration is the length of %d of %d recordings, and the duration itself of none; no time was computed from them; write {from: PLACE, then: [{unit: s}]} under fields.duration_ms of the profile, then run again", ev.Sources[u.Source].Name, u.Agreeing, u.Of)
}

const (
	fewestLengths = 20         // of a source, before they show its unit
	lengthSlack   = 2_000_000  // microseconds by which a length may differ from a duration
	leastLength   = 10_000_000 // of a recording that shows the unit: a shorter one may agree with both
)

// OddUnits finds the sources whose durations are in another unit, and marks their
// entries. Only a profile of one's own can be mistaken about it. The lengths are those
// of owned entries, so that it does not matter what else was read.
func OddUnits(legs *LegGroups, states []EntryState, owned Ownership) (found []OddUnit) {
	for i := range legs.Sources {
		s := &legs.Sources[i]
		if s.Kind != policy.Manifests || !s.Profile.IsOwn() || len(s.Profile.Fields[record.DurationMS]) == 0 {
			continue
		}

		u := unitFinder{legs: legs, states: states, owned: owned, source: uint32(i)}
		if odd, is := u.find(); is {
			found = append(found, odd)
			u.mark()
		}
	}
	return found
}

// MarkOddUnits marks the entries of sources whose durations are known to be in another
// unit.
func MarkOddUnits(legs *LegGroups, states []EntryState, sources []uint32) {
	for _, source := range sources {
		u := unitFinder{legs: legs, states: states, source: source}
		u.mark()
	}
}

// unitFinder looks at the durations of one source.
type unitFinder struct {
	legs   *LegGroups
	states []EntryState
	owned  Ownership
	source uint32
	alone  map[evidence.ConversationKey]int // voice entries by conversation; nil until it is asked for
}

// find compares the durations with lengths that are known in another way.
func (u *unitFinder) find() (odd OddUnit, is bool) {
	odd.Source = u.source
	agreeing := 0
	for n := range u.legs.Entries {
		e := &u.legs.Entries[n]
		if !u.owned.Entries[n] || !u.has(e) || e.Duration == profile.NoInt || e.Duration > MaxDuration {
			continue
		}

		lengths := u.lengths(uint32(n))
		if lengths == nil {
			continue
		}
		odd.Of++
		if isLength(e.Duration*1000, lengths) {
			agreeing++
		}
		if e.Duration <= MaxDuration/1000 && isLength(e.Duration*1_000_000, lengths) {
			odd.Agreeing++
		}
	}
	return odd, odd.Of >= fewestLengths && agreeing == 0 && 10*odd.Agreeing >= 9*odd.Of
}

// has reports whether an entry is of the source.
func (u *unitFinder) has(e *manifest.Entry) bool {
	return u.legs.Objects[u.legs.Documents[e.Doc].Object].Source == u.source
}

// isLength reports whether a duration is one of some lengths, in microseconds.
func isLength(duration int64, lengths []int64) bool {
	for _, length := range lengths {
		if off := duration - length; max(off, -off) <= lengthSlack {
			return true
		}
	}
	return false
}

// lengths returns how long a recording may be: as its own times say, or those of the
// only leg that it can be of. It is nil when nothing long enough says so.
func (u *unitFinder) lengths(n uint32) (lengths []int64) {
	e := &u.legs.Entries[n]
	add := func(start, end record.Time) {
		if start.Known() && end.Known() && end > start && int64(end-start) >= leastLength {
			lengths = append(lengths, int64(end-start))
		}
	}
	if e.Start.Known() && e.End.Known() {
		add(e.Start, e.End)
		return lengths
	}

	if leg, sure := u.sureLeg(n); sure {
		l := &u.legs.Legs[leg]
		add(l.Start, l.End)
		add(l.Answer, l.End)
	}
	return lengths
}

// sureLeg returns the owned leg that an entry must be of: the only one that lists its
// id, and it alone, or the only leg of a conversation in which it is the only entry.
func (u *unitFinder) sureLeg(n uint32) (leg uint32, sure bool) {
	e := &u.legs.Entries[n]
	if listing := u.legs.ByRecording.Find(e.Org, e.Recording); len(listing) > 0 {
		return listing[0], len(listing) == 1 && len(u.legs.Listed(listing[0])) == 1 && u.owned.Legs[listing[0]]
	}

	of := u.legs.OfConversation(e)
	if len(of) != 1 || !u.owned.Legs[of[0]] || !u.states[n].Voice {
		return 0, false
	}
	if u.alone == nil {
		u.alone = map[evidence.ConversationKey]int{}
		for i := range u.legs.Entries {
			if u.states[i].Voice {
				u.alone[keyOf(&u.legs.Entries[i])]++
			}
		}
	}
	return of[0], u.alone[keyOf(e)] == 1
}

func keyOf(e *manifest.Entry) evidence.ConversationKey {
	return evidence.ConversationKey{Org: e.Org, Conversation: e.Conversation}
}

// mark marks the entries of the source, also those of the margins.
func (u *unitFinder) mark() {
	for n := range u.legs.Entries {
		if u.has(&u.legs.Entries[n]) {
			u.states[n].Unmeasured = true
		}
	}
}

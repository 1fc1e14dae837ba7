package reconcile

import (
	"cmp"
	"slices"

	"cdrmend/internal/intern"
	"cdrmend/internal/manifest"
	"cdrmend/internal/record"
)

// Overuse is how many records of one organisation may carry an id before the id
// is treated as missing.
const Overuse = 1_000

// overusedIDs are ids that too many records carry, such as a placeholder.
type overusedIDs struct{ conversations, recordings map[uint64]bool }

func (o overusedIDs) count() int { return len(o.conversations) + len(o.recordings) }

func findOverusedIDs(ev *Evidence, spread Spread) overusedIDs {
	found := overusedIDs{map[uint64]bool{}, map[uint64]bool{}}
	// Until they are known, object keys may name overused ids.
	inKey := func(n uint32) manifest.KeyIDs { return keyIDs(ev, &ev.Entries[n], overusedIDs{}) }
	spread.parallel(func() {
		t := tally{make([]uint32, ev.Texts.Limit())}
		t.overused(found.conversations, len(ev.Legs), ev.orgOfLeg, func(n uint32, add func(intern.Text)) { add(ev.Legs[n].Conversation) })
		t.overused(found.conversations, len(ev.Entries), ev.orgOfEntry, func(n uint32, add func(intern.Text)) {
			add(cmp.Or(ev.Entries[n].Conversation, inKey(n).Conversation))
		})
	}, func() {
		t := tally{make([]uint32, ev.Texts.Limit())}
		t.overused(found.recordings, len(ev.Legs), ev.orgOfLeg, ev.eachListed)
		t.overused(found.recordings, len(ev.Entries), ev.orgOfEntry, func(n uint32, add func(intern.Text)) {
			add(cmp.Or(ev.Entries[n].Recording, inKey(n).Recording))
		})
	})
	return found
}

// forgetOverusedIDs removes overused ids from the records that carry them.
func forgetOverusedIDs(ev *Evidence, overused overusedIDs) {
	if overused.count() == 0 {
		return
	}
	for i := range ev.Legs {
		l, p := &ev.Legs[i], &ev.Particulars[i]
		if overused.conversations[keyOf(l.Org, l.Conversation)] {
			l.Conversation = intern.None
		}
		listed := ev.listed(uint32(i))
		// The part of the list that is no longer used has to stay as it is.
		kept := slices.DeleteFunc(slices.Clone(listed), func(id intern.Text) bool { return overused.recordings[keyOf(l.Org, id)] })
		p.Recordings.N = uint32(copy(listed, kept))
	}
	for i := range ev.Entries {
		e := &ev.Entries[i]
		if overused.conversations[keyOf(e.Org, e.Conversation)] {
			e.Conversation = intern.None
			e.Given &^= uint32(record.Of(record.ConversationID))
		}
		if overused.recordings[keyOf(e.Org, e.Recording)] {
			e.Recording = intern.None
			e.Given &^= uint32(record.Of(record.RecordingID))
		}
	}
}

// tally counts how many records carry each id.
type tally struct{ counts []uint32 }

// overused adds to the overused ids those that too many of n records of one
// organisation carry. It calls ids for each record, which may add several; most
// nights end after the first pass, which ignores organisations.
func (t *tally) overused(overused map[uint64]bool, n int, orgOf func(n uint32) intern.Text, ids func(n uint32, add func(intern.Text))) {
	clear(t.counts)
	suspicious := false
	count := func(id intern.Text) {
		t.counts[id.Index()]++
		suspicious = suspicious || t.counts[id.Index()] > Overuse && id != intern.None
	}
	for i := range uint32(n) {
		ids(i, count)
	}
	if !suspicious {
		return
	}

	byOrg := map[uint64]int{}
	for i := range uint32(n) {
		ids(i, func(id intern.Text) {
			if id != intern.None && t.counts[id.Index()] > Overuse {
				byOrg[keyOf(orgOf(i), id)]++
			}
		})
	}
	for key, count := range byOrg {
		if count > Overuse {
			overused[key] = true
		}
	}
}

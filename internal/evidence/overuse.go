package evidence

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

// OverusedIDs are ids that more than Overuse records have, such as a placeholder.
// The keys are of [KeyOf].
type OverusedIDs struct{ conversations, recordings map[uint64]bool }

// Count returns how many ids are overused.
func (o OverusedIDs) Count() int { return len(o.conversations) + len(o.recordings) }

// HasConversation reports whether a conversation id is overused.
func (o OverusedIDs) HasConversation(org, id intern.Text) bool {
	return o.conversations[KeyOf(org, id)]
}

// HasRecording reports whether a recording id is overused.
func (o OverusedIDs) HasRecording(org, id intern.Text) bool { return o.recordings[KeyOf(org, id)] }

func findOverusedIDs(ev *Evidence, spread Spread) OverusedIDs {
	found := OverusedIDs{map[uint64]bool{}, map[uint64]bool{}}

	// An id counts in object keys too. No id is known to be overused yet.
	inKey := func(n uint32) manifest.KeyIDs { return ev.KeyIDs(&ev.Entries[n], OverusedIDs{}) }

	// Legs and entries are counted apart: each list alone must exceed the limit.
	spread.Parallel(func() {
		t := tally{make([]uint32, ev.Texts.Limit())}
		t.overused(found.conversations, len(ev.Legs), ev.orgOfLeg, func(n uint32, add func(intern.Text)) { add(ev.Legs[n].Conversation) })
		t.overused(found.conversations, len(ev.Entries), ev.orgOfEntry, func(n uint32, add func(intern.Text)) {
			add(cmp.Or(ev.Entries[n].Conversation, inKey(n).Conversation))
		})
	}, func() {
		t := tally{make([]uint32, ev.Texts.Limit())}
		t.overused(found.recordings, len(ev.Legs), ev.orgOfLeg, ev.EachListed)
		t.overused(found.recordings, len(ev.Entries), ev.orgOfEntry, func(n uint32, add func(intern.Text)) {
			add(cmp.Or(ev.Entries[n].Recording, inKey(n).Recording))
		})
	})
	return found
}

// ForgetOverused removes overused ids from the records that carry them.
func ForgetOverused(ev *Evidence, overused OverusedIDs) {
	if overused.Count() == 0 {
		return
	}
	for i := range ev.Legs {
		l, p := &ev.Legs[i], &ev.Particulars[i]
		if overused.HasConversation(l.Org, l.Conversation) {
			l.Conversation = intern.None
		}

		// DeleteFunc would clear the end of the list, which has to stay as it is.
		listed := ev.Listed(uint32(i))
		kept := slices.DeleteFunc(slices.Clone(listed), func(id intern.Text) bool { return overused.HasRecording(l.Org, id) })
		p.Recordings.N = uint32(copy(listed, kept))
	}

	for i := range ev.Entries {
		e := &ev.Entries[i]
		if overused.HasConversation(e.Org, e.Conversation) {
			e.Conversation = intern.None
			e.Present &^= uint32(record.Of(record.ConversationID)) // so that it is repaired
		}
		if overused.HasRecording(e.Org, e.Recording) {
			e.Recording = intern.None
			e.Present &^= uint32(record.Of(record.RecordingID))
		}
	}
}

// tally counts how many records carry each id.
type tally struct{ counts []uint32 }

// overused adds the ids to overused that more than Overuse of n records of one
// organisation have. It calls ids for each record, which may add several. The first
// pass ignores organisations and needs no map; most nights need no second one.
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
				byOrg[KeyOf(orgOf(i), id)]++
			}
		})
	}

	for key, count := range byOrg {
		if count > Overuse {
			overused[key] = true
		}
	}
}

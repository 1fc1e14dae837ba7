package reconcile

import (
	"cmp"
	"encoding/binary"
	"hash/maphash"
	"math/bits"
	"slices"

	"cdrmend/internal/cdr"
	"cdrmend/internal/policy"
	"cdrmend/internal/record"
)

// Overuse is how many records of one organisation may carry an id before it
// is no id at all.
const Overuse = 10_000

func newDecider(ev *Evidence, spread Spread) *decider {
	d := &decider{
		Evidence:  ev,
		spread:    spread,
		state:     make([]entryState, len(ev.Entries)),
		decision:  &Decision{Evidence: ev, words: newWords(ev)},
		possible:  map[uint64]bool{},
		candidate: map[candidacy]record.Text{},
		claimed:   map[uint32]record.Run{},
		lost:      map[uint64]bool{},
		needed:    map[uint32]bool{},
	}
	d.rankObjects()
	d.rules = compileExclusions(ev)
	return d
}

// rankObjects numbers the objects in (key, source) order.
func (d *decider) rankObjects() {
	order := make([]uint32, len(d.Objects))
	for i := range order {
		order[i] = uint32(i)
	}
	slices.SortFunc(order, func(a, b uint32) int {
		return cmp.Or(cmp.Compare(d.Objects[a].Key, d.Objects[b].Key), cmp.Compare(a, b))
	})
	d.byKey = make([]uint32, len(order))
	for rank, object := range order {
		d.byKey[object] = uint32(rank)
	}
}

// settleOrgs gives every entry its organisation: its own, its document's, its
// key's, its source's, the configuration's. Legs and events, which have no
// documents, got theirs when they were read.
func (d *decider) settleOrgs() {
	for i := range d.Entries {
		e := &d.Entries[i]
		doc := &d.Documents[e.Doc]
		if e.Org == record.None && doc.Org != record.None {
			e.Org = doc.Org
			given := record.Fields(e.Given)
			given.Add(record.OrgID)
			e.Given = uint32(given)
		}
		e.Org = d.OrgOf(d.Objects[doc.Object].Source, e.Org, doc.Key.Org)
	}
}

func (d *decider) sourceOf(object uint32) *Source { return &d.Sources[d.Objects[object].Source] }

// before orders two rows by (object key, source, row).
func (d *decider) before(a, b record.Ref) int {
	return cmp.Or(cmp.Compare(d.byKey[a.Object], d.byKey[b.Object]), cmp.Compare(a.Row, b.Row))
}

// dropSuperseded keeps one row of each leg that was delivered more than once.
func (d *decider) dropSuperseded() {
	drop, hashes := make([]bool, len(d.Legs)), make([]uint64, len(d.Legs))
	seed := maphash.MakeSeed()
	d.eachPart(len(d.Legs), func(_, from, to int) {
		var identity []byte
		for n := from; n < to; n++ {
			identity = d.appendLeg(identity[:0], d.leg(uint32(n)))
			hashes[n] = maphash.Bytes(seed, identity)
		}
	})
	seen := newLegSet(len(d.Legs))
	for _, rows := range d.legsByKey() {
		for n := rows.At; n < rows.At+rows.N; n++ {
			d.supersede(seen, hashes[n], n, drop)
		}
	}
	kept, beside := d.Legs[:0], d.Particulars[:0]
	for i := range d.Legs {
		if drop[i] {
			d.decision.Balance[policy.CDRs].Superseded++
			continue
		}
		kept, beside = append(kept, d.Legs[i]), append(beside, d.Particulars[i])
	}
	d.Legs, d.Particulars = kept, beside
}

// leg returns all of a leg.
func (d *decider) leg(n uint32) *cdr.Leg {
	return &cdr.Leg{Shown: d.Legs[n], Particulars: d.Particulars[n]}
}

// legsByKey returns the legs of each object, in (object key, source) order.
func (d *decider) legsByKey() []record.Run {
	var objects []record.Run
	for i := range d.Legs {
		if i == 0 || d.Legs[i].Ref.Object != d.Legs[i-1].Ref.Object {
			objects = append(objects, record.Run{At: uint32(i)})
		}
		objects[len(objects)-1].N++
	}
	slices.SortFunc(objects, func(a, b record.Run) int { return d.before(d.Legs[a.At].Ref, d.Legs[b.At].Ref) })
	return objects
}

// legSet is a set of different legs, with room for a number of them. A slot
// holds 32 bits of a leg's hash and its number after 0.
type legSet struct{ slots []uint64 }

func newLegSet(n int) *legSet { return &legSet{make([]uint64, 1<<bits.Len(uint(n+n/2)))} }

// supersede puts a leg into the set of those seen, or marks the one row of two
// that does not count. Rows come in (object key, source, row) order.
func (d *decider) supersede(seen *legSet, hash uint64, n uint32, drop []bool) {
	mask := uint64(len(seen.slots) - 1)
	at := hash & mask
	slot := hash>>32<<32 | uint64(n+1)
	for ; seen.slots[at] != 0; at = (at + 1) & mask {
		winner := uint32(seen.slots[at]) - 1
		if seen.slots[at]>>32 != hash>>32 || !d.sameLeg(d.leg(winner), d.leg(n)) {
			continue
		}
		if d.Legs[n].Identified() && supersedes(d.leg(n), d.leg(winner)) {
			drop[winner], seen.slots[at] = true, slot
		} else {
			drop[n] = true
		}
		return
	}
	seen.slots[at] = slot
}

// appendLeg appends what rows of one leg have in common, and no others.
func (d *decider) appendLeg(k []byte, l *cdr.Leg) []byte {
	return l.AppendIdentity(k, d.Recordings, d.Talk, func(k []byte, t record.Text) []byte {
		return binary.LittleEndian.AppendUint32(k, uint32(t))
	})
}

func (d *decider) sameLeg(a, b *cdr.Leg) bool {
	if a.Identified() && b.Identified() {
		return a.Org == b.Org && a.Conversation == b.Conversation && a.ID == b.ID
	}
	return string(d.appendLeg(nil, a)) == string(d.appendLeg(nil, b))
}

// supersedes reports whether the later of two rows of one leg counts.
func supersedes(later, earlier *cdr.Leg) bool {
	if later.Updated != earlier.Updated {
		return later.Updated > earlier.Updated
	}
	return later.End.Known() || !earlier.End.Known()
}

// dropOverused treats ids that too many records carry as missing.
func (d *decider) dropOverused() {
	badConversations, badRecordings := map[uint64]bool{}, map[uint64]bool{}
	d.sideBySide(func() {
		t := tally{make([]uint32, d.Texts.Limit())}
		t.overused(badConversations, len(d.Legs), d.orgOfLeg, func(n uint32, add func(record.Text)) { add(d.Legs[n].Conversation) })
		t.overused(badConversations, len(d.Entries), d.orgOfEntry, func(n uint32, add func(record.Text)) {
			add(cmp.Or(d.Entries[n].Conversation, d.keyIDs(&d.Entries[n]).Conversation))
		})
	}, func() {
		t := tally{make([]uint32, d.Texts.Limit())}
		t.overused(badRecordings, len(d.Legs), d.orgOfLeg, func(n uint32, add func(record.Text)) {
			for _, id := range record.RunOf(d.Particulars[n].Recordings, d.Recordings) {
				add(id)
			}
		})
		t.overused(badRecordings, len(d.Entries), d.orgOfEntry, func(n uint32, add func(record.Text)) {
			add(cmp.Or(d.Entries[n].Recording, d.keyIDs(&d.Entries[n]).Recording))
		})
	})
	d.decision.OverusedIDs = len(badConversations) + len(badRecordings)
	if d.decision.OverusedIDs == 0 {
		return
	}
	for i := range d.Legs {
		d.forgetLegIDs(uint32(i), badConversations, badRecordings)
	}
	for i := range d.Entries {
		e := &d.Entries[i]
		if badConversations[keyOf(e.Org, e.Conversation)] {
			e.Conversation = record.None
			e.Given &^= uint32(record.Of(record.ConversationID))
		}
		if badRecordings[keyOf(e.Org, e.Recording)] {
			e.Recording = record.None
			e.Given &^= uint32(record.Of(record.RecordingID))
		}
	}
	d.badConversations, d.badRecordings = badConversations, badRecordings
}

func (d *decider) forgetLegIDs(n uint32, conversations, recordings map[uint64]bool) {
	l, p := &d.Legs[n], &d.Particulars[n]
	if conversations[keyOf(l.Org, l.Conversation)] {
		l.Conversation = record.None
	}
	listed := record.RunOf(p.Recordings, d.Recordings)
	kept := slices.DeleteFunc(slices.Clone(listed), func(id record.Text) bool { return recordings[keyOf(l.Org, id)] })
	p.Recordings.N = uint32(copy(listed, kept))
}

// tally counts how many records carry each id.
type tally struct{ counts []uint32 }

// overused adds to bad the ids that too many of n records of one organisation
// carry. Ids is asked for each record's, of which it may add several.
func (t *tally) overused(bad map[uint64]bool, n int, orgOf func(n uint32) record.Text, ids func(n uint32, add func(record.Text))) {
	clear(t.counts)
	suspicious := false
	count := func(id record.Text) {
		t.counts[id.Index()]++
		suspicious = suspicious || t.counts[id.Index()] > Overuse && id != record.None
	}
	for i := range uint32(n) {
		ids(i, count)
	}
	if !suspicious {
		return
	}
	byOrg := map[uint64]int{}
	for i := range uint32(n) {
		ids(i, func(id record.Text) {
			if id != record.None && t.counts[id.Index()] > Overuse {
				byOrg[keyOf(orgOf(i), id)]++
			}
		})
	}
	for key, count := range byOrg {
		if count > Overuse {
			bad[key] = true
		}
	}
}

package reconcile

import (
	"cmp"
	"encoding/binary"
	"hash/maphash"
	"slices"

	"cdrmend/internal/cdr"
	"cdrmend/internal/manifest"
	"cdrmend/internal/policy"
	"cdrmend/internal/record"
)

// overuse is how many records of one organisation may carry an id before it
// is no id at all.
const overuse = 10_000

func newDecider(ev *Evidence) *decider {
	d := &decider{
		Evidence:  ev,
		state:     make([]entryState, len(ev.Entries)),
		decision:  &Decision{Evidence: ev},
		possible:  map[uint64]bool{},
		candidate: map[uint32][manifest.NumRepairable]record.Text{},
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
		e.Org = cmp.Or(e.Org, doc.Key.Org, d.sourceOf(doc.Object).Org, d.Org)
	}
}

func (d *decider) sourceOf(object uint32) *Source { return &d.Sources[d.Objects[object].Source] }

// before orders two rows by (object key, source, row).
func (d *decider) before(a, b record.Ref) int {
	return cmp.Or(cmp.Compare(d.byKey[a.Object], d.byKey[b.Object]), cmp.Compare(a.Row, b.Row))
}

// dropSuperseded keeps one row of each leg that was delivered more than once.
func (d *decider) dropSuperseded() {
	order := make([]uint32, len(d.Legs))
	hashes := make([]uint64, len(d.Legs))
	seed := maphash.MakeSeed()
	for i := range d.Legs {
		order[i] = uint32(i)
		hashes[i] = d.legHash(seed, &d.Legs[i])
	}
	slices.SortFunc(order, func(a, b uint32) int {
		return cmp.Or(cmp.Compare(hashes[a], hashes[b]), d.before(d.Legs[a].Ref, d.Legs[b].Ref))
	})
	drop := make([]bool, len(d.Legs))
	for first := 0; first < len(order); {
		last := first + 1
		for last < len(order) && hashes[order[last]] == hashes[order[first]] {
			last++
		}
		if last > first+1 {
			d.supersede(order[first:last], drop)
		}
		first = last
	}
	kept := d.Legs[:0]
	for i := range d.Legs {
		if drop[i] {
			d.decision.Balance[policy.CDRs].Superseded++
			continue
		}
		kept = append(kept, d.Legs[i])
	}
	d.Legs = kept
	slices.SortFunc(d.Legs, func(a, b cdr.Leg) int {
		return cmp.Or(cmp.Compare(a.Ref.Object, b.Ref.Object), cmp.Compare(a.Ref.Row, b.Ref.Row))
	})
}

func identified(l *cdr.Leg) bool { return l.Conversation != record.None && l.ID != record.None }

// legHash is equal for rows that may be the same leg: those with one identity,
// or without one those equal in everything.
func (d *decider) legHash(seed maphash.Seed, l *cdr.Leg) uint64 {
	var b [256]byte
	k := append(b[:0], 1)
	if !identified(l) {
		k[0] = 2
		return maphash.Bytes(seed, d.appendLeg(k, l))
	}
	for _, t := range []record.Text{l.Org, l.Conversation, l.ID} {
		k = binary.LittleEndian.AppendUint32(k, uint32(t))
	}
	return maphash.Bytes(seed, k)
}

// appendLeg appends every canonical field of a leg.
func (d *decider) appendLeg(k []byte, l *cdr.Leg) []byte {
	for _, t := range []record.Text{l.Org, l.Conversation, l.ID, l.Trunk, l.Line, l.Direction, l.ANI, l.DNIS} {
		k = binary.LittleEndian.AppendUint32(k, uint32(t))
	}
	for _, t := range []record.Time{l.Start, l.Answer, l.End, l.Updated} {
		k = binary.LittleEndian.AppendUint64(k, uint64(t))
	}
	k = binary.LittleEndian.AppendUint32(k, uint32(l.SIPStatus))
	k = append(k, byte(l.Recorded))
	k = binary.LittleEndian.AppendUint32(k, l.Recordings.N)
	for _, t := range record.RunOf(l.Recordings, d.Recordings) {
		k = binary.LittleEndian.AppendUint32(k, uint32(t))
	}
	for _, s := range record.RunOf(l.Talk, d.Talk) {
		k = binary.LittleEndian.AppendUint64(k, uint64(s.Start))
		k = binary.LittleEndian.AppendUint64(k, uint64(s.End))
	}
	return k
}

// supersede marks the rows of a group with one hash that do not count. The
// rows are in (object key, source, row) order.
func (d *decider) supersede(rows []uint32, drop []bool) {
	for i, row := range rows {
		if drop[row] {
			continue
		}
		winner := row
		for _, other := range rows[i+1:] {
			if drop[other] || !d.sameLeg(&d.Legs[winner], &d.Legs[other]) {
				continue
			}
			if identified(&d.Legs[winner]) && supersedes(&d.Legs[other], &d.Legs[winner]) {
				drop[winner], winner = true, other
			} else {
				drop[other] = true
			}
		}
	}
}

func (d *decider) sameLeg(a, b *cdr.Leg) bool {
	if identified(a) != identified(b) {
		return false
	}
	if identified(a) {
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
	var legConversations, legRecordings, conversations, recordings index
	for i := range d.Legs {
		l := &d.Legs[i]
		legConversations.add(l.Org, l.Conversation, 0)
		for _, id := range record.RunOf(l.Recordings, d.Recordings) {
			legRecordings.add(l.Org, id, 0)
		}
	}
	for i := range d.Entries {
		e := &d.Entries[i]
		key := d.keyIDs(e)
		conversations.add(e.Org, cmp.Or(e.Conversation, key.Conversation), 0)
		recordings.add(e.Org, cmp.Or(e.Recording, key.Recording), 0)
	}
	badConversations := overused(&legConversations, &conversations)
	badRecordings := overused(&legRecordings, &recordings)
	d.decision.OverusedIDs = len(badConversations) + len(badRecordings)
	if d.decision.OverusedIDs == 0 {
		return
	}
	for i := range d.Legs {
		d.forgetLegIDs(&d.Legs[i], badConversations, badRecordings)
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

func (d *decider) forgetLegIDs(l *cdr.Leg, conversations, recordings map[uint64]bool) {
	if conversations[keyOf(l.Org, l.Conversation)] {
		l.Conversation = record.None
	}
	listed := record.RunOf(l.Recordings, d.Recordings)
	kept := slices.DeleteFunc(slices.Clone(listed), func(id record.Text) bool { return recordings[keyOf(l.Org, id)] })
	l.Recordings.N = uint32(copy(listed, kept))
}

func overused(sets ...*index) map[uint64]bool {
	bad := map[uint64]bool{}
	for _, x := range sets {
		x.sort()
		for group := range x.groups {
			if len(group) > overuse {
				bad[group[0].key] = true
			}
		}
	}
	return bad
}

package evidence

import (
	"cmp"
	"fmt"
	"slices"

	"cdrmend/internal/intern"
	"cdrmend/internal/policy"
)

// Night is what [Facts] know of a whole night that a part of its rows does not show.
// Sources and partitions are numbers, in the order in which a run lists them.
type Night struct {
	Unused        []uint32       `json:"unused_sources"` // that delivered nothing usable
	Partitions    []PartitionSum `json:"partitions"`     // those that have something to be known
	Conversations []OwnedID      `json:"overused_conversations"`
	Recordings    []OwnedID      `json:"overused_recordings"`
	Expected      []string       `json:"expected_kinds"` // see [Facts.ExpectInputs]
	EmptyLists    []uint32       `json:"empty_lists"`    // partitions whose blank documents are empty lists
}

// PartitionSum is what the objects of a partition showed together.
type PartitionSum struct {
	Partition uint32 `json:"partition"`
	Damaged   bool   `json:"damaged,omitempty"`
	Empty     bool   `json:"empty,omitempty"`
	Blank     bool   `json:"blank,omitempty"`
}

// OwnedID is an id of an organisation.
type OwnedID struct {
	Org string `json:"org_id"`
	ID  string `json:"id"`
}

// Night returns what the facts know, once they are final.
func (f *Facts) Night(texts *intern.Table) Night {
	n := Night{
		Unused: []uint32{}, Partitions: []PartitionSum{}, Expected: []string{}, EmptyLists: []uint32{},
		Conversations: ownedIDs(texts, f.Overused.conversations), Recordings: ownedIDs(texts, f.Overused.recordings),
	}
	for i := range f.sources {
		if f.sources[i].NoUse {
			n.Unused = append(n.Unused, uint32(i))
		}
	}
	for i := range f.partitions {
		p := &f.partitions[i]
		if s := (PartitionSum{uint32(i), p.Damaged, p.Empty, p.Blank}); p.Damaged || p.Empty || p.Blank {
			n.Partitions = append(n.Partitions, s)
		}
	}
	for kind, expected := range f.expected {
		if expected {
			n.Expected = append(n.Expected, policy.Kind(kind).String())
		}
	}
	for partition, empty := range f.unblamed {
		if empty {
			n.EmptyLists = append(n.EmptyLists, partition)
		}
	}
	slices.Sort(n.EmptyLists)
	return n
}

// ownedIDs returns the ids that keys stand for, in order.
func ownedIDs(texts *intern.Table, keys map[uint64]bool) []OwnedID {
	list := []OwnedID{}
	for key := range keys {
		list = append(list, OwnedID{texts.String(intern.Text(key >> 32)), texts.String(intern.Text(uint32(key)))}) //nolint:gosec // the two halves of KeyOf
	}
	slices.SortFunc(list, func(a, b OwnedID) int { return cmp.Or(cmp.Compare(a.Org, b.Org), cmp.Compare(a.ID, b.ID)) })
	return list
}

// Apply makes the evidence of a part of a night say of its sources and partitions what
// that of the whole night said. It fails when it is not the evidence of that night.
func (n *Night) Apply(ev *Evidence) error {
	for _, source := range n.Unused {
		if int(source) >= len(ev.Sources) {
			return fmt.Errorf("the facts of the night name source %d of %d", source, len(ev.Sources))
		}
	}
	for _, partition := range n.EmptyLists {
		if int(partition) >= len(ev.Partitions) {
			return fmt.Errorf("the facts of the night name partition %d of %d", partition, len(ev.Partitions))
		}
	}
	for i := range ev.Sources {
		ev.Sources[i].NoUse = slices.Contains(n.Unused, uint32(i))
	}
	for i := range ev.Partitions {
		p := &ev.Partitions[i]
		p.Damaged, p.Empty, p.Blank = false, false, false
	}
	for _, s := range n.Partitions {
		if int(s.Partition) >= len(ev.Partitions) {
			return fmt.Errorf("the facts of the night name partition %d of %d", s.Partition, len(ev.Partitions))
		}
		p := &ev.Partitions[s.Partition]
		p.Damaged, p.Empty, p.Blank = s.Damaged, s.Empty, s.Blank
	}
	return nil
}

// FactsOf returns the facts of the whole night for evidence that [Night.Apply] was
// applied to.
func (n *Night) FactsOf(ev *Evidence) *Facts {
	keys := func(ids []OwnedID) map[uint64]bool {
		set := map[uint64]bool{}
		for _, id := range ids {
			set[KeyOf(ev.Texts.OfString(id.Org), ev.Texts.OfString(id.ID))] = true
		}
		return set
	}
	return newFacts(ev, OverusedIDs{keys(n.Conversations), keys(n.Recordings)})
}

// Expects returns the kinds of sources that should have delivered something.
func (n *Night) Expects() (kinds [policy.NumKinds]bool) {
	for kind := range kinds {
		kinds[kind] = slices.Contains(n.Expected, policy.Kind(kind).String())
	}
	return kinds
}

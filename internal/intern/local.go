package intern

import "hash/maphash"

// Local returns an empty table for texts that are soon forgotten. It hashes
// like t, and is for one goroutine.
func (t *Table) Local() *Table {
	local := &Table{seed: t.seed, single: true}
	local.shard[0].init()
	return local
}

// forget empties a local table. It keeps the slots and the places, which are filled
// again soon.
func (t *Table) forget() {
	s := &t.shard[0]
	clear(s.slots)
	s.last, s.used, s.taken = 0, 0, 0
	s.blocks.Store(new([][]byte))
}

// hashOf returns the hash of the stored form of x. Tables with one seed agree
// on it.
func (t *Table) hashOf(x Text) uint64 { return maphash.Bytes(t.seed, t.stored(x)) }

// adopt interns a text of a local table in t.
func (t *Table) adopt(local *Table, x Text) Text {
	if x == None {
		return None
	}
	return t.of(local.stored(x), uint32(x)&1, local.hashOf(x))
}

// Mark remembers which texts a table had at one moment.
type Mark struct {
	texts *Table
	last  [shards]uint32
}

// Mark returns a mark of the texts so far.
func (t *Table) Mark() *Mark {
	m := &Mark{texts: t}
	for i := range t.shard {
		s := &t.shard[i]
		s.mu.Lock()
		m.last[i] = s.last
		s.mu.Unlock()
	}
	return m
}

// had reports whether the table had a text, given as x of a local table with
// its hash.
func (m *Mark) had(local *Table, x Text, hash uint64) bool {
	number := uint32(hash) & (shards - 1)
	s := &m.texts.shard[number]
	s.mu.Lock()
	defer s.mu.Unlock()

	// A shard numbers its texts in the order of interning.
	n, _ := s.find(tagOf(hash, uint32(x)&1), local.stored(x))
	return n != 0 && n <= m.last[number]
}

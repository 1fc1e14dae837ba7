package record

import "hash/maphash"

// Local returns an empty table for texts that are soon forgotten. They hash as
// they do in t. It is for one goroutine.
func (t *Texts) Local() *Texts {
	local := &Texts{seed: t.seed, single: true}
	local.shard[0].init()
	return local
}

// forget empties a local table.
func (t *Texts) forget() {
	s := &t.shard[0]
	clear(s.slots)
	s.last, s.used = 0, 0
	s.blocks.Store(new([][]byte))
}

// hashOf returns the hash of what is stored of x, which tables with one seed
// agree on.
func (t *Texts) hashOf(x Text) uint64 { return maphash.Bytes(t.seed, t.stored(x)) }

// adopt interns what x stands for in a local table.
func (t *Texts) adopt(local *Texts, x Text) Text {
	if x == None {
		return None
	}
	return t.of(local.stored(x), uint32(x)&1, local.hashOf(x))
}

// Mark is a moment of a table: it tells the texts that it had from those that
// came later.
type Mark struct {
	texts *Texts
	last  [shards]uint32
}

// Mark returns this moment.
func (t *Texts) Mark() *Mark {
	m := &Mark{texts: t}
	for i := range t.shard {
		s := &t.shard[i]
		s.mu.Lock()
		m.last[i] = s.last
		s.mu.Unlock()
	}
	return m
}

// had reports whether the table had what x stands for in a local table, whose
// hash is given.
func (m *Mark) had(local *Texts, x Text, hash uint64) bool {
	number := uint32(hash) & (shards - 1)
	s := &m.texts.shard[number]
	s.mu.Lock()
	defer s.mu.Unlock()
	n, _ := s.find(tagOf(hash, uint32(x)&1), local.stored(x))
	return n != 0 && n <= m.last[number]
}

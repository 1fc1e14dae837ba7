package record

import "hash/maphash"

// waiting is a UUID that was read and is not interned yet.
type waiting struct {
	hash uint64
	id   [uuidSize]byte
	slot uint32 // where its number is wanted
}

// backlog holds UUIDs that are wanted as texts, but not at once. Each of the
// millions of a night lies somewhere else in memory, behind a lock: to intern
// one costs as much as decoding a row. Interned a few thousand at a time, those
// of one shard together, they wait for memory all at once and for locks hardly
// ever.
type backlog struct {
	ids   []waiting
	order []uint16 // of the ids by shard
}

const backlogSize = 1 << 12

// Later is ID for an id that is likely to be another one than all before, as
// those of recordings and conversations are. It may return None for an id that
// is present: Settle says later what it is, by the slot that the caller gave.
func (n *Normalizer) Later(v Value, slot uint32) (id Text, present, ok bool) {
	b, ok := n.text(v)
	if b == nil {
		return None, false, ok
	}
	var packed [uuidSize]byte
	if !parseUUID(&packed, bare(b), &anyHex) {
		return n.recent.of(n.Texts, b, 0), true, true
	}
	hash := maphash.Bytes(n.Texts.seed, packed[:])
	if n.Texts.single { // at hand, and nobody else's
		return n.Texts.of(packed[:], 1, hash), true, true
	}
	n.later.ids = append(n.later.ids, waiting{hash, packed, slot})
	return None, true, true
}

// Waits reports whether so many ids wait that they should be settled.
func (n *Normalizer) Waits() bool { return len(n.later.ids) >= backlogSize }

// Settle interns the ids that wait and says what each is.
func (n *Normalizer) Settle(set func(slot uint32, id Text)) {
	ids := n.later.ids
	for len(ids) > 0 {
		some := ids[:min(len(ids), backlogSize)]
		n.Texts.ofMany(some, n.later.byShard(some), set)
		ids = ids[len(some):]
	}
	n.Forget()
}

// Forget gives up the ids that wait.
func (n *Normalizer) Forget() { n.later.ids = n.later.ids[:0] }

// byShard returns the numbers of the ids in the order of their shards.
func (l *backlog) byShard(ids []waiting) []uint16 {
	var next [shards + 1]uint16
	for i := range ids {
		next[ids[i].hash&(shards-1)+1]++
	}
	for i := range shards {
		next[i+1] += next[i]
	}
	if cap(l.order) < len(ids) {
		l.order = make([]uint16, backlogSize)
	}
	order := l.order[:len(ids)]
	for i := range ids {
		shard := ids[i].hash & (shards - 1)
		order[next[shard]] = uint16(i)
		next[shard]++
	}
	return order
}

// ofMany interns ids in an order that has those of one shard together.
func (t *Texts) ofMany(ids []waiting, order []uint16, set func(slot uint32, id Text)) {
	for len(order) > 0 {
		number := uint32(ids[order[0]].hash) & (shards - 1)
		same := 1
		for same < len(order) && uint32(ids[order[same]].hash)&(shards-1) == number {
			same++
		}
		s := &t.shard[number]
		s.mu.Lock()
		s.touch(ids, order[:same])
		for _, i := range order[:same] {
			w := &ids[i]
			set(w.slot, Text(s.number(tagOf(w.hash, 1), w.id[:])<<shardBits|number)<<1|1)
		}
		s.mu.Unlock()
		order = order[same:]
	}
}

// touch looks at where ids are going to be looked for. No look depends on
// another, so that the processor waits for all of them together.
func (s *shard) touch(ids []waiting, order []uint16) {
	mask := uint32(len(s.slots) - 1)
	places := *s.places.Load()
	sum := byte(0)
	for _, i := range order {
		tag := tagOf(ids[i].hash, 1)
		if slot := s.slots[tag>>1&mask]; uint32(slot>>32) == tag {
			n := uint32(slot) - 1
			sum ^= places[n/chunkSize][n%chunkSize][0]
		}
	}
	s.touched = sum
}

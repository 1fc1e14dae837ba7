package intern

import "hash/maphash"

// waiting is a UUID that was read and is not interned yet.
type waiting struct {
	hash uint64
	id   UUID
	slot uint32 // where its text is wanted
}

// A Backlog holds UUIDs that are interned later, many at once. There are millions
// of them, each at its own address and behind a lock, so that interning one costs
// as much as decoding a row. A few thousand at a time, sorted by shard, take each
// lock once, and their memory accesses overlap.
type Backlog struct {
	ids   []waiting
	order []uint16 // indexes of the ids, sorted by shard
}

const backlogSize = 1 << 12

// Add returns the text of a UUID at once if the table is local. Otherwise it
// returns None, and Settle reports the text later, by the slot.
func (l *Backlog) Add(t *Table, id *UUID, slot uint32) Text {
	hash := maphash.Bytes(t.seed, id[:])
	if t.single { // a local table: small, and without other users
		return t.of(id[:], 1, hash)
	}
	l.ids = append(l.ids, waiting{hash, *id, slot})
	return None
}

// Full reports whether enough ids wait for Settle to be worth calling.
func (l *Backlog) Full() bool { return len(l.ids) >= backlogSize }

// Settle interns the waiting ids and calls set with the text of each.
func (l *Backlog) Settle(t *Table, set func(slot uint32, id Text)) {
	ids := l.ids
	for len(ids) > 0 {
		// Add does not stop at backlogSize, and byShard orders at most that many.
		some := ids[:min(len(ids), backlogSize)]
		t.ofMany(some, l.byShard(some), set)
		ids = ids[len(some):]
	}
	l.Forget()
}

// Forget discards the waiting ids.
func (l *Backlog) Forget() { l.ids = l.ids[:0] }

// byShard returns the indexes of the ids sorted by shard. There are at most
// backlogSize of them.
func (l *Backlog) byShard(ids []waiting) []uint16 {
	// A counting sort: next[s] becomes where the indexes of shard s begin.
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

// ofMany interns ids; order lists the ids of each shard together.
func (t *Table) ofMany(ids []waiting, order []uint16, set func(slot uint32, id Text)) {
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

// touch reads the memory in which the ids are searched afterwards. No access
// depends on another, so that the processor overlaps them all. The sum is
// stored only so that the compiler keeps the loop.
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

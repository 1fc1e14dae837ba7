// Package intern gives equal texts equal numbers.
//
// Millions of ids are held in memory at once. As a [Text] each is four bytes
// without a pointer, and two of them are compared like integers. A [Table]
// stores the text of each number. The numbers depend on the order in which
// concurrent readers arrive, so that no output may be ordered by them.
//
// [Cache] and [Backlog] make interning faster for one reader. [Filter] uses
// the hashes of the table to decide which rows need their texts at all.
package intern

import (
	"bytes"
	"encoding/binary"
	"hash/maphash"
	"sync"
	"sync/atomic"
)

// Text is an interned text: two texts of one [Table] are equal exactly when
// their numbers are. The numbers depend on the order of interning, which
// concurrency decides. So texts are ordered by [Table.Compare], never by number.
//
// The lowest bit is set for a packed UUID, the next six are the shard, and the
// upper bits number the texts of the shard from 1.
type Text uint32

// None is the missing text.
const None Text = 0

const (
	shardBits = 6
	shards    = 1 << shardBits
	chunkSize = 1 << 10 // texts
	blockSize = 1 << 18 // bytes of texts that are not UUIDs
)

// Index returns the index of x in a slice with an element for every text. It is
// less than [Table.Limit], and that of None is 0.
func (x Text) Index() int { return int(x >> 1) }

// IsUUID reports whether x is a UUID in canonical form.
func (x Text) IsUUID() bool  { return x&1 == 1 }
func (x Text) shard() uint32 { return uint32(x) >> 1 & (shards - 1) }
func (x Text) n() uint32     { return uint32(x) >> (shardBits + 1) }

// Table is a table of interned texts, safe for concurrent use. UUIDs in
// canonical form, which most ids are, take 16 bytes instead of 36. Reading a
// text takes no lock, because the text of a number never changes.
type Table struct {
	seed   maphash.Seed
	shard  [shards]shard
	single bool // all texts are in the first shard
}

// A shard finds a text by one access to its slots and one to the stored text.
// There are millions of texts, and each access to a distant address costs as
// much as decoding a field.
type shard struct {
	mu      sync.Mutex
	slots   []uint64 // open addressing: 32 bits of hash, then the number; 0 is free
	taken   int      // slots
	last    uint32   // number of the last text
	used    int      // bytes of the last block
	touched byte     // see touch
	places  atomic.Pointer[[]*chunk]
	blocks  atomic.Pointer[[][]byte]
}

// chunk holds the places of successive texts: a UUID itself, or the block, the
// offset and the length of any other text.
type chunk [chunkSize][uuidSize]byte

// NewTable returns an empty table.
func NewTable() *Table {
	t := &Table{seed: maphash.MakeSeed()}
	for i := range t.shard {
		t.shard[i].init()
	}
	return t
}

// Freeze frees the slots, by which texts are found by their bytes; they are
// nearly half of the memory that a text takes. A text interned before Freeze must not be
// interned again, because it would get a second number.
func (t *Table) Freeze() {
	for i := range t.shard {
		s := &t.shard[i]
		s.mu.Lock()
		// Not nil: new texts may follow, and find needs a free slot.
		s.slots, s.taken = make([]uint64, 16), 0
		s.mu.Unlock()
	}
}

func (s *shard) init() {
	s.slots = make([]uint64, 16)
	s.places.Store(new([]*chunk))
	s.blocks.Store(new([][]byte))
}

// Hash returns a hash of b, which differs between tables unless one is local to
// the other.
func (t *Table) Hash(b []byte) uint64 { return maphash.Bytes(t.seed, b) }

// Limit is more than the index of every text so far.
func (t *Table) Limit() int {
	last := uint32(0)
	for i := range t.shard {
		s := &t.shard[i]
		s.mu.Lock()
		last = max(last, s.last)
		s.mu.Unlock()
	}

	return int(last+1) << shardBits
}

// Of interns b. The empty text is None.
func (t *Table) Of(b []byte) Text {
	if len(b) == 0 {
		return None
	}

	var id UUID
	if parseUUID(&id, b, &lowerHex) {
		return t.of(id[:], 1, maphash.Bytes(t.seed, id[:]))
	}
	return t.of(b, 0, maphash.Bytes(t.seed, b))
}

// OfString interns v.
func (t *Table) OfString(v string) Text { return t.Of([]byte(v)) }

// of interns a text by its stored form; kind is 1 for a packed UUID.
func (t *Table) of(stored []byte, kind uint32, hash uint64) Text {
	number := uint32(hash) & (shards - 1)
	if t.single {
		number = 0
	}

	s := &t.shard[number]
	s.mu.Lock()
	n := s.number(tagOf(hash, kind), stored)
	s.mu.Unlock()
	return Text(n<<shardBits|number)<<1 | Text(kind)
}

// tagOf returns the upper half of a slot: enough bits of the hash to tell nearly
// all texts apart, and the kind.
func tagOf(hash uint64, kind uint32) uint32 { return uint32(hash>>32)&^1 | kind }

// number returns the number of a text, which is added when it is new.
func (s *shard) number(tag uint32, stored []byte) uint32 {
	n, at := s.find(tag, stored)
	if n == 0 {
		n = s.add(tag, at, stored)
	}
	return n
}

// is reports whether x is the text with this stored form and kind.
func (t *Table) is(x Text, stored []byte, kind uint32) bool {
	return uint32(x&1) == kind && bytes.Equal(t.stored(x), stored)
}

// AppendTo appends the bytes of x to b.
func (t *Table) AppendTo(b []byte, x Text) []byte {
	switch {
	case x == None:
		return b
	case x.IsUUID():
		return appendUUID(b, t.stored(x))
	}
	return append(b, t.stored(x)...)
}

// UUIDs looks up texts that are all UUIDs. Looking up many in one loop takes
// half as long as one by one: the accesses to memory do not depend on each
// other, so that the processor overlaps them.
func (t *Table) UUIDs(ids []UUID, texts []Text) {
	for i, x := range texts {
		ids[i] = UUID(t.stored(x))
	}
}

// String returns the text of x.
func (t *Table) String(x Text) string {
	var b [64]byte
	return string(t.AppendTo(b[:0], x))
}

// Compare orders two texts by their bytes, the missing one first. Packed UUIDs
// order like the texts that they spell.
func (t *Table) Compare(x, y Text) int {
	switch {
	case x == y:
		return 0
	case x == None:
		return -1
	case y == None:
		return 1
	case x.IsUUID() == y.IsUUID():
		return bytes.Compare(t.stored(x), t.stored(y))
	}

	// A packed UUID and a plain text compare only once both are spelled out.
	var long, short [64]byte
	return bytes.Compare(t.AppendTo(long[:0], x), t.AppendTo(short[:0], y))
}

// Prefix returns the first eight bytes of x as a number that orders like them.
func (t *Table) Prefix(x Text) uint64 {
	var b [UUIDLen]byte
	text := b[:0]
	switch {
	case x.IsUUID():
		text = appendHex(text, t.stored(x)[:4])
	case x != None:
		text = t.stored(x)
	}

	var first [8]byte
	copy(first[:], text)
	return binary.BigEndian.Uint64(first[:])
}

// stored returns the stored form of x: 16 bytes for a UUID, the whole text
// otherwise. It never changes.
func (t *Table) stored(x Text) []byte { return t.shard[x.shard()].stored(x.n(), uint32(x)&1) }

func (s *shard) stored(n, kind uint32) []byte {
	n--
	place := &(*s.places.Load())[n/chunkSize][n%chunkSize]
	if kind == 1 {
		return place[:]
	}
	block, from, size := binary.LittleEndian.Uint32(place[:]), binary.LittleEndian.Uint32(place[4:]), binary.LittleEndian.Uint32(place[8:])
	return (*s.blocks.Load())[block][from : from+size]
}

// find returns the number of a text, or 0 and the slot where it belongs.
func (s *shard) find(tag uint32, stored []byte) (n, at uint32) {
	// The loop ends because a quarter of the slots is always free, see add.
	mask := uint32(len(s.slots) - 1)
	for at = tag >> 1 & mask; ; at = (at + 1) & mask {
		slot := s.slots[at]
		if slot == 0 {
			return 0, at
		}

		// Reading the stored text costs an access to a distant address. The tag in the
		// slot spares it for nearly all other texts.
		if n = uint32(slot); uint32(slot>>32) == tag && bytes.Equal(s.stored(n, tag&1), stored) {
			return n, at
		}
	}
}

// add stores a new text, whose slot find returned, and returns its number.
func (s *shard) add(tag, at uint32, stored []byte) (n uint32) {
	place := s.place()
	if tag&1 == 1 {
		copy(place[:], stored)
	} else {
		s.store(place, stored)
	}

	s.last++
	s.slots[at] = uint64(tag)<<32 | uint64(s.last)
	if s.taken++; s.taken*4 >= len(s.slots)*3 {
		s.grow()
	}
	return s.last
}

// place returns the place of the next text.
func (s *shard) place() *[uuidSize]byte {
	places := *s.places.Load()
	// Readers take no lock, so the slice they may hold is never written to: the
	// capped append copies it.
	if int(s.last)/chunkSize == len(places) {
		places = append(places[:len(places):len(places)], new(chunk))
		s.places.Store(&places)
	}
	return &places[s.last/chunkSize][s.last%chunkSize]
}

// store copies a text into the last block, or into a new one.
func (s *shard) store(place *[uuidSize]byte, text []byte) {
	blocks := *s.blocks.Load()
	// A text never spans two blocks, so that it can be read as one slice.
	if len(blocks) == 0 || len(blocks[len(blocks)-1])-s.used < len(text) {
		size := blockSize
		if len(blocks) == 0 {
			size = blockSize / 64
		}
		blocks = append(blocks[:len(blocks):len(blocks)], make([]byte, max(size, len(text))))
		s.blocks.Store(&blocks)
		s.used = 0
	}

	block := len(blocks) - 1
	copy(blocks[block][s.used:], text)
	binary.LittleEndian.PutUint32(place[:], uint32(block))
	binary.LittleEndian.PutUint32(place[4:], uint32(s.used))
	binary.LittleEndian.PutUint32(place[8:], uint32(len(text)))
	s.used += len(text)
}

// grow doubles the slots.
func (s *shard) grow() {
	old := s.slots
	s.slots = make([]uint64, 2*len(old))
	mask := uint32(len(s.slots) - 1)

	for _, slot := range old {
		if slot == 0 {
			continue
		}

		// The tag without its kind bit, as in find.
		at := uint32(slot>>33) & mask
		for s.slots[at] != 0 {
			at = (at + 1) & mask
		}
		s.slots[at] = slot
	}
}

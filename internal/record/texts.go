package record

import (
	"bytes"
	"encoding/binary"
	"hash/maphash"
	"sync"
)

// Text is an interned text: two texts of one [Texts] are equal exactly when
// their numbers are. The numbers depend on the order of interning, which
// concurrency decides, so nothing may be ordered by them; Compare orders.
type Text uint32

// None is the missing text.
const None Text = 0

const (
	shardBits = 5
	shards    = 1 << shardBits
	blockSize = 1 << 20
)

// Texts is a table of interned texts, safe for concurrent use. UUIDs in
// canonical form, which most ids are, take 16 bytes instead of 36.
type Texts struct {
	seed  maphash.Seed
	shard [shards]shard
}

type shard struct {
	mu     sync.RWMutex
	slots  []uint32 // open addressing; entry number + 1, 0 is free
	hashes []uint32 // of each entry, to skip comparisons and to grow; odd for a packed UUID
	at     []uint64 // block<<32 | offset of each entry
	blocks [][]byte
}

// NewTexts returns an empty table.
func NewTexts() *Texts {
	t := &Texts{seed: maphash.MakeSeed()}
	for i := range t.shard {
		t.shard[i].slots = make([]uint32, 64)
	}
	return t
}

// Of interns b. The empty text is None.
func (t *Texts) Of(b []byte) Text {
	if len(b) == 0 {
		return None
	}
	var packed [16]byte
	stored, isUUID := b, packUUID(&packed, b)
	if isUUID {
		stored = packed[:]
	}
	h := maphash.Bytes(t.seed, stored)
	s := &t.shard[h&(shards-1)]
	hash := uint32(h>>32) &^ 1
	if isUUID {
		hash |= 1
	}

	s.mu.RLock()
	n, found := s.find(hash, stored)
	s.mu.RUnlock()
	if !found {
		s.mu.Lock()
		if n, found = s.find(hash, stored); !found {
			n = s.add(hash, stored)
		}
		s.mu.Unlock()
	}
	return Text((n+1)<<shardBits | uint32(h&(shards-1)))
}

// OfString interns v.
func (t *Texts) OfString(v string) Text { return t.Of([]byte(v)) }

// AppendTo appends the bytes of x to b.
func (t *Texts) AppendTo(b []byte, x Text) []byte {
	if x == None {
		return b
	}
	v, packed := t.stored(x)
	if packed {
		return appendUUID(b, v)
	}
	return append(b, v...)
}

// String returns the text that x stands for.
func (t *Texts) String(x Text) string {
	var b [64]byte
	return string(t.AppendTo(b[:0], x))
}

// Compare orders two texts by their bytes, the missing one first. Packed UUIDs
// are in the order of what they stand for.
func (t *Texts) Compare(x, y Text) int {
	switch {
	case x == y:
		return 0
	case x == None:
		return -1
	case y == None:
		return 1
	}
	a, aPacked := t.stored(x)
	b, bPacked := t.stored(y)
	if aPacked == bPacked {
		return bytes.Compare(a, b)
	}
	var long, short [64]byte
	return bytes.Compare(t.AppendTo(long[:0], x), t.AppendTo(short[:0], y))
}

// Prefix returns the first eight bytes of x as a number that orders like them.
func (t *Texts) Prefix(x Text) uint64 {
	var b [64]byte
	text := t.AppendTo(b[:0], x)
	var first [8]byte
	copy(first[:], text)
	return binary.BigEndian.Uint64(first[:])
}

// stored returns the bytes of x as they are kept, and whether they are a
// packed UUID. They never change.
func (t *Texts) stored(x Text) (b []byte, packed bool) {
	s := &t.shard[x&(shards-1)]
	n := uint32(x)>>shardBits - 1
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.entry(n), s.hashes[n]&1 == 1
}

func (s *shard) entry(n uint32) []byte {
	block, off := s.blocks[s.at[n]>>32], uint32(s.at[n])
	size, off := getLength(block, off)
	return block[off : off+size]
}

func (s *shard) find(hash uint32, b []byte) (uint32, bool) {
	mask := uint32(len(s.slots) - 1)
	for i := hash & mask; ; i = (i + 1) & mask {
		n := s.slots[i]
		if n == 0 {
			return 0, false
		}
		if s.hashes[n-1] == hash && bytes.Equal(s.entry(n-1), b) {
			return n - 1, true
		}
	}
}

func (s *shard) add(hash uint32, b []byte) uint32 {
	if len(s.hashes)*2 >= len(s.slots) {
		s.grow()
	}
	n := uint32(len(s.hashes))
	last := len(s.blocks) - 1
	if last < 0 || cap(s.blocks[last])-len(s.blocks[last]) < len(b)+5 {
		size := blockSize / 16
		if last >= 0 {
			size = min(2*cap(s.blocks[last]), blockSize)
		}
		s.blocks = append(s.blocks, make([]byte, 0, max(size, len(b)+5)))
		last++
	}
	block := s.blocks[last]
	s.at = append(s.at, uint64(last)<<32|uint64(len(block)))
	s.blocks[last] = append(putLength(block, uint32(len(b))), b...)
	s.hashes = append(s.hashes, hash)
	s.place(hash, n+1)
	return n
}

func (s *shard) grow() {
	s.slots = make([]uint32, 2*len(s.slots))
	for i, h := range s.hashes {
		s.place(h, uint32(i)+1)
	}
}

func (s *shard) place(hash, n uint32) {
	mask := uint32(len(s.slots) - 1)
	i := hash & mask
	for s.slots[i] != 0 {
		i = (i + 1) & mask
	}
	s.slots[i] = n
}

// A length below 255 takes one byte, any other five.
func putLength(b []byte, n uint32) []byte {
	if n < 255 {
		return append(b, byte(n))
	}
	return append(b, 255, byte(n), byte(n>>8), byte(n>>16), byte(n>>24))
}

func getLength(b []byte, off uint32) (size, next uint32) {
	if b[off] < 255 {
		return uint32(b[off]), off + 1
	}
	return uint32(b[off+1]) | uint32(b[off+2])<<8 | uint32(b[off+3])<<16 | uint32(b[off+4])<<24, off + 5
}

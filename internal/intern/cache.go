package intern

import "hash/maphash"

// A Cache remembers texts that one reader meets again and again: organisations,
// trunks, directions. They are found without the locks of the table, which all
// readers share. A nil Cache remembers nothing. A Cache is for one goroutine.
type Cache [cacheSize]struct {
	hash uint64
	text Text
}

const cacheSize = 1 << 10

// Of interns b like [Table.Of].
func (c *Cache) Of(t *Table, b []byte) Text {
	if len(b) == 0 {
		return None
	}

	var id UUID
	if parseUUID(&id, b, &lowerHex) {
		return c.of(t, id[:], 1)
	}
	return c.of(t, b, 0)
}

// Find returns the text of b if it is one of those that the cache remembers.
func (c *Cache) Find(t *Table, b []byte) (Text, bool) {
	if c == nil || len(b) == 0 {
		return None, false
	}

	var id UUID
	stored, kind := b, uint32(0)
	if parseUUID(&id, b, &lowerHex) {
		stored, kind = id[:], 1
	}
	hash := maphash.Bytes(t.seed, stored)
	met := &c[hash>>20%cacheSize]
	return met.text, met.hash == hash && met.text != None && t.is(met.text, stored, kind)
}

// UUID interns a UUID.
func (c *Cache) UUID(t *Table, id *UUID) Text { return c.of(t, id[:], 1) }

// of interns a text by its stored form, like [Table.of].
func (c *Cache) of(t *Table, stored []byte, kind uint32) Text {
	hash := maphash.Bytes(t.seed, stored)
	if c == nil {
		return t.of(stored, kind, hash)
	}

	// Two texts may have one hash, so the text itself is compared.
	met := &c[hash>>20%cacheSize]
	if met.hash == hash && met.text != None && t.is(met.text, stored, kind) {
		return met.text
	}
	met.hash, met.text = hash, t.of(stored, kind, hash)
	return met.text
}

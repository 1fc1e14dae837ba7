package table

import (
	"bytes"
	"encoding/binary"
	"hash/maphash"

	"cdrmend/internal/intern"
)

// A dictionary numbers the different texts of a column in the order of their
// first occurrence. It remembers the last lookups, as the next one is often the
// same.
type dictionary struct {
	entries []byte   // the texts, each after its length
	starts  []int    // start of each text in entries
	slots   []uint32 // hash table with open addressing: number of a text plus one, 0 when free
	last    int32    // number of the last text

	symbols        map[intern.Text]int32
	lastSymbol     intern.Text
	symbolNumber   int32
	lastBorrowed   string
	borrowedNumber int32
}

var dictionarySeed = maphash.MakeSeed() // random, but the numbers of texts do not depend on it

// fewestSlots is the initial number of slots, a power of two.
const fewestSlots = 64

// reset removes all texts and keeps the memory.
func (d *dictionary) reset() {
	d.entries, d.starts = d.entries[:0], d.starts[:0]
	d.lastSymbol, d.lastBorrowed = intern.None, ""
	clear(d.symbols)
	clear(d.slots)
	if d.slots == nil {
		d.slots, d.symbols = make([]uint32, fewestSlots), map[intern.Text]int32{}
	}
}

func (d *dictionary) count() int { return len(d.starts) }

func (d *dictionary) text(n int32) []byte {
	b := d.entries[d.starts[n]:]
	size := binary.LittleEndian.Uint32(b)
	return b[4 : 4+size]
}

// number returns the number of a text and adds the text if it is new.
func (d *dictionary) number(v []byte) int32 {
	if d.count() > 0 && bytes.Equal(v, d.text(d.last)) {
		return d.last
	}

	slot := d.find(v)
	if *slot == 0 {
		d.starts = append(d.starts, len(d.entries))
		d.entries = appendPlain(d.entries, v)
		*slot = uint32(d.count())
	}
	d.last = int32(*slot - 1)

	// At most half of the slots are in use: find needs a free one to end.
	if 2*d.count() > len(d.slots) {
		d.grow()
	}
	return d.last
}

// find returns the slot of a text, which is free if the text is new.
func (d *dictionary) find(v []byte) *uint32 {
	mask := uint64(len(d.slots) - 1)
	for at := maphash.Bytes(dictionarySeed, v) & mask; ; at = (at + 1) & mask {
		if slot := &d.slots[at]; *slot == 0 || bytes.Equal(v, d.text(int32(*slot-1))) {
			return slot
		}
	}
}

func (d *dictionary) grow() {
	d.slots = make([]uint32, 2*len(d.slots))
	for n := range d.starts {
		*d.find(d.text(int32(n))) = uint32(n + 1)
	}
}

// symbol returns the number of the symbol in cell i. Only a symbol that is new
// to the dictionary has to be spelled out.
func (d *dictionary) symbol(r *Row, i int) int32 {
	s := intern.Text(r.cells[i].n)
	if s == d.lastSymbol {
		return d.symbolNumber
	}

	n, met := d.symbols[s]
	if !met {
		n = d.number(r.Bytes(i))
		d.symbols[s] = n
	}

	d.lastSymbol, d.symbolNumber = s, n
	return n
}

// borrowed is like number, for a borrowed text. The last one is often used again, and
// comparing a string with itself is cheap.
func (d *dictionary) borrowed(v string) int32 {
	if v != d.lastBorrowed {
		d.lastBorrowed, d.borrowedNumber = v, d.number([]byte(v))
	}
	return d.borrowedNumber
}

package table

import (
	"bytes"
	"encoding/binary"
	"hash/maphash"

	"cdrmend/internal/intern"
)

// A dictionary numbers the different texts of a column in the order in which
// they come first. What was asked for last is often asked for again.
type dictionary struct {
	entries []byte   // the texts, each after its length
	starts  []int    // of each text in entries
	slots   []uint32 // open addressing by hash: a number, plus one; 0 is free
	last    int32    // number of the last text

	symbols    map[intern.Text]int32
	lastSymbol intern.Text
	ofSymbol   int32
	lastLent   string
	ofLent     int32
}

var dictionarySeed = maphash.MakeSeed() // finds texts; their numbers do not depend on it

// fewestSlots is how many a dictionary begins with.
const fewestSlots = 64

// reset gives up all texts, and keeps the memory.
func (d *dictionary) reset() {
	d.entries, d.starts = d.entries[:0], d.starts[:0]
	d.lastSymbol, d.lastLent = intern.None, ""
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

// number returns that of a text.
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

// symbol returns the number of a symbol's text in cell i, which need not be
// spelled out when the symbol was met before.
func (d *dictionary) symbol(r *Row, i int) int32 {
	s := intern.Text(r.cells[i].n)
	if s == d.lastSymbol {
		return d.ofSymbol
	}
	n, met := d.symbols[s]
	if !met {
		n = d.number(r.Bytes(i))
		d.symbols[s] = n
	}
	d.lastSymbol, d.ofSymbol = s, n
	return n
}

// lent is number for a text that is likely to lie where the last one does.
func (d *dictionary) lent(v string) int32 {
	if v != d.lastLent {
		d.lastLent, d.ofLent = v, d.number([]byte(v))
	}
	return d.ofLent
}

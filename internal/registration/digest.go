package registration

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"slices"

	"cdrmend/internal/jsonscan"
	"cdrmend/internal/token"
)

// digest returns a number that differs for different bytes.
func digest(b []byte) uint64 {
	sum := sha256.Sum256(b)
	return binary.BigEndian.Uint64(sum[:8])
}

// digester makes the digest of values in normal form: values that are equal give
// equal digests. Its zero value is ready.
type digester struct{ buf []byte }

func (d *digester) begin() *digester {
	d.buf = d.buf[:0]
	return d
}

func (d *digester) sum() uint64 { return digest(d.buf) }

// text adds a text, or nil for a missing one.
func (d *digester) text(b []byte) {
	if b == nil {
		d.buf = append(d.buf, 0)
		return
	}
	d.buf = binary.BigEndian.AppendUint32(append(d.buf, 1), uint32(len(b)))
	d.buf = append(d.buf, b...)
}

// object adds a JSON value. White space, the order of members and the way in
// which a text is escaped do not matter.
func (d *digester) object(v jsonscan.Value) {
	d.buf = append(d.buf, byte(v.Kind))
	switch v.Kind {
	case jsonscan.Object:
		members := membersOf(v)
		d.buf = binary.BigEndian.AppendUint32(d.buf, uint32(len(members)))
		for _, m := range members {
			d.text(m.name)
			d.object(m.value)
		}
	case jsonscan.List:
		for element := range v.Elements {
			d.object(element)
		}
		d.buf = append(d.buf, 0)
	default:
		d.text(v.Text())
	}
}

type member struct {
	name  []byte
	value jsonscan.Value
}

// membersOf returns the members of an object in the order of their names; of
// members spelled twice the last.
func membersOf(v jsonscan.Value) []member {
	var all []member
	for name, value := range v.Members {
		all = append(all, member{bytes.Clone(name), value})
	}
	slices.SortStableFunc(all, func(a, b member) int { return bytes.Compare(a.name, b.name) })
	kept := all[:0]
	for _, m := range all {
		if n := len(kept); n > 0 && cmp.Compare(string(kept[n-1].name), string(m.name)) == 0 {
			kept[n-1] = m
			continue
		}
		kept = append(kept, m)
	}
	return kept
}

// digestOfScopes is the part of an event's digest that stands for token_scope.
func digestOfScopes(v jsonscan.Value) uint64 {
	scopes, _ := token.Scopes(v)
	d := digester{buf: []byte{'s'}}
	for _, s := range scopes {
		d.text(s)
	}
	return d.sum()
}

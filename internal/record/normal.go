package record

import (
	"bytes"
)

// A Normalizer brings raw values of one profile into normal form. Every
// method reports false for a value that does not parse, which counts as
// missing and is reported; a missing value is no error. A Normalizer is not
// safe for concurrent use.
type Normalizer struct {
	Profile *Profile
	Texts   *Texts
	recent  *recently // nil for few values
	later   backlog
	buf     []byte
}

// NewNormalizer returns a normalizer for the values of many records.
func NewNormalizer(p *Profile, texts *Texts) Normalizer {
	return Normalizer{Profile: p, Texts: texts, recent: new(recently)}
}

// Tri is a truth value that may be missing.
type Tri uint8

// The truth values.
const (
	Unknown Tri = iota
	False
	True
)

// NoInt is the missing integer; integers are never negative.
const NoInt = -1

const nilUUID = "00000000-0000-0000-0000-000000000000"

// text returns the trimmed characters of a value that can be a text; nil when
// it is missing.
func (n *Normalizer) text(v Value) ([]byte, bool) {
	switch v.Kind {
	case Absent, Null:
		return nil, true
	case String, Cell, Number:
	default:
		return nil, false
	}
	b := bytes.TrimSpace(v.Text())
	if len(b) == 0 || n.Profile.Missing[string(b)] {
		return nil, true
	}
	if id := bare(b); len(id) == uuidLen && string(id) == nilUUID {
		return nil, true
	}
	return b, true
}

// bare removes the braces around a UUID.
func bare(b []byte) []byte {
	if len(b) == uuidLen+2 && b[0] == '{' && b[uuidLen+1] == '}' && isUUID(b[1:uuidLen+1]) {
		return b[1 : uuidLen+1]
	}
	return b
}

// ID returns an id: a UUID in any spelling becomes 36 lower-case characters,
// any other id stays as it is.
func (n *Normalizer) ID(v Value) (Text, bool) {
	b, ok := n.text(v)
	if b == nil {
		return None, ok
	}
	var id [uuidSize]byte
	if parseUUID(&id, bare(b), &anyHex) {
		return n.recent.of(n.Texts, id[:], 1), true
	}
	return n.recent.of(n.Texts, b, 0), true
}

// AppendID appends the text of an id in normal form, which is not interned.
func (n *Normalizer) AppendID(dst []byte, v Value) ([]byte, bool) {
	b, ok := n.text(v)
	var id [uuidSize]byte
	if parseUUID(&id, bare(b), &anyHex) {
		return appendUUID(dst, id[:]), true
	}
	return append(dst, b...), ok
}

// Plain returns a text that is no id.
func (n *Normalizer) Plain(v Value) (Text, bool) {
	b, ok := n.text(v)
	return n.intern(b), ok
}

// PlainBytes returns a text that is no id, valid as long as v.
func (n *Normalizer) PlainBytes(v Value) ([]byte, bool) { return n.text(v) }

// intern returns a text as it stands.
func (n *Normalizer) intern(b []byte) Text {
	if len(b) == 0 {
		return None
	}
	var id [uuidSize]byte
	if parseUUID(&id, b, &lowerHex) {
		return n.recent.of(n.Texts, id[:], 1)
	}
	return n.recent.of(n.Texts, b, 0)
}

// Phone returns the digits and the leading + of a phone number.
func (n *Normalizer) Phone(v Value) (Text, bool) {
	b, ok := n.PhoneBytes(v)
	return n.intern(b), ok
}

// PhoneBytes returns what Phone does, valid until the next call.
func (n *Normalizer) PhoneBytes(v Value) ([]byte, bool) {
	b, ok := n.text(v)
	if b == nil {
		return nil, ok
	}
	for _, prefix := range n.Profile.Prefixes {
		if len(b) < len(prefix) || !bytes.EqualFold(b[:len(prefix)], []byte(prefix)) {
			continue
		}
		b = b[len(prefix):]
		if prefix == "sip:" {
			if i := bytes.IndexAny(b, "@;"); i >= 0 {
				b = b[:i]
			}
		}
		break
	}
	n.buf = n.buf[:0]
	for i, c := range bytes.TrimSpace(b) {
		if c >= '0' && c <= '9' || c == '+' && i == 0 {
			n.buf = append(n.buf, c)
		}
	}
	return n.buf, true
}

// Int returns an integral number that is not negative, NoInt when missing.
func (n *Normalizer) Int(v Value) (int64, bool) {
	switch v.Kind {
	case Absent, Null:
		return NoInt, true
	case Number:
		if n.Profile.Missing[string(v.Raw)] {
			return NoInt, true
		}
		if i, ok := short(v.Raw); ok {
			return i, true
		}
		if d, ok := parseDecimal(v.Raw, true); ok {
			if i, ok := d.integer(); ok {
				return i, true
			}
		}
		return NoInt, false
	case String, Cell:
	default:
		return NoInt, false
	}
	b := bytes.TrimSpace(v.Text())
	if len(b) == 0 || n.Profile.Missing[string(b)] {
		return NoInt, true
	}
	if i, ok := short(b); ok {
		return i, true
	}
	if leadingDigits(b) != len(b) {
		return NoInt, false
	}
	d, _ := parseDecimal(b, false)
	if i, ok := d.integer(); ok {
		return i, true
	}
	return NoInt, false
}

// short returns what digits alone spell, as nearly all integers are written.
func short(digits []byte) (n int64, ok bool) {
	if len(digits) == 0 || len(digits) > 18 {
		return 0, false
	}
	for _, c := range digits {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + int64(c-'0')
	}
	return n, true
}

// Bool returns true or false in any case.
func (n *Normalizer) Bool(v Value) (Tri, bool) {
	switch v.Kind {
	case Absent, Null:
		return Unknown, true
	case Bool, String, Cell:
	default:
		return Unknown, false
	}
	b := bytes.TrimSpace(v.Text())
	switch {
	case len(b) == 0 || n.Profile.Missing[string(b)]:
		return Unknown, true
	case bytes.EqualFold(b, []byte("true")):
		return True, true
	case bytes.EqualFold(b, []byte("false")):
		return False, true
	}
	return Unknown, false
}

// Time returns an instant. A local time that occurs twice is read as the
// earlier one, and reported.
func (n *Normalizer) Time(v Value) (Time, bool) {
	if v.Kind == Number && !n.Profile.Missing[string(v.Raw)] {
		d, ok := parseDecimal(v.Raw, true)
		if !ok {
			return NoTime, false
		}
		t, result := d.epoch()
		return t, result != timeInvalid
	}
	b, ok := n.text(v)
	if b == nil {
		return NoTime, ok
	}
	t, result := n.Profile.parseTime(b)
	return t, result == timeOK || result == timeMissing
}

// IDs appends the ids of a list to dst: missing and repeated ones dropped,
// order kept. A list with an element that does not parse does not parse.
func (n *Normalizer) IDs(dst []Text, v Value) ([]Text, bool) {
	const few = 32
	from := len(dst)
	var seen map[Text]bool // of more than a few
	ok := n.Elements(v, func(element Value) bool {
		id, ok := n.ID(element)
		switch {
		case id == None:
		case len(dst)-from < few:
			if !contains(dst[from:], id) {
				dst = append(dst, id)
			}
		default:
			if seen == nil {
				seen = map[Text]bool{}
				for _, x := range dst[from:] {
					seen[x] = true
				}
			}
			if !seen[id] {
				seen[id] = true
				dst = append(dst, id)
			}
		}
		return ok
	})
	if !ok {
		return dst[:from], false
	}
	return dst, true
}

// Sole returns the only element of a list that has one; false for any other
// value.
func (n *Normalizer) Sole(v Value) (sole Value, ok bool) {
	if v.Kind == Cell {
		return v, bytes.IndexByte(v.Raw, ';') < 0
	}
	if v.Kind != List {
		return Value{}, false
	}
	found := 0
	for element := range v.Elements {
		if found++; found > 1 {
			break
		}
		sole = element
	}
	return sole, found == 1
}

func contains(list []Text, x Text) bool {
	for _, y := range list {
		if x == y {
			return true
		}
	}
	return false
}

// Spans appends the spans of a list of {start, end}, or of start/end in a
// cell, to dst: none when the list does not parse, and all when it is only
// reported for a local time that occurs twice.
func (n *Normalizer) Spans(dst []Span, v Value) ([]Span, bool) {
	from, clear := len(dst), true
	ok := n.Elements(v, func(element Value) bool {
		span, once := n.span(element)
		clear = clear && once
		dst = append(dst, span)
		return span.Start.Known() && span.End.Known() && span.End >= span.Start
	})
	if !ok {
		return dst[:from], false
	}
	return dst, clear
}

func (n *Normalizer) span(v Value) (Span, bool) {
	var first, last Value
	switch v.Kind {
	case Object:
		first, last = v.Member("start"), v.Member("end")
	case Cell:
		start, end, _ := bytes.Cut(v.Raw, []byte("/"))
		first, last = Value{Cell, start}, Value{Cell, end}
	}
	start, ok1 := n.Time(first)
	end, ok2 := n.Time(last)
	return Span{start, end}, ok1 && ok2
}

// Elements calls each for the elements of a list until one does not parse. In
// a cell they stand between semicolons, and empty ones are none.
func (n *Normalizer) Elements(v Value, each func(Value) bool) bool {
	switch v.Kind {
	case Absent, Null:
		return true
	case List:
		for element := range v.Elements {
			if !each(element) {
				return false
			}
		}
		return true
	case Cell:
		if b := bytes.TrimSpace(v.Raw); len(b) == 0 || n.Profile.Missing[string(b)] {
			return true
		}
		for element := range bytes.SplitSeq(v.Raw, []byte(";")) {
			if len(bytes.TrimSpace(element)) > 0 && !each(Value{Cell, element}) {
				return false
			}
		}
		return true
	case String: // a text that means missing is missing, whatever its kind should have been
		b, _ := n.text(v)
		return b == nil
	}
	return false
}

package profile

import (
	"bytes"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"cdrmend/internal/intern"
	"cdrmend/internal/jsonscan"
	"cdrmend/internal/record"
	"cdrmend/internal/secret"
)

// A Normalizer brings raw values of one profile into normal form. Every method
// reports false for a value that does not parse; it counts as missing, and the
// caller reports it. A missing value is not an error. A Normalizer is for one
// goroutine.
type Normalizer struct {
	Profile *Profile
	Texts   *intern.Table
	Recent  *intern.Cache // nil when there are only a few values
	later   intern.Backlog
	buf     []byte
}

// NewNormalizer returns a normalizer for the values of many records.
func NewNormalizer(p *Profile, texts *intern.Table) Normalizer {
	return Normalizer{Profile: p, Texts: texts, Recent: new(intern.Cache)}
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

// The most bytes that a text may have, and the most elements of a list.
const (
	longestID   = 512
	longestText = 4096
	longestList = 1000
)

// text returns the trimmed characters of a value, nil when it is missing. It
// reports false for a value that cannot be a text, or one of more than so many
// bytes.
func (p *Profile) text(v jsonscan.Value, most int) ([]byte, bool) {
	b, ok := p.word(v, most)
	if b != nil && isNilUUID(b) {
		return nil, true
	}
	return b, ok
}

// word is text for values that are no texts, of which a UUID is none.
func (p *Profile) word(v jsonscan.Value, most int) ([]byte, bool) {
	switch v.Kind {
	case jsonscan.Absent, jsonscan.Null:
		return nil, true
	case jsonscan.String, jsonscan.Cell, jsonscan.Number:
	default:
		return nil, false
	}

	b := bytes.TrimSpace(v.Text())
	switch {
	case len(b) == 0 || p.Missing.Has(b):
		return nil, true
	case len(b) > most:
		return nil, false
	}
	return b, true
}

// isNilUUID reports whether b is the UUID of zeros, which stands for no id.
func isNilUUID(b []byte) bool {
	if b[0] != '0' && b[0] != '{' {
		return false
	}
	var id intern.UUID
	return intern.ParseUUID(&id, b) && id == intern.UUID{}
}

// ID returns an id. A UUID in any spelling becomes 36 lower-case characters; any
// other id stays as it is.
func (n *Normalizer) ID(v jsonscan.Value) (intern.Text, bool) {
	b, ok := n.Profile.text(v, longestID)
	if b == nil {
		return intern.None, ok
	}

	var id intern.UUID
	if intern.ParseUUID(&id, b) {
		return n.Recent.UUID(n.Texts, &id), true
	}
	return n.harmless(b)
}

// Later is ID for ids that are mostly new, as those of recordings and
// conversations are. It may return None for an id that is present: [Normalizer.Settle]
// reports its text later, by the slot that the caller gave.
func (n *Normalizer) Later(v jsonscan.Value, slot uint32) (id intern.Text, present, ok bool) {
	b, ok := n.Profile.text(v, longestID)
	if b == nil {
		return intern.None, false, ok
	}

	var packed intern.UUID
	if !intern.ParseUUID(&packed, b) {
		id, ok = n.harmless(b)
		return id, ok, ok
	}
	return n.later.Add(n.Texts, &packed, slot), true, true
}

// Waits reports whether enough ids wait for Settle to be worth calling.
func (n *Normalizer) Waits() bool { return n.later.Full() }

// Settle interns the waiting ids and calls set for each.
func (n *Normalizer) Settle(set func(slot uint32, id intern.Text)) { n.later.Settle(n.Texts, set) }

// Forget discards the waiting ids.
func (n *Normalizer) Forget() { n.later.Forget() }

// AppendID appends the text of an id in normal form, without interning it.
func (n *Normalizer) AppendID(dst []byte, v jsonscan.Value) ([]byte, bool) {
	b, ok := n.Profile.text(v, longestID)

	var id intern.UUID
	if intern.ParseUUID(&id, b) {
		return id.AppendTo(dst), true
	}
	if secret.In(b) {
		return dst, false
	}
	return append(dst, b...), ok
}

// Plain returns a text that is not an id.
func (n *Normalizer) Plain(v jsonscan.Value) (intern.Text, bool) {
	b, ok := n.Profile.text(v, longestText)
	if b == nil {
		return intern.None, ok
	}

	return n.harmless(b)
}

// harmless interns a text that holds no secret.
func (n *Normalizer) harmless(b []byte) (intern.Text, bool) {
	// Every text in Recent was looked at when it was new.
	if t, met := n.Recent.Find(n.Texts, b); met {
		return t, true
	}
	if secret.In(b) {
		return intern.None, false
	}
	return n.Recent.Of(n.Texts, b), true
}

// PlainBytes is Plain without interning. The bytes are valid as long as v.
func (n *Normalizer) PlainBytes(v jsonscan.Value) ([]byte, bool) {
	b, ok := n.Profile.text(v, longestText)
	if b != nil && secret.In(b) {
		return nil, false
	}
	return b, ok
}

// Phone returns the digits and the leading + of a phone number.
func (n *Normalizer) Phone(v jsonscan.Value) (intern.Text, bool) {
	b, ok := n.PhoneBytes(v)
	return n.Recent.Of(n.Texts, b), ok
}

// PhoneBytes is Phone without interning. The bytes are valid until the next call.
func (n *Normalizer) PhoneBytes(v jsonscan.Value) ([]byte, bool) {
	p, ok := n.Party(v)
	return p.Number, ok
}

// Party is what a value says about one side of a call. Its bytes are valid until
// the next one is read.
type Party struct {
	Number []byte // in normal form
	Said   []byte // the text as it was delivered, without prefix
	Worded bool   // a letter stands before the first @ or ; of Said: it is a name rather than a number
}

// Party reads a telephone number, and the text that it is taken from.
func (n *Normalizer) Party(v jsonscan.Value) (p Party, ok bool) {
	whole, ok := n.Profile.text(v, longestText)
	if whole == nil {
		return p, ok
	}
	b, prefix := n.Profile.cutPrefix(whole)
	if prefix == "" && isNumber(b) { // nearly always
		return Party{Number: b, Said: b}, true
	}
	if secret.In(whole) || prefix != "" && secret.In(b) {
		return p, false
	}

	p.Said = bytes.TrimSpace(b)
	user := p.Said
	if i := bytes.IndexAny(user, "@;"); i >= 0 {
		user = user[:i]
	}
	p.Worded = hasLetter(user)

	// The host and the parameters of a SIP address may contain digits too.
	if prefix != "sip:" {
		user = p.Said
	}
	n.buf = n.buf[:0]
	for i, c := range user {
		if c >= '0' && c <= '9' || c == '+' && i == 0 {
			n.buf = append(n.buf, c)
		}
	}
	p.Number = n.buf
	return p, true
}

// isNumber reports whether a text is a telephone number in normal form.
func isNumber(b []byte) bool {
	for i, c := range b {
		if (c < '0' || c > '9') && (c != '+' || i > 0) {
			return false
		}
	}
	return true
}

// cutPrefix removes the first prefix of the profile that b begins with, and
// returns it.
func (p *Profile) cutPrefix(b []byte) (rest []byte, prefix string) {
	for _, prefix := range p.Prefixes {
		if len(b) >= len(prefix) && bytes.EqualFold(b[:len(prefix)], []byte(prefix)) {
			return b[len(prefix):], prefix
		}
	}
	return b, ""
}

// hasLetter reports whether a text has a letter of any script.
func hasLetter(b []byte) bool {
	for i, c := range b {
		if c >= utf8.RuneSelf {
			return bytes.ContainsFunc(b[i:], unicode.IsLetter)
		}
		if c |= 0x20; c >= 'a' && c <= 'z' {
			return true
		}
	}
	return false
}

// Int returns an integer that is not negative, NoInt when it is missing.
func (n *Normalizer) Int(v jsonscan.Value) (int64, bool) {
	switch v.Kind {
	case jsonscan.Absent, jsonscan.Null:
		return NoInt, true
	case jsonscan.Number:
		if n.Profile.Missing.Has(v.Raw) {
			return NoInt, true
		}
		if i, ok := short(v.Raw); ok {
			return i, true
		}

		// 3.0 and 3e2 are integers too.
		if d, ok := parseDecimal(v.Raw, true); ok {
			if i, ok := d.integer(); ok {
				return i, true
			}
		}
		return NoInt, false
	case jsonscan.String, jsonscan.Cell:
	default:
		return NoInt, false
	}

	b, ok := n.Profile.word(v, longestText)
	if b == nil {
		return NoInt, ok
	}
	if i, ok := short(b); ok {
		return i, true
	}

	// Only a JSON number may have a fraction or an exponent.
	if leadingDigits(b) != len(b) {
		return NoInt, false
	}
	d, _ := parseDecimal(b, false)
	if i, ok := d.integer(); ok {
		return i, true
	}
	return NoInt, false
}

// short parses digits without a sign or a point. Nearly all integers are written
// like that.
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

// Bool parses true and false, in upper or lower case.
func (n *Normalizer) Bool(v jsonscan.Value) (Tri, bool) {
	switch v.Kind {
	case jsonscan.Absent, jsonscan.Null:
		return Unknown, true
	case jsonscan.Bool, jsonscan.String, jsonscan.Cell:
	default:
		return Unknown, false
	}

	// A truth value of JSON is no text, but is spelled like one.
	if v.Kind == jsonscan.Bool {
		v.Kind = jsonscan.Cell
	}
	b, ok := n.Profile.word(v, longestText)
	switch {
	case b == nil:
		return Unknown, ok
	case bytes.EqualFold(b, []byte("true")):
		return True, true
	case bytes.EqualFold(b, []byte("false")):
		return False, true
	}
	return Unknown, false
}

// The first and the last time that a record may bear. Anything else is no time but
// a mistake of the writer.
const (
	firstTime record.Time = 631152000 * 1e6          // 1990-01-01T00:00:00Z
	lastTime  record.Time = 4102444799*1e6 + 1e6 - 1 // 2099-12-31T23:59:59.999999Z
)

// Time returns an instant of a record. A local time that occurs twice is read as
// the earlier one, and reported.
func (n *Normalizer) Time(v jsonscan.Value) (record.Time, bool) {
	t, result := n.time(v)
	switch {
	case result == timeMissing:
		return record.NoTime, true
	case result == timeInvalid || t < firstTime || t > lastTime:
		return record.NoTime, false
	}
	return t.Add(n.Profile.ClockOffset), result == timeOK
}

// WhyNoTime says why a value that is present does not parse as a time, and returns the
// value as [Shown] shows it. Of a value that is no time in any zone it returns only the
// shape, x for a letter and 9 for a digit: in a wrong column it may be a password.
func (n *Normalizer) WhyNoTime(v jsonscan.Value) (reason, value string) {
	value = Shown(v)
	shape := shapeOf(v)

	// Without a zone, a local time becomes an instant of UTC: what is wrong is the zone.
	zoneless := *n.Profile
	zoneless.Zone = time.UTC
	t, result := (&Normalizer{Profile: &zoneless}).time(v)
	switch {
	case v.Kind == jsonscan.Unusable:
		return "the time does not parse: the profile's steps cannot take the value", shape
	case result != timeOK:
		return "the time does not parse: it is in none of the layouts of the profile", shape
	case t < firstTime || t > lastTime:
		return "the time does not parse: it lies before 1990 or after 2099", value
	case n.Profile.Zone == nil:
		return "the time does not parse: it has no zone, and neither profile nor source names one", value
	}
	return "the time does not exist: clocks of " + n.Profile.Zone.String() + " were put forward over it", value
}

// shapeOf returns a value with x for each letter and 9 for each digit, cut by [Cut].
func shapeOf(v jsonscan.Value) string {
	return Cut(strings.Map(func(c rune) rune {
		switch {
		case unicode.IsDigit(c):
			return '9'
		case unicode.IsLetter(c):
			return 'x'
		}
		return c
	}, string(v.Raw)))
}

// time reads a time as the clock of the source showed it.
func (n *Normalizer) time(v jsonscan.Value) (record.Time, timeResult) {
	if v.Kind == jsonscan.Number && !n.Profile.Missing.Has(v.Raw) {
		d, ok := parseDecimal(v.Raw, true)
		if !ok {
			return record.NoTime, timeInvalid
		}
		return d.epoch()
	}

	b, ok := n.Profile.text(v, longestText)
	switch {
	case b != nil:
		return n.Profile.parseTime(b)
	case ok:
		return record.NoTime, timeMissing
	}
	return record.NoTime, timeInvalid
}

// IDs appends the ids of a list to dst in order, without missing and repeated ids.
// A list does not parse when one of its elements does not.
func (n *Normalizer) IDs(dst []intern.Text, v jsonscan.Value) ([]intern.Text, bool) {
	const few = 32 // a short list is searched faster than a map is made
	from := len(dst)
	var seen map[intern.Text]bool

	ok := n.Elements(v, func(element jsonscan.Value) bool {
		id, ok := n.ID(element)

		switch {
		case id == intern.None:
		case len(dst)-from < few:
			if !slices.Contains(dst[from:], id) {
				dst = append(dst, id)
			}

		default:
			if seen == nil {
				seen = map[intern.Text]bool{}
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

// Sole returns the element of a list with exactly one; false for any other value.
func (n *Normalizer) Sole(v jsonscan.Value) (sole jsonscan.Value, ok bool) {
	switch v.Kind {
	case jsonscan.Cell:
		return v, bytes.IndexByte(v.Raw, ';') < 0
	case jsonscan.String, jsonscan.Number:
		return v, true
	}
	if v.Kind != jsonscan.List {
		return jsonscan.Value{}, false
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

// Spans appends the spans of a list of {start, end}, or of start/end in a cell, to
// dst, without missing elements. It appends nothing when the list does not parse. For a local time that
// occurs twice it reports false but appends the span.
func (n *Normalizer) Spans(dst []record.Span, v jsonscan.Value) ([]record.Span, bool) {
	from, once := len(dst), true
	ok := n.Elements(v, func(element jsonscan.Value) bool {
		if n.Profile.IsMissing(element) {
			return true
		}
		span, ok := n.span(element)
		once = once && ok
		dst = append(dst, span)
		return span.Start.Known() && span.End.Known() && span.End >= span.Start
	})

	if !ok {
		return dst[:from], false
	}
	return dst, once
}

// span returns a span; false when a time does not parse or occurs twice.
func (n *Normalizer) span(v jsonscan.Value) (record.Span, bool) {
	var first, last jsonscan.Value
	switch v.Kind {
	case jsonscan.Object:
		first, last = v.Member("start"), v.Member("end")
	case jsonscan.Cell:
		start, end, _ := bytes.Cut(v.Raw, []byte("/"))
		first, last = jsonscan.Value{Kind: jsonscan.Cell, Raw: start}, jsonscan.Value{Kind: jsonscan.Cell, Raw: end}
	}

	start, ok1 := n.Time(first)
	end, ok2 := n.Time(last)
	return record.Span{Start: start, End: end}, ok1 && ok2
}

// Elements calls each for the elements of a list until one does not parse; a list
// that is too long does not parse either. A text or a number of JSON is a list of
// one. In a cell elements are separated by semicolons, and empty ones are skipped.
func (n *Normalizer) Elements(v jsonscan.Value, each func(jsonscan.Value) bool) bool {
	found := 0
	switch v.Kind {
	case jsonscan.Absent, jsonscan.Null:
		return true

	case jsonscan.List:
		for element := range v.Elements {
			if found++; found > longestList || !each(element) {
				return false
			}
		}
		return true

	case jsonscan.Cell:
		if b := bytes.TrimSpace(v.Raw); len(b) == 0 || n.Profile.Missing.Has(b) {
			return true
		}
		for element := range bytes.SplitSeq(v.Raw, []byte(";")) {
			if len(bytes.TrimSpace(element)) == 0 {
				continue
			}
			if found++; found > longestList || !each(jsonscan.Value{Kind: jsonscan.Cell, Raw: element}) {
				return false
			}
		}
		return true

	case jsonscan.String, jsonscan.Number:
		return n.Profile.IsMissing(v) || each(v)
	}
	return false
}

// SpellsUUID reports whether [Normalizer.ID] takes b for a UUID, in whichever
// spelling, or with white space around it.
func SpellsUUID(b []byte) bool { return intern.ParseUUID(new(intern.UUID), bytes.TrimSpace(b)) }

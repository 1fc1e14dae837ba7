// Package steps computes the value of a field from the values of a record, where
// a profile says more than a place.
//
// An [Expr] takes values from places, joins them, or is a constant. Then steps
// change the value one after another: a match takes a part of it, a map replaces
// words, a unit makes milliseconds, a layout reads a time. Its result is a value
// that package profile brings into normal form like any other.
//
// Take the trunk out of the channel PJSIP/leeds-0000002a:
//
//	trunk_id:
//	  - {from: channel, then: [{match: '^PJSIP/(.+)-[0-9a-f]{8}$'}]}
//
// The value at the place is "PJSIP/leeds-0000002a". The match yields the group,
// "leeds". Of the channel Local/201@queue it yields nothing, so the field is
// missing, and the next alternative of the field is asked.
//
// A value can be missing, or a step cannot take it: a duration of "soon", a word
// that a map does not have. Such a value is [jsonscan.Unusable], with the text as
// it stood in the record, so that it is reported as one that does not parse. No
// step makes a wrong value of it.
//
// Steps see no clock and no zone of the machine. What a time lacks, they take from
// the object, see [Context].
package steps

import (
	"bytes"
	"slices"
	"sync/atomic"
	"time"

	"cdrmend/internal/jsonscan"
	"cdrmend/internal/record"
)

// longest is the most bytes that a value may have after any step, so that joins
// cannot make values that are longer than texts may be.
const longest = 4096

// Context is what an object says about the times in it.
type Context struct {
	Modified  record.Time    // of the object: a time without a year lies at most a day after it
	YearTorn  *atomic.Bool   // set when a time without a year lies in another year by Modified than by Partition; nil: nobody asks
	Partition record.Span    // of the object: a time without a date lies in it
	Zone      *time.Location // of times without an offset; nil: UTC, to find a year or a date only
}

// Expr computes one value. It is safe for concurrent use.
type Expr struct {
	source source
	steps  []step
}

// source is where the value of an expression comes from.
type source interface {
	// value returns the value, or one that is missing or unusable.
	value(r *Run) value
	readsAny(is func(place int) bool) bool
}

// step changes a text. It returns a value that is missing or unusable when it
// cannot.
type step interface {
	apply(r *Run, text []byte) value
}

// value is what an expression has so far.
type value struct {
	text  []byte
	list  []value // of a list, whose text is nil
	raw   []byte  // as in the record, to report a value that is unusable
	state state
}

type state uint8

const (
	missing state = iota
	usable
	unusable
	listed
)

// text returns a usable value.
func textOf(b []byte) value { return value{text: b, state: usable} }

// ReadsAny reports whether one of the places that an expression reads is of a kind,
// or it reads none.
func (e *Expr) ReadsAny(is func(place int) bool) bool { return e.source.readsAny(is) }

// Run computes values of one record after another. It is for one goroutine.
type Run struct {
	// Get returns the value at a place of the record, by its number: Absent when it is
	// missing. The bytes must stay as they are while values of the record are used.
	Get func(place int) jsonscan.Value

	Context *Context
	Lone    bool   // where a list is asked for, a value that is none is a list of one
	buf     []byte // of the values of one record
}

// Next forgets the values of the record before.
func (r *Run) Next() { r.buf = r.buf[:0] }

// Value returns the value of an expression in the current record. Its bytes are
// valid until Next.
func (r *Run) Value(e *Expr) jsonscan.Value {
	v := r.value(e)
	switch v.state {
	case usable:
		return jsonscan.Value{Kind: jsonscan.String, Raw: r.quote(v.text)}
	case unusable:
		return jsonscan.Value{Kind: jsonscan.Unusable, Raw: v.raw}
	case listed:
		return jsonscan.Value{Kind: jsonscan.List, Raw: r.quoteList(v.list)}
	}
	return jsonscan.Value{}
}

// value returns the value after all steps. A step is applied to each element of a
// list.
func (r *Run) value(e *Expr) value {
	v := e.source.value(r)
	for _, s := range e.steps {
		switch v.state {
		case usable:
			v = r.apply(s, v)
		case listed:
			v = r.applyToAll(s, v)
		}
	}
	return v
}

// apply applies a step to a text. What is unusable keeps the text of the record.
func (r *Run) apply(s step, v value) value {
	raw := v.raw
	after := s.apply(r, v.text)
	after.raw = raw
	if len(after.text) > longest {
		after.state = unusable
	}
	return after
}

// applyToAll applies a step to the elements of a list. Missing elements are
// dropped; one that is unusable makes the list so.
func (r *Run) applyToAll(s step, v value) value {
	kept := v.list[:0]
	for _, element := range v.list {
		element = r.apply(s, element)
		switch element.state {
		case unusable:
			return value{raw: v.raw, state: unusable}
		case usable:
			kept = append(kept, element)
		}
	}
	return value{list: kept, raw: v.raw, state: listed}
}

// own copies bytes into the memory of the record.
func (r *Run) own(write func([]byte) []byte) []byte {
	from := len(r.buf)
	r.buf = write(r.buf)
	return r.buf[from:len(r.buf):len(r.buf)]
}

// quote writes a text as a JSON string.
func (r *Run) quote(text []byte) []byte {
	return r.own(func(b []byte) []byte { return jsonscan.AppendQuoted(b, text) })
}

// quoteList writes texts as a JSON array.
func (r *Run) quoteList(list []value) []byte {
	return r.own(func(b []byte) []byte {
		b = append(b, '[')
		for i, v := range list {
			if i > 0 {
				b = append(b, ',')
			}
			b = jsonscan.AppendQuoted(b, v.text)
		}
		return append(b, ']')
	})
}

// from is the value at a place.
type from struct{ place int }

func (f from) readsAny(is func(place int) bool) bool { return is(f.place) }

func (f from) value(r *Run) value {
	v := r.Get(f.place)
	switch v.Kind {
	case jsonscan.Absent, jsonscan.Null:
		return value{}
	case jsonscan.Object, jsonscan.Unusable:
		return value{raw: v.Raw, state: unusable}
	case jsonscan.List:
		return listOf(v)
	}

	text := bytes.TrimSpace(v.Text())
	if len(text) == 0 {
		return value{}
	}
	return value{text: text, raw: v.Raw, state: usable}
}

// listOf returns the texts of a list. An element that is neither text nor number
// nor truth value makes it unusable.
func listOf(v jsonscan.Value) value {
	list := value{raw: v.Raw, state: listed}
	for element := range v.Elements {
		switch element.Kind {
		case jsonscan.Null:
			continue
		case jsonscan.List, jsonscan.Object:
			return value{raw: v.Raw, state: unusable}
		}
		if text := bytes.TrimSpace(element.Text()); len(text) > 0 {
			list.list = append(list.list, value{text: text, raw: element.Raw, state: usable})
		}
	}
	return list
}

// constant is a value that no record holds.
type constant struct{ text string }

func (c constant) readsAny(func(place int) bool) bool { return true }

func (c constant) value(*Run) value { return textOf([]byte(c.text)) }

// join is the values of several expressions with a text between them.
type join struct {
	parts []*Expr
	with  string
}

func (j join) readsAny(is func(place int) bool) bool {
	return slices.ContainsFunc(j.parts, func(part *Expr) bool { return part.ReadsAny(is) })
}

// value is missing when one of the parts is: half an id is the id of something
// else.
func (j join) value(r *Run) value {
	parts := make([]value, len(j.parts))
	size := 0
	for i, part := range j.parts {
		parts[i] = r.value(part)
		if parts[i].state != usable {
			return value{raw: parts[i].raw, state: min(parts[i].state, unusable)}.scalar()
		}
		size += len(parts[i].text) + len(j.with)
	}
	if size > longest+len(j.with) {
		return value{raw: parts[0].raw, state: unusable}
	}

	text := r.own(func(b []byte) []byte {
		for i, part := range parts {
			if i > 0 {
				b = append(b, j.with...)
			}
			b = append(b, part.text...)
		}
		return b
	})
	return value{text: text, raw: r.quote(text), state: usable}
}

// scalar returns a value that is no list: a list cannot be joined.
func (v value) scalar() value {
	if v.state == listed {
		v.state = unusable
	}
	return v
}

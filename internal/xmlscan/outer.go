package xmlscan

import (
	"bytes"
	"encoding/xml"
	"slices"

	"cdrmend/internal/jsonscan"
)

// longestOuter is how much of the text of an element around the records is kept. No
// number, time or token is longer.
const longestOuter = 4096

// outerValue is a value outside of the records: the text of an element, or an attribute.
type outerValue struct {
	path []string // the last name of an attribute begins with @
	text []byte
	seen bool
}

// Watch makes the reader note the values at paths outside of the records, such as
// /cdrs/@total and /cdrs/next.
func (r *Reader) Watch(paths [][]string) {
	for _, path := range paths {
		r.outer = append(r.outer, outerValue{path: path})
	}
}

// Outer returns the value at the n-th path that is watched, the last one if there are
// several, and Absent when there is none so far. The words true and false are truth
// values, as in JSON.
func (r *Reader) Outer(n int) jsonscan.Value {
	v := &r.outer[n]
	text := bytes.TrimSpace(v.text)
	switch {
	case !v.seen:
		return jsonscan.Value{}
	case string(text) == "true", string(text) == "false":
		return jsonscan.Value{Kind: jsonscan.Bool, Raw: text}
	}
	return jsonscan.Value{Kind: jsonscan.String, Raw: jsonscan.AppendQuoted(nil, text)}
}

// outerElement notes the attributes of an element that was just opened. It reports
// whether the element is watched, or holds what is.
func (r *Reader) outerElement(t xml.StartElement) (known bool) {
	for i := range r.outer {
		v := &r.outer[i]
		if len(v.path) < len(r.open) || !slices.Equal(v.path[:len(r.open)], r.open) {
			continue
		}
		known = true
		switch len(v.path) - len(r.open) {
		case 0:
			v.text, v.seen = v.text[:0], true
		case 1:
			for _, a := range t.Attr {
				if v.path[len(r.open)] == "@"+a.Name.Local {
					v.text, v.seen = append(v.text[:0], a.Value[:min(len(a.Value), longestOuter)]...), true
				}
			}
		}
	}
	return known
}

// outerText notes a piece of the text of the element around the present position.
func (r *Reader) outerText(text []byte) {
	for i := range r.outer {
		if v := &r.outer[i]; slices.Equal(v.path, r.open) {
			v.text = append(v.text, text[:min(len(text), longestOuter-len(v.text))]...)
		}
	}
}

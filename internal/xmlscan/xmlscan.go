// Package xmlscan reads the records of an XML document as JSON objects, one after
// another, so that everything that reads records of JSON reads those of XML.
//
// A record is an element at a path from the root, such as /cdrs/cdr. Its attributes
// become members with an @ before their name, its elements members with theirs. An
// element that holds only text is that text; one with more keeps its text as #text.
// Elements of one name are a list. Prefixes of name spaces are dropped, as writers
// choose them freely:
//
//	<cdr id="7"><leg>a</leg><leg>b</leg><to tel="1">x</to></cdr>
//	{"@id":"7","leg":["a","b"],"to":{"@tel":"1","#text":"x"}}
//
// The document is read as a stream: only one record is in memory. Entities that a
// document defines are never expanded, and nothing outside it is ever fetched; a
// reference to such an entity is a syntax error.
//
// No element is passed over silently. One next to the records with another name is
// returned as [Other], and one that has the name of the records and stands elsewhere as
// [Misplaced]; see [Place].
package xmlscan

import (
	"bufio"
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"slices"
	"strings"

	"cdrmend/internal/jsonscan"
	"cdrmend/internal/stream"
)

// Place says where an element stands.
type Place uint8

// The places of elements that a reader returns.
const (
	Listed    Place = iota // a record
	Other                  // next to the records, with another name: a header, a total
	Misplaced              // with the name of the records in any case, next to them or anywhere else outside of them
)

// Record is one record, or another element that a reader returns. Its bytes are valid
// until the next one.
type Record struct {
	Place  Place
	Offset int64  // of its first byte
	Raw    []byte // as in the document; of another element its first tag
	JSON   []byte // of a record: the same as a JSON object or a JSON string
}

// Reader reads records.
type Reader struct {
	path    []string
	limits  *stream.Limits
	in      *recorder
	decoder *xml.Decoder
	open    []string // names of the elements around the present position
	outer   []outerValue
	framed  bool
	rooted  bool
	json    []byte
}

// NewReader returns a reader of the elements at a path: the names that lead to them,
// the name of the root first.
func NewReader(in io.Reader, path []string, limits *stream.Limits) *Reader {
	r := &Reader{path: path, limits: limits, in: &recorder{in: bufio.NewReader(in), most: limits.RecordBytes}}
	r.decoder = xml.NewDecoder(r.in)
	r.decoder.CharsetReader = r.charset
	return r
}

// Rooted reports whether there is any element.
func (r *Reader) Rooted() bool { return r.rooted }

// Framed reports whether an element was seen that holds records, so that the document
// may have none.
func (r *Reader) Framed() bool { return r.framed }

// Offset returns how much of the document was read.
func (r *Reader) Offset() int64 { return r.decoder.InputOffset() }

// Next returns the next record or other element, and io.EOF after the end of the
// document. Damage is an error of package jsonscan or stream, or one that wraps it; any
// other error is a failure to read.
func (r *Reader) Next() (Record, error) {
	for {
		from := r.decoder.InputOffset()
		r.in.keepFrom(from)
		t, err := r.decoder.RawToken()
		if err != nil {
			return Record{}, r.failure(err)
		}

		switch t := t.(type) {
		case xml.CharData:
			if len(r.open) == 0 && len(bytes.TrimSpace(bytes.TrimPrefix(t, []byte("\xef\xbb\xbf")))) > 0 {
				return Record{}, &jsonscan.SyntaxError{Offset: from}
			}
			r.outerText(t)
		case xml.StartElement:
			if found, err := r.start(from, t); err != nil || found.Raw != nil {
				return found, err
			}
		case xml.EndElement:
			if err := r.leave(t); err != nil {
				return Record{}, err
			}
		}
	}
}

// start opens an element outside of records. It returns the record that it begins, or
// the element itself when it has to be told, and nothing for any other.
func (r *Reader) start(from int64, t xml.StartElement) (Record, error) {
	// After the root nothing may follow. Documents one after the other are read, as
	// nothing of them is lost.
	if r.rooted && len(r.open) == 0 && t.Name.Local != r.path[0] {
		return Record{}, &jsonscan.SyntaxError{Offset: from}
	}
	r.open, r.rooted = append(r.open, t.Name.Local), true
	if r.limits.Depth > 0 && int64(len(r.open)) > r.limits.Depth {
		return Record{}, &stream.LimitError{Limit: "depth", Max: r.limits.Depth, Offset: from}
	}
	if slices.Equal(r.open, r.path) {
		return r.record(from, t)
	}

	r.framed = r.framed || slices.Equal(r.open, r.path[:len(r.path)-1])
	known := r.outerElement(t)
	switch {
	case r.open[0] != r.path[0] || known || len(r.open) < len(r.path) && slices.Equal(r.open, r.path[:len(r.open)]):
		return Record{}, nil // another document altogether, or the frame of the list
	case strings.EqualFold(t.Name.Local, r.path[len(r.path)-1]):
		return Record{Place: Misplaced, Offset: from, Raw: r.in.bytes(from, r.decoder.InputOffset())}, nil
	case len(r.open) == len(r.path) && slices.Equal(r.open[:len(r.open)-1], r.path[:len(r.path)-1]):
		return Record{Place: Other, Offset: from, Raw: r.in.bytes(from, r.decoder.InputOffset())}, nil
	}
	return Record{}, nil
}

// leave closes an element.
func (r *Reader) leave(t xml.EndElement) error {
	last := len(r.open) - 1
	if last < 0 || r.open[last] != t.Name.Local {
		return &jsonscan.SyntaxError{Offset: r.decoder.InputOffset()}
	}
	r.open = r.open[:last]
	return nil
}

// record reads the record whose first tag was just read.
func (r *Reader) record(from int64, start xml.StartElement) (Record, error) {
	top, err := r.element(start, len(r.open))
	if err != nil {
		return Record{}, err
	}

	r.json = top.appendTo(r.json[:0])
	return Record{Offset: from, Raw: r.in.bytes(from, r.decoder.InputOffset()), JSON: r.json}, nil
}

// element reads an element up to its end.
func (r *Reader) element(start xml.StartElement, depth int) (*node, error) {
	n := newNode(start)
	if r.limits.Depth > 0 && int64(depth) > r.limits.Depth {
		return nil, &stream.LimitError{Limit: "depth", Max: r.limits.Depth, Offset: r.decoder.InputOffset()}
	}

	for {
		t, err := r.decoder.RawToken()
		if err != nil {
			return nil, r.failure(err)
		}

		switch t := t.(type) {
		case xml.StartElement:
			r.open = append(r.open, t.Name.Local)
			child, err := r.element(t, depth+1)
			if err != nil {
				return nil, err
			}
			n.add(child)
			if r.limits.Members > 0 && int64(len(n.names)) > r.limits.Members {
				return nil, &stream.LimitError{Limit: "members", Max: r.limits.Members, Offset: r.decoder.InputOffset()}
			}
		case xml.CharData:
			n.text = append(n.text, t...)
		case xml.EndElement:
			return n, r.leave(t)
		}
	}
}

// recorder hands the bytes of a document to the decoder, and keeps those of the
// record at work. A record, or whatever stands between two, may be as long as a
// record may be.
type recorder struct {
	in   *bufio.Reader
	most int64 // 0: without a limit
	kept []byte
	from int64 // offset of the first byte that is kept
	at   int64 // offset of the next byte
	err  error // of the stream, or of the limit
}

// ReadByte makes the decoder read byte by byte, so that it does not read ahead.
func (r *recorder) ReadByte() (byte, error) {
	if r.most > 0 && r.at-r.from >= r.most {
		r.err = &stream.LimitError{Limit: "record_bytes", Max: r.most, Offset: r.from + r.most}
		return 0, r.err
	}

	c, err := r.in.ReadByte()
	if err != nil {
		if err != io.EOF {
			r.err = err
		}
		return 0, err
	}
	r.kept, r.at = append(r.kept, c), r.at+1
	return c, nil
}

// Read is never called, as there is ReadByte.
func (r *recorder) Read([]byte) (int, error) { return 0, errors.ErrUnsupported }

// keepFrom drops the bytes before an offset.
func (r *recorder) keepFrom(offset int64) {
	n := copy(r.kept, r.kept[offset-r.from:])
	r.kept, r.from = r.kept[:n], offset
}

// bytes returns the bytes between two offsets that are kept.
func (r *recorder) bytes(from, to int64) []byte { return r.kept[from-r.from : to-r.from] }

// node is one element while its record is read.
type node struct {
	name  string
	attrs []xml.Attr
	text  []byte
	names []string           // of elements, in the order in which they first occur
	lists map[string][]*node // elements by name
}

func newNode(start xml.StartElement) *node {
	return &node{name: start.Name.Local, attrs: start.Copy().Attr}
}

func (n *node) add(child *node) {
	if n.lists == nil {
		n.lists = map[string][]*node{}
	}
	if n.lists[child.name] == nil {
		n.names = append(n.names, child.name)
	}
	n.lists[child.name] = append(n.lists[child.name], child)
}

// appendTo appends the element as JSON.
func (n *node) appendTo(b []byte) []byte {
	text := bytes.TrimSpace(n.text)
	if len(n.attrs)+len(n.names) == 0 {
		return jsonscan.AppendQuoted(b, text)
	}

	b = append(b, '{')
	separate := func(name string) {
		if b[len(b)-1] != '{' {
			b = append(b, ',')
		}
		b = append(jsonscan.AppendQuoted(b, []byte(name)), ':')
	}
	for _, a := range n.attrs {
		separate("@" + a.Name.Local)
		b = jsonscan.AppendQuoted(b, []byte(a.Value))
	}
	for _, name := range n.names {
		separate(name)
		b = appendList(b, n.lists[name])
	}
	if len(text) > 0 {
		separate("#text")
		b = jsonscan.AppendQuoted(b, text)
	}
	return append(b, '}')
}

// appendList appends the elements of one name: a list when there are several.
func appendList(b []byte, list []*node) []byte {
	if len(list) == 1 {
		return list[0].appendTo(b)
	}

	b = append(b, '[')
	for i, n := range list {
		if i > 0 {
			b = append(b, ',')
		}
		b = n.appendTo(b)
	}
	return append(b, ']')
}

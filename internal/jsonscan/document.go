package jsonscan

import (
	"errors"
	"io"
)

// An Element is one element of a document while it is visited. The scanner holds
// its bytes, and Slots has the positions of its paths.
type Element struct {
	Index      uint32
	Kind       ValueKind
	Start, End int64
	Before     []byte // what stands between the element before it and this one, its start if that is long
	Partial    bool   // the text broke off inside; Slots has the members before
	Scanner    *Scanner
	Slots      *Slots
}

// Raw returns the element's bytes.
func (e *Element) Raw() []byte { return e.Scanner.Bytes(e.Start, e.End) }

// Value returns the raw value at one of the paths.
func (e *Element) Value(path int) Value { return e.Slots.Value(e.Scanner, path) }

// A Document walks through one JSON text: a list of elements, an object that
// holds such a list, or one element alone.
type Document struct {
	Scanner *Scanner
	Visit   func(*Element) error // its errors end the walk as they are
	Restart func()               // called when the list occurs twice: the elements so far do not count

	Found

	paths   *Paths
	list    []string // tokens of the pointer to the list, empty without one
	marker  int      // path that makes the root a batch when it is present, 0 without one
	wanted  []int    // paths of the document itself
	root    *Slots
	element *Slots
	outer   map[int]Value // copies of the document's own values
	index   uint32
	before  []byte // see Element.Before
	batch   bool
	again   bool // the list may occur twice, see startOver
	listed  bool // the list is there
}

// Found is what a walk found of a document as a whole.
type Found struct {
	RootKind ValueKind
	Blank    bool   // nothing but white space
	Keep     int64  // after a failed walk: this many bytes and Closers make a valid text
	Closers  string // when both are empty, nothing is left
}

// NewDocument returns a walk through the text of s. The list pointer may be
// empty; marker and wanted are numbers of paths.
func NewDocument(s *Scanner, paths *Paths, list string, marker int, wanted []int) *Document {
	var tokens []string
	if list != "" {
		tokens = paths.Tokens(paths.Add(list))
	}
	return &Document{
		Scanner: s, paths: paths, list: tokens, marker: marker, wanted: wanted,
		root: paths.NewSlots(), element: paths.NewSlots(), outer: map[int]Value{},
	}
}

// Reset makes d walk through the text of r. It keeps its memory, and what it
// learned about the order of members.
func (d *Document) Reset(r io.Reader) {
	d.Scanner.restart(r)
	d.root.Clear()
	d.element.Clear()
	clear(d.outer)
	d.Found = Found{}
	d.index, d.batch, d.again, d.listed = 0, false, false, false
}

// Outer returns one of the wanted values of the document itself.
func (d *Document) Outer(path int) Value { return d.outer[path] }

// Framed reports whether the document has a list, so that it may have no elements.
func (d *Document) Framed() bool { return d.batch || d.RootKind == List }

// Batch reports whether the root is an object that holds a list, or should.
func (d *Document) Batch() bool { return d.batch }

// Listed reports whether a batch has its list.
func (d *Document) Listed() bool { return d.listed }

// Walk visits every element in order. For damage the error is a [SyntaxError], a
// [stream.Error] or a [stream.LimitError]; any other error is a failure to read.
func (d *Document) Walk() error {
	s := d.Scanner
	if !s.SkipBOM() {
		// The text ends inside the mark: the error belongs at its end, not at its first byte.
		s.Advance(len(s.Rest()))
		return s.fail()
	}
	c, ok := s.Space()
	if !ok {
		d.Blank = s.Err() == nil
		return s.fail()
	}

	var err error
	switch c {
	case '[':
		d.RootKind = List
		err = d.elements()
	case '{':
		d.RootKind = Object
		err = d.rootObject()
	default:
		err = d.scalar()
	}
	if err != nil {
		return err
	}

	// The root is complete. If anything follows, the text before it is still valid.
	d.Keep, d.Closers = s.Offset(), ""
	s.Release()
	if _, more := s.Space(); more || s.Err() != nil {
		return s.fail()
	}
	return nil
}

// scalar visits a root that is neither a list nor an object.
func (d *Document) scalar() error {
	s := d.Scanner
	e := Element{Start: s.Hold(), Scanner: s, Slots: d.element}
	kind, err := s.Value()
	if err != nil {
		return err
	}

	if _, more := s.Peek(); more && !s.Complete(kind) {
		return s.fail() // a number with something attached, such as 12x
	}
	if err := s.Within(e.Start); err != nil {
		return err
	}

	d.RootKind, e.Kind, e.End = kind, kind, s.Offset()
	return d.Visit(&e)
}

// rootObject walks through the root, which is a batch when its list or its
// marker turns up, and else an element itself.
func (d *Document) rootObject() error {
	s := d.Scanner
	start := s.Hold()
	err := d.object(0, d.list)

	// A batch without its list is known by its marker.
	if !d.batch {
		d.capture()
		d.batch = d.marker != 0 && d.root.at[d.marker].kind != Absent
	}
	if d.batch {
		return err
	}

	// An object that the text breaks off in counts if it has a complete member.
	if err != nil && (!isSyntax(err) || d.root.at[0].members == 0) {
		return err
	}
	if over := s.Within(start); over != nil {
		return over
	}

	e := Element{Kind: Object, Start: start, End: s.Offset(), Partial: err != nil, Scanner: s, Slots: d.root}
	if failure := d.Visit(&e); failure != nil {
		return failure
	}
	return err
}

// object walks through an object on the way to the list.
func (d *Document) object(node int, tokens []string) (err error) {
	s, me := d.Scanner, &d.root.at[node]
	d.root.forget(node)
	*me = slot{kind: Object, start: s.Offset(), tail: s.Offset() + 1}
	defer func() { d.unwind(err, me.tail, me.members, "}") }()

	empty, err := s.Enter('}')
	if empty || err != nil {
		return err
	}

	for more, n := true, int64(0); more; {
		if d.batch {
			s.Hold() // otherwise the whole object is held already
		}
		if n, err = s.member(n); err != nil {
			return err
		}
		child, err := d.root.name(s, node, 0)
		if err != nil {
			return err
		}

		var kind ValueKind
		if d.onTheWay(child, tokens) {
			kind, err = d.descend(child, tokens)
		} else {
			kind, err = d.root.memberValue(s, child)
		}
		if err != nil {
			return err
		}
		if s.Complete(kind) {
			me.tail, me.members = s.Offset(), me.members+1
			d.startOver()
		}

		// Together the members around a list may be larger than a record, so each is released.
		if d.batch {
			d.capture()
			s.Release()
		}
		if more, err = s.More('}'); err != nil {
			return err
		}
	}

	me.end = s.Offset()
	return nil
}

// onTheWay reports whether a path is the list or an object around it.
func (d *Document) onTheWay(child int, tokens []string) bool {
	return len(tokens) > 0 && child != 0 && d.paths.nodes[child].name == tokens[0]
}

// descend scans the value of the member that is, or leads to, the list.
func (d *Document) descend(child int, tokens []string) (ValueKind, error) {
	s := d.Scanner
	c, _ := s.Peek()
	d.again = d.again || d.batch

	switch {
	case len(tokens) > 1 && c == '{':
		return Object, d.object(child, tokens[1:])
	case len(tokens) > 1:
		return d.root.value(s, child)
	}

	// The members before the list are captured now: elements releases their bytes.
	d.capture()
	d.batch, d.listed, d.index = true, c == '[', 0
	if d.listed {
		return List, d.elements()
	}
	return s.Value()
}

// startOver discards the elements so far when the list occurs twice. It is called
// for every complete value: until the second list has one, a text that breaks off
// still consists of the first list.
func (d *Document) startOver() {
	if d.again && d.Restart != nil {
		d.Restart()
	}
	d.again = false
}

// elements visits the elements of the list that comes next.
func (d *Document) elements() (err error) {
	s := d.Scanner
	tail, complete := s.Offset()+1, 0
	defer func() { d.unwind(err, tail, complete, "]") }()

	s.Release()
	d.before = d.before[:0]
	empty, err := s.Enter(']')
	if empty || err != nil {
		return err
	}

	for more := true; more; {
		kind, err := d.visit()
		if err != nil {
			return err
		}
		if s.Complete(kind) {
			tail, complete = s.Offset(), complete+1
		}

		s.Release()
		if more, err = d.more(); err != nil {
			return err
		}
	}
	return nil
}

// more is Scanner.More for the list of elements, and keeps what it consumes.
func (d *Document) more() (bool, error) {
	d.before = d.before[:0]
	if c, ok := d.space(); !ok || c != ',' {
		return d.Scanner.More(']')
	}
	d.Scanner.Advance(1)
	d.before = append(d.before, ',')
	d.space()
	return true, nil
}

// longestBefore is how many bytes between two elements are kept.
const longestBefore = 64 << 10

// space is Scanner.Space, and keeps what it skips.
func (d *Document) space() (byte, bool) {
	s := d.Scanner
	for {
		rest, n := s.Rest(), 0
		for n < len(rest) && isSpace(rest[n]) {
			n++
		}
		if len(d.before) < longestBefore {
			d.before = append(d.before, rest[:n]...)
		}
		s.Advance(n)
		if n < len(rest) {
			return rest[n], true
		}
		if !s.Fill() {
			return 0, false
		}
	}
}

func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\r' }

// visit scans one element of a list. One that the text breaks off in is still
// visited when it has a complete member, but not in a broken stream.
func (d *Document) visit() (ValueKind, error) {
	s := d.Scanner
	e := Element{Index: d.index, Start: s.Hold(), Before: d.before, Scanner: s, Slots: d.element}
	d.index++
	d.element.Clear()

	kind, err := d.element.Scan(s)
	e.Kind, e.End = kind, s.Offset()
	if err != nil {
		tail, members := d.element.Tail()
		if e.Kind != Object || members == 0 || !isSyntax(err) {
			return e.Kind, err
		}

		e.Partial = true
		d.startOver()
		d.unwind(err, tail, members, "}")
		if failure := d.Visit(&e); failure != nil {
			return e.Kind, failure
		}
		return e.Kind, err
	}

	if !s.Complete(e.Kind) {
		return e.Kind, s.fail() // a number that may have been cut
	}
	if err := s.Within(e.Start); err != nil {
		return e.Kind, err
	}
	d.startOver()
	return e.Kind, d.Visit(&e)
}

// unwind is called from the inside out when a text is broken. It notes where the
// text can be cut, after the last complete value on the way from the root to the
// element, and the closing bytes of all containers around it.
func (d *Document) unwind(err error, tail int64, complete int, closer string) {
	switch {
	case err == nil:
	case d.Closers != "":
		d.Closers += closer
	case complete > 0:
		d.Keep, d.Closers = tail, closer
	}
}

// capture copies the document's own values, as the scanner will not hold
// them any longer.
func (d *Document) capture() {
	for _, path := range d.wanted {
		v := d.root.at[path]
		if v.kind == Absent {
			delete(d.outer, path)
			continue
		}

		// A value that is no longer held was captured before it was released.
		if d.Scanner.Holds(v.start) {
			d.outer[path] = Value{v.kind, append([]byte(nil), d.Scanner.Bytes(v.start, v.end)...)}
		}
	}
}

// isSyntax reports whether err is a [SyntaxError].
func isSyntax(err error) bool {
	_, ok := errors.AsType[*SyntaxError](err)
	return ok
}

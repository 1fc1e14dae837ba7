package record

import (
	"bufio"
	"crypto/sha256"
	"errors"
	"io"
)

// Row is one row of a cdr or registration object while it is visited.
type Row struct {
	Index   uint32
	Offset  int64  // of its first byte in the uncompressed content
	Bytes   []byte // the row as it stands there
	mapping *Mapping
	element *Element // of JSON
	cells   []Value  // of everything else
	columns *[NumFields][]int
}

// Value returns the raw value of a field, Absent when the row has none.
func (r *Row) Value(f Field) Value {
	if r.element != nil {
		return r.mapping.Find(r.element, f)
	}
	var fallback Value
	for _, column := range r.columns[f] {
		v := r.cells[column]
		if !r.mapping.Profile.isMissing(v) {
			return v
		}
		if fallback.Kind == Absent {
			fallback = v
		}
	}
	return fallback
}

// Whole returns the element itself, for shapes too deep for pointers.
func (r *Row) Whole() Value {
	if r.element == nil {
		return Value{}
	}
	return Value{r.element.Kind, r.element.Raw()}
}

// Reject is a part of an object that could not be used. The bytes are valid
// until the next one.
type Reject struct {
	Row    int64 // -1 for a part that is no row
	Offset int64 // in the uncompressed content
	Reason string
	Bytes  []byte
}

// SHA256 returns the hash of the rejected bytes.
func (r Reject) SHA256() [32]byte { return sha256.Sum256(r.Bytes) }

// Reading is how the reading of one object went.
type Reading struct {
	Rows     int64 // rejects included
	Rejected int64
	Damage   error // a SyntaxError, StreamError or LimitError, nil for a sound object
	Used     int64 // end of the last row or reject; of a damaged object all after it is lost
}

// Visitor receives what an object holds. Its errors end the reading.
type Visitor struct {
	Row     func(*Row) error
	Reject  func(Reject) error
	Restart func() // the list is spelled twice: the rows so far do not count
}

// Add takes over how the reading of the next chunk went.
func (r *Reading) Add(next Reading) {
	r.Rows += next.Rows
	r.Rejected += next.Rejected
	r.Used = max(r.Used, next.Used)
	if r.Damage == nil {
		r.Damage = next.Damage
	}
}

// Read reads the rows of an object that is not Parquet. Damage is part of the
// reading; the error is a failure to read.
func (m *Mapping) Read(in *bufio.Reader, f Format, list string, to Visitor) (Reading, error) {
	if head, _ := in.Peek(2); IsUTF16(head) {
		return Reading{Damage: &StreamError{Unknown: true, Err: ErrUTF16}}, nil
	}
	if f.InLines() {
		return m.ReadRows(Rows(in, f, m.limits), to)
	}
	r := reader{mapping: m, to: to}
	return r.ended(r.json(in, list))
}

// ReadRows reads the rows of a chunk.
func (m *Mapping) ReadRows(c *Chunk, to Visitor) (Reading, error) {
	r := reader{mapping: m, to: to}
	switch c.format {
	case CSV:
		return r.ended(r.csv(c))
	case TextLines:
		return r.ended(r.textLines(c))
	}
	r.slots = m.Paths.NewSlots()
	return r.ended(r.lines(c, r.jsonLine))
}

// ended returns how a reading went that ended with err.
func (r *reader) ended(err error) (Reading, error) {
	if IsDamage(err) {
		r.reading.Damage, err = err, nil
	}
	return r.reading, err
}

// ErrUTF16 says what is wrong with content that begins like UTF-16.
var ErrUTF16 = errors.New("UTF-16 is none of the encodings that can be read")

// IsDamage reports whether err says that an object is damaged, as opposed to
// a failure to read it.
func IsDamage(err error) bool {
	var syntax *SyntaxError
	var stream *StreamError
	var limit *LimitError
	return errors.As(err, &syntax) || errors.As(err, &stream) || errors.As(err, &limit)
}

type reader struct {
	mapping *Mapping
	to      Visitor
	reading Reading
	slots   *Slots // of a line
	current Row    // for the visitor
}

func (r *reader) row(row Row) error {
	r.reading.Rows++
	r.reading.Used = row.Offset + int64(len(row.Bytes))
	row.mapping = r.mapping
	r.current = row
	return r.to.Row(&r.current)
}

func (r *reader) reject(row uint32, offset int64, reason string, b []byte) error {
	r.reading.Rows++
	r.reading.Rejected++
	r.reading.Used = offset + int64(len(b))
	return r.to.Reject(Reject{Row: int64(row), Offset: offset, Reason: reason, Bytes: b})
}

func (r *reader) json(in io.Reader, list string) error {
	paths := r.mapping.Paths
	d := NewDocument(NewScanner(in, r.mapping.limits), paths, list, 0, nil)
	d.Restart = func() {
		r.reading = Reading{}
		if r.to.Restart != nil {
			r.to.Restart()
		}
	}
	d.Visit = func(e *Element) error {
		switch {
		case e.Partial:
			return r.reject(e.Index, e.Start, "the text breaks off inside this element", e.Raw())
		case e.Kind != Object:
			return r.reject(e.Index, e.Start, "not an object", e.Raw())
		}
		return r.row(Row{Index: e.Index, Offset: e.Start, Bytes: e.Raw(), element: e})
	}
	return d.Walk()
}

func (r *reader) lines(c *Chunk, each func(Line) error) error {
	for line, err := range c.Lines {
		switch {
		case err != nil:
		case line.Over != nil:
			err = r.piece(line)
		default:
			err = each(line)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// piece rejects a piece of a line that is too long. The line counts once.
func (r *reader) piece(line Line) error {
	if !line.More {
		r.reading.Rows++
		r.reading.Rejected++
	}
	r.reading.Used = line.Offset + int64(len(line.Text))
	return r.to.Reject(line.Reject())
}

func (r *reader) jsonLine(line Line) error {
	e, err := ScanLine(line, r.slots, r.mapping.limits)
	switch {
	case err != nil:
		return r.reject(line.Index, line.Offset, err.Error(), line.Text)
	case e.Kind != Object:
		return r.reject(line.Index, line.Offset, "not an object", line.Text)
	}
	return r.row(Row{Index: line.Index, Offset: line.Offset, Bytes: line.Text, element: e})
}

// ScanLine scans a line of JSON Lines as one element, which is valid until the
// next one. On an error the element has what was complete before it.
func ScanLine(line Line, slots *Slots, limits *Limits) (*Element, error) {
	s, e := &slots.line, &slots.element
	s.Reset(line.Text, line.Offset, limits)
	slots.Clear()
	c, _ := s.Space()
	*e = Element{Index: line.Index, Start: s.Offset(), Scanner: s, Slots: slots}
	var err error
	if c == '{' {
		e.Kind, err = Object, slots.Scan(s)
	} else {
		e.Kind, err = s.Value()
	}
	e.End = s.Offset()
	if err != nil {
		e.Partial = true
		return e, err
	}
	if _, more := s.Space(); more {
		return e, s.fail()
	}
	return e, nil
}

func (r *reader) textLines(c *Chunk) error {
	pattern := r.mapping.Profile.Line
	columns := r.mapping.columnsOf(pattern.SubexpNames())
	return r.lines(c, func(line Line) error {
		if line.Broken {
			return r.reject(line.Index, line.Offset, "the stream breaks off inside this line", line.Text)
		}
		at := pattern.FindSubmatchIndex(line.Text)
		if at == nil {
			return r.reject(line.Index, line.Offset, "the line does not match the profile's pattern", line.Text)
		}
		cells := make([]Value, len(at)/2)
		for i := range cells {
			if at[2*i] >= 0 {
				cells[i] = Value{Cell, line.Text[at[2*i]:at[2*i+1]]}
			}
		}
		return r.row(Row{Index: line.Index, Offset: line.Offset, Bytes: line.Text, cells: cells, columns: columns})
	})
}

package record

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/csv"
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
	columns *[numFields][]int
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

// Read reads the rows of an object that is not Parquet. Damage is part of the
// reading; the error is a failure to read.
func (m *Mapping) Read(in *bufio.Reader, f Format, list string, to Visitor) (Reading, error) {
	r := reader{mapping: m, to: to, slots: m.Paths.NewSlots()}
	if head, _ := in.Peek(2); IsUTF16(head) {
		return Reading{Damage: &StreamError{Unknown: true, Err: ErrUTF16}}, nil
	}
	var err error
	switch f {
	case JSON:
		err = r.json(in, list)
	case JSONLines:
		err = r.lines(in, r.jsonLine)
	case CSV:
		err = r.csv(in)
	case TextLines:
		err = r.textLines(in)
	}
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
	text    []byte // of the cells of a row
}

func (r *reader) row(row *Row) error {
	r.reading.Rows++
	r.reading.Used = row.Offset + int64(len(row.Bytes))
	row.mapping = r.mapping
	return r.to.Row(row)
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
		return r.row(&Row{Index: e.Index, Offset: e.Start, Bytes: e.Raw(), element: e})
	}
	return d.Walk()
}

func (r *reader) lines(in io.Reader, each func(Line) error) error {
	for line, err := range Lines(in, r.mapping.limits) {
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
	return r.row(&Row{Index: line.Index, Offset: line.Offset, Bytes: line.Text, element: e})
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

func (r *reader) textLines(in io.Reader) error {
	pattern := r.mapping.Profile.Line
	columns := r.mapping.columnsOf(pattern.SubexpNames())
	return r.lines(in, func(line Line) error {
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
		return r.row(&Row{Index: line.Index, Offset: line.Offset, Bytes: line.Text, cells: cells, columns: columns})
	})
}

func (r *reader) csv(in *bufio.Reader) error {
	var offset int64
	if bom, _ := in.Peek(3); string(bom) == "\xef\xbb\xbf" {
		n, _ := in.Discard(3)
		offset = int64(n)
	}
	recent := &recorder{r: in, limits: r.mapping.limits}
	records := csv.NewReader(recent)
	records.FieldsPerRecord, records.LazyQuotes, records.ReuseRecord = -1, true, true
	header, err := records.Read()
	if err == io.EOF {
		return nil
	}
	if err != nil {
		return err
	}
	if end := records.InputOffset(); recent.exhausted(end) && endsInQuotes(afterBlankLines(recent.bytes(end))) {
		return &SyntaxError{Offset: offset + end, Cut: true}
	}
	if err := r.mapping.limits.header(header); err != nil {
		return err
	}
	columns, width := r.mapping.columnsOf(header), len(header)
	cells := make([]Value, width)
	for index := uint32(0); ; index++ {
		start := records.InputOffset()
		recent.forget(start)
		record, err := records.Read()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		end := records.InputOffset()
		if err := recent.within(end); err != nil {
			return err
		}
		raw := afterBlankLines(recent.bytes(end))
		at := offset + end - int64(len(raw))
		if recent.exhausted(end) && endsInQuotes(raw) {
			if err := r.reject(index, at, "ends inside a quoted cell", raw); err != nil {
				return err
			}
			continue
		}
		raw = withoutLineEnd(raw)
		if len(record) != width {
			if err := r.reject(index, at, "another number of cells than the header", raw); err != nil {
				return err
			}
			continue
		}
		text := r.text[:0]
		for i, cell := range record {
			text = append(text, cell...)
			cells[i] = Value{Cell, text[len(text)-len(cell) : len(text) : len(text)]}
		}
		r.text = text
		if err := r.row(&Row{Index: index, Offset: at, Bytes: raw, cells: cells, columns: columns}); err != nil {
			return err
		}
	}
}

// recorder remembers what was read since the last row, so that a reject can
// show its bytes.
type recorder struct {
	r    io.Reader
	buf  []byte
	base int64 // offset of buf[0]
	keep int64 // offset of the first byte still of interest
	done bool  // there is no more to read

	limits *Limits
}

// within returns an error when a row that ends at an offset, with the blank
// lines before it, is longer than a record may be.
func (r *recorder) within(end int64) error {
	if most := r.limits.RecordBytes; most > 0 && end-r.keep > most {
		return &LimitError{Limit: "record_bytes", Max: most, Offset: r.keep + most}
	}
	return nil
}

// Read reads no further when the row under way is too long for certain,
// whatever was read ahead.
func (r *recorder) Read(b []byte) (int, error) {
	if err := r.within(r.base + int64(len(r.buf)) - window); err != nil {
		return 0, err
	}
	n, err := r.r.Read(b)
	if drop := r.keep - r.base; drop > 64<<10 && drop > int64(len(r.buf)/2) { // else a long row would be moved at every read
		r.buf = append(r.buf[:0], r.buf[drop:]...)
		r.base = r.keep
	}
	r.buf = append(r.buf, b[:n]...)
	r.done = err == io.EOF
	return n, err
}

// exhausted reports whether all that there is lies before an offset.
func (r *recorder) exhausted(to int64) bool { return r.done && to == r.base+int64(len(r.buf)) }

func (r *recorder) forget(before int64) { r.keep = before }

func (r *recorder) bytes(to int64) []byte { return r.buf[r.keep-r.base : to-r.base] }

// afterBlankLines returns a row without the blank lines before it.
func afterBlankLines(b []byte) []byte {
	for {
		rest, blank := bytes.CutPrefix(bytes.TrimPrefix(b, []byte("\r")), []byte("\n"))
		if !blank {
			return b
		}
		b = rest
	}
}

func withoutLineEnd(b []byte) []byte {
	return bytes.TrimSuffix(bytes.TrimSuffix(b, []byte("\n")), []byte("\r"))
}

// endsInQuotes reports whether the last cell of a row has an opening quote
// and no closing one. A quote within a cell that is neither is a character
// like any other.
func endsInQuotes(row []byte) bool {
	for {
		if len(row) == 0 || row[0] != '"' {
			i := bytes.IndexByte(row, ',')
			if i < 0 {
				return false
			}
			row = row[i+1:]
			continue
		}
		i := closingQuote(row)
		if i < 0 {
			return true
		}
		if row = row[i+1:]; len(row) == 0 || row[0] != ',' {
			return false
		}
		row = row[1:]
	}
}

// closingQuote returns where the quote stands that closes the cell whose
// opening one is the first byte, -1 without one.
func closingQuote(cell []byte) int {
	for i := 1; i < len(cell); i++ {
		if cell[i] != '"' {
			continue
		}
		if rest := cell[i+1:]; len(withoutLineEnd(rest)) == 0 || rest[0] == ',' {
			return i
		}
		if cell[i+1] == '"' {
			i++
		}
	}
	return -1
}

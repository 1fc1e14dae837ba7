// Package rows reads the rows of an object as a profile describes them: JSON
// documents, JSON Lines, CSV and text lines.
//
// A [Mapping] is compiled once for each source. Its reader hands each [Row] to a
// [Visitor], and each part that cannot be used as a [Reject] with its bytes, so
// that nothing of an object is lost silently. Objects in lines can be split into
// chunks, which are read in parallel and give the same rows.
package rows

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"

	"cdrmend/internal/jsonscan"
	"cdrmend/internal/profile"
	"cdrmend/internal/record"
	"cdrmend/internal/stream"
)

// Row is one row of a cdr or registration object while it is visited.
type Row struct {
	Index   uint32
	Offset  int64  // of its first byte in the uncompressed content
	Bytes   []byte // the row as in the content
	Before  []byte // see Reject
	mapping *Mapping
	element *jsonscan.Element // of JSON
	cells   []jsonscan.Value  // of everything else
	columns *Columns
	other   func() (bool, error) // of objects whose cells are only those of fields: see HasOther
}

// Value returns the raw value of a field, Absent when the row has none.
func (r *Row) Value(f record.Field) jsonscan.Value {
	if r.element != nil {
		return r.mapping.Find(r.element, f)
	}
	return r.mapping.cell(r, f)
}

// HasOther reports whether the row has a value outside the places of the mapping's
// fields: a member or a cell that is not missing, whatever its name. An empty list
// is missing. The error is a failure to read, or damage.
func (r *Row) HasOther() (bool, error) {
	switch {
	case r.element != nil:
		return r.hasOtherMember(), nil
	case r.other != nil:
		return r.other()
	}
	for i, v := range r.cells {
		if !r.columns.mapped(i) && r.mapping.Says(v) {
			return true, nil
		}
	}
	return false, nil
}

func (r *Row) hasOtherMember() bool {
	last := map[string]bool{} // of members spelled twice the last counts
	for name, v := range r.Whole().Members {
		last[string(name)] = !r.mapping.Paths.Leaf(name) && r.mapping.Says(v)
	}
	for _, has := range last {
		if has {
			return true
		}
	}
	return false
}

func isEmptyList(v jsonscan.Value) bool {
	return v.Kind == jsonscan.List && len(bytes.TrimSpace(v.Raw[1:len(v.Raw)-1])) == 0
}

// Whole returns the element itself, for shapes that are too deep for pointers.
func (r *Row) Whole() jsonscan.Value {
	if r.element == nil {
		return jsonscan.Value{}
	}
	return jsonscan.Value{Kind: r.element.Kind, Raw: r.element.Raw()}
}

// Reject is a part of an object that could not be used. The bytes are valid
// until the next one.
type Reject struct {
	Row    int64 // -1 for a part that is not a row
	Offset int64 // in the uncompressed content
	Reason string
	Value  string // the value that is the reason, cut; empty when the reason is no value
	Bytes  []byte

	Cells, Header int // of a row of CSV with another number of cells than its header; else 0

	// Before is what stands between the row before it and this one, its start if
	// that is long.
	Before []byte
}

// Reject returns the reject for a row.
func (r *Row) Reject(reason string) Reject {
	return Reject{Row: int64(r.Index), Offset: r.Offset, Reason: reason, Bytes: r.Bytes, Before: r.Before}
}

// SHA256 returns the hash of the rejected bytes.
func (r Reject) SHA256() [32]byte { return sha256.Sum256(r.Bytes) }

// Reading is the outcome of reading one object.
type Reading struct {
	Rows      int64 // rejects and skipped lines included
	Rejected  int64
	Unmatched int64 // what is skipped: comments of CSV, lines of a text log that its pattern does not match, elements of XML next to the records
	Damage    error // see [jsonscan.IsDamage]; nil for a sound object
	Used      int64 // end of the last row or reject; what follows it in a damaged object is lost

	Joined Joined // records of several lines of a text log

	Filtered []int64 // rows that each filter of the profile skips; nil for none

	Cut     bool          // the last row is a part of one: the object was cut where it may end
	Framed  bool          // the object has a list, a header or a schema, so that it may have no rows
	Bare    bool          // the visitor says that the object is none and has none
	Local   record.Fields // of Parquet: fields whose column holds local times, without a zone
	Tabular bool          // rows have the columns of a header or a schema
	Page    profile.Page  // what a document tells of the list that it is a page of
	Listed  int64         // elements of the object that could be used, those that filters skip included
	Places  record.Fields // fields with a place: a column, a group of a text line, or of JSON a member of some row, of whatever value
}

// Incomplete says why an object that could be read to its end is not all of what
// was written, nil when nothing tells.
func (r *Reading) Incomplete() error {
	switch {
	case r.Damage != nil:
		return r.Damage
	case r.Cut:
		return errCut
	case r.Rows == 0 && !r.Framed:
		return errBlank
	}
	return nil
}

var (
	errCut   = errors.New("the object ends inside a row")
	errBlank = errors.New("the object has no rows, and says so nowhere")
)

// ErrNoField is the error of a visitor for a row that has values, but none in a
// field that it knows. The row becomes a reject. So does one for which a visitor
// returns a [stream.LimitError].
var ErrNoField = errors.New("no known field")

// NoPattern is the reason of a reject for a text line that no pattern matches.
const NoPattern = "the line matches no pattern of the profile"

// SeveralValues is the reason of a reject for a line that holds values one after
// another, as Firehose delivers them.
const SeveralValues = "several JSON values stand in one line; where values have no newline between them, say concatenated: true in the profile"

// ErrNoRow is the error of a visitor for a document that is no row, but says that
// it has none.
var ErrNoRow = errors.New("no row")

// Filter counts a row that a filter of the profile skips.
func (r *Reading) Filter(m *Mapping, n int) {
	if r.Filtered == nil {
		r.Filtered = make([]int64, len(m.Profile.Filters))
	}
	r.Rows++
	r.Filtered[n]++
}

// Skipped returns how many rows were skipped before the visitor saw them.
func (r *Reading) Skipped() int64 {
	n := r.Unmatched
	for _, of := range r.Filtered {
		n += of
	}
	return n
}

// Sound returns how many rows are no rejects and no lines that were skipped.
func (r *Reading) Sound() int64 { return r.Rows - r.Rejected - r.Unmatched }

// Lists reports whether the object is a list of rows, also of none.
func (r *Reading) Lists() bool { return r.Rows > 0 || r.Framed && !r.Bare }

// Visitor receives the rows and rejects of an object. Its errors end the reading.
type Visitor struct {
	Row     func(*Row) error
	Reject  func(Reject) error
	Restart func() // the list occurs twice: the rows so far do not count
}

// Add adds the reading of the next chunk.
func (r *Reading) Add(next Reading) {
	r.Rows += next.Rows
	r.Rejected += next.Rejected
	r.Unmatched += next.Unmatched
	r.Listed += next.Listed
	r.Joined.add(next.Joined)
	for n, of := range next.Filtered {
		if r.Filtered == nil {
			r.Filtered = make([]int64, len(next.Filtered))
		}
		r.Filtered[n] += of
	}
	r.Used = max(r.Used, next.Used)
	if next.Rows > 0 {
		r.Cut = next.Cut
	}
	r.Framed, r.Tabular, r.Places = r.Framed || next.Framed, r.Tabular || next.Tabular, r.Places|next.Places
	if r.Damage == nil {
		r.Damage = next.Damage
	}
}

// Read reads the rows of an object that is not Parquet. Damage is part of the
// reading; the error is a failure to read.
func (m *Mapping) Read(in *bufio.Reader, f profile.Format, list string, to Visitor) (Reading, error) {
	if head, _ := in.Peek(2); stream.IsUTF16(head) {
		return Reading{Damage: &stream.Error{Unknown: true, Err: stream.ErrUTF16}}, nil
	}
	if f.InLines() {
		return m.ReadRows(NewChunk(in, m.Profile, f, m.Limits), to)
	}

	r := reader{mapping: m, to: to}
	if f == profile.XML {
		return r.ended(r.xml(in, list))
	}
	m.run.Lone = false
	return r.ended(r.json(in, list))
}

// ReadRows reads the rows of a chunk.
func (m *Mapping) ReadRows(c *Chunk, to Visitor) (Reading, error) {
	m.run.Lone = false
	r := reader{mapping: m, to: to}
	switch c.format {
	case profile.CSV:
		return r.ended(r.csv(c))
	case profile.TextLines:
		return r.ended(r.textLines(c))
	}

	// The slots come last, as they are for all paths that there are by then.
	r.visit = r.elements()
	r.slots = m.elementPaths().NewSlots()
	if m.Profile.Concatenated {
		return r.ended(r.lines(c.Values, r.jsonLine))
	}
	return r.ended(r.lines(c.Lines, r.jsonLine))
}

// ended returns the reading that ended with err: damage is part of it.
func (r *reader) ended(err error) (Reading, error) {
	if jsonscan.IsDamage(err) {
		r.reading.Damage, err = err, nil
	}
	if r.mapping.Profile.Each == nil {
		r.reading.Listed = r.reading.Sound()
	}
	return r.reading, err
}

type reader struct {
	mapping *Mapping
	to      Visitor
	reading Reading
	slots   *jsonscan.Slots // of a line
	visit   func(Row) error // likewise
	current Row             // for the visitor
}

func (r *reader) row(row Row) error {
	if row.element != nil {
		r.mapping.Note(row.element, &r.reading.Places)
	}

	// The visitor gets a pointer, which must not make every row allocate.
	row.mapping = r.mapping
	r.mapping.Next()
	r.current = row
	if n := r.mapping.Skips(&r.current); n >= 0 {
		r.reading.Filter(r.mapping, n)
		r.reading.Used, r.reading.Cut = row.Offset+int64(len(row.Bytes)), false
		return nil
	}

	err := r.to.Row(&r.current)
	switch {
	case err == ErrNoField, isLimit(err):
		return r.reject(row.Reject(err.Error()))
	case err == ErrNoRow:
		r.reading.Bare = true
		return nil
	}

	r.reading.Rows++
	r.reading.Used, r.reading.Cut = row.Offset+int64(len(row.Bytes)), false
	return err
}

// isLimit reports whether a visitor's error is a limit of the row, which costs only
// that row.
func isLimit(err error) bool {
	_, over := err.(*stream.LimitError)
	return over
}

func (r *reader) reject(reject Reject) error {
	r.reading.Rows++
	r.reading.Rejected++
	r.reading.Used, r.reading.Cut = reject.Offset+int64(len(reject.Bytes)), false

	return r.to.Reject(reject)
}

// skip counts a line that is about something else.
func (r *reader) skip(offset int64, text []byte) {
	r.reading.Rows++
	r.reading.Unmatched++
	r.reading.Used, r.reading.Cut = offset+int64(len(text)), false
}

// elements returns what visits the objects of a list or of lines: each is a row, or
// holds some.
func (r *reader) elements() func(Row) error {
	if each := r.mapping.Profile.Each; each != nil {
		return newNesting(r, each).rows
	}
	return r.row
}

func (r *reader) json(in io.Reader, list string) error {
	paths := r.mapping.elementPaths()
	visit := r.elements()
	d := jsonscan.NewDocument(jsonscan.NewScanner(in, r.mapping.Limits), paths, list, 0, r.mapping.Outer())
	// The second list replaces the first, with its rows and rejects.
	d.Restart = func() {
		r.reading = Reading{}
		if r.to.Restart != nil {
			r.to.Restart()
		}
	}

	d.Visit = func(e *jsonscan.Element) error {
		row := Row{Index: e.Index, Offset: e.Start, Bytes: e.Raw(), Before: e.Before, element: e}
		switch {
		case e.Partial:
			return r.reject(row.Reject("the text breaks off inside this element"))
		case e.Kind != jsonscan.Object:
			return r.reject(row.Reject("not an object"))
		}
		return visit(row)
	}

	err := d.Walk()
	if syntax, ok := errors.AsType[*jsonscan.SyntaxError](err); ok && d.Keep > 0 && d.Closers == "" {
		err = fmt.Errorf("%w after the first value; where values follow each other, have jsonl among formats, and say concatenated: true where no newline is between them", syntax)
	}
	r.reading.Framed = d.Framed() || r.reading.Bare
	r.reading.Page = r.mapping.Page(d)
	return err
}

func (r *reader) lines(all iter.Seq2[Line, error], each func(Line) error) error {
	for line, err := range all {
		switch {
		case err != nil: // of the stream
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

// piece rejects a piece of a line that is too long. The line counts once, with its
// last piece.
func (r *reader) piece(line Line) error {
	if !line.More {
		r.reading.Rows++
		r.reading.Rejected++
	}
	r.reading.Used, r.reading.Cut = line.Offset+int64(len(line.Text)), false

	return r.to.Reject(line.Reject())
}

func (r *reader) jsonLine(line Line) error {
	e, err := r.slots.ScanLine(line.Index, line.Offset, line.Text, r.mapping.Limits)
	switch {
	case err != nil: // the last line may have been cut
		reason := err.Error()
		if after := line.Text[e.End-line.Offset:]; !e.Partial && bytes.HasPrefix(bytes.TrimSpace(after), []byte("{")) {
			reason = SeveralValues
		}
		err = r.reject(line.RejectAs(reason))
		r.reading.Cut = true
		return err
	case e.Kind != jsonscan.Object:
		return r.reject(line.RejectAs("not an object"))
	}
	return r.visit(Row{Index: line.Index, Offset: line.Offset, Bytes: line.Text, Before: line.Before, element: e})
}

func (r *reader) textLines(c *Chunk) error {
	patterns := make([]linePattern, len(r.mapping.Profile.Lines))
	for i := range patterns {
		l := &r.mapping.Profile.Lines[i]
		patterns[i] = linePattern{l, r.mapping.columnsOf(l.Columns)}
		r.reading.Places |= patterns[i].columns.Fields()
	}

	all := iter.Seq2[Line, error](c.Lines)
	if begins := r.mapping.Profile.Begins; begins != nil {
		all = c.Records(begins)
	}
	matches := func(line []byte) bool {
		return slices.ContainsFunc(patterns, func(p linePattern) bool { return p.MayMatch(line) && p.Pattern.Match(line) })
	}
	return r.lines(all, func(line Line) error {
		if line.Broken {
			return r.reject(line.RejectAs("the stream breaks off inside this line"))
		}
		r.joined(line, matches)
		for i := range patterns {
			if cells := patterns[i].cells(line.Text); cells != nil {
				return r.row(Row{Index: line.Index, Offset: line.Offset, Bytes: line.Text, Before: line.Before, cells: cells, columns: patterns[i].columns})
			}
		}

		if r.mapping.Profile.RejectUnmatched {
			return r.reject(line.RejectAs(NoPattern))
		}
		r.skip(line.Offset, line.Text)
		return nil
	})
}

// linePattern is a pattern with the columns that it gives.
type linePattern struct {
	*profile.LinePattern
	columns *Columns
}

// cells returns the groups of a line and the constants, nil when the pattern does
// not match it. A group that took no part in the match stays absent.
func (p *linePattern) cells(line []byte) []jsonscan.Value {
	if !p.MayMatch(line) {
		return nil
	}
	at := p.Pattern.FindSubmatchIndex(line)
	if at == nil {
		return nil
	}

	cells := make([]jsonscan.Value, len(p.Columns))
	groups := len(at) / 2
	for i := range groups {
		if at[2*i] >= 0 {
			cells[i] = jsonscan.Value{Kind: jsonscan.Cell, Raw: line[at[2*i]:at[2*i+1]]}
		}
	}
	for i, constant := range p.Constants {
		cells[groups+i] = jsonscan.Value{Kind: jsonscan.Cell, Raw: []byte(constant)}
	}
	return cells
}

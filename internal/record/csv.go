package record

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"io"
)

// csv reads rows of cells. The library tells cells apart; where each row
// stands, and what of a row that is none, is told by what it read.
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

package worklist

import (
	"bytes"
	"fmt"
	"strconv"
)

// sheet is a list with a frozen header and filters. A list with more rows than
// one sheet can hold continues in another sheet.
type sheet struct {
	book    *book
	title   string
	header  []string
	parts   int
	rows    int      // in the last part, the header included
	letters []string // names of the columns
	row     []byte   // the row under way, in XML, and room for the next ones
	last    []cell   // of each column
}

// cell is the last text of a column, as it was given and in XML. Most columns have
// the same text in many rows.
type cell struct{ text, xml []byte }

func (b *book) sheet(title string, header []string) (*sheet, error) {
	s := &sheet{book: b, title: title, header: header, last: make([]cell, len(header))}
	for i := range header {
		s.letters = append(s.letters, letters(i))
	}
	return s, s.begin()
}

// letters returns the name of a column: A, B, …, Z, AA, AB, …
func letters(column int) string {
	if column < 26 {
		return string(rune('A' + column))
	}
	return letters(column/26-1) + letters(column%26)
}

// begin starts the next part.
func (s *sheet) begin() error {
	s.parts++
	s.rows = 0
	title := s.title
	if s.parts > 1 {
		title = fmt.Sprintf("%s (%d)", s.title, s.parts)
	}
	if err := s.book.open(fmt.Sprintf("xl/worksheets/sheet%d.xml", len(s.book.sheets)+1)); err != nil {
		return err
	}
	s.book.sheets = append(s.book.sheets, finished{title: title})

	w := s.book.part
	fmt.Fprintf(w, `<worksheet xmlns="%s"><sheetViews><sheetView workbookViewId="0">`, spreadsheet)
	fmt.Fprint(w, `<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews><cols>`)
	for i, name := range s.header {
		fmt.Fprintf(w, `<col min="%d" max="%[1]d" width="%d" customWidth="1"/>`, i+1, width(name))
	}
	fmt.Fprint(w, "</cols><sheetData>") // an error stays, and the next row returns it
	return s.write(styleHead, s.header)
}

// add appends a row of texts.
func (s *sheet) add(values []string) error {
	if err := s.beginRow(); err != nil {
		return err
	}
	return s.write(styleText, values)
}

func (s *sheet) write(style int, values []string) error {
	for i, v := range values {
		s.cell(style, i, []byte(v))
	}
	return s.endRow()
}

// beginRow makes room for a row, whose cells and end follow.
func (s *sheet) beginRow() error {
	if s.rows < s.book.limit {
		return nil
	}
	if err := s.end(); err != nil {
		return err
	}
	return s.begin()
}

// cell adds a cell to the row under way. An empty text makes no cell.
func (s *sheet) cell(style, column int, text []byte) {
	if len(text) == 0 {
		return
	}
	last := &s.last[column]
	if !bytes.Equal(last.text, text) {
		last.text = append(last.text[:0], text...)
		last.xml = appendCell(last.xml[:0], string(text))
	}

	s.row = append(append(s.row, `<c r="`...), s.letters[column]...)
	s.row = append(strconv.AppendInt(s.row, int64(s.rows+1), 10), `" s="`...)
	s.row = append(strconv.AppendInt(s.row, int64(style), 10), `" t="inlineStr">`...)
	s.row = append(append(s.row, last.xml...), "</c>"...)
}

// endRow writes the row under way.
func (s *sheet) endRow() error {
	s.rows++
	w := s.book.part
	fmt.Fprintf(w, `<row r="%d">`, s.rows)
	_, _ = w.Write(s.row)
	s.row = s.row[:0]
	_, err := w.WriteString("</row>")
	return err
}

// end completes the current part.
func (s *sheet) end() error {
	filter := fmt.Sprintf("$A$1:$%s$%d", s.letters[len(s.letters)-1], s.rows)
	s.book.sheets[len(s.book.sheets)-1].filter = filter
	_, err := fmt.Fprintf(s.book.part, `</sheetData><autoFilter ref="%s"/></worksheet>`, filter)
	return err
}

// width returns how wide a column is, in characters.
func width(column string) int {
	switch column {
	case "entry", "row", "entries", "failures", "severity", "direction", "objects", "rows", "rejects", "state", "kind", "proof", "harmless", "began":
		return 11
	case "detail", "object_key", "first_object_key", "last_object_key", "evidence", "what", "input", "what to do next":
		return 48
	case "finding_id", "outage_id", "class", "start_time", "end_time", "answer_time", "start", "end", "binding_until", "unregistered_from", "last_attempt":
		return 26
	case "org_id", "conversation_id", "recording_id", "leg_id", "trunk_id", "line_id", "old_value", "new_value", "user_ids", "queue_ids":
		return 38
	}
	return 18
}

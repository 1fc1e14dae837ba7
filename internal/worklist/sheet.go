package worklist

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// sheet is a list with a frozen header and filters. A list with more rows than
// one sheet can hold continues in another sheet.
type sheet struct {
	book    *book
	title   string
	columns []column
	parts   int
	rows    int      // in the last part, the header included
	letters []string // names of the columns
	widths  []int    // of the columns, in characters
	lines   int      // of text in the row under way
	row     []byte   // the row under way, in XML, and room for the next ones
	last    []cell   // of each column
}

// cell is the last text of a column, as it was given and in XML. Most columns have
// the same text in many rows.
type cell struct{ text, xml []byte }

func (b *book) sheet(title string, columns []column) (*sheet, error) {
	s := &sheet{book: b, title: title, columns: columns, last: make([]cell, len(columns))}
	for i := range columns {
		s.letters = append(s.letters, letters(i))
		s.widths = append(s.widths, width(columns[i].title))
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
	fmt.Fprintf(w, `<worksheet xmlns="%s"><sheetPr><pageSetUpPr fitToPage="1"/></sheetPr><sheetViews><sheetView workbookViewId="0">`, spreadsheet)
	// The header and the first column stay where they are.
	fmt.Fprint(w, `<pane xSplit="1" ySplit="1" topLeftCell="B2" activePane="bottomRight" state="frozen"/></sheetView></sheetViews><cols>`)
	var header []string
	for i, c := range s.columns {
		fmt.Fprintf(w, `<col min="%d" max="%[1]d" width="%d" customWidth="1"/>`, i+1, s.widths[i])
		header = append(header, c.title)
	}
	fmt.Fprint(w, "</cols><sheetData>") // an error stays, and the next row returns it
	for i, title := range header {
		s.cell(styleHead, i, []byte(title))
	}
	return s.endRow()
}

// add appends a row of texts.
func (s *sheet) add(values []string) error {
	if err := s.beginRow(); err != nil {
		return err
	}
	for i, v := range values {
		s.cell(s.columns[i].style, i, []byte(v))
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
	if len(text) == 0 && style != styleInput && style != styleDue { // these are marked as cells to fill in
		return
	}
	if style == styleWrapped || style == styleInput || style == styleHead {
		s.lines = max(s.lines, (utf8.RuneCount(text)+s.widths[column]-1)/s.widths[column])
	}
	if style == styleDue {
		if day, ok := serial(string(text)); ok {
			s.number(style, column, day)
			return
		}
	}
	last := &s.last[column]
	if !bytes.Equal(last.text, text) {
		last.text = append(last.text[:0], text...)
		shown := CellText(string(text))
		if style == styleInput {
			shown = InputText(string(text))
		}
		last.xml = appendCell(last.xml[:0], shown)
	}

	s.row = append(append(s.row, `<c r="`...), s.letters[column]...)
	s.row = append(strconv.AppendInt(s.row, int64(s.rows+1), 10), `" s="`...)
	s.row = append(strconv.AppendInt(s.row, int64(style), 10), `" t="inlineStr">`...)
	s.row = append(append(s.row, last.xml...), "</c>"...)
}

// Rows are at most so many lines high, each of so many points.
const (
	lineHeight = 15
	mostLines  = 12
)

// number adds a cell with a whole number to the row under way.
func (s *sheet) number(style, column, n int) {
	s.row = append(append(s.row, `<c r="`...), s.letters[column]...)
	s.row = append(strconv.AppendInt(s.row, int64(s.rows+1), 10), `" s="`...)
	s.row = append(strconv.AppendInt(s.row, int64(style), 10), `"><v>`...)
	s.row = append(strconv.AppendInt(s.row, int64(n), 10), "</v></c>"...)
}

// endRow writes the row under way.
func (s *sheet) endRow() error {
	s.rows++
	w := s.book.part
	if s.lines > 1 { // programs make rows high enough only when they are edited
		fmt.Fprintf(w, `<row r="%d" ht="%d" customHeight="1">`, s.rows, lineHeight*min(s.lines, mostLines))
	} else {
		fmt.Fprintf(w, `<row r="%d">`, s.rows)
	}
	s.lines = 1
	_, _ = w.Write(s.row)
	s.row = s.row[:0]
	_, err := w.WriteString("</row>")
	return err
}

// end completes the current part.
func (s *sheet) end() error {
	end := strconv.Itoa(s.rows)
	done := &s.book.sheets[len(s.book.sheets)-1]
	done.filter = "$A$1:$" + s.letters[len(s.letters)-1] + "$" + end

	// Columns that are not printed come last.
	printed := slices.IndexFunc(s.columns, func(c column) bool { return !c.onPaper })
	if printed < 0 {
		printed = len(s.columns)
	}
	done.paper = "$A$1:$" + s.letters[printed-1] + "$" + end

	_, err := fmt.Fprintf(s.book.part, `</sheetData><autoFilter ref="%s"/>%s<pageMargins left="0.4" right="0.4" top="0.6" bottom="0.6" header="0.3" footer="0.3"/>`+
		`<pageSetup paperSize="9" orientation="landscape" fitToWidth="1" fitToHeight="0"/><headerFooter><oddHeader>%s</oddHeader><oddFooter>&amp;L&amp;A&amp;Rpage &amp;P of &amp;N</oddFooter></headerFooter></worksheet>`,
		done.filter, s.validations(), s.book.paper)
	return err
}

// validations offer the choices of columns that have some, and ask for a date where one
// is due. Other texts remain possible: nobody can know all ways to work.
func (s *sheet) validations() string {
	var rules []string
	for i, c := range s.columns {
		cells := fmt.Sprintf(`sqref="%s2:%[1]s%d"`, s.letters[i], maxRows)
		switch {
		case len(c.choices) > 0:
			rules = append(rules, `<dataValidation type="list" allowBlank="1" showErrorMessage="0" `+cells+`><formula1>"`+strings.Join(c.choices, ",")+`"</formula1></dataValidation>`)
		case c.style == styleDue:
			rules = append(rules, `<dataValidation type="date" operator="greaterThan" errorStyle="warning" allowBlank="1" showInputMessage="1" showErrorMessage="1" `+
				`error="Write a date, such as 2026-12-01." promptTitle="due" prompt="A date, such as 2026-12-01." `+cells+`><formula1>36526</formula1></dataValidation>`)
		}
	}
	if len(rules) == 0 {
		return ""
	}
	return fmt.Sprintf(`<dataValidations count="%d">%s</dataValidations>`, len(rules), strings.Join(rules, ""))
}

// serial returns the number by which a spreadsheet knows a day: days since the end of
// 1899.
func serial(text string) (int, bool) {
	day, err := time.Parse(time.DateOnly, text)
	n := int((day.Unix() - time.Date(1899, 12, 30, 0, 0, 0, 0, time.UTC).Unix()) / (24 * 60 * 60))
	return n, err == nil && n > 60 // before that the formats disagree
}

// width returns how wide a column is, in characters.
func width(column string) int {
	switch column {
	case "entry", "row", "entries", "failures", "severity", "direction", "objects", "rows", "rejects", "kind", "proof", "harmless", "began", "status", DueTitle:
		return 11
	case "from", "to", OwnerTitle, StateTitle, ConfirmTitle:
		return 15
	case "what happened", todo, "what speaks for it":
		return 34
	case "detail", "object_key", "first_object_key", "last_object_key", "evidence", "what", "value", "input":
		return 48
	case "finding_id", "outage_id", "class", "start_time", "end_time", "answer_time", "start", "end", "binding_until", "unregistered_from", "last_attempt":
		return 26
	case "org_id", "conversation_id", "recording_id", "leg_id", "line_id", "old_value", "new_value", "user_ids", "queue_ids":
		return 38
	}
	return 19
}

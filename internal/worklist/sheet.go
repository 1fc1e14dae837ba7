package worklist

import (
	"fmt"

	"github.com/xuri/excelize/v2"
)

// sheet is a list with a frozen header and filters. A list with more rows than
// one sheet can hold continues in another sheet.
type sheet struct {
	book   *book
	title  string
	header []string
	parts  int
	stream *excelize.StreamWriter // of the last part
	rows   int                    // in it, the header included
	cells  []any
}

func (b *book) sheet(title string, header []string) (*sheet, error) {
	s := &sheet{book: b, title: title, header: header, cells: make([]any, len(header))}
	return s, s.begin()
}

// begin starts the next part.
func (s *sheet) begin() (err error) {
	s.parts++
	s.rows = 0
	title := s.title
	if s.parts > 1 {
		title = fmt.Sprintf("%s (%d)", s.title, s.parts)
	}
	if s.stream, err = s.book.add(title); err != nil {
		return err
	}

	// The stream writer takes widths and panes only before the first row.
	for i, name := range s.header {
		if err := s.stream.SetColWidth(i+1, i+1, width(name)); err != nil {
			return err
		}
	}
	frozen := &excelize.Panes{Freeze: true, YSplit: 1, TopLeftCell: "A2", ActivePane: "bottomLeft"}
	if err := s.stream.SetPanes(frozen); err != nil {
		return err
	}

	return s.write(s.book.head, s.header)
}

// add appends a row.
func (s *sheet) add(values []string) error {
	if s.rows == s.book.limit {
		if err := s.end(); err != nil {
			return err
		}
		if err := s.begin(); err != nil {
			return err
		}
	}
	return s.write(s.book.text, values)
}

func (s *sheet) write(style int, values []string) error {
	for i, v := range values {
		s.cells[i] = nil // an empty cell, not one with an empty text
		if v != "" {
			s.cells[i] = excelize.Cell{StyleID: style, Value: cellText(v)}
		}
	}

	s.rows++
	at, err := excelize.CoordinatesToCellName(1, s.rows)
	if err != nil {
		return err
	}
	return s.stream.SetRow(at, s.cells)
}

// end completes the current part.
func (s *sheet) end() error {
	last, err := excelize.CoordinatesToCellName(len(s.header), s.rows)
	if err != nil {
		return err
	}
	if err := s.book.file.AutoFilter(s.stream.Sheet, "A1:"+last, nil); err != nil {
		return err
	}
	return s.stream.Flush()
}

// width returns how wide a column is, in characters.
func width(column string) float64 {
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

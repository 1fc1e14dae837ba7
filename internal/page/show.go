package page

import (
	"cdrmend/internal/printable"
	"cdrmend/internal/redact"
	"cdrmend/internal/table"
)

// shower prepares rows for a page.
type shower struct {
	redact            *redact.Redactor
	redacted, visible table.Row
}

// row returns a row redacted and with its invisible characters spelled out. It
// is valid until the next call.
func (s *shower) row(row *table.Row) *table.Row {
	row = s.redact.Row(&s.redacted, row)

	s.visible.Reset(row.Schema())
	for i, c := range row.Schema().Columns {
		switch {
		case c.Kind == table.Text:
			s.visible.AddText(printable.Text(row.Text(i)))
		case !row.Known(i):
			s.visible.AddNull()
		case c.Kind == table.Time:
			s.visible.AddTime(row.Time(i))
		default:
			n, _ := row.Int(i)
			s.visible.AddInt(n)
		}
	}

	return &s.visible
}

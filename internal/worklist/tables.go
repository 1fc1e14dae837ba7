package worklist

import (
	"slices"

	"cdrmend/internal/redact"
	"cdrmend/internal/report"
	"cdrmend/internal/table"
	"cdrmend/internal/wording"
)

// next says what to do about a row, empty when there is nothing to do.
type next func(row *table.Row) string

// advice is what stands for the number of a column where the table has none: what to
// do about a row.
const advice = -1

// table writes lists of a table's rows to one sheet, in the order given. It has
// all columns of the table, the lead ones first, and after these what to do.
func (b *book) table(title string, schema *table.Schema, lead []string, lists []table.Rows, todo next) error {
	columns := arrange(schema, lead)
	if todo != nil {
		columns = slices.Insert(columns, len(lead), advice)
	}

	var header []string
	for _, c := range columns {
		if c == advice {
			header = append(header, "what to do next")
		} else {
			header = append(header, schema.Columns[c].Name)
		}
	}
	s, err := b.sheet(title, header)
	if err != nil {
		return err
	}

	var text []byte
	for _, rows := range lists {
		for r, err := range rows {
			if err != nil {
				return err
			}
			if err := s.beginRow(); err != nil {
				return err
			}
			for i, c := range columns {
				if c == advice {
					text = append(text[:0], todo(r)...)
				} else {
					text = r.AppendCell(text[:0], c)
				}
				s.cell(styleText, i, text)
			}
			if err := s.endRow(); err != nil {
				return err
			}
		}
	}
	return s.end()
}

// ofFinding says what to do about a finding.
func ofFinding(r *table.Row) string {
	class, detail := r.Cell("class"), r.Cell("detail")
	if class == "stray_record" {
		return wording.StrayRemedy(r.Cell("source"), detail)
	}
	return wording.Remedy(class, detail)
}

// ofCall says what to do about a call that cannot be told.
func ofCall(r *table.Row) string {
	if r.Cell("verdict") != "indeterminate" {
		return ""
	}
	words, _ := wording.Reason(r.Cell("reason"))
	return words.Remedy
}

// ofOutage says what to do about the cause of an outage.
func ofOutage(r *table.Row) string {
	words, _ := wording.Cause(r.Cell("cause"))
	return words.Remedy
}

// arrange returns the numbers of all columns, the lead ones first.
func arrange(schema *table.Schema, lead []string) []int {
	var columns []int
	for _, name := range lead {
		columns = append(columns, schema.Index(name))
	}
	for i := range schema.Columns {
		if !slices.Contains(columns, i) {
			columns = append(columns, i)
		}
	}
	return columns
}

// inputs writes the sheet with one row for each partition that was read.
func (b *book) inputs(sum *report.Summary, show *redact.Redactor) error {
	s, err := b.sheet("Inputs", []string{"state", "kind", "source", "start", "end", "objects", "bytes", "rows", "rejects", "input"})
	if err != nil {
		return err
	}
	for _, p := range sum.Partitions {
		err := s.add([]string{
			string(p.State), p.Kind, p.Source, p.Start, p.End,
			decimal(p.Objects), decimal(p.Bytes), decimal(p.Rows), decimal(p.Rejects), show.Key(p.Input),
		})
		if err != nil {
			return err
		}
	}
	return s.end()
}

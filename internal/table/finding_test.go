package table

import (
	"cmp"
	"io"
)

// Fill makes r the row of f in [Findings].
func (f *Finding) Fill(r *Row) {
	r.Reset(Findings)
	for _, v := range [...]string{
		f.ID, f.Class, f.Severity, f.Status, f.Org, f.Conversation, f.Recording, f.Leg, f.Trunk, f.Line,
		f.Direction, f.ANI, f.DNIS, f.Users, f.Queues, f.Field, f.Detail, f.Source, f.ObjectKey,
	} {
		r.AddText(v)
	}
	r.AddCount(f.Entry)
	r.AddTime(f.Start)
	r.AddTime(f.End)
	r.AddText(f.OutageID)
	r.AddText(f.OutageCause)
	r.AddText(f.OutageRelation)
	r.AddCount(f.OutageOverlap)
}

// Compare orders findings as their table has them.
func (f *Finding) Compare(o *Finding) int {
	return cmp.Or(
		cmp.Compare(f.Class, o.Class),
		cmp.Compare(f.Org, o.Org),
		cmp.Compare(f.Conversation, o.Conversation),
		cmp.Compare(f.Recording, o.Recording),
		cmp.Compare(f.Leg, o.Leg),
		cmp.Compare(f.ObjectKey, o.ObjectKey),
		cmp.Compare(f.Source, o.Source),
		cmp.Compare(f.Entry, o.Entry),
		cmp.Compare(f.Field, o.Field),
		cmp.Compare(f.ID, o.ID),
	)
}

// RowsOf yields a row for each item. They can be ranged over more than once.
func RowsOf[T any](items []T, fill func(*T, *Row)) Rows {
	return func(yield func(*Row, error) bool) {
		var r Row
		for i := range items {
			fill(&items[i], &r)
			if !yield(&r, nil) {
				return
			}
		}
	}
}

// WriteCSV writes rows as CSV.
func WriteCSV(w io.Writer, s *Schema, rows Rows) error { return Write(s, rows, w, nil) }

// WriteParquet writes rows as Parquet.
func WriteParquet(w io.Writer, s *Schema, rows Rows) error { return Write(s, rows, nil, w) }

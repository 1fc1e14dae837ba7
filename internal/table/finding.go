package table

import (
	"cmp"

	"cdrmend/internal/record"
)

// Finding is one row of findings. Empty texts are missing.
type Finding struct {
	ID, Class, Severity, Status           string
	Org, Conversation, Recording          string
	Leg, Trunk, Line                      string
	Field, Detail                         string
	Source, ObjectKey                     string
	Entry                                 int64 // element or row in the object, -1 when missing
	Start, End                            record.Time
	OutageID, OutageCause, OutageRelation string
	OutageOverlap                         int64 // ms, -1 when missing
}

// Fill makes r the row of f in [Findings].
func (f *Finding) Fill(r *Row) {
	r.Reset(Findings)
	for _, v := range [...]string{
		f.ID, f.Class, f.Severity, f.Status, f.Org, f.Conversation, f.Recording, f.Leg, f.Trunk, f.Line,
		f.Field, f.Detail, f.Source, f.ObjectKey,
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

// FindingOf reads a row of [Findings] or [History].
func FindingOf(r *Row) Finding {
	f := Finding{
		Entry: r.Count(14),
		Start: r.Time(15), End: r.Time(16),
		OutageID: r.Text(17), OutageCause: r.Text(18), OutageRelation: r.Text(19),
		OutageOverlap: r.Count(20),
	}
	for i, v := range [...]*string{
		&f.ID, &f.Class, &f.Severity, &f.Status, &f.Org, &f.Conversation, &f.Recording, &f.Leg, &f.Trunk, &f.Line,
		&f.Field, &f.Detail, &f.Source, &f.ObjectKey,
	} {
		*v = r.Text(i)
	}
	return f
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

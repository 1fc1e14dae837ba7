package table

import (
	"cmp"

	"cdrmend/internal/record"
)

// Outage is one row of outages. Empty texts are missing.
type Outage struct {
	ID, Org, Trunk, Line, User     string
	Start, End                     record.Time
	EndedBy, Cause, Causes         string
	Failures                       int64
	BindingUntil, UnregisteredFrom record.Time
	Harmless                       string
	LastAttempt                    record.Time
	Began                          string
	First, Last                    Place // of its first and its last failure
}

// Place names one row of one input object.
type Place struct {
	Source, ObjectKey string
	Row               int64
}

// Fill makes r the row of o in [Outages].
func (o *Outage) Fill(r *Row) {
	r.Reset(Outages)
	r.AddText(o.ID)
	r.AddText(o.Org)
	r.AddText(o.Trunk)
	r.AddText(o.Line)
	r.AddText(o.User)
	r.AddTime(o.Start)
	r.AddTime(o.End)
	r.AddText(o.EndedBy)
	r.AddText(o.Cause)
	r.AddText(o.Causes)
	r.AddCount(o.Failures)
	r.AddTime(o.BindingUntil)
	r.AddTime(o.UnregisteredFrom)
	r.AddText(o.Harmless)
	r.AddTime(o.LastAttempt)
	r.AddText(o.Began)
	for _, p := range [...]Place{o.First, o.Last} {
		r.AddText(p.Source)
		r.AddText(p.ObjectKey)
		r.AddCount(p.Row)
	}
}

// Compare orders outages as their table has them.
func (o *Outage) Compare(p *Outage) int {
	return cmp.Or(
		cmp.Compare(o.Org, p.Org),
		cmp.Compare(o.Trunk, p.Trunk),
		cmp.Compare(o.Line, p.Line),
		cmp.Compare(o.Start, p.Start),
		cmp.Compare(o.User, p.User),
	)
}

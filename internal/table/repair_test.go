package table

import "cmp"

// Repair is one row of repairs: a value that a repaired document has and its
// original lacks. Empty texts are missing.
type Repair struct {
	Interval          string // as in the name of the output directory
	Source, ObjectKey string
	Entry             int64
	Org, Conversation string
	Recording         string
	Field             string
	Old               string // raw JSON text, empty when the member was absent
	New               string // as in CSV
	Rule, Evidence    string
}

// Fill makes r the row of p in [Repairs].
func (p *Repair) Fill(r *Row) {
	r.Reset(Repairs)
	r.AddText(p.Interval)
	r.AddText(p.Source)
	r.AddText(p.ObjectKey)
	r.AddCount(p.Entry)
	for _, v := range [...]string{
		p.Org, p.Conversation, p.Recording, p.Field, p.Old, p.New, p.Rule, p.Evidence,
	} {
		r.AddText(v)
	}
}

// Compare orders repairs as their table has them.
func (p *Repair) Compare(o *Repair) int {
	return cmp.Or(
		cmp.Compare(p.ObjectKey, o.ObjectKey),
		cmp.Compare(p.Source, o.Source),
		cmp.Compare(p.Entry, o.Entry),
		cmp.Compare(p.Field, o.Field),
	)
}

package record

// Balance accounts for every row of one kind that was read: read is the sum
// of everything else.
type Balance struct {
	Read         int64 `json:"read"`
	Margin       int64 `json:"margin"` // evidence only
	Superseded   int64 `json:"superseded"`
	Skipped      int64 `json:"skipped"`
	Rejected     int64 `json:"rejected"`
	WithFindings int64 `json:"with_findings"` // open or indeterminate ones
	Repaired     int64 `json:"repaired"`
	Untouched    int64 `json:"untouched"`
}

// Accounted returns the rows that are accounted for.
func (b Balance) Accounted() int64 {
	return b.Margin + b.Superseded + b.Skipped + b.Rejected + b.WithFindings + b.Repaired + b.Untouched
}

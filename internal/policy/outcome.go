package policy

// Outcome is what the exit code of a run depends on. The commit record holds it
// for runs that find an interval unchanged.
type Outcome struct {
	OpenCritical  int64 `json:"open_critical"`
	OpenMajor     int64 `json:"open_major"`
	OpenMinor     int64 `json:"open_minor"`
	Indeterminate bool  `json:"indeterminate_input"` // because of missing or damaged input of a settled source
}

// Open returns how many open findings are at or above a severity; none are
// above None.
func (o Outcome) Open(threshold Severity) int64 {
	switch threshold {
	case Minor:
		return o.OpenCritical + o.OpenMajor + o.OpenMinor
	case Major:
		return o.OpenCritical + o.OpenMajor
	case Critical:
		return o.OpenCritical
	}

	return 0
}

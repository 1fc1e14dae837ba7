package policy

import "slices"

var (
	kindNames       = []string{"manifests", "cdrs", "registrations"}
	severityNames   = []string{"minor", "major", "critical", "none"}
	expectNames     = []string{"answered", "all", "none"}
	mediaCheckNames = []string{"none", "exists", "size"}
)

// String returns the name of the list in the configuration.
func (k Kind) String() string { return kindNames[k] }

// String returns the name that tables and the configuration use.
func (s Severity) String() string { return severityNames[s] }

// String returns the name that the configuration uses.
func (e Expect) String() string { return expectNames[e] }

// String returns the name that the configuration uses.
func (m MediaCheck) String() string { return mediaCheckNames[m] }

// ParseSeverity returns the severity or threshold of that name.
func ParseSeverity(name string) (Severity, bool) {
	i := slices.Index(severityNames, name)
	return Severity(max(i, 0)), i >= 0
}

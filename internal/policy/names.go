package policy

import "slices"

var (
	kindNames       = []string{"manifests", "cdrs", "registrations"}
	severityNames   = []string{"minor", "major", "critical", "none"}
	expectNames     = []string{"answered", "all", "none"}
	redactionNames  = []string{"ops", "counsel", "public"}
	mediaCheckNames = []string{"none", "exists", "size", "header", "decode"}
)

// String returns the name of the list in the configuration.
func (k Kind) String() string { return kindNames[k] }

// String returns the name that tables and the configuration use.
func (s Severity) String() string { return severityNames[s] }

// String returns the name that the configuration uses.
func (e Expect) String() string { return expectNames[e] }

// String returns the name that the configuration uses.
func (m MediaCheck) String() string { return mediaCheckNames[m] }

// String returns the name that the configuration uses.
func (r Redaction) String() string { return redactionNames[r] }

// ParseRedaction returns the redaction of that name.
func ParseRedaction(name string) (Redaction, bool) {
	i := slices.Index(redactionNames, name)
	return Redaction(max(i, 0)), i >= 0
}

// ParseSeverity returns the severity or threshold of that name.
func ParseSeverity(name string) (Severity, bool) {
	i := slices.Index(severityNames, name)
	return Severity(max(i, 0)), i >= 0
}

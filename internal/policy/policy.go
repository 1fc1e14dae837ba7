// Package policy turns the configuration file, the environment and the flags
// into checked values. What leaves it is complete: defaults are filled in,
// files are read, placeholders and spans are known to make sense.
package policy

import (
	"slices"
	"time"

	"cdrmend/internal/profile"
	"cdrmend/internal/record"
	"cdrmend/internal/stream"
	"cdrmend/internal/token"
)

// Kind is what a source delivers.
type Kind uint8

// The kinds of source, in the order in which they are read.
const (
	Manifests Kind = iota
	CDRs
	Registrations
	NumKinds
)

// Config is the effective configuration of one command.
type Config struct {
	Path        string // of the file, for messages
	Name        string
	Org         string // as written
	Interval    time.Duration
	Recheck     int
	FailOn      Severity
	Sources     []Source // manifests, then cdrs, then registrations, each in file order
	Media       Media
	Output      Output
	Policy      Policy
	Limits      stream.Limits
	Signing     Signing
	Report      Report
	Metrics     Metrics
	Notify      Notify
	Concurrency int
	Scratch     string

	doc *document // what the configuration was built from
}

// Source is one place that delivers one kind of record.
type Source struct {
	Kind      Kind
	Name      string
	URL       Template
	Org       string
	Settle    time.Duration
	Profile   *profile.Profile
	Lookback  time.Duration
	Lookahead time.Duration
	Required  record.Fields // of manifests: the fields that must be present
	Versions  bool
	Successes bool // of registrations: the log is known to contain successes
	S3        S3
}

// S3 is how one bucket is reached.
type S3 struct {
	Region     string `yaml:"region" json:"region,omitempty"`
	Endpoint   string `yaml:"endpoint" json:"endpoint,omitempty"`
	RoleARN    string `yaml:"role_arn" json:"role_arn,omitempty"`
	ExternalID string `yaml:"external_id" json:"external_id,omitempty"`
	PathStyle  bool   `yaml:"path_style" json:"path_style,omitempty"`
}

// Media says whether the audio itself is looked for.
type Media struct {
	Check MediaCheck
	URL   *Template // nil: only below the sources; {org} is that of each source of manifests
	S3    S3
}

// MediaCheck is how far a media object is checked.
type MediaCheck uint8

// The media checks.
const (
	MediaNone MediaCheck = iota
	MediaExists
	MediaSize
)

// Output is where results go.
type Output struct {
	URL        Template // without placeholders
	CSV        bool
	Parquet    bool
	ObjectLock ObjectLock
	SSEKMSKey  string
	S3         S3
}

// ObjectLock is the retention of what is written; Days 0 means none.
type ObjectLock struct {
	Mode string // governance or compliance
	Days int
}

// Signing is the key that signs commit records, and the public keys that may
// have signed earlier ones, its own included. Both are nil without signing.
type Signing struct {
	Signer *token.Signer
	Keys   *token.Keys
}

// Report says what reports for people show of personal data.
type Report struct {
	XLSX, PDF    bool // whether a run has these, too
	Redact       Redaction
	PseudonymKey []byte // nil without one

	// PseudonymKeySHA256 is known also when the key is not, to those who only
	// verify.
	PseudonymKeySHA256 string
}

// Redaction is how much of it reports for people hide.
type Redaction uint8

// The redactions.
const (
	RedactNumbers Redaction = iota // ops: telephone numbers are masked
	RedactNothing                  // counsel
	RedactAll                      // public: pseudonyms for everything
)

// Metrics says where what a run came to is told to Prometheus; empty where it
// is not.
type Metrics struct {
	Textfile    string // path
	Pushgateway string // URL
}

// Notify is the webhook that is told of new critical findings; no URL means
// none.
type Notify struct {
	URL string
	Key []byte // shared with the receiver
}

// Severity of a finding, in ascending order; also the threshold of fail_on.
type Severity uint8

// The severities. None is above all of them.
const (
	Minor Severity = iota
	Major
	Critical
	None
)

// Expect says which legs are to be recorded when the CDR does not tell.
type Expect uint8

// The expectations.
const (
	ExpectAnswered Expect = iota
	ExpectAll
	ExpectNone
)

// Policy holds the rules of the computation.
type Policy struct {
	VoiceMedia        []string // lower case
	RequiredScopes    []string
	ScopeClaims       []string // names of claims, or JSON pointers
	Lines             []Line
	Accepted          map[string]bool // finding ids
	MaxRejects        float64
	DurationTolerance time.Duration // negative: never a conflict
	TokenKeys         []byte        // the JWKS file, nil without one
	keys              *token.Keys   // that TokenKeys holds
	Leeway            time.Duration
	RefreshRace       time.Duration
	ChallengeWindow   time.Duration
	DefaultExpiry     time.Duration
	CoverageTolerance time.Duration
	Expect            Expect
	Exclusions        []Exclusion
}

// Line says which trunk a line belongs to. The ids are as written.
type Line struct {
	Org   string `json:"org_id"`
	Line  string `json:"line_id"`
	Trunk string `json:"trunk_id"`
}

// Exclusion is one reason for which a leg is not to be recorded. Empty
// conditions hold for every leg.
type Exclusion struct {
	Reason      string
	Org         []string
	Trunk       []string
	Line        []string
	Direction   []string
	ANI         []string
	DNIS        []string
	ShorterThan time.Duration // 0: no condition
	Forbid      bool
}

// AsksForNumbers reports whether an exclusion depends on a phone number.
func (p *Policy) AsksForNumbers() bool {
	return slices.ContainsFunc(p.Exclusions, func(x Exclusion) bool { return x.ANI != nil || x.DNIS != nil })
}

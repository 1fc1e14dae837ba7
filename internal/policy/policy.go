// Package policy turns the configuration file, the environment and the flags
// into checked values. A [Config] is complete: defaults are filled in, files are
// read, placeholders and spans have been checked.
package policy

import (
	"slices"
	"strings"
	"time"
	"unicode"

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
	Path     string // of the file, for messages
	Name     string
	Org      string // as written
	Interval time.Duration
	Recheck  int
	FailOn   Severity
	Sources  []Source // manifests, then cdrs, then registrations, each in file order
	Media    Media
	Output   Output
	Policy   Policy
	Limits   stream.Limits
	Signing  Signing
	Report   Report
	Evidence Evidence
	Decisions
	Audience
	Resources

	doc *document // what the configuration was built from; nil for one that was not loaded
}

// Decisions are the paths of the files that keep what people decided about findings.
// One that the configuration does not name is empty.
type Decisions struct{ AcceptedPath, WorklistPath string }

// Audience is who hears of a run after it was committed.
type Audience struct {
	Metrics   Metrics
	Notify    Notify
	Timestamp string // URL of an authority that vouches for journal entries; empty: none
}

// Resources is what a run may use of the machine and of servers. No byte of its
// results depends on it.
type Resources struct {
	Concurrency int    // requests in flight
	Scratch     string // directory for temporary files, empty for the system's
}

// Source is one place that delivers one kind of record.
type Source struct {
	Kind      Kind
	Name      string
	URL       Template
	Org       string
	Settle    time.Duration
	Ready     Ready
	Profile   *profile.Profile
	Lookback  time.Duration
	Lookahead time.Duration
	Required  record.Fields // of manifests: the fields that must be present
	Versions  bool
	Successes bool // of registrations: the log is known to contain successes
	S3        S3

	OneForEachLeg bool          // of CDRs: each leg has a recording of its own, else each conversation
	ClockOffset   time.Duration // added to every time that is read from the source
	Zone          string        // of its local times, instead of the profile's; empty: the profile's
}

// S3 is how one bucket is reached.
type S3 struct {
	Region     string `yaml:"region" json:"region,omitempty"`
	Endpoint   string `yaml:"endpoint" json:"endpoint,omitempty"`
	RoleARN    string `yaml:"role_arn" json:"role_arn,omitempty"`
	ExternalID string `yaml:"external_id" json:"external_id,omitempty"`
	PathStyle  bool   `yaml:"path_style" json:"path_style,omitempty"`
}

// Media says whether a run looks for the audio itself.
type Media struct {
	Check  MediaCheck
	Sample float64   // the share of recordings whose media are looked into, above 0 and up to 1
	URL    *Template // nil: only below the sources; {org} is that of each source of manifests
	S3     S3
}

// MediaCheck is how far a media object is checked.
type MediaCheck uint8

// The media checks.
const (
	MediaNone MediaCheck = iota
	MediaExists
	MediaSize
	MediaHeader // its first bytes are read, too
	MediaDecode // it is decoded as a whole, where there is a decoder
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
	Mode string `json:"mode"` // governance or compliance
	Days int    `json:"days"`
}

// Evidence says whose bytes a run keeps with its verdict. No byte of the run itself
// depends on it.
type Evidence struct {
	Keep        Keeping
	ObjectBytes int64 // size up to which an object is small
}

// Keeping is which inputs are kept.
type Keeping uint8

// What is kept: small objects of sources of manifests, all inputs, or nothing.
const (
	KeepSmall Keeping = iota
	KeepEverything
	KeepNothing
)

var keepingNames = []string{"small", "all", "none"}

// Signing is the key that signs commit records, and the public keys that may
// have signed earlier ones, its own included. Both are nil without signing.
type Signing struct {
	Signer *token.Signer
	Keys   *token.Keys

	// Exposed is the path of the private key when everybody on the machine can read
	// it, else empty. Nothing that a run computes depends on it.
	Exposed string

	// Files of the output that the signer does not trust, by their SHA-256.
	Adopt  map[string]bool // to build on
	Disown map[string]bool // to go on without
}

// Report says what reports for people show of personal data.
type Report struct {
	XLSX, PDF    bool // whether a run writes these
	Redact       Redaction
	PseudonymKey []byte // nil without one

	// PseudonymKeySHA256 is known even if the key is not, as when a run is only
	// verified.
	PseudonymKeySHA256 string

	Job      string         // name of the job, as in Config.Name
	Names    Names          // of things that have ids
	Zone     *time.Location // of local times; nil: only UTC is shown
	Operator string         // who is responsible for the recordings, as the configuration says; empty: it does not
	Worklist []Work         // what people filled in, by finding
}

// Redaction is how much personal data reports for people hide.
type Redaction uint8

// The redactions.
const (
	RedactNumbers Redaction = iota // ops: telephone numbers are masked
	RedactNothing                  // counsel
	RedactAll                      // public: pseudonyms for everything
)

// Metrics says where Prometheus gets the numbers of a run; empty for nowhere.
type Metrics struct {
	Textfile    string `json:"textfile,omitempty"`    // path
	Pushgateway string `json:"pushgateway,omitempty"` // URL
}

// Notify is the webhook that gets new critical findings; no URL means none.
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

// Expect says which legs are to be recorded if the CDR does not say.
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
	AcceptedRows      map[string]int  // the row of each of them in its file, from 1
	AcceptedSubjects  []AcceptedSubject
	AcceptedGrounds   []Grounds // by row, of those rows that give some
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
	QuietDays         []string // names of weekdays and dates on which nothing to read is a fact, as written
}

// AcceptedSubject accepts findings by what they are about. Empty fields hold for
// all; a conversation or a recording is given. The ids are as written.
type AcceptedSubject struct {
	Class        string `json:"class,omitempty"`
	Org          string `json:"org_id,omitempty"`
	Conversation string `json:"conversation_id,omitempty"`
	Recording    string `json:"recording_id,omitempty"`
	Row          int    `json:"row,omitempty"` // in its file, from 1
}

// Grounds say why a row of the file of accepted findings accepts, and who decided so.
// Texts are as written.
type Grounds struct {
	Row    int    `json:"row"` // in its file, from 1
	Reason string `json:"reason,omitempty"`
	By     string `json:"by,omitempty"`
	Basis  string `json:"basis,omitempty"`
}

// Quiet reports whether a day is one on which nothing to read is a fact.
func (p *Policy) Quiet(t record.Time) bool {
	day := t.Std()
	return slices.ContainsFunc(p.QuietDays, func(name string) bool {
		return name == day.Format(dayLayout) || strings.EqualFold(name, day.Weekday().String())
	})
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
	Source      []string
	Org         []string
	Trunk       []string
	Line        []string
	Queue       []string
	User        []string
	Direction   []string
	ANI         []string
	DNIS        []string
	ShorterThan time.Duration // 0: no condition
	Forbid      bool
}

// ComparesWords reports whether an exclusion compares a number with a text: one of
// its conditions has a letter.
func (p *Policy) ComparesWords() bool {
	return slices.ContainsFunc(p.Exclusions, func(x Exclusion) bool {
		return slices.ContainsFunc(slices.Concat(x.ANI, x.DNIS), func(condition string) bool {
			return strings.ContainsFunc(condition, unicode.IsLetter)
		})
	})
}

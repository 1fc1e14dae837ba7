package policy

import (
	"encoding/json"
	"slices"

	"cdrmend/internal/stream"
	"cdrmend/internal/token"
	"cdrmend/internal/yamlfile"
)

// document is the configuration file, in the order in which it is shown.
type document struct {
	Name        string             `json:"name"`
	Org         string             `json:"org,omitempty"`
	Interval    yamlfile.Scalar    `json:"interval"`
	Recheck     int                `json:"recheck"`
	FailOn      string             `json:"fail_on"`
	Sources     sourcesDocument    `json:"sources"`
	Media       mediaDocument      `json:"media"`
	Output      outputDocument     `json:"output"`
	Policy      policyDocument     `json:"policy"`
	Limits      stream.Limits      `json:"limits"`
	Signing     *signingDocument   `json:"signing,omitempty"`
	Report      reportDocument     `json:"report"`
	Evidence    evidenceDocument   `json:"evidence"`
	Metrics     Metrics            `json:"metrics,omitempty"`
	Notify      *notifyDocument    `json:"notify,omitempty"`
	Timestamp   *timestampDocument `json:"timestamp,omitempty"`
	S3          s3Document         `json:"s3,omitempty"`
	Concurrency int                `json:"concurrency"`
	Scratch     string             `json:"scratch"`
}

type sourcesDocument struct {
	Manifests     []sourceDocument `json:"manifests"`
	CDRs          []sourceDocument `json:"cdrs"`
	Registrations []sourceDocument `json:"registrations"`
}

// of returns the sources of one kind.
func (d *sourcesDocument) of(k Kind) []sourceDocument {
	return [...][]sourceDocument{d.Manifests, d.CDRs, d.Registrations}[k]
}

type sourceDocument struct {
	Name           string          `json:"name"`
	URL            string          `json:"url"`
	Org            string          `json:"org,omitempty"`
	Settle         yamlfile.Scalar `json:"settle"`
	Ready          yamlfile.Scalar `json:"ready,omitempty"`
	Profile        string          `json:"profile"`
	Lookback       yamlfile.Scalar `json:"lookback"`
	Lookahead      yamlfile.Scalar `json:"lookahead"`
	RequiredFields []string        `json:"required_fields,omitempty"`
	Versions       bool            `json:"versions"`
	Successes      bool            `json:"successes,omitempty"` // of registrations
	ClockOffset    yamlfile.Scalar `json:"clock_offset"`
	Zone           string          `json:"zone,omitempty"`
	RecordingPer   string          `json:"one_recording_per,omitempty"` // of cdrs
	S3             s3Document      `json:"s3,omitempty"`
}

type s3Document struct {
	Region     string `json:"region,omitempty"`
	Endpoint   string `json:"endpoint,omitempty"`
	RoleARN    string `json:"role_arn,omitempty"`
	ExternalID string `json:"external_id,omitempty"`
	PathStyle  *bool  `json:"path_style,omitempty"`
}

type mediaDocument struct {
	Check any        `json:"check"` // a name, or a mapping from it to its settings
	URL   string     `json:"url,omitempty"`
	S3    s3Document `json:"s3,omitempty"`
}

type outputDocument struct {
	URL        string      `json:"url"`
	Tables     []string    `json:"tables"`
	ObjectLock *ObjectLock `json:"object_lock,omitempty"`
	SSEKMSKey  string      `json:"sse_kms_key,omitempty"`
	S3         s3Document  `json:"s3,omitempty"`
}

type policyDocument struct {
	RequiredFields    []string            `json:"required_fields"`
	VoiceMedia        []string            `json:"voice_media"`
	RequiredScopes    []string            `json:"required_scopes"`
	ScopeClaims       []string            `json:"scope_claims"`
	Lines             string              `json:"lines,omitempty"`
	Accepted          string              `json:"accepted,omitempty"`
	Names             string              `json:"names,omitempty"`
	MaxRejects        float64             `json:"max_rejects"`
	DurationTolerance yamlfile.Scalar     `json:"duration_tolerance"`
	TokenKeys         string              `json:"token_keys,omitempty"`
	Leeway            yamlfile.Scalar     `json:"leeway"`
	RefreshRace       yamlfile.Scalar     `json:"refresh_race"`
	ChallengeWindow   yamlfile.Scalar     `json:"challenge_window"`
	DefaultExpiry     yamlfile.Scalar     `json:"default_expiry"`
	CoverageTolerance yamlfile.Scalar     `json:"coverage_tolerance"`
	Expect            string              `json:"expect"`
	QuietDays         []string            `json:"quiet_days"`
	Exclusions        []exclusionDocument `json:"exclusions"`
}

type exclusionDocument struct {
	Reason      string          `json:"reason"`
	Source      condition       `json:"source,omitempty"`
	Org         condition       `json:"org,omitempty"`
	Trunk       condition       `json:"trunk,omitempty"`
	Line        condition       `json:"line,omitempty"`
	Queue       condition       `json:"queue,omitempty"`
	User        condition       `json:"user,omitempty"`
	Direction   condition       `json:"direction,omitempty"`
	ANI         condition       `json:"ani,omitempty"`
	DNIS        condition       `json:"dnis,omitempty"`
	ShorterThan yamlfile.Scalar `json:"shorter_than,omitempty"`
	Forbid      bool            `json:"forbid,omitempty"`
}

type signingDocument struct {
	Key   string `json:"key"`
	KeyID string `json:"key_id,omitempty"`
	Keys  string `json:"keys,omitempty"`

	Adopt  []string `json:"adopt,omitempty"`
	Disown []string `json:"disown,omitempty"`
}

type reportDocument struct {
	Extra        []string `json:"extra"`
	Redact       string   `json:"redact"`
	PseudonymKey string   `json:"pseudonym_key,omitempty"`
	Zone         string   `json:"zone,omitempty"`
	Operator     string   `json:"operator,omitempty"`
	Worklist     string   `json:"worklist,omitempty"`
}

type evidenceDocument struct {
	Keep        string `json:"keep"`
	ObjectBytes int64  `json:"object_bytes"`
}

type notifyDocument struct {
	URL string `json:"url"`
	Key string `json:"key"`
}

type timestampDocument struct {
	URL string `json:"url"`
}

// condition is one text or a list of texts.
type condition []string

// UnmarshalJSON reads a text as a list of one.
func (c *condition) UnmarshalJSON(b []byte) error {
	if len(b) > 0 && b[0] == '"' {
		*c = make(condition, 1)
		return json.Unmarshal(b, &(*c)[0])
	}
	return json.Unmarshal(b, (*[]string)(c))
}

// defaults are the values of keys that the file does not name. Those of a
// source depend on its kind and its profile.
func defaults() *document {
	return &document{
		Interval: "24h",
		Recheck:  3,
		FailOn:   "major",
		Media:    mediaDocument{Check: "none"},
		Output:   outputDocument{Tables: []string{"parquet", "csv"}},
		Policy: policyDocument{
			RequiredFields:    []string{"recording_id", "conversation_id", "trunk_id", "start_time", "end_time"},
			VoiceMedia:        []string{"call", "voice", "audio", "callback"},
			RequiredScopes:    []string{"sip:manage"},
			ScopeClaims:       slices.Clone(token.ScopeClaims),
			MaxRejects:        0.0001,
			DurationTolerance: "1s",
			Leeway:            "60s",
			RefreshRace:       "60s",
			ChallengeWindow:   "5s",
			DefaultExpiry:     "1h",
			CoverageTolerance: "5s",
			Expect:            "answered",
		},
		Limits:      stream.DefaultLimits(),
		Report:      reportDocument{Extra: []string{"xlsx", "pdf"}, Redact: "ops"},
		Concurrency: 64,
		Evidence:    evidenceDocument{Keep: keepingNames[KeepSmall], ObjectBytes: 64 << 10},
	}
}

// margins are the default lookback and lookahead of each kind of source.
var margins = [...]struct{ lookback, lookahead yamlfile.Scalar }{
	Manifests:     {"4h", "1h"},
	CDRs:          {"24h", "4h"},
	Registrations: {"24h", "1h"},
}

package policy

import (
	"bytes"
	"cmp"
	"encoding/json"
	"maps"
	"slices"
	"strconv"

	"cdrmend/internal/record"
	"cdrmend/internal/stream"
)

// Identity is every value of the configuration that can change a byte of a
// run: what is read, how it is understood, what is decided and which tables
// are written. It holds the contents of files, so that a run can be computed
// again from it and its inputs. Of a secret it holds only the digest.
//
// Left out, as no byte under runs/ depends on them: signing (it is in the commit
// record), timestamp (tokens lie beside the journal), fail_on and recheck (they choose
// exit code and intervals), output.url, object_lock, sse_kms_key, all s3 settings,
// concurrency and scratch (where and how bytes travel), and settle and ready, as a run
// depends on whether a source is settled, not on since when.
type Identity struct {
	Org      string            `json:"org"`
	Interval string            `json:"interval"`
	Sources  []SourceIdentity  `json:"sources"`  // in the order of the file
	Profiles map[string]string `json:"profiles"` // the YAML of those that sources name
	Media    MediaIdentity     `json:"media"`
	Tables   []string          `json:"tables"` // in byte order
	Policy   PolicyIdentity    `json:"policy"`
	Report   ReportIdentity    `json:"report"`
	Limits   stream.Limits     `json:"limits"`
}

// ReportIdentity is the part of Identity about reports for people.
type ReportIdentity struct {
	Extra              []string `json:"extra"` // in byte order
	Redact             string   `json:"redact"`
	PseudonymKeySHA256 string   `json:"pseudonym_key_sha256"` // empty when no pseudonyms are written
	Job                string   `json:"job,omitempty"`
	Zone               string   `json:"zone,omitempty"`
	Operator           string   `json:"operator,omitempty"`
	Names              Names    `json:"names,omitempty"`    // in byte order of kind and id
	Worklist           []Work   `json:"worklist,omitempty"` // in byte order of finding ids
}

// SourceIdentity is the part of Identity about one source.
type SourceIdentity struct {
	Kind           string   `json:"kind"`
	Name           string   `json:"name"`
	URL            string   `json:"url"` // as written, since findings quote it
	Org            string   `json:"org"`
	Profile        string   `json:"profile"`
	Lookback       string   `json:"lookback"`
	Lookahead      string   `json:"lookahead"`
	RequiredFields []string `json:"required_fields,omitempty"` // in the order of repairs
	Versions       bool     `json:"versions"`
	Successes      bool     `json:"successes,omitempty"` // of registrations
	ClockOffset    string   `json:"clock_offset,omitempty"`
	Zone           string   `json:"zone,omitempty"`              // where it is not the profile's
	RecordingPer   string   `json:"one_recording_per,omitempty"` // of cdrs
}

// MediaIdentity is the part of Identity about the audio.
type MediaIdentity struct {
	Check  string `json:"check"`
	Sample string `json:"sample,omitempty"` // of what is looked into; empty: all of it
	URL    string `json:"url"`
}

// PolicyIdentity is the part of Identity about the rules.
type PolicyIdentity struct {
	VoiceMedia        []string            `json:"voice_media"`     // in byte order
	RequiredScopes    []string            `json:"required_scopes"` // in byte order
	ScopeClaims       []string            `json:"scope_claims"`    // in byte order
	Lines             []Line              `json:"lines"`
	Accepted          []string            `json:"accepted"`                // ids of findings, in byte order
	AcceptedRows      map[string]int      `json:"accepted_rows,omitempty"` // of these ids in their file
	AcceptedSubjects  []AcceptedSubject   `json:"accepted_subjects,omitempty"`
	AcceptedGrounds   []Grounds           `json:"accepted_grounds,omitempty"` // by row
	TokenKeys         json.RawMessage     `json:"token_keys"`                 // a JWKS of public keys, null without one
	MaxRejects        float64             `json:"max_rejects"`
	DurationTolerance string              `json:"duration_tolerance"`
	Leeway            string              `json:"leeway"`
	RefreshRace       string              `json:"refresh_race"`
	ChallengeWindow   string              `json:"challenge_window"`
	DefaultExpiry     string              `json:"default_expiry"`
	CoverageTolerance string              `json:"coverage_tolerance"`
	Expect            string              `json:"expect"`
	QuietDays         []string            `json:"quiet_days,omitempty"` // in byte order
	Exclusions        []ExclusionIdentity `json:"exclusions"`           // in the order of the file: the first match counts
}

// ExclusionIdentity is the part of Identity about one exclusion.
type ExclusionIdentity struct {
	Reason      string   `json:"reason"`
	Source      []string `json:"source,omitempty"`
	Org         []string `json:"org,omitempty"`
	Trunk       []string `json:"trunk,omitempty"`
	Line        []string `json:"line,omitempty"`
	Queue       []string `json:"queue,omitempty"`
	User        []string `json:"user,omitempty"`
	Direction   []string `json:"direction,omitempty"`
	ANI         []string `json:"ani,omitempty"`
	DNIS        []string `json:"dnis,omitempty"`
	ShorterThan string   `json:"shorter_than,omitempty"`
	Forbid      bool     `json:"forbid"`
}

// Identity returns what the bytes of a run depend on.
func (c *Config) Identity() Identity {
	// A list without elements is [] and never null: the bytes are canonical.
	id := Identity{
		Org:      c.Org,
		Interval: c.Interval.String(),
		Sources:  []SourceIdentity{},
		Profiles: map[string]string{},
		Media:    MediaIdentity{Check: c.Media.Check.String()},
		Tables:   []string{},
		Policy:   c.Policy.identity(),
		Report:   c.Report.identity(),
		Limits:   c.Limits,
	}

	if c.Media.Sample < 1 {
		id.Media.Sample = strconv.FormatFloat(c.Media.Sample, 'g', -1, 64)
	}
	for _, s := range c.Sources {
		id.Sources = append(id.Sources, s.identity())
		if s.Profile != nil {
			id.Profiles[s.Profile.Name] = s.Profile.Text
		}
	}

	if c.Media.URL != nil {
		id.Media.URL = c.Media.URL.String()
	}

	if c.Output.CSV {
		id.Tables = append(id.Tables, "csv")
	}
	if c.Output.Parquet {
		id.Tables = append(id.Tables, "parquet")
	}

	return id
}

func (r *Report) identity() ReportIdentity {
	id := ReportIdentity{Extra: []string{}, Redact: r.Redact.String(), Job: r.Job, Operator: r.Operator, Names: r.Names, Worklist: r.Worklist}
	if r.PDF {
		id.Extra = append(id.Extra, "pdf")
	}
	if r.XLSX {
		id.Extra = append(id.Extra, "xlsx")
	}
	if r.Redact == RedactAll { // else the key changes nothing
		id.PseudonymKeySHA256 = r.PseudonymKeySHA256
	}
	if r.Zone != nil {
		id.Zone = r.Zone.String()
	}
	return id
}

func (s *Source) identity() SourceIdentity {
	id := SourceIdentity{
		Kind: s.Kind.String(), Name: s.Name, URL: s.URL.String(), Org: s.Org,
		Lookback: s.Lookback.String(), Lookahead: s.Lookahead.String(), Versions: s.Versions, Successes: s.Successes,
	}
	if s.Profile != nil {
		id.Profile = s.Profile.Name
	}
	id.Zone = s.Zone
	if s.ClockOffset != 0 {
		id.ClockOffset = s.ClockOffset.String()
	}
	if s.Kind == CDRs {
		id.RecordingPer = perConversation
		if s.OneForEachLeg {
			id.RecordingPer = perLeg
		}
	}

	for _, f := range slices.Sorted(slices.Values(record.EntryFields)) {
		if s.Required.Has(f) {
			id.RequiredFields = append(id.RequiredFields, f.String())
		}
	}

	return id
}

func (p *Policy) identity() PolicyIdentity {
	id := PolicyIdentity{
		VoiceMedia:        sorted(p.VoiceMedia),
		RequiredScopes:    sorted(p.RequiredScopes),
		ScopeClaims:       sorted(p.ScopeClaims),
		MaxRejects:        p.MaxRejects,
		DurationTolerance: "none",
		Leeway:            p.Leeway.String(),
		RefreshRace:       p.RefreshRace.String(),
		ChallengeWindow:   p.ChallengeWindow.String(),
		DefaultExpiry:     p.DefaultExpiry.String(),
		CoverageTolerance: p.CoverageTolerance.String(),
		Expect:            p.Expect.String(),
		Exclusions:        []ExclusionIdentity{},
		Lines:             append([]Line{}, p.Lines...),
		Accepted:          append([]string{}, slices.Sorted(maps.Keys(p.Accepted))...),
		AcceptedRows:      p.AcceptedRows,
		AcceptedGrounds:   p.AcceptedGrounds,
		TokenKeys:         p.TokenKeys,
	}

	id.AcceptedSubjects = slices.SortedFunc(slices.Values(p.AcceptedSubjects), func(a, b AcceptedSubject) int {
		return cmp.Or(cmp.Compare(a.Class, b.Class), cmp.Compare(a.Org, b.Org), cmp.Compare(a.Conversation, b.Conversation), cmp.Compare(a.Recording, b.Recording), cmp.Compare(a.Row, b.Row))
	})
	if len(p.QuietDays) > 0 {
		id.QuietDays = sorted(p.QuietDays)
	}
	if p.DurationTolerance >= 0 {
		id.DurationTolerance = p.DurationTolerance.String()
	}
	for _, e := range p.Exclusions {
		id.Exclusions = append(id.Exclusions, e.identity())
	}

	return id
}

func (e *Exclusion) identity() ExclusionIdentity {
	id := ExclusionIdentity{
		Reason: e.Reason, Source: e.Source, Org: e.Org, Trunk: e.Trunk, Line: e.Line, Queue: e.Queue, User: e.User, Direction: e.Direction, ANI: e.ANI, DNIS: e.DNIS,
		Forbid: e.Forbid,
	}
	if e.ShorterThan > 0 {
		id.ShorterThan = e.ShorterThan.String()
	}
	return id
}

// JSON returns the canonical bytes: members in the order of the struct,
// without white space.
func (id Identity) JSON() []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(id); err != nil {
		panic(err) // cannot be: all values are plain, and TokenKeys is JSON
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

// sorted returns a copy in byte order without repetitions, never nil.
func sorted(list []string) []string {
	all := append([]string{}, list...)
	slices.Sort(all)
	return slices.Compact(all)
}

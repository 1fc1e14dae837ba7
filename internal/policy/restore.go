package policy

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"cdrmend/internal/profile"
)

// Config returns a configuration with this identity, which computes the same
// bytes. Relative paths in URLs are relative to base. It has no output URL, no
// private keys and no S3 settings; every source counts as settled.
func (id *Identity) Config(base string) (*Config, error) {
	r := restorer{id: id, base: base}
	c := &Config{
		Org:       id.Org,
		Interval:  r.duration(id.Interval),
		Limits:    id.Limits,
		Resources: Resources{Concurrency: defaults().Concurrency},
		Media:     Media{Check: MediaCheck(r.index(mediaCheckNames, id.Media.Check)), Sample: 1},
		Output:    Output{CSV: slices.Contains(id.Tables, "csv"), Parquet: slices.Contains(id.Tables, "parquet")},
		Report:    r.report(&id.Report),
	}

	if id.Media.Sample != "" {
		var err error
		c.Media.Sample, err = strconv.ParseFloat(id.Media.Sample, 64)
		r.errs = append(r.errs, err)
	}
	if id.Media.URL != "" {
		u := r.template(id.Media.URL)
		c.Media.URL = &u
	}
	for i := range id.Sources {
		c.Sources = append(c.Sources, r.source(&id.Sources[i]))
	}

	c.Policy = r.policy(&id.Policy)
	if err := errors.Join(r.errs...); err != nil {
		return nil, fmt.Errorf("reading the configuration of a run: %w", err)
	}

	return c, nil
}

// restorer restores a configuration from its identity, and collects errors.
type restorer struct {
	id   *Identity
	base string
	errs []error
}

func (r *restorer) duration(text string) time.Duration {
	d, err := time.ParseDuration(text)
	r.errs = append(r.errs, err) // nil as well: Join drops it
	return d
}

func (r *restorer) index(names []string, name string) int {
	i := slices.Index(names, name)
	if i < 0 {
		r.errs = append(r.errs, fmt.Errorf("%q is none of %q", name, names))
	}
	return max(i, 0) // a valid index, until the errors are looked at
}

func (r *restorer) template(text string) Template {
	t, err := ParseTemplate(text, r.base)
	r.errs = append(r.errs, err)
	return t
}

func (r *restorer) report(d *ReportIdentity) Report {
	to := Report{
		XLSX: slices.Contains(d.Extra, "xlsx"), PDF: slices.Contains(d.Extra, "pdf"),
		Redact: Redaction(r.index(redactionNames, d.Redact)), PseudonymKeySHA256: d.PseudonymKeySHA256,
		Job: d.Job, Names: d.Names, Operator: d.Operator, Worklist: d.Worklist,
	}
	if d.Zone != "" {
		var err error
		to.Zone, err = profile.Zone(d.Zone)
		r.errs = append(r.errs, err)
	}
	return to
}

func (r *restorer) source(d *SourceIdentity) Source {
	s := Source{
		Kind: Kind(r.index(kindNames, d.Kind)), Name: d.Name, URL: r.template(d.URL), Org: d.Org,
		Lookback: r.duration(d.Lookback), Lookahead: r.duration(d.Lookahead),
		Required: fieldsOf(d.RequiredFields), Versions: d.Versions, Successes: d.Successes,
		OneForEachLeg: d.RecordingPer == perLeg,
	}
	if d.ClockOffset != "" {
		s.ClockOffset = r.duration(d.ClockOffset)
	}

	text, ok := r.id.Profiles[d.Profile]
	if !ok {
		r.errs = append(r.errs, fmt.Errorf("the profile %q of source %s is missing", d.Profile, d.Name))
		return s
	}

	var zone *time.Location
	if s.Zone = d.Zone; s.Zone != "" {
		var err error
		if zone, err = profile.Zone(s.Zone); err != nil {
			r.errs = append(r.errs, err)
			return s
		}
	}

	p, err := profile.LoadIn(zone, d.Profile, []byte(text), d.Kind)
	if err != nil {
		r.errs = append(r.errs, err)
		return s
	}

	p.Name, p.ClockOffset = d.Profile, s.ClockOffset
	s.Profile = p
	return s
}

func (r *restorer) policy(d *PolicyIdentity) Policy {
	p := Policy{
		VoiceMedia: d.VoiceMedia, RequiredScopes: d.RequiredScopes, ScopeClaims: d.ScopeClaims, Lines: d.Lines, Accepted: map[string]bool{}, AcceptedRows: d.AcceptedRows,
		MaxRejects: d.MaxRejects, DurationTolerance: -1,
		Leeway: r.duration(d.Leeway), RefreshRace: r.duration(d.RefreshRace), ChallengeWindow: r.duration(d.ChallengeWindow),
		DefaultExpiry: r.duration(d.DefaultExpiry), CoverageTolerance: r.duration(d.CoverageTolerance),
		Expect: Expect(r.index(expectNames, d.Expect)), QuietDays: d.QuietDays, AcceptedSubjects: d.AcceptedSubjects, AcceptedGrounds: d.AcceptedGrounds,
	}

	for _, finding := range d.Accepted {
		p.Accepted[finding] = true
	}
	if string(d.TokenKeys) != "null" {
		p.TokenKeys = d.TokenKeys
		r.errs = append(r.errs, p.parseKeys())
	}
	if d.DurationTolerance != "none" {
		p.DurationTolerance = r.duration(d.DurationTolerance)
	}

	for _, e := range d.Exclusions {
		x := Exclusion{
			Reason: e.Reason, Source: e.Source, Org: e.Org, Trunk: e.Trunk, Line: e.Line, Queue: e.Queue, User: e.User, Direction: e.Direction, ANI: e.ANI, DNIS: e.DNIS, Forbid: e.Forbid,
		}
		if e.ShorterThan != "" {
			x.ShorterThan = r.duration(e.ShorterThan)
		}
		p.Exclusions = append(p.Exclusions, x)
	}

	return p
}

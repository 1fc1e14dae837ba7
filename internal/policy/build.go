package policy

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"cdrmend/internal/profile"
	"cdrmend/internal/record"
	"cdrmend/internal/yamlfile"
)

// builder checks a document against itself and against the files it names,
// and fills in what depends on them. Where a value is of a wrong shape, it is
// empty here and has been reported already.
type builder struct {
	valueReader
	doc *document
	cfg Config

	signingKey  []byte // PEM, nil without one
	signingKeys []byte // JWKS of further public keys, nil without any
}

func (b *builder) config(path string) {
	d := b.doc
	b.cfg = Config{
		Path:      path,
		Name:      d.Name,
		Org:       d.Org,
		Interval:  b.interval(),
		Recheck:   d.Recheck,
		Decisions: Decisions{b.path(d.Policy.Accepted), b.path(d.Report.Worklist)},
		Resources: Resources{Concurrency: d.Concurrency, Scratch: b.path(d.Scratch)},
		Limits:    d.Limits,
		Evidence:  Evidence{Keep: Keeping(max(slices.Index(keepingNames, d.Evidence.Keep), 0)), ObjectBytes: d.Evidence.ObjectBytes},
		doc:       d,
	}
	b.cfg.FailOn, _ = ParseSeverity(d.FailOn)

	// The order matters: sources are compared with the interval, media with the
	// sources.
	b.policy()
	b.optionalURL("s3.endpoint", d.S3.Endpoint)
	b.sources()
	b.parties()
	b.media()
	b.output()
	b.apart()
	b.signing()
	b.report()
	b.metrics()
	b.notify()
	b.timestamp()
}

func (b *builder) interval() time.Duration {
	d := b.duration("interval", b.doc.Interval)
	if d < time.Hour || d%time.Hour != 0 || 24*time.Hour%d != 0 {
		b.file.Problem("interval", "is %s, want whole hours that divide 24h, such as 1h, 8h or 24h", b.doc.Interval)
		// Values that are compared with the interval must not be reported as well.
		return 24 * time.Hour
	}
	return d
}

func (b *builder) sources() {
	names := map[string]string{}
	for kind := Manifests; kind < NumKinds; kind++ {
		sources := b.doc.Sources.of(kind)
		for i := range sources {
			key := fmt.Sprintf("sources.%s[%d]", kind, i)

			// A name belongs to one source, whatever its kind: --source and the keys
			// of the output have only the name.
			name := sources[i].Name
			if first, ok := names[name]; ok && name != "" {
				b.file.Problem(key+".name", "%q is the name of %s already", name, first)
			} else {
				names[name] = key
			}
			b.cfg.Sources = append(b.cfg.Sources, b.source(kind, key, &sources[i]))
		}
	}
}

// source builds a source. It fills defaults into the document as well, for
// Effective.
func (b *builder) source(kind Kind, key string, d *sourceDocument) Source {
	s := Source{Kind: kind, Name: d.Name, Org: d.Org, Versions: d.Versions, Successes: d.Successes, Zone: d.Zone}
	s.Profile = b.profile(kind, key+".profile", d.Profile, b.zone(key+".zone", d.Zone))
	if s.Profile != nil {
		if d.Zone = cmp.Or(d.Zone, s.Profile.OwnZone); d.Zone == s.Profile.OwnZone {
			s.Zone = ""
		}
	}
	if d.Settle == "" {
		d.Settle = "0s"
		if s.Profile != nil {
			d.Settle = yamlfile.Scalar(s.Profile.Settle.String())
		}
	}
	d.ClockOffset = cmp.Or(d.ClockOffset, "0s")
	if s.ClockOffset = b.duration(key+".clock_offset", d.ClockOffset); s.Profile != nil {
		s.Profile.ClockOffset = s.ClockOffset // the profile is this source's own
	}
	if kind == CDRs {
		d.RecordingPer = cmp.Or(d.RecordingPer, defaultRecordingPer(s.Profile))
		s.OneForEachLeg = d.RecordingPer == perLeg
	}
	d.Lookback = cmp.Or(d.Lookback, margins[kind].lookback)
	d.Lookahead = cmp.Or(d.Lookahead, margins[kind].lookahead)

	s.Settle = b.duration(key+".settle", d.Settle)
	s.Lookback = b.duration(key+".lookback", d.Lookback)
	s.Lookahead = b.duration(key+".lookahead", d.Lookahead)
	s.S3 = b.s3(key+".s3", &d.S3)
	s.URL = b.sourceURL(kind, key+".url", d)
	s.Ready = b.ready(key+".ready", string(d.Ready), s.URL)
	if kind == Manifests {
		if len(d.RequiredFields) == 0 {
			d.RequiredFields = required(b.doc.Policy.RequiredFields, s.Profile)
		}
		s.Required = fieldsOf(d.RequiredFields)
	}

	if reach := time.Duration(b.doc.Recheck) * b.cfg.Interval; reach < s.Settle {
		b.file.Problem(key+".settle", "%s is longer than recheck × interval = %s, so that late records would never be seen; raise recheck", d.Settle, reach)
	}

	return s
}

// What one recording of a source of CDRs is of.
const (
	perLeg          = "leg"
	perConversation = "conversation"
)

// defaultRecordingPer returns what one recording is of when the file does not say.
func defaultRecordingPer(p *profile.Profile) string {
	if p != nil && p.Shape == profile.ConversationDetail {
		return perLeg
	}
	return perConversation
}

func (b *builder) sourceURL(kind Kind, key string, d *sourceDocument) Template {
	t := b.template(key, d.URL)
	if t.UsesOrg() {
		switch {
		case d.Org == "":
			b.file.Problem(key, "{org} needs the org of the source")
		case strings.Contains(d.Org, "/") || d.Org == "." || d.Org == "..":
			b.file.Problem(key, "{org} cannot be filled with %q", d.Org)
		}
	}

	if longest := t.Granularity().longest(); kind == Manifests && longest > b.cfg.Interval {
		b.file.Problem(key, "a partition lasts %s, longer than the interval of %s; name finer placeholders or raise interval", longest, b.cfg.Interval)
	}
	return t
}

// s3 fills the defaults of all buckets into one bucket's settings.
func (b *builder) s3(key string, d *s3Document) S3 {
	// A default is not checked here: it would be reported for each bucket.
	b.optionalURL(key+".endpoint", d.Endpoint)

	all := &b.doc.S3
	d.Region, d.Endpoint = cmp.Or(d.Region, all.Region), cmp.Or(d.Endpoint, all.Endpoint)
	d.RoleARN, d.ExternalID = cmp.Or(d.RoleARN, all.RoleARN), cmp.Or(d.ExternalID, all.ExternalID)

	d.PathStyle = cmp.Or(d.PathStyle, all.PathStyle)
	return S3{
		Region: d.Region, Endpoint: d.Endpoint, RoleARN: d.RoleARN, ExternalID: d.ExternalID,
		PathStyle: d.PathStyle != nil && *d.PathStyle,
	}
}

// required returns which fields of the policy a source requires that lists none
// itself. Media objects without documents can have no more than their keys say.
func required(fields []string, p *profile.Profile) []string {
	if p == nil || !p.NoDocuments {
		return fields
	}
	return slices.DeleteFunc(slices.Clone(fields), func(name string) bool {
		f, ok := record.FieldByName(name)
		return ok && !p.HasPlace(f)
	})
}

func fieldsOf(names []string) record.Fields {
	var all record.Fields
	for _, name := range names {
		if f, ok := record.FieldByName(name); ok {
			all.Add(f)
		}
	}
	return all
}

package policy

import (
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"cdrmend/internal/jsonscan"
	"cdrmend/internal/profile"
)

func (b *builder) media() {
	// The schema reports names that are not known; here they are the first one.
	d := &b.doc.Media
	name, sample := mediaCheck(d.Check)
	b.cfg.Media = Media{Check: MediaCheck(max(slices.Index(mediaCheckNames, name), 0)), Sample: sample, S3: b.s3("media.s3", &d.S3)}
	if d.URL == "" {
		return
	}

	t := b.template("media.url", d.URL)
	b.cfg.Media.URL = &t
	for _, s := range b.cfg.Sources {
		if t.UsesOrg() && s.Kind == Manifests && s.Org == "" {
			b.file.Problem("media.url", "{org} needs an org of every source of manifests, and %q has none", s.Name)
		}
	}
}

// mediaCheck returns the name and the share of a media check as the file has it.
func mediaCheck(value any) (name string, sample float64) {
	sample = 1
	switch v := value.(type) {
	case string:
		name = v
	case map[string]any:
		for check, settings := range v { // the schema allows one
			name = check
			if m, ok := settings.(map[string]any); ok {
				if share, ok := m["sample"].(float64); ok {
					sample = share
				}
			}
		}
	}
	return name, sample
}

func (b *builder) output() {
	d := &b.doc.Output
	b.cfg.Output = Output{
		URL:       b.template("output.url", d.URL),
		CSV:       slices.Contains(d.Tables, "csv"),
		Parquet:   slices.Contains(d.Tables, "parquet"),
		SSEKMSKey: d.SSEKMSKey,
		S3:        b.s3("output.s3", &d.S3),
	}

	if !b.cfg.Output.URL.Fixed() {
		b.file.Problem("output.url", "holds a placeholder, but all intervals are written below one URL")
	}

	// A URL that was reported is empty. It counts as a bucket, so that nothing is
	// reported because of it.
	bucket := b.cfg.Output.URL.Scheme() != SchemeFile
	if d.ObjectLock != nil {
		b.cfg.Output.ObjectLock = *d.ObjectLock
		if !bucket {
			b.file.Problem("output.object_lock", "needs an output in S3, as a directory cannot retain objects")
		}
	}
	if d.SSEKMSKey != "" && !bucket {
		b.file.Problem("output.sse_kms_key", "needs an output in S3, as a directory is not encrypted")
	}
}

func (b *builder) signing() {
	d := b.doc.Signing
	if d == nil {
		return
	}

	// Load parses them when everything else is sound.
	b.signingKey, b.signingKeys = b.content("signing.key", d.Key), b.content("signing.keys", d.Keys)
	if b.signingKey != nil && readableByAll(b.path(d.Key)) {
		b.cfg.Signing.Exposed = b.path(d.Key)
	}
	b.cfg.Signing.Adopt, b.cfg.Signing.Disown = texts(d.Adopt), texts(d.Disown)
	for _, sum := range d.Adopt {
		if b.cfg.Signing.Disown[sum] {
			b.file.Problem("signing.disown", "holds %s, and signing.adopt holds it, too: only one of the two can be meant", sum)
		}
	}
	if d.Key == "" && (d.KeyID != "" || d.Keys != "" || d.Adopt != nil || d.Disown != nil) {
		b.file.Problem("signing.key", "is missing, want the path of a private key")
	}
}

func texts(list []string) map[string]bool {
	all := map[string]bool{}
	for _, text := range list {
		all[text] = true
	}
	return all
}

func (b *builder) report() {
	d := &b.doc.Report
	r := &b.cfg.Report
	r.XLSX, r.PDF = slices.Contains(d.Extra, "xlsx"), slices.Contains(d.Extra, "pdf")
	r.Redact, _ = ParseRedaction(d.Redact)
	if d.PseudonymKey == "" && r.Redact == RedactAll {
		b.file.Problem("report.pseudonym_key", "is missing, want the path of a key, as redact is public")
	}

	if r.PseudonymKey = b.secret("report.pseudonym_key", d.PseudonymKey); r.PseudonymKey != nil {
		r.PseudonymKeySHA256 = fmt.Sprintf("%x", sha256.Sum256(r.PseudonymKey))
	}

	r.Job, r.Operator = b.doc.Name, d.Operator
	if d.Zone != "" {
		var err error
		if r.Zone, err = profile.Zone(d.Zone); err != nil {
			b.file.Problem("report.zone", "%v", err)
		}
	}
	b.names()
	b.worklist()
}

func (b *builder) notify() {
	d := b.doc.Notify
	if d == nil {
		return
	}
	b.cfg.Notify = Notify{URL: d.URL, Key: b.secret("notify.key", d.Key)}
	b.webURL("notify.url", d.URL)
	if d.Key == "" {
		b.file.Problem("notify.key", "is missing, want the path of a key with which the receiver can tell our messages from others")
	}
}

func (b *builder) timestamp() {
	if d := b.doc.Timestamp; d != nil {
		b.cfg.Timestamp = d.URL
		b.webURL("timestamp.url", d.URL)
	}
}

func (b *builder) metrics() {
	d := &b.doc.Metrics
	b.cfg.Metrics = Metrics{Textfile: b.path(d.Textfile), Pushgateway: d.Pushgateway}
	b.optionalURL("metrics.pushgateway", d.Pushgateway)
}

func (b *builder) policy() {
	d := &b.doc.Policy
	p := &b.cfg.Policy
	for _, name := range d.VoiceMedia {
		p.VoiceMedia = append(p.VoiceMedia, strings.ToLower(strings.TrimSpace(name)))
	}

	p.RequiredScopes = d.RequiredScopes
	p.ScopeClaims = sorted(d.ScopeClaims)
	p.MaxRejects = d.MaxRejects
	p.DurationTolerance = -1 // none: never a conflict
	if d.DurationTolerance != "none" {
		p.DurationTolerance = b.duration("policy.duration_tolerance", d.DurationTolerance)
	}

	p.Leeway = b.duration("policy.leeway", d.Leeway)
	p.RefreshRace = b.duration("policy.refresh_race", d.RefreshRace)
	p.ChallengeWindow = b.duration("policy.challenge_window", d.ChallengeWindow)
	p.DefaultExpiry = b.duration("policy.default_expiry", d.DefaultExpiry)
	p.CoverageTolerance = b.duration("policy.coverage_tolerance", d.CoverageTolerance)
	p.Expect = Expect(max(slices.Index(expectNames, d.Expect), 0))
	for i, day := range d.QuietDays {
		p.QuietDays = append(p.QuietDays, b.quietDay(fmt.Sprintf("policy.quiet_days[%d]", i), day))
	}
	p.QuietDays = slices.Sorted(slices.Values(p.QuietDays))
	for i := range d.Exclusions {
		p.Exclusions = append(p.Exclusions, b.exclusion(i))
	}
	b.policyFiles()
}

// parties checks the conditions on telephone numbers, which depend on the prefixes
// of profiles. One that says nothing would hold for every call.
func (b *builder) parties() {
	for i, x := range b.doc.Policy.Exclusions {
		b.party(fmt.Sprintf("policy.exclusions[%d].ani", i), x.ANI)
		b.party(fmt.Sprintf("policy.exclusions[%d].dnis", i), x.DNIS)
	}
}

func (b *builder) party(key string, conditions condition) {
	for _, c := range conditions {
		if slices.ContainsFunc(b.cfg.Sources, func(s Source) bool { return s.Kind == CDRs && s.Profile != nil && saysNothing(s.Profile, c) }) {
			b.file.Problem(key, "is %q, of which nothing is left but the star, so that every number would fit", c)
		}
	}
}

// saysNothing reports whether nothing is left of a condition but a star.
func saysNothing(p *profile.Profile, condition string) bool {
	condition, star := strings.CutSuffix(strings.TrimSpace(condition), "*")
	condition = strings.TrimSpace(condition)
	if !star || strings.ContainsFunc(p.WithoutPrefix(condition), unicode.IsLetter) {
		return false
	}
	n := profile.Normalizer{Profile: p}
	number, _ := n.PhoneBytes(jsonscan.Value{Kind: jsonscan.Cell, Raw: []byte(condition)})
	return len(number) == 0
}

func (b *builder) exclusion(i int) Exclusion {
	d := b.doc.Policy.Exclusions[i]
	b.conditions(i)
	key := fmt.Sprintf("policy.exclusions[%d].shorter_than", i)
	e := Exclusion{
		Reason: d.Reason,
		Source: d.Source, Org: d.Org, Trunk: d.Trunk, Line: d.Line, Queue: d.Queue, User: d.User,
		Direction: d.Direction, ANI: d.ANI, DNIS: d.DNIS,
		ShorterThan: b.duration(key, d.ShorterThan),
		Forbid:      d.Forbid,
	}

	if d.ShorterThan != "" && e.ShorterThan == 0 {
		b.file.Problem(key, "is 0, so that no talk is shorter; leave the exclusion out")
	}
	return e
}

// conditionKeys are the keys of an exclusion that say which calls it is about.
var conditionKeys = []string{"source", "org", "trunk", "line", "queue", "user", "direction", "ani", "dnis", "shorter_than"}

// conditions checks that an exclusion says which calls it is about. Without a
// condition it would exclude all of them, and a condition on an empty text none.
func (b *builder) conditions(i int) {
	exclusion := fmt.Sprintf("policy.exclusions[%d]", i)
	named := func(name string) bool { return b.file.Names(exclusion + "." + name) }
	if !slices.ContainsFunc(conditionKeys, named) {
		b.file.Problem(exclusion, "has no condition, so that it would hold for every call: add one of %s; if no call is to be recorded, set policy.expect to none instead", strings.Join(conditionKeys, " "))
	}

	d := b.doc.Policy.Exclusions[i]

	// The schema reports texts of no length.
	for k, texts := range []condition{d.Source, d.Org, d.Trunk, d.Line, d.Queue, d.User, d.Direction, d.ANI, d.DNIS} {
		if slices.ContainsFunc(texts, func(text string) bool { return text != "" && strings.TrimSpace(text) == "" }) {
			b.file.Problem(exclusion+"."+conditionKeys[k], "holds a blank text, which fits no call: name what it is to fit, or leave it out")
		}
	}
}

package profile

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"cdrmend/internal/record"
	"cdrmend/internal/yamlfile"
	"cdrmend/manifests"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

var profileSchema = sync.OnceValue(func() *jsonschema.Schema {
	return yamlfile.Schema("profile", manifests.Schema("profile"))
})

// keyGroups holds the names that groups of a key pattern may have, by kind.
var keyGroups = map[string][]string{
	"manifests":     {"org_id", "conversation_id", "recording_id", "media_key"},
	"cdrs":          {"org_id"},
	"registrations": {"org_id"},
}

// section is the YAML of one kind of source in a profile.
type section struct {
	Settle   yamlfile.Scalar `json:"settle"`
	Formats  []string        `json:"formats"`
	Shape    string          `json:"shape"`
	Document struct {
		Entries string `json:"entries"`
		Format  string `json:"format"`
		OrgID   string `json:"org_id"`
		Total   string `json:"total"`
		Failed  string `json:"failed"`
		Skipped string `json:"skipped"`
	} `json:"document"`
	KeyPattern    string              `json:"key_pattern"`
	Exclude       string              `json:"exclude"`
	MediaPattern  string              `json:"media_pattern"`
	MediaExclude  string              `json:"media_exclude"`
	MediaSuffix   string              `json:"media_suffix"`
	ScreenPattern string              `json:"screen_pattern"`
	IDPattern     string              `json:"id_pattern"`
	Line          string              `json:"line"`
	Unmatched     string              `json:"unmatched"`
	Fields        map[string][]string `json:"fields"`
	TimeLayouts   []string            `json:"time_layouts"`
	Zone          string              `json:"zone"`
	Missing       []string            `json:"missing"`
	PhonePrefixes []string            `json:"phone_prefixes"`
}

// Kinds returns the kinds of source that a profile describes.
func Kinds(name string, text []byte) ([]string, error) {
	_, sections, err := parseProfile(name, text)
	return slices.Sorted(maps.Keys(sections)), err
}

func parseProfile(name string, text []byte) (*yamlfile.File, map[string]*section, error) {
	f, err := yamlfile.Parse(name, text)
	if err != nil {
		return nil, nil, err
	}
	f.Check(profileSchema())
	sections := map[string]*section{}
	return f, sections, f.Decode(&sections)
}

// Load reads one section of a profile: kind is manifests, cdrs or
// registrations. The name, that of a built-in profile or the path of a file,
// appears in messages. All errors are reported, each with line, column and key.
func Load(name string, text []byte, kind string) (*Profile, error) {
	f, sections, err := parseProfile(name, text)
	if err != nil {
		return nil, err
	}

	s := sections[kind]
	if s == nil {
		text := "the profile has no section " + kind
		if len(sections) > 0 {
			text += ", want one of: " + strings.Join(slices.Sorted(maps.Keys(sections)), " ")
		}
		f.Problem("", "%s", text)
		return nil, f.Err()
	}

	// The builder goes on after a problem, so that all of them are reported at once.
	b := builder{file: f, kind: kind, section: s}
	p := b.profile()
	if err := f.Err(); err != nil {
		return nil, err
	}

	p.Name, p.Text = name, string(text)
	return p, nil
}

// builder turns a section into a profile. Problems are collected by the file.
type builder struct {
	file    *yamlfile.File
	kind    string
	section *section
}

// problem notes that something is wrong with a key of the section.
func (b *builder) problem(key, format string, args ...any) {
	b.file.Problem(b.kind+"."+key, format, args...)
}

// profile returns the profile, which is of use only without problems.
func (b *builder) profile() *Profile {
	s := b.section
	p := &Profile{
		Kind: b.kind, Shape: s.Shape, Formats: b.formats(),
		List: s.Document.Entries, Format: s.Document.Format,
		DocOrg: s.Document.OrgID, DocTotal: s.Document.Total, DocFailed: s.Document.Failed, DocSkipped: s.Document.Skipped,
		KeyPattern:    b.pattern("key_pattern", s.KeyPattern, keyGroups[b.kind]),
		Exclude:       b.pattern("exclude", s.Exclude, nil),
		MediaPattern:  b.pattern("media_pattern", s.MediaPattern, []string{"recording_id"}),
		MediaExclude:  b.pattern("media_exclude", s.MediaExclude, nil),
		ScreenPattern: b.pattern("screen_pattern", s.ScreenPattern, nil),
		IDPattern:     b.pattern("id_pattern", s.IDPattern, nil),
		Suffix:        s.MediaSuffix,
		Layouts:       b.layouts(),
		Zone:          b.zone(),
		Missing:       map[string]bool{},
		Settle:        b.duration("settle", string(s.Settle)),
	}
	for _, text := range s.Missing {
		p.Missing[strings.TrimSpace(text)] = true // as values are before they are looked up
	}
	for _, prefix := range s.PhonePrefixes {
		p.Prefixes = append(p.Prefixes, strings.ToLower(prefix))
	}

	// The groups of a text line add fields, so the checks of fields come after it.
	p.Fields = b.fields()
	p.Line, p.RejectUnmatched = b.line(p), s.Unmatched == "reject"

	b.media(p)
	b.written(p)
	b.complete(p)
	return p
}

func (b *builder) formats() []Format {
	var all []Format
	for _, name := range b.section.Formats {
		// The schema reports unknown names.
		if i := slices.Index(formatNames, name); i >= 0 {
			all = append(all, Format(i))
		}
	}
	return all
}

// compile compiles a regular expression, nil for none, and returns the names of its
// groups.
func (b *builder) compile(key, text string) (re *regexp.Regexp, groups []string) {
	if text == "" {
		return nil, nil
	}

	re, err := regexp.Compile(text)
	if err != nil {
		b.problem(key, "%v", err)
		return nil, nil
	}
	return re, slices.DeleteFunc(slices.Clone(re.SubexpNames()), func(name string) bool { return name == "" })
}

// pattern compiles a regular expression and checks the names of its groups.
func (b *builder) pattern(key, text string, allowed []string) *regexp.Regexp {
	re, groups := b.compile(key, text)
	for _, group := range groups {
		if !slices.Contains(allowed, group) {
			b.problem(key, "the group %q has no meaning here, want one of: %s", group, strings.Join(allowed, " "))
		}
	}
	return re
}

// layouts checks that each layout writes a time from which it is read again.
func (b *builder) layouts() []string {
	// A layout without a date, an hour or a minute does not give the sample back.
	sample := time.Date(2007, time.November, 22, 13, 48, 0, 0, time.UTC)
	for i, layout := range b.section.TimeLayouts {
		t, err := time.Parse(layout, sample.Format(layout))
		if layout != "" && (err != nil || !t.Equal(sample)) {
			b.problem(fmt.Sprintf("time_layouts[%d]", i), "%q does not write a whole time, want a layout of the reference time %s", layout, "2006-01-02T15:04:05")
		}
	}

	return b.section.TimeLayouts
}

func (b *builder) zone() *time.Location {
	name := b.section.Zone
	if name == "" {
		return nil
	}

	// Local is the machine's zone: the same input would give other results elsewhere.
	zone, err := time.LoadLocation(name)
	if err != nil || name == "Local" {
		b.problem("zone", "%q is no time zone, want one such as Europe/Berlin", name)
		return nil
	}
	return zone
}

func (b *builder) duration(key, text string) time.Duration {
	if text == "" {
		return 0
	}

	// The schema has checked the form, so only the size can be wrong.
	d, err := time.ParseDuration(text)
	if err != nil {
		b.problem(key, "%q is too long", text)
	}
	return d
}

// fields returns the places of each field that has one.
func (b *builder) fields() map[record.Field][]string {
	fields := map[record.Field][]string{}
	for name, places := range b.section.Fields {
		places = slices.DeleteFunc(places, func(place string) bool { return place == "" })
		if f, ok := record.FieldByName(name); ok && len(places) > 0 {
			fields[f] = places
		}
	}
	return fields
}

// line compiles the pattern of text lines. Its groups are columns; a group with
// the name of a field need not be listed in fields.
func (b *builder) line(p *Profile) *regexp.Regexp {
	text := slices.Contains(p.Formats, TextLines)
	switch {
	case b.section.Line == "" && text:
		b.problem("line", "is missing, want the regular expression of a text line")
	case b.section.Line != "" && !text:
		b.problem("line", "is given, but text is not among the formats")
	case b.section.Unmatched != "" && !text:
		b.problem("unmatched", "is given, but text is not among the formats")
	}

	re, groups := b.compile("line", b.section.Line)
	for _, group := range groups {
		if !b.adopt(p, group) {
			b.problem("line", "the group %q feeds no field", group)
		}
	}
	return re
}

// adopt reports whether a group of a text line feeds a field. It adds a field that
// has the name of the group and is not listed.
func (b *builder) adopt(p *Profile, group string) bool {
	f, ok := record.FieldByName(group)
	if ok && slices.Contains(record.EventFields, f) && p.Fields[f] == nil {
		p.Fields[f] = []string{group}
		return true
	}

	for _, places := range p.Fields {
		if slices.ContainsFunc(places, func(place string) bool { return strings.TrimPrefix(place, "/") == group }) {
			return true
		}
	}
	return false
}

// media checks that a media object leads to its document and back.
func (b *builder) media(p *Profile) {
	if p.MediaPattern != nil && p.MediaPattern.SubexpIndex("recording_id") < 0 {
		b.problem("media_pattern", "has no group recording_id")
	}
	if p.MediaPattern != nil && p.Suffix == "" {
		b.problem("media_pattern", "needs media_suffix, from which the key of a lost document is made")
	}
	if p.MediaExclude != nil && p.MediaPattern == nil {
		b.problem("media_exclude", "needs media_pattern")
	}
	if p.ScreenPattern != nil && p.MediaPattern == nil {
		b.problem("screen_pattern", "needs media_pattern")
	}
}

// written checks that repaired values of manifests can be read back.
func (b *builder) written(p *Profile) {
	if b.kind != "manifests" {
		return
	}

	if len(p.Layouts) > 0 && p.Zone == nil && layoutOffset(p.Layouts[0]) == noOffset {
		b.problem("time_layouts[0]", "%q has no zone, and the profile has none either", p.Layouts[0])
	}

	// JSON is repaired at the place of a field, a table by the name of a column.
	if !slices.Contains(p.Formats, JSON) && !slices.Contains(p.Formats, JSONLines) {
		return
	}
	for _, f := range slices.Sorted(maps.Keys(p.Fields)) {
		if !strings.HasPrefix(p.Fields[f][0], "/") {
			b.problem("fields."+f.String(), "begins with the column %q, want the JSON pointer that repairs are written to", p.Fields[f][0])
		}
	}
}

// complete checks that there are fields at all, unless a shape provides them.
func (b *builder) complete(p *Profile) {
	// After another problem the fields may be missing only because of that.
	if len(p.Fields) == 0 && p.Shape == "" && b.file.Err() == nil {
		b.problem("fields", "is missing, want where the fields are")
	}
}

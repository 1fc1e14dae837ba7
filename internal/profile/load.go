package profile

import (
	"cmp"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"cdrmend/internal/record"
	"cdrmend/internal/steps"
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
	Settle    yamlfile.Scalar `json:"settle"`
	Formats   []string        `json:"formats"`
	Documents string          `json:"documents"`
	Shape     string          `json:"shape"`
	Decoder   string          `json:"decoder"`
	Document  struct {
		Entries string `json:"entries"`
		Format  string `json:"format"`
		OrgID   string `json:"org_id"`
		Total   string `json:"total"`
		Failed  string `json:"failed"`
		Skipped string `json:"skipped"`
	} `json:"document"`
	Pages         pagesSection            `json:"pages"`
	KeyPattern    string                  `json:"key_pattern"`
	Exclude       string                  `json:"exclude"`
	MediaPattern  string                  `json:"media_pattern"`
	MediaExclude  string                  `json:"media_exclude"`
	MediaSuffix   string                  `json:"media_suffix"`
	ScreenPattern string                  `json:"screen_pattern"`
	IDPattern     string                  `json:"id_pattern"`
	Line          string                  `json:"line"`
	Lines         []lineSection           `json:"lines"`
	Each          string                  `json:"each"`
	Concatenated  bool                    `json:"concatenated"`
	Skip          []filterSection         `json:"skip"`
	Keep          []filterSection         `json:"keep"`
	Unmatched     string                  `json:"unmatched"`
	Begins        string                  `json:"begins"`
	Fields        map[string][]steps.Decl `json:"fields"`
	CSV           csvSection              `json:"csv"`
	TimeLayouts   []string                `json:"time_layouts"`
	Zone          string                  `json:"zone"`
	Missing       []string                `json:"missing"`
	PhonePrefixes []string                `json:"phone_prefixes"`
}

// pagesSection is the YAML of where a list goes on.
type pagesSection struct {
	More  string `json:"more"`
	Total string `json:"total"`
	Until string `json:"until"`
}

// lineSection is the YAML of one kind of text line.
type lineSection struct {
	Match string                     `json:"match"`
	Set   map[string]yamlfile.Scalar `json:"set"`
}

// csvSection is the YAML of what is special about CSV files.
type csvSection struct {
	Delimiter string   `json:"delimiter"`
	Header    []string `json:"header"`
	Before    int      `json:"before"`
	Skip      int      `json:"skip"`
	Comment   string   `json:"comment"`
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
	return LoadIn(nil, name, text, kind)
}

// LoadIn is Load for a source whose local times are of a zone, whatever the profile
// says; nil leaves that to the profile.
func LoadIn(zone *time.Location, name string, text []byte, kind string) (*Profile, error) {
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
	b := builder{file: f, kind: kind, section: s, source: zone}
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
	source  *time.Location // the zone of the source, nil when it has none of its own
}

// problem notes that something is wrong with a key of the section.
func (b *builder) problem(key, format string, args ...any) {
	b.file.Problem(b.kind+"."+key, format, args...)
}

// profile returns the profile, which is of use only without problems.
func (b *builder) profile() *Profile {
	s := b.section
	p := &Profile{
		Kind: b.kind, Shape: s.Shape, Decoder: s.Decoder, Formats: b.formats(),
		List: s.Document.Entries, Format: s.Document.Format,
		DocOrg: s.Document.OrgID, DocTotal: s.Document.Total, DocFailed: s.Document.Failed, DocSkipped: s.Document.Skipped,
		KeyPattern:    b.pattern("key_pattern", s.KeyPattern, keyGroups[b.kind]),
		Exclude:       b.pattern("exclude", s.Exclude, nil),
		MediaPattern:  b.mediaPattern(),
		MediaExclude:  b.pattern("media_exclude", s.MediaExclude, nil),
		ScreenPattern: b.pattern("screen_pattern", s.ScreenPattern, nil),
		IDPattern:     b.pattern("id_pattern", s.IDPattern, nil),
		Suffix:        s.MediaSuffix,
		Layouts:       b.layouts(),
		Zone:          b.zone(),
		OwnZone:       s.Zone,
		Missing:       NewWords(s.Missing...),
		Settle:        b.duration("settle", string(s.Settle)),
		CSV:           b.csv(),
		Pages:         b.pages(),
	}
	for _, prefix := range s.PhonePrefixes {
		p.Prefixes = append(p.Prefixes, strings.ToLower(prefix))
	}

	p.Each = b.each()
	p.Concatenated = b.concatenated()
	if slices.Contains(p.Formats, XML) && p.List == "" {
		b.problem("document.entries", "is missing, want where the records of XML are, such as /cdrs/cdr")
	}

	// The groups of a text line add fields, so the checks of fields come after it.
	b.fields(p)
	p.Lines, p.RejectUnmatched = b.lines(p), s.Unmatched == "reject"
	p.Begins, _ = b.compile("begins", s.Begins)
	p.Filters = b.filters(p)
	b.noDocuments(p)
	b.xmlManifests(p)

	b.media(p)
	b.written(p)
	b.complete(p)
	return p
}

// mediaPattern compiles the pattern of media objects. Without documents its groups
// are columns, of whatever name.
func (b *builder) mediaPattern() *regexp.Regexp {
	if b.section.Documents != "" {
		re, _ := b.compile("media_pattern", b.section.MediaPattern)
		return re
	}
	return b.pattern("media_pattern", b.section.MediaPattern, []string{"recording_id"})
}

func (b *builder) formats() []Format {
	if b.section.Formats == nil && b.section.Documents == "" && b.kind == "manifests" {
		b.problem("formats", "is missing, want a list of formats, or documents: none where recordings have no metadata files")
	}

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
	groups = slices.DeleteFunc(slices.Clone(re.SubexpNames()), func(name string) bool { return name == "" })
	if name := twice(groups); name != "" {
		b.problem(key, "%s", groupTwice(name))
	}
	return re, groups
}

// twice returns a name that a list has more than once, empty when there is none.
func twice(names []string) string {
	for i, name := range names {
		if name != "" && slices.Contains(names[:i], name) {
			return name
		}
	}
	return ""
}

// groupTwice says what is wrong with a group that a pattern has twice: only one of
// them could have the value.
func groupTwice(name string) string {
	return fmt.Sprintf("the group %q stands twice, and only the last one would count; want each name once, with alternatives inside the group or in patterns of their own", name)
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
		if layout == "" || err == nil && t.Equal(sample) {
			continue
		}

		key := fmt.Sprintf("time_layouts[%d]", i)
		if lacks := lacking(layout, sample); lacks != "" {
			b.problem(key, "%q %s, which only the step time can read; name it at the fields that it is for, such as {from: PLACE, then: [{time: [%q]}]}", layout, lacks, layout)
		} else {
			b.problem(key, "%q does not write a whole time, want a layout of the reference time %s", layout, "2006-01-02T15:04:05")
		}
	}

	return b.section.TimeLayouts
}

// lacking says why a layout is one for the step time, which takes a year or a date from
// the object; empty for any other layout.
func lacking(layout string, sample time.Time) string {
	// Days of the week are the same after 400 years.
	const sameWeekday = 400
	writes := func(other time.Time) bool { return sample.Format(layout) != other.Format(layout) }
	hasDay := writes(sample.AddDate(0, 1, 0)) && writes(sample.AddDate(0, 0, 7))
	switch {
	case strings.Contains(layout, "%"):
		return "is a layout of strftime"
	case !writes(sample.Add(-5*time.Hour)) || !writes(sample.Add(-time.Minute)):
		return "" // no time of day, which no step adds
	case writes(sample.AddDate(sameWeekday, 0, 0)):
		return "" // it has a year, so that the step cannot take it either
	case hasDay:
		return "has no year"
	}
	return "has no date"
}

func (b *builder) zone() *time.Location {
	var own *time.Location
	if b.section.Zone != "" {
		var err error
		if own, err = Zone(b.section.Zone); err != nil {
			b.problem("zone", "%v", err)
		}
	}
	return cmp.Or(b.source, own)
}

// Zone returns a time zone by its name.
func Zone(name string) (*time.Location, error) {
	// Local is the machine's zone: the same input would give other results elsewhere.
	zone, err := time.LoadLocation(name)
	machine := name == "Local" || name == "localtime" || name == "posixrules" || strings.HasPrefix(name, "posix/") || strings.HasPrefix(name, "right/")
	if err != nil || name == "" || machine {
		return nil, fmt.Errorf("%q is no time zone, want one such as Europe/Berlin", name)
	}
	return zone, nil
}

// each returns the lists on the way to the records: /calls/*/legs/* has two.
func (b *builder) each() []string {
	text, ok := strings.CutSuffix(b.section.Each, "/*")
	switch {
	case b.section.Each == "":
		return nil
	case !ok:
		b.problem("each", "does not end with /*, want the place of each record in its list, such as /legs/*")
		return nil
	}

	lists := strings.Split(text, "/*")
	for _, list := range lists {
		if !strings.HasPrefix(list, "/") {
			b.problem("each", "has a list of lists, or /* inside a name; want names between lists")
			return nil
		}
	}
	return lists
}

// concatenated reports whether values of JSON Lines need no newline between them.
func (b *builder) concatenated() bool {
	s := b.section
	switch {
	case s.Concatenated && !slices.Contains(s.Formats, JSONLines.String()):
		b.problem("concatenated", "is given, but jsonl is not among the formats")
	case s.Concatenated && s.Document.Entries != "":
		b.problem("concatenated", "stands with document.entries, want only one of them: each value is a record, or a document that has a list of them")
	}
	return s.Concatenated
}

// pages returns where documents tell that their list goes on. Only JSON has members
// around a list, and XML elements.
func (b *builder) pages() Pages {
	p := Pages(b.section.Pages)
	switch {
	case p == (Pages{}) && b.section.Shape == ConversationDetail:
		return detailPages
	case p != (Pages{}) && b.section.Shape == ConversationDetail:
		b.problem("pages", "is given, but the shape %s has pages of its own", ConversationDetail)
	case p != (Pages{}) && !slices.Contains(b.section.Formats, JSON.String()) && !slices.Contains(b.section.Formats, XML.String()):
		b.problem("pages", "is given, but neither json nor xml is among the formats, and only their documents have members around a list")
	case slices.Contains(b.section.Formats, XML.String()):
		b.xmlPages(p)
	}
	return p
}

// xmlPages checks that what tells of pages stands around the records of XML, in the
// order of the keys: nothing else is ever found.
func (b *builder) xmlPages(p Pages) {
	list := Tokens(b.section.Document.Entries)
	for _, of := range [][2]string{{"more", p.More}, {"total", p.Total}, {"until", p.Until}} {
		place := Tokens(of[1])
		if len(place) == 0 || len(list) == 0 {
			continue
		}
		if place[0] != list[0] || len(place) >= len(list) && slices.Equal(place[:len(list)], list) {
			b.problem("pages."+of[0], "does not stand around the records %s, want an element or attribute of %s outside of them, such as /%s/@total", b.section.Document.Entries, list[0], list[0])
		}
	}
}

// csv returns the layout of CSV files. The schema has checked the delimiter.
func (b *builder) csv() CSVLayout {
	s := &b.section.CSV
	c := CSVLayout{Header: s.Header, Before: s.Before, Skip: s.Skip, Comment: s.Comment}
	if s.Delimiter != "" {
		c.Delimiter = s.Delimiter[0]
	}

	given := s.Delimiter != "" || s.Header != nil || s.Before+s.Skip > 0 || s.Comment != ""
	if given && !slices.Contains(b.section.Formats, CSV.String()) {
		b.problem("csv", "is given, but csv is not among the formats")
	}
	for i, name := range s.Header {
		if slices.Contains(s.Header[:i], name) {
			b.problem(fmt.Sprintf("csv.header[%d]", i), "is %q again; a column that is not needed may be named -1, -2 and so on", name)
		}
	}
	return c
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

// fields fills in the places of each field that has one, in the order of their
// names, so that the numbers of inputs are the same each time.
func (b *builder) fields(p *Profile) {
	p.Fields = map[record.Field][]Place{}
	compiler := steps.Compiler{Problem: b.problem, Place: p.input}
	for _, name := range slices.Sorted(maps.Keys(b.section.Fields)) {
		f, ok := record.FieldByName(name)
		if !ok {
			continue // the schema reports it
		}
		for i, d := range b.section.Fields[name] {
			switch {
			case d.IsZero(): // the schema reports it
			case !d.Plain:
				expr := compiler.Compile(fmt.Sprintf("fields.%s[%d]", name, i), &d, targets[f])
				p.Fields[f] = append(p.Fields[f], Place{Expr: expr})
			case d.From != "":
				p.Fields[f] = append(p.Fields[f], Place{Name: d.From})
			}
		}
	}
}

// targets says what the values of fields are that are no texts.
var targets = map[record.Field]steps.Target{
	record.StartTime: steps.Time, record.AnswerTime: steps.Time, record.EndTime: steps.Time, record.UpdatedAt: steps.Time,
	record.EventTime: steps.Time, record.TokenIssuedAt: steps.Time,
	record.DurationMS: steps.Milliseconds, record.TalkMS: steps.Milliseconds, record.ExpirySeconds: steps.Seconds,
}

// lines compiles the patterns of text lines. Their groups are columns; a group with
// the name of a field need not be listed in fields.
func (b *builder) lines(p *Profile) []LinePattern {
	text := slices.Contains(p.Formats, TextLines)
	given := b.section.Line != "" || b.section.Lines != nil
	switch {
	case !given && text:
		b.problem("line", "is missing, want the regular expression of a text line")
	case b.section.Line != "" && b.section.Lines != nil:
		b.problem("lines", "stands with line, want only one of them")
	case b.section.Line != "" && !text:
		b.problem("line", "is given, but text is not among the formats")
	case b.section.Lines != nil && !text:
		b.problem("lines", "is given, but text is not among the formats")
	case b.section.Begins != "" && !text:
		b.problem("begins", "is given, but text is not among the formats")
	case b.section.Unmatched != "" && !text:
		b.problem("unmatched", "is given, but text is not among the formats")
	}

	if b.section.Line != "" {
		return []LinePattern{b.linePattern(p, "line", lineSection{Match: b.section.Line})}
	}
	var all []LinePattern
	for i, s := range b.section.Lines {
		all = append(all, b.linePattern(p, fmt.Sprintf("lines[%d].match", i), s))
	}
	return all
}

func (b *builder) linePattern(p *Profile, key string, s lineSection) LinePattern {
	re, _ := b.compile(key, s.Match)
	if re == nil {
		return LinePattern{}
	}

	l := LinePattern{Pattern: re, Columns: re.SubexpNames(), literal: literalOf(s.Match)}
	for _, name := range slices.Sorted(maps.Keys(s.Set)) {
		l.Columns = append(l.Columns, name)
		l.Constants = append(l.Constants, string(s.Set[name]))
	}
	if name := twice(l.Columns); name != "" && s.Set[name] != "" {
		b.problem(strings.TrimSuffix(key, "match")+"set."+name, "is a group of the pattern, too, whose value would never count; want only one of them")
	}
	for _, column := range l.Columns {
		if column != "" && !b.adopt(p, column, record.EventFields) {
			b.problem(key, "the group %q feeds no field", column)
		}
	}
	return l
}

// adopt reports whether a group of a pattern feeds one of some fields. It adds a
// field that has the name of the group and is not listed.
func (b *builder) adopt(p *Profile, group string, fields []record.Field) bool {
	f, ok := record.FieldByName(group)
	if ok && slices.Contains(fields, f) && p.Fields[f] == nil {
		p.Fields[f] = At(group)
		return true
	}

	feeds := func(place string) bool { return strings.TrimPrefix(place, "/") == group }
	for _, places := range p.Fields {
		if slices.ContainsFunc(places, func(place Place) bool { return feeds(place.Name) }) {
			return true
		}
	}
	return slices.ContainsFunc(p.Inputs, feeds)
}

// media checks that a media object leads to its document and back.
func (b *builder) media(p *Profile) {
	if p.NoDocuments {
		return // no key is made of another one
	}
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
	if b.kind != "manifests" || p.WritesAnew() { // what is written has a layout of its own
		return
	}

	if len(p.Layouts) > 0 && p.Zone == nil && layoutOffset(p.Layouts[0]) == noOffset {
		b.problem("time_layouts[0]", "%q has no zone, and the profile has none either; name the zone there or at the source", p.Layouts[0])
	}

	// JSON is repaired at the place of a field, a table by the name of a column.
	if !slices.Contains(p.Formats, JSON) && !slices.Contains(p.Formats, JSONLines) {
		return
	}
	for _, f := range slices.Sorted(maps.Keys(p.Fields)) {
		switch first := p.Fields[f][0]; {
		case !repairable.Has(f) && first.Expr != nil:
		case first.Expr != nil:
			b.problem("fields."+f.String(), "begins with a computed value, want the JSON pointer that repairs are written to")
		case !strings.HasPrefix(first.Name, "/"):
			b.problem("fields."+f.String(), "begins with the column %q, want the JSON pointer that repairs are written to", first.Name)
		}
	}
}

// repairable are the fields of entries that repairs fill in.
var repairable = record.Of(record.RecordingID, record.ConversationID, record.TrunkID, record.StartTime, record.EndTime, record.DurationMS)

// complete checks that there are fields at all, unless a shape provides them.
func (b *builder) complete(p *Profile) {
	// After another problem the fields may be missing only because of that.
	if len(p.Fields) == 0 && p.Shape == "" && b.file.Err() == nil {
		b.problem("fields", "is missing, want where the fields are")
	}
}

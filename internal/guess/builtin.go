package guess

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"cdrmend/internal/inspect"
	"cdrmend/internal/profile"
	"cdrmend/internal/record"
	"cdrmend/manifests"
)

// whole returns the section of a built-in profile that reads samples whole, for what no
// table of values shows: which rows belong together, records deep inside others, and
// what names of objects say. It returns nil when no profile fits. When several fit, it
// takes the one that fills the most fields, where a start counts twice. CSV may have another layout than that
// of the profile.
func whole(kind string, samples []Sample) *Draft {
	var best *profile.Profile
	most := 0
	t, err := read(samples)
	special := err == nil && t.special()
	if special && t.csv.header != nil {
		return nil // nothing names the columns
	}
	for _, p := range builtIns(kind) {
		if !beyondTables(p, samples) {
			continue
		}
		if special && slices.Contains(p.Formats, profile.CSV) {
			other := *p
			other.CSV = t.csv.profile()
			p = &other
		}
		if n := filledBy(p, samples); n > most {
			best, most = p, n
		}
	}
	if best == nil {
		return nil
	}

	d := newCopied(best.Name, kind)
	if best.NoDocuments {
		d.edits = append(d.edits, "media_pattern: whether names of recordings say here what they say in "+best.Name+": "+saidBy(best, samples[0].Name))
	}
	if special && slices.Contains(best.Formats, profile.CSV) {
		d.setCSV(t)
	}
	if kind == "cdrs" && best.Shape == "" && err == nil && !best.HasPlace(record.TrunkID) {
		d.addTrunk(t)
	}
	return d.draft("# A profile guessed from %d samples: the built-in profile %s reads them whole, and this\n# is its section.\n", len(samples), best.Name)
}

// beyondTables reports whether a profile says something of samples that the values in
// them do not show.
func beyondTables(p *profile.Profile, samples []Sample) bool {
	if p.KeyPattern != nil {
		return !slices.ContainsFunc(samples, func(s Sample) bool { return !p.KeyPattern.MatchString(s.Name) })
	}
	return p.Decoder != "" || p.Shape != "" || p.Each != nil || p.NoDocuments
}

// saidBy returns what the name of a recording says.
func saidBy(p *profile.Profile, name string) string {
	var all []string
	groups := p.MediaPattern.FindStringSubmatch(name)
	for i, group := range p.MediaPattern.SubexpNames() {
		if group != "" {
			all = append(all, group+" "+groups[i])
		}
	}
	return strings.Join(all, ", ")
}

// filledBy counts the fields that a profile fills from samples; a start counts twice.
// It returns 0 when anything does not parse, is rejected, or is left over, and when
// judging would lack something.
func filledBy(p *profile.Profile, samples []Sample) (fields int) {
	var files []inspect.File
	for _, s := range samples {
		files = append(files, inspect.File{Path: s.Name, Content: bytes.NewReader(s.Content)})
	}
	r, err := inspect.Test(p, files)
	if err != nil || !r.Fit() || r.Records == 0 || r.Rejected > 0 {
		return 0
	}
	if slices.ContainsFunc(r.Files, func(f inspect.Read) bool { return f.Damage != "" }) {
		return 0
	}
	for _, f := range r.Fields {
		if f.Invalid > 0 {
			return 0
		}
		if f.Rows > 0 {
			fields++
		}
		if f.Rows > 0 && f.Name == record.StartTime.String() {
			fields++
		}
	}
	return fields
}

// copied is the section of a built-in profile as a draft.
type copied struct {
	head, section string // of the YAML: the line that begins the section, and the rest of it
	edits         []string
}

// newCopied returns a section. A zone that it assumes, without a comment that says why
// it is sure, is for a person to check.
func newCopied(name, kind string) *copied {
	text, _ := manifests.Profile(name)
	head := regexp.MustCompile(`(?m)^` + kind + `:.*\n`).FindIndex(text)
	c := &copied{head: string(text[head[0]:head[1]]), section: string(text[head[1]:])}
	if end := regexp.MustCompile(`(?m)^[a-z]`).FindStringIndex(c.section); end != nil {
		c.section = strings.TrimRight(c.section[:end[0]], "\n") + "\n"
	}
	if regexp.MustCompile(`(?m)^  zone: UTC$`).MatchString(c.section) {
		c.edits = append(c.edits, "zone: the zone of times that have none; UTC was taken")
	}
	return c
}

// special reports whether samples are CSV with anything but commas and a header.
func (t *table) special() bool {
	c := &t.csv
	return t.format == profile.CSV && (c.delimiter != ',' || c.header != nil || c.before > 0 || c.types || c.comment)
}

// profile returns a layout as a profile has it.
func (l *layout) profile() profile.CSVLayout {
	c := profile.CSVLayout{Delimiter: l.delimiter, Before: l.before}
	if l.types {
		c.Skip = 1
	}
	if l.comment {
		c.Comment = "#"
	}
	return c
}

// setCSV says what is special about the CSV of samples.
func (c *copied) setCSV(t *table) {
	var b strings.Builder
	newGuesser("cdrs", t).csvLines(&b)
	c.section = b.String() + regexp.MustCompile(`(?m)^  csv: .*\n`).ReplaceAllString(c.section, "")
}

// addTrunk adds the place of the trunk, which is a column of one's own.
func (c *copied) addTrunk(t *table) {
	g := &calls{guesser: newGuesser("cdrs", t)}
	g.trunk()
	c.edits = append(c.edits, g.edits...)
	for _, f := range g.found {
		at := "\n  fields:\n"
		c.section = strings.Replace(c.section, at, fmt.Sprintf("%s    # %s: %s\n    %s: %s\n", at, f.field, comment(f.rests), f.field, f.values), 1)
	}
}

// draft writes the section below a comment that says where it comes from.
func (c *copied) draft(from string, args ...any) *Draft {
	var b strings.Builder
	fmt.Fprintf(&b, from, args...)
	if len(c.edits) == 0 {
		b.WriteString("# Nothing has to be edited before it is tried.\n")
	}
	for i, edit := range c.edits {
		fmt.Fprintf(&b, "# EDIT %d: %s.\n", i+1, comment(edit))
	}
	fmt.Fprintf(&b, "\n%s%s", c.head, c.section)
	return &Draft{Text: []byte(b.String()), Edits: c.edits}
}

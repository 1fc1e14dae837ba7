package profile

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"cdrmend/internal/record"
	"cdrmend/internal/steps"
	"cdrmend/internal/yamlfile"
)

// Lint checks a profile beyond loading it: what is valid and can still not be
// meant, such as a place that never matches. All sections are checked. Each problem
// has its line, column and key, and says what was probably meant. A zone is that of a
// source, as in [LoadIn].
func Lint(zone *time.Location, name string, text []byte) error {
	f, sections, err := parseProfile(name, text)
	if err != nil {
		return err
	}

	kinds := slices.Sorted(maps.Keys(sections))
	profiles := map[string]*Profile{}
	for _, kind := range kinds {
		if sections[kind] != nil {
			b := builder{file: f, kind: kind, section: sections[kind], source: zone}
			profiles[kind] = b.profile()
		}
	}
	if err := f.Err(); err != nil {
		return err // a profile that cannot be loaded would be reported twice
	}

	for _, kind := range kinds {
		if p := profiles[kind]; p != nil {
			l := linter{file: f, kind: kind, section: sections[kind], profile: p}
			l.section.lint(&l)
		}
	}
	return f.Err()
}

// linter checks one section.
type linter struct {
	file    *yamlfile.File
	kind    string
	section *section
	profile *Profile
}

func (l *linter) problem(key, format string, args ...any) {
	l.file.Problem(l.kind+"."+key, format, args...)
}

func (s *section) lint(l *linter) {
	for key, place := range map[string]string{
		"each": s.Each, "document.entries": s.Document.Entries, "document.format": s.Document.Format, "document.org_id": s.Document.OrgID,
		"document.total": s.Document.Total, "document.failed": s.Document.Failed, "document.skipped": s.Document.Skipped,
		"pages.more": s.Pages.More, "pages.total": s.Pages.Total, "pages.until": s.Pages.Until,
	} {
		l.place(key, place)
	}
	for name, filters := range map[string][]filterSection{"skip": s.Skip, "keep": s.Keep} {
		for i, filter := range filters {
			for _, place := range slices.Sorted(maps.Keys(filter.Where)) {
				key := fmt.Sprintf("%s[%d].where", name, i)
				l.value(key+"."+place, place)
				l.pattern(key+"."+place, filter.Where[place].match)
			}
		}
	}

	for name, decls := range s.Fields {
		l.field("fields."+name, name, decls)
	}
	for key, text := range map[string]string{
		"key_pattern": s.KeyPattern, "exclude": s.Exclude, "media_pattern": s.MediaPattern, "media_exclude": s.MediaExclude,
		"screen_pattern": s.ScreenPattern, "id_pattern": s.IDPattern, "line": s.Line, "begins": s.Begins,
	} {
		l.pattern(key, text)
	}
	l.lines(s.Lines)
	for i, layout := range s.TimeLayouts {
		if l.profile.Zone == nil && layoutOffset(layout) == noOffset {
			l.problem(fmt.Sprintf("time_layouts[%d]", i), "%q has no zone, and the profile has none either, so that no such time parses; want zone, such as Europe/Berlin, which a source may replace", layout)
		}
	}
}

// place checks that a place does not mean the element of a list by its number.
func (l *linter) place(key, place string) {
	if !strings.HasPrefix(place, "/") && !strings.HasPrefix(place, "../") {
		return // a column may be called 0
	}
	parts := strings.Split(place, "/")
	for i, part := range parts {
		if part == "" || strings.Trim(part, "0123456789") != "" {
			continue
		}
		parts[i] = "*"
		if strings.HasPrefix(key, "document.") || strings.HasPrefix(key, "pages.") {
			l.problem(key, "%s has the step %s, which is a member of that name and never the element of a list; want names of members, and each for lists inside elements", place, part)
			return
		}
		l.problem(key, "%s has the step %s, which is a member of that name and never the element of a list; want %s for each element", place, part, strings.Join(parts, "/"))
		return
	}
}

// value checks that something can stand at the place of a value.
func (l *linter) value(key, place string) {
	if place == "" {
		return
	}
	l.place(key, place)
	rest := strings.TrimLeft(place, "./") // of a place in the objects around
	if out := strings.Count(place[:len(place)-len(rest)], "../"); out > len(l.profile.Each) {
		l.problem(key, "%s leads out of %d objects, and records stand in %d lists; want each, the place of the lists", place, out, len(l.profile.Each))
	}
	if columns, of := l.columnsFor(place); columns != nil && !slices.Contains(columns, strings.TrimPrefix(place, "/")) {
		l.problem(key, "names %q, which is no %s, so that nothing ever stands there; want one of: %s", place, of, strings.Join(columns, " "))
	}
}

// columnsFor returns the only columns that a place can name, and what they are; nil
// when objects tell what they have.
func (l *linter) columnsFor(place string) (columns []string, of string) {
	formats := l.profile.Formats
	alone := func(f Format) bool { return len(formats) == 1 && formats[0] == f }
	isColumn := !strings.HasPrefix(place, "/") && !strings.HasPrefix(place, "../")
	switch {
	case alone(TextLines):
		for i := range l.profile.Lines {
			columns = append(columns, l.profile.Lines[i].Columns...)
		}
		columns = slices.DeleteFunc(columns, func(name string) bool { return name == "" })
		slices.Sort(columns)
		return slices.Compact(columns), "group of a line"
	case l.profile.CSV.Header != nil && (alone(CSV) || isColumn && !slices.Contains(formats, TextLines) && !slices.Contains(formats, Parquet)):
		return l.profile.CSV.Header, "column of csv.header"
	}
	return nil, ""
}

// field checks the alternatives of a field.
func (l *linter) field(key, name string, decls []steps.Decl) {
	always := -1
	for i := range decls {
		d := &decls[i]
		at := fmt.Sprintf("%s[%d]", key, i)
		if always >= 0 {
			l.problem(at, "is never reached, as alternative %d always has a value; want the constant last", always+1)
		}
		if isPlace(d) && slices.ContainsFunc(decls[:i], func(other steps.Decl) bool { return isPlace(&other) && other.From == d.From }) {
			l.problem(at, "%s is listed twice; want each place once", d.From)
		}
		if always < 0 && l.isConstant(d) {
			always = i
		}
		l.decl(at, d)
	}

	if f, ok := record.FieldByName(name); ok && len(decls) == 0 {
		l.problem(key, "has no place; want one, or no %s", f)
	}
}

// isPlace reports whether a value is what stands at a place.
func isPlace(d *steps.Decl) bool { return d.From != "" && len(d.Then) == 0 }

// isConstant reports whether a value is there whatever the record holds. A step may
// make it missing, so one with steps that can is none.
func (l *linter) isConstant(d *steps.Decl) bool {
	for i := range d.Then {
		if s := &d.Then[i]; s.Match != "" || s.Map != nil {
			return false
		}
	}
	switch {
	case d.Value != nil:
		text := strings.TrimSpace(string(*d.Value))
		return text != "" && !l.profile.Missing.Has([]byte(text))
	case len(d.Join) > 0:
		return !slices.ContainsFunc(d.Join, func(part steps.Decl) bool { return !l.isConstant(&part) })
	}
	return false
}

// decl checks one alternative, or a part of a join.
func (l *linter) decl(key string, d *steps.Decl) {
	from := key
	if !d.Plain {
		from += ".from"
	}
	l.value(from, d.From)
	for i := range d.Join {
		l.decl(fmt.Sprintf("%s.join[%d]", key, i), &d.Join[i])
	}

	for i := range d.Then {
		s, at := &d.Then[i], fmt.Sprintf("%s.then[%d]", key, i)
		l.pattern(at+".match", s.Match)
		if s.Map != nil && mapsToNothing(s) {
			l.problem(at+".map", "maps every word to missing; want a value for a word, or else")
		}
		for n, layout := range s.Time {
			if l.profile.Zone == nil && !steps.HasZone(layout) {
				l.problem(fmt.Sprintf("%s.time[%d]", at, n), "%q has no zone, and the profile has none either, so that no such time parses; want zone, such as Europe/Berlin, which a source may replace", layout)
			}
		}
	}
}

// mapsToNothing reports whether nothing that a map can give is a value.
func mapsToNothing(s *steps.StepDecl) bool {
	if s.Else != nil && *s.Else != "" {
		return false
	}
	for _, to := range s.Map {
		if to != nil && strings.TrimSpace(string(*to)) != "" {
			return false
		}
	}
	return true
}

// pattern checks that a pattern and each of its groups can match something.
func (l *linter) pattern(key, text string) {
	if text == "" {
		return
	}
	if why := cannotMatch(text); why != "" {
		l.problem(key, "%s", why)
	}
}

// lines checks the patterns of text lines, which are asked in their order.
func (l *linter) lines(all []lineSection) {
	parts := make([][]string, len(all)) // of each pattern once: spelling a class of characters takes a millisecond
	for i := range all {
		key := fmt.Sprintf("lines[%d].match", i)
		l.pattern(key, all[i].Match)
		parts[i] = partsOf(all[i].Match)
		for j := range parts[:i] {
			if covers(parts[j], parts[i]) {
				l.problem(key, "is never reached, as lines[%d] matches every line that it matches; want the narrower pattern first", j)
				break
			}
		}
	}
}

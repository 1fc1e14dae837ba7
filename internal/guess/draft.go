package guess

import (
	"fmt"
	"slices"
	"strings"

	"cdrmend/internal/printable"
	"cdrmend/internal/profile"
)

// order is the order of fields in a draft.
var order = []string{
	"time", "status", "recording_id", "conversation_id", "leg_id", "recording_ids", "trunk_id", "line_id", "direction", "ani", "dnis",
	"start_time", "answer_time", "end_time", "duration_ms", "talk_ms", "updated_at", "state", "reason", "expiry_seconds",
}

// draft writes the profile.
func (g *guesser) draft() *Draft {
	var b strings.Builder
	fmt.Fprintf(&b, "# A profile guessed from %d rows. Each comment says what a guess rests on.\n", g.table.rows)
	g.doubts(&b)

	fmt.Fprintf(&b, "\n%s:\n  formats: [%s]\n", g.kind, g.table.formatNames())
	if g.table.joined {
		b.WriteString("  concatenated: true # values follow each other without a newline\n")
	}
	if g.table.entries != "" {
		fmt.Fprintf(&b, "  document: {entries: %s} # the list of records\n", quote(g.table.entries))
	}
	if len(g.table.pages) > 0 {
		var all []string
		for _, p := range g.table.pages {
			all = append(all, p.key+": "+quote(p.place))
		}
		fmt.Fprintf(&b, "  pages: {%s} # by their names: where a page tells that the list goes on\n", strings.Join(all, ", "))
	}
	g.csvLines(&b)
	if g.keep != "" {
		fmt.Fprintf(&b, "  keep: [%s] # EDIT: whether the others are no calls\n", g.keep)
	}
	b.WriteString("  fields:\n")
	slices.SortStableFunc(g.found, func(x, y found) int { return slices.Index(order, x.field) - slices.Index(order, y.field) })
	for _, f := range g.found {
		fmt.Fprintf(&b, "    # %s: %s\n    %s: %s\n", f.field, comment(f.rests), f.field, f.values)
	}

	layouts, local := g.layouts()
	if len(layouts) > 0 {
		var all []string
		for _, layout := range layouts {
			all = append(all, quote(layout))
		}
		fmt.Fprintf(&b, "  time_layouts: [%s] # all times fit\n", strings.Join(all, ", "))
	}
	if local {
		b.WriteString("  zone: UTC # EDIT: the times have no zone; name that of the machine, such as Europe/Berlin\n")
	}
	if missing := g.missing(); len(missing) > 0 {
		fmt.Fprintf(&b, "  missing: [%s] # stand where other rows have a value\n", strings.Join(missing, ", "))
	}
	return &Draft{Text: []byte(b.String()), Edits: g.edits}
}

// doubts lists what a person has to do, and what was left out.
func (g *guesser) doubts(b *strings.Builder) {
	if name, n := g.table.known(g.kind); name != "" {
		fmt.Fprintf(b, "# The built-in profile %s reads %d of the %d places, too. Try it first: cdrmend profiles test %s FILE --kind %s\n", name, n, len(g.table.columns), name, g.kind)
	}
	for _, note := range g.notes {
		fmt.Fprintf(b, "# Not mapped: %s.\n", comment(note))
	}
	if len(g.edits) == 0 {
		b.WriteString("# Nothing has to be edited before it is tried.\n")
	}
	for i, edit := range g.edits {
		fmt.Fprintf(b, "# EDIT %d: %s.\n", i+1, comment(edit))
	}
}

// comment makes a text that holds values of samples fit for one line of YAML.
func comment(text string) string { return printable.Text(text) }

// csvLines writes what is special about the CSV.
func (g *guesser) csvLines(b *strings.Builder) {
	if g.table.format != profile.CSV {
		return
	}

	c := &g.table.csv
	var keys []string
	if c.delimiter != ',' {
		keys = append(keys, fmt.Sprintf("delimiter: %q", c.text()))
	}
	if c.before > 0 {
		keys = append(keys, fmt.Sprintf("before: %d", c.before))
		b.WriteString("  # csv.before: these lines at the beginning have another number of cells than the rows\n")
	}
	if c.uneven > 0 {
		fmt.Fprintf(b, "  # rows with another number of cells than the header, which become rejects: %d\n", c.uneven)
	}
	if c.types {
		keys = append(keys, "skip: 1")
		b.WriteString("  # csv.skip: the row after the header holds types\n")
	}
	if c.comment {
		keys = append(keys, `comment: "#"`)
	}
	if c.header != nil {
		var all []string
		for _, name := range c.header {
			all = append(all, quote(name))
		}
		keys = append(keys, "header: ["+strings.Join(all, ", ")+"]")
		why := "made up, as the first row holds values and nothing tells what the columns are"
		if c.borrowed != "" {
			why = "those of the built-in profile " + c.borrowed + ", whose files have times in the same columns"
		}
		fmt.Fprintf(b, "  # csv.header: the names are %s\n", why)
	}
	if len(keys) > 0 {
		fmt.Fprintf(b, "  csv: {%s}\n", strings.Join(keys, ", "))
	}
}

// text returns the delimiter as a text.
func (l *layout) text() string { return string(rune(l.delimiter)) }

// missing returns the texts that stand for no value in the mapped columns.
func (g *guesser) missing() (list []string) {
	for _, f := range g.found {
		if f.column == nil {
			continue
		}
		for _, cell := range f.column.cells {
			if cell != "" && isNothing(cell) && !slices.Contains(list, quote(cell)) {
				list = append(list, quote(cell))
			}
		}
	}
	slices.Sort(list)
	return list
}

package guess

import (
	"fmt"
	"slices"
	"strings"

	"cdrmend/internal/profile"
)

// guesser gives the fields of a kind of record their places.
type guesser struct {
	kind  string
	table *table
	times map[*column]*spelling
	taken map[*column]bool
	found []found
	keep  string   // the YAML of a filter, empty without one
	made  []string // fields whose repairs go to a place that no sample has
	notes []string // what is not mapped, and why
	edits []string
}

// calls gives the fields of CDRs and manifests their places.
type calls struct {
	*guesser

	isChild bool // rows name their parent, whose id is that of their conversation
}

// events gives the fields of registrations their places.
type events struct{ *guesser }

// found is the place of one field.
type found struct {
	field  string
	values string // the YAML of its list
	rests  string
	column *column
}

func newGuesser(kind string, t *table) *guesser {
	g := &guesser{kind: kind, table: t, times: map[*column]*spelling{}, taken: map[*column]bool{}}
	for _, c := range t.columns {
		if s := c.spelling(); s != nil && !named(c, `uniqueid|linkedid|^id$|number|phone`) {
			g.times[c] = s
		}
	}
	return g
}

// pick returns the first free column that a pattern names and that has such values.
// Earlier patterns count more than earlier columns.
func (g *guesser) pick(fits func(*column) bool, patterns ...string) *column {
	for _, pattern := range patterns {
		for _, c := range g.table.columns {
			if !g.taken[c] && len(c.values()) > 0 && named(c, pattern) && fits(c) {
				return c
			}
		}
	}
	return nil
}

// put gives a field the place of a column.
func (g *guesser) put(field string, c *column, steps, rests string) {
	if c.encoded {
		rests += "; its values are percent-encoded"
	}

	value := g.value(c, steps)
	// Repairs of JSON are written to a place itself, which must not be one whose values
	// need steps. A table has columns for them, and XML is only read.
	if strings.HasPrefix(value, "{") && g.writes() && slices.Contains(repairable, field) {
		target := "/" + field
		if target == c.place {
			target = "/repaired_" + field
		}
		value = quote(target) + ", " + value
		g.made = append(g.made, field)
	}
	g.taken[c] = true
	for _, part := range c.parts {
		g.taken[part] = true
	}
	g.found = append(g.found, found{field, "[" + value + "]", rests, c})
}

// value returns the YAML of the value of a column after some steps.
func (g *guesser) value(c *column, steps string) string {
	var all []string
	from := "from: " + quote(c.place)
	if c.parts != nil {
		from = "join: [" + quote(c.parts[0].place) + ", " + quote(c.parts[1].place) + `], with: " "`
		all = append(all, "{time: ["+quote(g.times[c].layout)+"]}")
	}
	if c.encoded {
		all = append(all, "{decode: url}")
	}
	if steps != "" {
		all = append(all, steps)
	}
	if len(all) == 0 {
		return quote(c.place)
	}
	return "{" + from + ", then: [" + strings.Join(all, ", ") + "]}"
}

// repairable are the fields that repairs fill in.
var repairable = []string{"recording_id", "conversation_id", "trunk_id", "start_time", "end_time", "duration_ms"}

// writes reports whether repairs are written to the places of the profile.
func (g *guesser) writes() bool {
	return g.kind == "manifests" && (g.table.format == profile.JSON || g.table.format == profile.JSONLines)
}

// edit notes something that a person has to check or fill in.
func (g *guesser) edit(format string, args ...any) {
	g.edits = append(g.edits, fmt.Sprintf(format, args...))
}

// fields finds the places of all fields, the surest first.
func (g *guesser) fields() {
	if g.kind == "registrations" {
		e := &events{g}
		e.eventTimes()
		e.others()
	} else {
		c := &calls{guesser: g}
		c.callTimes()
		c.durations()
		if g.kind == "cdrs" {
			c.answers()
		}
		c.ids()
		c.trunk()
		c.parties()
		if g.kind == "cdrs" {
			c.voice()
		} else {
			c.written()
		}
	}
	g.truths()
	g.pageEdits()
	if c := &g.table.csv; c.more > 0 {
		last := c.header[len(c.header)-c.more:]
		g.edit("csv.header: what the last columns are, which the built-in profile %s does not have: %s; one that is the same in all rows of a call is its conversation_id", c.borrowed, strings.Join(last, ", "))
	}
	g.zone()
}

// written says what becomes of fields that no column holds. In JSON they get the place
// that repairs are written to, which no sample shows: a person has to confirm it.
func (g *calls) written() {
	var lacking []string
	for _, field := range []string{"recording_id", "conversation_id", "trunk_id", "end_time"} {
		if slices.ContainsFunc(g.found, func(f found) bool { return f.field == field }) {
			continue
		}
		lacking = append(lacking, field)
		if g.writes() {
			g.found = append(g.found, found{field: field, values: "[" + quote("/"+field) + "]", rests: "EDIT: no sample has it, and repairs are written to this new member; name the member that holds it, if there is one"})
		}
	}
	for i := range g.found {
		if f := &g.found[i]; slices.Contains(g.made, f.field) {
			f.rests += "; EDIT: repairs are written to the first place, a new member"
		}
	}

	switch {
	case len(lacking) > 0:
		holds := "each"
		if len(lacking) == 1 {
			holds = "it"
		}
		g.edit("fields.%s: which place of the samples holds %s; where none does, as was assumed, repairs %s", strings.Join(lacking, ", "), holds, g.whereRepairsGo())
	case len(g.made) > 0:
		g.edit("fields.%s: whether repairs may be written to new members of these names, as the values need steps", strings.Join(g.made, ", "))
	}
}

// whereRepairsGo says what becomes of a repaired value for which there is no place.
func (g *calls) whereRepairsGo() string {
	switch g.table.format {
	case profile.XML:
		return "stand in the document in JSON that is written instead"
	case profile.Parquet:
		return "stand only in the table of repairs"
	case profile.CSV:
		return "get columns of these names"
	default:
		return "are written to new members of these names"
	}
}

// place returns the column of a field, nil when it has none.
func (g *guesser) place(field string) *column {
	for _, f := range g.found {
		if f.field == field {
			return f.column
		}
	}
	return nil
}

// words returns the different values of a column in order.
func words(c *column) []string {
	values := c.values()
	slices.Sort(values)
	return slices.Compact(values)
}

// truths says why truth values about recording are not mapped.
func (g *guesser) truths() {
	for _, c := range g.table.columns {
		if !g.taken[c] && (c.truths && len(c.values()) > 0 || c.all(isTruth)) && named(c, `record`) {
			g.notes = append(g.notes, "recorded: "+c.place+" is not mapped, as it says that a recording exists or a recorder started; recorded means that the call was to be recorded")
		}
	}
}

// formatNames lists the formats of a profile: files with one record may be JSON
// Lines, too.
func (t *table) formatNames() string {
	if t.format == profile.JSON || t.format == profile.JSONLines {
		return "json, jsonl"
	}
	return t.format.String()
}

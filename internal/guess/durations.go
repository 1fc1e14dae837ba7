package guess

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// units are the units of durations in seconds, the commonest first.
var units = []struct {
	name    string
	seconds float64
}{{"s", 1}, {"ms", 1e-3}, {"us", 1e-6}}

// durations finds durations and their unit, by the differences of times.
func (g *calls) durations() {
	isLength := func(c *column) bool {
		return g.times[c] == nil && !g.taken[c] && !c.list && !named(c, `rate|cost|price|code`) && (c.all(isDecimal) || c.all(clock.MatchString))
	}
	for _, f := range []struct {
		field, from string
		patterns    []string
	}{
		{"talk_ms", "answer_time", []string{`bill|talk|conversation_?(time|sec|dur)|connected_?(time|sec|dur)`, `^duration$`, `duration`}},
		{"duration_ms", "start_time", []string{`^duration`, `duration|length|elapsed`, `^(call|total) (time|sec|seconds)$`}},
	} {
		if f.field == "talk_ms" && g.kind != "cdrs" {
			continue
		}
		if g.kind == "manifests" { // a recording lasts as long as somebody talks
			f.patterns = append(f.patterns, `talk|^seconds?$|^secs?$`)
		}
		for _, pattern := range f.patterns {
			c := g.pick(isLength, pattern)
			if c == nil {
				continue
			}
			unit, rests, compared := g.unitOf(c, f.from)
			if unit != "" {
				g.putLength(f.field, c, unit, rests)
				break
			}
			if compared {
				note := f.field + ": " + c.place + " is not the time from " + f.from + " to end_time in any unit"
				if !slices.Contains(g.notes, note) {
					g.notes = append(g.notes, note)
				}
				continue
			}

			// Without times to compare with, the name alone has to say it.
			if f.field == "talk_ms" && !named(c, `bill|talk|connected|conversation`) {
				continue
			}
			unit, sure := unitByName(c)
			g.putLength(f.field, c, unit, "its name; no difference of times shows its unit")
			if !sure {
				g.edit("fields.%s: the unit of %s, which was taken for %s", f.field, c.place, unit)
			}
			break
		}
		if g.place(f.field) == nil {
			g.byValues(f.field, f.from, isLength)
		}
	}
}

// byValues takes a column of any name that is the time from a field to the end in
// rows enough.
func (g *calls) byValues(field, from string, isLength func(*column) bool) {
	for _, c := range g.table.columns {
		if g.taken[c] || !isLength(c) || c.distinct() < 2 { // one number may agree by chance
			continue
		}
		if unit, rests, _ := g.unitOf(c, from); unit != "" {
			g.putLength(field, c, unit, rests)
			return
		}
	}
}

// unanswered are the words of outcomes of calls that nobody answered.
var unanswered = []string{"noanswer", "busy", "failed", "canceled", "cancelled", "missed", "abandoned", "rejected", "congestion"}

// answers sees that something tells when calls end, and whether they were answered.
func (g *calls) answers() {
	length, talk := g.place("duration_ms"), g.place("talk_ms")
	if g.place("end_time") == nil && length == nil && talk != nil {
		i := slices.IndexFunc(g.found, func(f found) bool { return f.field == "talk_ms" })
		g.found = append(g.found, found{"duration_ms", g.found[i].values, "nothing else says when calls end", talk})
		g.edit("fields.duration_ms: whether %s is the length of the whole call, too; no other column says when calls end", talk.place)
	} else if g.place("end_time") == nil && length == nil {
		g.edit("fields.end_time: which column says when calls end, or fields.duration_ms how long they last")
	}
	if g.place("answer_time") != nil || talk != nil {
		return
	}

	isWord := func(c *column) bool {
		return c.distinct() <= 20 && c.all(isShort) && slices.ContainsFunc(words(c), isUnanswered)
	}
	outcome := g.pick(isWord, `status|disposition|result|outcome`)
	if outcome == nil || length == nil {
		g.edit("fields.answer_time, talk_ms or recorded: nothing tells whether calls were answered; map one of them, unless the configuration has expect: all")
		return
	}
	var pairs []string
	for _, word := range words(outcome) {
		if isUnanswered(word) {
			pairs = append(pairs, quote(word)+": 0")
		}
	}
	i := slices.IndexFunc(g.found, func(f found) bool { return f.field == "duration_ms" })
	values := "[{from: " + quote(outcome.place) + ", then: [{map: {" + strings.Join(pairs, ", ") + `}, else: ""}]}, ` + strings.TrimPrefix(g.found[i].values, "[")
	g.found = append(g.found, found{"talk_ms", values, "calls whose outcome is such a word were not answered; of others all of the duration counts", outcome})
	g.edit("fields.talk_ms: whether calls were answered whose %s is another word than %s", outcome.place, strings.Join(pairs, ", "))
}

func isUnanswered(word string) bool {
	return slices.Contains(unanswered, regexp.MustCompile(`[^a-z]`).ReplaceAllString(strings.ToLower(word), ""))
}

func (g *calls) putLength(field string, c *column, unit, rests string) {
	steps := "{unit: " + unit + "}"
	if unit == "ms" && g.writes() && c.all(wholeNumber.MatchString) { // repairs are written to a place without steps
		steps = ""
	}
	g.put(field, c, steps, rests)
}

// unitOf returns the unit in which a column agrees with the time from a field to the
// end, in nine of ten rows and at least one, and whether any row has both times.
func (g *calls) unitOf(c *column, from string) (unit, rests string, compared bool) {
	first, last := g.place(from), g.place("end_time")
	if first == nil || last == nil {
		return "", "", false
	}
	for _, u := range units {
		agree, of := 0, 0
		for i, cell := range c.cells {
			a, ok1 := g.times[first].at(first.cells[i])
			b, ok2 := g.times[last].at(last.cells[i])
			length, ok := seconds(cell, u.seconds)
			if !ok || !ok1 || !ok2 || length == 0 {
				continue
			}
			of++
			if math.Abs(b-a-length) <= 1.01 {
				agree++
			}
		}
		compared = compared || of > 0
		if of > 0 && 10*agree >= 9*of {
			name := u.name
			if c.all(clock.MatchString) {
				name = "hh:mm:ss"
			}
			return name, fmt.Sprintf("in %d of %d rows it is the time from %s to end_time", agree, of, from), true
		}
	}
	return "", "", compared
}

// seconds returns a duration in seconds.
func seconds(text string, unit float64) (float64, bool) {
	if !strings.Contains(text, ":") {
		n, err := strconv.ParseFloat(text, 64)
		return n * unit, err == nil
	}
	total := 0.0
	for part := range strings.SplitSeq(text, ":") {
		n, err := strconv.ParseFloat(part, 64)
		if err != nil {
			return 0, false
		}
		total = 60*total + n
	}
	return total, true
}

// unitByName returns the unit that the name of a column says, or its values, and
// whether that is sure.
func unitByName(c *column) (string, bool) {
	switch {
	case c.all(clock.MatchString):
		return "hh:mm:ss", true
	case named(c, `millis|_ms$|ms$`):
		return "ms", true
	case named(c, `sec`):
		return "s", true
	case named(c, `micro|usec`):
		return "us", true
	}
	return "s", false
}

package guess

import (
	"cmp"
	"slices"
	"strings"
)

// callTimes finds start, answer and end.
func (g *calls) callTimes() {
	isTime := func(c *column) bool { return g.times[c] != nil }
	put := func(field string, c *column, rests string) {
		s := g.times[c]
		steps := ""
		if s.since != "" {
			steps = "{epoch: {since: " + s.since + ", unit: " + s.unit + "}}"
		}
		g.put(field, c, steps, rests+"; "+s.what)
	}

	for _, f := range []struct {
		field    string
		patterns []string
	}{
		{"answer_time", []string{`^answer`, `\banswer(ed)?\b`, `answer(ed)?_?(start_?)?(time|epoch|at)`, `^datetimeconnect$`, `connectedtoagent`, `connect(ed)?(time|at)?$`, `established|pickup`}},
		{"end_time", []string{`^end`, `\b(end|ended|finished|stopped)\b`, `(call)?end(_?time|epoch|ed)?`, `disconnect`, `hangup|stop|finish|release`}},
		{"start_time", []string{`^start_?(time|epoch)?$`, `^start`, `\b(start|started|begin|began)\b`, `initiation|origination`, `calldate|begin|setup`, `^(date_?time|timestamp|time|date)$`, `date|time`}},
		{"updated_at", []string{`update|modified`}},
	} {
		if f.field == "updated_at" && g.kind != "cdrs" || f.field == "answer_time" && g.kind != "cdrs" {
			continue
		}
		// Connected to the system is no answer, and disconnected no connection.
		fit := func(c *column) bool {
			return isTime(c) && !(f.field == "answer_time" && named(c, `disconnect|tosystem`)) && !(f.field == "start_time" && named(c, notOfCalls) && len(g.times) > 1)
		}
		// A time that says its zone, or counts seconds, is surer than one that does not.
		c := g.pick(func(c *column) bool { return fit(c) && !g.times[c].local }, f.patterns...)
		if c == nil {
			c = g.pick(fit, f.patterns...)
		}
		if c != nil {
			put(f.field, c, "its name")
		}
	}
	g.byOrder(put)
	if g.place("start_time") == nil {
		g.edit("fields.start_time: which column says when calls start; none holds times in a known layout")
	}
}

// notOfCalls matches the names of times that are not those of the call itself.
const notOfCalls = `update|modified|created|upload|insert|export|deliver`

// byOrder gives the times that no name tells by their order in every row: the first is
// the start, the last is the end, and one between them the answer.
func (g *calls) byOrder(put func(field string, c *column, rests string)) {
	var free []*column
	for _, c := range g.table.columns {
		if g.times[c] != nil && !g.taken[c] && !named(c, notOfCalls) {
			free = append(free, c)
		}
	}
	slices.SortStableFunc(free, func(a, b *column) int { return cmp.Compare(g.before(b, a), g.before(a, b)) })

	var guessed []string
	take := func(field string, i int) {
		guessed = append(guessed, field+" "+free[i].place)
		put(field, free[i], "EDIT: its name says nothing; the order of the times suggests it")
		free = slices.Delete(free, i, i+1)
	}
	if g.place("start_time") == nil && len(free) > 0 {
		take("start_time", 0)
	}
	if start := g.place("start_time"); start != nil && g.place("end_time") == nil && len(free) > 0 {
		if last := len(free) - 1; g.before(start, free[last]) > 0 && g.before(free[last], start) == 0 {
			take("end_time", last)
		}
	}
	if end := g.place("end_time"); end != nil && g.kind == "cdrs" && g.place("answer_time") == nil && len(guessed) == 2 && len(free) == 1 && g.before(end, free[0]) == 0 {
		take("answer_time", 0)
	}
	if guessed != nil {
		g.edit("fields: whether these times are what their order suggests: %s", strings.Join(guessed, ", "))
	}
}

// before returns in how many rows the time of a column is before that of another.
func (g *guesser) before(a, b *column) (rows int) {
	for i := range a.cells {
		x, ok1 := g.times[a].at(a.cells[i])
		y, ok2 := g.times[b].at(b.cells[i])
		if ok1 && ok2 && x < y {
			rows++
		}
	}
	return rows
}

// zone asks for the zone of times that have none, and for the order of day and
// month.
func (g *guesser) zone() {
	local := false
	for _, f := range g.found {
		s := g.times[f.column]
		if s == nil {
			continue
		}
		local = local || s.local
		if s.either {
			g.edit("time_layouts: whether the day or the month comes first in %s; %s was taken, and no value tells", f.column.place, s.layout)
		}
	}
	if local {
		g.edit("zone: the zone of the times, which have none; UTC was taken")
	}
}

// layouts returns the layouts that the profile has to name.
func (g *guesser) layouts() (list []string, local bool) {
	for _, f := range g.found {
		s := g.times[f.column]
		if s == nil {
			continue
		}
		local = local || s.local
		if s.layout != "" && !usual(s.layout) && !s.yearless && !slices.Contains(list, s.layout) && !strings.Contains(f.values, "{time:") {
			list = append(list, s.layout)
		}
	}
	return list, local
}

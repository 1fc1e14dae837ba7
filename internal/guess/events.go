package guess

import (
	"fmt"
	"regexp"
	"strings"
)

// eventTimes finds the time of events, which may stand in two columns.
func (g *events) eventTimes() {
	if c := g.pick(func(c *column) bool { return g.times[c] != nil }, `^(time|when|timestamp|date_?time)$`, `time|when|date`, ``); c != nil {
		s := g.times[c]
		steps := ""
		if s.since != "" {
			steps = "{epoch: {since: " + s.since + ", unit: " + s.unit + "}}"
		}
		if s.yearless {
			steps = "{time: [" + quote(s.layout) + "]}"
		}
		g.put("time", c, steps, "its name; "+s.what)
		return
	}

	g.edit("fields.time: which column holds the time, and its layout; the first column was taken")
	g.put("time", g.table.columns[0], "", "EDIT: nothing")
}

// known are words for the state of a registration, with a status for each.
var known = map[string]int{
	"registered": 200, "success": 200, "successful": 200, "ok": 200, "up": 200, "available": 200, "active": 200, "inservice": 200,
	"rejected": 403, "forbidden": 403, "failed": 503, "failure": 503, "error": 503, "unregistered": 503, "down": 503, "unavailable": 503, "outofservice": 503,
	"unauthorized": 401, "timeout": 408, "unreachable": 408,
}

// others finds the other fields of an event.
func (g *events) others() {
	isName := func(c *column) bool { return g.times[c] == nil && !c.truths && !c.list }
	if c := g.pick(func(c *column) bool { return c.all(status.MatchString) }, `^status|code$`, `result|response|status|code`, ``); c != nil {
		g.put("status", c, "", "its values are statuses of SIP or HTTP")
	} else if c := g.pick(func(c *column) bool { return isName(c) && c.distinct() <= 20 && c.all(isShort) }, `state|status|result|response|event|outcome`); c != nil {
		g.statusWords(c)
	} else {
		g.edit("fields.status: which column says whether the attempt succeeded; the constant 503 stands there")
		g.found = append(g.found, found{"status", "[{value: 503}]", "nothing", nil})
	}

	if c := g.pick(isName, `trunk`, `gateway|carrier|peer|account|device|endpoint`, `line`, `user|aor|name`); c != nil {
		field := "trunk_id"
		if named(c, `line`) {
			field = "line_id"
		}
		g.put(field, c, "", "its name")
	} else if c := g.pick(func(c *column) bool {
		return isName(c) && named(c, `path|url|uri`) && c.all(func(v string) bool { return !strings.Contains(v, "{") }) && // a template of paths names no line
			strings.Contains(strings.Join(c.values(), " "), "/lines/")
	}, ``); c != nil {
		g.put("line_id", c, `{match: '/lines/([^/?]+)'}`, "its values are paths of lines")
	} else {
		g.edit("fields.trunk_id: which column names the trunk or line")
	}
	for _, f := range []struct {
		field, pattern string
		fits           func(*column) bool
	}{
		{"reason", `reason|message|error|cause`, isName},
		{"expiry_seconds", `expir`, func(c *column) bool { return c.all(wholeNumber.MatchString) }},
	} {
		if c := g.pick(f.fits, f.pattern); c != nil {
			g.put(f.field, c, "", "its name")
		}
	}
}

// statusWords maps the words of a column to statuses.
func (g *events) statusWords(c *column) {
	var pairs, unknown []string
	for _, word := range words(c) {
		code, ok := known[regexp.MustCompile(`[^a-z]`).ReplaceAllString(strings.ToLower(word), "")]
		if !ok {
			unknown = append(unknown, word)
			code = 503
		}
		pairs = append(pairs, fmt.Sprintf("%s: %d", quote(word), code))
	}
	g.put("status", c, "{map: {"+strings.Join(pairs, ", ")+"}}", "its words are states of a registration")
	if len(unknown) > 0 {
		g.edit("fields.status: whether these words are failures, as was assumed: %s", strings.Join(unknown, ", "))
	}
}

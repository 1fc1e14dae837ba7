package discover

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"time"

	"cdrmend/internal/intern"
	"cdrmend/internal/policy"
	"cdrmend/internal/record"
	"cdrmend/internal/table"
)

// kind is a kind of term.
type kind uint8

const (
	recordingTerm kind = iota
	conversationTerm
	legTerm
	trunkTerm
	lineTerm
	userTerm
	queueTerm
	aniTerm
	dnisTerm
	numberTerm
	mediaTerm
	verdictTerm
)

// kinds says of each kind how it is called, and which columns hold it. Without columns a
// table says nothing about it.
var kinds = [...]struct {
	name              string
	calls, recordings []string
	number            bool // a telephone number
}{
	recordingTerm:    {name: "recording", recordings: []string{"recording_id"}},
	conversationTerm: {name: "conversation", calls: []string{"conversation_id"}, recordings: []string{"conversation_id"}},
	legTerm:          {name: "leg", calls: []string{"leg_id"}, recordings: []string{"leg_id"}},
	trunkTerm:        {name: "trunk", calls: []string{"trunk_id"}, recordings: []string{"trunk_id"}},
	lineTerm:         {name: "line", calls: []string{"line_id"}, recordings: []string{"line_id"}},
	userTerm:         {name: "user", calls: []string{"user_ids"}, recordings: []string{"user_ids"}},
	queueTerm:        {name: "queue", calls: []string{"queue_ids"}},
	aniTerm:          {name: "caller", calls: []string{"ani"}, recordings: []string{"ani"}, number: true},
	dnisTerm:         {name: "called number", calls: []string{"dnis"}, recordings: []string{"dnis"}, number: true},
	numberTerm:       {name: "number", calls: []string{"ani", "dnis"}, recordings: []string{"ani", "dnis"}, number: true},
	mediaTerm:        {name: "media type", recordings: []string{"media_type"}},
	verdictTerm:      {name: "verdict", calls: []string{"verdict"}},
}

func (k kind) String() string { return kinds[k].name }

// columns returns the columns of a table that hold the kind.
func (k kind) columns(s *table.Schema) []string {
	if s == table.Calls {
		return kinds[k].calls
	}
	return kinds[k].recordings
}

// normal returns a value in the form that tables have it in, which is found by way of some texts,
// the same ones for all values. A telephone number that begins
// with a star stands for all that end like it. It is empty for what is no such value.
func (k kind) normal(texts *intern.Table, v string) string {
	v = strings.TrimSpace(v)
	switch {
	case kinds[k].number:
		rest, star := strings.CutPrefix(v, "*")
		number := digits(rest, !star)
		if star && number != "" {
			return "*" + number
		}
		return number
	case k == mediaTerm || k == verdictTerm:
		return strings.ToLower(v)
	}
	return texts.String(policy.ID(texts, v))
}

// digits returns the digits of a number, and the plus before them if asked for. It is empty for a text
// with anything but what people write between digits.
func digits(v string, plus bool) string {
	var b strings.Builder
	for i, c := range v {
		switch {
		case c >= '0' && c <= '9', plus && c == '+' && i == 0:
			b.WriteRune(c)
		case !strings.ContainsRune(" -./()", c):
			return ""
		}
	}
	if strings.Trim(b.String(), "+") == "" {
		return ""
	}
	return b.String()
}

// invalid says what a value is that has no normal form.
func (k kind) invalid() string {
	if kinds[k].number {
		return "no telephone number, want digits such as +15550100, or *5550100 for all that end like it"
	}
	return "no id"
}

// value is one value that is asked for.
type value struct {
	place  int    // among the values of its clause
	key    string // place in the request
	kind   kind
	text   string // in normal form
	suffix bool   // of a number
	hits   int64  // rows that the request covers and that have it

	custodian string // name of the custodian whose value it is, or empty
}

// fits reports whether one element of a cell is the value.
func (v *value) fits(element []byte) bool {
	switch {
	case v.suffix:
		return bytes.HasSuffix(element, []byte(v.text))
	case v.kind == mediaTerm: // recorders write it in any case
		return bytes.EqualFold(element, []byte(v.text))
	}
	return string(element) == v.text
}

// clause is a part of a request: a row fits when it has one of the values.
type clause struct {
	values []*value

	// A request may have as many values as there are rows, so no row is held against each.
	kinds   []kind
	exact   map[term][]*value
	ends    map[term][]*value // of numbers that are suffixes
	lengths map[kind][]int    // of these suffixes
	folded  []*value          // media types, which are few
}

// term is a text of a kind.
type term struct {
	kind kind
	text string
}

// index prepares the clause, once it has all of its values.
func (c *clause) index() {
	c.exact, c.ends, c.lengths = map[term][]*value{}, map[term][]*value{}, map[kind][]int{}
	seen := map[term]bool{}
	for i, v := range c.values {
		v.place = i
		if first := (term{kind: v.kind}); !seen[first] {
			seen[first] = true
			c.kinds = append(c.kinds, v.kind)
		}
		at := term{v.kind, v.text}
		switch {
		case v.kind == mediaTerm:
			c.folded = append(c.folded, v)
		case v.suffix:
			c.ends[at] = append(c.ends[at], v)
			if n := len(v.text); !slices.Contains(c.lengths[v.kind], n) {
				c.lengths[v.kind] = append(c.lengths[v.kind], n)
			}
		default:
			c.exact[at] = append(c.exact[at], v)
		}
	}
}

// each passes the values of a kind that a cell has until see returns false. It reports
// whether see always returned true.
func (c *clause) each(k kind, cell []byte, see func([]*value) bool) bool {
	if k == mediaTerm {
		for i, v := range c.folded {
			if v.inCell(cell) && !see(c.folded[i:i+1]) {
				return false
			}
		}
		return true
	}
	listed := k == userTerm || k == queueTerm
	for element := range bytes.SplitSeq(cell, []byte(";")) {
		if !listed {
			element = cell
		}
		if found := c.exact[term{k, string(element)}]; len(found) > 0 && !see(found) {
			return false
		}
		for _, n := range c.lengths[k] {
			if n > len(element) {
				continue
			}
			if found := c.ends[term{k, string(element[len(element)-n:])}]; len(found) > 0 && !see(found) {
				return false
			}
		}
		if !listed {
			break
		}
	}
	return true
}

// has returns the values that a row has, in the order of the request.
func (c *clause) has(row table.Cells) (list []*value) {
	for _, k := range c.kinds {
		for _, column := range k.columns(row.Schema()) {
			c.each(k, []byte(row.Get(column)), func(found []*value) bool {
				list = append(list, found...)
				return true
			})
		}
	}
	slices.SortFunc(list, func(a, b *value) int { return a.place - b.place })
	return slices.Compact(list)
}

// clauses returns the clauses of a request. A row must fit all of them.
func (r *Request) clauses() []*clause {
	var all []*clause
	persons, texts := &clause{}, intern.NewTable()
	for _, l := range r.lists() {
		c := &clause{}
		for i, v := range l.values {
			text, suffix := strings.CutPrefix(l.kind.normal(texts, string(v)), "*")
			c.values = append(c.values, &value{key: fmt.Sprintf("%s[%d]", l.key, i), kind: l.kind, text: text, suffix: suffix, custodian: l.custodian})
		}
		if l.custodian != "" {
			persons.values = append(persons.values, c.values...)
		} else {
			all = append(all, c)
		}
	}
	if len(persons.values) > 0 {
		all = append(all, persons)
	}
	for _, c := range all {
		c.index()
	}
	return all
}

// toldBy reports whether a table says anything about the clause.
func (c *clause) toldBy(s *table.Schema) bool {
	return slices.ContainsFunc(c.values, func(v *value) bool { return len(v.kind.columns(s)) > 0 })
}

// fits reports whether a row has one of the values.
func (c *clause) fits(row table.Cells) bool {
	return slices.ContainsFunc(c.kinds, func(k kind) bool {
		return slices.ContainsFunc(k.columns(row.Schema()), func(column string) bool { return c.inKind(k, []byte(row.Get(column))) })
	})
}

// inKind reports whether a cell has one of the values of a kind.
func (c *clause) inKind(k kind, cell []byte) bool {
	return !c.each(k, cell, func([]*value) bool { return false })
}

// fitAll reports whether a row fits all of some clauses.
func fitAll(clauses []*clause, row table.Cells) bool {
	return !slices.ContainsFunc(clauses, func(c *clause) bool { return !c.fits(row) })
}

// inCell reports whether a cell has the value, which may be one of a list.
func (v *value) inCell(cell []byte) bool {
	if v.kind != userTerm && v.kind != queueTerm {
		return len(cell) > 0 && v.fits(cell)
	}
	for element := range bytes.SplitSeq(cell, []byte(";")) {
		if v.fits(element) {
			return true
		}
	}
	return false
}

// written returns the value as a request may state it.
func (v *value) written() string {
	if v.suffix {
		return "*" + v.text
	}
	return v.text
}

// identifying are the kinds of values that few rows share, and that tables have filters for.
var identifying = []kind{recordingTerm, conversationTerm, legTerm}

// search returns a search for the rows of a table that fit the clauses that the table says something about, and overlap
// a span. It may yield more rows; [clause.fits] and overlaps decide.
func search(s *table.Schema, clauses []*clause, span record.Span) *table.Search {
	found := &table.Search{}
	for _, c := range clauses {
		columns := c.columns(s)
		if len(columns) == 0 {
			continue
		}
		if len(found.Any) == 0 && len(columns) == 1 && slices.Contains(identifying, c.values[0].kind) {
			var ids []string
			for _, v := range c.values {
				ids = append(ids, v.text)
			}
			found.Any = append(found.Any, table.Having(columns[0], ids...))
			continue
		}
		found.Where = append(found.Where, table.Where{Columns: columns, Text: c.inCell})
	}

	// What has no start is left to overlaps.
	if within := (table.Where{Columns: []string{"start_time"}, Least: int64(record.NoTime), Most: mostTime, Missing: true}); span != (record.Span{Start: record.NoTime, End: record.NoTime}) {
		if span.Start != record.NoTime {
			within.Least = int64(span.Start.Add(-longestCall))
		}
		if span.End != record.NoTime {
			within.Most = int64(span.End) - 1
		}
		found.Where = append(found.Where, within)
	}
	return found
}

const mostTime = 1<<63 - 1

// columns returns the columns of a table that hold values of the clause.
func (c *clause) columns(s *table.Schema) (list []string) {
	for _, k := range c.kinds {
		for _, column := range k.columns(s) {
			if !slices.Contains(list, column) {
				list = append(list, column)
			}
		}
	}
	return list
}

func (c *clause) inCell(cell []byte) bool {
	return slices.ContainsFunc(c.kinds, func(k kind) bool { return c.inKind(k, cell) })
}

// overlaps reports whether a row of an interval may overlap a span. A row is taken to last no
// longer than longestCall: what has no end, or one before its start, ends so much later, and
// what has no start began so much earlier. What has neither time lasts as long as its interval.
func overlaps(row table.Cells, interval, span record.Span) bool {
	start, end := timeOf(row, "start_time"), timeOf(row, "end_time")
	switch {
	case start == record.NoTime && end == record.NoTime:
		start, end = interval.Start, interval.End
	case start == record.NoTime:
		start = end.Add(-longestCall)
	case end < start, end > start.Add(longestCall): // also a missing end
		end = start.Add(longestCall)
	}
	return (span.End == record.NoTime || start < span.End) && (span.Start == record.NoTime || end > span.Start || start >= span.Start)
}

// timeOf returns a time of a row, NoTime when it is missing.
func timeOf(row table.Cells, column string) record.Time {
	return parsedTime(row.Get(column))
}

// parsedTime returns a time as tables have it.
func parsedTime(text string) record.Time {
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil { // tables have no others
		return record.NoTime
	}
	return record.TimeOf(t)
}

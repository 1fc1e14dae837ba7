package guess

import (
	"cmp"
	"fmt"
	"regexp"
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

// place returns the column of a field, nil when it has none.
func (g *guesser) place(field string) *column {
	for _, f := range g.found {
		if f.field == field {
			return f.column
		}
	}
	return nil
}

// ids finds the ids of conversations, legs and recordings.
func (g *calls) ids() {
	isID := func(c *column) bool {
		return g.times[c] == nil && !c.truths && !c.list && c.distinct() > 0 && !c.all(isTruth)
	}
	// A record that is delivered again when it changes has the same id again.
	unique := func(c *column) bool {
		return isID(c) && (c.unique() || g.place("updated_at") != nil && len(c.values()) == g.table.rows && 2*c.distinct() > g.table.rows)
	}
	many := func(c *column) bool {
		return (isID(c) || c.list) && !c.truths && !c.all(isTruth) && !c.all(wholeNumberBelow10)
	}

	if g.kind == "manifests" {
		// A recording may be listed twice.
		nearly := func(c *column) bool {
			return isID(c) && len(c.values()) == g.table.rows && 10*c.distinct() >= 9*g.table.rows
		}
		if c := g.pick(nearly, `recording_?id|recordingsid`, `^(rec|recording)$`, `^(sid|id|uuid|guid)$`, `id$`); c != nil {
			g.put("recording_id", c, "", fmt.Sprintf("its name; %d different values in %d rows", c.distinct(), g.table.rows))
		}
	} else if c := g.pick(func(c *column) bool { return many(c) && !named(c, `status|type|state|channel|participant`) }, `recordingfile|record(ing)?_?(path|file|url|location|ids?)$`, `^recordings?$`, `recordings?/\*/(location|id|url)$`, `recording/(location|id|url)$`); c != nil {
		switch {
		case named(c, `path|file|url|location`) && c.elements(namesUUID.MatchString):
			g.put("recording_ids", c, "{match: '"+namesUUID.String()+"'}", "its name; each file is named after an id")
		case named(c, `path|file|url|location`):
			g.put("recording_ids", c, `{match: '([^/]+)$'}`, "its name; the last step of a path is the name of the recording")
		default:
			g.put("recording_ids", c, "", "its name")
		}
	}

	conversation := []string{`conversation_?id`, `linkedid`, `bridge_?id`, `interaction_?id`, `global.?call.?id.*call.?id$`, `(^|[^a-z])call_?(sid|id|uuid)$`, `\bcall (sid|id|uuid|identifier|ref|reference)$`, `^(call|conversation|interaction)$`, `initialcontactid`, `contactid$`, `parent.*(sid|id)$`, `uniqueid|pkid`, `(^|/)(uuid|guid|sid|id)$`, `id$`}
	// Manifests lack values: that is what repairs are for.
	filled := func(c *column) bool {
		n := len(c.values())
		return n == g.table.rows || g.kind == "manifests" && 2*n >= g.table.rows
	}
	c := g.pick(func(c *column) bool {
		return isID(c) && filled(c) && !named(c, `next|previous|account|agent|user|manager|cluster`)
	}, conversation...)
	if c != nil {
		g.put("conversation_id", c, "", fmt.Sprintf("its name; %d different values in %d rows", c.distinct(), g.table.rows))
		g.parent(c)
		if node := g.pick(func(c *column) bool { return isID(c) && len(c.values()) == g.table.rows }, `manager_?id|cluster_?id|node_?id`); node != nil {
			g.edit("fields.conversation_id: whether %s is unique without %s; if it is not, join them", c.place, node.place)
		}
	}
	if c == nil && g.kind != "manifests" {
		g.edit("fields.conversation_id: which column names the call")
	}
	if g.kind != "cdrs" {
		return
	}

	g.leg(c, isID, unique)
	g.sharedRecordings()
}

// sharedRecordings asks about recordings that are all named after their own row, where
// rows have parents: a name that every row makes for itself does not show that there is
// a file, and a parent and its children may share one.
func (g *calls) sharedRecordings() {
	paths, leg := g.place("recording_ids"), g.place("leg_id")
	if !g.isChild || paths == nil || leg == nil {
		return
	}
	for i, cell := range paths.cells {
		if cell != "" && (leg.cells[i] == "" || !strings.Contains(cell, leg.cells[i])) {
			return
		}
	}
	g.edit("fields.recording_ids: whether each call has a recording of its own, as %s is named after the row; delete the field where a call and its parent share one", paths.place)
}

// leg finds the id of a leg: one that has another value in every row.
func (g *calls) leg(conversation *column, isID, unique func(*column) bool) {
	other := func(c *column) bool { return unique(c) && !named(c, notOfLegs) }
	leg := g.pick(isID, `^leg_?id$`, `^leg$`)
	if leg == nil && !g.isChild {
		leg = g.pick(other, `leg_?id|\bleg (id|uuid)$`, `pkid|uuid|uniqueid`, `(^|[^a-z])call_?(sid|id)$`, `(^|/)(sid|id|guid)$`, `contactid$`, `id$`)
	}
	if leg != nil {
		g.put("leg_id", leg, "", fmt.Sprintf("its name; %d different values in %d rows", leg.distinct(), g.table.rows))
		return
	}
	if conversation == nil || !unique(conversation) {
		g.notes = append(g.notes, "leg_id: no column has another value in every row")
		return
	}

	// The id of a row is both when calls have one row each, or say which row is their
	// parent. Nothing else tells rows that are delivered twice from two legs.
	rests := fmt.Sprintf("another value in each of %d rows", g.table.rows)
	if !g.isChild {
		rests += ", as is conversation_id: no other column can be that of the call, so each row is a call of its own"
	}
	if !g.isChild && !named(conversation, `call|contact|conversation|interaction|session|unique`) {
		g.edit("fields.conversation_id: which place is the same in all rows of one call; %s, the id of the row, stands there, which is right only when each call has one row", conversation.place)
	}
	g.put("leg_id", conversation, "", rests)
}

// notOfLegs matches the names of ids of something else, which may have another value
// in each of a few rows.
const notOfLegs = `next|previous|account|agent|user|manager|cluster|caller|callee|customer|phone|queue|campaign|skill|trunk|party|org|device|record|session`

// parent puts the id of a parent before that of a conversation: a column of that
// name whose values are ids of other rows.
func (g *calls) parent(id *column) {
	known := words(id)
	c := g.pick(func(c *column) bool {
		return !c.list && c.all(func(v string) bool { return slices.Contains(known, v) })
	}, `parent|originating|initial`)
	if c == nil {
		return
	}

	f := &g.found[len(g.found)-1]
	place := quote(c.place)
	if c.encoded {
		place = "{from: " + place + ", then: [{decode: url}]}"
	}
	f.values = "[" + place + ", " + strings.TrimPrefix(f.values, "[")
	f.rests += "; all values of " + c.place + " are ids of other rows"
	g.taken[c] = true
	g.isChild = true
}

func wholeNumberBelow10(text string) bool { return len(text) == 1 && wholeNumber.MatchString(text) }

// trunk finds the trunk: a column of that name, or a channel that holds it.
func (g *calls) trunk() {
	isName := func(c *column) bool { return g.times[c] == nil && !c.truths && !c.list }
	if c := g.pick(isName, `trunk_?(id|sid|name|group)?$`, `gateway`, `carrier`, `origdevicename`, `ingress`, `peer`); c != nil {
		g.put("trunk_id", c, "", fmt.Sprintf("its name; %d different values", c.distinct()))
		return
	}
	if g.channels() {
		return
	}
	if g.kind != "manifests" { // one edit names all that they lack
		g.edit("fields.trunk_id: which column names the trunk; no name of one says so")
	}
}

// channels takes the trunk from columns of channels, and reports whether there are
// any. A call that goes out has the trunk in another one than a call that comes in.
func (g *calls) channels() bool {
	var all []string
	for _, c := range g.table.columns {
		if slices.ContainsFunc(c.values(), channel.MatchString) && !g.taken[c] {
			g.put("trunk_id", c, `{match: '^(?:PJSIP|SIP|IAX2|DAHDI)/(.*[A-Za-z].*)-[0-9a-f]{8}$'}`, "its values are channels, which hold the name of the trunk")
			last := len(g.found) - 1
			all = append(all, strings.Trim(g.found[last].values, "[]"))
			g.found = g.found[:last]
		}
	}
	if all == nil {
		return false
	}
	g.found = append(g.found, found{field: "trunk_id", values: "[" + strings.Join(all, ", ") + "]", rests: "the values are channels, which hold the name of the trunk"})
	return true
}

// voice keeps the rows of calls when a column says that others are chats or the like.
func (g *calls) voice() {
	isWord := func(c *column) bool {
		return c.distinct() > 1 && c.distinct() <= 8 && c.all(isShort) && !c.list && slices.ContainsFunc(words(c), isWritten)
	}
	c := g.pick(isWord, `^(channel|media_?type|contact_?type|type)$`)
	if c == nil {
		return
	}

	var kept, skipped []string
	for _, word := range words(c) {
		if isWritten(word) {
			skipped = append(skipped, word)
		} else {
			kept = append(kept, quote(word))
		}
	}
	if kept == nil {
		return
	}
	g.taken[c] = true
	g.keep = fmt.Sprintf("{reason: not a call, where: {%s: [%s]}}", quote(c.place), strings.Join(kept, ", "))
	g.edit("keep: whether rows whose %s is %s are no calls; they are skipped", c.place, strings.Join(skipped, " or "))
}

// isWritten reports whether a word is that of a contact in which nobody speaks.
func isWritten(word string) bool {
	return slices.Contains([]string{"chat", "email", "e-mail", "mail", "message", "messaging", "sms", "task", "text"}, strings.ToLower(word))
}

// parties finds numbers and directions.
func (g *calls) parties() {
	isPhone := func(c *column) bool { return c.all(phone.MatchString) && g.times[c] == nil && !c.list }
	isWord := func(c *column) bool {
		return c.distinct() <= 8 && c.all(isShort) && !c.truths && g.times[c] == nil && !c.list
	}
	isParty := func(c *column) bool { // a tag of SIP names a dialog
		return !named(c, `tag$`) && (c.all(extension.MatchString) || c.all(phone.MatchString)) && g.times[c] == nil && !c.list
	}
	for _, f := range []struct {
		field    string
		fits     func(*column) bool
		patterns []string
	}{
		{"ani", isParty, []string{`^from (no|num|number)$`}},
		{"ani", isPhone, []string{`^ani$`, `^(from|src)$`, `calling|caller(id)?_?num|caller_number|caller`, `customer.*(address|phone)|customerphone`, `from_user|from`}},
		{"ani", isParty, []string{`^from dn$`, `^(calling|caller|from|ani)`}},
		{"dnis", isParty, []string{`^to (no|num|number)$`}},
		{"dnis", isPhone, []string{`^dnis$|^did$`, `^(to|dst)$`, `finalcalled|callee|called|dialed|destination`, `system.*address`, `to_user|to$`}},
		{"dnis", isParty, []string{`^to dn$`, `^(called|callee|dnis)`}},
		{"direction", isWord, []string{`^direction$`, `direction|initiationmethod`}},
	} {
		if g.place(f.field) != nil {
			continue
		}
		if c := g.pick(f.fits, f.patterns...); c != nil {
			g.put(f.field, c, "", "its name")
		}
	}
	if g.kind != "manifests" {
		return
	}
	isState := func(c *column) bool { return isWord(c) && slices.ContainsFunc(words(c), saysNoMedia) }
	c := g.pick(isWord, `^(state|status)$`, `export_?status|recording_?status`)
	if c == nil {
		c = g.pick(isState, `state|status|export|result|outcome`)
	}
	if c != nil {
		g.put("state", c, "", fmt.Sprintf("its name; its words are %s", strings.Join(words(c), ", ")))
	}
}

// saysNoMedia reports whether a word says that there is no media, or not yet.
func saysNoMedia(word string) bool {
	return slices.Contains([]string{"absent", "deleted", "failed", "processing", "in-progress", "queued", "uploading", "pending"}, strings.ToLower(word))
}

// isShort reports whether a text can be a word of a state, which a draft may show:
// anything longer, or with a digit, may be a secret.
func isShort(text string) bool { return len(text) <= 24 && wordLike.MatchString(text) }

var wordLike = regexp.MustCompile(`^\pL[\pL _.-]*$`)

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

// formatNames lists the formats of a profile: files with one record may be JSON
// Lines, too.
func (t *table) formatNames() string {
	if t.format == profile.JSON || t.format == profile.JSONLines {
		return "json, jsonl"
	}
	return t.format.String()
}

package page

import (
	"cmp"
	"html/template"
	"slices"
	"strconv"
	"strings"

	"cdrmend/internal/policy"
	"cdrmend/internal/printable"
	"cdrmend/internal/record"
	"cdrmend/internal/report"
	"cdrmend/internal/table"
	"cdrmend/internal/wording"
)

// The largest numbers of calls that a card lists, and that are kept to choose from:
// whether a finding was accepted is known only once the findings are read.
const (
	mostListed = 50
	mostKeptOf = 8 * mostListed
)

// callList is the calls that a card is about.
type callList struct {
	Label string
	Calls []callView
	Rest  int64        // open findings about further calls
	Link  template.URL // to all of them
	Local string       // name of the zone of local times, empty without one

	NoTalk bool // how long somebody could be heard is not told
}

// callView is one call as a card shows it.
type callView struct {
	Start         record.Time
	Local         string // start in the configured zone
	UTC           string // start, without the day when that is the same in the zone
	Direction     string
	From, To      string // telephone numbers
	Users, Queues []thing
	Trunk, Line   thing
	Talk, Note    string // how long it was, and what is there of it
	Coincides     string // how it relates to an outage, in words
	Finding       string
	Class         string // of that finding

	work string // title of the work that the finding asks for
	open int64  // its findings that are open
}

// thing is something with an id, and with a name if one is configured.
type thing struct{ Name, ID, Cut string }

// callKeeper keeps the first calls of two verdicts, which come in the order of
// time, and notes their findings.
type callKeeper struct {
	show   *shower
	zone   *localZone
	lists  [len(marked)][]callView
	places map[string]callPlace // by the place of their rows
	key    []byte
}

// callPlace is where a call is kept.
type callPlace struct{ verdict, at int }

func newCallKeeper(show *shower, zone *localZone) callKeeper {
	return callKeeper{show: show, zone: zone, places: map[string]callPlace{}}
}

var (
	callLine      = table.Calls.Index("line_id")
	callDirection = table.Calls.Index("direction")
	callANI       = table.Calls.Index("ani")
	callDNIS      = table.Calls.Index("dnis")
	callUsers     = table.Calls.Index("user_ids")
	callQueues    = table.Calls.Index("queue_ids")
	callAnswer    = table.Calls.Index("answer_time")
	callEnd       = table.Calls.Index("end_time")
	callCovered   = table.Calls.Index("covered_ms")
	callUncovered = table.Calls.Index("uncovered_ms")
	callSource    = table.Calls.Index("source")
	callObject    = table.Calls.Index("object_key")
	callRow       = table.Calls.Index("row")
	findingEntry  = table.Findings.Index("entry")
)

// add keeps a call if there is room. It takes the row as the table has it, and as
// it may be shown.
func (k *callKeeper) add(verdict int, row, shown *table.Row) {
	if verdict == markUntold || len(k.lists[verdict]) == mostKeptOf || !row.Known(callRow) {
		return
	}

	start := row.Time(callStart)
	v := callView{
		Start: start, Local: k.zone.stamp(start), UTC: k.zone.utc(start),
		Direction: shown.Text(callDirection), From: shown.Text(callANI), To: shown.Text(callDNIS),
		Users: k.things(policy.UserName, row, shown, callUsers), Queues: k.things(policy.QueueName, row, shown, callQueues),
		Coincides: coincidence(string(row.Bytes(callRelation)), row.Text(callCause)),
		Class:     [len(marked)]string{"missing_recording", "short_recording"}[verdict],
	}
	v.Trunk = first(k.things(policy.TrunkName, row, shown, callTrunk))
	v.Line = first(k.things(policy.LineName, row, shown, callLine))
	v.Talk, v.Note = talkOf(row)
	if verdict == markPartial && v.Note == "" {
		v.Note = "recorded in part"
	}
	k.lists[verdict] = append(k.lists[verdict], v)
	k.places[string(k.place(row, callSource, callObject, callRow))] = callPlace{verdict, len(k.lists[verdict]) - 1}
}

// things returns what a cell lists by ids, with the names that are configured for
// the ids as the table has them.
func (k *callKeeper) things(kind policy.NameKind, row, shown *table.Row, column int) (list []thing) {
	if !row.Known(column) {
		return nil
	}
	ids, seen := []string{row.Text(column)}, []string{shown.Text(column)}
	if kind == policy.UserName || kind == policy.QueueName {
		ids, seen = strings.Split(ids[0], ";"), strings.Split(seen[0], ";")
	}
	for i := range seen {
		t := thing{ID: seen[i]}
		if len(ids) == len(seen) {
			t.Name = printable.Text(k.show.redact.Name(kind, ids[i]))
		}
		list = append(list, t)
	}
	return list
}

func first(list []thing) thing {
	if len(list) == 0 {
		return thing{}
	}
	return list[0]
}

// talkOf says how long somebody could be heard, and how much of that is not recorded;
// empty when unknown.
func talkOf(row *table.Row) (talk, note string) {
	covered, uncovered := row.Count(callCovered), row.Count(callUncovered)
	answer, end := row.Time(callAnswer), row.Time(callEnd)
	switch {
	case row.Known(callCovered) && row.Known(callUncovered):
		return report.Duration((covered + uncovered) * 1000), report.Duration(uncovered*1000) + " not recorded"
	case answer.Known() && end.Known() && end >= answer:
		return report.Duration(int64(end - answer)), ""
	}
	return "", ""
}

// coincidence says in words how a call relates to an outage. It never says more
// than the relation does: an outage is evidence and not proof.
func coincidence(relation, cause string) string {
	words, _ := wording.Cause(cause)
	what := cmp.Or(words.Sentence, cause)
	switch relationOf(relation) {
	case coincides:
		return "coincides with an outage: " + printable.Text(what)
	case possibly:
		return "possibly coincides with an outage: " + printable.Text(what)
	case apart:
		return "no outage"
	}
	return "cannot be told"
}

// place returns a key for the place of a row, valid until the next call.
func (k *callKeeper) place(row *table.Row, source, object, number int) []byte {
	k.key = append(append(k.key[:0], row.Bytes(source)...), 0)
	k.key = append(append(k.key, row.Bytes(object)...), 0)
	k.key = strconv.AppendInt(k.key, row.Count(number), 10)
	return k.key
}

// note notes a finding of a call that is kept. The finding is as the table has it.
func (k *callKeeper) note(row *table.Row, class, work string) {
	if class != "missing_recording" && class != "short_recording" {
		return
	}
	p, ok := k.places[string(k.place(row, sourceColumn, inputColumn, findingEntry))]
	if !ok {
		return
	}

	c := &k.lists[p.verdict][p.at]
	if string(row.Bytes(statusColumn)) != "open" {
		return
	}
	c.open++
	if c.Finding == "" {
		c.Finding, c.Class, c.work = k.show.row(row).Text(0), class, wording.Capital(work)
	}
}

// list returns the calls whose findings are of a class and ask for a work, by time. A call without an
// open finding asks for nothing.
func (k *callKeeper) list(class, work string, open int64) *callList {
	var calls []callView
	for verdict := range k.lists {
		for _, c := range k.lists[verdict] {
			if c.Class == class && c.work == work && c.open > 0 {
				calls = append(calls, c)
			}
		}
	}
	slices.SortStableFunc(calls, func(a, b callView) int { return compareStarts(a.Start, b.Start) })
	calls = calls[:min(len(calls), mostListed)]

	cutThings(calls)
	for i := range calls {
		open -= calls[i].open
	}
	return &callList{
		Calls: calls, Rest: max(open, 0), Link: listAddress("findings", "class", class, "status", "open", "todo", work), Local: k.zone.name(),
		Label: map[string]string{"missing_recording": "Missing calls", "short_recording": "Calls recorded in part"}[class],
	}
}

// cutThings cuts the long ids that calls name.
func cutThings(calls []callView) {
	cutter := cutter{}
	eachThing(calls, func(t *thing) { cutter.see(t.ID) })
	eachThing(calls, func(t *thing) { t.Cut = cutter.cut(t.ID) })
}

// eachThing visits all that calls name.
func eachThing(calls []callView, visit func(*thing)) {
	for i := range calls {
		c := &calls[i]
		for _, list := range [][]thing{c.Users, c.Queues} {
			for j := range list {
				visit(&list[j])
			}
		}
		visit(&c.Trunk)
		visit(&c.Line)
	}
}

// More says how many more findings there are.
func (l *callList) More() string {
	return are(l.Rest, "more finding") + " open"
}

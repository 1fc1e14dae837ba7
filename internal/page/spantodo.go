package page

import (
	"slices"

	"cdrmend/internal/policy"
	"cdrmend/internal/record"
	"cdrmend/internal/report"
	"cdrmend/internal/table"
	"cdrmend/internal/wording"
)

// cards returns what the findings and outages of all intervals ask people to do.
func (g *auditGathering) cards(causes []causeView) []card {
	actions := &report.Actions{}
	for _, c := range g.classes {
		words, _ := wording.Class(c.Name)
		actions.Add(report.ActionReason{Name: c.Name, Severity: c.Severity, Words: words, Counts: report.Counts{Open: c.Open, Undecided: c.Undecided}})
	}
	byName := map[string]*causeView{}
	for i := range causes {
		byName[causes[i].Name] = &causes[i]
		words, _ := wording.Cause(causes[i].Name)
		actions.Add(report.ActionReason{Name: causes[i].Name, Words: words, Counts: report.Counts{Open: causes[i].Outages}})
	}

	cards := cardsOf(actions.List(), func(a *report.ActionReason) cardReason {
		r := cardReason{Name: a.Name, Words: wording.Sentence(a.Sentence), words: a.Words, tone: a.Severity}
		if cause := byName[a.Name]; a.Severity == "" && cause != nil {
			r.tone, r.Numbers = toneOutage, counted(cause.Outages, "outage")+" lasting "+cause.Lasting
			return r
		}
		r.Numbers, r.Link = findingNumbers(a.Counts), listAddress("findings", "class", a.Name, "severity", a.Severity)
		r.Values = g.calls.samples[a.Name]
		if g.redaction == policy.RedactAll { // pseudonyms lead nowhere
			r.Values.Finding = ""
		}
		return r
	})
	for i := range cards {
		c := &cards[i]
		if c.about("missing_recording") {
			if list := g.calls.list(g.openOf("missing_recording")); len(list.Calls) > 0 {
				c.Calls = list
			}
		}
		c.fillCommands()
	}
	unfold(cards)
	return cards
}

// openOf returns how many findings of a class are open, whatever their severity.
func (g *auditGathering) openOf(class string) (n int64) {
	for _, c := range g.classes {
		if c.Name == class {
			n += c.Open
		}
	}
	return n
}

// mostSpanCalls is how many missing calls of a span are listed at most.
const mostSpanCalls = 20

// spanCalls keeps the first missing calls of many intervals, as their findings tell
// them, and one finding of each class.
type spanCalls struct {
	keeper  callKeeper
	calls   []callView
	samples map[string]commandValues // of one open finding by class, as it may be shown
}

func newSpanCalls(show *shower, zone *localZone) spanCalls {
	return spanCalls{keeper: newCallKeeper(show, zone), samples: map[string]commandValues{}}
}

var (
	historyStart     = table.History.Index("start_time")
	historyDirection = table.History.Index("direction")
	historyANI       = table.History.Index("ani")
	historyDNIS      = table.History.Index("dnis")
	historyUsers     = table.History.Index("user_ids")
	historyQueues    = table.History.Index("queue_ids")
	historyTrunk     = table.History.Index("trunk_id")
	historyLine      = table.History.Index("line_id")
	historyRelation  = table.History.Index("outage_relation")
	historyCause     = table.History.Index("outage_cause")
)

// add keeps an open finding if it is the first of its class, or about one of the
// missing calls that started first.
func (k *spanCalls) add(interval string, row *table.Row) {
	class := string(row.Bytes(classColumn))
	if _, ok := k.samples[class]; !ok {
		v := commandValues{Finding: k.keeper.show.row(row).Text(0), Interval: interval}
		if stray, ok := wording.StrayOf(row.Text(historyDetail)); ok {
			v.Rows = stray.Interval
		}
		k.samples[class] = v
	}
	if class != "missing_recording" {
		return
	}

	start := row.Time(historyStart)
	at, _ := slices.BinarySearchFunc(k.calls, start, func(c callView, start record.Time) int {
		if later(c.Start, start) {
			return 1
		}
		return -1
	})
	if at == mostSpanCalls {
		return
	}

	shown := k.keeper.show.row(row)
	v := callView{
		Start: start, Local: k.keeper.zone.stamp(start), UTC: k.keeper.zone.utc(start),
		Direction: shown.Text(historyDirection), From: shown.Text(historyANI), To: shown.Text(historyDNIS),
		Users: k.keeper.things(policy.UserName, row, shown, historyUsers), Queues: k.keeper.things(policy.QueueName, row, shown, historyQueues),
		Trunk: first(k.keeper.things(policy.TrunkName, row, shown, historyTrunk)), Line: first(k.keeper.things(policy.LineName, row, shown, historyLine)),
		Coincides: coincidence(string(row.Bytes(historyRelation)), row.Text(historyCause)),
		Finding:   shown.Text(0), Class: class, open: 1,
	}
	k.calls = slices.Insert(k.calls, at, v)
	k.calls = k.calls[:min(len(k.calls), mostSpanCalls)]
}

// later orders the starts of calls; one that nobody knows comes last.
func later(a, b record.Time) bool { return b.Known() && (!a.Known() || a > b) }

// list returns the calls that are kept, of so many open findings.
func (k *spanCalls) list(open int64) *callList {
	cutThings(k.calls)
	return &callList{
		Label: "Missing calls", Calls: k.calls, Link: listAddress("findings", "class", "missing_recording", "status", "open"), Local: k.keeper.zone.name(),
		NoTalk: true, // a finding does not tell it
		Rest:   open - int64(len(k.calls)),
	}
}

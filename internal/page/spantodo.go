package page

import (
	"slices"

	"cdrmend/internal/policy"
	"cdrmend/internal/record"
	"cdrmend/internal/report"
	"cdrmend/internal/table"
	"cdrmend/internal/wording"
)

// cards returns what all intervals ask people to do: what their findings ask for, the
// causes of their outages, and the reasons of calls that cannot be told.
func (g *auditGathering) cards(causes []causeView) []card {
	actions := g.asked.actions()
	byName := causesByName{}
	for i := range causes {
		byName[causes[i].Name] = &causes[i]
		if t := g.blamed[causes[i].Name]; t != nil {
			causes[i].calls[markMissing] = *t
		}
		words, _ := wording.Cause(causes[i].Name)
		actions.Add(report.ActionReason{Name: causes[i].Name, Words: words, Counts: report.Counts{Open: causes[i].Outages}})
	}

	for name, n := range g.reasons {
		words, _ := wording.Reason(name)
		actions.Add(report.ActionReason{Name: name, Words: words, Counts: report.Counts{Undecided: n}})
	}

	cards := cardsOf(actions.List(), func(a *report.ActionReason) cardReason {
		r := cardReason{Name: a.Name, Words: wording.Sentence(a.Sentence), words: a.Words, tone: a.Severity}
		switch cause := byName[a.Name]; {
		case a.Severity != "":
			r.Numbers, r.Link = findingNumbers(a.Counts), findingsOf(a)
			r.Values, r.counts = g.asked.values(a, g.redaction), a.Counts
			return r
		case cause != nil:
			r.tone, r.Numbers = toneOutage, cause.coinciding(func(n int64) string { return counted(n, "missing recording") })
		default:
			r.tone, r.Numbers = toneUntold, untoldCalls(a.Undecided)
		}
		r.Values = g.samples.values(a.Name, g.redaction)
		return r
	})
	order(cards, byName)
	for i := range cards {
		c := &cards[i]
		if c.about("missing_recording") {
			if list := g.calls.list(c.Title, c.openOf("missing_recording")); len(list.Calls) > 0 {
				c.Calls = list
			}
		}
		c.fillCommands()
	}
	unfold(cards)
	return cards
}

// mostSpanCalls is how many missing calls of a span are listed at most.
const mostSpanCalls = 20

// spanCalls keeps the first missing calls of many intervals, as their findings tell
// them.
type spanCalls struct {
	keeper callKeeper
	calls  map[string][]callView // by the work that they ask for
}

func newSpanCalls(show *shower, zone *localZone) spanCalls {
	return spanCalls{keeper: newCallKeeper(show, zone), calls: map[string][]callView{}}
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

// add keeps an open finding of a missing call if the call is one of those that started
// first.
func (k *spanCalls) add(row *table.Row, work string) {
	work = wording.Capital(work)
	calls := k.calls[work]
	start := row.Time(historyStart)
	at, _ := slices.BinarySearchFunc(calls, start, func(c callView, start record.Time) int {
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
		Finding:   shown.Text(0), Class: "missing_recording", work: work, open: 1,
	}
	calls = slices.Insert(calls, at, v)
	k.calls[work] = calls[:min(len(calls), mostSpanCalls)]
}

// later orders the starts of calls; one that nobody knows comes last.
func later(a, b record.Time) bool { return b.Known() && (!a.Known() || a > b) }

func compareStarts(a, b record.Time) int {
	switch {
	case later(a, b):
		return 1
	case later(b, a):
		return -1
	}
	return 0
}

// addUntold counts the calls of an interval that cannot be told by the reason.
func (g *auditGathering) addUntold(i *Interval) error {
	if i.Calls == nil {
		return nil
	}
	for row, err := range i.Calls {
		if err != nil {
			return err
		}
		if string(row.Bytes(verdictColumn)) != marked[markUntold] {
			continue
		}
		reason := row.Text(callReason)
		g.reasons[reason]++
		g.samples.call(reason, row, i.Label)
	}
	return nil
}

// list returns the calls that ask for a work, of so many open findings.
func (k *spanCalls) list(work string, open int64) *callList {
	calls := k.calls[work]
	cutThings(calls)
	return &callList{
		Label: "Missing calls", Calls: calls, Link: listAddress("findings", "class", "missing_recording", "status", "open", "todo", work), Local: k.keeper.zone.name(),
		NoTalk: true, // a finding does not tell it
		Rest:   open - int64(len(calls)),
	}
}

package page

import (
	"fmt"
	"strings"

	"cdrmend/internal/policy"
	"cdrmend/internal/registration"
	"cdrmend/internal/report"
	"cdrmend/internal/wording"
)

// cards returns what a run asks people to do: what its findings ask for, the causes
// of its outages, and the reasons of calls that cannot be told.
func (g *gathering) cards(c policy.Report) []card {
	g.asked.counted(g.summary.Findings)
	actions := g.asked.actions()
	for name, cause := range g.causes {
		words, _ := wording.Cause(name)
		actions.Add(report.ActionReason{Name: name, Words: words, Counts: report.Counts{Open: max(1, cause.Outages)}})
	}
	for name, n := range g.reasons {
		words, _ := wording.Reason(name)
		actions.Add(report.ActionReason{Name: name, Words: words, Counts: report.Counts{Undecided: n}})
	}

	cards := cardsOf(actions.List(), func(r *report.ActionReason) cardReason { return g.describe(r, c.Redact) })
	order(cards, g.causes)
	for i := range cards {
		g.fillCalls(&cards[i])
	}
	unfold(cards)
	return cards
}

// nothing says that there is nothing to do.
func (g *gathering) nothing() string {
	v := g.summary.Verdicts
	return nothing(&g.accepted.all, v["missing"], v["partial"], v["indeterminate"], noOutages(g.summary.Logs()))
}

// describe says how many findings, outages or calls a reason stands for. Only classes
// of findings have a severity.
func (g *gathering) describe(a *report.ActionReason, redaction policy.Redaction) cardReason {
	r := cardReason{Name: a.Name, Words: wording.Sentence(a.Sentence), words: a.Words, tone: a.Severity}
	cause := g.causes[a.Name]
	switch {
	case a.Severity != "":
		r.Numbers, r.Link = findingNumbers(a.Counts), findingsOf(a)
	case cause != nil:
		r.tone, r.Numbers = toneOutage, cause.numbers()
		if scopes := g.summary.Config.Policy.RequiredScopes; a.Name == registration.ScopeMissing.String() && len(scopes) > 0 {
			r.Words = wording.Capital(a.Sentence) + " (required: " + strings.Join(scopes, ", ") + ")."
		}
	default:
		r.tone, r.Numbers = toneUntold, untoldCalls(a.Undecided)
	}

	if r.Values = g.samples.values(a.Name, redaction); a.Severity != "" {
		r.Values, r.counts = g.asked.values(a, redaction), a.Counts
	}
	return r
}

// findingNumbers counts findings: 8 findings, and 2 that cannot be told.
func findingNumbers(c report.Counts) string {
	switch {
	case c.Undecided == 0:
		return counted(c.Open, "finding")
	case c.Open == 0:
		return counted(c.Undecided, "finding") + ", not certain"
	}
	return counted(c.Open, "finding") + ", and " + report.Grouped(c.Undecided) + " not certain"
}

// numbers says how many outages a cause has, and which calls coincide with them.
func (c *causeView) numbers() string {
	return c.coinciding(missingCalls)
}

// coinciding says the same of things that are missing, as a function counts them.
func (c *causeView) coinciding(missing func(int64) string) string {
	what := counted(c.Outages, "outage") + " lasting "
	if c.opening != wording.Failure {
		what = counted(c.Outages, "registration") + " ended without a failure, for "
	}
	words := []string{what + report.Duration(c.micros)}
	for _, of := range []struct {
		verdict int
		calls   func(int64) string
	}{{markMissing, missing}, {markPartial, partialCalls}} {
		sure, maybe := c.calls[of.verdict][coincides], c.calls[of.verdict][possibly]
		switch {
		case sure > 0 && maybe > 0:
			words = append(words, fmt.Sprintf("%s %s, %s possibly", of.calls(sure), coincide(sure), report.Grouped(maybe)))
		case sure > 0:
			words = append(words, of.calls(sure)+" "+coincide(sure))
		case maybe > 0:
			words = append(words, of.calls(maybe)+" possibly "+coincide(maybe))
		}
	}
	return strings.Join(words, "; ")
}

func untoldCalls(n int64) string { return counted(n, "call") + " cannot be told" }

func missingCalls(n int64) string { return counted(n, "missing call") }

func partialCalls(n int64) string { return callCount(markPartial, n) }

// values returns what commands about a cause or a reason are made of. Pseudonyms lead
// nowhere, so that a page with them names only intervals.
func (s *samples) values(name string, redaction policy.Redaction) commandValues {
	v := commandValues{Interval: s.calls[name].interval}
	if redaction != policy.RedactAll {
		v.Outage, v.Conversation = s.outages[name].id, s.calls[name].conversation
	}
	return v
}

// fillCalls gives the cards about calls their rows, and a card about findings the
// command that accepts one.
func (g *gathering) fillCalls(c *card) {
	for _, class := range []string{"missing_recording", "short_recording"} {
		if !c.about(class) {
			continue
		}
		list := g.calls.list(class, c.Title, c.openOf(class))
		if len(list.Calls) > 0 {
			c.Calls = list
		}
	}
	c.fillCommands()
}

package audit

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"cdrmend/internal/committed"
	"cdrmend/internal/policy"
	"cdrmend/internal/record"
	"cdrmend/internal/redact"
	"cdrmend/internal/report"
	"cdrmend/internal/table"
)

// Options say what a report is about and what it may show.
type Options struct {
	URL    string // of the output
	Show   policy.Report
	Target *Target // nil without one
}

// Read makes the report of the intervals with some labels, which are in order. It returns
// the newest commits of those that have one, too; there must be some.
func Read(ctx context.Context, out *committed.Output, labels []string, o Options) (*Report, []*committed.Commit, error) {
	g := newGathering(&o)
	var newest []*committed.Commit
	for _, label := range labels {
		commits, err := out.Commits(ctx, label)
		if err != nil {
			return nil, nil, err
		}
		if len(commits) == 0 {
			g.absent(label)
			continue
		}
		if err := g.add(ctx, label, commits); err != nil {
			return nil, nil, fmt.Errorf("reading interval %s: %w", label, err)
		}
		c := commits[len(commits)-1]
		c.Close() // the list of its files may be long
		newest = append(newest, c)
	}
	g.First, g.Last = labels[0], labels[len(labels)-1]
	return g.finish(), newest, nil
}

// gathering fills a report in one pass over each interval.
type gathering struct {
	Report
	target   *Target
	show     *redact.Redactor
	orgs     []string
	notices  noticing
	apart    report.Apart
	groups   []*grouping // trunks, lines, queues, users
	causes   causes
	classes  map[classKey]*Class
	openings []opening
	lister   lister
}

// classKey is a class of findings with its severity.
type classKey struct{ class, severity string }

// opening counts the findings of a severity that were found at a time and are open. Their
// ages are known when the newest commit is.
type opening struct {
	at       record.Time
	severity string
	n        int64
}

func newGathering(o *Options) *gathering {
	show := redact.New(o.Show)
	g := &gathering{
		Report: Report{
			Format: Format, Output: o.URL, Redaction: o.Show.Redact.String(), Job: o.Show.Job, Operator: o.Show.Operator, Orgs: []Thing{}, Absent: []string{}, Coverage: noCoverage(),
			Verdicts: map[string]int64{}, Days: []Day{}, Classes: []Class{}, Commits: []Commit{},
			List: List{First: []table.Cells{}, FirstUntold: []table.Cells{}},
		},
		target: o.Target, show: show, notices: noticing{Notices{List: []Notice{}}, map[report.Notice]int{}},
		causes:  causes{outages: report.Outages{}, byName: map[string]*Cause{}},
		classes: map[classKey]*Class{}, lister: lister{show: show},
	}
	for _, of := range []struct {
		kind   policy.NameKind
		column string
	}{{policy.TrunkName, "trunk_id"}, {policy.LineName, "line_id"}, {policy.QueueName, "queue_ids"}, {policy.UserName, "user_ids"}} {
		g.groups = append(g.groups, newGrouping(of.kind, of.column))
	}
	return g
}

// day returns the day of an interval, which is the last one or follows it.
func (g *gathering) day(label string) *Day {
	day := label[:len("2006-01-02")]
	if n := len(g.Days); n == 0 || g.Days[n-1].Day != day {
		g.Days = append(g.Days, Day{Day: day, Intervals: []string{}, Absent: []string{}, Coverage: noCoverage()})
	}
	d := &g.Days[len(g.Days)-1]
	d.Intervals = append(d.Intervals, label)
	return d
}

func (g *gathering) absent(label string) {
	d := g.day(label)
	d.Absent = append(d.Absent, label)
	g.Absent = append(g.Absent, label)
}

func (g *gathering) add(ctx context.Context, label string, commits []*committed.Commit) error {
	c, d := commits[len(commits)-1], g.day(label)
	var s report.Summary
	if err := c.Decode(ctx, report.SummaryFile, &s); err != nil {
		return err
	}

	if err := g.apart.Add(label, &s); err != nil {
		return err
	}

	g.Committed++
	g.newest = max(g.newest, record.TimeOf(c.Record.Time))
	g.Commits = append(g.Commits, Commit{label, c.Number(), record.TimeOf(c.Record.Time).String(), c.Record.RunID, c.SHA256, c.Signature()})
	g.Start, g.End = cmp.Or(g.Start, s.Start), max(g.End, s.End)
	g.addSummary(label, &s, d)

	why, err := g.addFindings(ctx, commits, d)
	if err != nil {
		return err
	}
	if err := g.addCalls(ctx, c, &s, why, d); err != nil {
		return err
	}
	return g.addOutages(ctx, c, d)
}

// addSummary adds what only the summary of a run tells.
func (g *gathering) addSummary(label string, s *report.Summary, d *Day) {
	g.notices.add(label, s.Redacted(g.show).Notices())
	g.Logs.add(s.Logs())
	d.Coverage.Add(&s.Coverage)
	g.Coverage.Add(&s.Coverage)
	for verdict, n := range s.Verdicts {
		g.Verdicts[verdict] += n
	}
	for _, org := range s.Organisations() {
		if len(g.orgs) < mostOrgs && !slices.Contains(g.orgs, org) {
			g.orgs = append(g.orgs, org)
			g.Orgs = append(g.Orgs, Thing{g.show.Org(org), g.show.Name(policy.OrganisationName, org)})
		}
	}
}

// mostOrgs is how many organisations a report names at most.
const mostOrgs = 20

// addCalls counts the calls of a commit, which have to be as many as its summary says.
func (g *gathering) addCalls(ctx context.Context, c *committed.Commit, s *report.Summary, why *reasons, d *Day) error {
	var calls Calls
	for row, err := range c.Table(ctx, table.Calls) {
		if err != nil {
			return err
		}
		verdict := string(row.Bytes(callVerdict))
		calls.count(verdict)
		for _, of := range g.groups {
			of.each(row, callOrg, of.calls, func(one *Group) { one.Calls.count(verdict) })
		}
		switch partOfCall(verdict) {
		case NotRecorded:
			g.causes.addCall(row)
			g.List.First = g.keep(g.List.First, mostNamed, NotRecorded, c, row, why)
		case CannotBeTold:
			g.List.FirstUntold = g.keep(g.List.FirstUntold, mostNamedUntold, CannotBeTold, c, row, why)
		}
	}

	if calls.Of != s.Coverage.Of || calls.Recorded != s.Coverage.Recorded {
		return fmt.Errorf("the table of calls has %d of %d calls recorded, and the summary says %d of %d: run cdrmend verify --recompute on the output",
			calls.Recorded, calls.Of, s.Coverage.Recorded, s.Coverage.Of)
	}
	d.Calls.add(&calls)
	g.Calls.add(&calls)
	return nil
}

// keep adds a call to those that the report names, if there is room.
func (g *gathering) keep(list []table.Cells, most int, part string, c *committed.Commit, row *table.Row, why *reasons) []table.Cells {
	if len(list) == most {
		return list
	}
	return append(list, table.CellsOf(g.lister.row(part, c, row, why.of(row))))
}

var (
	historyOrg      = table.History.Index("org_id")
	historySeverity = table.History.Index("severity")
	historyFirst    = table.History.Index("first_commit")
	historyCause    = table.History.Index("outage_cause")
)

// addFindings counts the findings that an interval ever had by their states, and returns
// what they tell of its calls.
func (g *gathering) addFindings(ctx context.Context, commits []*committed.Commit, d *Day) (*reasons, error) {
	why, open := newReasons(), map[opening]int64{}
	for row, err := range commits[len(commits)-1].Table(ctx, table.History) {
		if err != nil {
			return nil, err
		}
		why.add(row)
		state, severity := string(row.Bytes(historyState)), row.Text(historySeverity)
		d.Findings.count(state, severity)
		g.Findings.count(state, severity)
		g.class(row.Text(historyClass), severity).count(state, severity)
		if cause := row.Text(historyCause); cause != "" {
			g.causes.named(cause).Findings.count(state, severity)
		}
		for _, of := range g.groups {
			of.each(row, historyOrg, of.history, func(one *Group) { one.Findings.count(state, severity) })
		}
		if state == "open" {
			open[opening{at: firstFound(commits, row.Count(historyFirst)), severity: severity}]++
		}
	}
	for o, n := range open {
		o.n = n
		g.openings = append(g.openings, o)
	}
	return why, nil
}

// firstFound returns the time of the commit with a number, the newest one's without it.
func firstFound(commits []*committed.Commit, number int64) record.Time {
	for _, c := range commits {
		if c.Number() == number {
			return record.TimeOf(c.Record.Time)
		}
	}
	return record.TimeOf(commits[len(commits)-1].Record.Time)
}

func (g *gathering) class(name, severity string) *Class {
	key := classKey{name, severity}
	if g.classes[key] == nil {
		g.classes[key] = &Class{Class: name, Severity: severity}
	}
	return g.classes[key]
}

func (g *gathering) addOutages(ctx context.Context, c *committed.Commit, d *Day) error {
	for row, err := range c.Table(ctx, table.Outages) {
		if err != nil {
			return err
		}
		if g.causes.addOutage(row) {
			d.Outages++
		}
	}
	return nil
}

// finish completes the report.
func (g *gathering) finish() *Report {
	r := &g.Report
	r.Newest = g.newest.String()
	r.Notices = g.notices.Notices
	r.Trunks, r.Lines, r.Queues, r.Users = g.groups[0].result(g.show), g.groups[1].result(g.show), g.groups[2].result(g.show), g.groups[3].result(g.show)
	r.Causes, r.NoOutage = g.causes.list(), g.causes.without
	r.List.NotRecorded, r.List.CannotBeTold, r.List.Excluded = r.Calls.NotRecorded(), r.Calls.Indeterminate, r.Calls.Excluded

	for _, c := range slices.SortedFunc(maps.Values(g.classes), func(a, b *Class) int {
		return cmp.Or(cmp.Compare(rank(a.Severity), rank(b.Severity)), cmp.Compare(b.Open, a.Open), strings.Compare(a.Class, b.Class))
	}) {
		r.Classes = append(r.Classes, *c)
	}
	for _, label := range report.AgeLabels() {
		r.Ages = append(r.Ages, Age{Label: label})
	}
	for _, o := range g.openings {
		a := &r.Ages[report.AgeOf(g.newest-o.at)]
		a.add(o.severity, o.n)
	}

	r.Trend = trend(r.Days)
	if r.Target = g.target; r.Target != nil {
		r.Target.decide(r)
	}
	return r
}

func rank(severity string) int { return slices.Index([]string{"critical", "major", "minor"}, severity) }

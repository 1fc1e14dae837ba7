package page

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"

	"cdrmend/internal/policy"
	"cdrmend/internal/printable"
	"cdrmend/internal/record"
	"cdrmend/internal/redact"
	"cdrmend/internal/report"
	"cdrmend/internal/table"
	"cdrmend/internal/wording"
)

// Audit is the input of a page about many intervals: their newest commits. The
// page does not depend on the present time. The age of a finding is measured
// from the newest of all commits.
type Audit struct {
	Redact    policy.Report
	Intervals []Interval         // in the order of time
	Accepted  *policy.Acceptance // by the present file, whatever the commits knew; nil without one
}

// Interval is one interval of an audit.
type Interval struct {
	Label   string
	Commits []Commit // the oldest first; empty when nothing was committed
	Summary *report.Summary
	History table.Rows
	Outages table.Rows
	Calls   table.Rows          // nil when the summary has no call that cannot be told
	Closers map[string][]Closer // what closed findings, by their ids
}

// Closer is an object that closed a finding.
type Closer struct{ Source, Key, What string }

// Commit is one commit of an interval.
type Commit struct {
	Number int64
	Time   record.Time
	RunID  string
	SHA256 string // hash of its record
	Signed string // state of its signature, in words
}

// newest returns the newest commit. There must be one.
func (i *Interval) newest() *Commit { return &i.Commits[len(i.Commits)-1] }

// committedAt returns the time of the commit with a number, NoTime without one.
func (i *Interval) committedAt(number int64) record.Time {
	for _, c := range i.Commits {
		if c.Number == number {
			return c.Time
		}
	}
	return record.NoTime
}

// Write writes the page.
func (a *Audit) Write(w io.Writer) error {
	g := newAuditGathering(a)
	for i := range a.Intervals {
		if len(a.Intervals[i].Commits) == 0 {
			if len(g.Absent) < mostAbsent {
				g.Absent = append(g.Absent, a.Intervals[i].Label)
			} else {
				g.AbsentToo++
			}
			continue
		}

		if err := g.add(&a.Intervals[i]); err != nil {
			return fmt.Errorf("reading interval %s: %w", a.Intervals[i].Label, err)
		}
	}

	g.finish()
	return write(w, "audit.tmpl", &g.auditView, map[string]any{
		"findings": g.open, "closed": g.closed, "words": wording.All(), "zone": g.calls.keeper.zone.data(g.About.Span), "names": g.names.byKind,
		"kinds": g.kinds, "explains": a.Redact.Redact != policy.RedactAll,
	})
}

// auditView holds the values that the template shows.
type auditView struct {
	First, Last  string
	About        aboutView
	Redaction    string
	Notices      []noticeGroup
	Cards        []card
	Trend        trend
	Ages         []ageView
	Recent       recent
	Accepted     int64 // findings that only the present file accepts
	AcceptedRows *acceptedView
	Nothing      string   // stands in place of the cards when there are none
	NoOutages    string   // a sentence for when there are none
	Lead         string   // the headline
	Detail       []string // sentences
	Remarks      []string
	Absent       []string // intervals without a commit
	AbsentToo    int64    // number of further ones
	Nights       []nightView
	Total        nightView
	Newest       record.Time // time of the newest of all commits
	Classes      []auditClass
	Open         part
	Closed       part
	Oldest       []oldFinding
	CauseGroups  []causeGroup
	Trunks       []trunkOutages
	Patterns     []pattern
}

// auditGathering fills a view in one pass over the histories. The script shows
// the rows in its sheets.
type auditGathering struct {
	auditView
	show     shower
	room     room
	open     *sheet
	closed   *sheet
	since    record.Time // when the oldest open finding was found
	classes  map[string]*auditClass
	spans    report.Outages
	calls    spanCalls
	accept   *policy.Acceptance // of the present file
	accepts  *policy.Acceptance // of the interval under way
	accepted acceptedRows
	asked    asked
	samples  samples
	reasons  map[string]int64  // calls that cannot be told, by reason
	blamed   map[string]*tally // missing recordings by cause of an outage and relation to it
	logs     report.Logs       // how much those of all intervals can tell

	redaction policy.Redaction
	names     shownNames
	kinds     map[string]string // of sources by their names
	orgs      orgNames
	strays    []strayRows
	more      int64 // of these, not kept

	unfit, warnings, incomplete noticeGroup // what else stands above all numbers, by interval
}

// auditClass is one class of findings over all intervals.
type auditClass struct {
	Name, Severity, Words, Remedy string
	findingCounts
}

// oldFinding is an open finding, with the time at which it was first found.
type oldFinding struct {
	ID, Class, Severity, Interval, Trunk string
	Since                                record.Time
	Age                                  string
}

// Committed writes how many intervals have a commit.
func (v *auditView) Committed() string { return counted(int64(len(v.Nights)), "committed interval") }

func newAuditGathering(a *Audit) *auditGathering {
	g := &auditGathering{
		auditView: auditView{First: a.Intervals[0].Label, Last: a.Intervals[len(a.Intervals)-1].Label, Redaction: a.Redact.Redact.String(), Patterns: patterns},
		show:      shower{redact: redact.New(a.Redact)}, open: newSheet(table.History, "interval", "todo"), closed: newSheet(table.History, "interval", "closed_by"),
		since: record.NoTime, classes: map[string]*auditClass{}, spans: report.Outages{}, accept: a.Accepted, accepted: newAcceptedRows(), asked: newAsked(), samples: newSamples(), reasons: map[string]int64{}, blamed: map[string]*tally{}, redaction: a.Redact.Redact,
	}
	g.About = aboutView{Job: printable.Text(a.Redact.Job), Operator: printable.Text(a.Redact.Operator), Span: record.Span{Start: record.NoTime, End: record.NoTime}}
	g.unfit.Room, g.warnings.Room, g.incomplete.Room = mostKept, mostKept, mostKept
	g.names, g.kinds = newShownNames(g.show.redact, a.Redact.Names), map[string]string{}
	g.calls = newSpanCalls(&g.show, zoneOf(a.Redact.Zone))
	g.Ages, g.Recent.states = newAges(), map[string]int64{}

	// The newest commit and the counts must be known before the first finding is
	// read: ages depend on the one, the choice of findings on the other.
	counts := map[string]int64{}
	for i := range a.Intervals {
		if len(a.Intervals[i].Commits) == 0 {
			continue
		}

		g.Newest = max(g.Newest, a.Intervals[i].newest().Time)
		for _, c := range a.Intervals[i].Summary.Findings {
			if c.Status == "open" || c.Status == "indeterminate" {
				counts[c.Severity+c.Status] += c.Count
			}
		}
	}
	g.room = makeRoom(mostFindings, counts)

	return g
}

// mostAbsent is how many intervals without a commit are named.
const mostAbsent = 31

func (g *auditGathering) add(i *Interval) error {
	s := i.Summary.Redacted(g.show.redact)
	n := nightView{
		Label: i.Label, Coverage: s.Coverage,
		callCounts: callCounts{s.Verdicts["missing"], s.Verdicts["partial"], s.Verdicts["indeterminate"]},
		Commits:    int64(len(i.Commits)), Newest: *i.newest(),
	}
	g.addNotices(i.Label, s)
	g.accepts, n.logs = s.Config.Policy.Acceptance(), s.Logs()
	if len(g.Nights) == 0 {
		g.logs = n.logs
	}
	g.logs = together(g.logs, n.logs)
	maps.Copy(g.kinds, kindsOf(s))
	g.orgs.addConfigured(s, g.show.redact)
	if err := g.addSpan(s); err != nil {
		return err
	}

	if err := cmp.Or(g.addHistory(i, &n), g.addOutages(i, &n), g.addUntold(i)); err != nil {
		return err
	}

	g.Nights = append(g.Nights, n)
	g.Total.add(&n)
	g.Total.logs = g.logs
	return nil
}

// mostClosed is how many closed findings the page holds at most.
const mostClosed = 5_000

var (
	stateColumn = table.History.Index("state")
	firstColumn = table.History.Index("first_commit")
	classColumn = table.History.Index("class")
)

func (g *auditGathering) addHistory(i *Interval, n *nightView) error {
	for row, err := range i.History {
		if err != nil {
			return err
		}

		c := g.class(row)
		state, by := g.stateOf(row)
		if state == "accepted" {
			g.accepted.add(by, row, row.Text(severityColumn))
		}
		n.count(row, state)
		c.count(row, state)
		g.addRecent(i, row, state)
		switch state {
		case "accepted", "repaired": // nobody has to look for them
			continue
		case table.Closed:
			if g.Closed.Total++; g.Closed.Total <= mostClosed {
				g.closed.add(g.shown(row), i.Label, g.closedBy(i, row))
			}
			continue
		case "open":
			g.addOldest(i, row)
			g.addAge(i, row)
			switch string(row.Bytes(severityColumn)) {
			case "critical":
				n.Critical++
			case "major":
				n.Major++
			}
		}
		work := g.addAsked(i, row, state)
		g.addFirst(i.Label, row)
		g.addOpen(i, row, work)
	}
	return nil
}

// addAsked counts a finding that is open or undecided by the work that it asks for, which
// it returns.
func (g *auditGathering) addAsked(i *Interval, row *table.Row, state string) (work string) {
	class := row.Text(classColumn)
	work = g.asked.add(row, class, row.Text(severityColumn), state, i.Label, historyDetail)
	if class != "missing_recording" || state != "open" {
		return work
	}
	g.calls.add(row, work)
	if cause := row.Text(historyCause); cause != "" {
		if g.blamed[cause] == nil {
			g.blamed[cause] = &tally{}
		}
		g.blamed[cause].add(relationOf(string(row.Bytes(historyRelation))))
	}
	return work
}

// addOpen adds a finding that is open or still undecided to the list, if it fits.
func (g *auditGathering) addOpen(i *Interval, row *table.Row, work string) {
	g.Open.Total++
	if g.room.take(row) {
		g.open.add(g.shown(row), i.Label, asksFor(row, work))
	}
}

// shown returns a finding as the page shows it, and notes the names of what it names.
func (g *auditGathering) shown(row *table.Row) *table.Row {
	shown := g.show.row(row)
	g.names.add(row, shown)
	return shown
}

// addSpan widens the time that the page is about by an interval.
func (g *auditGathering) addSpan(s *report.Summary) error {
	if s.Start == "" { // a summary without its time says nothing of it
		return nil
	}
	start, err := report.Time(s.Start)
	if err != nil {
		return err
	}
	end, err := report.Time(s.End)
	if err != nil {
		return err
	}
	if !g.About.Span.Start.Known() || start < g.About.Span.Start {
		g.About.Span.Start = start
	}
	g.About.Span.End = max(g.About.Span.End, end)
	return nil
}

func (g *auditGathering) class(row *table.Row) *auditClass {
	name, severity := string(row.Bytes(classColumn)), string(row.Bytes(severityColumn))
	c := g.classes[severity+name]
	if c == nil {
		c = &auditClass{Name: name, Severity: severity}
		c.Words, c.Remedy = classWords(name)
		g.classes[severity+name] = c
	}
	return c
}

func (g *auditGathering) addOutages(i *Interval, n *nightView) error {
	for row, err := range i.Outages {
		if err != nil {
			return err
		}

		// An outage counts in each interval that it overlaps, but only once in
		// the totals by cause and trunk.
		o := outageOf(g.show.row(row))
		if o.Harmless { // nobody was unregistered
			continue
		}
		if wording.OpenedBy(o.Cause) == wording.Failure {
			n.Outages++
		} else {
			n.Ended++
		}
		g.spans.Add(o.Org, o.Trunk, o.Line, report.Outage{Span: record.Span{Start: o.Start, End: o.End}, Cause: o.Cause})
		g.samples.outage(&o)
	}
	return nil
}

func (g *auditGathering) finish() {
	g.Open.Shown, g.Closed.Shown = int64(len(g.open.Rows)), int64(len(g.closed.Rows))
	for _, c := range g.classes {
		g.Classes = append(g.Classes, *c)
	}
	slices.SortFunc(g.Classes, func(a, b auditClass) int {
		return cmp.Or(cmp.Compare(severityRank(a.Severity), severityRank(b.Severity)), cmp.Compare(b.Open, a.Open), cmp.Compare(a.Name, b.Name))
	})

	causes, trunks := sums(g.spans)
	g.CauseGroups, g.Trunks = causeGroups(causes), trunks
	g.Notices = g.allNotices()
	g.Cards = g.cards(causes)
	g.AcceptedRows, g.NoOutages = g.accepted.view(&g.show), wording.Sentence(noOutages(g.logs))
	g.Nothing = nothing(&g.accepted.all, g.Total.Missing, g.Total.Partial, g.Total.Untold, noOutages(g.logs))
	g.Remarks = remarks(g.Total.Coverage.Remarks())

	about, zone := &g.About, g.calls.keeper.zone
	about.Organisations, about.More = g.orgs.list, g.orgs.more
	about.From, about.To, about.Zone = zone.stamp(about.Span.Start), zone.stamp(about.Span.End), zone.name()

	chart(g.Nights)
	g.Trend = trendOf(g.Nights, 0)
	g.lead()
}

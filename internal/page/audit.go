package page

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"

	"cdrmend/internal/policy"
	"cdrmend/internal/record"
	"cdrmend/internal/redact"
	"cdrmend/internal/report"
	"cdrmend/internal/table"
)

// Audit is the input of a page about many intervals: their newest commits. The
// page does not depend on the present time. The age of a finding is measured
// from the newest of all commits.
type Audit struct {
	Redact    policy.Report
	Intervals []Interval // in the order of time
}

// Interval is one interval of an audit.
type Interval struct {
	Label   string
	Commits []Commit // the oldest first; empty when nothing was committed
	Summary *report.Summary
	History table.Rows
	Outages table.Rows
}

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
	v := newAuditView(a)
	for i := range a.Intervals {
		if len(a.Intervals[i].Commits) == 0 {
			if len(v.Absent) < mostAbsent {
				v.Absent = append(v.Absent, a.Intervals[i].Label)
			} else {
				v.AbsentToo++
			}
			continue
		}
		if err := v.add(&a.Intervals[i]); err != nil {
			return fmt.Errorf("reading interval %s: %w", a.Intervals[i].Label, err)
		}
	}
	v.finish()
	return write(w, "audit.tmpl", v, map[string]any{
		"findings": v.open, "closed": v.closed, "classes": classWords, "causes": causeWords(), "rules": ruleWords,
	})
}

// auditView holds the values that the template shows. One pass over the
// histories fills it.
type auditView struct {
	First, Last string
	Redaction   string
	Lead        []string
	Absent      []string // intervals without a commit
	AbsentToo   int64    // number of further ones
	Nights      []nightView
	Total       nightView
	Newest      record.Time // time of the newest of all commits
	since       record.Time // when the oldest open finding was found
	Classes     []auditClass
	Open        part
	Closed      part
	Oldest      []oldFinding
	Causes      []causeView
	Trunks      []trunkOutages
	Patterns    []pattern

	show    shower
	room    room
	open    *sheet
	closed  *sheet
	classes map[string]*auditClass
	causes  map[string]*causeView
	trunks  map[trunkID]*trunkOutages
	seen    map[string]bool // ids of outages: neighbouring intervals share some
}

// auditClass is one class of findings over all intervals.
type auditClass struct {
	Name, Severity, Words                                     string
	Found, Later, Closed, Accepted, Repaired, Open, Undecided int64
}

// oldFinding is an open finding, with the time at which it was first found.
type oldFinding struct {
	ID, Class, Severity, Interval, Trunk string
	Since                                record.Time
	Age                                  string
}

// trunkOutages counts the outages of a trunk and adds up their lengths.
type trunkOutages struct {
	trunkID
	Outages int64
	micros  int64
	Lasting string
}

func newAuditView(a *Audit) *auditView {
	v := &auditView{
		First: a.Intervals[0].Label, Last: a.Intervals[len(a.Intervals)-1].Label, Redaction: a.Redact.Redact.String(), Patterns: patterns,
		show: shower{redact: redact.New(a.Redact)}, open: newSheet(table.History, "interval"), closed: newSheet(table.History, "interval"),
		since: record.NoTime, classes: map[string]*auditClass{}, causes: map[string]*causeView{}, trunks: map[trunkID]*trunkOutages{}, seen: map[string]bool{},
	}

	// The newest commit and the counts must be known before the first finding is
	// read: ages depend on the one, the choice of findings on the other.
	counts := map[string]int64{}
	for i := range a.Intervals {
		if len(a.Intervals[i].Commits) == 0 {
			continue
		}
		v.Newest = max(v.Newest, a.Intervals[i].newest().Time)
		for _, c := range a.Intervals[i].Summary.Findings {
			if c.Status == "open" || c.Status == "indeterminate" {
				counts[c.Severity+c.Status] += c.Count
			}
		}
	}
	v.room = makeRoom(mostFindings, counts)

	return v
}

// mostAbsent is how many intervals without a commit are named.
const mostAbsent = 31

func (v *auditView) add(i *Interval) error {
	s := i.Summary
	n := nightView{
		Label: i.Label, Recorded: s.Coverage.Recorded, Of: s.Coverage.Of, Percent: percentText(s.Coverage.RecordedPercent),
		Missing: s.Verdicts["missing"], Partial: s.Verdicts["partial"], Untold: s.Verdicts["indeterminate"],
		Commits: int64(len(i.Commits)), Newest: *i.newest(),
	}

	if err := cmp.Or(v.addHistory(i, &n), v.addOutages(i, &n)); err != nil {
		return err
	}

	v.Nights = append(v.Nights, n)
	v.Total.add(&n)
	return nil
}

// mostClosed is how many closed findings the page holds at most.
const mostClosed = 5_000

var (
	stateColumn = table.History.Index("state")
	firstColumn = table.History.Index("first_commit")
	classColumn = table.History.Index("class")
)

func (v *auditView) addHistory(i *Interval, n *nightView) error {
	for row, err := range i.History {
		if err != nil {
			return err
		}
		c := v.class(row)
		n.Found++
		c.Found++
		if row.Count(firstColumn) > 1 {
			n.Later++
			c.Later++
		}
		switch state := string(row.Bytes(stateColumn)); state {
		case table.Closed:
			n.Closed++
			c.Closed++
			if v.Closed.Total++; v.Closed.Total <= mostClosed {
				v.closed.add(v.show.row(row), i.Label)
			}
		case "accepted":
			n.Accepted++
			c.Accepted++
		case "repaired":
			n.Repaired++
			c.Repaired++
		default:
			v.addOpen(i, n, c, row)
		}
	}
	return nil
}

// addOpen counts a finding that is open or still undecided.
func (v *auditView) addOpen(i *Interval, n *nightView, c *auditClass, row *table.Row) {
	if string(row.Bytes(stateColumn)) == "open" {
		n.Open++
		c.Open++
		v.addOldest(i, row)
		if string(row.Bytes(severityColumn)) == "critical" {
			n.Critical++
		}
	} else {
		n.Undecided++
		c.Undecided++
	}

	v.Open.Total++
	if v.room.take(row) {
		v.open.add(v.show.row(row), i.Label)
	}
}

func (v *auditView) class(row *table.Row) *auditClass {
	name, severity := string(row.Bytes(classColumn)), string(row.Bytes(severityColumn))
	c := v.classes[severity+name]
	if c == nil {
		c = &auditClass{Name: name, Severity: severity, Words: classWords[name]}
		v.classes[severity+name] = c
	}
	return c
}

func (v *auditView) addOutages(i *Interval, n *nightView) error {
	for row, err := range i.Outages {
		if err != nil {
			return err
		}

		// An outage counts in each interval that it overlaps, but only once in
		// the totals by cause and trunk.
		n.Outages++
		o := outageOf(v.show.row(row))
		if v.seen[o.ID] {
			continue
		}
		v.seen[o.ID] = true

		micros := int64(o.End - o.Start)
		c := v.causes[o.Cause]
		if c == nil {
			c = newCause(o.Cause)
			v.causes[o.Cause] = c
		}
		c.Outages++
		c.micros += micros

		id := trunkID{o.Org, o.Trunk}
		t := v.trunks[id]
		if t == nil && len(v.trunks) < mostTrunks {
			t = &trunkOutages{trunkID: id}
			v.trunks[id] = t
		}
		if t != nil {
			t.Outages++
			t.micros += micros
		}
	}
	return nil
}

// mostTrunkRows is how many trunks are named at most.
const mostTrunkRows = 20

func (v *auditView) finish() {
	v.Open.Shown, v.Closed.Shown = int64(len(v.open.Rows)), int64(len(v.closed.Rows))
	for _, c := range v.classes {
		v.Classes = append(v.Classes, *c)
	}
	slices.SortFunc(v.Classes, func(a, b auditClass) int {
		return cmp.Or(cmp.Compare(severityRank(a.Severity), severityRank(b.Severity)), cmp.Compare(b.Open, a.Open), cmp.Compare(a.Name, b.Name))
	})

	// Every order ends in a name, so that the page does not depend on the order
	// of a map.
	for _, c := range v.causes {
		c.Lasting = duration(c.micros)
		v.Causes = append(v.Causes, *c)
	}
	slices.SortFunc(v.Causes, func(a, b causeView) int { return cmp.Or(cmp.Compare(b.micros, a.micros), cmp.Compare(a.Name, b.Name)) })

	trunks := slices.SortedFunc(maps.Values(v.trunks), func(a, b *trunkOutages) int {
		return cmp.Or(cmp.Compare(b.micros, a.micros), cmp.Compare(a.Org, b.Org), cmp.Compare(a.ID, b.ID))
	})
	for _, t := range trunks[:min(len(trunks), mostTrunkRows)] {
		t.Lasting = duration(t.micros)
		v.Trunks = append(v.Trunks, *t)
	}

	v.Total.Percent = "–"
	if v.Total.Of > 0 {
		// Rounded down: 100 % must mean all calls.
		hundredths := v.Total.Recorded * 10000 / v.Total.Of
		v.Total.Percent = fmt.Sprintf("%d.%02d %%", hundredths/100, hundredths%100)
	}

	v.chart()
	v.lead()
}

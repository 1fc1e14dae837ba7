package page

import (
	"fmt"
	"strings"

	"cdrmend/internal/policy"
	"cdrmend/internal/printable"
	"cdrmend/internal/record"
	"cdrmend/internal/report"
	"cdrmend/internal/table"
)

// trend is the share of recorded calls by interval, as a chart.
type trend struct {
	Points []trendPoint
	Low    string // the share at the foot of the chart
	Target string // how high a target stands in it; empty without one
}

// trendPoint is one interval of the trend, and the point before it.
type trendPoint struct {
	X, Y, FromX, FromY string
	Label, Text        string
	Wide               bool // the label has room on a wide screen only
	AtLeast            bool // the number of calls is not known
}

// Measures of the trend in pixels: of the chart itself, and what is above it.
const trendHeight, trendTop = 90, 14

// trendOf lays out the chart, with a target in percent unless it is 0. It begins at the
// least share, rounded down, so that small differences can be seen. An interval without calls has no share.
func trendOf(nights []nightView, target float64) (t trend) {
	least := 99.0
	if target > 0 {
		least = min(least, target)
	}
	for i := range nights {
		if c := &nights[i].Coverage; c.Of > 0 {
			least = min(least, 100*float64(c.Recorded)/float64(c.Of))
		}
	}
	low := float64(int(least))

	t.Low = fmt.Sprintf("%.0f %%", low)
	if target > 0 {
		t.Target = heightOf(target, low)
	}
	step, gap := 100/float64(max(1, len(nights))), false
	for i := range nights {
		n := &nights[i]
		if n.Coverage.Of == 0 {
			gap = true
			continue
		}
		share := 100 * float64(n.Coverage.Recorded) / float64(n.Coverage.Of)
		p := trendPoint{
			X: fmt.Sprintf("%.3f%%", step*(float64(i)+0.5)), Y: heightOf(share, low),
			Label: n.Short, Wide: n.Wide, AtLeast: n.Coverage.Total == report.AtLeast,
			Text: fmt.Sprintf("%s: %s recorded, %s", n.Label, n.Coverage.Share(n.Coverage.Recorded), n.Percent()),
		}
		if len(t.Points) > 0 && !gap {
			p.FromX, p.FromY = t.Points[len(t.Points)-1].X, t.Points[len(t.Points)-1].Y
		}
		t.Points, gap = append(t.Points, p), false
	}
	return t
}

// heightOf returns where a share stands in a chart.
func heightOf(share, low float64) string {
	return fmt.Sprintf("%.2f", trendTop+trendHeight*(100-share)/(100-low))
}

// ageView counts open findings of one span of ages.
type ageView struct {
	Label                  string
	Critical, Major, Minor int64
	Oldest                 string // the oldest one, as it may be shown
	since                  record.Time
}

const day = record.Time(24 * 3600e6)

func newAges() (list []ageView) {
	for _, label := range report.AgeLabels() {
		list = append(list, ageView{Label: label})
	}
	return list
}

// addAge counts an open finding by how long it has been open.
func (g *auditGathering) addAge(i *Interval, row *table.Row) {
	since := i.committedAt(row.Count(firstColumn))
	if !since.Known() {
		return
	}
	a := &g.Ages[report.AgeOf(g.Newest-since)]
	switch string(row.Bytes(severityColumn)) {
	case "critical":
		a.Critical++
	case "major":
		a.Major++
	default:
		a.Minor++
	}
	if a.Oldest == "" || since < a.since {
		a.Oldest, a.since = g.show.row(row).Text(0), since
	}
}

// recent counts what the commits of the last day before the newest one changed. What
// they found is counted in the state of now, too: the numbers of the table of intervals.
type recent struct {
	Found, FoundCritical, Closed, ClosedCritical int64
	states                                       map[string]int64 // of those found
}

// addRecent counts a finding that the last day found or closed.
func (g *auditGathering) addRecent(i *Interval, row *table.Row, state string) {
	critical := string(row.Bytes(severityColumn)) == "critical"
	within := func(commit int64) bool {
		at := i.committedAt(commit)
		return at.Known() && g.Newest-at <= day
	}
	count := func(all, worst *int64) {
		*all++
		if critical {
			*worst++
		}
	}
	if state == table.Closed && within(row.Count(closedColumn)) {
		count(&g.Recent.Closed, &g.Recent.ClosedCritical)
	}
	if within(row.Count(firstColumn)) {
		count(&g.Recent.Found, &g.Recent.FoundCritical)
		g.Recent.states[state]++
	}
}

var closedColumn = table.History.Index("closed_commit")

// stateOf returns the state of a finding: accepted when the present file accepts one
// that the commit held as open. It returns what accepts it, too.
func (g *auditGathering) stateOf(row *table.Row) (string, *policy.Acceptance) {
	state := string(row.Bytes(stateColumn))
	if g.accept == nil || state != "open" && state != "indeterminate" {
		return state, g.accepts
	}
	f := table.FindingOf(row)
	if _, ok := g.accept.Row(f.ID, policy.Subject[string]{Class: f.Class, Org: f.Org, Conversation: f.Conversation, Recording: f.Recording}); ok {
		g.Accepted++
		return "accepted", g.accept
	}
	return state, nil
}

// closedBy names the objects that closed a finding, as they may be shown.
func (g *auditGathering) closedBy(i *Interval, row *table.Row) string {
	var list []string
	for _, c := range i.Closers[row.Text(0)] {
		list = append(list, c.Source+": "+printable.Text(g.show.redact.Key(c.Key))+" ("+c.What+")")
	}
	return strings.Join(list, "; ")
}

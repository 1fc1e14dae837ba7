package page

import (
	"cmp"
	"fmt"
	"strings"

	"cdrmend/internal/report"
	"cdrmend/internal/table"
)

// nightView is one interval in numbers, with its bar in the chart.
type nightView struct {
	Label    string
	Coverage report.Coverage
	callCounts
	findingCounts
	Critical int64 // open critical findings
	Major    int64 // likewise
	Outages  int64
	logs     report.Logs // what they can tell of outages
	Ended    int64       // registrations that lapsed or were removed, without a failure
	Strays   []string    // its rows that lie where its run did not look: how many, and in which interval
	Commits  int64
	Newest   Commit

	Bars                  []share
	X, Top, Middle, Short string
	Wide                  bool // Short has room on a wide screen only
}

// callCounts counts the calls that should be recorded and are not.
type callCounts struct{ Missing, Partial, Untold int64 }

// NotRecorded returns the number of calls that the chart shows for an interval.
func (c *callCounts) NotRecorded() int64 { return c.Missing + c.Partial + c.Untold }

// findingCounts counts findings by their state. Found counts all of them, Later
// those that the first commit of their interval did not have.
type findingCounts struct {
	Found, Later, Closed, Accepted, Repaired, Open, Undecided int64
}

func (c *findingCounts) count(row *table.Row, state string) {
	c.Found++
	if row.Count(firstColumn) > 1 {
		c.Later++
	}

	switch state {
	case table.Closed:
		c.Closed++
	case "accepted":
		c.Accepted++
	case "repaired":
		c.Repaired++
	case "open":
		c.Open++
	default:
		c.Undecided++
	}
}

// add adds an interval to the totals that the page shows.
func (n *nightView) add(o *nightView) {
	n.Coverage.Add(&o.Coverage)
	n.Missing, n.Partial, n.Untold = n.Missing+o.Missing, n.Partial+o.Partial, n.Untold+o.Untold
	n.Found, n.Later, n.Closed = n.Found+o.Found, n.Later+o.Later, n.Closed+o.Closed
	n.Undecided += o.Undecided
	n.Open, n.Critical, n.Major = n.Open+o.Open, n.Critical+o.Critical, n.Major+o.Major
	n.Outages, n.Ended = n.Outages+o.Outages, n.Ended+o.Ended
}

// Percent returns the share of recorded calls, with the words that limit it.
func (n nightView) Percent() string {
	return cmp.Or(n.Coverage.Percent(n.Coverage.RecordedPercent), "–")
}

// Excluded returns how many calls were not to be recorded.
func (n nightView) Excluded() int64 { return sum(n.Coverage.Excluded) }

// Failed writes how many outages a failed registration opened.
func (n nightView) Failed() string { return outageCount(n.Outages, n.logs) }

// Over writes how many registrations lapsed or were removed.
func (n nightView) Over() string { return outageCount(n.Ended, n.logs) }

// Elsewhere says where rows of the interval lie that its run did not read.
func (n nightView) Elsewhere() string { return strings.Join(n.Strays, ", ") }

// chart lays out a stacked bar for each interval: its calls that are not
// recorded.
func chart(nights []nightView) {
	most := int64(1) // not 0, as heights are divided by it
	for i := range nights {
		most = max(most, nights[i].NotRecorded())
	}
	for i := range nights {
		n := &nights[i]
		step := 100 / float64(len(nights))
		if every := (len(nights) + mostLabels - 1) / mostLabels; i%every == 0 {
			n.Short = n.Label[len("2006-"):]
			n.Wide = i/every%((min(len(nights), mostLabels)+mostOnPhone-1)/mostOnPhone) != 0
		}
		n.X, n.Middle = fmt.Sprintf("%.3f%%", step*(float64(i)+0.2)), fmt.Sprintf("%.3f%%", step*(float64(i)+0.5))

		var below int64
		for _, part := range []share{
			{Name: "missing", Label: laneNames[markMissing], N: n.Missing},
			{Name: "partial", Label: laneNames[markPartial], N: n.Partial},
			{Name: "indeterminate", Label: laneNames[markUntold], N: n.Untold},
		} {
			below += part.N
			part.X = fmt.Sprintf("%.2f", chartHeight-chartHeight*float64(below)/float64(most)+chartTop)
			part.W = fmt.Sprintf("%.2f", chartHeight*float64(part.N)/float64(most))
			if part.N > 0 {
				n.Bars, n.Top = append(n.Bars, part), part.X
			}
		}
	}
}

// How many labels fit below a chart, on a wide screen and on a phone.
const mostLabels, mostOnPhone = 16, 5

// Measures of the chart in pixels.
const chartHeight, chartTop = 120, 18

// BarWidth returns the width of a bar of the chart.
func (v *auditView) BarWidth() string { return barWidth(len(v.Nights)) }

func barWidth(bars int) string {
	return fmt.Sprintf("%.3f%%", 60/float64(max(1, bars)))
}

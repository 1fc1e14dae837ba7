package page

import (
	"fmt"

	"cdrmend/internal/report"
)

// lead sums up all intervals in a few sentences.
func (g *auditGathering) lead() {
	t := &g.Total
	nights := counted(int64(len(g.Nights)), "interval")
	if t.Coverage.Of == 0 {
		g.Lead = []string{fmt.Sprintf("No call of the %s should have been recorded. ", nights)}
	} else {
		g.Lead = []string{
			fmt.Sprintf("%s of %s that should be recorded in %s are, %s", report.Grouped(t.Coverage.Recorded), expected(&t.Coverage), nights, t.Percent()), g.lost(),
		}
	}

	g.Lead = append(g.Lead, g.standing())
	switch t.Closed {
	case 0:
	case 1:
		g.Lead = append(g.Lead, " 1 has closed since it was found.")
	default:
		g.Lead = append(g.Lead, fmt.Sprintf(" %s have closed since they were found.", report.Grouped(t.Closed)))
	}
}

// lost describes the calls that are not recorded.
func (g *auditGathering) lost() string {
	var words []string
	for _, p := range []struct {
		n    int64
		text string
	}{{g.Total.Missing, "missing"}, {g.Total.Partial, "recorded in part"}, {g.Total.Untold, "that cannot be told"}} {
		if p.n > 0 {
			words = append(words, report.Grouped(p.n)+" "+p.text)
		}
	}

	if len(words) == 0 {
		return ". "
	}
	return "; " + listed(words) + ". "
}

// standing describes the open findings.
func (g *auditGathering) standing() string {
	t := &g.Total
	var text string
	switch t.Open {
	case 0:
		return "No finding is open."
	case 1:
		text = "1 finding is open"
	default:
		text = report.Grouped(t.Open) + " findings are open"
	}

	if t.Critical > 0 {
		text += fmt.Sprintf(", %s of them critical", report.Grouped(t.Critical))
	}
	if g.since.Known() {
		text += ", the oldest for " + age(g.Newest-g.since)
	}
	return text + "."
}

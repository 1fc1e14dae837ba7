package page

import (
	"fmt"

	"cdrmend/internal/report"
	"cdrmend/internal/table"
)

// lead sums up all intervals: a headline, and what stands behind it.
func (g *auditGathering) lead() {
	t := &g.Total
	nights := counted(int64(len(g.Nights)), "interval")
	open := openWords(t.Critical, t.Major)
	if t.Coverage.Of == 0 {
		g.Lead = fmt.Sprintf("No call of %s should have been recorded; %s.", nights, open)
	} else {
		g.Lead = fmt.Sprintf("%s of %s that should be recorded in %s are, %s; %s.", report.Grouped(t.Coverage.Recorded), expected(&t.Coverage), nights, t.Percent(), open)
	}

	if lost := g.lost(); lost != "" {
		g.Detail = append(g.Detail, lost)
	}
	g.Detail = append(g.Detail, g.standing(), g.lastDay())
	if g.Accepted > 0 {
		g.Detail = append(g.Detail, fmt.Sprintf("%s counted as accepted, by the file of accepted findings as it is now; the commits do not know that yet.", are(g.Accepted, "finding")))
	}
}

// lastDay says what the commits of the last day changed.
func (g *auditGathering) lastDay() string {
	of := func(n, critical int64, what string) string {
		text := counted(n, "finding") + " " + what
		if critical > 0 {
			text += ", " + report.Grouped(critical) + " of them critical"
		}
		return text
	}
	r := &g.Recent
	found := of(r.Found, r.FoundCritical, "found")
	var states []string
	for _, s := range []struct{ state, words string }{
		{"open", "open"}, {"indeterminate", "not certain"}, {"accepted", "accepted"}, {"repaired", "repaired"}, {table.Closed, "closed"},
	} {
		if n := r.states[s.state]; n > 0 {
			states = append(states, report.Grouped(n)+" "+s.words)
		}
	}
	if len(states) > 0 {
		found += " (now " + listed(states) + ")"
	}
	return "In the day before the newest commit: " + found + "; " + of(r.Closed, r.ClosedCritical, "closed") + "."
}

// are writes a number of things with its verb: 1 finding is, 2 findings are.
func are(n int64, thing string) string {
	if n == 1 {
		return "1 " + thing + " is"
	}
	return counted(n, thing) + " are"
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
		return ""
	}
	return "Calls: " + listed(words) + "."
}

// standing describes the open findings.
func (g *auditGathering) standing() string {
	t := &g.Total
	var text string
	switch t.Open {
	case 0:
		text = "No finding is open"
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
	if t.Undecided > 0 {
		text += "; " + report.Grouped(t.Undecided) + " may be: nobody can tell yet"
	}
	text += "; "
	if t.Closed == 1 {
		return text + "1 has closed since it was found."
	}
	return text + report.Grouped(t.Closed) + " have closed since they were found."
}

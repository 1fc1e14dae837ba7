package page

import (
	"fmt"

	"cdrmend/internal/report"
	"cdrmend/internal/table"
	"cdrmend/internal/wording"
)

// lead sums up all intervals: a headline, and what stands behind it.
func (g *auditGathering) lead() {
	t := &g.Total
	nights := counted(int64(len(g.Nights)), "interval")
	open := openWords(t.Critical, t.Major)
	if t.Coverage.Of == 0 {
		g.Lead = noCall(&t.Coverage, nights) + "; " + open + "."
	} else {
		c := &t.Coverage
		g.Lead = fmt.Sprintf("%s that should be recorded in %s %s, %s; %s.", c.Calls(c.Recorded), nights, c.Are(c.Recorded, t.Untold), t.Percent(), open)
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
		return counted(n, "finding") + " " + what + ofThemCritical(n, critical)
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
	text := "No finding is open"
	if t.Open > 0 {
		text = are(t.Open, "finding") + " open" + ofThemCritical(t.Open, t.Critical)
	}
	if g.since.Known() {
		text += ", the oldest for " + age(g.Newest-g.since)
	}
	if t.Undecided > 0 {
		text += "; " + report.Grouped(t.Undecided) + " may be: nobody can tell yet"
	}
	return text + "; " + report.Grouped(t.Closed) + wording.Verb(t.Closed, " has closed since it was found.", " have closed since they were found.")
}

// ofThemCritical says how many of some findings are critical, if any is.
func ofThemCritical(n, critical int64) string {
	switch {
	case critical == 0:
		return ""
	case n == 1:
		return ", which is critical"
	}
	return ", " + report.Grouped(critical) + " of them critical"
}

package page

import (
	"fmt"

	"cdrmend/internal/report"
)

// lead sums up all intervals in a few sentences.
func (v *auditView) lead() {
	t := &v.Total
	nights := counted(int64(len(v.Nights)), "interval")
	if t.Of == 0 {
		v.Lead = []string{fmt.Sprintf("No call of the %s should have been recorded. ", nights)}
	} else {
		v.Lead = []string{
			fmt.Sprintf("%s of %s that should be recorded in %s are, %s", report.Grouped(t.Recorded), counted(t.Of, "call"), nights, t.Percent), v.lost(),
		}
	}

	v.Lead = append(v.Lead, v.standing())
	switch t.Closed {
	case 0:
	case 1:
		v.Lead = append(v.Lead, " 1 has closed since it was found.")
	default:
		v.Lead = append(v.Lead, fmt.Sprintf(" %s have closed since they were found.", report.Grouped(t.Closed)))
	}
}

// lost describes the calls that are not recorded.
func (v *auditView) lost() string {
	var words []string
	for _, p := range []struct {
		n    int64
		text string
	}{{v.Total.Missing, "missing"}, {v.Total.Partial, "recorded in part"}, {v.Total.Untold, "that cannot be told"}} {
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
func (v *auditView) standing() string {
	t := &v.Total
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
	if v.since.Known() {
		text += ", the oldest for " + age(v.Newest-v.since)
	}
	return text + "."
}

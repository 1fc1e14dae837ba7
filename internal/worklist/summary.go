package worklist

import (
	"maps"
	"slices"
	"strconv"

	"cdrmend/internal/redact"
	"cdrmend/internal/registration"
	"cdrmend/internal/report"
)

// remedy returns what can be done about a cause of outages, or an empty text
// for an unknown cause.
func remedy(cause string) string {
	c, ok := registration.CauseByName(cause)
	if !ok {
		return ""
	}
	return c.Remedy()
}

func percent(p *string) string {
	if p == nil {
		return ""
	}
	return *p + " %"
}

func decimal(n int64) string { return strconv.FormatInt(n, 10) }

// summary writes the sheet with the numbers of the run.
func (b *book) summary(n *Night, show *redact.Redactor) error {
	s, err := b.sheet("Summary", []string{"what", "value", "how many", "what to do next"})
	if err != nil {
		return err
	}

	sum := n.Summary
	c := sum.Coverage
	rows := [][4]string{
		{"interval", sum.Interval},
		{"run", n.RunID},
		{"calls recorded", percent(c.RecordedPercent), report.Of(c.Recorded, c.Of)},
		{"calls with all their metadata", percent(c.IntactPercent), report.Of(c.Intact, c.Of)},
	}

	for _, name := range slices.Sorted(maps.Keys(sum.Verdicts)) {
		rows = append(rows, [4]string{"calls by verdict", name, decimal(sum.Verdicts[name])})
	}
	for _, f := range sum.Findings {
		rows = append(rows, [4]string{"findings by class", f.Class + " (" + f.Severity + ", " + f.Status + ")", decimal(f.Count)})
	}
	for _, name := range slices.Sorted(maps.Keys(sum.Outages)) {
		rows = append(rows, [4]string{"outages by cause", name, decimal(sum.Outages[name]), remedy(name)})
	}

	for _, in := range sum.Incomplete {
		rows = append(rows, [4]string{"incomplete input of " + in.Source, show.Key(in.Input) + ": " + in.Reason, "", in.Next})
	}
	for _, w := range sum.Warnings {
		rows = append(rows, [4]string{"warning", w})
	}

	for _, r := range rows {
		if err := s.add(r[:]); err != nil {
			return err
		}
	}
	return s.end()
}

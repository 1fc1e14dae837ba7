package page

import (
	"cmp"
	"slices"

	"cdrmend/internal/record"
	"cdrmend/internal/table"
)

// mostOldest is how many of the oldest open findings are named at most.
const mostOldest = 15

// addOldest keeps an open finding if it is among the oldest. Minor findings are
// never kept.
func (g *auditGathering) addOldest(i *Interval, row *table.Row) {
	severity := row.Text(severityColumn)
	if severity == "minor" {
		return
	}

	since := i.committedAt(row.Count(firstColumn))
	if !g.since.Known() || since < g.since {
		g.since = since
	}

	// This comes before redacting, which costs far more.
	if last := len(g.Oldest) - 1; last == mostOldest-1 && !older(severity, since, &g.Oldest[last]) {
		return
	}
	row = g.show.row(row)
	f := oldFinding{
		ID: row.Text(0), Class: row.Text(classColumn), Severity: severity, Interval: i.Label,
		Trunk: row.Text(findingTrunk), Since: since, Age: age(g.Newest - since),
	}

	// The search never reports equality: a finding goes after those of the same
	// severity and age, which keeps the order of the histories.
	at, _ := slices.BinarySearchFunc(g.Oldest, f, func(o, f oldFinding) int {
		if older(f.Severity, f.Since, &o) {
			return 1
		}
		return -1
	})
	g.Oldest = slices.Insert(g.Oldest, at, f)
	g.Oldest = g.Oldest[:min(len(g.Oldest), mostOldest)]
}

// older reports whether a finding comes before another: the more severe one,
// then the one found earlier.
func older(severity string, since record.Time, o *oldFinding) bool {
	return cmp.Or(cmp.Compare(severityRank(severity), severityRank(o.Severity)), cmp.Compare(since, o.Since)) < 0
}

// age writes an age in days, or in hours if it is less than a day.
func age(t record.Time) string {
	if days := int64(t) / (24 * 3600e6); days > 0 {
		return counted(days, "day")
	}
	if hours := int64(t) / 3600e6; hours > 0 {
		return counted(hours, "hour")
	}
	return "less than an hour"
}

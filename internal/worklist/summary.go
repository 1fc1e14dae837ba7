package worklist

import (
	"maps"
	"slices"
	"strconv"

	"cdrmend/internal/redact"
	"cdrmend/internal/report"
	"cdrmend/internal/wording"
)

func decimal(n int64) string { return strconv.FormatInt(n, 10) }

// summary writes the sheet with the numbers of the run.
func (b *book) summary(n *Night, show *redact.Redactor) error {
	s, err := b.sheet("Summary", []string{"what", "value", "how many", "what to do next"})
	if err != nil {
		return err
	}

	sum := n.Summary.Redacted(show)
	c := &sum.Coverage
	rows := [][4]string{{"interval", sum.Interval}, {"run", n.RunID}}
	// What limits the numbers comes before them.
	for _, notice := range sum.Notices() {
		rows = append(rows, [4]string{notice.About, notice.Text, "", notice.Next})
	}

	rows = append(rows,
		[4]string{"calls recorded", c.Percent(c.RecordedPercent), c.Share(c.Recorded)},
		[4]string{"calls with all their metadata", c.Percent(c.IntactPercent), c.Share(c.Intact)})
	for _, remark := range c.Remarks() {
		rows = append(rows, [4]string{"note", remark})
	}
	for name, count := range c.Proof.Each {
		words, _ := wording.Proof(name)
		rows = append(rows, [4]string{"recorded calls by proof", name + ": " + words.Sentence, decimal(count)})
	}
	for _, name := range slices.Sorted(maps.Keys(c.Excluded)) {
		rows = append(rows, [4]string{"excluded calls by reason", name, decimal(c.Excluded[name])})
	}

	for _, name := range slices.Sorted(maps.Keys(sum.Verdicts)) {
		rows = append(rows, [4]string{"calls by verdict", name, decimal(sum.Verdicts[name])})
	}
	for _, f := range sum.Findings {
		words, _ := wording.Class(f.Class)
		rows = append(rows, [4]string{"findings by class", f.Class + " (" + f.Severity + ", " + f.Status + "): " + words.Sentence, decimal(f.Count), words.Remedy})
	}
	failed, ended := sum.OutagesByOpening()
	rows = append(rows, byCause("outages by cause", failed)...)
	rows = append(rows, byCause("registrations that ended without a failure, by cause", ended)...)

	if sum.Renewals > 0 {
		rows = append(rows, [4]string{"registrations", report.RenewalsFailed(sum.Renewals), decimal(sum.Renewals)})
	}
	if text := sum.Registrations.Text(); text != "" {
		rows = append(rows, [4]string{"registrations", text})
	}

	for _, r := range rows {
		if err := s.add(r[:]); err != nil {
			return err
		}
	}
	return s.end()
}

// byCause returns a row for each cause of outages.
func byCause(what string, counts map[string]int64) (rows [][4]string) {
	for _, name := range slices.Sorted(maps.Keys(counts)) {
		words, _ := wording.Cause(name)
		rows = append(rows, [4]string{what, name + ": " + words.Sentence, decimal(counts[name]), words.Remedy})
	}
	return rows
}

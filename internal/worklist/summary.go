package worklist

import (
	"encoding/xml"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"cdrmend/internal/policy"
	"cdrmend/internal/printable"
	"cdrmend/internal/redact"
	"cdrmend/internal/report"
	"cdrmend/internal/wording"
)

func decimal(n int64) string { return strconv.FormatInt(n, 10) }

// summary writes the sheet with the numbers of the run.
func (b *book) summary(n *Night, show *redact.Redactor) error {
	s, err := b.sheet("Summary", wrapped("what", "value", "how many", todo))
	if err != nil {
		return err
	}

	sum := n.Summary.Redacted(show)
	c := &sum.Coverage
	rows := append(whose(n, show), [4]string{"interval", sum.Interval}, [4]string{"run", n.RunID})
	// What limits the numbers comes before them.
	for _, notice := range sum.Notices() {
		rows = append(rows, [4]string{notice.About, notice.Text, "", notice.Next})
	}

	rows = append(rows,
		[4]string{"calls recorded", c.Percent(c.RecordedPercent), c.Share(c.Recorded)},
		[4]string{"calls with all their metadata", c.Percent(c.IntactPercent), c.Share(c.Intact)})
	for _, remark := range sum.Remarks() {
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

// whose returns the rows that say whose recordings these are.
func whose(n *Night, show *redact.Redactor) (rows [][4]string) {
	for _, r := range [][4]string{{"job", n.Report.Job}, {"operator", n.Report.Operator}} {
		if r[1] != "" {
			rows = append(rows, r)
		}
	}
	for _, org := range n.Summary.Organisations() {
		rows = append(rows, [4]string{"organisation", show.Called(policy.OrganisationName, org)})
	}
	return rows
}

// onPaper returns the header of printed pages: whose calls they list, and when.
func onPaper(n *Night, show *redact.Redactor) string {
	parts := []string{n.Report.Job, n.Report.Operator}
	for _, org := range n.Summary.Organisations() {
		parts = append(parts, show.Called(policy.OrganisationName, org))
	}
	parts = slices.DeleteFunc(append(parts, n.Summary.Interval), func(text string) bool { return text == "" })

	const most = 200 // a header has room for 255 characters
	text := printable.Text(strings.Join(parts, " · "))
	if utf8.RuneCountInString(text) > most {
		text = string([]rune(text)[:most]) + "…"
	}
	// A format takes a single ampersand for the beginning of a code.
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte("&L"+strings.ReplaceAll(text, "&", "&&")))
	return b.String()
}

// byCause returns a row for each cause of outages.
func byCause(what string, counts map[string]int64) (rows [][4]string) {
	for _, name := range slices.Sorted(maps.Keys(counts)) {
		words, _ := wording.Cause(name)
		rows = append(rows, [4]string{what, name + ": " + words.Sentence, decimal(counts[name]), words.Remedy})
	}
	return rows
}

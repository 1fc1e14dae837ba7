// Package report describes the result of a run for people.
package report

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"cdrmend/internal/printable"
)

// Tone says how a part of a text is meant.
type Tone uint8

// The tones.
const (
	Plain    Tone = iota
	Good          // nothing to do
	Bad           // somebody has to act
	Doubtful      // nobody can tell, or it may matter
	Quiet         // of less interest
	Strong        // where to look first
)

// Paint shows a text in a tone.
type Paint func(Tone, string) string

// Unpainted shows a text as it is.
func Unpainted(_ Tone, text string) string { return text }

// Text returns the summary of one interval for a terminal: short lines, the
// most important first. Values from outside are printable in it.
func Text(r *Run, paint Paint) string {
	t := text{paint: paint}
	fmt.Fprintf(&t, "%s\n", paint(Strong, "Interval "+r.Interval))

	switch {
	case r.NoOp:
		t.line("unchanged", fmt.Sprintf("%s objects, the newest commit is of this very run", Grouped(r.Objects)))
	case r.DryRun:
		t.line("dry run", fmt.Sprintf("would read %s objects, %s; nothing was written", Grouped(r.Objects), Size(r.Bytes)))
		t.memory(r)
	default:
		t.summary(r.Summary)
	}

	if m := r.Journal; m != nil {
		t.line("journal", fmt.Sprintf("entry %d, SHA-256 %s", m.Number, m.SHA256))
	}
	t.line("results", paint(Quiet, printable.Text(r.URL)))
	t.WriteByte('\n')
	return t.String()
}

// memory compares the memory that a run is expected to need with the limit.
func (t *text) memory(r *Run) {
	need := "about " + Size(r.Memory)
	switch {
	case r.MemoryLimit == 0:
		t.line("memory", need+"; no limit is set")
	case r.Memory <= r.MemoryLimit:
		t.line("memory", fmt.Sprintf("%s of the %s it may use", need, Size(r.MemoryLimit)))
	default:
		t.line("memory", t.paint(Bad, fmt.Sprintf("%s, more than the %s it may use", need, Size(r.MemoryLimit)))+": choose a shorter interval or look-back, or raise the limit")
	}
}

// Size writes a number of bytes in the unit that fits.
func Size(n int64) string {
	units := []string{"B", "kB", "MB", "GB", "TB"}
	v := float64(n)
	i := 0
	for ; v >= 1000 && i < len(units)-1; i++ {
		v /= 1000
	}

	if i == 0 {
		return fmt.Sprintf("%d B", n)
	}
	return fmt.Sprintf("%.1f %s", v, units[i])
}

// text builds the text of a summary.
type text struct {
	strings.Builder
	paint Paint
}

// line writes a title and its text.
func (t *text) line(title, what string) { fmt.Fprintf(t, "  %-10s %s\n", title, what) }

func (t *text) summary(s *Summary) {
	// What limits the numbers comes before them.
	for _, n := range s.Notices() {
		t.notice(n)
	}

	c := &s.Coverage
	t.share("recorded", c, c.Recorded, c.RecordedPercent, "calls that should be")
	t.share("intact", c, c.Intact, c.IntactPercent, "with all their metadata")
	if proof := c.Proof.Text(); proof != "" {
		t.line("proved", proof)
	}
	for _, remark := range c.Remarks() {
		t.line("note", printable.Text(remark))
	}

	for _, i := range s.Ignored {
		t.line("not read", t.paint(Doubtful, printable.Text(i.Text())))
	}

	t.counts("verdicts", s.Verdicts, func(verdict string) Tone { return verdictTones[verdict] })
	t.findings(s.Findings)
	failed, ended := s.OutagesByOpening()
	t.counts("outages", failed, func(string) Tone { return Plain })
	t.counts("ended", ended, func(string) Tone { return Plain })
	if s.Renewals > 0 {
		t.line("renewals", RenewalsFailed(s.Renewals))
	}
	if text := s.Registrations.Text(); text != "" {
		t.line("logs", text)
	}
}

func (t *text) notice(n Notice) {
	what := t.paint(Doubtful, printable.Text(n.Text))
	if n.Next != "" {
		what += printable.Text("; " + n.Next)
	}
	t.line(n.About, what)
}

// verdictTones are the tones of the verdicts that ask for attention.
var verdictTones = map[string]Tone{
	"missing": Bad, "partial": Bad, "recorded_in_error": Bad, "incomplete": Doubtful, "indeterminate": Doubtful, "excluded": Quiet,
}

func (t *text) share(title string, c *Coverage, n int64, percent *string, what string) {
	tone := Bad
	if n == c.Of && c.Total != AtLeast {
		tone = Good
	}

	if percent != nil {
		what += ", " + c.Percent(percent)
	}
	t.line(title, t.paint(tone, c.Share(n))+" "+what)
}

// counts writes the numbers that are not zero, the largest first.
func (t *text) counts(title string, m map[string]int64, tone func(string) Tone) {
	// The stable sort leaves equal numbers in the order of their names, so that
	// the text does not depend on the order of the map.
	names := slices.Sorted(maps.Keys(m))
	slices.SortStableFunc(names, func(a, b string) int { return int(m[b] - m[a]) })
	for _, name := range names {
		if m[name] > 0 {
			t.count(title, m[name], tone(name), printable.Text(name))
			title = "" // only the first line shows it
		}
	}
}

func (t *text) findings(list []FindingCount) {
	title := "findings"
	for _, f := range list {
		t.count(title, f.Count, findingTone(f), fmt.Sprintf("%s (%s, %s)", f.Class, f.Severity, f.Status))
		title = ""
	}
}

func findingTone(f FindingCount) Tone {
	switch {
	case f.Status == "indeterminate":
		return Doubtful
	case f.Status != "open":
		return Quiet
	case f.Severity == "critical":
		return Bad
	case f.Severity == "major":
		return Doubtful
	}
	return Plain
}

// count writes a right-aligned number with its name. The first line of a list
// has a title, the others have an empty one.
func (t *text) count(title string, n int64, tone Tone, name string) {
	t.line(title, fmt.Sprintf("%10s  %s", Grouped(n), t.paint(tone, name)))
}

// Package report describes the result of a run for people.
package report

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"cdrmend/internal/printable"
	"cdrmend/internal/wording"
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

// PageFile is the name of a run's page.
const PageFile = "report.html"

// Screen is where a text is shown. The zero value shows it as it is.
type Screen struct {
	Paint   Paint
	Columns int    // lines are no longer, but a word is never cut; 0: 80
	Where   string // what commands need to find the output, as --config cdrmend.yaml
}

// The number of columns of a screen that has none, and the most that a line is read in.
const (
	defaultColumns = 80
	mostColumns    = 120
)

// Text returns the summary of one interval for a terminal, the most important first,
// and what to do next. Lines are broken at spaces. Values from outside are printable
// in it, and stand there whole.
func Text(r *Run, screen Screen) string {
	t := text{paint: screen.Paint, columns: min(cmp.Or(screen.Columns, defaultColumns), mostColumns), where: screen.Where}
	if t.paint == nil {
		t.paint = Unpainted
	}
	fmt.Fprintf(&t, "%s\n", t.paint(Strong, "Interval "+r.Interval))

	for _, a := range r.NotThere {
		t.line("not there", t.paint(Bad, printable.Text(a.Source+": "+a.URL+a.Marker))+", although the run waited for it")
	}
	switch {
	case r.NoOp:
		t.line("unchanged", fmt.Sprintf("%s, the newest commit is of this very run", wording.Count(r.Objects, "object")))
		t.open(r)
	case r.DryRun:
		t.line("dry run", fmt.Sprintf("would read %s, %s; nothing was written", wording.Count(r.Objects, "object"), Size(r.Bytes)))
		t.memory(r)
	default:
		t.summary(r.Summary)
		t.actions(r)
	}

	if m := r.Journal; m != nil {
		t.line("journal", fmt.Sprintf("entry %d, SHA-256 %s", m.Number, m.SHA256))
	}
	t.line("results", t.paint(Quiet, printable.Text(r.URL)))
	if !r.DryRun {
		t.line("page", printable.Text(r.URL+PageFile))
	}
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
	paint   Paint
	columns int
	where   string
}

// line writes a title and its text.
func (t *text) line(title, what string) { t.indented(fmt.Sprintf("  %-10s ", title), what) }

// indented writes a text after a title. The lines that follow the first are indented
// as far as that.
func (t *text) indented(title, what string) { t.WriteString(Indented(title, what, t.columns)) }

// Indented returns lines of so many columns: a text after a title, broken at spaces, and
// indented as far as it begins. A longer word has a line of its own and is not cut.
func Indented(title, what string, columns int) string {
	lines := wrapped(what, columns-len(title))
	var b strings.Builder
	fmt.Fprintf(&b, "%s%s\n", title, lines[0])
	for _, line := range lines[1:] {
		fmt.Fprintf(&b, "%*s%s\n", len(title), "", line)
	}
	return b.String()
}

// wrapped breaks a text at spaces into lines of so many characters. A longer word has
// a line of its own and is not cut, so that no two ids look alike. Spaces within a line
// stay as they are.
func wrapped(what string, width int) []string {
	var lines []string
	for visible(what) > width {
		cut := -1
		for i := range what {
			if what[i] != ' ' || strings.TrimSpace(what[:i]) == "" {
				continue
			}
			if visible(what[:i]) > width && cut >= 0 {
				break
			}
			cut = i
			if visible(what[:i]) >= width {
				break
			}
		}
		if cut < 0 {
			break
		}
		lines = append(lines, strings.TrimRight(what[:cut], " "))
		what = strings.TrimLeft(what[cut:], " ")
	}
	return append(lines, what)
}

// visible counts the characters of a text that a terminal shows: all but sequences
// that choose colours.
func visible(what string) (n int) {
	inside := false
	for _, c := range what {
		switch {
		case c == '\x1b':
			inside = true
		case inside:
			inside = c != 'm'
		default:
			n++
		}
	}
	return n
}

func (t *text) summary(s *Summary) {
	// What limits the numbers comes before them.
	for _, n := range s.Notices() {
		t.notice(n)
	}

	c := &s.Coverage
	t.share("recorded", c, c.Recorded, c.RecordedPercent, wording.Noun(c.Of, "call")+" that should be")
	t.share("intact", c, c.Intact, c.IntactPercent, "with all metadata")
	if proof := c.Proof.Text(); proof != "" {
		t.line("proved", proof)
	}
	for _, remark := range s.Remarks() {
		t.line("note", printable.Text(remark))
	}

	for _, i := range s.Ignored {
		t.line("not read", t.paint(Doubtful, printable.Text(i.Text())))
	}

	t.verdicts(s.Verdicts)
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

// verdicts writes how many calls have each verdict: first what is lost, then what
// nobody can tell, then the others.
func (t *text) verdicts(all map[string]int64) {
	title := "verdicts"
	for _, tone := range []Tone{Bad, Doubtful, Plain, Quiet} {
		some := maps.Clone(all)
		maps.DeleteFunc(some, func(verdict string, n int64) bool { return n == 0 || verdictTones[verdict] != tone })
		t.counts(title, some, func(string) Tone { return tone })
		if len(some) > 0 {
			title = ""
		}
	}
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

// findings writes how many findings there are of each kind: what is open or cannot be
// told before what is settled, each by severity, what is open first.
func (t *text) findings(list []FindingCount) {
	title := "findings"
	list = slices.SortedStableFunc(slices.Values(list), func(a, b FindingCount) int {
		return cmp.Or(cmp.Compare(settled(a.Status), settled(b.Status)), worse(a.Severity, b.Severity), cmp.Compare(certainty(a.Status), certainty(b.Status)), cmp.Compare(b.Count, a.Count))
	})

	for _, f := range list {
		t.count(title, f.Count, findingTone(f), fmt.Sprintf("%s (%s, %s)", f.Class, f.Severity, f.Status))
		title = ""
	}
}

// settled is 0 for findings that ask for something, else 1.
func settled(status string) int {
	if status == "open" || status == "indeterminate" {
		return 0
	}
	return 1
}

// certainty is 0 for findings that are sure, else 1.
func certainty(status string) int {
	if status == "indeterminate" {
		return 1
	}
	return 0
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

// mostActions is how many actions are shown. The page has all.
const mostActions = 3

// actions writes what to do first, as the page has it, each with its reason and a command
// that helps.
func (t *text) actions(r *Run) {
	if len(r.Todo) == 0 {
		return
	}

	fmt.Fprintf(t, "\n  %s\n", t.paint(Strong, "What to do now, the worst first"))
	for i, a := range r.Todo[:min(len(r.Todo), mostActions)] {
		tone := Doubtful
		if a.Critical {
			tone = Bad
		}
		t.indented(fmt.Sprintf("  %d  ", i+1), fmt.Sprintf("%s: %s. %s", t.paint(tone, a.Title), a.Numbers, a.Remedy))
		if a.Command != "" {
			// A command is one line, so that it can be copied.
			fmt.Fprintf(t, "       %s\n", strings.TrimSpace(a.Command+" "+t.whereOf(a.Command)))
		}
	}
	if n := len(r.Todo) - mostActions; n > 0 {
		fmt.Fprintf(t, "  and %s more on the page\n", Grouped(int64(n)))
	}
	t.WriteByte('\n')
}

// whereOf returns what a command needs to find the output. Only run has a flag for it.
func (t *text) whereOf(command string) string {
	where := printable.Text(t.where)
	if where != "" && !strings.HasPrefix(where, "--") && strings.HasPrefix(command, "cdrmend run ") {
		return "--output " + where
	}
	return where
}

// open says what the newest commit of an unchanged interval left open.
func (t *text) open(r *Run) {
	var parts []string
	for _, p := range []struct {
		n        int64
		severity string
	}{{r.Outcome.OpenCritical, "critical"}, {r.Outcome.OpenMajor, "major"}, {r.Outcome.OpenMinor, "minor"}} {
		if p.n > 0 {
			parts = append(parts, Grouped(p.n)+" "+p.severity)
		}
	}
	if parts != nil {
		t.line("open", strings.Join(parts, ", ")+"; the page says what to do")
	}
	if r.Outcome.Indeterminate {
		t.line("incomplete", t.paint(Doubtful, "inputs that are missing or damaged leave results indeterminate; the page names them"))
	}
}

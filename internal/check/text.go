package check

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"cdrmend/internal/printable"
	"cdrmend/internal/report"
	"cdrmend/internal/wording"
)

// Text returns a report as people read it. Values from outside are printable in it. The
// commands in it name the configuration as where does: --config cdrmend.yaml.
func (r *Report) Text(paint report.Paint, where string) string {
	var b strings.Builder
	b.WriteString(Table(r.Sources, paint))
	if r.Media != nil {
		counts := r.Media.counts()
		if r.Media.unseen() {
			counts = "not listed"
		}
		fmt.Fprintf(&b, "media: %s in %s\n", counts, printable.Text(r.Media.shown()))
		writeProblems(&b, r.Media.Problems, paint)
	}
	r.Output.write(&b, paint)

	b.WriteByte('\n')
	switch n := len(r.problems()); {
	case r.Verdict == Fine && r.Output.Write == NotTried:
		fmt.Fprintf(&b, "%[1]s; next: cdrmend config check %[2]s --sources --write, then cdrmend run %[2]s --trial\n", paint(report.Good, "nothing that was tried is wrong"), printable.Text(where))
	case r.Verdict == Fine:
		fmt.Fprintf(&b, "%s; next: cdrmend run %s --trial\n", paint(report.Good, "nothing that was tried is wrong"), printable.Text(where))
	case r.Verdict == Unanswered:
		fmt.Fprintf(&b, "%s; what did answer is fine\n", paint(report.Doubtful, plural(n, "place did not answer", "places did not answer")))
	default:
		fmt.Fprintf(&b, "%s: correct what stands after \"next\", then check again\n", paint(report.Bad, plural(n, "problem", "problems")))
	}
	return b.String()
}

func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// Table returns a table of sources, each with what its numbers rest on and its problems.
func Table(sources []Source, paint report.Paint) string {
	head := []string{"source", "kind", "objects", "bytes", "rows", "fields", "newest object"}
	rows := [][]string{head}
	for i := range sources {
		rows = append(rows, sources[i].cells())
	}
	widths := make([]int, len(head))
	for _, row := range rows {
		for i, cell := range row {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}

	var b strings.Builder
	for i, row := range rows {
		line := ""
		for k, cell := range row {
			room := strings.Repeat(" ", widths[k]-utf8.RuneCountInString(cell))
			if k >= 2 && k <= 4 { // numbers stand to the right
				line += room + cell + "  "
			} else {
				line += cell + room + "  "
			}
		}
		fmt.Fprintln(&b, strings.TrimRight(line, " "))
		if i > 0 {
			sources[i-1].writeDetails(&b, paint)
		}
	}
	return b.String()
}

// cells returns the row of a source.
func (s *Source) cells() []string {
	cells := []string{s.Name, s.Kind, report.Grouped(s.Objects), report.Size(s.Bytes), "-", "-", "-"}
	if s.unseen() {
		cells[2], cells[3] = "-", "-"
	}
	if s.AtLeast {
		cells[2], cells[3] = "at least "+cells[2], "at least "+cells[3]
	}
	if s.Tried != nil {
		cells[4] = report.Grouped(s.Tried.Rows)
		cells[5] = fmt.Sprintf("%d of %d", s.Tried.Filled, s.Tried.Mapped)
	}
	if s.Newest != "" {
		cells[6] = s.Newest[:len("2006-01-02T15:04:05")] + "Z"
	}
	return cells
}

// unseen reports whether a place could not be listed at all.
func (p *Place) unseen() bool {
	return p.Objects+p.Others == 0 && slices.ContainsFunc(p.Problems, func(p Problem) bool { return p.Kind != Nothing })
}

// writeDetails writes what the row of a source rests on.
func (s *Source) writeDetails(b *strings.Builder, paint report.Paint) {
	title := "listed"
	if s.unseen() {
		title = "not listed"
	}
	fmt.Fprintf(b, "  %s: %s\n", title, printable.Text(s.shown()))
	if s.Others > 0 && s.Objects > 0 {
		fmt.Fprintf(b, "  %s more %s not read as input\n", report.Grouped(s.Others), wording.Verb(s.Others, "is", "are"))
	}
	if t := s.Tried; t != nil {
		beginning := ""
		if t.Beginning {
			beginning = "the beginning of "
		}
		fmt.Fprintf(b, "  rows and fields of: %s%s\n", beginning, printable.Text(t.Object))
		if len(t.Empty) > 0 {
			fmt.Fprintf(b, "  empty in it: %s\n", first(t.Empty))
		}
		for _, remark := range t.Remarks {
			fmt.Fprintf(b, "  %s %s\n", paint(report.Doubtful, "note:"), printable.Text(remark))
		}
	}
	writeProblems(b, s.Problems, paint)
}

// mostNamed is how many fields a line names.
const mostNamed = 8

// first names the first fields of a list, and says how many more there are.
func first(names []string) string {
	if len(names) <= mostNamed {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:mostNamed], ", "), len(names)-mostNamed)
}

// shown names what was listed.
func (p *Place) shown() string {
	if p.Partition == "" {
		return p.URL
	}
	if p.Last != "" {
		return p.Partition + " to " + p.Last
	}
	return p.Partition
}

// counts says how much there is in a place.
func (p *Place) counts() string {
	text := wording.Count(p.Objects, "object") + ", " + report.Size(p.Bytes)
	if p.AtLeast {
		text = "at least " + text
	}
	return text
}

func writeProblems(b *strings.Builder, problems []Problem, paint report.Paint) {
	for _, p := range problems {
		fmt.Fprintf(b, "  %s %s\n    next: %s\n", paint(report.Bad, string(p.Kind)+":"), printable.Text(p.Text), printable.Text(p.Next))
	}
}

// write says what is known of the output.
func (o *Output) write(b *strings.Builder, paint report.Paint) {
	used := "nothing was committed to it yet"
	if o.Used {
		used = "commits of this configuration are in it"
	}
	writing := map[Writing]string{
		Works:    "creating objects works",
		NotTried: "whether objects can be created was not tried, as only a new object shows it: --write tries it",
		Fails:    paint(report.Bad, "creating objects fails"),
	}[o.Write]

	// With another problem nothing is known of these two.
	if len(o.Problems) > 0 && o.Write != Fails {
		fmt.Fprintf(b, "output: %s\n", printable.Text(o.URL))
	} else {
		fmt.Fprintf(b, "output: %s; %s; %s\n", printable.Text(o.URL), used, writing)
	}
	if o.Written != "" {
		fmt.Fprintf(b, "  the probe is %s\n", printable.Text(o.Written))
	}
	writeProblems(b, o.Problems, paint)
}

package plausible

import (
	"fmt"
	"strings"

	"cdrmend/internal/printable"
	"cdrmend/internal/report"
)

// tones are those of the judgements.
var tones = map[Judgement]report.Tone{Look: report.Bad, Unknown: report.Doubtful, Fine: report.Good}

// words are how the judgements are printed, equally wide.
var words = map[Judgement]string{Look: "look here", Unknown: "unknown  ", Fine: "fine     "}

// titles say what the details of a subject are.
var titles = map[Subject]string{
	Organisations: "its organisations", Fields: "no record has", Rows: "of the others", Registrations: "not shown", Media: "other types",
}

// Text returns a report as people read it. Values from outside are printable in it.
func (r *Report) Text(paint report.Paint) string {
	var b strings.Builder
	count := map[Judgement]int{}
	for i := range r.Lines {
		count[r.Lines[i].Judgement]++
	}
	fmt.Fprintf(&b, "%s\n", paint(report.Strong, "Do the sources fit together?"))
	fmt.Fprintf(&b, "%d to look at, %d that nobody can tell, %d fine\n\n", count[Look], count[Unknown], count[Fine])
	for i := range r.Lines {
		r.Lines[i].write(&b, paint)
	}
	return b.String()
}

// write writes a line, with what it rests on below it.
func (l *Line) write(b *strings.Builder, paint report.Paint) {
	about := string(l.About)
	if l.Source != "" {
		about += " of " + l.Source
	}
	fmt.Fprintf(b, "%s  %s: %s", paint(tones[l.Judgement], words[l.Judgement]), printable.Text(about), printable.Text(l.Text))
	if l.Percent != nil {
		fmt.Fprintf(b, ": %s (%s %%)", report.Of(l.N, l.Of), *l.Percent)
	}
	if l.Remark != "" {
		fmt.Fprintf(b, "; %s", printable.Text(l.Remark))
	}
	b.WriteByte('\n')

	if len(l.Details) > 0 {
		var all []string
		for _, d := range l.Details {
			if d.N == 0 {
				all = append(all, d.Name)
				continue
			}
			all = append(all, d.Name+" "+report.Grouped(d.N))
		}
		fmt.Fprintf(b, "           %s: %s\n", titles[l.About], printable.Text(strings.Join(all, ", ")))
	}
	if l.Next != "" {
		fmt.Fprintf(b, "           next: %s\n", printable.Text(l.Next))
	}
}

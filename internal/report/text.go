// Package report tells people what a run came to.
package report

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"cdrmend/internal/record"
)

// Text returns the summary of one interval for a terminal: short lines, the
// most important first.
func Text(r *Run) string {
	var b strings.Builder
	fmt.Fprintf(&b, "Interval %s\n", r.Interval)
	switch {
	case r.NoOp:
		fmt.Fprintf(&b, "  unchanged: %d objects, the newest commit is of this very run\n", r.Objects)
	case r.DryRun:
		fmt.Fprintf(&b, "  would read %d objects, %s; nothing was written\n", r.Objects, bytes(r.Bytes))
		writeMemory(&b, r)
	default:
		writeSummary(&b, r.Summary)
	}
	fmt.Fprintf(&b, "  results    %s\n\n", r.URL)
	return b.String()
}

// writeMemory says what a run is expected to need, and whether that is there.
func writeMemory(b *strings.Builder, r *Run) {
	fmt.Fprintf(b, "  would need about %s of memory", bytes(r.Memory))
	switch {
	case r.MemoryLimit == 0:
		b.WriteString("; no limit is set\n")
	case r.Memory <= r.MemoryLimit:
		fmt.Fprintf(b, " of the %s it may use\n", bytes(r.MemoryLimit))
	default:
		fmt.Fprintf(b, ", more than the %s it may use:\n  choose a shorter interval or look-back, or raise the limit\n", bytes(r.MemoryLimit))
	}
}

func bytes(n int64) string {
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

func writeSummary(b *strings.Builder, s *Summary) {
	c := s.Coverage
	fmt.Fprintf(b, "  recorded   %d of %d calls that should be%s\n", c.Recorded, c.Of, share(c.RecordedPercent))
	fmt.Fprintf(b, "  intact     %d of %d with all their metadata%s\n", c.Intact, c.Of, share(c.IntactPercent))
	section(b, "verdicts", counts(s.Verdicts))
	var findings [][2]string
	for _, f := range s.Findings {
		findings = append(findings, [2]string{fmt.Sprint(f.Count), fmt.Sprintf("%s (%s, %s)", f.Class, f.Severity, f.Status)})
	}
	section(b, "findings", findings)
	section(b, "outages", counts(s.Outages))
	line := func(title, text string) { // a value from outside cannot begin another
		fmt.Fprintf(b, "  %-10s %s\n", title, record.Printable(text))
	}
	for _, in := range s.Incomplete {
		line("incomplete", fmt.Sprintf("%s (%s): %s; %s", in.Input, in.Source, in.Reason, in.Next))
	}
	for _, w := range s.Warnings {
		line("warning", w)
	}
}

func share(percent *string) string {
	if percent == nil {
		return ""
	}
	return ", " + *percent + " %"
}

// counts returns the numbers that are not zero, the largest first.
func counts(m map[string]int64) [][2]string {
	names := slices.Sorted(maps.Keys(m))
	slices.SortStableFunc(names, func(a, b string) int { return int(m[b] - m[a]) })
	var list [][2]string
	for _, name := range names {
		if m[name] > 0 {
			list = append(list, [2]string{fmt.Sprint(m[name]), name})
		}
	}
	return list
}

// section writes right-aligned numbers with their names, the first beside the
// title.
func section(b *strings.Builder, title string, rows [][2]string) {
	for i, row := range rows {
		if i > 0 {
			title = ""
		}
		fmt.Fprintf(b, "  %-10s %6s  %s\n", title, row[0], row[1])
	}
}

package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"

	"cdrmend/internal/policy"
	"cdrmend/internal/record"
	"cdrmend/internal/report"

	"github.com/spf13/pflag"
)

// intervalsDocument is what ls prints without a table: the newest intervals of an
// output, the newest first.
type intervalsDocument struct {
	Format    string           `json:"format"`
	Output    string           `json:"output"`
	Intervals []listedInterval `json:"intervals"`
	More      int              `json:"more"` // intervals that are older than those
}

// listedInterval is an interval with its newest commit. Without one all but its state
// is null.
type listedInterval struct {
	Interval  string          `json:"interval"`
	State     string          `json:"state"`
	Commit    int64           `json:"commit"`
	Time      *string         `json:"time"`
	RunID     *string         `json:"run_id"`
	Signature string          `json:"signature"`
	Recorded  *int64          `json:"recorded"`
	Expected  *int64          `json:"expected"`
	Total     *report.Total   `json:"total"`
	Outcome   *policy.Outcome `json:"outcome"`
	Page      *string         `json:"page"`
}

// The states of an interval.
const (
	stateNothing       = "nothing open"
	stateOpen          = "findings open"
	stateIndeterminate = "indeterminate" // nothing is open, but inputs leave results indeterminate
	stateNotCommitted  = "not committed"
)

// listIntervals prints the chosen intervals of an output with their state, or the
// newest ones when none were chosen.
func listIntervals(ctx context.Context, w *world, flags *pflag.FlagSet, out *output, labels []string) (int, error) {
	d := &intervalsDocument{Format: "cdrmend.intervals/1", Output: out.url, Intervals: []listedInterval{}}
	chosen := flags.Changed("interval") || flags.Changed("from") || flags.Changed("to")
	most, _ := flags.GetInt("last")
	if most < 1 {
		return 0, usagef("--last takes a number above 0")
	}
	if !chosen || flags.Changed("last") {
		d.More = max(0, len(labels)-most)
		labels = labels[d.More:]
	}

	there := false
	for _, label := range slices.Backward(labels) {
		listed, err := out.listed(ctx, label)
		if err != nil {
			return 0, err
		}
		there = there || listed.Commit > 0
		d.Intervals = append(d.Intervals, *listed)
	}
	if !there {
		return w.notFound("no interval of that time is committed in %s", out.url)
	}
	return exitDone, w.print(flags, d, d.text())
}

// listed returns an interval as it is listed.
func (o *output) listed(ctx context.Context, label string) (*listedInterval, error) {
	l := &listedInterval{Interval: label, State: stateNotCommitted, Signature: "none"}
	c, err := o.Newest(ctx, label)
	if err != nil || c == nil {
		return l, err
	}
	var summary report.Summary
	if err := c.Decode(ctx, report.SummaryFile, &summary); err != nil {
		return nil, err
	}
	files, err := c.Files(ctx)
	if err != nil {
		return nil, err
	}

	time := record.TimeOf(c.Record.Time).String()
	l.Commit, l.Time, l.RunID, l.Outcome = c.Number(), &time, &c.Record.RunID, &c.Record.Outcome
	l.State, l.Signature = stateOf(c.Record.Outcome), c.Signature()
	l.Recorded, l.Expected, l.Total = &summary.Coverage.Recorded, &summary.Coverage.Of, &summary.Coverage.Total
	for _, f := range files.Manifest.Files {
		if f.Path == report.PageFile {
			page := o.path(strings.TrimPrefix(c.URL(), o.Store.String()) + report.PageFile)
			l.Page = &page
		}
	}
	return l, nil
}

func stateOf(o policy.Outcome) string {
	switch {
	case o.Open(policy.Minor) > 0:
		return stateOpen
	case o.Indeterminate:
		return stateIndeterminate
	}
	return stateNothing
}

func (d *intervalsDocument) text() string {
	var b strings.Builder
	t := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "interval\tstate\trecorded\topen findings\tcommit\tsignature")
	for _, l := range d.Intervals {
		if l.Commit == 0 {
			fmt.Fprintf(t, "%s\t%s\t\t\t\t\n", l.Interval, l.State)
			continue
		}
		c := report.Coverage{Recorded: *l.Recorded, Of: *l.Expected, Total: *l.Total}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%d, %s\t%s\n", l.Interval, l.State, c.Share(c.Recorded), openFindings(*l.Outcome), l.Commit, (*l.Time)[:len("2026-11-20T10:00")]+"Z", l.Signature)
	}
	_ = t.Flush() // a Builder takes everything

	// The writer fills up the last column, too.
	lines := strings.Split(b.String(), "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " ")
	}
	text := strings.Join(lines, "\n")
	if d.More > 0 {
		text += fmt.Sprintf("and %s older; --last N or --from lists them\n", report.Grouped(int64(d.More)))
	}
	if page := d.newestPage(); page != "" {
		text += "\nnewest page  " + page + "\n"
	}
	return text
}

func (d *intervalsDocument) newestPage() string {
	for _, l := range d.Intervals {
		if l.Page != nil {
			return *l.Page
		}
	}
	return ""
}

// openFindings counts findings by severity, the worst first.
func openFindings(o policy.Outcome) string {
	var parts []string
	for _, p := range []struct {
		n    int64
		name string
	}{{o.OpenCritical, "critical"}, {o.OpenMajor, "major"}, {o.OpenMinor, "minor"}} {
		if p.n > 0 {
			parts = append(parts, report.Grouped(p.n)+" "+p.name)
		}
	}
	if o.Indeterminate {
		parts = append(parts, "inputs incomplete")
	}
	if parts == nil {
		return "none"
	}
	return strings.Join(parts, ", ")
}

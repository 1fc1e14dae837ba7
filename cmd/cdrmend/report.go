package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"

	"cdrmend/internal/committed"
	"cdrmend/internal/history"
	"cdrmend/internal/page"
	"cdrmend/internal/policy"
	"cdrmend/internal/printable"
	"cdrmend/internal/profile"
	"cdrmend/internal/record"
	"cdrmend/internal/report"
	"cdrmend/internal/table"

	"github.com/spf13/pflag"
)

var reportCommand = command{
	name:    "report",
	summary: "write one page about many intervals, or about one again",
	usage:   "[OUTPUT_URL] [INTERVAL | --from I --to I] [FLAGS]",
	text: `
Writes one self-contained page from what an output has committed: coverage by
interval, what is new, closed and still open, what stands open longest, and
outages. Rows that lie where no run looks, sources that cannot be judged,
warnings and incomplete inputs come first, each with what to do. An outage that
crosses from one interval into the next counts once, but in the row of each. With an interval it writes
the page of that interval's newest run again, for instance with another
redaction.

  cdrmend report s3://acme-compliance/cdrmend/ --from 2026-11-16 --to 2026-11-23
  cdrmend report 2026-11-20 --config cdrmend.yaml --redact counsel

What it shows of personal data is what --redact says, else report.redact of the
configuration, else ops. Others may not read the file: it may hold personal
data. Exit code 1 when nothing is committed there.
`,
	flags: func(f *pflag.FlagSet) {
		outputFlags(f)
		f.String("from", "", "first interval of the span")
		f.String("to", "", "interval after the span's last")
		f.String("interval", "", "exactly this interval: the page of its newest run")
		f.String("redact", "", "ops (telephone numbers masked), counsel (everything) or public (pseudonyms)")
		f.StringP("out", "o", "cdrmend-report.html", "file to write; - is standard output")
	},
	run: writeReport,
}

func writeReport(ctx context.Context, w *world, flags *pflag.FlagSet) (int, error) {
	url, err := takeArguments(flags, flags.Args(), anOutput, anInterval)
	if err != nil {
		return 0, err
	}
	from, _ := flags.GetString("from")
	if to, _ := flags.GetString("to"); from != "" && to != "" && from >= to {
		return 0, usagef("--from %s is not before --to %s: --to names the interval after the span's last", from, to)
	}
	out, err := openOutput(ctx, w, flags, url)
	if err != nil {
		return 0, err
	}
	show, err := redaction(flags, out.config)
	if err != nil {
		return 0, err
	}

	labels, err := out.chooseLabels(ctx, flags)
	if err != nil {
		return 0, err
	}
	var p interface{ Write(io.Writer) error }
	if one, _ := flags.GetString("interval"); one != "" {
		p, err = runPage(ctx, out, one, show)
	} else {
		p, err = auditPage(ctx, out, flags, labels, show)
	}
	switch {
	case errors.Is(err, errNotCommitted):
		return w.notFound("nothing is committed there in %s", out.url)
	case errors.Is(err, report.ErrOverlap):
		return 0, usageError{err}
	case err != nil:
		return 0, err
	}

	name, _ := flags.GetString("out")
	if name == "-" {
		return exitDone, p.Write(w.stdout)
	}
	if err := writeWhole(name, p.Write); err != nil {
		return 0, fmt.Errorf("writing the report: %w", err)
	}
	fmt.Fprintf(w.stdout, "wrote %s\n", printable.Text(name))
	return exitDone, nil
}

// errNotCommitted says that there is no commit to report on.
var errNotCommitted = errors.New("nothing is committed")

// redaction returns what the page may show: what --redact says, else the
// configuration, else ops.
func redaction(flags *pflag.FlagSet, cfg *policy.Config) (policy.Report, error) {
	var show policy.Report // its zero value is ops
	if cfg != nil {
		show = cfg.Report
	}
	if name, _ := flags.GetString("redact"); name != "" {
		chosen, ok := policy.ParseRedaction(name)
		if !ok {
			return show, usagef("--redact %q is none of ops, counsel, public", name)
		}
		show.Redact = chosen
	}

	if show.Redact == policy.RedactAll && show.PseudonymKey == nil {
		return show, usagef("--redact public needs a configuration with report.pseudonym_key: give --config FILE")
	}
	return show, nil
}

// runPage makes the page of the newest run of an interval, as the run itself
// does.
func runPage(ctx context.Context, out *output, label string, show policy.Report) (*page.Run, error) {
	c, err := out.Newest(ctx, label)
	if err != nil {
		return nil, err
	}
	if c == nil {
		return nil, errNotCommitted
	}

	p := &page.Run{
		ID: c.Record.RunID, Redact: show, Summary: new(report.Summary),
		Findings: c.Table(ctx, table.Findings), Repairs: c.Table(ctx, table.Repairs), Calls: c.Table(ctx, table.Calls), Outages: c.Table(ctx, table.Outages),
	}
	if err := c.Decode(ctx, report.SummaryFile, p.Summary); err != nil {
		return nil, err
	}
	if p.Redact, err = withNames(show, &p.Summary.Config.Report); err != nil {
		return nil, err
	}

	files, err := c.Files(ctx)
	if err != nil {
		return nil, err
	}
	for _, f := range files.Manifest.Files {
		p.Files = append(p.Files, page.File(f))
	}

	return p, nil
}

// withNames returns what a page may show, with the names and the zone of the run itself
// where no configuration gave others.
func withNames(show policy.Report, of *policy.ReportIdentity) (policy.Report, error) {
	if show.Job != "" || show.Names != nil || show.Zone != nil || show.Operator != "" {
		return show, nil
	}
	show.Job, show.Names, show.Operator = of.Job, of.Names, of.Operator
	if of.Zone != "" {
		var err error
		if show.Zone, err = profile.Zone(of.Zone); err != nil {
			return show, fmt.Errorf("reading the zone of the run's reports: %w", err)
		}
	}
	return show, nil
}

// auditPage makes the page of many intervals.
func auditPage(ctx context.Context, out *output, flags *pflag.FlagSet, labels []string, show policy.Report) (*page.Audit, error) {
	labels, err := out.span(ctx, flags, labels)
	if err != nil {
		return nil, err
	}
	if show, err = namesOfNewest(ctx, out, labels, show); err != nil {
		return nil, err
	}
	a := &page.Audit{Redact: show}
	if out.config != nil {
		a.Accepted = out.config.Policy.Acceptance()
	}
	var apart report.Apart
	for _, label := range labels {
		commits, err := out.Commits(ctx, label)
		if err != nil {
			return nil, err
		}
		i, err := auditInterval(ctx, label, commits)
		if err != nil {
			return nil, err
		}
		if i.Summary != nil {
			if err := apart.Add(label, i.Summary); err != nil {
				return nil, err
			}
		}
		a.Intervals = append(a.Intervals, *i)
	}
	return a, nil
}

// span returns the labels of all intervals in the span that the flags choose. Those in
// there are committed; the others may be missing.
func (o *output) span(ctx context.Context, flags *pflag.FlagSet, there []string) ([]string, error) {
	length, err := o.intervalLength(ctx, there)
	if err != nil {
		return nil, err
	}
	return withAbsent(flags, there, length)
}

// withAbsent adds the labels of the span for which nothing is there.
func withAbsent(flags *pflag.FlagSet, there []string, length time.Duration) ([]string, error) {
	from, _ := flags.GetString("from")
	to, _ := flags.GetString("to")

	start, err := spanEdge("--from", from, there[0], length)
	if err != nil {
		return nil, err
	}
	end, err := spanEdge("--to", to, there[len(there)-1], length)
	if err != nil {
		return nil, err
	}
	if to == "" { // the last label is part of the span, --to would not be
		end = end.Add(length)
	}

	// Labels are in the order of their times, also of intervals of another length, as after
	// a change of it. What one of these is a part of, or has as a part, is there.
	all := slices.Clone(there)
	for _, interval := range intervals(start, end, length) {
		_, day := slices.BinarySearch(there, interval.Start.Std().Format(time.DateOnly))
		i, _ := slices.BinarySearch(there, interval.Label)
		if next := policy.IntervalAt(interval.End, length); !day && (i == len(there) || there[i] >= next.Label) {
			all = append(all, interval.Label)
		}
	}
	slices.Sort(all)
	return all, nil
}

// intervalLength returns how long intervals are. That is not in a label, but in the
// summary of any commit; without a commit the error is errNotCommitted.
func (o *output) intervalLength(ctx context.Context, labels []string) (time.Duration, error) {
	for _, label := range labels {
		c, err := o.Newest(ctx, label)
		if err != nil {
			return 0, err
		}
		if c == nil {
			continue
		}
		var s report.Summary
		if err := c.Decode(ctx, report.SummaryFile, &s); err != nil {
			return 0, err
		}
		length, err := time.ParseDuration(s.Config.Interval)
		if err != nil {
			return 0, fmt.Errorf("reading the summary of interval %s: %w", label, err)
		}
		return length, nil
	}
	return 0, errNotCommitted
}

// spanEdge returns the time that a flag names or, without the flag, the start of the
// interval of the given length around the label, which may be that of another length.
func spanEdge(flag, text, label string, length time.Duration) (record.Time, error) {
	if text != "" {
		return parseInterval(flag, text, length)
	}
	at, ok := policy.ParseLabel(label)
	if !ok {
		return 0, fmt.Errorf("the interval %q in the output has a label that is no date", label)
	}
	return at - at%record.Time(length.Microseconds()), nil
}

func auditInterval(ctx context.Context, label string, commits []*committed.Commit) (*page.Interval, error) {
	i := &page.Interval{Label: label}
	for _, c := range commits {
		i.Commits = append(i.Commits, page.Commit{
			Number: c.Number(), Time: record.TimeOf(c.Record.Time), RunID: c.Record.RunID, SHA256: c.SHA256, Signed: signature(c),
		})
	}
	if len(commits) == 0 {
		return i, nil
	}

	var err error
	if i.Closers, err = closers(ctx, commits); err != nil {
		return nil, err
	}
	newest := commits[len(commits)-1]
	i.Summary, i.History, i.Outages = new(report.Summary), newest.Table(ctx, table.History), newest.Table(ctx, table.Outages)
	if err := newest.Decode(ctx, report.SummaryFile, i.Summary); err != nil {
		return nil, err
	}
	// The table is large, and only it says why calls cannot be told.
	if i.Summary.Verdicts["indeterminate"] > 0 {
		i.Calls = newest.Table(ctx, table.Calls)
	}
	return i, nil
}

// closers returns what closed findings that are closed now, by their ids.
func closers(ctx context.Context, commits []*committed.Commit) (map[string][]page.Closer, error) {
	if len(commits) < 2 {
		return nil, nil
	}
	closed := map[string]bool{}
	for row, err := range commits[len(commits)-1].Table(ctx, table.History) {
		if err != nil {
			return nil, err
		}
		if f := table.HistoryOf(row); f.State == table.Closed {
			closed[f.ID] = true
		}
	}
	if len(closed) == 0 {
		return nil, nil
	}

	// Of a finding that closed more than once the last time counts.
	defer commits[len(commits)-1].Close()
	h, err := history.Of(ctx, commits, slices.Sorted(maps.Keys(closed)))
	if err != nil {
		return nil, err
	}
	by := map[string][]page.Closer{}
	for _, c := range h.Commits {
		for _, e := range c.Events {
			if e.What != history.Closed {
				continue
			}
			by[e.Finding] = nil
			for _, o := range e.ClosedBy {
				closer := page.Closer{Source: o.Source, Key: o.Key, What: o.What}
				if !slices.Contains(by[e.Finding], closer) {
					by[e.Finding] = append(by[e.Finding], closer)
				}
			}
		}
	}
	return by, nil
}

func signature(c *committed.Commit) string {
	switch {
	case !c.Seal.Signed:
		return "none"
	case c.Verified():
		return "by key " + c.Seal.KeyID + ", verified"
	}
	return "by key " + c.Seal.KeyID + ", not checked"
}

// writeWhole writes a file under another name first, so that nobody reads half
// of it. Others may not read it: it may hold personal data.
func writeWhole(name string, write func(io.Writer) error) error {
	f, err := os.CreateTemp(filepath.Dir(name), ".cdrmend-*")
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(f.Name()) }() // fails once it is renamed
	if err := errors.Join(write(f), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), name)
}

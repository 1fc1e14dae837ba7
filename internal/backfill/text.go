package backfill

import (
	"fmt"
	"strings"
	"text/tabwriter"

	"cdrmend/internal/report"
	"cdrmend/internal/wording"
)

const columns = 80 // of a terminal

// mostNamed is how many intervals are named of those that nobody has done.
const mostNamed = 10

// Text tells people a status of a plan.
func Text(p *Plan, s *Status) string {
	var b strings.Builder
	fmt.Fprintf(&b, "Backfill of %s to %s, as of %s\n", p.From, p.To, s.AsOf)
	fmt.Fprintf(&b, "version %s\nconfiguration %s\n", p.Tool, p.Configuration)
	b.WriteString(s.shardsText(p))

	if s.Done > 0 {
		c := &s.Coverage
		fmt.Fprintf(&b, "\nrecorded       %s\n", c.Calls(c.Recorded))
		if c.RecordedPercent != nil {
			fmt.Fprintf(&b, "               %s\n", c.Percent(c.RecordedPercent))
		}
		for _, remark := range c.Remarks() {
			b.WriteString(report.Indented("               ", remark, columns))
		}
		fmt.Fprintf(&b, "open findings  %s critical, %s major, %s minor\n", wording.Grouped(s.Critical), wording.Grouped(s.Major), wording.Grouped(s.Minor))
		if s.Unsure > 0 {
			fmt.Fprintf(&b, "inputs are incomplete in %s\n", wording.Count(s.Unsure, "interval"))
		}
	}
	fmt.Fprintf(&b, "\n%d of %s done, %d missing, %d failed\n", s.Done, wording.Count(len(s.Intervals), "interval"), s.Missing, s.Failed)
	b.WriteString(s.leftText())
	return b.String()
}

// shardsText lists the shards of a status that have intervals left.
func (s *Status) shardsText(p *Plan) string {
	left := map[int]int{}
	for i := range s.Intervals {
		if s.Intervals[i].State != Done {
			left[s.Intervals[i].Shard]++
		}
	}
	if len(left) == 0 {
		return ""
	}

	var b strings.Builder
	t := tabwriter.NewWriter(&b, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "shard\tfrom\tbefore\tintervals\tleft\tobjects\tMB\t")
	for i, shard := range p.Shards {
		if n := left[i]; n > 0 {
			fmt.Fprintf(t, "%d\t%s\t%s\t%d\t%d\t%s\t%s\t\n", i, shard.From, shard.To, shard.Intervals, n, wording.Grouped(shard.Objects), wording.Grouped((shard.Bytes+999_999)/1_000_000))
		}
	}
	_ = t.Flush() // a Builder takes everything
	return "\n" + b.String()
}

// leftText names the intervals that are not done.
func (s *Status) leftText() string {
	var b strings.Builder
	var missing []string
	for i := range s.Intervals {
		switch state := &s.Intervals[i]; state.State {
		case Failed:
			f := state.Failure
			fmt.Fprintf(&b, "failed: %s, shard %d, exit code %d, %s\n", state.Interval, state.Shard, f.Code, f.Reason)
			for line := range strings.Lines(f.Error) {
				b.WriteString(report.Indented("  ", strings.TrimSpace(line), columns))
			}
			b.WriteString(report.Indented("  next: ", f.Next, columns))
		case Missing:
			missing = append(missing, state.Interval)
		}
	}
	if len(missing) > 0 {
		text := strings.Join(missing[:min(len(missing), mostNamed)], ", ")
		if more := len(missing) - mostNamed; more > 0 {
			text += fmt.Sprintf(", and %s more; --json lists all", wording.Grouped(int64(more)))
		}
		b.WriteString(report.Indented("missing: ", text, columns))
	}
	return b.String()
}

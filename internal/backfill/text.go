package backfill

import (
	"fmt"
	"maps"
	"slices"
	"sort"
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
	b.WriteString(p.unsettledText())
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
	fmt.Fprintf(&b, "\n%s of %s done, %s missing, %s failed\n", grouped(s.Done), wording.Count(len(s.Intervals), "interval"), grouped(s.Missing), grouped(s.Failed))
	b.WriteString(s.leftText())
	return b.String()
}

func grouped(n int) string { return wording.Grouped(int64(n)) }

// unsettledText names the sources that may deliver more, as of the plan's time. What they
// lack is not missing, so results say less about these intervals.
func (p *Plan) unsettledText() string {
	intervals := p.Intervals(-1)
	var b strings.Builder
	for _, source := range slices.Sorted(maps.Keys(p.Settle)) {
		// The later an interval is, the later its sources settle.
		first := sort.Search(len(intervals), func(i int) bool { return !p.settled(intervals[i].Label)[source] })
		if first < len(intervals) {
			b.WriteString(report.Indented("not settled: ", fmt.Sprintf("%s in %s from %s on: what it lacks there is indeterminate, not missing; a plan as of %s judges it",
				source, wording.Count(len(intervals)-first, "interval"), intervals[first].Label, p.settlesAt(source).String()), columns))
		}
	}
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
	var failed []*State
	for i := range s.Intervals {
		switch state := &s.Intervals[i]; state.State {
		case Failed:
			failed = append(failed, state)
		case Missing:
			missing = append(missing, state.Interval)
		}
	}
	for i, state := range failed {
		f := state.Failure
		fmt.Fprintf(&b, "failed: %s, shard %d, exit code %d, %s\n", state.Interval, state.Shard, f.Code, f.Reason)
		if i+1 < len(failed) && failed[i+1].Failure.Error == f.Error && failed[i+1].Failure.Next == f.Next {
			continue // what several intervals failed for is told once
		}
		for line := range strings.Lines(f.Error) {
			b.WriteString(report.Indented("  ", strings.TrimSpace(line), columns))
		}
		b.WriteString(report.Indented("  next: ", f.Next, columns))
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

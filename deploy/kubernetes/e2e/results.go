package main

import (
	"fmt"
	"io"
	"text/tabwriter"
	"time"
)

// result is what a scenario came to.
type result struct {
	scenario   string
	how        string // how its job ended, or its jobs one after the other
	want       string
	pods       int
	intervals  int // that were to be committed
	gaps       int // of these without a commit
	duplicates int // committed more than once
	differing  int // tables that are not those of the single machine
	took       time.Duration
	fault      string // what else is not as it should be
}

func (r *result) good() bool {
	return r.how == r.want && r.gaps == 0 && r.duplicates == 0 && r.differing == 0 && r.fault == ""
}

type table []result

func (t table) good() bool {
	for i := range t {
		if !t[i].good() {
			return false
		}
	}
	return len(t) > 0
}

func (t table) print(to io.Writer) {
	w := tabwriter.NewWriter(to, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "\nscenario\tjob\tpods\tintervals\tgaps\tduplicates\tdiffering tables\ttime\t")
	for _, r := range t {
		remark := ""
		if r.how != r.want {
			remark = "WANT " + r.want
		}
		if r.fault != "" {
			remark += " " + r.fault
		}
		fmt.Fprintf(w, "%s\t%s\t%d\t%d\t%d\t%d\t%d\t%.0f s\t%s\n", r.scenario, r.how, r.pods, r.intervals, r.gaps, r.duplicates, r.differing, r.took.Seconds(), remark)
	}
	_ = w.Flush() // to standard output
}

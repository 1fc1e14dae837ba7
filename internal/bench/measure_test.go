package bench

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"syscall"
	"testing"
	"time"
)

// cost is what one run of a program took.
type cost struct {
	wall, cpu float64 // seconds; of the processor in user and kernel mode
	peak      float64 // MB of memory, resident
}

// contender is something that is measured.
type contender struct {
	name  string
	once  func(t *testing.T) cost
	costs []cost
}

// interleave measures every contender in turn, again and again, so that what
// else happens on the machine meets all of them alike.
func interleave(t *testing.T, times int, list []*contender) {
	t.Helper()
	for i := range times {
		for _, c := range list {
			one := c.once(t)
			c.costs = append(c.costs, one)
			note("    run %d  %-38s %7.2f s wall  %7.2f s CPU  %6.0f MB", i+1, c.name, one.wall, one.cpu, one.peak)
		}
	}
}

// median returns the median of each cost on its own.
func (c *contender) median() cost {
	of := func(value func(cost) float64) float64 {
		var list []float64
		for _, one := range c.costs {
			list = append(list, value(one))
		}
		slices.Sort(list)
		return (list[(len(list)-1)/2] + list[len(list)/2]) / 2
	}
	return cost{
		of(func(c cost) float64 { return c.wall }),
		of(func(c cost) float64 { return c.cpu }),
		of(func(c cost) float64 { return c.peak }),
	}
}

func printCosts(list []*contender) {
	note("\n  %-40s %9s %9s %9s   (medians)", "", "wall s", "CPU s", "peak MB")
	for _, c := range list {
		m := c.median()
		note("  %-40s %9.2f %9.2f %9.0f", c.name, m.wall, m.cpu, m.peak)
	}
	note("")
}

// run runs a command to its end and returns what it took, and its output.
func run(t *testing.T, cmd *exec.Cmd) (cost, string) {
	t.Helper()
	var errs bytes.Buffer
	return runTo(t, cmd, &errs)
}

// runTo does so with the standard error of the command in a buffer.
func runTo(t *testing.T, cmd *exec.Cmd, errs *bytes.Buffer) (cost, string) {
	t.Helper()
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, errs
	started := time.Now()
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v: %v\n%s", cmd.Args, err, errs.String())
	}
	wall := time.Since(started)
	usage := cmd.ProcessState.SysUsage().(*syscall.Rusage)
	return cost{
		wall: wall.Seconds(),
		cpu:  (cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()).Seconds(),
		peak: float64(usage.Maxrss) / 1024,
	}, out.String()
}

// note prints a line of the report at once.
func note(format string, args ...any) { fmt.Fprintf(os.Stdout, format+"\n", args...) }

// goal is a ratio and how far it should reach.
type goal struct {
	what   string
	got    float64
	sign   string // ≤ or ≥
	wanted float64
}

func (g goal) reached() bool {
	if g.sign == "≤" {
		return g.got <= g.wanted
	}
	return g.got >= g.wanted
}

func printGoals(list []goal) {
	note("  %-52s %9s   %9s", "", "measured", "wanted")
	for _, g := range list {
		verdict := "reached"
		if !g.reached() {
			verdict = "NOT REACHED"
		}
		note("  %-52s %9.2f   %s %7g   %s", g.what, g.got, g.sign, g.wanted, verdict)
	}
	note("")
}

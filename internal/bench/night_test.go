package bench

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"cdrmend/internal/report"
)

// night is a synthetic night in a directory.
type night struct {
	program []string // cdrmend, and what starts it
	dir     string
	env     []string // what commands find in their environment besides that of the test
}

// with returns the same night for commands with more in their environment.
func (n *night) with(env ...string) *night {
	return &night{n.program, n.dir, append(slices.Clip(n.env), env...)}
}

// day is the night's interval, and the one after it.
const (
	day     = "2026-11-20"
	dayNext = "2026-11-21"
)

// newNight makes a night by the program's own means, to be run with its
// tables as Parquet only.
func newNight(t *testing.T, program string, flags ...string) *night {
	t.Helper()
	n := &night{program: []string{program}, dir: t.TempDir()}
	n.make(t, flags...)
	n.configure(t, "")
	return n
}

func (n *night) make(t *testing.T, flags ...string) {
	t.Helper()
	cost, _ := run(t, n.command("synth", append([]string{"--dir", n.dir}, flags...)...))
	note("    made a night in %.1f s: cdrmend synth %s", cost.wall, strings.Join(flags, " "))
}

// configure has the tables as Parquet only, and adds lines to the configuration.
func (n *night) configure(t *testing.T, more string) {
	t.Helper()
	config, err := os.ReadFile(n.config())
	if err != nil {
		t.Fatal(err)
	}
	config = bytes.Replace(config, []byte("\noutput:\n"), []byte("\nreport: {extra: []}\n"+more+"output:\n  tables: [parquet]\n"), 1)
	if err := os.WriteFile(n.config(), config, 0o644); err != nil {
		t.Fatal(err)
	}
}

func (n *night) config() string { return filepath.Join(n.dir, "cdrmend.yaml") }

func (n *night) command(name string, args ...string) *exec.Cmd {
	all := slices.Concat(n.program, []string{name}, args)
	cmd := exec.Command(all[0], all[1:]...)
	cmd.Env = append(os.Environ(), n.env...)
	return cmd
}

// job returns the command that runs the job.
func (n *night) job(output string, more ...string) *exec.Cmd {
	return n.command("run", append([]string{"--config", n.config(), "--interval", day, "--as-of", "2026-11-25T00:00:00Z", "--fail-on", "none", "--output", output}, more...)...)
}

// run runs the job and returns its summary.
func (n *night) run(t *testing.T, output string) (cost, *report.Run) {
	t.Helper()
	cmd := n.job(output, "--json")
	cost, out := run(t, cmd)
	var printed struct{ Runs []*report.Run }
	if err := json.Unmarshal([]byte(out), &printed); err != nil || len(printed.Runs) != 1 {
		t.Fatalf("%v prints no summary: %v\n%s", cmd.Args, err, out)
	}
	return cost, printed.Runs[0]
}

// runLogged runs a command and returns its log.
func runLogged(t *testing.T, cmd *exec.Cmd) (cost, string) {
	t.Helper()
	var log bytes.Buffer
	cost, _ := runTo(t, cmd, &log)
	return cost, log.String()
}

// once measures the job with a directory of its own for its results.
func (n *night) once() func(t *testing.T) cost {
	return func(t *testing.T) cost {
		out := filepath.Join(n.dir, "results")
		defer os.RemoveAll(out)
		cost, _ := n.run(t, out)
		return cost
	}
}

// onOneCore is the same night for a program that is kept on one core.
func (n *night) onOneCore() *night {
	return &night{append([]string{"taskset", "-c", "0"}, n.program...), n.dir, n.env}
}

// size returns the bytes below some of the night's directories, in MB.
func (n *night) size(t *testing.T, below ...string) float64 {
	t.Helper()
	total := int64(0)
	for _, path := range n.files(t, below...) {
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		total += info.Size()
	}
	return float64(total) / 1e6
}

func (n *night) files(t *testing.T, below ...string) []string {
	t.Helper()
	var list []string
	for _, name := range below {
		found, err := filepath.Glob(filepath.Join(n.dir, name, "date=*", "*"))
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, found...)
	}
	return list
}

// counts are what a run comes to, as DuckDB tells it, too.
type counts map[string]int64

func countsOf(r *report.Run) counts {
	c := counts{}
	for name, n := range r.Summary.Verdicts {
		c["verdicts "+name] += n
	}
	for _, f := range r.Summary.Findings {
		c["findings "+f.Class] += f.Count
	}
	for name, n := range r.Summary.Outages {
		c["outages "+name] += n
	}
	maps.DeleteFunc(c, func(_ string, n int64) bool { return n == 0 })
	return c
}

func (c counts) String() string {
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(c)) {
		fmt.Fprintf(&b, "%10d  %s\n", c[name], name)
	}
	return b.String()
}
